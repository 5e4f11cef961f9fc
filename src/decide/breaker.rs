//! What follows when a cap on automatic mail is reached: for a while nothing more goes there, and somebody is told.

use super::draft::{Content, Draft};
use super::guard::Refusal;
use super::policy::Policy;
use super::{Decision, Effect, Mail, Reason, Standing, TicketRef};
use crate::message::Address;
use crate::ticket::{TicketId, Tier};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Breakers of which an alarm goes out within an hour; what opens beyond that stands in the list and in the log only.
pub const ALARMS_PER_HOUR: u32 = 6;

/// Marks of a mail that an alarm names.
const MARKS_NAMED: usize = 5;

crate::ticket::words! {
    /// By what automatic mail is counted.
    Scope {
        /// To one address.
        Address = "address",
        /// To all addresses of one domain.
        Domain = "domain",
        /// On one ticket.
        Ticket = "ticket",
        /// By the whole desk.
        Desk = "desk",
    }
}

/// A cap that was reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trip {
    /// What it counts by.
    pub scope: Scope,
    /// Mails that went out within its window.
    pub sent: u32,
    /// Over how long it counts.
    pub window: SignedDuration,
}

impl fmt::Display for Trip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let on = match self.scope {
            Scope::Address => "to this address",
            Scope::Domain => "to this domain",
            Scope::Ticket => "on this ticket",
            Scope::Desk => "by the whole desk",
        };
        write!(f, "{} automatic mails went out {on} within {}", self.sent, within(self.window))
    }
}

fn within(window: SignedDuration) -> String {
    match window.as_mins() {
        60 => "an hour".to_owned(),
        1_440 => "a day".to_owned(),
        minutes if minutes % 60 == 0 => format!("{} hours", minutes / 60),
        minutes => format!("{minutes} minutes"),
    }
}

/// While it is open, nothing automatic goes where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breaker {
    /// What was counted.
    pub scope: Scope,
    /// Of whom: an address without its detail or a domain (`@example.com`) in lower case, a ticket's reference, nothing
    /// for the desk.
    pub subject: String,
    /// How much of it there was, in words.
    pub why: String,
    /// Who would have got the next mail.
    pub to: String,
    /// The marks of the mail that would have been answered.
    pub marks: String,
    /// That mail's inbox row.
    pub inbox: Option<i64>,
    /// Until when.
    pub until: Timestamp,
}

/// What automatic mail to an address, in lower case, is counted by, beside its domain, the ticket and the desk: the
/// address without what whoever has it may put there anew each time, its detail (RFC 5233) above all. A robot that writes
/// from another such address for each mail is one robot.
pub fn counted_as(address_key: &str) -> String {
    let Some((local, domain)) = address_key.rsplit_once('@') else { return address_key.to_owned() };
    let quoted = local.strip_prefix('"').and_then(|local| local.strip_suffix('"'));
    let local = quoted.map_or_else(|| local.to_owned(), |local| local.replace('\\', ""));
    let user = local.split('+').next().filter(|user| !user.is_empty()).unwrap_or(&local);
    format!("{user}@{}", domain.trim_end_matches('.'))
}

/// The domain by which it is counted as well.
pub fn domain_of(counted: &str) -> Option<&str> {
    counted.rfind('@').map(|at| &counted[at..]).filter(|domain| domain.len() > 1)
}

/// Says why an automatic mail does not go. Where a cap was reached just now, a breaker opens and the agents hear of it.
pub(super) fn refused(
    decision: Decision,
    word: &'static str,
    refusal: Refusal,
    about: About<'_>,
    Gate { standing, policy, now }: Gate<'_>,
) -> Decision {
    let decision = decision.because(Reason::with(word, &refusal));
    let Refusal::Cap(trip) = refusal else { return decision };
    let subject = match (trip.scope, about.ticket) {
        (Scope::Address, _) => counted_as(&about.to.key()),
        (Scope::Domain, _) => domain_of(&counted_as(&about.to.key())).unwrap_or_default().to_owned(),
        (Scope::Ticket, Some(ticket)) => ticket.to_string(),
        (Scope::Ticket, None) | (Scope::Desk, _) => String::new(),
    };
    let marks_of = |mail: &Mail| mail.message.marks.iter().take(MARKS_NAMED).map(ToString::to_string).collect();
    let marks: Option<Vec<String>> = about.mail.map(marks_of);
    let breaker = Breaker {
        scope: trip.scope,
        subject,
        why: trip.to_string(),
        to: about.to.key(),
        marks: marks.unwrap_or_default().join(", "),
        inbox: about.mail.map(|mail| mail.inbox),
        until: now + trip.window,
    };
    let mut decision =
        decision.then(Effect::OpenBreaker { ticket: about.ticket.map(TicketRef::Existing), breaker: breaker.clone() });
    // Of a desk that has fallen silent somebody hears, however much went before: its breaker opens once in an hour.
    if standing.breakers_hour >= ALARMS_PER_HOUR && trip.scope != Scope::Desk {
        return decision;
    }
    for agent in policy.agents_of(Tier::One).iter().filter(|agent| agent.address != *about.to) {
        decision = decision.then(Effect::Send(Draft {
            ticket: about.ticket.map(TicketRef::Existing),
            to: agent.address.clone(),
            content: Content::Alarm(Box::new(breaker.clone())),
            attachments: Vec::new(),
            in_reply_to: None,
        }));
    }
    decision
}

/// The mail that does not go.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    /// Who would have got it.
    pub to: &'a Address,
    /// The mail that it would have answered.
    pub mail: Option<&'a Mail>,
    /// The ticket that it would have been about, where that is there already.
    pub ticket: Option<TicketId>,
}

/// What the gate goes by.
#[derive(Clone, Copy)]
pub(super) struct Gate<'a> {
    pub standing: &'a Standing,
    pub policy: &'a Policy,
    pub now: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::tests::{now, policy};

    fn trip(scope: Scope, breakers_hour: u32, to: &str) -> Decision {
        let standing = Standing { breakers_hour, ..Standing::default() };
        let gate = Gate { standing: &standing, policy: &policy(), now: now() };
        let refusal = Refusal::Cap(Trip { scope, sent: 3, window: SignedDuration::from_hours(1) });
        let to = Address::bare(to);
        let about = About { to: &to, mail: None, ticket: Some(TicketId(1042)) };
        refused(Decision::default(), "no-answer", refusal, about, gate)
    }

    fn alarms(decision: &Decision) -> usize {
        decision.effects.iter().filter(|effect| matches!(effect, Effect::Send(_))).count()
    }

    #[test]
    fn a_breaker_stands_where_the_cap_counts() {
        let cases = [
            (Scope::Address, "ann@example.com"),
            (Scope::Domain, "@example.com"),
            (Scope::Ticket, "PR-1042"),
            (Scope::Desk, ""),
        ];
        for (scope, expected) in cases {
            let decision = trip(scope, 0, "Ann@Example.com");
            let Some(Effect::OpenBreaker { breaker, .. }) = decision.effects.first() else { panic!("{scope}") };
            assert_eq!(breaker.subject, expected, "{scope}");
            assert_eq!(breaker.until, now() + SignedDuration::from_hours(1), "{scope}");
        }
    }

    #[test]
    fn an_address_is_counted_as_the_mailbox_that_it_leads_to() {
        let cases = [
            ("nothing to take off", "ann@example.com", "ann@example.com"),
            ("a detail", "robot+t1@example.com", "robot@example.com"),
            ("details of a detail", "robot+t1+x@example.com", "robot@example.com"),
            ("an empty detail", "robot+@example.com", "robot@example.com"),
            ("nothing but a detail", "+t1@example.com", "+t1@example.com"),
            ("quotes that need not be", "\"robot\"@example.com", "robot@example.com"),
            ("quotes, and a detail in them", "\"rob\\ot+t1\"@example.com", "robot@example.com"),
            ("the root of the domain names", "robot@example.com.", "robot@example.com"),
            ("another person", "ann.robot@example.com", "ann.robot@example.com"),
            ("no address", "robot+t1", "robot+t1"),
        ];
        for (name, address, expected) in cases {
            assert_eq!(counted_as(address), expected, "{name}");
        }
    }

    #[test]
    fn a_breaker_stands_for_all_the_addresses_of_a_mailbox() {
        for (scope, expected) in [(Scope::Address, "robot@example.com"), (Scope::Domain, "@example.com")] {
            let decision = trip(scope, 0, "Robot+T1@Example.com.");
            let Some(Effect::OpenBreaker { breaker, .. }) = decision.effects.first() else { panic!("{scope}") };
            assert_eq!(breaker.subject, expected, "{scope}");
            assert_eq!(breaker.to, "robot+t1@example.com.", "{scope}");
        }
    }

    #[test]
    fn alarms_end_before_they_are_a_flood_and_reach_nobody_that_they_are_about() {
        assert_eq!(alarms(&trip(Scope::Address, 0, "ann@example.com")), 1);
        assert_eq!(alarms(&trip(Scope::Address, ALARMS_PER_HOUR, "ann@example.com")), 0);
        assert_eq!(
            alarms(&trip(Scope::Desk, ALARMS_PER_HOUR, "ann@example.com")),
            alarms(&trip(Scope::Desk, 0, "ann@example.com"))
        );
        assert_eq!(alarms(&trip(Scope::Address, 0, "bob@desk.example")), 0);
    }

    #[test]
    fn an_open_breaker_opens_no_other() {
        let gate = Gate { standing: &Standing::default(), policy: &policy(), now: now() };
        let ann = Address::bare("ann@example.com");
        let about = About { to: &ann, mail: None, ticket: None };
        for refusal in [Refusal::Suppressed, Refusal::Open { subject: String::new(), until: now() }] {
            assert!(refused(Decision::default(), "no-answer", refusal, about, gate).effects.is_empty());
        }
    }

    #[test]
    fn windows_are_said_as_people_say_them() {
        for (minutes, expected) in [(10, "10 minutes"), (60, "an hour"), (600, "10 hours"), (1_440, "a day")] {
            assert_eq!(within(SignedDuration::from_mins(minutes)), expected);
        }
    }
}
