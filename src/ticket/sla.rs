//! What a severity promises: when a first answer and each update are due, and who works on it.
//!
//! The default figures are those of the handbook's e-mail column; ASAP is 15 minutes.

use super::{Severity, Tier};
use jiff::{SignedDuration, Timestamp};

/// What one severity promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Promise {
    /// Time until an agent's first answer.
    pub first_response: SignedDuration,
    /// Time between two updates to the customer.
    pub update_every: SignedDuration,
    /// Who works on it.
    pub tier: Tier,
}

/// The promises for all severities, and how long before one an agent is nudged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlaTable {
    /// Promises in the order of [`Severity::ALL`].
    pub promises: [Promise; 4],
    /// The longest time before a promised update at which the assignee is reminded.
    pub nudge_before: SignedDuration,
}

impl SlaTable {
    /// What this severity promises.
    pub fn promise(&self, severity: Severity) -> &Promise {
        &self.promises[severity as usize]
    }

    /// When the assignee is reminded of an update that was promised at `promised_at` for `due_at`:
    /// [`nudge_before`](Self::nudge_before) ahead of it, but no more than a fifth of the interval.
    pub fn nudge_at(&self, promised_at: Timestamp, due_at: Timestamp) -> Timestamp {
        let fifth = due_at.duration_since(promised_at) / 5;
        due_at - self.nudge_before.min(fifth)
    }
}

impl Default for SlaTable {
    fn default() -> Self {
        let promise = |first_minutes, update_minutes, tier| Promise {
            first_response: SignedDuration::from_mins(first_minutes),
            update_every: SignedDuration::from_mins(update_minutes),
            tier,
        };
        Self {
            promises: [
                promise(24 * 60, 24 * 60, Tier::One),
                promise(4 * 60, 4 * 60, Tier::One),
                promise(2 * 60, 30, Tier::Two),
                promise(15, 30, Tier::Everyone),
            ],
            nudge_before: SignedDuration::from_mins(10),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nudge_comes_ten_minutes_before_or_a_fifth_of_the_interval() {
        let table = SlaTable::default();
        let at: Timestamp = "2026-03-02T09:00:00Z".parse().unwrap();
        for (name, minutes, expected) in
            [("four hours", 240, "2026-03-02T12:50:00Z"), ("half an hour", 30, "2026-03-02T09:24:00Z")]
        {
            let due = at + SignedDuration::from_mins(minutes);
            assert_eq!(table.nudge_at(at, due).to_string(), expected, "{name}");
        }
    }

    #[test]
    fn the_defaults_are_the_handbooks() {
        let table = SlaTable::default();
        let row = |s| {
            let p = table.promise(s);
            (p.first_response.as_mins(), p.update_every.as_mins(), p.tier)
        };
        assert_eq!(row(Severity::Critical), (15, 30, Tier::Everyone));
        assert_eq!(row(Severity::High), (120, 30, Tier::Two));
        assert_eq!(row(Severity::Medium), (240, 240, Tier::One));
        assert_eq!(row(Severity::Low), (1440, 1440, Tier::One));
    }
}
