//! One mail of each kind, made up: to look at (`postroom template preview`), and to check templates with.

use super::fields::{Fields, View};
use super::{ComposeError, Desk, File, OutgoingMail, Stamps, compose};
use crate::decide::DeadlineKind;
use crate::decide::TicketRef;
use crate::decide::breaker::{Breaker, Scope};
use crate::decide::draft::{Content, Draft, LeftOut, News, Notification, TranscriptLine};
use crate::decide::policy::{Caps, Policy};
use crate::message::{Address, MessageId};
use crate::ticket::people::{Agent, AgentId, Party, PartyId, Role};
use crate::ticket::purpose::Purpose;
use crate::ticket::sla::SlaTable;
use crate::ticket::{Chain, Paging, Severity, Status, Ticket, TicketId, Tier};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// What is needed to write one mail, besides the desk.
#[derive(Debug, Clone)]
pub struct Sample {
    /// The draft.
    pub draft: Draft,
    /// Its ticket.
    pub ticket: Ticket,
    /// Its stamps; they sign nothing.
    pub stamps: Stamps,
    /// What goes along.
    pub files: Vec<File>,
    /// When it is written.
    pub now: Timestamp,
}

/// The words of a mail, both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bodies {
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

impl Sample {
    /// A mail of this kind on a made-up ticket.
    pub fn of(purpose: Purpose) -> Self {
        Self::on(purpose, ticket(now()), now())
    }

    /// A mail of this kind on a ticket that there is, written at `now`.
    pub fn on(purpose: Purpose, ticket: Ticket, now: Timestamp) -> Self {
        let requester = ticket.requester().map(|party| party.address.clone()).unwrap_or_else(ann);
        let content = content(purpose, &ticket, now);
        let draft = Draft {
            ticket: Some(TicketRef::Existing(ticket.id)),
            to: if purpose.is_for_customer() { requester } else { bob() },
            content,
            attachments: Vec::new(),
            in_reply_to: None,
        };
        let code = purpose.code();
        let stamps = Stamps {
            message_id: MessageId(format!("pr.{}.7.{code}.1-2bk.sample@desk.example", ticket.id.0)),
            reply_address: format!("support+{}.1-2bk.sample@desk.example", ticket.id.0),
            marker: format!("Ref: {} · 1-2bk.sample", ticket.id),
            in_reply_to: Some(MessageId("newest@example.com".to_owned())),
            references: vec![MessageId("first@example.com".to_owned()), MessageId("newest@example.com".to_owned())],
            instance: "sample".to_owned(),
        };
        let has_file = matches!(purpose, Purpose::Notification | Purpose::Page | Purpose::Reply);
        let file = || File {
            name: "response.log".to_owned(),
            media_type: "text/plain".to_owned(),
            bytes: b"HTTP/1.1 401 Unauthorized\r\n".to_vec(),
        };
        Self { draft, ticket, stamps, files: has_file.then(file).into_iter().collect(), now }
    }

    /// The same mail as this desk would send it: its addresses and limits stand in the place of made-up ones.
    #[must_use]
    pub fn at(mut self, policy: &Policy) -> Self {
        let desk = &policy.support_address;
        let (local, domain) = (desk.local().to_owned(), desk.domain());
        let (id, reply) = (&mut self.stamps.message_id.0, &mut self.stamps.reply_address);
        *id = id.replace("@desk.example", &format!("@{domain}"));
        *reply = reply.replace("support+", &format!("{local}+")).replace("@desk.example", &format!("@{domain}"));
        let assigned = self.ticket.assignee.as_ref().and_then(|id| policy.agent(id));
        if let Some(agent) = assigned.or(policy.agents.first()) {
            if self.draft.to == bob() {
                self.draft.to = agent.address.clone();
            }
            if self.ticket.assignee == Some(AgentId("bob".to_owned())) {
                self.ticket.assignee = Some(agent.id.clone());
            }
            for party in self.ticket.parties.iter_mut().filter(|party| party.address == bob()) {
                party.address = agent.address.clone();
            }
        }
        if let Content::Oversize { size_bytes, limit_bytes } = &mut self.draft.content {
            (*size_bytes, *limit_bytes) = (policy.max_mail_bytes / 10 * 12, policy.max_mail_bytes);
        }
        self
    }

    /// The mail.
    pub fn compose(&self, desk: &Desk<'_>) -> Result<OutgoingMail, ComposeError> {
        compose(&self.draft, Some(&self.ticket), desk, &self.stamps, self.files.clone(), self.now)
    }

    /// The mail's two bodies by themselves.
    pub fn bodies(&self, desk: &Desk<'_>) -> Result<Bodies, ComposeError> {
        let view = View {
            draft: &self.draft,
            ticket: Some(&self.ticket),
            policy: desk.policy,
            zone: desk.zone,
            now: self.now,
        };
        let fields = view.fields(&self.stamps.marker, &self.files);
        let filled = desk.templates.render(self.draft.content.purpose(), self.draft.content.template(), fields)?;
        Ok(Bodies { text: filled.text, html: filled.html })
    }
}

/// The fields of this kind of mail: first with everything that it can have, then with as little as possible.
pub(super) fn fields(purpose: Purpose) -> [Fields; 2] {
    let (policy, zone) = (policy(), TimeZone::UTC);
    let full = Sample::of(purpose);
    let mut bare = full.clone();
    bare.draft.to.name = None;
    match &mut bare.draft.content {
        Content::Notification(notification) | Content::Page(notification) => {
            **notification = Notification::of(News::Unverified, None, String::new());
        }
        Content::Reply { expected_update_at, .. } => *expected_update_at = None,
        Content::Transcript { lines, help, .. } => {
            lines.clear();
            *help = false;
        }
        Content::Undelivered { status, diagnostic, is_suppressed, .. } => {
            (*status, *is_suppressed) = (None, false);
            diagnostic.clear();
        }
        _ => {}
    }
    let view = |sample: &Sample, ticket, marker: &str| {
        let view = View { draft: &sample.draft, ticket, policy: &policy, zone: &zone, now: sample.now };
        view.fields(marker, &sample.files)
    };
    bare.files.clear();
    [view(&full, Some(&full.ticket), &full.stamps.marker), view(&bare, None, "")]
}

fn content(purpose: Purpose, ticket: &Ticket, now: Timestamp) -> Content {
    let issue = if ticket.subject.is_empty() { "your mail".to_owned() } else { ticket.subject.clone() };
    let expected_update_at = ticket.update_due_at.unwrap_or(now + SignedDuration::from_mins(30));
    match purpose {
        Purpose::Acknowledgement => Content::Acknowledgement { issue, expected_update_at, template: None },
        Purpose::HoldingUpdate => Content::HoldingUpdate { issue, expected_update_at: Some(expected_update_at) },
        Purpose::Reply => Content::Reply {
            text: "we see the refused calls in our log, all with the key that ends in 7F3Q. It was\n\
                   replaced last night; the new one is in your console:\n\n\
                   \x20   https://console.example/keys?team=42\n\n\
                   Does a call with the new key work?"
                .to_owned(),
            expected_update_at: Some(expected_update_at),
        },
        Purpose::Notification => Content::Notification(Box::new(notification(ticket))),
        Purpose::Page => Content::Page(Box::new(notification(ticket))),
        Purpose::Nudge => Content::Nudge { what: DeadlineKind::Update, due_at: expected_update_at },
        Purpose::Resolution => Content::Resolution {
            issue,
            root_cause: "The key was replaced last night, and the old one was switched off at once.".to_owned(),
            solution: "We switched the old key on again for 14 days.\nYour new key is in the console.".to_owned(),
            verification: "Calls with both keys have been answered with 200 since 09:40.".to_owned(),
        },
        Purpose::Transcript => Content::Transcript {
            lines: vec![
                TranscriptLine { command: "#take".to_owned(), result: "not carried out".to_owned(), is_error: false },
                TranscriptLine {
                    command: "#severity hihg".to_owned(),
                    result: "unknown severity `hihg`, did you mean `high`?".to_owned(),
                    is_error: true,
                },
            ],
            carried_out: false,
            help: true,
        },
        Purpose::Undelivered => Content::Undelivered {
            recipient: "ann@example.com".to_owned(),
            status: Some("5.1.1".to_owned()),
            diagnostic: "550 5.1.1 <ann@example.com>: Recipient address rejected: User unknown".to_owned(),
            is_suppressed: true,
        },
        Purpose::SpoofNotice => {
            Content::SpoofNotice { why: "the mail was not authenticated (dmarc=fail)".to_owned(), inbox: 4711 }
        }
        Purpose::Alarm => Content::Alarm(Box::new(Breaker {
            scope: Scope::Address,
            subject: "ann@example.com".to_owned(),
            why: "3 automatic mails went out to this address within an hour".to_owned(),
            to: "ann@example.com".to_owned(),
            marks: "Precedence: bulk".to_owned(),
            inbox: Some(4711),
            until: now + SignedDuration::from_hours(1),
        })),
        Purpose::Oversize => Content::Oversize { size_bytes: 62_900_000, limit_bytes: 25_000_000 },
    }
}

fn notification(ticket: &Ticket) -> Notification {
    Notification {
        news: News::Opened,
        from: Some(ticket.requester().map(|party| party.address.clone()).unwrap_or_else(ann)),
        text: "Hello,\n\nsince 9 o'clock every call is answered with\n\n    401 Unauthorized: invalid API key\n\n\
               Nothing has changed on our side. The log of one call is attached.\n\nAnn"
            .to_owned(),
        unread: "From: Bob Builder\nTo: Ann Example\nSubject: API calls\n\nAsk the support desk, please.".to_owned(),
        signature: "Ann Example, Example Ltd\n+44 20 7946 0000".to_owned(),
        because: vec!["invalid-api-key: \"401 … invalid API key\"".to_owned()],
        articles: vec!["How to generate API keys".to_owned(), "Authentication troubleshooting".to_owned()],
        left_out: Some(LeftOut { inbox: 17, files: vec![("screen recording.mp4".to_owned(), 31_000_000)] }),
        caution: Some("nobody vouches for the sender's address (no SPF, DKIM or DMARC result).".to_owned()),
        calendar: None,
        refused_severity: None,
        joined: Vec::new(),
    }
}

fn now() -> Timestamp {
    // 2026-03-02T09:00:00Z, a Monday.
    Timestamp::constant(1_772_442_000, 0)
}

fn ann() -> Address {
    Address { name: Some("Ann Example".to_owned()), address: "ann@example.com".to_owned() }
}

fn bob() -> Address {
    Address { name: Some("Bob Builder".to_owned()), address: "bob@desk.example".to_owned() }
}

fn ticket(now: Timestamp) -> Ticket {
    let party = |id, address, role, utc_offset_minutes| Party {
        answer_to: None,
        id: PartyId(id),
        address,
        role,
        chain: Chain::default(),
        utc_offset_minutes,
    };
    Ticket {
        id: TicketId(1042),
        subject: "API calls are refused".to_owned(),
        category: "authentication/invalid-api-key".to_owned(),
        severity: Severity::High,
        tier: Tier::Two,
        team: None,
        status: Status::Investigating,
        assignee: Some(AgentId("bob".to_owned())),
        tags: Vec::new(),
        parties: vec![
            party(1, ann(), Role::Requester, Some(60)),
            party(2, Address::bare("ops@example.com"), Role::Correspondent, None),
            party(3, bob(), Role::Agent, None),
        ],
        opened_at: now,
        updated_at: now,
        first_response_at: None,
        resolved_at: None,
        closed_at: None,
        first_response_due_at: Some(now + SignedDuration::from_hours(2)),
        update_due_at: Some(now + SignedDuration::from_mins(30)),
        calendar: None,
        paged_at: None,
        paging: Paging::None,
        held_count: 0,
        alert: None,
        last_sequence: 6,
        is_vouched: true,
        severity_by_agent: false,
        last_words: "It burns.".to_owned(),
        version: 1,
    }
}

/// A made-up desk.
pub fn policy() -> Policy {
    Policy {
        desk_name: "Example Support".to_owned(),
        support_address: Address::bare("support@desk.example"),
        own_addresses: vec!["support@desk.example".to_owned()],
        agents: vec![Agent { id: AgentId("bob".to_owned()), address: bob(), tier: Tier::Two }],
        teams: Vec::new(),
        on_call: Vec::new(),
        page_again_after: SignedDuration::from_mins(15),
        authenticates: true,
        monitors: Vec::new(),
        calendars: BTreeMap::new(),
        customer_lists: BTreeMap::new(),
        sla: SlaTable::default(),
        default_severity: Severity::Medium,
        caps: Caps::default(),
        echo_to_unauthenticated: false,
        sub_addressing: true,
        acknowledge_within: SignedDuration::from_hours(2 * 24),
        alert_reopen_window: SignedDuration::from_hours(1),
        reopen_window: SignedDuration::from_hours(14 * 24),
        idle_window: SignedDuration::from_hours(30 * 24),
        agent_token_age: SignedDuration::from_hours(30 * 24),
        max_mail_bytes: 25_000_000,
        category_titles: [("authentication/invalid-api-key".to_owned(), "API key refused".to_owned())].into(),
    }
}
