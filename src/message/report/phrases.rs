//! The words by which servers' mails tell that they are reports, in lower case, by language. A mail that bears one is
//! no report for that: who sent it and what it says of which address must fit, too.
//!
//! A table holds phrases between bars; a line may begin with the languages of what follows.

use crate::message::search::Phrases;
use std::sync::LazyLock;

/// Local parts and names of the parts of servers that send reports, without anything but letters and digits.
const SERVERS: &str = "
    mailerdaemon | maildaemon | postmaster | maildelivery | maildeliver | deliverysystem | deliverysubsystem |
    mailadministrator | systemadministrator | mailrouter | mdaemon | mailserver | microsoftexchange | internetmail |
    mailsystem | mailtransport | mailagent | smtpdaemon
";

/// The same of other programs.
const PROGRAMS: &str = "
    noreply | donotreply | bounce | daemon | smtp | gateway | administrator | admin | server | antivirus | mailer |
    system | notification | delivery | robot
";

/// What subjects of reports say, anywhere in them.
const SUBJECTS: &str = "
    en: undeliver | returned mail | mail returned | returned to sender | failure notice | failure delivery |
        delivery fail | delivery has failed | mail failure | mail failed | delivery status | delivery report |
        delivery notification | non-delivery | nondelivery | non delivery | not be delivered | not delivered |
        not been delivered | message delayed | delayed mail | delivery delayed | delivery problem |
        delivery error | mail system error | error sending your mail | failed mail | failed to deliver |
        unable to deliver | could not send message | permanent delivery | delivery warning | mail delivery |
        message delivery | automatically rejected mail | rejected mail | message rejected | mail rejected |
        nameserver error report | errors from | delivery subsystem | bounced mail | bounce notification |
        message you sent blocked | considered unsolicited | mailbox full | mail could not | delivery to |
        wasn't delivered | email delivery
    de: unzustellbar | nicht zustellbar | nicht zugestellt | zustellung | zustellproblem | rücksendung
    fr: non remis | non-remise | échec de la remise | echec de la remise | échec de remise |
        échec de la distribution | echec de la distribution | non délivré | non distribu |
        retour à l'expéditeur | échec d'envoi | avis de non
    es: no se puede entregar | no se pudo entregar | no entregado | error de entrega | error en la entrega |
        fallo de entrega | no se ha podido entregar | correo devuelto | mensaje devuelto | no entregable |
        estado de entrega
    pt: não entregue | nao entregue | não foi possível entregar | falha na entrega | falha de entrega |
        e-mail devolvido | mensagem devolvida | status de entrega | estado da entrega | não é possível entregar
    it: mancato recapito | mancata consegna | non recapitabile | impossibile recapitare |
        consegna non riuscita | errore di consegna | non consegnat | stato del recapito | stato della consegna |
        posta non recapitata
    nl: niet bezorgd | onbestelbaar | kan niet worden bezorgd | niet afgeleverd | bezorging | aflevering
    sv/da/no/fi: olevererbar | kunde inte levereras | leveransfel | kan ikke leveres | ikke leveret |
                 kunne ikke leveres | leveringsfejl | leveringsfeil | ei voida toimittaa | ei voitu toimittaa
    pl/cs/sk/hu/tr: niedostarcz | nie dostarczono | nie można dostarczyć | nedoručiteln | nedoručen |
                    kézbesíthetetlen | nem kézbesíthető | teslim edilemedi | iletilemedi
    ru/uk: не доставлен | недоставлен | не может быть доставлен | ошибка доставки | невозможно доставить |
           не удалось доставить | не доставлено
    ja: メールエラー | エラー通知 | 配信不能 | 配信できません | 配信エラー | 送信エラー | 不達 | 配達できません | 配達不能 | 送信できません | 届けられません | リターンメール
    zh/ko: 退信 | 退件 | 无法投递 | 投递失败 | 未能送达 | 无法送达 | 無法傳遞 | 傳遞失敗 | 未传递 | 发送失败 | 传送失败 | 无法传递 | 배달 실패 | 배달되지 않음 |
           전송 실패 | 반송
";

/// What reports say of a mail that was not delivered.
const FAILED: &str = "
    en: not be delivered | n't be delivered | not delivered | n't delivered | not able to deliver |
        n't able to deliver | unable to deliver | undeliver | not been delivered | delivery failed |
        delivery has failed | failed delivery | delivery failure | failed to deliver | failed to be delivered |
        failed permanently | delivery to the following | deliver to the following | delivery of your message |
        delevery to the following | permanent error | permanent fatal error | fatal errors |
        fatal delivery errors | error while attempting to deliver | error delivering your mail |
        error occurred while attempting to deliver | returned mail | failure notice | returned to sender |
        returned to you | returning message to sender | delivery status notification | did not reach |
        not reach | n't reach | could not be reached | can not be delivered | cannot be delivered |
        trouble delivering | delivery problems | delivery errors | could not deliver | couldn't deliver |
        not deliver your | problems delivering | problem delivering | failed recipients | failed addresses |
        failed recipient | failure reasons | following addresses failed | address(es) failed |
        transcript of session | session transcript | unknown user | user unknown | mailbox is full |
        invalid final delivery userid | delivery attempts | returned permanent errors | was rejected |
        were rejected | was automatically rejected | has been rejected | been returned | not receive a copy |
        did not receive this message | not accept | no such user | failed after |
        encountered delivery problems | incorrectly constructed |
        may not exist, or you may not have permission | had errors | account is over | wasn't found |
        not exactly match | delivery incomplete | has been blocked | was blocked | message blocked |
        not delivered to
    de: nicht zugestellt | unzustellbar | nicht zustellbar | nicht ausgeliefert | nicht übermittelt |
        konnte nicht an | fehler bei der zustellung | zustellung fehlgeschlagen | nicht erreicht
    fr: pas pu être | pas pu etre | n'a pas été remis | n'a pas été délivré | non remis | non délivré |
        non distribué | échec de la remise | impossible de remettre | impossible de délivrer | n'a pu être
    es: no se pudo entregar | no se ha podido entregar | no pudo ser entregado | no ha podido ser entregado |
        no ha sido entregado | no se puede entregar | no fue entregado | no ha llegado | error al entregar
    pt: não pôde ser entregue | nao pode ser entregue | nao pode ser enviada | não foi possível entregar |
        não foi entregue | não pode ser entregue | falha na entrega | não conseguimos entregar | não alcançou
    it: non è stato recapitato | non è stato consegnato | non è stato possibile | impossibile recapitare |
        impossibile consegnare | mancato recapito | non recapitato | non ha raggiunto
    nl: niet bezorgd | niet afgeleverd | niet worden bezorgd | niet worden afgeleverd | onbestelbaar |
        kon niet worden
    sv/da/no/fi: inte levereras | inte levererats | kunne ikke leveres | kan ikke leveres | ikke leveret |
                 ikke levert | ei voitu toimittaa | ei voida toimittaa
    pl/cs/hu/tr: nie została dostarczona | nie mogła zostać | nie można dostarczyć | nie dostarczono |
                 nelze doručit | nemohla být doručena | nebyla doručena | nem kézbesíthető | teslim edilemedi |
                 iletilemedi
    ru: не доставлен | не может быть доставлен | не было доставлен | не удалось доставить |
        невозможно доставить | не смог
    ja: 送信できません | 配信できません | 配達できません | 届けられません | お届けできません | 配信不能 | 送信できなかった | 送れませんでした | 到達しません | 届きません | エラーのため
    zh/ko: 无法投递 | 未能送达 | 无法送达 | 退回 | 退信 | 投递失败 | 无法传递 | 無法傳遞 | 无法发送到 | 发送失败 | 被拒绝 | 배달하지 못 | 배달되지 | 전송하지 못
";

/// What reports say while the server is still trying.
const DELAYED: &str = "
    en: will be retried | still being retried | will keep trying | will continue trying | will continue to try |
        will continue to attempt | will try again for | will try to deliver it again | will retry for |
        will be made for | attempts will continue | not yet been delivered | n't yet been delivered |
        not been delivered yet | n't been delivered yet | n't been able to deliver | still awaiting delivery |
        still in the queue | message will be retried | warning message only | this is a warning only |
        is just a warning | do not need to resend | do not need to re-send | don't need to resend |
        has been delayed | been delayed | is delayed | delivery is delayed | delivery delayed |
        temporary failure report | transient non-fatal errors | delivery incomplete | keep trying to deliver |
        message delayed
    de: verzögert | weitere zustellversuche | noch nicht zugestellt | wird weiterhin versucht |
        nicht erneut senden | nicht noch einmal senden
    fr: a été retardé | est retardé | pas encore été | nouvelles tentatives | nouvelle tentative |
        remise différée
    es/pt/it: se ha retrasado | está retrasad | aún no se ha entregado | seguirá intentando |
              se seguirá intentando | está atrasad | ainda não foi entregue | continuará tentando |
              è in ritardo | ancora stato recapitato | ancora stato consegnato | ulteriori tentativi
    nl/sv/da/pl: vertraagd | nog niet bezorgd | nog niet afgeleverd | försenad | fördröj | forsinket |
                 opóźnion | dalsze próby
    ru/ja/zh/ko: задерж | отложен | еще не доставлен | ещё не доставлен | повторн | 遅延 | 遅れ | 再送を試み | 再試行 | 延迟 |
                 延遲 | 重试 | 지연
";

/// What they say when they have given up after all.
const GIVEN_UP: &str = "
    given up | giving up | gave up | permanent error | permanently | permanent fatal | not going to try again |
    will not be retried | no further attempts | undeliverable | could not be delivered after
";

/// What stands above the addresses that a report is about.
const ANNOUNCED: &str = "
    en: address to which | addresses to which | undeliverable to | following address | following recipient | following user | following destination | following e-mail |
        following email | following mail address | following person | these address | these recipient |
        this address | this recipient | recipient address | delivery problems | delivery errors | fatal errors |
        non-fatal errors | failed recipient | failed address | failure reasons | address(es) failed |
        addresses failed | recipients returned permanent errors | deliver your message to | deliver message to |
        deliver mail to | delivering your mail to | deliver the message to | deliver your mail to |
        delivery of your message to | delivered to | not delivered to the following | delivery to | sent to |
        did not reach | didn't reach | recipients were affected | list of recipients | receive a copy |
        could not be reached | one or more of its | one or more recipients | or more of the recipients |
        intended recipient | not delivered to | addressed to | problems with the following | recipient(s) |
        your message to | your mail to | your email to | couldn't be delivered | could not be delivered to |
        rejected your message | has reached our | failed recipients | undelivered recipients |
        recipients did not receive | to the following
    de: zugestellt an | folgende empfänger | folgenden empfänger | folgender empfänger | folgende adresse | folgenden adresse |
        an folgende | die empfänger | zugestellt werden an | ihre nachricht an | an den empfänger
    fr: distribué à | destinataires suivants | destinataire suivant | adresses suivantes | adresse suivante |
        aux destinataires | délivré à | delivre a | remis à | votre message à | au destinataire
    es: entregó a | siguientes destinatarios | siguiente destinatario | siguientes direcciones | siguiente dirección |
        los destinatarios | entregado a | entregar a | su mensaje a | destinatario(s) | no pudo ser entregado
    pt: seguintes destinatários | seguinte destinatário | destinatários a seguir | seguintes endereços |
        seguinte endereço | os destinatários | entregue a | sua mensagem para
    it: seguenti destinatari | seguente destinatario | seguenti indirizzi | seguente indirizzo |
        ai destinatari | consegnato a | recapitato a | il messaggio a
    nl: volgende geadresseerde | volgende ontvanger | volgende adres | deze ontvanger | bezorgd bij |
        uw bericht aan
    sv/da/no/fi/pl/cs/hu/tr: följande mottagare | följande adress | följande personer | følgende modtager |
                             følgende mottaker | følgende adresse | seuraaville | następując | następujących |
                             następującym | následující | következő címzett | aşağıdaki alıcı
    ru: следующим | следующих | следующему | получател | адресат | по адресу | на адрес
    ja: 次の宛先 | 以下の宛先 | 次の受信者 | 以下の受信者 | 次のあて先 | 以下のあて先 | 下記の | 以下のメールアドレス | 次のメールアドレス | 以下のアドレス | 次のアドレス | 宛先への
    zh/ko: 以下收件人 | 下列收件人 | 以下地址 | 下列地址 | 以下收件者 | 下列收件者 | 以下邮件地址 | 收件人 | 다음 받는 사람 | 다음 수신자 | 받는 사람
";

/// What stands above the protocol of a session, in which addresses stand for other reasons, too.
const TRANSCRIPT: &str = "
    transcript of session | session transcript | transcript of the session | smtp transcript |
    protokoll der sitzung | session follows | the following text was generated
";

/// What stands above the recipients that a report is not about.
const DELIVERED: &str = "
    successful delivery | successfully delivered | successfully relayed | was relayed to | were delivered to |
    has been delivered to | erfolgreich zugestellt
";

/// What mails ask that want a person to prove that he is one; they are no reports, though nothing was delivered yet.
const CHALLENGE: &str = "
    challenge | confirm your | to confirm | please confirm | confirm that you | verification | verify that you |
    verify your | whitelist | white list | approved sender | click the link | click on the link |
    click here to | captcha | to release | reply to this message to | just reply | bestätigen sie | cliquez |
    haga clic | awaits moderator | held until | moderator
";

/// The phrases of a table.
pub(super) fn all(table: &str) -> impl Iterator<Item = &str> {
    let of_line = |line: &'_ str| -> usize {
        let languages = line.split_once(": ").map_or("", |(languages, _)| languages);
        let is_language = |word: &str| word.len() == 2 && word.bytes().all(|b| b.is_ascii_lowercase());
        if languages.split('/').all(is_language) { languages.len() + 1 } else { 0 }
    };
    let lines = table.lines().map(str::trim).map(move |line| &line[of_line(line)..]);
    lines.flat_map(|line| line.split('|')).map(str::trim).filter(|phrase| !phrase.is_empty())
}

/// A phrase that fails to compile shows in the first test; nothing is found then.
macro_rules! searched {
    ($($name:ident = $table:ident;)*) => {
        $(pub(super) static $name: Phrases = Phrases::new(|| all($table).collect());)*
    };
}

searched! {
    NAMES_SERVER = SERVERS;
    NAMES_PROGRAM = PROGRAMS;
    IN_SUBJECT = SUBJECTS;
    SAYS_FAILED = FAILED;
    SAYS_DELAYED = DELAYED;
    SAYS_GIVEN_UP = GIVEN_UP;
    ANNOUNCES = ANNOUNCED;
    BEGINS_TRANSCRIPT = TRANSCRIPT;
    SAYS_DELIVERED = DELIVERED;
}

/// What a report says anywhere.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Said {
    pub failed: bool,
    pub delayed: bool,
    pub delivered: bool,
    pub transcript: bool,
    /// That somebody is to prove something.
    pub proof: bool,
}

const SAID: [&str; 5] = [FAILED, DELAYED, DELIVERED, TRANSCRIPT, CHALLENGE];
static SAYS: Phrases = Phrases::new(|| SAID.into_iter().flat_map(all).collect());

/// Where the phrases of each table end in their list.
static ENDS: LazyLock<[usize; SAID.len()]> = LazyLock::new(|| {
    let mut end = 0;
    SAID.map(|table| {
        end += all(table).count();
        end
    })
});

impl Said {
    /// Reads a text in lower case, in one pass for all tables.
    pub fn in_text(lower: &str) -> Self {
        let mut found = [false; SAID.len()];
        SAYS.all_in(lower).for_each(|phrase| found[ENDS.partition_point(|end| *end <= phrase)] = true);
        let [failed, delayed, delivered, transcript, proof] = found;
        Self { failed, delayed, delivered, transcript, proof }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_pass_finds_what_a_search_for_each_table_would() {
        for (at, table) in SAID.into_iter().enumerate() {
            for phrase in all(table) {
                let Said { failed, delayed, delivered, transcript, proof } = Said::in_text(&format!("so: {phrase}."));
                let found = [failed, delayed, delivered, transcript, proof];
                assert!(found[at], "{phrase}");
                let others = SAID.map(|other| all(other).any(|other| phrase.contains(other)));
                assert_eq!(found, others, "{phrase}");
            }
        }
    }
}
