//! An agent's mail on a ticket: an answer to the customer, a note, commands. First of all: is it the agent's?

use super::authority::Doubt;
use super::breaker::{About, Gate, counted_as, refused};
use super::command::{Command, Orders, Resolution};
use super::draft::{Content, Draft, News, Notification, TranscriptLine};
use super::forward::passes_on;
use super::joining::add_correspondents;
use super::mail::{ended, quarantine, remark};
use super::policy::Policy;
use super::requester::{append, clear_all, set_severity, watch};
use super::unfit::{not_sent, shown_to_others, unfit};
use super::{
    Cause, DeadlineKind, Decision, Effect, Mail, Outcome, Reason, Standing, TicketRef, authority, guard, page,
};
use crate::message::body::is_closing;
use crate::message::{Address, Origin};
use crate::ticket::event::{Actor, Visibility, What};
use crate::ticket::people::{Agent, AgentId};
use crate::ticket::purpose::Purpose;
use crate::ticket::{Paging, Status, Ticket, Tier};
use jiff::Timestamp;

/// Why an agent's words go to nobody.
const NO_READERS: &str = "a monitor is never answered, and nobody else is on the ticket";

/// Decides about a mail that came from an agent's address on a ticket.
pub(super) fn on_mail(
    mail: &Mail,
    id: &AgentId,
    ticket: &Ticket,
    standing: &Standing,
    policy: &Policy,
    now: Timestamp,
) -> Decision {
    let at = TicketRef::Existing(ticket.id);
    let Some(agent) = policy.agent(id) else {
        return quarantine(Cause::SPOOFED_AGENT, "no-such-agent", &id.0);
    };
    if mail.message.origin != Origin::Person && !mail.message.only_asks_for_no_answers() {
        return automatic(mail, agent, ticket, at, Gate { standing, policy, now });
    }
    let authority = match authority::proof(mail, agent, ticket, policy, now) {
        Ok(authority) => authority,
        Err(_) if mail.is_released => "a person released it from quarantine",
        Err(Doubt::Forged(why)) => return authority::spoofed(mail, agent, at, why, Gate { standing, policy, now }),
        Err(Doubt::Shown) => return authority::perhaps_the_agents(mail, agent, at, Gate { standing, policy, now }),
    };
    let passes_on = passes_on(mail, agent, ticket);
    // The words of a mail that is passed on are not the agent's, and neither are commands in them.
    let mut orders = match &mail.message.forwarded {
        Some(forwarded) => Orders::read(&forwarded.above),
        None => Orders::read(&mail.message.body.own_words()),
    };
    if !orders.lines.is_empty() && is_signature_of(agent, &orders.text) {
        orders.text.clear();
    } else if orders.has(&Command::Resolve) {
        orders.text.truncate(unsigned(agent, &orders.text).len());
    }
    let mut decision = ended("authority", authority);
    let is_command = !orders.lines.is_empty();
    decision = decision.ends_as(if is_command { Outcome::AgentCommand } else { Outcome::AgentReply });
    // Nothing of what is passed on goes to the customer.
    let unfit = if passes_on { None } else { unfit(mail, &orders, ticket, policy) };
    let lines: Vec<TranscriptLine> = [orders.refusals(), unfit].into_iter().flatten().flatten().collect();
    if !lines.is_empty() {
        let decision = decision.because(Reason::of("commands-refused"));
        let decision = append(decision, mail, at, Visibility::Internal, None);
        let decision = authority::renewed(decision, mail, agent, ticket, policy);
        let decision = decision.then(remark(at, format!("{id}'s mail was not carried out: {}", errors(&lines))));
        return transcript(decision, agent, at, mail, lines, false, Gate { standing, policy, now });
    }
    Work { mail, agent, ticket: ticket.clone(), policy, now, at, decision }.carry_out(&orders, standing)
}

/// A mail that is no person's goes to nobody. An agent whose own words were taken for a program's, or whose mail took the
/// way of a list, should know; a subject that programs give their answers is none that an agent answers under.
fn automatic(mail: &Mail, agent: &Agent, ticket: &Ticket, at: TicketRef, gate: Gate<'_>) -> Decision {
    let decision = ended("automatic-reply", mail.message.marks_in_words()).ends_as(Outcome::AutoReply);
    let decision = append(decision, mail, at, Visibility::Automatic, None);
    // What answers a transcript may be a program's, which would answer the next one, too.
    let answers = mail.thread.answers();
    let answers_transcript = answers == Some(Purpose::Transcript);
    if answers_transcript || authority::proof(mail, agent, ticket, gate.policy, gate.now).is_err() {
        return decision;
    }
    let result = if mail.message.is_automatic_by_words_only() && !mail.message.is_answer_by_subject() {
        "its words are those of a program, such as one that answers while you are away, so it went to nobody; if it was \
         you, write it in other words"
            .to_owned()
    } else if mail.message.is_bulk_by_its_way_only() && answers.is_some() {
        let marks = mail.message.marks_in_words();
        format!(
            "it is marked as mail to many, so it went to nobody ({marks}); if it was you, send it to the desk itself"
        )
    } else {
        return decision;
    };
    let line = TranscriptLine { command: "(text)".to_owned(), result, is_error: true };
    transcript(decision, agent, at, mail, vec![line], false, gate)
}

/// The files that go along with an answer. What signs the agent's mail signs no other one, and names the agent.
pub(super) fn files(mail: &Mail) -> impl Iterator<Item = usize> {
    mail.message.attachments.iter().filter(|file| !file.is_signature()).map(|file| file.index)
}

/// Whether a short text below commands is but the agent's signature, which mail programs add without a mark.
fn is_signature_of(agent: &Agent, text: &str) -> bool {
    const LONGEST: usize = 8;
    let is_rule = |line: &&str| line.len() >= 2 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '—' | '–'));
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).skip_while(is_rule);
    let lines: Vec<&str> = lines.take(LONGEST + 1).collect();
    let is_name = |line: &&str| {
        let mut names = agent.address.name.as_deref().into_iter().chain([agent.id.0.as_str()]);
        names.any(|name| line.eq_ignore_ascii_case(name))
    };
    let takes_leave = |line: &str| is_closing(line) || line.ends_with(',') && line.split_whitespace().count() <= 4;
    lines.len() <= LONGEST
        && match &lines[..] {
            [] => true,
            [first, ..] if is_name(first) => true,
            [closing, second, ..] => takes_leave(closing) && is_name(second),
            _ => false,
        }
}

/// The form of a solution without the agent's signature below it, which would become part of the last answer in it.
fn unsigned<'t>(agent: &Agent, form: &'t str) -> &'t str {
    let mut gaps = form.match_indices("\n\n").map(|(at, _)| form.split_at(at));
    let signed = gaps.find(|(above, below)| is_signature_of(agent, below) && Resolution::read(above).is_ok());
    signed.map_or(form, |(above, _)| above)
}

fn errors(lines: &[TranscriptLine]) -> String {
    let wrong: Vec<&str> = lines.iter().filter(|line| line.is_error).map(|line| line.command.as_str()).collect();
    wrong.join(", ")
}

/// Tells the agent what became of each command.
pub(super) fn transcript(
    decision: Decision,
    agent: &Agent,
    at: TicketRef,
    mail: &Mail,
    lines: Vec<TranscriptLine>,
    carried_out: bool,
    gate: Gate<'_>,
) -> Decision {
    let help = lines.iter().any(|line| line.command.to_ascii_lowercase().ends_with("help") && !line.is_error);
    // What only its words, its way or a field that asks for no answers call automatic may be the agent's own.
    let message = &mail.message;
    let may_be_own =
        message.is_automatic_by_words_only() || message.is_bulk_by_its_way_only() || message.only_asks_for_no_answers();
    let origin = if may_be_own { Origin::Person } else { message.origin };
    // The list is for mail to customers: what became of an agent's words the agent hears whatever came back from there.
    // That they went to nobody agents have to hear, however much else went to them; the caps of the ticket and of the
    // desk keep two robots apart.
    let mut standing = Standing { is_suppressed: false, ..gate.standing.clone() };
    if !carried_out {
        (standing.traffic.address_hour, standing.traffic.address_day) = (0, 0);
        standing.open_breaker.take_if(|(subject, _)| *subject == counted_as(&agent.address.key()));
    }
    match guard::may_send(&agent.address, Some(origin), &standing, gate.policy) {
        Ok(()) => decision.then(Effect::Send(Draft {
            ticket: Some(at),
            to: agent.address.clone(),
            content: Content::Transcript { lines, carried_out, help },
            attachments: Vec::new(),
            in_reply_to: Some(mail.message.id.0.clone()),
        })),
        Err(refusal) => {
            let about = About { to: &agent.address, mail: Some(mail), ticket: mail.thread.ticket() };
            refused(decision, "no-transcript", refusal, about, gate)
        }
    }
}

/// The carrying out of one agent's mail.
struct Work<'w> {
    mail: &'w Mail,
    agent: &'w Agent,
    /// The ticket as the effects so far leave it, so that a command builds on those before it.
    ticket: Ticket,
    policy: &'w Policy,
    now: Timestamp,
    at: TicketRef,
    decision: Decision,
}

impl Work<'_> {
    fn carry_out(mut self, orders: &Orders, standing: &Standing) -> Decision {
        let party = self.ticket.party_of(&self.agent.address).map(|party| party.id);
        // Whom an agent answers on a spoof notice is us, and its mail says nothing of the customer.
        // Nor does one say anything to the customer who passes on a mail that was not ours to this agent.
        let is_passed_on = passes_on(self.mail, self.agent, &self.ticket);
        let has_readers = self.policy.readers(&self.ticket).next().is_some();
        let is_to_us = is_passed_on || !has_readers || self.mail.thread.answers() == Some(Purpose::SpoofNotice);
        let is_note = orders.has(&Command::Note);
        let (had, paging) = (self.ticket.assignee.clone(), self.ticket.paging);
        let has_words = !orders.text.is_empty() || (orders.lines.is_empty() && files(self.mail).next().is_some());
        let is_public = has_words && !is_to_us && !is_note;
        let visibility = if is_public { Visibility::Public } else { Visibility::Internal };
        let decision = append(std::mem::take(&mut self.decision), self.mail, self.at, visibility, party);
        self.decision = authority::renewed(decision, self.mail, self.agent, &self.ticket, self.policy);
        if !is_note {
            // Whom the agent put in To or Cc hears of the ticket from now on; they have this very mail already. A note
            // is for agents, and so is what comes of it: a colleague who is shown one is no customer.
            let decision = std::mem::take(&mut self.decision);
            self.decision = add_correspondents(decision, self.mail, self.at, Some(&self.ticket), self.policy);
        }
        let is_only_passed_on = is_passed_on && !has_words && orders.lines.is_empty();
        let is_words_only = has_words && !is_note && !orders.has(&Command::Resolve);
        // Whose the ticket is and how bad it is stand before the answer, which makes a promise by them. All else
        // comes after it, and ends promises or hands the ticket on.
        let mut results = vec![None; orders.lines.len()];
        self.commands(orders, &mut results, |command| matches!(command, Command::Take | Command::Severity(_)));
        if is_words_only && is_to_us {
            self.note(&orders.text);
            self.note_what_is_passed_on();
        } else if is_only_passed_on {
            self.note_what_is_passed_on();
        } else if is_words_only {
            self.answer(&orders.text, orders.has(&Command::Close));
        }
        self.commands(orders, &mut results, |_| true);
        self.tell_who_had_it(had.as_ref(), paging);
        let line = |((command, _), result): (&(String, _), Option<String>)| {
            Some(TranscriptLine { command: command.clone(), result: result?, is_error: false })
        };
        let mut lines: Vec<TranscriptLine> = orders.lines.iter().zip(results).filter_map(line).collect();
        if is_words_only && (is_to_us || !lines.is_empty()) || is_only_passed_on {
            let result = match (is_to_us, has_readers) {
                (true, true) => {
                    "noted for agents; to write to the customer, answer a notification of the ticket".to_owned()
                }
                (true, false) => format!("noted for agents; {NO_READERS}"),
                (false, _) => format!("sent to {}", self.audience()),
            };
            lines.push(TranscriptLine { command: "(text)".to_owned(), result, is_error: false });
        }
        lines.extend(not_sent(self.mail, self.agent).filter(|_| is_public));
        lines.extend(shown_to_others(self.mail, self.policy));
        if lines.is_empty() {
            return self.decision;
        }
        let gate = Gate { standing, policy: self.policy, now: self.now };
        transcript(self.decision, self.agent, self.at, self.mail, lines, true, gate)
    }

    /// Carries out those commands that are chosen and not carried out yet, and keeps what each of them did.
    fn commands(&mut self, orders: &Orders, results: &mut [Option<String>], chosen: fn(&Command) -> bool) {
        for ((_, read), result) in orders.lines.iter().zip(results) {
            if let (Ok(command), None) = (read, &result)
                && chosen(command)
            {
                *result = Some(self.command(command, orders));
            }
        }
    }

    fn then(&mut self, effect: Effect) {
        self.decide(|decision, _| decision.then(effect));
    }

    fn because(&mut self, reason: Reason) {
        self.decision.reasons.push(reason);
    }

    /// Decides more, and follows on the ticket what comes of it.
    fn decide(&mut self, more: impl FnOnce(Decision, &Ticket) -> Decision) {
        let so_far = self.decision.effects.len();
        self.decision = more(std::mem::take(&mut self.decision), &self.ticket);
        for effect in &self.decision.effects[so_far..] {
            follow(&mut self.ticket, effect, self.now);
        }
    }

    /// Tells the agent who had the ticket that it is this one's now; where nobody had it, those who were paged for it, who
    /// may be at it. Whoever hears of it in another way by the same mail needs no second one.
    fn tell_who_had_it(&mut self, had: Option<&AgentId>, paging: Paging) {
        let is_taken = had != Some(&self.agent.id) && self.ticket.assignee.as_ref() == Some(&self.agent.id);
        let had = had.and_then(|id| self.policy.agent(id));
        let readers = match (had, paging) {
            _ if !is_taken => Vec::new(),
            (Some(agent), _) => vec![agent],
            (None, Paging::None) => Vec::new(),
            (None, Paging::Sent | Paging::Owed) => self.policy.agents_on_call(),
        };
        let is_told = |agent: &Agent, effects: &[Effect]| {
            effects.iter().any(|effect| matches!(effect, Effect::Send(draft) if draft.to == agent.address))
        };
        for agent in readers {
            if agent.id == self.agent.id || is_told(agent, &self.decision.effects) {
                continue;
            }
            let news = News::Taken { by: self.agent.id.clone(), was_yours: had.is_some() };
            let notification = Notification::of(news, None, String::new());
            self.then(Effect::Send(Draft {
                ticket: Some(self.at),
                to: agent.address.clone(),
                content: Content::Notification(Box::new(notification)),
                attachments: Vec::new(),
                in_reply_to: None,
            }));
        }
    }

    /// Carries out one command and says what it did.
    fn command(&mut self, command: &Command, orders: &Orders) -> String {
        let at = self.at;
        match command {
            Command::Take => {
                self.because(Reason::with("taken", &self.agent.id));
                self.then(Effect::SetAssignee { ticket: at, agent: Some(self.agent.id.clone()) });
                "the ticket is yours".to_owned()
            }
            Command::Note => {
                self.note(&orders.text);
                "noted; the customer does not see it".to_owned()
            }
            Command::Severity(severity) if *severity == self.ticket.severity => {
                self.then(Effect::KeepSeverity { ticket: at });
                format!("it is {severity} already")
            }
            Command::Severity(severity) => {
                self.then(Effect::KeepSeverity { ticket: at });
                self.because(Reason::with("severity-corrected", severity));
                let (from, policy, now) = (self.ticket.severity, self.policy, self.now);
                self.decide(|decision, ticket| set_severity(decision, ticket, *severity, policy, now));
                format!("{from} → {severity}")
            }
            Command::Escalate { tier, reason } => self.escalate(*tier, reason),
            Command::Resolve => match Resolution::read(&orders.text) {
                Ok(resolution) => self.resolve(resolution),
                Err(wrong) => wrong,
            },
            Command::Close if self.ticket.status == Status::Closed => "it is closed already".to_owned(),
            Command::Close => {
                self.because(Reason::of("closed"));
                self.decide(|decision, ticket| clear_all(page::dropped(decision, ticket), at));
                self.then(Effect::SetStatus { ticket: at, status: Status::Closed });
                "closed".to_owned()
            }
            Command::Help => "the commands are listed below".to_owned(),
        }
    }

    /// Keeps the words of the mail that the agent passes on, which are not the agent's.
    fn note_what_is_passed_on(&mut self) {
        let Some(forwarded) = &self.mail.message.forwarded else { return };
        let of = forwarded.from.as_ref().map(|from| format!(" of {from}")).unwrap_or_default();
        let text = format!("passed on a mail{of}:\n\n{}", Ticket::kept_words(&forwarded.text));
        let actor = Actor::Agent(self.agent.id.clone());
        self.then(Effect::Record { ticket: self.at, actor, what: What::Noted { text } });
    }

    /// Keeps the agent's words for the other agents.
    fn note(&mut self, text: &str) {
        self.because(Reason::of("note"));
        // What it shows beside its words is for agents as well.
        let shown = &self.mail.unread.text;
        let text =
            if shown.is_empty() { text.to_owned() } else { format!("{text}\n\n{shown}").trim_start().to_owned() };
        if text.is_empty() {
            return; // There are only files, and the mail that they came with is filed already.
        }
        let actor = Actor::Agent(self.agent.id.clone());
        let what = What::Noted { text };
        self.then(Effect::Record { ticket: self.at, actor, what });
    }

    fn escalate(&mut self, tier: Option<Tier>, reason: &str) -> String {
        // Above a team on the last tier stand the tier's own people.
        let above = self.ticket.tier.above().or(self.ticket.team.as_ref().map(|_| self.ticket.tier));
        let Some(tier) = tier.or(above) else {
            return "tier-3 is the last one; there is nobody to escalate to".to_owned();
        };
        let from = self.ticket.whose().to_owned();
        self.because(Reason::with("escalated", tier));
        self.then(Effect::SetTier { ticket: self.at, tier });
        if self.ticket.team.is_some() {
            self.then(Effect::SetTeam { ticket: self.at, team: None });
        }
        let is_in_tier = |id: &AgentId| self.policy.agent(id).is_some_and(|agent| agent.tier == tier);
        if self.ticket.assignee.as_ref().is_some_and(|id| !is_in_tier(id)) {
            self.then(Effect::SetAssignee { ticket: self.at, agent: None });
        }
        let requester = self.ticket.requester().map(|party| party.address.clone());
        let news = News::Escalated { by: self.agent.id.clone(), reason: reason.to_owned() };
        let notification = Notification::of(news, requester, self.ticket.last_words.clone());
        let team = self.policy.agents_of(tier);
        for agent in team.iter().filter(|agent| agent.id != self.agent.id) {
            self.then(Effect::Send(Draft {
                ticket: Some(self.at),
                to: agent.address.clone(),
                content: Content::Notification(Box::new(notification.clone())),
                attachments: Vec::new(),
                in_reply_to: None,
            }));
        }
        if self.policy.agents.iter().any(|agent| agent.tier == tier) {
            format!("{from} → {tier}; its people have been told")
        } else {
            format!("{from} → {tier}, which has no agent of its own; everybody has been told")
        }
    }

    fn resolve(&mut self, resolution: Resolution) -> String {
        self.because(Reason::of("resolved"));
        let issue = self.ticket.subject.clone();
        let Resolution { root_cause, solution, verification } = resolution;
        let actor = Actor::Agent(self.agent.id.clone());
        let what = What::ResolutionSent {
            root_cause: root_cause.clone(),
            solution: solution.clone(),
            verification: verification.clone(),
        };
        self.then(Effect::Record { ticket: self.at, actor, what });
        self.send_to_customers(Content::Resolution { issue, root_cause, solution, verification });
        let at = self.at;
        self.decide(|decision, ticket| clear_all(page::dropped(decision, ticket), at));
        self.then(Effect::SetStatus { ticket: at, status: Status::Resolved });
        self.note_answered();
        match self.audience() {
            readers if readers.is_empty() => format!("the solution is kept for agents; {NO_READERS}"),
            readers => format!("the solution was sent to {readers}; their confirmation closes the ticket"),
        }
    }

    /// Sends the agent's words to the customer's side, which ends the wait for a first answer. The last words on a
    /// ticket promise no update.
    fn answer(&mut self, text: &str, is_last: bool) {
        self.because(Reason::of("answer"));
        let is_open = self.ticket.status.is_open() && !is_last;
        let due_at = self.policy.pace_of(&self.ticket).next_update(self.now).due_at;
        let content = Content::Reply { text: text.to_owned(), expected_update_at: is_open.then_some(due_at) };
        self.send_to_customers(content);
        self.note_answered();
        if is_open {
            let (at, policy, now) = (self.at, self.policy, self.now);
            self.decide(|decision, ticket| watch(decision, at, &policy.pace_of(ticket), now));
        }
    }

    fn note_answered(&mut self) {
        let at = self.at;
        if self.ticket.first_response_at.is_none() {
            self.then(Effect::NoteFirstResponse { ticket: at });
            self.then(Effect::ClearDeadline { ticket: at, kind: DeadlineKind::FirstResponse });
        }
        if self.ticket.held_count > 0 {
            self.then(Effect::SetHeldCount { ticket: at, count: 0 });
        }
        // Promises need somebody to remind: who answers first has the ticket until somebody else takes it.
        if self.ticket.assignee.is_none() {
            self.because(Reason::with("taken-by-answering", &self.agent.id));
            self.then(Effect::SetAssignee { ticket: at, agent: Some(self.agent.id.clone()) });
        }
    }

    fn send_to_customers(&mut self, content: Content) {
        let attachments: Vec<usize> = files(self.mail).collect();
        let recipients: Vec<Address> = self.policy.readers(&self.ticket).map(|party| party.address.clone()).collect();
        for to in recipients {
            self.then(Effect::Send(Draft {
                ticket: Some(self.at),
                to,
                content: content.clone(),
                attachments: attachments.clone(),
                in_reply_to: None,
            }));
        }
    }

    fn audience(&self) -> String {
        let readers = self.policy.readers(&self.ticket);
        readers.map(|party| party.address.address.as_str()).collect::<Vec<_>>().join(", ")
    }
}

/// Does to a ticket what an effect will do to it, as far as commands ask for it.
fn follow(ticket: &mut Ticket, effect: &Effect, now: Timestamp) {
    match effect {
        Effect::SetStatus { status, .. } => ticket.status = *status,
        Effect::SetSeverity { severity, .. } => ticket.severity = *severity,
        Effect::SetTier { tier, .. } => ticket.tier = *tier,
        Effect::SetTeam { team, .. } => ticket.team.clone_from(team),
        Effect::SetAssignee { agent, .. } => ticket.assignee.clone_from(agent),
        Effect::NoteFirstResponse { .. } => ticket.first_response_at = Some(now),
        Effect::SetHeldCount { count, .. } => ticket.held_count = *count,
        Effect::SetPaging { paging, .. } => ticket.paging = *paging,
        Effect::SetDeadline { kind: DeadlineKind::Update, due_at, .. } => ticket.update_due_at = Some(*due_at),
        Effect::ClearDeadline { kind: DeadlineKind::Update, .. } => ticket.update_due_at = None,
        _ => {}
    }
}
