//! Data: what confidentiality notices say, by its kind, and how footers begin. All in lower case, sorted by language.
//!
//! People say each of these things, too, but not several of them about the mail that they are writing.

/// How the last lines of what lists and services put below a mail begin.
pub(super) const FOOTERS: &str = "\
    you received this message because|you are receiving this because|to unsubscribe from this|\
    to unsubscribe send|to unsubscribe,|to unsubscribe:|unsubscribe:|for more options, visit|\
    to view this discussion|to post to this group|reply to this email directly|yahoo mail: |yahoo mail - |\
    groups.io links:|yahoo! groups links";

/// What programs against viruses put below a mail, with no more than a link behind it.
pub(super) const VIRUS_FREE: &str = "\
    virus-free.|virenfrei.|sans virus.|libre de virus.|livre de vírus.|mail priva di virus|virusvrij.|virusfri.|\
    avast logo";

/// How their sentences begin.
pub(super) const SCANNED: &str = "\
    this email has been checked for|this e-mail has been checked for|this email has been scanned for|\
    this email has been scanned by|this e-mail has been scanned for|this e-mail has been scanned by|\
    this message has been scanned for|this message has been scanned by|this electronic message was scanned|\
    diese e-mail wurde von avast|diese e-mail wurde auf viren|diese e-mail wurde von der antivirus|\
    cet e-mail a été vérifié|cet email a été vérifié|l'absence de virus|ce courrier électronique a été vérifié|\
    este correo electrónico ha sido comprobado|este email foi escaneado|deze e-mail is gecontroleerd|\
    questa e-mail è stata controllata|questa e-mail è stata esaminata|ta wiadomość e-mail została sprawdzona";

/// What these sentences name.
pub(super) const SCANNERS: &str = "\
    virus|viren|malware|spam|avast|antivir|mailscanner|mailcontrol|messagelabs|symantec|mimecast|sophos|\
    barracuda|wirus|vírus";

/// How the plea begins not to print a mail.
pub(super) const ENVIRONMENT: &str = "\
    please consider the environment|please consider your environmental|please don't print|please do not print|\
    think before you print|p please consider|bitte denken sie an die umwelt|bitte prüfen sie, ob diese mail|\
    um grüner zu|pensez à l'environnement|pensez à l’environnement|avant d'imprimer|avant d’imprimer|\
    antes de imprimir|denk aan het milieu|prima di stampare";

/// What it speaks of.
pub(super) const PRINTING: &str = "\
    print|druck|imprim|stampa|afdruk";

/// How the headings of notices begin.
pub(super) const HEADINGS: &str = "\
    confidentiality notice|confidentiality note|confidentiality statement|disclaimer|\
    legal disclaimer|legal notice|email disclaimer|e-mail disclaimer|vertraulichkeitshinweis|\
    haftungsausschluss|rechtlicher hinweis|avis de confidentialité|clause de confidentialité|\
    aviso legal|aviso de confidencialidad|aviso de confidencialidade|avviso di riservatezza|nota di riservatezza|\
    vertrouwelijkheidsverklaring|klauzula poufności|gizlilik uyarısı|yasal uyarı";

/// That they speak of the mail in which they stand.
pub(super) const THIS_MAIL: &str = "\
    this e-mail|this email|this message|this electronic m|this mail|this transmission|this communication|\
    these files|any attachment|diese e-mail|diese email|diese mail|diese nachricht|dieser e-mail|\
    dieser nachricht|ce message|cet e-mail|cet email|ce mail|ce courriel|ce courrier|este mensaje|este correo|\
    este e-mail|este email|esta comunicación|esta mensagem|esta comunicação|questo messaggio|questa e-mail|\
    questa email|questa comunicazione|presente messaggio|presente e-mail|presente comunicazione|dit bericht|\
    deze e-mail|dit e-mailbericht|detta e-post|detta meddelande|detta mejl|denne e-mail|denne mail|denne e-post|\
    denne meddelelse|denne meldingen|dette brev|tämä viesti|tämä sähköposti|tämän viestin|ta wiadomość|\
    niniejsza wiadomość|tej wiadomości|niniejszej wiadomości|ta korespondencja|tato zpráva|tento e-mail|\
    této zprávy|táto správa|tejto správy|ez az üzenet|jelen üzenet|ez az e-mail|acest mesaj|acest e-mail|\
    это сообщение|данное сообщение|этом сообщении|настоящее сообщение|это письмо|это электронное|\
    данное электронное|це повідомлення|цей лист|bu mesaj|bu e-posta|bu ileti|το παρόν μήνυμα|αυτό το μήνυμα|\
    παρόν ηλεκτρονικό|הודעה זו|דוא\"ל זה|מסר זה|هذه الرسالة|هذا البريد|本邮件|此邮件|本電子郵件|此電子郵件|本郵件|このメール|本メール|本電子メール|\
    이 메일|본 메일|이 이메일|본 이메일|본 메시지|email này|thư này|thông điệp này|email ini|e-mail ini|pesan ini";

/// That it is secret.
pub(super) const CONFIDENTIAL: &str = "\
    confidential|vertraulich|confidentiel|confidencial|riservat|confidenzial|vertrouwelijk|konfidentiell|\
    fortrolig|konfidensiel|luottamuksell|poufn|důvěrn|dôvern|bizalmas|confidenţial|confidențial|конфиденциальн|\
    конфіденційн|gizli|εμπιστευτικ|סודי|חסוי|سرية|سري |保密|机密|機密|秘密|기밀|비밀|bảo mật|rahasia";

/// That the law protects it.
pub(super) const PRIVILEGED: &str = "\
    privileged|legally protected|rechtlich geschützt|secret professionnel|secreto profesional|sigilo|\
    segreto professionale|beroepsgeheim|tajemnic";

/// For whom it is.
pub(super) const RECIPIENT: &str = "\
    intended recipient|named recipient|addressee|intended only for|intended solely for|solely for the use|\
    for the sole use|individual or entity|the person to whom it|not the intended|richtige adressat|\
    richtige empfänger|beabsichtigte empfänger|vorgesehene empfänger|ausschließlich für den|für den adressaten|\
    l'intention exclusive|l’intention exclusive|l'attention exclusive|l’attention exclusive|usage exclusif|\
    destinataire|su destinatario|el destinatario|dirigido exclusivamente|uso exclusivo|destinatário|\
    destina-se exclusivamente|al destinatario|i destinatari|destinatari indicati|uitsluitend bestemd|\
    geadresseerde|endast avsett för|enbart avsett för|avsedd mottagare|avsedda mottagaren|kun beregnet|\
    tiltenkt mottaker|rette mottaker|tiltænkte modtager|rette modtager|tarkoitettu vain|vastaanottaj|\
    dla adresata|adresatem|odbiorc|určen výhradně|určeny výhradně|určen pouze|oprávněným|adresát|címzett|\
    destinatarul|исключительно|адресат|предназначен|призначен|yalnızca gönderildiği|alıcı|παραλήπτη|הנמען|\
    المرسل إليه|收件人|收件者|受信者|宛先|名宛人|수신인|수신자|người nhận|penerima";

/// That it may have come to somebody else; with one of the next, which makes it a case and no complaint.
pub(super) const MISTAKEN: &str = "\
    received this e-mail in error|received this email in error|received this message in error|\
    received this communication in error|received this transmission in error|received this in error|\
    received it in error|received in error|have received it|receive this message in error|\
    received this e-mail by mistake|received this email by mistake|received this message by mistake|\
    irrtümlich erhalten|irrtümlicherweise erhalten|fälschlicherweise erhalten|reçu ce message par erreur|\
    reçu cet e-mail par erreur|reçu par erreur|recibido este mensaje por error|recibido este correo por error|\
    recibido por error|recebeu esta mensagem por engano|recebido por engano|recebido por erro|\
    ricevuto questo messaggio per errore|ricevuto per errore|ricevuta per errore|bericht ten onrechte|\
    per vergissing ontvang|fått detta meddelande av misstag|av misstag|modtaget denne ved en fejl|ved en fejl|\
    ved en feil|erehdyksessä|vahingossa|omyłkowo|przez pomyłkę|obdrželi omylem|omylem|tévedésből|din greșeală|\
    по ошибке|ошибочно|помилково|yanlışlıkla|κατά λάθος|בטעות|بطريق الخطأ|误收|誤收|誤って受信|誤って届|誤送信|잘못 수신|잘못 전송|nhầm|\
    not the intended|not an intended|not the addressee|not the named|nicht der richtige|nicht der beabsichtigte|\
    nicht der vorgesehene|n'êtes pas le destinataire|n’êtes pas le destinataire|no es el destinatario|\
    no es usted el destinatario|não é o destinatário|non siete i destinatari|non è il destinatario|\
    niet de geadresseerde|niet de beoogde|inte är avsedd|ikke er rette|ikke er den tiltænkte|ikke er tiltenkt|\
    nie są państwo|nie jesteś adresatem|nejste oprávněným|nie ste|не являетесь|не є адресатом|alıcısı değilseniz";

/// What one must not do with it, or must.
pub(super) const FORBIDDEN: &str = "\
    delete|destroy|disclos|disseminat|distribut|copying|prohibited|unauthori|notify the sender|notify us|löschen|\
    vernichten|unbefugt|nicht gestattet|untersagt|informieren sie|supprimer|détruire|interdit|divulg|elimin|borr|\
    prohib|apagar|apague|proibid|cancell|distrugg|vietat|divulga|verwijder|vernietig|verspreid|radera|förstör|\
    slet|poista|usunąć|usunięcie|skasować|zabronion|rozpowszech|smaz|odstraň|vymaž|törölj|ștergeți|удал|уничтож|\
    распростран|видал|silin|silmeniz|διαγράψ|διαγραφή|למחוק|حذف|删除|刪除|削除|破棄|삭제|xóa|hapus";

/// How that case is put.
pub(super) const IF_YOU: &str = "\
    if you|if the reader|if this|if received|falls sie|wenn sie|sollten sie|sollte diese|si vous|si usted|si ha |\
    si no |si recibe|se você|caso |se não|se lei|se avete|se non|se ha |indien u|als u|om du|om ni|hvis du|\
    hvis de|dersom|jos |jeżeli|jeśli|w przypadku|pokud|ak ste|ha ön|ha nem|dacă|если|якщо|eğer|değilseniz|\
    aldıysanız|αν |εάν|אם |إذا|如果|若您|如您|若|万一|もし|만약|만일|nếu|jika|apabila";
