//! Mails at which the server dies: fetched alone, and last when that was in vain, so that they hold up nobody else. Pure.

use crate::imap::MailSize;
use std::collections::BTreeMap;

/// How often a mail may cost us the server before others go before it. A line that is bad cuts off the same mail twice in
/// a row now and then, and what comes in behind the answers to it is read as if they were no answers.
const FIRST: u32 = 3;

/// How often a mail may cost us the server; after that it is left where it is.
const MOST: u32 = 5;

/// Mails during whose fetch the server was lost, and how often, since the desk opened.
#[derive(Debug, Default)]
pub(super) struct Doubts {
    uid_validity: u32,
    counts: BTreeMap<u32, u32>,
}

impl Doubts {
    /// Says which UIDs the doubts are about; those about others are forgotten.
    pub fn are_about(&mut self, uid_validity: u32) {
        if self.uid_validity != uid_validity {
            *self = Self { uid_validity, counts: BTreeMap::new() };
        }
    }

    /// The server was lost while we waited for these.
    pub fn blame(&mut self, uids: &[u32]) {
        for uid in uids {
            *self.counts.entry(*uid).or_default() += 1;
        }
    }

    /// These came, or are gone.
    pub fn clear(&mut self, uids: &[u32]) {
        for uid in uids {
            self.counts.remove(uid);
        }
    }

    /// Tells the mails that may be fetched together from those to be fetched one by one, and from those that have cost too
    /// much already. What was only lost with its batch goes before the others, or answers would come in before the mails
    /// that they answer; what cost the server again and again goes after them, the least doubtful first.
    pub fn sort_out(&self, mails: Vec<MailSize>) -> Sorted {
        let count = |mail: &MailSize| self.counts.get(&mail.uid).copied().unwrap_or(0);
        let (trusted, mut doubtful): (Vec<MailSize>, Vec<MailSize>) =
            mails.into_iter().partition(|mail| count(mail) == 0);
        doubtful.sort_by_key(count);
        let last = doubtful.partition_point(|mail| count(mail) < FIRST);
        let given_up = doubtful.partition_point(|mail| count(mail) < MOST);
        let mut first: Vec<u32> = doubtful.into_iter().map(|mail| mail.uid).collect();
        let given_up = first.split_off(given_up);
        let alone = first.split_off(last);
        first.sort_unstable();
        Sorted { first, together: trusted, alone, given_up }
    }
}

/// Mails by how they are to be fetched.
#[derive(Debug)]
pub(super) struct Sorted {
    /// One by one, before the others.
    pub first: Vec<u32>,
    /// In batches.
    pub together: Vec<MailSize>,
    /// One by one, after the others.
    pub alone: Vec<u32>,
    /// Not at all.
    pub given_up: Vec<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_that_costs_the_server_goes_last_alone_and_at_last_not_at_all() {
        let mails = || (1..=5).map(|uid| MailSize { uid, size_bytes: 1 }).collect::<Vec<_>>();
        let sort_out = |doubts: &Doubts| {
            let sorted = doubts.sort_out(mails());
            (sorted.first, sorted.together.into_iter().map(|mail| mail.uid).collect::<Vec<_>>(), sorted.alone)
        };
        let mut doubts = Doubts::default();
        doubts.are_about(7);
        assert_eq!(sort_out(&doubts), (vec![], vec![1, 2, 3, 4, 5], vec![]), "nothing happened yet");
        doubts.blame(&[2, 3, 4]);
        assert_eq!(sort_out(&doubts), (vec![2, 3, 4], vec![1, 5], vec![]), "lost in a batch");
        doubts.clear(&[2]);
        doubts.blame(&[3]);
        assert_eq!(sort_out(&doubts), (vec![3, 4], vec![1, 2, 5], vec![]), "lost at one alone, by chance perhaps");
        doubts.blame(&[3]);
        assert_eq!(sort_out(&doubts), (vec![4], vec![1, 2, 5], vec![3]), "lost at it once more");
        doubts.blame(&[3, 3]);
        assert_eq!(sort_out(&doubts), (vec![4], vec![1, 2, 5], vec![]), "once too often");
        doubts.are_about(8);
        assert_eq!(sort_out(&doubts), (vec![], vec![1, 2, 3, 4, 5], vec![]), "other mails under the same UIDs");
    }
}
