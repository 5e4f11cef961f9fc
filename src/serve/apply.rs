//! The only place where a [`Decision`] becomes rows: it changes the [`Working`] picture, and that is written at the end.

mod send;

use super::working::Working;
use crate::classify::{Context, MatchedRule, Verdict};
use crate::decide::policy::Policy;
use crate::decide::{DeadlineKind, Decision, Effect, Mail, Opening, Outcome, Suppression, TicketRef};
use crate::message::{Address, Authentication, Digest};
use crate::store::{Filed, Matched, Settled, Suppressed};
use crate::thread::{self, token::TokenKey};
use crate::ticket::event::{Actor, Event, Visibility, What};
use crate::ticket::people::{Party, PartyId, Role, Who};
use crate::ticket::{Alert, Chain, Paging, Status, Ticket, TicketId};
use bytes::Bytes;
use jiff::Timestamp;

/// What the desk signs its mails with.
#[derive(Debug, Clone)]
pub struct Signature {
    /// The key of the tokens.
    pub tokens: TokenKey,
    /// The instance id.
    pub instance: String,
}

/// The mail that a decision is about, with what only the shell knows of it.
#[derive(Debug, Clone, Copy)]
pub struct Received<'m> {
    /// The mail.
    pub mail: &'m Mail,
    /// The attempt that decided.
    pub attempt: u32,
    /// What was known besides it when it was judged.
    pub context: &'m Context,
    /// What copies of it have in common.
    pub content_digest: Digest,
    /// Its bytes, where there are files within it.
    pub raw: Option<&'m Bytes>,
}

/// Applies one decision. `received` is the mail it is about, `actor` who is behind it when there is none.
pub fn apply(
    working: &mut Working,
    decision: Decision,
    received: Option<Received<'_>>,
    actor: Actor,
    policy: &Policy,
    signature: &Signature,
    now: Timestamp,
) {
    let cause = decision.reasons.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let actor = received.map_or(actor, |received| actor_of(received.mail, decision.outcome.as_ref()));
    let mut applying = Applying {
        working,
        received,
        actor,
        cause,
        policy,
        signature,
        now,
        opened: None,
        ticket: None,
        answers_to: None,
        speaks: false,
    };
    let mut drafts = Vec::new();
    for effect in decision.effects {
        match effect {
            // A mail shows its ticket as the whole decision leaves it, so mails come last.
            Effect::Send(draft) => drafts.push(draft),
            effect => applying.effect(effect),
        }
    }
    for draft in drafts {
        applying.send(draft);
    }
    let (cause, ticket, answers_to, speaks) = (applying.cause, applying.ticket, applying.answers_to, applying.speaks);
    if let (Some(received), Some(outcome)) = (received, decision.outcome) {
        let message = &received.mail.message;
        let ticket = ticket.or(received.mail.thread.ticket().filter(|id| working.tickets.contains_key(id)));
        let settled = Settled {
            inbox: received.mail.inbox,
            attempt: received.attempt,
            outcome,
            ticket,
            answers_to,
            reasons: cause,
            message_id: message.id.clone(),
            content_digest: received.content_digest,
            from: message.author().map(|author| author.address.clone()).unwrap_or_default(),
            subject: message.subject.clone(),
            rules_version: received.mail.verdict.version.clone(),
            matched: matched(&received.mail.verdict),
            known: received.context.as_given(),
        };
        let is_vouched_for = received.context.authentication == Authentication::Pass;
        working.settle(settled, is_vouched_for, speaks);
    }
}

/// The rules that matched, as they are kept beside the outcome.
fn matched(verdict: &Verdict) -> Vec<Matched> {
    let of = |rules: &[MatchedRule], is_shadow| {
        let kept = |rule: &MatchedRule| Matched { rule: rule.clone(), is_shadow };
        rules.iter().map(kept).collect::<Vec<_>>()
    };
    [of(&verdict.matched, false), of(&verdict.shadow, true)].concat()
}

/// Who is behind what a mail causes. An agent's name stands there only when the mail was believed to be the agent's.
fn actor_of(mail: &Mail, outcome: Option<&Outcome>) -> Actor {
    match (&mail.who, outcome) {
        (Who::Agent(agent), Some(Outcome::AgentCommand | Outcome::AgentReply)) => Actor::Agent(agent.clone()),
        (Who::Agent(agent), Some(Outcome::TicketOpened)) if mail.passed_on.is_some() => Actor::Agent(agent.clone()),
        (_, Some(Outcome::Quarantined(_) | Outcome::Bounce)) => Actor::Postroom,
        _ => match mail.message.author() {
            Some(author) => Actor::Correspondent(author.address.clone()),
            None => Actor::Postroom,
        },
    }
}

struct Applying<'a> {
    working: &'a mut Working,
    received: Option<Received<'a>>,
    actor: Actor,
    cause: String,
    policy: &'a Policy,
    signature: &'a Signature,
    now: Timestamp,
    opened: Option<TicketId>,
    /// The ticket that the decision is about, for the inbox row.
    ticket: Option<TicketId>,
    /// The ticket that answers to the mail belong to.
    answers_to: Option<TicketId>,
    /// Whether the mail was filed as words of somebody who may speak on the ticket.
    speaks: bool,
}

impl Applying<'_> {
    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::OpenTicket(opening) => self.open(opening),
            Effect::AppendMessage { ticket, by, visibility, party } => self.append(ticket, &by, visibility, party),
            Effect::AddParty { ticket, address, role, utc_offset_minutes } => {
                self.add_party(ticket, address, role, utc_offset_minutes);
            }
            Effect::RenewParty { ticket, party } => self.change(ticket, |ticket| {
                let renewed = Party { id: ticket.next_party_id(), ..ticket.party(party)?.clone() };
                ticket.parties.push(renewed);
                None
            }),
            Effect::SetStatus { ticket, status } => self.set_status(ticket, status),
            Effect::SetSeverity { ticket, severity } => self.change(ticket, |ticket| {
                let from = std::mem::replace(&mut ticket.severity, severity);
                (from != severity).then_some(What::SeverityChanged { from, to: severity })
            }),
            Effect::KeepSeverity { ticket } => self.change(ticket, |ticket| {
                ticket.severity_by_agent = true;
                None
            }),
            Effect::SetTier { ticket, tier } => self.change(ticket, |ticket| {
                let from = std::mem::replace(&mut ticket.tier, tier);
                (from != tier).then_some(What::TierChanged { from, to: tier })
            }),
            Effect::SetTeam { ticket, team } => self.change(ticket, |ticket| {
                let from = std::mem::replace(&mut ticket.team, team.clone());
                (from != team).then_some(What::TeamChanged { from, to: team })
            }),
            Effect::SetPaging { ticket, paging } => {
                let now = self.now;
                self.change(ticket, |ticket| {
                    ticket.paging = paging;
                    if paging == Paging::Sent {
                        ticket.paged_at = Some(now);
                    }
                    None
                });
            }
            Effect::SetAssignee { ticket, agent } => self.change(ticket, |ticket| {
                ticket.assignee.clone_from(&agent);
                Some(What::Assigned { to: agent })
            }),
            Effect::NoteFirstResponse { ticket } => {
                let now = self.now;
                self.change(ticket, |ticket| {
                    ticket.first_response_at = Some(now);
                    None
                });
            }
            Effect::SetDeadline { ticket, kind, due_at } => self.deadline(ticket, kind, Some(due_at)),
            Effect::ClearDeadline { ticket, kind } => self.deadline(ticket, kind, None),
            Effect::SetHeldCount { ticket, count } => self.change(ticket, |ticket| {
                ticket.held_count = count;
                None
            }),
            Effect::CountAlert { ticket } => self.change(ticket, |ticket| {
                if let Some(alert) = &mut ticket.alert {
                    (alert.count, alert.recovered_at) = (alert.count.saturating_add(1), None);
                }
                None
            }),
            Effect::NoteRecovery { ticket } => {
                let now = self.now;
                self.change(ticket, |ticket| {
                    if let Some(alert) = &mut ticket.alert {
                        alert.recovered_at = Some(now);
                    }
                    ticket.paging = Paging::None;
                    None
                });
            }
            Effect::Suppress { address, why, how } => {
                let address = address.to_lowercase();
                if how != Suppression::Soft {
                    self.working.suppressed.insert(address.clone());
                }
                self.working.changes.suppressed.push(Suppressed { address, why, how });
            }
            Effect::OpenBreaker { ticket, breaker } => {
                if let Some(id) = ticket.and_then(|ticket| self.id(ticket)) {
                    // A remark is text, so it names no time: whoever reads it has a zone of their own.
                    let why = &breaker.why;
                    let text = format!("automatic mail is stopped: {why}; `postroom breakers list` says until when");
                    self.record(id, Actor::Postroom, What::Remarked { text });
                }
                self.working.breakers.insert(breaker.subject.clone(), breaker.until);
                self.working.breakers_hour += 1;
                self.working.changes.breakers.push(breaker);
            }
            Effect::Record { ticket, actor, what } => {
                if let Some(id) = self.id(ticket) {
                    self.record(id, actor, what);
                }
            }
            Effect::PointToOpened { ticket, text } => {
                if let Some(opened) = self.opened {
                    let text = format!("{text} {opened}");
                    self.record(ticket, Actor::Postroom, What::Remarked { text });
                }
            }
            Effect::Send(draft) => self.send(draft),
        }
    }

    fn id(&mut self, ticket: TicketRef) -> Option<TicketId> {
        let id = match ticket {
            TicketRef::Existing(id) => Some(id),
            TicketRef::Opened => self.opened,
        };
        // A ticket that the decision opens is what it is about, whatever other one it leaves a remark on.
        self.ticket = self.opened.or(self.ticket).or(id);
        id
    }

    fn record(&mut self, ticket: TicketId, actor: Actor, what: What) {
        let event = Event { ticket, at: self.now, actor, what, cause: self.cause.clone() };
        self.working.changes.events.push(event);
    }

    /// Changes a ticket; what comes back goes on its timeline.
    fn change(&mut self, ticket: TicketRef, change: impl FnOnce(&mut Ticket) -> Option<What>) {
        let Some(id) = self.id(ticket) else { return };
        let now = self.now;
        let Some(ticket) = self.working.tickets.get_mut(&id) else { return };
        let what = change(ticket);
        ticket.updated_at = now;
        self.working.changed.insert(id);
        if let Some(what) = what {
            self.record(id, self.actor.clone(), what);
        }
    }

    fn open(&mut self, opening: Opening) {
        let id = TicketId(self.working.next_ticket);
        self.working.next_ticket += 1;
        self.working.known_addresses.insert(opening.requester.key());
        let requester = Party {
            id: PartyId::REQUESTER,
            address: opening.requester,
            answer_to: opening.answer_to,
            role: Role::Requester,
            chain: Chain::default(),
            utc_offset_minutes: opening.utc_offset_minutes,
        };
        let what = What::Opened {
            severity: opening.severity,
            category: opening.category.clone(),
            tier: opening.tier,
            team: opening.team.clone(),
            calendar: opening.calendar.clone(),
        };
        if let Some(key) = &opening.alert {
            self.working.alerts.insert(key.clone(), id);
        }
        let ticket = Ticket {
            id,
            subject: opening.subject,
            is_vouched: opening.is_vouched,
            category: opening.category,
            severity: opening.severity,
            severity_by_agent: false,
            last_words: String::new(),
            tier: opening.tier,
            team: opening.team,
            status: Status::Investigating,
            assignee: None,
            tags: opening.tags,
            parties: vec![requester],
            opened_at: self.now,
            updated_at: self.now,
            first_response_at: None,
            resolved_at: None,
            closed_at: None,
            first_response_due_at: None,
            update_due_at: None,
            calendar: opening.calendar,
            paged_at: None,
            paging: Paging::None,
            held_count: 0,
            alert: opening.alert.map(|key| Alert { key, count: 1, recovered_at: None }),
            last_sequence: 0,
            version: 0,
        };
        self.working.tickets.insert(id, ticket);
        self.working.opened.insert(id);
        self.expect_what_is_answered(id);
        (self.opened, self.ticket) = (Some(id), Some(id));
        self.record(id, self.actor.clone(), what);
    }

    /// Has the mail find the ticket that the one which opened it answers, should it come later: its sender wrote both.
    fn expect_what_is_answered(&mut self, id: TicketId) {
        let Some(mail) = self.received.map(|received| received.mail) else { return };
        if let (Some(author), Some(answered), None) =
            (mail.message.author(), mail.message.in_reply_to.first(), &mail.passed_on)
        {
            let keys = thread::Overtaken::of(answered, author);
            let key = if mail.message.is_vouched_for() { keys.by_sender } else { keys.by_claim };
            self.working.tickets_by_message.entry(key.clone()).or_insert(id);
            self.working.changes.passed_on.push((key, id));
        }
    }

    fn append(&mut self, ticket: TicketRef, by: &Address, visibility: Visibility, party: Option<PartyId>) {
        let (Some(id), Some(received)) = (self.id(ticket), self.received) else { return };
        let passed_on = received.mail.passed_on.as_deref().filter(|customers| customers.author() == Some(by));
        let message = passed_on.unwrap_or(&received.mail.message);
        let now = self.now;
        self.speaks |= matches!(visibility, Visibility::Public | Visibility::Internal);
        // An unverified mail is kept, not believed: an answer to it must not find the ticket by its id.
        if visibility != Visibility::Unverified {
            self.answers_to.get_or_insert(id);
            let own = &received.mail.message.id;
            self.working.tickets_by_message.entry(own.clone()).or_insert(id);
        }
        // Also where we have made the id up: the same agent may pass the same mail on again. And its own sender may have
        // sent it to the desk as well: an agent's word is as good as a server's.
        if passed_on.is_some() {
            for id_or_key in [message.id.clone(), thread::Overtaken::of(&message.id, by).by_sender] {
                self.working.tickets_by_message.entry(id_or_key.clone()).or_insert(id);
                self.working.changes.passed_on.push((id_or_key, id));
            }
        }
        let mut is_customers = false;
        if let Some(ticket) = self.working.tickets.get_mut(&id) {
            let readers: Vec<&Address> = message.to.iter().chain(&message.cc).collect();
            for seen_by in &mut ticket.parties {
                let wrote = Some(seen_by.id) == party;
                let has_seen = wrote || (visibility == Visibility::Public && readers.contains(&&seen_by.address));
                if has_seen && !message.id.is_made_up() {
                    seen_by.chain.push(&message.id, wrote);
                }
                if wrote && message.utc_offset_minutes.is_some() {
                    seen_by.utc_offset_minutes = message.utc_offset_minutes;
                }
            }
            if matches!(visibility, Visibility::Public | Visibility::Internal) {
                ticket.updated_at = now;
            }
            is_customers = !message.body.reply.is_empty()
                && party.and_then(|id| ticket.party(id)).is_some_and(|party| party.role != Role::Agent);
            if is_customers {
                ticket.last_words = Ticket::kept_words(&message.body.reply);
            }
            self.working.changed.insert(id);
        }
        self.working.changes.filed.push(Filed {
            ticket: id,
            inbox: Some(received.mail.inbox),
            message_id: message.id.clone(),
            visibility,
            by: by.address.clone(),
            is_customers,
            text: if is_customers { message.body.reply.clone() } else { message.body.own_words() },
            at: now,
        });
        let what = What::Received { inbox: received.mail.inbox, by: by.address.clone(), visibility };
        self.record(id, self.actor.clone(), what);
    }

    fn add_party(&mut self, ticket: TicketRef, address: Address, role: Role, utc_offset_minutes: Option<i16>) {
        let readable = self.received.map(|received| received.mail.message.id.clone()).filter(|id| !id.is_made_up());
        let known = address.key();
        self.change(ticket, |ticket| {
            if ticket.party_of(&address).is_some() {
                return None;
            }
            let id = ticket.next_party_id();
            let mut chain = Chain::default();
            if let Some(id) = &readable {
                chain.push(id, false);
            }
            let what = What::PartyAdded { party: id.0, address: address.address.clone() };
            ticket.parties.push(Party { id, address, answer_to: None, role, chain, utc_offset_minutes });
            Some(what)
        });
        if role != Role::Agent {
            self.working.known_addresses.insert(known);
        }
    }

    fn set_status(&mut self, ticket: TicketRef, status: Status) {
        let now = self.now;
        self.change(ticket, |ticket| {
            let from = std::mem::replace(&mut ticket.status, status);
            match status {
                Status::Resolved => (ticket.resolved_at, ticket.closed_at) = (Some(now), None),
                Status::Closed => ticket.closed_at = Some(now),
                Status::Investigating | Status::Waiting => (ticket.resolved_at, ticket.closed_at) = (None, None),
            }
            if !status.is_open() {
                ticket.paging = Paging::None;
            }
            (from != status).then_some(What::StatusChanged { from, to: status })
        });
    }

    fn deadline(&mut self, ticket: TicketRef, kind: DeadlineKind, due_at: Option<Timestamp>) {
        let Some(id) = self.id(ticket) else { return };
        self.working.deadlines.insert((id, kind), due_at);
        if let (DeadlineKind::Update, Some(due_at)) = (kind, due_at) {
            // It is never the customer who promises.
            let actor = match &self.actor {
                Actor::Agent(agent) => Actor::Agent(agent.clone()),
                _ => Actor::Postroom,
            };
            self.record(id, actor, What::Promised { due_at });
        }
        self.change(ticket, |ticket| match (kind, due_at) {
            (DeadlineKind::Update, _) => {
                ticket.update_due_at = due_at;
                None
            }
            // That an answer was due stays known when its deadline has passed.
            (DeadlineKind::FirstResponse, Some(_)) => {
                ticket.first_response_due_at = due_at;
                None
            }
            (DeadlineKind::FirstResponse, None) | (DeadlineKind::Nudge | DeadlineKind::Page, _) => None,
        });
    }
}
