//! The gate: whether a mail that no person wrote may go out. Nothing automatic to a customer goes round it.

use super::Standing;
use super::breaker::{Scope, Trip, counted_as};
use super::policy::{Policy, is_among};
use crate::message::{Address, Origin};
use jiff::{SignedDuration, Timestamp};
use std::fmt;

/// Local parts that nobody reads.
const UNREAD: [&str; 14] = [
    "noreply",
    "no-reply",
    "no_reply",
    "donotreply",
    "do-not-reply",
    "do_not_reply",
    "dont-reply",
    "mailer-daemon",
    "mailerdaemon",
    "postmaster",
    "bounce",
    "bounces",
    "nobody",
    "autoreply",
];

/// Windows of the caps.
const TEN_MINUTES: SignedDuration = SignedDuration::from_mins(10);
const HOUR: SignedDuration = SignedDuration::from_hours(1);
const TEN_HOURS: SignedDuration = SignedDuration::from_hours(10);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// How much more automatic mail an agent gets than a customer: a transcript for each mail with commands.
const AGENT_FACTOR: u32 = 10;

/// Why a mail may not go out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The mail it would answer was not written by a person.
    Automatic(Origin),
    /// It would go to ourselves.
    Ourselves,
    /// Nobody reads that address.
    Unread,
    /// Mail to that address came back.
    Suppressed,
    /// That much has been sent.
    Cap(Trip),
    /// That much was sent before, and the breaker that opened then is open still.
    Open {
        /// Where it stands.
        subject: String,
        /// Until when.
        until: Timestamp,
    },
    /// It was told the same within a day.
    Told,
}

impl Refusal {
    /// Whether the same mail may go within the hour.
    pub fn is_passing(&self, now: Timestamp) -> bool {
        match self {
            Refusal::Cap(trip) => trip.window <= HOUR,
            Refusal::Open { until, .. } => until.duration_since(now) <= HOUR,
            _ => false,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Automatic(origin) => write!(f, "the mail is no person's ({})", origin.as_str()),
            Refusal::Ourselves => f.write_str("it would go to ourselves"),
            Refusal::Unread => f.write_str("nobody reads that address"),
            Refusal::Suppressed => f.write_str("mail to that address came back"),
            Refusal::Cap(trip) => trip.fmt(f),
            Refusal::Open { subject, until } if subject.is_empty() => {
                write!(f, "a breaker is open for the whole desk until {until}")
            }
            Refusal::Open { subject, until } => write!(f, "a breaker is open for {subject} until {until}"),
            Refusal::Told => f.write_str("that address was told within the last day"),
        }
    }
}

/// Whether a mail of this origin may be answered at all (RFC 3834 §2).
pub fn may_be_answered(origin: Origin) -> bool {
    match origin {
        Origin::Person => true,
        Origin::AutomaticReply | Origin::DeliveryReport | Origin::Bulk | Origin::Own => false,
    }
}

/// Whether nobody reads this address, going by its local part.
pub fn is_unread(address: &Address) -> bool {
    let local = address.local().to_lowercase();
    let plain = local.split(['+', '=']).next().unwrap_or_default();
    UNREAD.contains(&plain) || plain.starts_with("bounce-") || plain.starts_with("bounces-")
}

/// Whether an automatic mail may go to this address, however much went there before and whatever came back.
///
/// # Errors
/// The first reason against it.
pub fn may_reach(to: &Address, origin: Option<Origin>, own_addresses: &[String]) -> Result<(), Refusal> {
    if let Some(origin) = origin.filter(|origin| !may_be_answered(*origin)) {
        return Err(Refusal::Automatic(origin));
    }
    if is_among(own_addresses, to) {
        return Err(Refusal::Ourselves);
    }
    if is_unread(to) || to.address.is_empty() { Err(Refusal::Unread) } else { Ok(()) }
}

/// Whether an automatic mail may go to this address. `origin` is that of the mail it answers, if it answers one.
///
/// # Errors
/// The first reason against it.
pub fn may_send(to: &Address, origin: Option<Origin>, standing: &Standing, policy: &Policy) -> Result<(), Refusal> {
    may_reach(to, origin, &policy.own_addresses)?;
    if standing.is_suppressed {
        return Err(Refusal::Suppressed);
    }
    let (traffic, caps) = (&standing.traffic, &policy.caps);
    let is_agent = policy.agent_at(to).is_some();
    let factor = if is_agent { AGENT_FACTOR } else { 1 };
    // The longest first: who has had enough for a day is not put off by the hour.
    let counts = [
        (Scope::Address, DAY, traffic.address_day, caps.per_address_day.saturating_mul(factor)),
        (Scope::Address, HOUR, traffic.address_hour, caps.per_address_hour.saturating_mul(factor)),
        (Scope::Domain, HOUR, traffic.domain_hour, caps.per_domain_hour),
        (Scope::Ticket, TEN_HOURS, traffic.ticket_10_hours, caps.per_ticket_10_hours),
        (Scope::Ticket, TEN_MINUTES, traffic.ticket_10_minutes, caps.per_ticket_10_minutes),
        (Scope::Desk, HOUR, traffic.desk_hour, caps.per_desk_hour),
    ];
    let reached = counts.into_iter().find(|(.., sent, cap)| sent >= cap);
    // Anybody can make up a detail to an agent's address, and so have a breaker open there at a customer's cap.
    let is_others = |subject: &str| is_agent && reached.is_none() && subject == counted_as(&to.key());
    match (&standing.open_breaker, reached) {
        (Some((subject, until)), _) if !is_others(subject) => {
            Err(Refusal::Open { subject: subject.clone(), until: *until })
        }
        (_, Some((scope, window, sent, _))) => Err(Refusal::Cap(Trip { scope, sent, window })),
        _ => Ok(()),
    }
}

/// Whether somebody may be told that a mail of theirs, or in their name, was not taken: once a day for each kind.
///
/// # Errors
/// The first reason against it.
pub fn may_tell_of_rejection(
    to: &Address,
    origin: Option<Origin>,
    standing: &Standing,
    policy: &Policy,
) -> Result<(), Refusal> {
    may_send(to, origin, standing, policy)?;
    if standing.traffic.notices_day > 0 { Err(Refusal::Told) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::policy::Traffic;
    use crate::decide::tests::policy;

    #[test]
    fn nobody_closes_an_agents_mailbox_by_a_detail_of_its_address() {
        let until = "2026-03-02T10:00:00Z".parse().unwrap();
        let at = |subject: &str, address_hour| Standing {
            traffic: Traffic { address_hour, ..Default::default() },
            open_breaker: Some((subject.to_owned(), until)),
            ..Default::default()
        };
        let cases = [
            ("opened at a customer's cap", "bob@desk.example", at("bob@desk.example", 4), true),
            ("at the agent's own", "bob@desk.example", at("bob@desk.example", 30), false),
            ("the desk's", "bob@desk.example", at("", 4), false),
            ("the domain's", "bob@desk.example", at("@desk.example", 4), false),
            ("a customer's", "ann@example.com", at("ann@example.com", 1), false),
            ("an address that is not the agent's", "bob+x@desk.example", at("bob@desk.example", 4), false),
        ];
        for (name, to, standing, may) in cases {
            let verdict = may_send(&Address::bare(to), None, &standing, &policy());
            assert_eq!(verdict.is_ok(), may, "{name}: {verdict:?}");
            assert!(!matches!(verdict, Err(Refusal::Cap(_))), "{name}: no second breaker opens");
        }
    }

    #[test]
    fn only_mail_to_a_person_who_may_be_written_to_goes_out() {
        let free = Standing::default();
        let full = Standing { traffic: Traffic { address_hour: 3, ..Default::default() }, ..Default::default() };
        let bounced = Standing { is_suppressed: true, ..Default::default() };
        let many = Standing { traffic: Traffic { domain_hour: 5_000, ..Default::default() }, ..Default::default() };
        let loops = Standing { traffic: Traffic { ticket_10_hours: 100, ..Default::default() }, ..Default::default() };
        let open = Some(("ann@example.com".to_owned(), "2026-03-02T10:00:00Z".parse().unwrap()));
        let broken = Standing { open_breaker: open, ..Default::default() };
        let cases = [
            ("a person", "ann@example.com", Some(Origin::Person), &free, true),
            ("no mail to answer", "ann@example.com", None, &free, true),
            ("a robot", "ann@example.com", Some(Origin::AutomaticReply), &free, false),
            ("a list", "ann@example.com", Some(Origin::Bulk), &free, false),
            ("a bounce", "ann@example.com", Some(Origin::DeliveryReport), &free, false),
            ("ourselves", "support+x@desk.example", Some(Origin::Person), &free, false),
            ("nobody", "No-Reply@example.com", Some(Origin::Person), &free, false),
            ("a bounce address", "bounces+ann=example.com@lists.example", Some(Origin::Person), &free, false),
            ("no address", "", Some(Origin::Person), &free, false),
            ("enough for an hour", "ann@example.com", Some(Origin::Person), &full, false),
            ("enough for a domain", "ann@example.com", Some(Origin::Person), &many, false),
            ("a ticket that goes round", "ann@example.com", Some(Origin::Person), &loops, false),
            ("a breaker is open", "ann@example.com", Some(Origin::Person), &broken, false),
            ("mail came back", "ann@example.com", Some(Origin::Person), &bounced, false),
        ];
        for (name, to, origin, standing, expected) in cases {
            let answer = may_send(&Address::bare(to), origin, standing, &policy());
            assert_eq!(answer.is_ok(), expected, "{name}: {answer:?}");
        }
    }

    #[test]
    fn that_a_mail_was_not_taken_is_told_once_a_day() {
        let ann = Address::bare("ann@example.com");
        let told = Traffic { address_hour: 1, address_day: 1, notices_day: 1, ..Default::default() };
        let answered = Traffic { address_hour: 1, address_day: 1, ..Default::default() };
        let cases = [
            ("nothing was sent", Traffic::default(), Ok(())),
            ("another answer was sent", answered, Ok(())),
            ("it was told", told, Err(Refusal::Told)),
        ];
        for (name, traffic, expected) in cases {
            let standing = Standing { traffic, ..Default::default() };
            assert_eq!(may_tell_of_rejection(&ann, Some(Origin::Person), &standing, &policy()), expected, "{name}");
        }
    }
}
