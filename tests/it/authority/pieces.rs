//! The pieces of which mails are made up.

use postroom::ticket::TicketId;
use proptest::prelude::*;
use proptest::sample::select;

/// Somebody who has nothing to do with any of it.
pub const VICTIM: &str = "victim@elsewhere.example";

/// A word that stands in all that the sender writes.
pub const CANARY: &str = "quetzal";

/// What servers say of the sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    Nothing,
    /// Our server vouches for the author.
    Ours,
    OursFails,
    /// Our server vouches for somebody else, whose mail this is not.
    OursForAnother,
    /// Another server says that all is well.
    Another,
    /// The sender writes our server's name in a way that only reads like it.
    Encoded,
    /// Our server says no, above what the sender says in its name.
    OursFailsAboveForged,
}

/// A token of ours: on which ticket, for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    pub ticket: TicketId,
    pub to: String,
}

/// A mail, piece by piece.
#[derive(Debug, Clone)]
pub struct Pieces {
    pub desk: usize,
    from: &'static str,
    pub reply_to: Option<&'static str>,
    pub auth: Auth,
    to: &'static str,
    cc: Option<&'static str>,
    delivered_to: Option<&'static str>,
    answers: Option<&'static str>,
    references: Option<&'static str>,
    marker: Option<&'static str>,
    subject: &'static str,
    automatic: Option<&'static str>,
    body: &'static str,
    /// A delivery report that returns a mail: its id, and the address that it names.
    report: Option<(&'static str, &'static str)>,
    /// Whether tokens lose their MAC.
    is_forged: bool,
}

const FROM: [&str; 14] = [
    "ann@example.com",
    "cora@example.com",
    "Ann@Example.com",
    "bob@desk.example",
    "sue@desk.example",
    "zoe@other.example",
    "mallory@evil.example",
    "\"ann@example.com\" <mallory@evil.example>",
    "=?utf-8?q?Ann_=3Cann=40example=2Ecom=3E?= <mallory@evil.example>",
    "mallory@evil.example, ann@example.com",
    "ann@example.com\nFrom: mallory@evil.example",
    "alerts@monitor.example",
    "mailer-daemon@mx.example.com",
    "quetzal <mallory@evil.example>",
];

/// Our own mails, as the desk's story names them. Bob's newest notification is about Zoe's ticket.
const SENT: [(&str, &str, TicketId); 5] = [
    ("acknowledgement", "ann@example.com", TicketId(1001)),
    ("reply", "ann@example.com", TicketId(1001)),
    ("reply", "cora@example.com", TicketId(1001)),
    ("acknowledgement", "zoe@other.example", TicketId(1002)),
    ("notification", "bob@desk.example", TicketId(1002)),
];

const ADDRESSES: [&str; 8] = [
    "support@desk.example",
    "support@desk.example",
    "support@desk.example",
    "{address acknowledgement ann@example.com}",
    "{address reply cora@example.com}",
    "{address notification bob@desk.example}",
    "{address acknowledgement zoe@other.example}",
    VICTIM,
];

const IDS: [&str; 8] = [
    "{id acknowledgement ann@example.com}",
    "{id reply ann@example.com}",
    "{id reply cora@example.com}",
    "{id acknowledgement zoe@other.example}",
    "{id notification bob@desk.example}",
    "request@example.com",
    "invoices@other.example",
    "nobody@nowhere.example",
];

const MARKERS: [&str; 3] = [
    "{marker acknowledgement ann@example.com}",
    "{marker notification bob@desk.example}",
    "{marker acknowledgement zoe@other.example}",
];

const SUBJECTS: [&str; 6] = [
    "quetzal",
    "Re: Timeouts [PR-1001]",
    "quetzal [PR-1001]",
    "Re: Invoices [PR-1002]",
    "Fwd: quetzal",
    "Out of office: quetzal",
];

const AUTOMATIC: [&str; 5] = [
    "Auto-Submitted: auto-replied",
    "Precedence: bulk",
    "List-Id: <quetzal.example>",
    "Return-Path: <>",
    "X-Postroom: test-instance",
];

const BODIES: [&str; 12] = [
    "quetzal",
    "It works again, thank you. You can close this.",
    "Thanks!",
    "Production is down for everybody! quetzal",
    "#close",
    "#take\n#severity critical",
    "#resolve\nRoot Cause: quetzal\nSolution: quetzal\nVerification: quetzal",
    "#note\nquetzal",
    "#escalate tier-3 quetzal",
    "quetzal\n\n---------- Forwarded message ---------\nFrom: Vic <victim@elsewhere.example>\n\
     Date: Mon, 2 Mar 2026 08:00:00 +0000\nSubject: quetzal\nTo: bob@desk.example\n\nquetzal",
    "---------- Forwarded message ---------\nFrom: Ann <ann@example.com>\nDate: Mon, 2 Mar 2026 08:00:00 +0000\n\
     Subject: Timeouts\nTo: bob@desk.example\n\n#close",
    "",
];

pub fn a_mail() -> impl Strategy<Value = Pieces> {
    let auths = vec![
        Auth::Nothing,
        Auth::Nothing,
        Auth::Ours,
        Auth::Ours,
        Auth::OursFails,
        Auth::OursForAnother,
        Auth::Another,
        Auth::Encoded,
        Auth::OursFailsAboveForged,
    ];
    let some = |list: &'static [&'static str], weight| proptest::option::weighted(weight, select(list));
    let who = (
        select(&FROM[..]),
        some(&[VICTIM, "mallory@evil.example", "ann@example.com", "bob@desk.example", "support@desk.example"], 0.25),
        select(auths),
    );
    let to = (
        select(&ADDRESSES[..]),
        some(&[VICTIM, "victim@elsewhere.example, sue@desk.example", "cora@example.com"], 0.3),
        some(&ADDRESSES, 0.2),
    );
    let thread = (some(&IDS, 0.4), some(&IDS, 0.3), some(&MARKERS, 0.15));
    let report = proptest::option::weighted(0.12, (select(&IDS[..]), select(&["ann@example.com", VICTIM][..])));
    let what = (select(&SUBJECTS[..]), some(&AUTOMATIC, 0.15), select(&BODIES[..]), report);
    (0..3_usize, who, to, thread, what, any::<bool>()).prop_map(
        |(
            desk,
            (from, reply_to, auth),
            (to, cc, delivered_to),
            (answers, references, marker),
            (subject, automatic, body, report),
            is_forged,
        )| Pieces {
            desk,
            from,
            reply_to,
            auth,
            to,
            cc,
            delivered_to,
            answers,
            references,
            marker,
            subject,
            automatic,
            body,
            report,
            is_forged,
        },
    )
}

impl Pieces {
    /// The addresses in all `From` fields, in lower case.
    pub fn authors(&self) -> Vec<&'static str> {
        match self.from {
            "Ann@Example.com" => vec!["ann@example.com"],
            from if from.contains(", ann@") || from.contains("\nFrom") => {
                vec!["ann@example.com", "mallory@evil.example"]
            }
            from if from.ends_with('>') => vec!["mallory@evil.example"],
            from => vec![from],
        }
    }

    /// The author, where there is just one.
    pub fn only_author(&self) -> Option<&'static str> {
        let authors = self.authors();
        (authors.len() == 1).then(|| authors[0])
    }

    /// Of whom an agent for whom our server vouches passes on a mail.
    pub fn passes_on(&self) -> Option<&'static str> {
        let is_agents = self.only_author().is_some_and(|author| author.ends_with("@desk.example"));
        let is_answered_elsewhere = self.reply_to.is_some_and(|to| Some(to) != self.only_author());
        let of = [("From: Vic", VICTIM), ("From: Ann", "ann@example.com")];
        let of = of.into_iter().find(|(line, _)| self.body.contains(line)).map(|(_, of)| of);
        of.filter(|_| is_agents && !is_answered_elsewhere && self.auth == Auth::Ours)
    }

    /// The tokens in it that are ours, whatever they are worth.
    pub fn tokens(&self) -> Vec<Token> {
        if self.is_forged {
            return Vec::new();
        }
        let report = self.report.map(|(id, _)| id);
        let places = [Some(self.to), self.cc, self.delivered_to, self.answers, self.references, self.marker, report];
        let pieces: Vec<&str> = places.into_iter().flatten().collect();
        let is_there = |(purpose, to, _): &&(&str, &str, TicketId)| {
            pieces.iter().any(|piece| piece.ends_with(&format!(" {purpose} {to}}}")))
        };
        let token = |(_, to, ticket): &(&str, &str, TicketId)| Token { ticket: *ticket, to: (*to).to_owned() };
        SENT.iter().filter(is_there).map(token).collect()
    }

    /// Whether it is a report by which an address may lose its automatic mail.
    pub fn may_suppress(&self) -> bool {
        let names = |(_, named): (&str, &str)| self.tokens().iter().any(|token| token.to == named);
        self.report.is_some_and(names)
    }

    /// The mail, with our own ids and addresses still to be filled in.
    pub fn text(&self) -> String {
        let domain = self.authors()[0].rsplit_once('@').unwrap().1;
        let results = |id: &str, result: &str, domain: &str| {
            format!("Authentication-Results: {id}; dmarc={result} header.from={domain}\n")
        };
        let ours = "mx.desk.example";
        let mut text = match self.auth {
            Auth::Nothing => String::new(),
            Auth::Ours => results(ours, "pass", domain),
            Auth::OursFails => results(ours, "fail", domain),
            Auth::OursForAnother => results(ours, "pass", "nowhere.example"),
            Auth::Another => results("mx.evil.example", "pass", domain),
            Auth::Encoded => results("=?utf-8?q?mx=2Edesk=2Eexample?=", "pass", domain),
            Auth::OursFailsAboveForged => results(ours, "fail", domain) + &results(ours, "pass", domain),
        };
        let mut add = |name: &str, value: Option<&str>| {
            if let Some(value) = value {
                text.push_str(&format!("{name}: {value}\n"));
            }
        };
        add("From", Some(self.from));
        add("Reply-To", self.reply_to);
        add("To", Some(self.to));
        add("Cc", self.cc);
        add("Delivered-To", self.delivered_to);
        add("Subject", Some(self.subject));
        add("Message-ID", Some("<made-up@evil.example>"));
        let bracketed = |id: &str| format!("<{id}>");
        add("In-Reply-To", self.answers.map(bracketed).as_deref());
        add("References", self.references.map(bracketed).as_deref());
        if let Some(line) = self.automatic {
            text.push_str(&format!("{line}\n"));
        }
        match self.report {
            Some((id, named)) => text.push_str(&format!(
                "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\n\n{}\n--b\n\
                 Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.com\n\n\
                 Final-Recipient: rfc822; {named}\nAction: failed\nStatus: 5.1.1\n--b\n\
                 Content-Type: text/rfc822-headers\n\nMessage-ID: <{id}>\n--b--\n",
                self.body
            )),
            None => text.push_str(&format!("\n{}\n", self.body)),
        }
        if let Some(marker) = self.marker {
            text.push_str(&format!("\n> {marker}\n"));
        }
        text
    }

    /// The mail with its tokens forged, where they are to be: the first letter of each MAC is another.
    pub fn forge(&self, text: String) -> String {
        if !self.is_forged {
            return text;
        }
        // A MAC has 26 letters; nothing else in these mails is as long without a break.
        let mut forged = String::with_capacity(text.len());
        for piece in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric()) {
            let word = piece.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
            if word.len() == 26 {
                let first = if word.starts_with('a') { 'b' } else { 'a' };
                forged.push(first);
                forged.push_str(&piece[1..]);
            } else {
                forged.push_str(piece);
            }
        }
        forged
    }
}
