//! A heap of mails for measuring: the same seed writes the same mails.
//!
//! Most open a ticket. A fifth follow up on an earlier one, by In-Reply-To, half of those under a subject of their
//! own; one in a hundred is a copy of an earlier mail, every second copy with another trace header on top.
//!
//! [`mails`] writes the plain heap. That of [`mixed`] is nearer to a real desk's: one mail in twenty has a file of
//! 100 KB attached, and ids and addresses come in no order, so that indexes are written everywhere and not at one end.

use crate::bed::DOMAIN;
use data_encoding::BASE64_MIME;

/// Of so many mails one follows up on an earlier one.
const FOLLOW_UP_OF: u64 = 5;
/// Of so many mails one is a copy of an earlier one.
const COPY_OF: u64 = 100;
/// Of so many mails of a mixed heap one has a file attached.
const ATTACHMENT_OF: u64 = 20;

/// The size of an attached file, before it is encoded.
pub const ATTACHMENT_BYTES: usize = 100_000;

/// What a mixed heap's second dice begin with, besides the seed: the first ones write the same words in both heaps.
const SECOND_DICE: u64 = 0x706f_7374_726f_6f6d;

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
    heap(&Heap { name, to, size_bytes, is_mixed: false }, count, seed)
}

/// The same, some of them with files attached, and with ids and addresses in no order.
pub fn mixed(name: &str, to: &str, count: usize, size_bytes: usize, seed: u64) -> Vec<LoadMail> {
    heap(&Heap { name, to, size_bytes, is_mixed: true }, count, seed)
}

/// All of these once more.
pub fn copies(mails: &[LoadMail]) -> Vec<LoadMail> {
    mails.iter().enumerate().map(|(at, mail)| LoadMail { kind: Kind::Copy(at), ..mail.clone() }).collect()
}

/// One mail that opens a ticket and has a file of `attached_bytes`.
pub fn with_file(name: &str, to: &str, attached_bytes: usize, seed: u64) -> LoadMail {
    let heap = Heap { name, to, size_bytes: 3_000, is_mixed: true };
    let writing = Writing { heap: &heap, at: 0, answered: None, has_own_subject: true, attached_bytes };
    writing.write(Kind::First, format!("ann+{name}@{DOMAIN}"), &mut Dice(seed), &mut Dice(seed ^ SECOND_DICE))
}

fn heap(heap: &Heap<'_>, count: usize, seed: u64) -> Vec<LoadMail> {
    let (mut dice, mut second) = (Dice(seed), Dice(seed ^ SECOND_DICE));
    let mut mails: Vec<LoadMail> = Vec::with_capacity(count);
    let mut firsts: Vec<usize> = Vec::new();
    for at in 0..count {
        let earlier = (!firsts.is_empty()).then(|| dice.below(firsts.len() as u64) as usize).map(|at| firsts[at]);
        let attached_bytes = if heap.is_mixed && second.below(ATTACHMENT_OF) == 0 { ATTACHMENT_BYTES } else { 0 };
        let mail = match earlier {
            Some(first) if dice.below(COPY_OF) == 0 => copy(&mails[first], first, dice.below(2) == 0),
            Some(first) if dice.below(FOLLOW_UP_OF) == 0 => {
                let has_own_subject = dice.below(2) == 0;
                let kind = Kind::FollowUp(first);
                let writing = Writing { heap, at, answered: Some(&mails[first]), has_own_subject, attached_bytes };
                writing.write(kind, mails[first].from.clone(), &mut dice, &mut second)
            }
            _ => {
                firsts.push(at);
                let writing = Writing { heap, at, answered: None, has_own_subject: true, attached_bytes };
                let from = format!("ann+{}{at}@{DOMAIN}", heap.prefix(&mut second));
                writing.write(Kind::First, from, &mut dice, &mut second)
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

/// What all mails of a heap have in common.
struct Heap<'h> {
    name: &'h str,
    to: &'h str,
    size_bytes: usize,
    is_mixed: bool,
}

impl Heap<'_> {
    /// What an id or an address begins with, before the number of its mail.
    fn prefix(&self, second: &mut Dice) -> String {
        if self.is_mixed { format!("{:016x}.{}", second.next(), self.name) } else { self.name.to_owned() }
    }
}

struct Writing<'w> {
    heap: &'w Heap<'w>,
    at: usize,
    answered: Option<&'w LoadMail>,
    has_own_subject: bool,
    attached_bytes: usize,
}

impl Writing<'_> {
    fn write(self, kind: Kind, from: String, dice: &mut Dice, second: &mut Dice) -> LoadMail {
        let Writing { heap, at, answered, has_own_subject, attached_bytes } = self;
        let Heap { name, to, size_bytes, .. } = heap;
        let message_id = format!("{}.{at}@client.test", heap.prefix(second));
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
        let content = content(size_bytes.saturating_sub(raw.len() + 60), &format!("part-{name}-{at}"), dice);
        if attached_bytes == 0 {
            raw.push_str(&content);
        } else {
            raw.push_str(&with_attachment(&content, &format!("files-{name}-{at}"), attached_bytes, second));
        }
        LoadMail { kind, from, message_id, raw: raw.into_bytes() }
    }
}

/// The words, plain or as an HTML mail, from the Content-Type on.
fn content(size_bytes: usize, boundary: &str, dice: &mut Dice) -> String {
    if dice.below(2) == 0 {
        let text = words(size_bytes, "", dice);
        return format!("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n{text}");
    }
    let half = size_bytes.saturating_sub(330) / 2;
    let text = words(half, "", dice);
    let html = words(half, "<br>", dice);
    format!(
        "Content-Type: multipart/alternative; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n\
         Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n--{boundary}\r\n\
         Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>{html}</p></body></html>\r\n\
         --{boundary}--\r\n"
    )
}

/// The same content with a file of so many bytes behind it.
fn with_attachment(content: &str, boundary: &str, bytes: usize, second: &mut Dice) -> String {
    let file: Vec<u8> = (0..bytes.div_ceil(8)).flat_map(|_| second.next().to_le_bytes()).take(bytes).collect();
    let mut encoded = BASE64_MIME.encode(&file);
    encoded.truncate(encoded.trim_end().len());
    format!(
        "Content-Type: multipart/mixed; boundary=\"{boundary}\"\r\n\r\n--{boundary}\r\n{content}\r\n--{boundary}\r\n\
         Content-Type: application/octet-stream; name=\"log.bin\"\r\nContent-Transfer-Encoding: base64\r\n\
         Content-Disposition: attachment; filename=\"log.bin\"\r\n\r\n{encoded}\r\n--{boundary}--\r\n"
    )
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
        self.next() % limit.max(1)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

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

    #[test]
    fn a_mixed_heap_has_files_and_no_two_ids_alike() {
        let heap = mixed("a", "support@desk.test", 1_000, 3_000, 7);
        let has_file = |mail: &&LoadMail| String::from_utf8_lossy(&mail.raw).contains("filename=");
        let files = heap.iter().filter(|mail| !matches!(mail.kind, Kind::Copy(_))).filter(has_file).count();
        assert!((30..70).contains(&files), "{files}");
        let (with, without): (Vec<usize>, Vec<usize>) =
            heap.iter().map(|mail| mail.raw.len()).partition(|size| *size > ATTACHMENT_BYTES);
        assert!(with.iter().all(|size| (136_000..145_000).contains(size)), "{with:?}");
        assert!(without.iter().all(|size| (2_800..3_300).contains(size)));
        let originals = heap.iter().filter(|mail| !matches!(mail.kind, Kind::Copy(_)));
        let ids: BTreeSet<&str> = originals.clone().map(|mail| mail.message_id.as_str()).collect();
        assert_eq!(ids.len(), originals.count());
    }

    #[test]
    fn the_plain_heap_is_the_one_that_earlier_figures_were_made_with() {
        let heap = mails("m", "support@desk.test", 2_000, 3_000, 20_260_302);
        let mut sum: u64 = 0xcbf2_9ce4_8422_2325;
        for byte in heap.iter().flat_map(|mail| &mail.raw) {
            sum = (sum ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        let bytes: usize = heap.iter().map(|mail| mail.raw.len()).sum();
        assert_eq!((bytes, sum), (5_959_705, 14_434_154_662_302_348_675));
    }
}
