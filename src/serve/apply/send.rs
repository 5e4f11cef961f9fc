//! A draft of a decision: given its number, its ids and its files, so that it can be composed.

use super::Applying;
use crate::compose::{self, Stamps};
use crate::decide::draft::Draft;
use crate::decide::{self, Failure};
use crate::message::MessageId;
use crate::serve::working::{Enclosed, Pending};
use crate::thread::token::{OwnId, Token};
use crate::ticket::event::{Actor, What};
use crate::ticket::people::{Party, PartyId, Role};
use crate::ticket::purpose::Purpose;
use crate::ticket::{Chain, TicketId};

impl Applying<'_> {
    pub(super) fn send(&mut self, draft: Draft) {
        let purpose = draft.content.purpose();
        let id = draft.ticket.and_then(|ticket| self.id(ticket));
        if self.is_unaddressable(id, &draft) {
            return self.cannot_send(id, &draft);
        }
        let enclosed = self.enclosed(&draft.attachments);
        let pending = match id {
            Some(id) => self.stamp_on_ticket(id, draft, enclosed),
            None => Some(self.stamp_alone(draft, enclosed)),
        };
        let Some(pending) = pending else { return };
        if purpose.counts_towards_caps() {
            self.working.count_automatic(&pending.to, id, purpose);
        }
        if let (Purpose::Notification, Some(id)) = (purpose, id) {
            *self.working.told.entry(id).or_default() += 1;
        }
        if let Some(id) = id {
            let what = What::Written {
                to: pending.to.address.clone(),
                template: purpose.as_str().to_owned(),
                message_id: pending.stamps.message_id.0.clone(),
            };
            let actor = if purpose.is_automatic() { Actor::Postroom } else { self.actor.clone() };
            if let Actor::Agent(agent) = &actor {
                self.working.written_by.insert(pending.stamps.message_id.clone(), agent.clone());
            }
            self.record(id, actor, what);
        }
        self.working.pending.push(pending);
    }

    /// Whether no mail can be sent to where this one should go.
    fn is_unaddressable(&self, id: Option<TicketId>, draft: &Draft) -> bool {
        let ticket = id.and_then(|id| self.working.tickets.get(&id));
        let to = ticket.and_then(|ticket| ticket.party_of(&draft.to)).map_or(&draft.to, Party::destination);
        !compose::is_usable_address(to)
    }

    /// Treats a mail that cannot be addressed as one that was refused: the timeline and the agents hear of it.
    fn cannot_send(&mut self, id: Option<TicketId>, draft: &Draft) {
        let Some(ticket) = id.and_then(|id| self.working.tickets.get(&id)).cloned() else { return };
        let failure = Failure {
            purpose: draft.content.purpose(),
            recipient: draft.to.address.clone(),
            status: None,
            diagnostic: "no mail can be addressed to this".to_owned(),
            written_by: match &self.actor {
                Actor::Agent(agent) if !draft.content.purpose().is_automatic() => Some(agent.clone()),
                _ => None,
            },
        };
        for effect in decide::on_delivery(&failure, &ticket, self.policy, self.now).effects {
            self.effect(effect);
        }
    }

    /// Gives a mail on a ticket its number, its ids and its place in what its reader has seen.
    fn stamp_on_ticket(&mut self, id: TicketId, draft: Draft, enclosed: Option<Enclosed>) -> Option<Pending> {
        if self.working.tickets.get(&id)?.party_of(&draft.to).is_none() {
            let role = if self.policy.agent_at(&draft.to).is_some() { Role::Agent } else { Role::Correspondent };
            let ticket = self.working.tickets.get_mut(&id)?;
            let party = ticket.next_party_id();
            let address = draft.to.clone();
            let chain = Chain::default();
            ticket.parties.push(Party { id: party, address, answer_to: None, role, chain, utc_offset_minutes: None });
        }
        let support = &self.policy.support_address;
        let tokens = &self.signature.tokens;
        let ticket = self.working.tickets.get_mut(&id)?;
        self.working.changed.insert(id);
        ticket.last_sequence += 1;
        let sequence = ticket.last_sequence;
        let party = ticket.parties.iter_mut().rev().find(|party| party.address == draft.to)?;
        let token = Token::new(id, party.id, self.now);
        let own = OwnId { token, sequence, purpose: draft.content.purpose() };
        let message_id = MessageId(tokens.message_id(&own, &support.domain()));
        let answered = draft.in_reply_to.clone().filter(|id| !MessageId(id.clone()).is_made_up());
        let in_reply_to = answered.or_else(|| party.chain.newest().map(str::to_owned));
        let references = in_reply_to.iter().flat_map(|parent| party.chain.references(parent));
        let references: Vec<MessageId> = references.map(|id| MessageId(id.to_owned())).collect();
        party.chain.push(&message_id, false);
        let reply_address = match self.policy.sub_addressing {
            true => tokens.address(&token, &support.address),
            false => support.address.clone(),
        };
        let stamps = Stamps {
            message_id,
            reply_address,
            marker: tokens.marker(&token),
            in_reply_to: in_reply_to.map(MessageId),
            references,
            instance: self.signature.instance.clone(),
        };
        let (party_id, to) = (party.id, party.destination().clone());
        // The customer's words are in the draft where they are to be shown, and may be long.
        let last_words = std::mem::take(&mut ticket.last_words);
        let shown = ticket.clone();
        ticket.last_words = last_words;
        let ticket = Some(shown);
        Some(Pending { draft, ticket, party: Some(party_id), to, stamps, enclosed, at: self.now })
    }

    /// Gives a mail without a ticket its ids; the same notice about the same mail always has the same one.
    fn stamp_alone(&self, draft: Draft, enclosed: Option<Enclosed>) -> Pending {
        let support = &self.policy.support_address;
        let about = self.received.map(|received| received.mail.inbox).unwrap_or_default();
        let sequence = u32::try_from(about).unwrap_or(u32::MAX);
        let token = Token::new(TicketId(0), PartyId(0), self.now);
        let own = OwnId { token, sequence, purpose: draft.content.purpose() };
        let answered = draft.in_reply_to.clone().map(MessageId).filter(|id| !id.is_made_up());
        let stamps = Stamps {
            message_id: MessageId(self.signature.tokens.message_id(&own, &support.domain())),
            reply_address: support.address.clone(),
            marker: String::new(),
            references: answered.iter().cloned().collect(),
            in_reply_to: answered,
            instance: self.signature.instance.clone(),
        };
        let to = draft.to.clone();
        Pending { draft, ticket: None, party: None, to, stamps, enclosed, at: self.now }
    }

    /// The attachments of the mail in hand that go along.
    fn enclosed(&self, wanted: &[usize]) -> Option<Enclosed> {
        let received = self.received.filter(|_| !wanted.is_empty())?;
        let attachments = received.mail.message.attachments.iter().filter(|file| wanted.contains(&file.index));
        Some(Enclosed { raw: received.raw?.clone(), files: attachments.cloned().collect() })
    }
}
