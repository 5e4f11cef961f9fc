//! Handing over mails in batches. The next batch is asked for before the present one is read, so the server works
//! while the caller does. No more than the two of them are in memory.

use std::collections::VecDeque;

use async_imap::imap_proto::{AttributeValue, RequestId, Response};
use bytes::Bytes;
use jiff::Timestamp;
use jiff::fmt::strtime;
use tokio::time::timeout;

use super::uids::{ascending, sets};
use super::wire::{Answer, Ending, Part};
use super::{Batch, Fetched, ImapError, Session};

/// How many batches the server may be asked for at once.
const IN_FLIGHT: usize = 2;

const COMMAND: &str = "UID FETCH";

/// Mails up to this size are copied out of the answer that brought them, in bytes. What is larger stays within it, and
/// what came with it is little beside it.
const COPIED_BYTES: usize = 64 << 10;

impl Session {
    /// Fetches batches of mails one after the other; see [`batches`](super::batches).
    pub fn fetch_batches<'a>(&'a mut self, batches: &'a [Vec<u32>]) -> Fetching<'a> {
        Fetching { session: self, batches: batches.iter(), in_flight: VecDeque::with_capacity(IN_FLIGHT) }
    }

    /// Fetches one batch of mails.
    pub async fn fetch(&mut self, uids: &[u32]) -> Result<Batch, ImapError> {
        let batches = [uids.to_vec()];
        let batch = self.fetch_batches(&batches).next().await?;
        Ok(batch.unwrap_or_default())
    }

    /// Fetches the first `most_bytes` of a mail's headers: what is kept of a mail that is too large.
    /// `None` when the mail is gone.
    pub async fn fetch_headers(&mut self, uid: u32, most_bytes: u32) -> Result<Option<Fetched>, ImapError> {
        let line = format!("UID FETCH {uid} (UID INTERNALDATE BODY.PEEK[HEADER]<0.{most_bytes}>)");
        let mut found = None;
        self.command_with(COMMAND, &line, |response| {
            let copied = |part: Part| Bytes::copy_from_slice(part(response));
            found = found.take().or_else(|| mail(response, &copied).filter(|mail| mail.uid == uid));
        })
        .await?;
        Ok(found)
    }
}

/// A fetch that is under way. Dropped before its end it leaves the session out of step.
#[derive(Debug)]
pub struct Fetching<'a> {
    session: &'a mut Session,
    batches: std::slice::Iter<'a, Vec<u32>>,
    in_flight: VecDeque<Asked>,
}

/// A batch on its way.
#[derive(Debug)]
struct Asked {
    uids: Vec<u32>,
    has_come: Vec<bool>,
    mails: Vec<Fetched>,
    tags: Vec<RequestId>,
    refusal: Option<Ending>,
}

impl Asked {
    /// Keeps a mail if it belongs to this batch, and hands it back otherwise.
    fn keep(&mut self, mail: Fetched) -> Option<Fetched> {
        match self.uids.binary_search(&mail.uid) {
            Ok(place) if !std::mem::replace(&mut self.has_come[place], true) => {
                self.mails.push(mail);
                None
            }
            _ => Some(mail),
        }
    }

    fn end(&mut self, tag: &RequestId, ending: Ending) {
        self.tags.retain(|ours| ours != tag);
        if let Ending::Refused { .. } = ending {
            self.refusal = Some(ending);
        }
    }

    fn into_batch(self) -> Result<Batch, ImapError> {
        if let Some(refusal) = self.refusal {
            refusal.insist(COMMAND)?;
        }
        let has_come = self.uids.into_iter().zip(self.has_come);
        let missing = has_come.filter(|(_, has_come)| !has_come).map(|(uid, _)| uid).collect();
        Ok(Batch { mails: self.mails, missing })
    }
}

impl Fetching<'_> {
    /// The next batch: the n-th call answers the n-th batch, and after the last one there is `None`.
    ///
    /// When the server refuses a batch ([`ImapError::Refused`]), the call after it answers the batch after it; after
    /// any other error the session is of no more use.
    pub async fn next(&mut self) -> Result<Option<Batch>, ImapError> {
        if self.in_flight.is_empty() {
            self.session.wire.in_step()?;
        }
        while self.in_flight.len() < IN_FLIGHT {
            let Some(uids) = self.batches.next() else { break };
            self.ask(uids).await?;
        }
        while self.in_flight.front().is_some_and(|asked| !asked.tags.is_empty()) {
            self.read().await?;
        }
        self.in_flight.pop_front().map(Asked::into_batch).transpose()
    }

    /// What has come of the batches under way, when the session was lost over them: all mails before the first that has
    /// not come.
    pub fn give_up(self) -> Vec<Fetched> {
        let mut came = Vec::new();
        for asked in self.in_flight {
            let missing = asked.has_come.iter().position(|has_come| !has_come).map(|place| asked.uids[place]);
            came.extend(asked.mails.into_iter().filter(|mail| missing.is_none_or(|missing| mail.uid < missing)));
            if missing.is_some() {
                break;
            }
        }
        came
    }

    async fn ask(&mut self, uids: &[u32]) -> Result<(), ImapError> {
        let (wire, after) = (&mut self.session.wire, self.session.deadlines.command);
        let mut tags = Vec::new();
        for set in sets(uids) {
            let line = format!("UID FETCH {set} (UID INTERNALDATE BODY.PEEK[])");
            let late = |_| ImapError::Timeout { command: COMMAND, after };
            tags.push(timeout(after, wire.send(&line)).await.map_err(late)??);
        }
        let uids = ascending(uids);
        let (has_come, mails) = (vec![false; uids.len()], Vec::with_capacity(uids.len()));
        self.in_flight.push_back(Asked { uids, has_come, mails, tags, refusal: None });
        Ok(())
    }

    /// Takes in one answer. Dovecot, for one, works on both commands in turn when we read more slowly than it
    /// writes, so a mail goes to whichever batch has asked for it.
    async fn read(&mut self) -> Result<(), ImapError> {
        let (wire, after) = (&mut self.session.wire, self.session.deadlines.mail);
        let late = |_| ImapError::Timeout { command: COMMAND, after };
        match timeout(after, wire.answer_to_keep(mail)).await.map_err(late)?? {
            Answer::Untagged(Some(mail)) => {
                self.in_flight.iter_mut().try_fold(mail, |mail, asked| asked.keep(mail));
            }
            Answer::Untagged(None) => {}
            Answer::Ended(tag, ending) => {
                if let Some(asked) = self.in_flight.iter_mut().find(|asked| asked.tags.contains(&tag)) {
                    asked.end(&tag, ending);
                }
            }
        }
        Ok(())
    }
}

/// The mail in an answer. An answer without a body is the server's news about somebody's flags.
fn mail(response: &Response<'_>, keep: &dyn Fn(Part) -> Bytes) -> Option<Fetched> {
    let Response::Fetch(_, attributes) = response else { return None };
    let (mut uid, mut received_at) = (None, None);
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(value) => uid = Some(*value),
            AttributeValue::InternalDate(date) => received_at = internal_date(date),
            _ => {}
        }
    }
    let body = body(response)?;
    let raw = if body.len() > COPIED_BYTES {
        keep(|response| self::body(response).unwrap_or_default())
    } else {
        Bytes::copy_from_slice(body)
    };
    Some(Fetched { uid: uid?, received_at, raw })
}

/// The bytes of the mail in an answer.
fn body<'r>(response: &'r Response<'_>) -> Option<&'r [u8]> {
    let Response::Fetch(_, attributes) = response else { return None };
    attributes.iter().rev().find_map(|attribute| match attribute {
        AttributeValue::BodySection { data: Some(data), .. } => Some(data.as_ref()),
        _ => None,
    })
}

/// `date-time` of RFC 3501 §9, `" 7-Feb-1994 21:52:25 -0800"`: the day is padded with a space.
fn internal_date(date: &str) -> Option<Timestamp> {
    // A date that cannot be read is no reason to leave the mail: the caller has its own clock.
    strtime::parse("%d-%b-%Y %H:%M:%S %z", date.trim()).ok()?.to_timestamp().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn internal_dates_are_read_or_left_out() {
        let cases = [
            ("two digits", "17-Jul-1996 02:44:25 -0700", Some("1996-07-17T09:44:25Z")),
            ("one digit, padded", " 7-Feb-1994 21:52:25 -0800", Some("1994-02-08T05:52:25Z")),
            ("one digit, bare", "7-Feb-1994 21:52:25 +0000", Some("1994-02-07T21:52:25Z")),
            ("lower case month", "01-jan-2026 00:00:00 +0530", Some("2025-12-31T18:30:00Z")),
            ("no such day", "31-Feb-2026 00:00:00 +0000", None),
            ("garbage", "yesterday", None),
        ];
        for (name, date, expected) in cases {
            assert_eq!(internal_date(date), expected.map(|at| at.parse().unwrap()), "{name}");
        }
    }
}
