//! A heap of mails for measuring: the same seed writes the same mails.
//!
//! Most open a ticket. A fifth follow up on an earlier one, by In-Reply-To, half of those under a subject of their
//! own; one in a hundred is a copy of an earlier mail, every second copy with another trace header on top.

use crate::bed::DOMAIN;

/// Of so many mails one follows up on an earlier one.
const FOLLOW_UP_OF: u64 = 5;
/// Of so many mails one is a copy of an earlier one.
const COPY_OF: u64 = 100;

const SUBJECTS: [&str; 8] = [
    "Requests to the billing endpoint time out",
    "API key refused since this morning",
    "Question about the monthly report",
    "Policy change does not show in the console",
    "Error 429 although we send little",
    "Export of historical data",
    "Webhook calls arrive twice",
    "How do we add a second workspace?",
];

const SENTENCES: [&str; 16] = [
    "We moved to the new library last week and have seen this ever since.",
    "The call to /v2/orders takes 14 seconds and then ends with a gateway timeout.",
    "About 3 % of our requests fail, most of them in the evening.",
    "I have attached nothing, because the log holds customer data.",
    "Our key was renewed on Monday and works from one of the two servers.",
    "A colleague of mine asked the same question some time ago but found no answer.",
    "Could you tell us what the limit for one workspace is?",
    "The console shows the policy as active, yet the old one is applied.",
    "This does not stop our work, it only makes it slower than it has to be.",
    "We would like to know until when this can be expected to be better.",
    "The response has status 429 and a body that says rate limit exceeded.",
    "Between 09:00 and 11:30 the export holds 1,204 rows, afterwards none.",
    "Restarting the service helps for an hour or so.",
    "Please let me know which further details you need from us.",
    "The documentation speaks of a field named tenant, which we do send.",
    "In the staging environment everything is as it should be.",
];

/// What a mail is meant to become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A ticket of its own.
    First,
    /// A further mail on the ticket that the mail at this place has opened.
    FollowUp(usize),
    /// Nothing: the mail at this place is there already.
    Copy(usize),
}

/// One mail of a heap.
#[derive(Debug, Clone)]
pub struct LoadMail {
    /// What it is meant to become.
    pub kind: Kind,
    /// Its author's address, the same for all mails of one ticket and for no others.
    pub from: String,
    /// Its Message-ID, without brackets.
    pub message_id: String,
    /// The mail.
    pub raw: Vec<u8>,
}

/// Writes `count` mails of about `size_bytes` to an address. `name` keeps their ids apart from another heap's.
pub fn mails(name: &str, to: &str, count: usize, size_bytes: usize, seed: u64) -> Vec<LoadMail> {
    let mut dice = Dice(seed);
    let mut mails: Vec<LoadMail> = Vec::with_capacity(count);
    let mut firsts: Vec<usize> = Vec::new();
    for at in 0..count {
        let earlier = (!firsts.is_empty()).then(|| dice.below(firsts.len() as u64) as usize).map(|at| firsts[at]);
        let mail = match earlier {
            Some(first) if dice.below(COPY_OF) == 0 => copy(&mails[first], first, dice.below(2) == 0),
            Some(first) if dice.below(FOLLOW_UP_OF) == 0 => {
                let has_own_subject = dice.below(2) == 0;
                let kind = Kind::FollowUp(first);
                let mail = Writing { name, to, at, size_bytes, answered: Some(&mails[first]), has_own_subject };
                mail.write(kind, mails[first].from.clone(), &mut dice)
            }
            _ => {
                firsts.push(at);
                let mail = Writing { name, to, at, size_bytes, answered: None, has_own_subject: true };
                mail.write(Kind::First, format!("ann+{name}{at}@{DOMAIN}"), &mut dice)
            }
        };
        mails.push(mail);
    }
    mails
}

fn copy(first: &LoadMail, at: usize, has_trace: bool) -> LoadMail {
    let mut raw = first.raw.clone();
    if has_trace {
        let trace = b"Received: from relay.test by mx.test with ESMTP; Mon, 2 Mar 2026 09:00:00 +0000\r\n";
        raw.splice(0..0, trace.iter().copied());
    }
    LoadMail { kind: Kind::Copy(at), raw, ..first.clone() }
}

struct Writing<'w> {
    name: &'w str,
    to: &'w str,
    at: usize,
    size_bytes: usize,
    answered: Option<&'w LoadMail>,
    has_own_subject: bool,
}

impl Writing<'_> {
    fn write(self, kind: Kind, from: String, dice: &mut Dice) -> LoadMail {
        let Writing { name, to, at, size_bytes, answered, has_own_subject } = self;
        let message_id = format!("{name}.{at}@client.test");
        let subject = SUBJECTS[dice.below(SUBJECTS.len() as u64) as usize];
        let prefix = if has_own_subject { "" } else { "Re: " };
        let minute = at % 60;
        let thread = answered.map_or(String::new(), |mail| {
            format!("In-Reply-To: <{id}>\r\nReferences: <{id}>\r\n", id = mail.message_id)
        });
        let mut raw = format!(
            "Received: from client.test (client.test [192.0.2.7]) by mx.{DOMAIN} (Postfix) with ESMTPS id {at:08X}\r\n\
             \tfor <{to}>; Mon,  2 Mar 2026 09:{minute:02}:00 +0100 (CET)\r\n\
             From: Ann {at} Example <{from}>\r\nTo: Support <{to}>\r\nSubject: {prefix}{subject} ({at})\r\n\
             Date: Mon, 02 Mar 2026 09:{minute:02}:00 +0100\r\nMessage-ID: <{message_id}>\r\n{thread}\
             User-Agent: Mozilla Thunderbird\r\nAccept-Language: en-GB\r\nMIME-Version: 1.0\r\n"
        );
        let left = size_bytes.saturating_sub(raw.len() + 60);
        if dice.below(2) == 0 {
            raw.push_str("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n");
            raw.push_str(&words(left, "", dice));
        } else {
            let boundary = format!("part-{name}-{at}");
            let half = left.saturating_sub(330) / 2;
            let text = words(half, "", dice);
            let html = words(half, "<br>", dice);
            raw.push_str(&format!(
                "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n\
                 Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--{boundary}\r\n\
                 Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{html}</p></body></html>\r\n\
                 --{boundary}--\r\n"
            ));
        }
        LoadMail { kind, from, message_id, raw: raw.into_bytes() }
    }
}

/// Sentences, one a line, until the size is reached.
fn words(size_bytes: usize, line_end: &str, dice: &mut Dice) -> String {
    let mut text = String::with_capacity(size_bytes + 100);
    text.push_str(&format!("Hello,{line_end}\r\n{line_end}\r\n"));
    while text.len() < size_bytes {
        text.push_str(SENTENCES[dice.below(SENTENCES.len() as u64) as usize]);
        text.push_str(line_end);
        text.push_str("\r\n");
    }
    text
}

/// Numbers that look random and are the same for the same seed (splitmix64).
#[derive(Debug, Clone)]
pub struct Dice(pub u64);

impl Dice {
    /// A number from 0 to below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_writes_the_same_mails_of_the_size_asked_for() {
        let (one, two) =
            (mails("a", "support@desk.test", 500, 3_000, 7), mails("a", "support@desk.test", 500, 3_000, 7));
        let bytes = |mails: &[LoadMail]| mails.iter().map(|mail| mail.raw.clone()).collect::<Vec<_>>();
        assert_eq!(bytes(&one), bytes(&two));
        let strays: Vec<usize> =
            one.iter().map(|mail| mail.raw.len()).filter(|size| !(2_800..3_300).contains(size)).collect();
        assert!(strays.is_empty(), "{strays:?}");
        let count = |is: fn(&Kind) -> bool| one.iter().filter(|mail| is(&mail.kind)).count();
        let follow_ups = count(|kind| matches!(kind, Kind::FollowUp(_)));
        assert!((70..130).contains(&follow_ups), "{follow_ups}");
        assert!((1..15).contains(&count(|kind| matches!(kind, Kind::Copy(_)))));
    }
}
