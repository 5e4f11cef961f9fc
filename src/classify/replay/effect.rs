//! Which differences between two verdicts have something follow from them, for a mail that is where it is.

use super::{Change, Part};
use crate::classify::{Disposition, ThreadState, Verdict};
use crate::ticket::people::Who;

/// Where a mail is, and who wrote it.
#[derive(Debug, Clone)]
pub struct Place {
    /// Who wrote it.
    pub sender: Who,
    /// The state of its ticket when it came in.
    pub thread: ThreadState,
    /// Whether it is on a ticket that another mail opened.
    pub is_later: bool,
}

/// The changes by which something would be done otherwise.
///
/// A ticket is what the mail that opened it made of it: a later one may raise its severity, page, confirm a solution, and
/// be put aside. Where it cannot be told from the mail alone whether something follows, it is taken to.
pub fn with_effect(changes: Vec<Change>, before: &Verdict, after: &Verdict, place: &Place) -> Vec<Change> {
    let has = |part: Part| changes.iter().any(|change| change.part == part);
    let is_discarded = |verdict: &Verdict| verdict.disposition.value == Disposition::Discard;
    let is_monitors = place.sender == Who::Monitor;
    // An agent's mail on a ticket is an answer or an order.
    let is_order = matches!(place.sender, Who::Agent(_)) && place.is_later;
    // The key of another alert leads to another ticket, or to none.
    let is_later = place.is_later && !(is_monitors && (has(Part::Correlation) || has(Part::Recovers)));
    let is_discarded = is_discarded(before) && is_discarded(after);
    let counts = |part: Part| match part {
        _ if is_order || is_discarded => false,
        Part::Category | Part::Tier | Part::Team => !is_later,
        Part::Template | Part::Answer | Part::Calendar => !is_later && !is_monitors,
        Part::Intent => !is_monitors && matches!(place.thread, ThreadState::Resolved | ThreadState::Closed),
        Part::Correlation | Part::Recovers => is_monitors,
        Part::Severity | Part::Page | Part::Disposition => true,
    };
    changes.into_iter().filter(|change| counts(change.part)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::changes;
    use super::super::tests::verdict;
    use super::*;
    use crate::ticket::people::AgentId;

    const ALL: &str = "[[rule]]\nname = 'x'\ncategory = 'a'\nseverity = 'high'\ntier = 'tier-3'\nteam = 'ops'\npage = true\n\
                       template = 't'\ncalendar = 'office'\nintent = 'confirm'\ncorrelate = 'key'\nwhen.text = 'xx'\n\
                       [[rule]]\nname = 'y'\nanswer = false\nwhen.text = 'xx'\n";

    fn left(rules: &str, place: &Place) -> String {
        let (before, after) = (verdict("", "xx"), verdict(rules, "xx"));
        let left = with_effect(changes(&before, &after), &before, &after, place);
        left.iter().map(|change| change.part.as_str()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_later_mail_says_nothing_that_its_ticket_has_from_the_first() {
        use ThreadState::{FollowUp, New, Resolved};
        let agent = || Who::Agent(AgentId("bob".to_owned()));
        for (name, sender, thread, is_later, expected) in [
            (
                "a customer's first mail",
                Who::Stranger,
                New,
                false,
                "category severity tier team page answer template calendar",
            ),
            ("a customer's later one", Who::Customer, FollowUp, true, "severity page"),
            ("a customer's answer to a solution", Who::Customer, Resolved, true, "severity page intent"),
            (
                "a later one that opened another ticket",
                Who::Customer,
                FollowUp,
                false,
                "category severity tier team page answer template calendar",
            ),
            ("an agent's on a ticket", agent(), FollowUp, true, ""),
            ("an agent's question", agent(), New, false, "category severity tier team page answer template calendar"),
            (
                "an alert, of which it is known now which one it is",
                Who::Monitor,
                New,
                true,
                "category severity tier team page correlation",
            ),
        ] {
            assert_eq!(left(ALL, &Place { sender, thread, is_later }), expected, "{name}");
        }
    }

    #[test]
    fn what_is_discarded_either_way_does_not_change() {
        let place = Place { sender: Who::Stranger, thread: ThreadState::New, is_later: false };
        let discarding = "[[rule]]\nname = 'd'\ndisposition = 'discard'\nwhen.text = 'xx'\n";
        let (before, after) = (
            verdict(discarding, "xx"),
            verdict(&format!("{discarding}{}", ALL.replace("correlate = 'key'\n", "")), "xx"),
        );
        assert_eq!(with_effect(changes(&before, &after), &before, &after, &place), []);
        assert_eq!(left(discarding, &place), "disposition");
        let again = Place { sender: Who::Monitor, thread: ThreadState::FollowUp, is_later: true };
        assert_eq!(
            left("[[rule]]\nname = 'x'\ncategory = 'a'\nwhen.text = 'xx'\n", &again),
            "",
            "an alert that goes on"
        );
    }
}
