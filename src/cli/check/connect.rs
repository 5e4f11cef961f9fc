//! What can only be known by trying: the secrets, the mailboxes, the smarthost, the database.

use super::Checked;
use super::advice::{self, Ports};
use crate::config::{Account, Config, MailboxConfig, SmtpConfig};
use crate::endpoint::Login;
use crate::imap::{self, ImapError};
use crate::smtp::{self, SendError, Smarthost, TlsProblem};
use crate::spoken::counted;
use crate::store::{DatabaseUrl, Store, StoreError};
use std::time::Duration;

/// How long a person at the keyboard waits for a server.
const PATIENCE: Duration = Duration::from_secs(15);

/// Tries everything that the configuration names.
pub(super) async fn all(config: &Config) -> Vec<Checked> {
    let mailboxes = futures_util::future::join_all(config.mailboxes.iter().map(mailbox));
    let (mut checks, smtp, database) = tokio::join!(mailboxes, smarthost(&config.smtp), database(&config.database));
    checks.push(smtp);
    checks.push(database);
    checks
}

/// What went wrong, and what to do about it.
type Wrong = (String, Option<String>);

fn checked(what: String, place: String, result: Result<String, Wrong>) -> Checked {
    match result {
        Ok(detail) => Checked { what, place, ok: true, detail, hint: None },
        Err((detail, hint)) => Checked { what, place, ok: false, detail, hint },
    }
}

/// An error with everything behind it.
fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

async fn login(account: &Account) -> Result<Login, Wrong> {
    match account.secret.read().await {
        Ok(secret) => Ok(Login { user: account.user.clone(), secret, mechanism: account.mechanism }),
        Err(error) => Err((chain(&error), None)),
    }
}

const IMAP: Ports = Ports { tls: 993, plain: 143 };
const SMTP: Ports = Ports { tls: 465, plain: 587 };

async fn mailbox(config: &MailboxConfig) -> Checked {
    let endpoint = &config.endpoint;
    let result = try_mailbox(config).await;
    checked(format!("imap {}", config.name), endpoint.to_string(), result)
}

async fn try_mailbox(config: &MailboxConfig) -> Result<String, Wrong> {
    let login = login(&config.account).await?;
    let deadlines = imap::Deadlines { connect: PATIENCE, command: PATIENCE, ..imap::Deadlines::default() };
    let endpoint = &config.endpoint;
    let wrong = |error: ImapError| {
        let hint = match &error {
            ImapError::LoginRefused { .. } => Some("are user and password right?".to_owned()),
            ImapError::Tls { source, .. } => advice::about_tls(source, endpoint, IMAP),
            ImapError::Refused { command: "STARTTLS", .. } => Some(advice::about_starttls(IMAP)),
            ImapError::Refused { command: "SELECT", .. } => Some("is the folder's name right?".to_owned()),
            _ => None,
        };
        (chain(&error), hint)
    };
    let mut session = match imap::Session::connect(endpoint, &login, deadlines).await {
        Ok(session) => session,
        Err(error) => {
            return Err(match wrong(error) {
                (detail, None) => (detail, Some(advice::about_connection(endpoint, IMAP).await)),
                known => known,
            });
        }
    };
    let selected = session.select(&config.folder).await.map_err(wrong)?;
    let news = if session.has_idle() { "tells of new mail" } else { "has no IDLE, so it is polled" };
    // Everything that was to be known is known; a goodbye that fails changes nothing.
    let _ = session.logout().await;
    if selected.is_read_only && (config.processed.is_some() || config.quarantine.is_some()) {
        let hint = "give the account the right to change the folder, or take out `processed` and `quarantine`";
        return Err((format!("{} may only be read, so no mail can be moved", config.folder), Some(hint.to_owned())));
    }
    let mails = counted(selected.exists, "mail");
    Ok(format!("logged in as {}, {} has {mails}, {news}", config.account.user, config.folder))
}

async fn smarthost(config: &SmtpConfig) -> Checked {
    checked("smtp".to_owned(), config.endpoint.to_string(), try_smarthost(config).await)
}

async fn try_smarthost(config: &SmtpConfig) -> Result<String, Wrong> {
    let login = match &config.account {
        Some(account) => Some(login(account).await?),
        None => None,
    };
    let who =
        login.as_ref().map_or("connected, without a login".to_owned(), |login| format!("logged in as {}", login.user));
    let deadlines = smtp::Deadlines { connect: PATIENCE, command: PATIENCE, ..smtp::Deadlines::default() };
    let mut smarthost = Smarthost::new(config.endpoint.clone(), login, config.hello_name.clone(), deadlines);
    let result = smarthost.connect().await;
    smarthost.quit().await;
    let Err(error) = result else { return Ok(who) };
    let hint = match &error {
        SendError::LoginRefused { .. } => Some("are user and password right?".to_owned()),
        SendError::Tls(TlsProblem::Handshake(error)) => advice::about_tls(error, &config.endpoint, SMTP),
        SendError::Tls(TlsProblem::NotOffered) => Some(advice::about_starttls(SMTP)),
        SendError::Unreachable { .. } => Some(advice::about_connection(&config.endpoint, SMTP).await),
        _ => None,
    };
    Err((chain(&error), hint))
}

async fn database(url: &DatabaseUrl) -> Checked {
    checked("database".to_owned(), url.to_string(), try_database(url).await)
}

async fn try_database(url: &DatabaseUrl) -> Result<String, Wrong> {
    let wrong = |error: StoreError| (chain(&error), advice::about_database(&error, url));
    let store = Store::open(url).await.map_err(wrong)?;
    // Only a transaction that writes shows that one can.
    let result = async {
        store.begin().await?.rollback().await?;
        store.counts().await
    };
    let result = result.await;
    store.close().await;
    let counts = result.map_err(wrong)?;
    let sum = |rows: &[(String, i64)]| rows.iter().map(|(_, count)| count).sum::<i64>();
    let (mails, tickets) = (sum(&counts.inbox), sum(&counts.tickets));
    Ok(format!("can be written; mails received: {mails}, tickets: {tickets}"))
}
