//! The line that telephones and programs put below a mail, told from sentences that begin like it.

use super::super::sent_from;
use super::*;

/// Whether the line is cut below other words.
fn is_cut(line: &str) -> bool {
    let (reply, _, signature) = parts(&format!("It burns.\n\n{line}"));
    assert!(reply == "It burns." || signature.is_empty(), "{line}");
    reply == "It burns."
}

#[test]
fn the_lines_of_telephones_and_programs_are_cut() {
    let lines = [
        "Sent from my telephone",
        "Sent from my iPhone 15 Pro",
        "Sent from my Example Wireless BlackBerry",
        "Sent from my Samsung Galaxy S24, an Android smartphone",
        "Sent from Outlook for Mac",
        "Sent from Yahoo Mail on Android",
        "Sent from my iThing",
        "Sent from my Example XY-12",
        "Sent with K-9 Mail for Android.",
        "Sent from my Android device with K-9 Mail. Please excuse my brevity.",
        "Sent from my phone, sorry for typos",
        "Sent from [Proton Mail](https://mail.example/home) for iOS.",
        "Sent from Gmail Mobile <https://mail.example>",
        "Get Outlook for iOS<https://aka.ms/o0ukef>",
        "Get Outlook for Android",
        "Sent on the go",
        "From my iPhone",
        "Von meinem iPhone gesendet",
        "Gesendet von Mail für Windows",
        "Gesendet mit der GMX Mail App",
        "Diese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Envoyé de mon iPhone",
        "Envoyé à partir d’Outlook pour iOS",
        "Provenance : Courrier pour Windows 10",
        "Enviado desde mi iPhone",
        "Enviado do meu smartphone Samsung Galaxy",
        "Inviato dal mio cellulare",
        "Verzonden vanuit Mail voor Windows",
        "Verstuurd vanaf mijn iPad",
        "Skickat från min iPhone",
        "Sendt fra min mobil",
        "Lähetetty iPhonesta",
        "Wysłane z iPhone’a",
        "Wysłane z mojego telefonu",
        "Odesláno z iPhonu",
        "Küldve az iPhone-omról",
        "Trimis de pe iPhone-ul meu",
        "Отправлено с моего iPhone",
        "Отправлено из мобильной Почты Mail.ru",
        "Надіслано з iPhone",
        "iPhone'umdan gönderildi",
        "Στάλθηκε από το iPhone μου",
        "נשלח מה-iPhone שלי",
        "أرسلت من iPhone الخاص بي",
        "Đã gửi từ iPhone của tôi",
        "Dikirim dari iPhone saya",
        "iPhoneから送信",
        "私のスマートフォンから送信",
        "发自我的iPhone",
        "从我的手机发送",
        "나의 iPhone에서 보냄",
        "ส่งจาก iPhone ของฉัน",
    ];
    assert_eq!(lines.into_iter().filter(|line| !is_cut(line)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn sentences_that_begin_like_the_lines_of_telephones_stay() {
    let lines = [
        "Sent by accident, the order is void.",
        "Sent on Tuesday and never answered.",
        "Sent via the form, status 404.",
        "Sent with parcel number 12.",
        "Sent from our shop: 20 mails.",
        "Sent from our shop",
        "Sent from Paris",
        "Sent from my account",
        "Sent from my iPhone, but it never arrived",
        "Sent from my iPhone. Cancel the order.",
        "Sent from my iPhone. Sorry for the late answer.",
        "Sent from my iPhone and it burns",
        "Sent from Outlook https://mail.example fails",
        "Sent by mail.",
        "Get Outlook for the whole office",
        "Typed on my phone: nothing happens",
        "From my phone it works.",
        "From my account 20 euros are gone",
        "Via mobile nothing loads",
        "The phone is in my car and via mobile",
        "Nobody gets in via mobile",
        "No Login from Mobile",
        "Everybody from mobile",
        "Von meinem Handy geht es nicht",
        "Von meinem Handy Fehler 17",
        "Von meinem Geld fehlen 20 Euro",
        "Gesendet mit falscher Adresse",
        "Die Antwort wurde vom Handy nie gesendet",
        "Per Outlook wird nichts gesendet.",
        "Outlook für Mac stürzt ab",
        "Outlook pour Mac ne marche pas",
        "Download Outlook fails",
        "Envoyé deux fois par erreur",
        "Enviado por error",
        "Enviado desde ayer",
        "Obter o Outlook falha",
        "Inviato da lunedì",
        "Verzonden met verkeerd bedrag",
        "Sendt med feil navn",
        "Skickat från fel konto",
        "Lähetetty kirje oli tyhjä",
        "Wysłane z błędem 17",
        "Odesláno z jiného účtu",
        "Отправлено с задержкой",
        "나의 주문이 사라졌습니다",
        "我的手机无法发送",
        "発送 から送信",
        "メールが送信されません",
    ];
    assert_eq!(lines.into_iter().filter(|line| is_cut(line)).collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn such_a_line_has_its_place_below_words() {
    let sent = "Sent from my iPhone";
    let cases = [
        ("right below", format!("It burns.\n{sent}"), "It burns."),
        ("below a name", format!("It burns.\n\nAnn\n{sent}"), "It burns.\n\nAnn"),
        ("a sentence that goes on", "It was\nsent from my iPhone".to_owned(), "It was\nsent from my iPhone"),
        ("part of words", "Where from?\nFrom my iPhone".to_owned(), "Where from?\nFrom my iPhone"),
        ("an answer below a question", "> Where from?\n\nFrom my iPhone".to_owned(), "From my iPhone"),
        (
            "an answer between questions",
            "> Where from?\nFrom my iPhone\n> When?\nToday".to_owned(),
            "> Where from?\nFrom my iPhone\n> When?\nToday",
        ),
        ("alone", sent.to_owned(), sent),
    ];
    for (name, text, reply) in cases {
        assert_eq!(parts(&text).0, reply, "{name}");
    }
}

#[test]
fn numbers_of_the_lines_of_telephones_hold() {
    let sent = |bytes: usize| is_cut(&format!("Sent from my {} phone", "X".repeat(bytes - 19)));
    let names = |count: usize| is_cut(&format!("Sent from my{} phone", " Example".repeat(count)));
    let bent = |chars: usize| is_cut(&format!("Lähetetty iphon{}", "a".repeat(chars)));
    let model = |bytes: usize| is_cut(&format!("Sent from iPhone {}", "1".repeat(bytes)));
    let excuse = |bytes: usize| is_cut(&format!("Sent from my iPhone. Excuse typos{}", "x".repeat(bytes - 12)));
    let wrapped = |bytes: usize| parts(&format!("{}\nSent from my iPhone", "x".repeat(bytes))).2.is_empty();
    thresholds::check(&[
        ("bytes of the line", MAX_SENT_FROM_BYTES, &sent, (true, false)),
        ("names before the device", sent_from::MAX_NAMES, &names, (true, false)),
        ("letters behind a name", sent_from::MAX_BENT_CHARS, &bent, (true, false)),
        ("bytes of a model", sent_from::MAX_MODEL_BYTES, &model, (true, false)),
        ("bytes of an excuse", sent_from::MAX_EXCUSE_BYTES, &excuse, (true, false)),
        ("bytes of a line that was not wrapped", sent_from::MIN_WRAPPED_BYTES - 1, &wrapped, (false, true)),
    ]);
}
