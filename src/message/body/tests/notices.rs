//! The notices of servers and the footers of lists, told from what people say about secrets and the like.

use super::super::notices;
use super::*;

/// Which of these paragraphs are cut below other words.
fn cut<'a>(paragraphs: &[&'a str]) -> Vec<&'a str> {
    let is_cut = |paragraph: &str| parts(&format!("It burns.\n\n{paragraph}")).0 == "It burns.";
    paragraphs.iter().copied().filter(|paragraph| is_cut(paragraph)).collect()
}

#[test]
fn notices_are_cut_in_the_languages_of_customers() {
    let notices = [
        "This e-mail is confidential and may be privileged. If you are not the addressee, please tell the sender.",
        "The contents of this message are intended solely for the use of the individual or entity named. It is confidential.",
        "If you are not the intended recipient, please destroy this message and do not copy any of its attachments.",
        "Disclaimer: any views in this message are those of its author and not of the company for which he works.",
        "CONFIDENTIALITY NOTICE\nThe information is for the person named above, and nobody else may read it at all.",
        "Diese E-Mail enthält vertrauliche Informationen. Wenn Sie nicht der richtige Adressat sind, löschen Sie sie bitte.",
        "Ce message est confidentiel. Si vous n'êtes pas le destinataire, merci de le détruire sans le lire davantage.",
        "Este mensaje es confidencial y va dirigido exclusivamente a su destinatario, que puede leerlo cuando quiera.",
        "Esta mensagem é confidencial e destina-se exclusivamente ao seu destinatário, que a pode ler quando quiser.",
        "Questo messaggio contiene informazioni riservate ed è diretto esclusivamente al destinatario qui indicato.",
        "Dit bericht is vertrouwelijk en uitsluitend bestemd voor de geadresseerde, en voor niemand anders dan hem.",
        "Detta meddelande är konfidentiellt och enbart avsett för den som det är ställt till, och inte för andra.",
        "Denne e-posten kan være fortrolig, og er kun beregnet på den som den er sendt til, denne e-post altså.",
        "Tämä viesti on luottamuksellinen ja tarkoitettu vain sille henkilölle jolle se on osoitettu, eikä muille.",
        "Ta wiadomość jest poufna i przeznaczona wyłącznie dla adresata, a nie dla kogokolwiek innego na świecie.",
        "Tato zpráva je důvěrná a je určena výhradně adresátovi, je určen pouze jemu a nikomu jinému na světě.",
        "Ez az üzenet bizalmas, és kizárólag a címzett olvashatja el, más senki, sem most, sem pedig később.",
        "Это сообщение конфиденциально и предназначено исключительно для адресата, а не для кого-либо ещё.",
        "Bu mesaj gizli bilgi içerebilir. Eğer alıcısı değilseniz lütfen mesajı hemen silin ve kimseye göstermeyin.",
        "本邮件包含保密信息，仅供收件人阅读。如果您不是收件人，请立即删除本邮件，并且不要复制其中的任何内容。",
        "このメールには機密情報が含まれており、受信者のみを対象としています。お心当たりのない場合は削除してください。",
        "본 메일은 기밀 정보를 담고 있으며 지정된 수신인만을 위한 것입니다. 수신인이 아니라면 삭제하여 주십시오.",
    ];
    assert_eq!(cut(&notices), notices);
}

#[test]
fn what_people_say_of_secrets_and_recipients_stays() {
    let words = [
        "The attached list contains confidential addresses, so please destroy it as soon as the import works again.",
        "The salaries are confidential and intended only for the managers, but the whole company has seen them today.",
        "Please treat this e-mail as confidential and delete it once the password has been changed in the new shop.",
        "I wrote this message to the intended recipient, and it is confidential, but it came back with an error.",
        "We sent this message twice, it is confidential and privileged, and both of the copies have come back to us.",
        "The intended recipient of the parcel never received it, and the tracking page shows nothing but an error.",
        "This message never reached the intended recipient although the log says that it was accepted at noon today.",
        "If you received this message in two copies, something is broken in the queue between the two data centres.",
        "The invoice was received in error, please delete this message and cancel order 12 before it is shipped.",
        "Confidentiality: the export shows the salaries of all employees to everybody who has an account there.",
        "Legal notice: the page behind this link in the footer of the shop is empty since the last update, on all phones.",
        "Disclaimer - the text below the form is cut off on small screens, and so nobody can read it to its end.",
        "Bitte behandeln Sie die Daten in dieser E-Mail vertraulich und löschen Sie sie nach der Prüfung wieder.",
        "Die Liste ist vertraulich und nur für den Vorstand, aber seit gestern kann sie jeder im Portal abrufen.",
        "Le fichier que tout le monde voit est confidentiel, il faut le retirer et prévenir le destinataire.",
        "La página \"Aviso legal\" no se abre, y los clientes no pueden leer el aviso de confidencialidad de la tienda.",
        "Informazioni riservate dei clienti sono visibili a tutti, il destinatario della fattura è sbagliato, aiuto.",
        "Dataene er fortrolige, så de må ikke vises til andre kunder, men nå kan alle se dem i den nye portalen.",
        "Te dane są poufne i nie wolno ich przekazywać innym, a od wczoraj widzą je wszyscy użytkownicy portalu.",
        "Это письмо с конфиденциальными данными отправлено по ошибке, удалите его из заявки как можно скорее.",
        "Gizlilik sayfası açılmıyor ve bütün müşterilerin adresleri herkes tarafından görülüyor, acil bakar mısınız.",
        "機密の資料がすべての利用者の画面に表示されており、今朝から誰でも閲覧できる状態です。すぐに止めてください。",
        "기밀 자료가 모든 사용자에게 보이고 있으며 오늘 아침부터 누구나 내려받을 수 있는 상태이니 막아 주십시오.",
    ];
    assert_eq!(cut(&words), Vec::<&str>::new());
}

#[test]
fn footers_are_told_from_what_people_say_of_them() {
    let footers = [
        "You received this message because you are subscribed to the list.",
        "To unsubscribe from this list, open https://lists.example/out",
        "Virus-free. www.scanner.example",
        "Virenfrei.www.scanner.example <https://scanner.example/x>",
        "This email has been scanned for viruses by Example Gateway.",
        "This message has been scanned by MailScanner and is believed to be clean.",
        "\u{1f331} Please consider the environment before printing this e-mail.",
        "Bitte denken Sie an die Umwelt, bevor Sie diese E-Mail drucken.",
    ];
    assert_eq!(cut(&footers), footers);
    let words = [
        "You received this message because I used the wrong form.",
        "To unsubscribe from this list we opened https://lists.example/out and it says error.",
        "Virus-free. is what the scanner writes into each invoice",
        "Virenfrei. steht jetzt in jeder Rechnung, das muss weg.",
        "This message has been scanned three times and billed three times.",
        "This email has been scanned for hours and is still in the queue.",
        "This email has been scanned for viruses, and then we lost it.",
        "Please consider the environment variable PATH, which the installer ignores.",
        "Think before you print, says the page, and we cannot print anything.",
        "Diese E-Mail wurde von der Warteschlange verschluckt.",
    ];
    assert_eq!(cut(&words), Vec::<&str>::new());
}

#[test]
fn numbers_of_footers_hold() {
    let is_cut = |text: String| cut(&[text.as_str()]).len() == 1;
    let link = |words: usize| is_cut(format!("Virus-free.{}", " x".repeat(words)));
    let footer = |bytes: usize| {
        let words = "Please consider the environment before printing. ";
        is_cut(format!("{words}{}", "x".repeat(bytes - words.len())))
    };
    assert_eq!((link(notices::MAX_LINK_WORDS), link(notices::MAX_LINK_WORDS + 1)), (true, false));
    assert_eq!((footer(notices::MAX_FOOTER_BYTES), footer(notices::MAX_FOOTER_BYTES + 1)), (true, false));
}
