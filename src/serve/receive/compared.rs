//! Up to where a mailbox was compared with what we have of it, so that not all of it is compared each time. Pure.

/// After so many comparisons everything is compared again: with the usual `poll_every`, about once an hour.
const ALL_EVERY: u32 = 20;

/// So many UIDs below the last one are compared each time: some servers show mails in another order than they number
/// them.
const NEAR_THE_END: u32 = 1_000;

/// What was compared since the desk opened.
#[derive(Debug, Default)]
pub(super) struct Compared {
    uid_validity: u32,
    up_to: u32,
    since_all: u32,
}

impl Compared {
    /// The UID behind which the next comparison begins.
    pub fn next(&mut self, uid_validity: u32) -> u32 {
        if self.uid_validity != uid_validity || self.since_all >= ALL_EVERY {
            *self = Self { uid_validity, ..Self::default() };
        }
        self.since_all += 1;
        self.up_to
    }

    /// Notes what a comparison found: the UIDs on the server behind its beginning, and those of them that we lack, which
    /// are asked for again each time.
    pub fn note(&mut self, on_server: &[u32], missing: &[u32]) {
        let Some(last) = on_server.last() else { return };
        let settled = missing.first().map_or(*last, |first| first - 1);
        self.up_to = self.up_to.max(settled.min(last.saturating_sub(NEAR_THE_END)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_compared_and_has_no_gap_is_passed_over_until_all_is_compared_again() {
        let mut compared = Compared::default();
        let uids: Vec<u32> = (1..=5_000).collect();
        assert_eq!(compared.next(7), 0, "the first time");
        compared.note(&uids, &[]);
        assert_eq!(compared.next(7), 4_000, "but for the last thousand");
        compared.note(&[4_500, 6_000], &[4_500]);
        assert_eq!(compared.next(7), 4_499, "what is missing is compared again");
        compared.note(&[], &[]);
        assert_eq!(compared.next(7), 4_499, "nothing new");
        compared.note(&[4_500, 6_000], &[]);
        assert_eq!(compared.next(7), 5_000, "it came");
        for _ in 5..ALL_EVERY {
            assert_eq!(compared.next(7), 5_000);
        }
        assert_eq!(compared.next(7), 0, "now and then all of it");
        compared.note(&uids, &[]);
        assert_eq!(compared.next(8), 0, "other mails under the same UIDs");
    }
}
