//! Which mail of a set each one answers: the REFERENCES algorithm of RFC 5256 without its guessing by subjects.

use crate::message::{Message, MessageId};
use std::collections::HashMap;

/// For each mail the place of the one among them that it answers. Mails between that are not among them are passed
/// over; nobody answers themselves, however the ids say so.
pub fn parents<'m>(mails: impl IntoIterator<Item = &'m Message>) -> Vec<Option<usize>> {
    let mut forest = Forest::default();
    let places: Vec<usize> = mails.into_iter().enumerate().map(|(at, mail)| forest.add(at, mail)).collect();
    places.into_iter().map(|place| forest.nearest_above(place)).collect()
}

/// A mail, or an id of which only others speak.
#[derive(Default)]
struct Node {
    mail: Option<usize>,
    parent: Option<usize>,
    has_children: bool,
}

#[derive(Default)]
struct Forest<'m> {
    nodes: Vec<Node>,
    by_id: HashMap<&'m MessageId, usize>,
}

impl<'m> Forest<'m> {
    /// Adds a mail and what it says of others; returns its node.
    fn add(&mut self, at: usize, mail: &'m Message) -> usize {
        let mut place = self.node(&mail.id);
        if self.nodes[place].mail.is_some() {
            // A second mail with the id of another: it may have a parent, but nobody answers it.
            place = self.nodes.len();
            self.nodes.push(Node::default());
        }
        self.nodes[place].mail = Some(at);
        let answered = if mail.references.is_empty() { mail.in_reply_to.get(..1) } else { Some(&mail.references[..]) };
        let mut above = None;
        for id in answered.unwrap_or_default() {
            let next = self.node(id);
            // What one mail says of others counts only where they have not said otherwise.
            if let Some(above) = above.filter(|_| self.nodes[next].parent.is_none()) {
                self.link(next, above);
            }
            above = Some(next);
        }
        if let Some(above) = above {
            self.nodes[place].parent = None;
            self.link(place, above);
        }
        place
    }

    fn node(&mut self, id: &'m MessageId) -> usize {
        *self.by_id.entry(id).or_insert_with(|| {
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        })
    }

    /// Puts a node below another, unless that is below it.
    fn link(&mut self, place: usize, above: usize) {
        let is_loop = place == above || self.nodes[place].has_children && self.above(above).any(|node| node == place);
        if !is_loop {
            self.nodes[place].parent = Some(above);
            self.nodes[above].has_children = true;
        }
    }

    fn above(&self, place: usize) -> impl Iterator<Item = usize> {
        std::iter::successors(self.nodes[place].parent, |above| self.nodes[*above].parent)
    }

    fn nearest_above(&self, place: usize) -> Option<usize> {
        self.above(place).find_map(|above| self.nodes[above].mail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{Reader, parse};
    use jiff::Timestamp;

    fn mail(text: &str) -> Message {
        let header: String = text.split("; ").map(|field| format!("{field}\n")).collect();
        parse(format!("From: ann@example.com\n{header}\n").as_bytes(), Timestamp::UNIX_EPOCH, &Reader::default())
    }

    #[test]
    fn each_mail_is_put_below_the_one_it_answers() {
        type Case<'a> = (&'a str, &'a [&'a str], &'a [Option<usize>]);
        let cases: [Case; 9] = [
            ("a chain", &["Message-ID: <a@x>", "Message-ID: <b@x>; References: <a@x>"], &[None, Some(0)]),
            ("the answer first", &["Message-ID: <b@x>; References: <a@x>", "Message-ID: <a@x>"], &[Some(1), None]),
            (
                "the last of the references",
                &["Message-ID: <a@x>", "Message-ID: <b@x>", "Message-ID: <c@x>; References: <a@x> <b@x>"],
                &[None, Some(0), Some(1)],
            ),
            (
                "the one between is missing",
                &["Message-ID: <a@x>", "Message-ID: <c@x>; References: <a@x> <b@x>"],
                &[None, Some(0)],
            ),
            (
                "In-Reply-To only",
                &["Message-ID: <a@x>", "Message-ID: <b@x>; In-Reply-To: <a@x> <z@x>"],
                &[None, Some(0)],
            ),
            (
                "a mail knows its own parent best",
                &[
                    "Message-ID: <c@x>; References: <a@x> <b@x>",
                    "Message-ID: <b@x>; References: <z@x>",
                    "Message-ID: <a@x>",
                ],
                &[Some(1), None, None],
            ),
            ("itself", &["Message-ID: <a@x>; References: <a@x>"], &[None]),
            (
                "each other",
                &["Message-ID: <a@x>; References: <b@x>", "Message-ID: <b@x>; References: <a@x>"],
                &[Some(1), None],
            ),
            (
                "two with one id",
                &[
                    "Message-ID: <a@x>",
                    "Message-ID: <b@x>; References: <a@x>",
                    "Message-ID: <b@x>; References: <a@x>",
                    "Message-ID: <c@x>; References: <b@x>",
                ],
                &[None, Some(0), Some(0), Some(1)],
            ),
        ];
        for (name, mails, expected) in cases {
            let mails: Vec<Message> = mails.iter().map(|text| mail(text)).collect();
            assert_eq!(parents(&mails), expected, "{name}");
        }
    }

    #[test]
    fn a_long_thread_costs_no_more_than_its_length() {
        let mails: Vec<Message> =
            (0..20_000).map(|n| mail(&format!("Message-ID: <{n}@x>; References: <{}@x>", n + 1))).collect();
        let parents = parents(&mails);
        assert_eq!((parents[0], parents[19_998], parents[19_999]), (Some(1), Some(19_999), None));
    }
}
