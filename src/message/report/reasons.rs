//! The words by which servers say why a mail did not arrive, in lower case, by reason and language.
//!
//! The first reason of the table that has a phrase in the text is taken, so what is surer stands further up: a server
//! that says "user unknown, blocked by our policy" has a policy. Phrases are searched as they stand, across words;
//! how a table is written is said in `phrases.rs`.

use super::reason::Reason::{self, *};

/// Phrases by reason, the surest reasons first.
pub(super) const REASONS: &[(Reason, &str)] = &[
    (
        MailboxFull,
        "
        en: mailbox full | mailbox is full | mail box is full | mailbox was full | mailfolder is full |
            mailbox for user is full | quota exceed | exceeded quota | exceeded storage | exceeded his quota |
            exceeded their quota | over quota | overquota | quota is full | exceed mailbox quota |
            exceeding their quota | exceeded mailbox | exceed the quota | disk quota | quota violation |
            quota full | out of storage space | insufficient disk space in | mailbox size limit |
            mailbox exceeds | account is over | is over its quota | storage quota | storage limit |
            local limit | mailbox has exceeded | has exceeded the limit | no space left in mailbox |
            too much mail stored | inbox is full | account is full | mailbox space | user is over the quota |
            not enough storage space | mailbox would exceed | maximum allowed storage | mail quota |
            exceeded its size limit | mailbox quota | has run out of space
        de: postfach ist voll | postfach voll | speicherplatz | kontingent | postfach des empfängers ist voll
        es/it/pt/fr: buzón lleno | buzón está lleno | casella piena | casella è piena | caixa postal cheia |
                     caixa de correio cheia | caixa de entrada cheia | boîte aux lettres pleine |
                     boîte aux lettres est pleine | boite pleine | espacio de almacenamiento
        nl/pl/ru: mailbox is vol | postvak is vol | skrzynka jest pełna | przepełniona skrzynka |
                  ящик переполнен | превышена квота | превышен лимит
        ja/zh/ko: メールボックスが一杯 | メールボックスがいっぱい | メールボックス容量 | 容量を超え | 容量が | 邮箱已满 | 收件箱已满 | 信箱已滿 | 超出配额 | 容量不足 | 용량
        ",
    ),
    (
        Relaying,
        "
        relaying denied | relay denied | relay access denied | relay not permitted | relaying not allowed |
        unable to relay | not permitted to relay | relay operation rejected | we do not relay |
        insecure mail relay | relaying is prohibited | relaying mail | no relaying | not allowed to relay |
        mail server requires authentication | relay is not allowed |
        domain isn't in my list of allowed rcpthosts | rcpthosts | cannot relay | open relay
        ",
    ),
    (
        TooBig,
        "
        message too large | message is too large | message too big | message is too big | message size exceeds |
        exceeds size limit | exceeds maximum message size | message file too big | size limit exceeded |
        exceeds the maximum | larger than the current system limit | max message size |
        exceeded maximum message size | exceeds fixed maximum message size | message exceeds |
        message length exceeds | too large to send | attachment is too large | message size limit |
        nachricht ist zu groß | nachricht zu groß | message trop volumineux | mensaje demasiado grande |
        messaggio troppo grande | bericht is te groot | メールサイズ | サイズが大きすぎ | 邮件太大 | слишком большое
        ",
    ),
    (
        Loop,
        "
        mail loop | looping | too many hops | hop count exceeded | loop detected | loops back to myself |
        mail forwarding loop | routing loop | exceeded hops | loop alert
        ",
    ),
    (
        Authentication,
        "
        dmarc | spf check | spf fail | dkim | sender policy framework | unauthenticated email |
        unauthenticated mail | sender id | fails to pass authentication | does not pass authentication |
        not pass authentication
        ",
    ),
    (Virus, "virus | malware | infected | ransomware | phishing"),
    (
        Spam,
        "
        spam | junk mail | junk e-mail | unsolicited | bulk mail | unwanted content | high probability of |
        brightmail | spamassassin | content filter | message content rejected | likely suspicious | suspected
        ",
    ),
    (
        Blocked,
        "
        blacklist | blocklist | block list | black list | blocked |  rbl | dnsbl | spamhaus | spamcop |
        barracudacentral | bad reputation | poor reputation | low reputation | reputation | ptr record |
        reverse dns | no rdns | cannot find your hostname | client host rejected | ip address has been |
        listed at | are listed | was listed | banned | denylist | access denied from | helo command rejected |
        refused your connection | no access from mail server
        ",
    ),
    (
        TooFast,
        "
        rate limit | too many messages | too many connections | too many emails | sending rate | throttl |
        too much mail | too quickly | receiving mail at a rate | exceeded the rate | frequency limited |
        too frequently | exceeds the maximum rate | try again later, too many
        ",
    ),
    (TooManyRecipients, "too many recipients | recipient limit"),
    (
        Disabled,
        "
        account disabled | account is disabled | account has been disabled | is disabled | been disabled |
        disabled or discontinued | mailbox disabled | user disabled | account inactive | is inactive |
        inactive account | account is not active | not active | no longer active | been suspended |
        is suspended | account suspended | account is locked | account locked | account closed |
        account has been closed | account expired | mailbox unavailable or | mailbox is inactive |
        inactive user | account is unavailable | account unavailable | mailbox temporarily disabled |
        email account that you tried to reach is disabled | is frozen | been deactivated | deaktiviert |
        gesperrt | désactivé | desactivad | disattivat | deactivated | заблокирован | アカウントは停止 | 停止され | 已停用 |
        被禁用
        ",
    ),
    (
        Moved,
        "
        has moved | no longer at this address | moved to a different | new address is | user has moved |
        changed his address | changed address | umgezogen | neue adresse
        ",
    ),
    (
        HostUnknown,
        "
        host unknown | unknown host | host not found | domain not found | domain name not found |
        host or domain name not found | name service error | no such domain | non-existent domain |
        nonexistent domain | nonexistant domain | domain does not exist | host does not exist |
        unrouteable mail domain | unrouteable address | unroutable address | unroutable domain |
        couldn't find any host named | couldn't find any host by that name | unable to look up |
        could not be resolved | no mail server | no mx | bad destination host | address lookup |
        host name lookup failure | dns error | dns failure | unable to resolve | could not resolve |
        invalid domain | domain is not valid | unknown domain | domain unknown | mx record | mx or srv record |
        invalid mail domain | nullmx | null mx | does not accept mail | illegal host/domain name |
        unknown or invalid domain | not listed in domain | no route found to domain | can't find host |
        cannot find host | domäne nicht gefunden | domaine inconnu | domaine n'existe pas |
        dominio desconocido | dominio inesistente | domínio inexistente | домен не существует | ドメインが存在しません |
        ホストが見つかりません | 域名不存在
        ",
    ),
    (
        UserUnknown,
        "
        en: user unknown | unknown user | unknown recipient | recipient unknown | unknown local |
            unknown address | unknown account | unknown mailbox | unknown or illegal alias | no such user |
            no such recipient | no such mailbox | no such person | no such account | no such address |
            no such email | no such local user | no such id | no mailbox here | no mailbox by that name |
            no mailbox found | no user by that name | no matches to nameserver | not a valid mailbox |
            not a valid user | not a valid recipient | not a known user | not a registered | not a local |
            not our customer | not known | not listed in | not recognized | is not recognised |
            is not a mailbox | not found in | user not found | user doesn't have | doesn't have a |
            does not have a | recipient not found | recipient does not exist | mailbox not found |
            address not found | mailbox does not exist | mailbox unavailable | recipientnotfound |
            address does not exist | account does not exist | user does not exist | user doesn't exist |
            doesn't exist | does not exist | do not exist | invalid recipient | invalid user | invalid mailbox |
            invalid address | invalid account | invalid final delivery userid | bad recipient |
            bad destination mailbox | bad address | recipient address rejected | recipient rejected |
            addressee unknown | unable to find recipient | undeliverable address | is unavailable |
            could not be found | couldn't be found | wasn't found | was not found | cannot be found |
            wrong or no longer valid | no longer valid | no longer exists | no longer available |
            no longer in use | no longer working | no longer employed | no longer with | no longer accept |
            does not like recipient | not exactly match | check the recipient | deleted | no account |
            has no mailbox | final email delivery point
        de: empfänger unbekannt | unbekannter empfänger | unbekannter benutzer | benutzer unbekannt |
            existiert nicht | nicht gefunden | unbekannte adresse | adresse unbekannt
        fr: utilisateur inconnu | destinataire inconnu | adresse inconnue | n'existe pas | introuvable |
            boîte inconnue | adresse d'au moins un destinataire invalide
        es: usuario desconocido | no existe | destinatario desconocido | no se encontró | no se ha encontrado |
            cuenta desconocida
        it: utente sconosciuto | destinatario sconosciuto | non esiste | inesistente | non trovato |
            indirizzo sconosciuto
        pt: usuário desconhecido | usuario inexistente | usuário inexistente | não existe | nao existe |
            não encontrado | não foi encontrado | destinatário desconhecido
        nl: onbekende gebruiker | gebruiker onbekend | bestaat niet | niet gevonden | onbekend adres |
            geadresseerde onbekend
        sv/da/no/fi/pl/cs/tr: okänd mottagare | finns inte | findes ikke | finnes ikke | ukendt modtager |
                              ukjent mottaker | ei löydy | tuntematon | nie istnieje | nieznany | neexistuje |
                              bulunamadı
        ru/uk: не существует | не найден | неизвестный пользователь | пользователь неизвестен |
               нет такого пользователя | не зарегистрирован
        ja: 見つかりませんでした | 見つかりません | 存在しません | 存在しない | 宛先不明 | ユーザ不明 | 該当するユーザ | ユーザーが不明
        zh/ko: 用户不存在 | 收件人不存在 | 不存在 | 找不到 | 无此用户 | 查無此人 | 地址错误 | 존재하지 않 | 찾을 수 없
        ",
    ),
    (
        BadAddress,
        "
        malformed address | syntax error | bad syntax | invalid syntax | address syntax | may not follow |
        bad address syntax | incorrectly constructed | non-ascii character | adressformat | illegal address |
        missing domain | domain missing
        ",
    ),
    (
        Expired,
        "
        retry time | too long | expired | giving up | given up | gave up |
        multiple retries | attempts: | delivery attempts |
        exceeded maximum time | not delivered within | failing for a long time |
        could not deliver for the last | in the queue |
        逾時
        ",
    ),
    (
        Network,
        "
        timed out | time out | timeout | zeitüberschreitung | tiempo de espera | tempo limite | タイムアウト | 超时 |
        connection refused | connection reset | connection lost | connection timed | no route to host |
        network is unreachable | network unreachable | network error | host unreachable | could not connect |
        couldn't connect | unable to connect | can't connect | cannot connect | failed to connect |
        did not accept our requests to connect | not responding | did not respond | no answer |
        connection dropped | lost connection | connect to | socket error | host is down |
        establish an smtp connection | tls | ssl | server unavailable | temporary server error |
        connection failure | 接続できません | 応答がありません | 无法连接 | соединени
        ",
    ),
    (
        Policy,
        "
        policy | not allowed | not permitted | access denied | denied | rejected | refused | not authorized |
        not authorised | unauthorized | prohibited | forbidden | not accepted | not accept | permission |
        restricted | administrative prohibition | security | abgelehnt | verweigert | refusé | rechazad |
        rifiutat | recusad | rejeitad | geweigerd | отклонен | 拒否 | 拒绝 | 拒收 | 거부
        ",
    ),
    (
        SystemError,
        "
        system error | system failure | internal error | internal server error | configuration error |
        system config error | disk full | i/o error | write error | out of memory |
        resources temporarily unavailable | insufficient system storage | insufficient system resources |
        mailer error | pipe to | child process | program exited | local error | service unavailable |
        service not available | temporarily unavailable | queue file | cannot open | unexpected | protocol error
        ",
    ),
];
