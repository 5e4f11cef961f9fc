//! Sets of UIDs: written the short way, cut into batches, compared. Pure.

use std::ops::RangeInclusive;

use super::MailSize;

/// The longest set in one command. Servers need not take lines of more than 8,000 bytes (RFC 7162 §4).
const SET_BYTES: usize = 7_000;

/// How much one batch may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchLimit {
    /// Mails.
    pub mail_count: usize,
    /// Bytes of all mails together, as the server announced them. A larger mail has a batch of its own.
    pub size_bytes: u64,
}

impl Default for BatchLimit {
    fn default() -> Self {
        Self { mail_count: 500, size_bytes: 8 << 20 }
    }
}

/// Cuts mails into batches that keep within the limit, in the order given.
pub fn batches(mails: &[MailSize], limit: BatchLimit) -> Vec<Vec<u32>> {
    let mut cut: Vec<Vec<u32>> = Vec::new();
    let (mut batch, mut bytes) = (Vec::new(), 0u64);
    for mail in mails {
        let size = u64::from(mail.size_bytes);
        if !batch.is_empty() && (batch.len() >= limit.mail_count || bytes.saturating_add(size) > limit.size_bytes) {
            cut.push(std::mem::take(&mut batch));
            bytes = 0;
        }
        batch.push(mail.uid);
        bytes = bytes.saturating_add(size);
    }
    if !batch.is_empty() {
        cut.push(batch);
    }
    cut
}

/// The UIDs as ranges, ascending and without overlap.
pub fn ranges(uids: &[u32]) -> Vec<RangeInclusive<u32>> {
    let mut ranges: Vec<RangeInclusive<u32>> = Vec::new();
    for uid in ascending(uids) {
        match ranges.last_mut() {
            Some(last) if last.end().checked_add(1) == Some(uid) => *last = *last.start()..=uid,
            _ => ranges.push(uid..=uid),
        }
    }
    ranges
}

/// The UIDs as IMAP sets, `1:50,60`, each short enough for one command (RFC 3501 §9, `sequence-set`).
pub(super) fn sets(uids: &[u32]) -> Vec<String> {
    let mut sets: Vec<String> = Vec::new();
    for range in ranges(uids) {
        let (first, last) = range.into_inner();
        let member = if first == last { first.to_string() } else { format!("{first}:{last}") };
        match sets.last_mut() {
            Some(set) if set.len() + 1 + member.len() <= SET_BYTES => {
                set.push(',');
                set.push_str(&member);
            }
            _ => sets.push(member),
        }
    }
    sets
}

/// What the server has and we do not know: the mails that a pass has missed. `known` are ranges in ascending order.
pub fn gaps(on_server: &[u32], known: &[RangeInclusive<u32>]) -> Vec<u32> {
    let is_known = |uid: &u32| {
        let after = known.partition_point(|range| range.start() <= uid);
        after.checked_sub(1).is_some_and(|at| known[at].contains(uid))
    };
    on_server.iter().copied().filter(|uid| !is_known(uid)).collect()
}

/// Sorted, each once.
pub(super) fn ascending(uids: &[u32]) -> Vec<u32> {
    let mut sorted = uids.to_vec();
    if !sorted.is_sorted_by(|a, b| a < b) {
        sorted.sort_unstable();
        sorted.dedup();
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_written_the_short_way() {
        let cases: [(&str, &[u32], &str); 6] = [
            ("one", &[7], "7"),
            ("a run", &[1, 2, 3], "1:3"),
            ("a run and one apart", &[1, 2, 3, 60], "1:3,60"),
            ("a pair is a range", &[8, 9], "8:9"),
            ("disordered and doubled", &[5, 1, 5, 2], "1:2,5"),
            ("up to the last UID there can be", &[u32::MAX - 1, u32::MAX], "4294967294:4294967295"),
        ];
        for (name, uids, expected) in cases {
            assert_eq!(sets(uids), [expected], "{name}");
        }
        assert_eq!(sets(&[]), Vec::<String>::new());
    }

    #[test]
    fn a_long_set_becomes_several_that_together_name_every_uid_once() {
        let uids: Vec<u32> = (0..2_000).map(|n| 4_000_000_000 + 2 * n).collect();
        let sets = sets(&uids);
        assert!(sets.len() > 1 && sets.iter().all(|set| set.len() <= SET_BYTES));
        let named: Vec<u32> = sets.iter().flat_map(|set| set.split(',')).map(|uid| uid.parse().unwrap()).collect();
        assert_eq!(named, uids);
    }

    #[test]
    fn batches_keep_to_count_and_bytes() {
        let limit = BatchLimit { mail_count: 3, size_bytes: 100 };
        let cases = [
            ("nothing", vec![], Vec::<Vec<u32>>::new()),
            ("count at its limit", vec![1, 1, 1], vec![vec![1, 2, 3]]),
            ("count past its limit", vec![1, 1, 1, 1], vec![vec![1, 2, 3], vec![4]]),
            ("bytes at their limit", vec![50, 50], vec![vec![1, 2]]),
            ("bytes past their limit", vec![50, 51], vec![vec![1], vec![2]]),
            ("one mail larger than a batch stands alone", vec![1, 900, 1], vec![vec![1], vec![2], vec![3]]),
        ];
        for (name, sizes, expected) in cases {
            let mails: Vec<MailSize> = (1..).zip(sizes).map(|(uid, size_bytes)| MailSize { uid, size_bytes }).collect();
            assert_eq!(batches(&mails, limit), expected, "{name}");
        }
    }

    #[test]
    fn gaps_are_what_the_server_has_and_we_have_not() {
        let cases = [
            ("nothing anywhere", vec![], vec![], vec![]),
            ("all known", vec![1, 2, 3], vec![1..=3], vec![]),
            ("nothing known", vec![1, 2, 9], vec![], vec![1, 2, 9]),
            ("a hole", vec![1, 2, 3, 4, 5], vec![1..=1, 5..=5], vec![2, 3, 4]),
            ("known mails that the server has dropped are no gap", vec![4], vec![1..=4], vec![]),
        ];
        for (name, on_server, known, expected) in cases {
            assert_eq!(gaps(&on_server, &known), expected, "{name}");
        }
    }
}
