//! What holds for every decision, whatever came in.

mod proof;

use super::*;
use crate::decide::guard::{is_unread, may_be_answered};
use crate::message::{Attachment, DeliveryReport, ReportKind, ReportedRecipient};
use crate::ticket::{Alert, Paging};
use proof::*;
use proptest::prelude::*;
use proptest::sample::select;

const AUTHORS: [&str; 10] = [
    "ann@example.com",
    "carl@example.com",
    "mallory@evil.example",
    "bob@desk.example",
    "sue@desk.example",
    "eve@desk.example",
    "support+7@desk.example",
    "alerts@monitor.example",
    "no-reply@shop.example",
    "",
];

const BODIES: [&str; 14] = [
    "It burns.",
    "",
    "#take",
    "#take\nOn it.",
    "#note\nShe is a VIP.",
    "#severity low",
    "#severity critical\nThis is bad.",
    "#escalate",
    "#escalate tier-2 please\nHello Ann",
    "#resolve\nRoot Cause: a\nSolution: b\nVerification: c",
    "#resolve\nSolution: b",
    "#close\nBye.",
    "#take\n#severity high\n#escalate\n#help\nText",
    "#nonsense\n#close",
];

fn a_thread() -> impl Strategy<Value = Thread> {
    let week = select(vec![-60_i64, -60 * 24 * 365]);
    let holder = proptest::option::of((0u32..6, week));
    let purposes: Vec<Purpose> = Purpose::ALL.to_vec();
    let also = proptest::option::of(Just(TicketId(7)));
    let on_one = (select(Evidence::ALL.to_vec()), holder, proptest::option::of(select(purposes)), also).prop_map(
        |(evidence, holder, answers, also)| Thread::Ticket {
            ticket: TicketId(1042),
            evidence,
            holder: holder.map(|(party, age)| Token::new(TicketId(1042), PartyId(party), in_minutes(age))),
            answers,
            also,
        },
    );
    prop_oneof![2 => Just(Thread::New), 1 => Just(Thread::Duplicate(9)), 8 => on_one]
}

fn a_calendar() -> impl Strategy<Value = Option<&'static str>> {
    select(vec![None, Some("office"), Some("gone")])
}

fn a_ticket() -> impl Strategy<Value = Ticket> {
    let assignees = vec![None, Some("bob"), Some("sue"), Some("gone")];
    let ages = vec![60_i64, 60 * 24 * 20, 60 * 24 * 40];
    let requesters = select(vec!["ann@example.com", "bob@desk.example", "no-reply@shop.example"]);
    let firsts = (select(assignees), any::<bool>(), any::<bool>(), any::<bool>());
    let words =
        (select(Status::ALL.to_vec()), select(Severity::ALL.to_vec()), select(Tier::ALL.to_vec()), a_calendar());
    (words, firsts, select(ages), requesters, 0u32..3, select(Paging::ALL.to_vec())).prop_map(
        |(
            (status, severity, tier, calendar),
            (assignee, is_answered, by_agent, is_promised),
            age,
            requester,
            held_count,
            paging,
        )| {
            let mut ticket = ticket_that_is(status);
            ticket.parties[0].address = Address::bare(requester);
            if requester == "bob@desk.example" {
                ticket.parties.truncate(2);
            }
            let at = in_minutes(-age);
            (ticket.severity, ticket.tier, ticket.held_count) = (severity, tier, held_count);
            ticket.assignee = assignee.map(|id| AgentId(id.to_owned()));
            ticket.severity_by_agent = by_agent;
            ticket.team = is_promised.then(|| TeamId("billing".to_owned()));
            (ticket.paging, ticket.paged_at) = (paging, by_agent.then(|| in_minutes(-age % 20)));
            ticket.calendar = calendar.map(str::to_owned);
            (ticket.opened_at, ticket.updated_at) = (at, at);
            ticket.closed_at = ticket.closed_at.map(|_| at);
            ticket.first_response_at = is_answered.then_some(at);
            ticket.first_response_due_at = Some(at + SignedDuration::from_hours(2));
            ticket.update_due_at = is_promised.then(|| in_minutes(200));
            ticket.alert = (held_count > 1).then(|| Alert {
                key: "web-1/disk".to_owned(),
                count: 2,
                recovered_at: is_answered.then_some(at),
            });
            ticket
        },
    )
}

fn a_verdict() -> impl Strategy<Value = Verdict> {
    let ruled = any::<bool>();
    let severity = (select(Severity::ALL.to_vec()), ruled);
    let disposition = prop_oneof![
        6 => Just(Because { value: Disposition::Accept, rule: None }),
        1 => Just(because(Disposition::Quarantine)),
        1 => Just(because(Disposition::Discard)),
    ];
    let intent = proptest::option::of(select(Intent::ALL.to_vec()));
    let alert = (any::<bool>(), proptest::bool::weighted(0.3));
    let people = (proptest::option::of(select(vec!["billing", "gone"])), any::<bool>());
    let rest = (intent, any::<bool>(), alert, people, a_calendar());
    (severity, disposition, rest).prop_map(
        |((severity, is_ruled), disposition, (intent, answer, (has_key, is_over), (team, page), calendar))| {
            let severity = Because { value: severity, rule: is_ruled.then(|| RuleId("a-rule".to_owned())) };
            let answer = Because { value: answer, rule: (!answer).then(|| RuleId("quiet".to_owned())) };
            let correlation = has_key.then(|| because("web-1/disk".to_owned()));
            let recovers = if is_over { because(true) } else { Because { value: false, rule: None } };
            let team = team.map(|team| because(TeamId(team.to_owned())));
            let page = if page { because(true) } else { Because { value: false, rule: None } };
            let (intent, calendar) = (intent.map(because), calendar.map(|name| because(name.to_owned())));
            Verdict { severity, team, page, disposition, intent, answer, calendar, correlation, recovers, ..verdict() }
        },
    )
}

fn a_standing() -> impl Strategy<Value = Standing> {
    (select(vec![0u32, 2, 3]), select(vec![0u32, 9, 10]), select(vec![0u32, 10]), any::<bool>()).prop_map(
        |(address_hour, address_day, ticket_10_minutes, is_suppressed)| Standing {
            traffic: policy::Traffic { address_hour, address_day, ticket_10_minutes, ..Default::default() },
            is_suppressed,
            ..Standing::default()
        },
    )
}

fn a_report() -> impl Strategy<Value = Option<DeliveryReport>> {
    let kinds = vec![ReportKind::Failed, ReportKind::Delayed, ReportKind::Delivered, ReportKind::Complaint];
    proptest::option::of((select(kinds), select(vec![None, Some("5.1.1"), Some("4.2.2")]))).prop_map(|report| {
        report.map(|(kind, status)| DeliveryReport {
            kind,
            recipients: vec![ReportedRecipient {
                address: "ann@example.com".to_owned(),
                action: "failed".to_owned(),
                status: status.map(str::to_owned),
                diagnostic: None,
            }],
            original_message_id: None,
        })
    })
}

/// A mail with the ticket that it is on, if it is on one.
fn a_mail() -> impl Strategy<Value = (Mail, Option<Ticket>)> {
    let origins = vec![
        Origin::Person,
        Origin::Person,
        Origin::Person,
        Origin::AutomaticReply,
        Origin::DeliveryReport,
        Origin::Bulk,
        Origin::Own,
    ];
    let authentications = vec![Authentication::Pass, Authentication::Fail, Authentication::None];
    let people = proptest::collection::vec(select(AUTHORS.to_vec()), 0..3);
    let from = prop_oneof![
        8 => select(AUTHORS.to_vec()).prop_map(|author| vec![author]),
        1 => proptest::collection::vec(select(AUTHORS.to_vec()), 0..3),
    ];
    let reply_to = prop_oneof![3 => Just(None), 1 => select(AUTHORS.to_vec()).prop_map(Some)];
    let who = (from, reply_to, people);
    let what = (select(BODIES.to_vec()), any::<bool>(), select(vec!["Re: Printer on fire", "Something else", ""]));
    let marks = prop_oneof![
        Just(marks([MarkOn::Program])),
        Just(marks([MarkOn::Text])),
        Just(marks([MarkOn::Address])),
        Just(marks([MarkOn::NullPath])),
        Just(marks([MarkOn::Suppress])),
        Just(marks([MarkOn::Precedence])),
        Just(marks([MarkOn::List, MarkOn::Address])),
        Just(marks([MarkOn::Precedence, MarkOn::Program])),
    ];
    let origin = (select(origins), marks);
    let marks = (origin, select(authentications), a_report(), proptest::bool::weighted(0.1));
    (who, what, marks, a_thread(), a_verdict(), a_ticket()).prop_map(
        |(
            (from, reply_to, cc),
            (body, has_file, subject),
            ((origin, marks), auth, report, is_released),
            thread,
            verdict,
            ticket,
        )| {
            let mut mail = mail(from.first().copied().unwrap_or_default(), thread, body);
            let addresses = |list: Vec<&str>| list.into_iter().map(Address::bare).collect::<Vec<_>>();
            let message = &mut mail.message;
            (message.from, message.cc) = (addresses(from), addresses(cc));
            message.reply_to = addresses(reply_to.into_iter().collect());
            (message.origin, message.authentication, message.subject) = (origin, auth, subject.to_owned());
            message.report = report.filter(|_| origin == Origin::DeliveryReport);
            if origin != Origin::Person {
                message.marks = marks;
            }
            if has_file {
                let media_type = "text/plain".to_owned();
                message.attachments =
                    vec![Attachment { name: None, media_type, size_bytes: 9, inline: false, index: 0 }];
            }
            (mail.verdict, mail.is_released) = (verdict, is_released);
            let ticket = mail.thread.ticket().map(|_| ticket);
            (mail, ticket)
        },
    )
}

/// Where the drafts of a decision go, with what they say.
fn mails<'d>(decision: &'d Decision, ticket: Option<&Ticket>) -> Vec<(String, &'d Draft)> {
    let opening = decision.effects.iter().find_map(|effect| match effect {
        Effect::OpenTicket(opening) => Some(opening),
        _ => None,
    });
    let destination = |draft: &Draft| match draft.ticket {
        Some(TicketRef::Opened) => opening.filter(|opening| opening.requester == draft.to)?.answer_to.clone(),
        Some(TicketRef::Existing(_)) => ticket?.party_of(&draft.to)?.answer_to.clone(),
        None => None,
    };
    let drafts = decision.effects.iter().filter_map(|effect| match effect {
        Effect::Send(draft) => Some(draft),
        _ => None,
    });
    drafts.map(|draft| (destination(draft).unwrap_or_else(|| draft.to.clone()).key(), draft)).collect()
}

fn is_agent(address: &str) -> bool {
    policy().agent_at(&Address::bare(address)).is_some()
}

/// What holds for all decisions.
fn keeps_the_laws(decision: &Decision, ticket: Option<&Ticket>) -> Result<(), TestCaseError> {
    prop_assert!(!decision.reasons.is_empty(), "no reason: {:?}", decision);
    let opened = decision.effects.iter().filter(|effect| matches!(effect, Effect::OpenTicket(_))).count();
    prop_assert!(opened <= 1, "{} tickets opened", opened);
    if opened == 0 {
        let text = format!("{:?}", decision.effects);
        prop_assert!(!text.contains("Opened,") && !text.contains("Opened)"), "about a ticket nobody opens: {}", text);
    }
    for effect in &decision.effects {
        if let Effect::SetDeadline { due_at, kind, .. } = effect {
            prop_assert!(*due_at >= now(), "{} is due at {}, which is over", kind, due_at);
        }
    }
    keeps_its_hours(decision, ticket)?;
    let mut automatic: Vec<String> = Vec::new();
    for (to, draft) in mails(decision, ticket) {
        let address = Address::bare(&to);
        prop_assert!(!to.is_empty() && !policy().is_ours(&address), "{:?} goes to {:?}", draft.content, to);
        // An alarm is about all mail to somebody, and comes beside what is said of this one.
        if draft.content.purpose() == Purpose::Alarm {
            prop_assert!(is_agent(&to), "an alarm to {}", to);
        } else if draft.content.purpose().is_automatic() {
            prop_assert!(!is_unread(&address), "{:?} goes to {:?}", draft.content, to);
            prop_assert!(!automatic.contains(&to), "two automatic mails to {}: {:?}", to, told(decision));
            automatic.push(to);
        }
    }
    Ok(())
}

/// What falls due does so while it is open, or as it closes, and customers read the very time at which it does.
fn keeps_its_hours(decision: &Decision, ticket: Option<&Ticket>) -> Result<(), TestCaseError> {
    let (mut severity, mut calendar) =
        ticket.map_or((None, None), |ticket| (Some(ticket.severity), ticket.calendar.as_deref()));
    let (mut due, mut written) = (BTreeMap::new(), Vec::new());
    for effect in &decision.effects {
        match effect {
            Effect::OpenTicket(opening) => (severity, calendar) = (Some(opening.severity), opening.calendar.as_deref()),
            Effect::SetSeverity { severity: set, .. } => severity = Some(*set),
            Effect::SetDeadline { kind, due_at, .. } => drop(due.insert(kind.as_str(), *due_at)),
            Effect::Send(Draft { content: Content::Acknowledgement { expected_update_at, .. }, .. }) => {
                written.push(*expected_update_at);
            }
            Effect::Send(Draft {
                content: Content::Reply { expected_update_at, .. } | Content::HoldingUpdate { expected_update_at, .. },
                ..
            }) => written.extend(*expected_update_at),
            _ => {}
        }
    }
    for at in written {
        prop_assert_eq!(due.get("update"), Some(&at), "another time is written: {:?}", told(decision));
    }
    if calendar != Some("office") || severity == Some(Severity::Critical) {
        return Ok(());
    }
    let is_late = |due_at| due_at == now() || decision.reasons.iter().any(|reason| reason.word == "put-off");
    for (kind, due_at) in due {
        // Nobody is there to be reminded as it closes.
        let at = if kind == "nudge" { due_at } else { due_at - SignedDuration::from_secs(1) };
        prop_assert!(office().is_open(at) || is_late(due_at), "{} at {}: {:?}", kind, due_at, told(decision));
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, max_global_rejects: 100_000, ..ProptestConfig::default() })]

    #[test]
    fn every_decision_about_a_mail_keeps_the_laws((mail, ticket) in a_mail(), standing in a_standing()) {
        let decision = on_mail(&mail, ticket.as_ref(), &standing, &policy(), now());
        keeps_the_laws(&decision, ticket.as_ref())?;
        let again = on_mail(&mail, ticket.as_ref(), &standing, &policy(), now());
        prop_assert_eq!(&decision, &again);
    }

    #[test]
    fn a_robots_mail_is_answered_to_nobody((mail, ticket) in a_mail(), standing in a_standing()) {
        let is_agents = matches!(mail.who, Who::Agent(_));
        // An agent's that only asks for no answers is carried out.
        let is_carried_out = is_agents && mail.message.only_asks_for_no_answers();
        prop_assume!(!may_be_answered(mail.message.origin) && !is_carried_out);
        // An agent is told what became of a mail that nothing but its words or its way calls automatic.
        let message = &mail.message;
        let may_be_told = is_agents && (message.is_automatic_by_words_only() || message.is_bulk_by_its_way_only());
        let decision = on_mail(&mail, ticket.as_ref(), &standing, &policy(), now());
        for (to, draft) in mails(&decision, ticket.as_ref()) {
            prop_assert!(is_agent(&to), "{:?} to {}", draft.content, to);
            prop_assert!(may_be_told || mail.message.author() != Some(&draft.to), "{:?} to its author", draft.content);
        }
        let oversize = on_oversize(&mail, 1 << 30, &standing, &policy(), now());
        prop_assert!(mails(&oversize, None).is_empty(), "{:?}", told(&oversize));
    }

    #[test]
    fn commands_are_carried_out_for_an_agent_with_authority_alone((mail, ticket) in a_mail(), standing in a_standing()) {
        let decision = on_mail(&mail, ticket.as_ref(), &standing, &policy(), now());
        if matches!(decision.outcome, Some(Outcome::AgentCommand | Outcome::AgentReply)) {
            let ticket = ticket.as_ref().unwrap();
            prop_assert!(mail.is_released || proves_its_agent(&mail, ticket), "{:?}", decision.reasons);
        }
    }

    #[test]
    fn a_mail_by_nobody_on_the_ticket_changes_nothing((mail, ticket) in a_mail(), standing in a_standing()) {
        prop_assume!(!mail.is_released);
        let Some(ticket) = ticket else { return Ok(()) };
        prop_assume!(!may_be_a_partys(&mail, &ticket) && !proves_its_agent(&mail, &ticket));
        prop_assume!(!speaks_of_its_alert(&mail) && !may_be_anothers(&mail, &ticket));
        // A delivery report speaks by the MAC of the mail that came back, whoever that mail was sent to.
        prop_assume!(mail.message.origin != Origin::DeliveryReport || mail.thread.holder().is_none());
        let decision = on_mail(&mail, Some(&ticket), &standing, &policy(), now());
        for effect in &decision.effects {
            let is_harmless = match effect {
                Effect::Record { .. } | Effect::OpenBreaker { .. } => true,
                Effect::Send(Draft { content: Content::Alarm(_), to, .. }) => is_agent(&to.key()),
                // An alert on a ticket that is not its own, or that is done, opens another.
                Effect::OpenTicket(_)
                | Effect::AppendMessage { ticket: TicketRef::Opened, .. }
                | Effect::SetPaging { ticket: TicketRef::Opened, .. } => mail.who == Who::Monitor,
                Effect::Send(draft) if draft.ticket == Some(TicketRef::Opened) => is_agent(&draft.to.key()),
                Effect::AppendMessage { visibility, .. } => {
                    matches!(visibility, Visibility::Unverified | Visibility::Automatic)
                }
                Effect::Send(Draft { content: Content::Notification(told), to, .. }) if is_agent(&to.key()) => {
                    told.news == draft::News::Unverified
                }
                // The agent in whose place somebody else answers.
                Effect::Send(Draft { content: Content::Transcript { carried_out: false, .. }, to, .. }) => {
                    let held = mail.thread.holder().and_then(|id| ticket.party(id));
                    held.is_some_and(|party| party.address == *to) && is_agent(&to.key())
                }
                Effect::Send(draft) => {
                    matches!(draft.content, Content::SpoofNotice { .. }) && Some(&draft.to) == mail.message.author()
                        && is_agent(&draft.to.key())
                }
                _ => false,
            };
            prop_assert!(is_harmless, "{:?} because {:?}", effect, decision.reasons);
        }
    }

    #[test]
    fn nobody_joins_a_ticket_by_the_mail_of_who_is_not_proven_to_have_asked(
        (mail, ticket) in a_mail(), standing in a_standing(), authenticates in any::<bool>(),
    ) {
        let Some(ticket) = ticket else { return Ok(()) };
        let policy = Policy { authenticates, ..policy() };
        let decision = on_mail(&mail, Some(&ticket), &standing, &policy, now());
        let joins = |effect: &&Effect| {
            matches!(effect, Effect::AddParty { ticket: TicketRef::Existing(_), role: Role::Correspondent, .. })
        };
        if let Some(effect) = decision.effects.iter().find(joins) {
            let is_agents = mail.is_released || proves_its_agent(&mail, &ticket);
            prop_assert!(is_agents || may_bring_in(&mail, &ticket), "{:?} because {:?}", effect, decision.reasons);
        }
    }

    #[test]
    fn nothing_is_filed_on_the_ticket_of_who_only_claims_to_have_answered_it(
        (mail, ticket) in a_mail(), standing in a_standing(), to in proptest::option::of(select(AUTHORS.to_vec())),
    ) {
        let Some(mut ticket) = ticket else { return Ok(()) };
        ticket.parties[0].answer_to = to.filter(|to| !to.is_empty()).map(Address::bare);
        prop_assume!(may_be_anothers(&mail, &ticket) && mail.message.origin != Origin::DeliveryReport);
        let decision = on_mail(&mail, Some(&ticket), &standing, &policy(), now());
        let at = TicketRef::Existing(ticket.id);
        for effect in &decision.effects {
            let is_on_it = match effect {
                Effect::AppendMessage { ticket, .. } | Effect::AddParty { ticket, .. } => *ticket == at,
                Effect::SetStatus { ticket, .. } | Effect::SetDeadline { ticket, .. } => *ticket == at,
                Effect::Send(draft) => draft.ticket == Some(at),
                _ => false,
            };
            prop_assert!(!is_on_it, "{:?} because {:?}", effect, decision.reasons);
        }
        let opens = decision.effects.iter().any(|effect| matches!(effect, Effect::OpenTicket(_)));
        let points = decision.effects.iter().any(|effect| matches!(effect, Effect::PointToOpened { .. }));
        prop_assert_eq!(opens, points, "{:?}", told(&decision));
    }

    #[test]
    fn every_mail_ends_somewhere((mail, ticket) in a_mail(), standing in a_standing()) {
        let decision = on_mail(&mail, ticket.as_ref(), &standing, &policy(), now());
        let opens = decision.effects.iter().any(|effect| matches!(effect, Effect::OpenTicket(_)));
        let is_filed = decision.effects.iter().any(|effect| matches!(effect, Effect::AppendMessage { .. }));
        match decision.outcome.as_ref().expect("an outcome") {
            Outcome::TicketOpened | Outcome::AlertOpened => prop_assert!(opens && is_filed),
            Outcome::AlertFolded => prop_assert!(!opens && is_filed),
            Outcome::AlertRecovered => {
                prop_assert!(!opens && mail.verdict.recovers.rule.is_some());
                prop_assert!(is_filed || ticket.is_none_or(|ticket| may_be_anothers(&mail, &ticket)));
            }
            Outcome::FollowUp | Outcome::Confirmation | Outcome::AgentCommand | Outcome::AgentReply => {
                prop_assert!(!opens && is_filed);
            }
            Outcome::DiscardedByRule => {
                prop_assert_eq!(mail.verdict.disposition.value, Disposition::Discard);
                prop_assert!(mail.verdict.disposition.rule.is_some());
                prop_assert!(decision.effects.is_empty());
            }
            Outcome::Duplicate(_) | Outcome::OwnMail => prop_assert!(decision.effects.is_empty()),
            Outcome::AutoReply | Outcome::Bounce | Outcome::Quarantined(_) => prop_assert!(!opens),
        }
    }

    #[test]
    fn a_deadline_and_a_failure_keep_the_laws(
        ticket in a_ticket(), standing in a_standing(), kind in select(DeadlineKind::ALL.to_vec()),
        recipient in select(AUTHORS.to_vec()), purpose in select(Purpose::ALL.to_vec()),
    ) {
        let decision = on_deadline(kind, now(), &ticket, &standing, &policy(), now());
        keeps_the_laws(&decision, Some(&ticket))?;
        // Whatever a deadline decides, it does not come again at once.
        let is_over = decision.effects.iter().any(|effect| match effect {
            Effect::ClearDeadline { kind: cleared, .. } => *cleared == kind,
            Effect::SetDeadline { kind: set, due_at, .. } => *set == kind && *due_at > now(),
            _ => false,
        });
        prop_assert!(is_over, "{:?}", told(&decision));
        let written_by = Some(AgentId("sue".to_owned()));
        let diagnostic = "no".to_owned();
        let failure = Failure { purpose, recipient: recipient.to_owned(), status: None, diagnostic, written_by };
        let decision = on_delivery(&failure, &ticket, &policy(), now());
        keeps_the_laws(&decision, Some(&ticket))?;
        prop_assert!(sent_to(&decision, recipient).is_empty(), "told of it where nothing can be delivered");
    }
}
