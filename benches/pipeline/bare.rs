//! What the pipeline is measured by: the same mails over IMAP, their bytes into one table, nothing else.

use super::desk::USER;
use super::engine::BareTable;
use anyhow::Result;
use postroom::endpoint::{Endpoint, Login, Mechanism, Secret, Security};
use postroom::imap::{Deadlines, Session};
use postroom_testbed::MailBed;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Mails fetched and committed together, as the desk does.
const BATCH: usize = 250;

/// Where the numbers of the rows begin that stand for what the desk writes.
const MORE: u32 = 1 << 24;

/// A server on loopback, in plain text.
pub fn endpoint(server: SocketAddr) -> Endpoint {
    Endpoint { host: "127.0.0.1".to_owned(), port: server.port(), security: Security::Plain, ca_file: None }
}

/// Brings in all mails; returns how many there were and how long it took, from the connect to the last commit.
///
/// With each of them a row of so many bytes more is committed: as much as the desk writes for it.
pub async fn ingest(imap: SocketAddr, table: &mut BareTable, more_bytes: usize) -> Result<(usize, Duration)> {
    let more = vec![b'x'; more_bytes];
    let secret = Secret::new(MailBed::password(USER));
    let login = Login { user: MailBed::address(USER), secret, mechanism: Mechanism::Password };
    let begun = Instant::now();
    let mut session = Session::connect(&endpoint(imap), &login, Deadlines::default()).await?;
    let selected = session.select("INBOX").await?;
    let uids = session.all_uids(selected.uid_next).await?;
    let batches: Vec<Vec<u32>> = uids.chunks(BATCH).map(<[u32]>::to_vec).collect();
    let mut fetching = session.fetch_batches(&batches);
    let mut count = 0;
    while let Some(batch) = fetching.next().await? {
        let mails = batch.mails.iter().map(|mail| (mail.uid, &mail.raw[..]));
        let beside = batch.mails.iter().filter(|_| more_bytes > 0).map(|mail| (mail.uid + MORE, more.as_slice()));
        table.keep(&mails.chain(beside).collect::<Vec<_>>()).await?;
        count += batch.mails.len();
    }
    Ok((count, begun.elapsed()))
}
