//! The rules of the house, as the configuration gives them.

use crate::classify::Names;
use crate::message::{Address, Message};
use crate::ticket::calendar::Calendar;
use crate::ticket::people::{Agent, AgentId, Party, Role, Team, TeamId, Who};
use crate::ticket::sla::{Pace, SlaTable};
use crate::ticket::{Severity, Ticket, Tier};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// Everything a decision needs to know about the desk.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The desk's name, which signs its mails.
    pub desk_name: String,
    /// The address that customers write to, and that we write from.
    pub support_address: Address,
    /// All addresses that are ours, in lower case, without sub-address.
    pub own_addresses: Vec<String>,
    /// Who works here.
    pub agents: Vec<Agent>,
    /// Who of them works on one kind of question.
    pub teams: Vec<Team>,
    /// Who of them is told at once of what cannot wait.
    pub on_call: Vec<AgentId>,
    /// How long after a page its ticket pages again at the earliest.
    pub page_again_after: SignedDuration,
    /// Whether a server we trust authenticates senders, so that a sender whom nobody vouches for says something.
    pub authenticates: bool,
    /// Addresses of monitoring systems, in lower case; `@host.example` stands for a whole domain.
    pub monitors: Vec<String>,
    /// Named opening hours: rules ask whether they are open, and have promises run in them.
    pub calendars: BTreeMap<String, Calendar>,
    /// Named lists of customers' addresses and `@domains`, in lower case.
    pub customer_lists: BTreeMap<String, Vec<String>>,
    /// What each severity promises.
    pub sla: SlaTable,
    /// The severity when no rule asks for one.
    pub default_severity: Severity,
    /// How much automatic mail may go out.
    pub caps: Caps,
    /// Whether an acknowledgement may repeat the words of a sender whom nobody vouches for.
    pub echo_to_unauthenticated: bool,
    /// Whether each ticket has answer addresses of its own below the desk's (RFC 5233).
    pub sub_addressing: bool,
    /// How old a mail may be and still be acknowledged: nobody wants a receipt for what they wrote last month.
    pub acknowledge_within: SignedDuration,
    /// For how long an answer on a closed ticket reopens it; later it opens a new one.
    pub reopen_window: SignedDuration,
    /// How long a ticket may be idle until a mail with another subject opens a new one.
    pub idle_window: SignedDuration,
    /// For how long after its end an alert that begins again opens its old ticket; later it opens a new one.
    pub alert_reopen_window: SignedDuration,
    /// For how long an agent's reply address proves that the agent wrote.
    pub agent_token_age: SignedDuration,
    /// The largest mail that is fetched.
    pub max_mail_bytes: u64,
    /// Titles of the categories, for customers.
    pub category_titles: BTreeMap<String, String>,
}

/// How much automatic mail may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// To one address within an hour.
    pub per_address_hour: u32,
    /// To one address within a day.
    pub per_address_day: u32,
    /// To all addresses of one domain within an hour.
    pub per_domain_hour: u32,
    /// On one ticket within ten minutes.
    pub per_ticket_10_minutes: u32,
    /// On one ticket within ten hours.
    pub per_ticket_10_hours: u32,
    /// By the whole desk within an hour.
    pub per_desk_hour: u32,
}

impl Default for Caps {
    fn default() -> Self {
        Self {
            per_address_hour: 3,
            per_address_day: 10,
            per_domain_hour: 5_000,
            per_ticket_10_minutes: 10,
            per_ticket_10_hours: 100,
            per_desk_hour: 10_000,
        }
    }
}

/// Whether the address is one of these, which are in lower case, whatever its sub-address (RFC 5233).
pub fn is_among(list: &[String], address: &Address) -> bool {
    let key = address.key();
    let plain = key.split_once('+').zip(key.rsplit_once('@')).map(|((local, _), (_, domain))| (local, domain));
    list.iter().any(|own| *own == key || plain.is_some() && own.rsplit_once('@') == plain)
}

/// Automatic mail that went out lately: to one address, on one ticket, by the whole desk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// To the address within the last hour.
    pub address_hour: u32,
    /// To the address within the last day.
    pub address_day: u32,
    /// To its domain within the last hour.
    pub domain_hour: u32,
    /// On the ticket within the last ten minutes.
    pub ticket_10_minutes: u32,
    /// On the ticket within the last ten hours.
    pub ticket_10_hours: u32,
    /// Notifications of agents on the ticket within the last ten minutes.
    pub told_10_minutes: u32,
    /// By the desk within the last hour.
    pub desk_hour: u32,
    /// Notices to the address within the last day that a mail such as this one was not taken.
    pub notices_day: u32,
}

impl Policy {
    /// The agent with this address.
    pub fn agent_at(&self, address: &Address) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.address == *address)
    }

    /// The agent with this short name; case does not matter.
    pub fn agent(&self, id: &AgentId) -> Option<&Agent> {
        self.agents.iter().find(|agent| agent.id.0.eq_ignore_ascii_case(&id.0))
    }

    /// The agents of a tier; all of them for [`Tier::Everyone`], and for a tier that nobody is in.
    pub fn agents_of(&self, tier: Tier) -> Vec<&Agent> {
        let members: Vec<&Agent> =
            self.agents.iter().filter(|agent| tier == Tier::Everyone || agent.tier == tier).collect();
        if members.is_empty() { self.agents.iter().collect() } else { members }
    }

    /// The team of this name.
    pub fn team(&self, id: &TeamId) -> Option<&Team> {
        self.teams.iter().find(|team| team.id == *id)
    }

    /// The agents who work on what nobody has taken: the team's, else the tier's. A team that is not in the
    /// configuration any more stands in nobody's way.
    pub fn people_for(&self, team: Option<&TeamId>, tier: Tier) -> Vec<&Agent> {
        let members = team.and_then(|team| self.team(team)).map_or(Vec::new(), |team| self.named(&team.members));
        if members.is_empty() { self.agents_of(tier) } else { members }
    }

    /// The agents on call.
    pub fn agents_on_call(&self) -> Vec<&Agent> {
        self.named(&self.on_call)
    }

    /// When a ticket that was paged for at this time may page again; `None` if it may by now.
    pub fn next_page_at(&self, paged_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
        // A clock that was ahead then keeps nobody waiting for longer.
        let at = paged_at.min(now).checked_add(self.page_again_after).unwrap_or(Timestamp::MAX);
        (at > now).then_some(at)
    }

    fn named(&self, ids: &[AgentId]) -> Vec<&Agent> {
        ids.iter().filter_map(|id| self.agent(id)).collect()
    }

    /// What rules may name, beside the acknowledgements that there are among the templates.
    pub fn names(&self, acknowledgements: Vec<String>) -> Names {
        Names {
            calendars: self.calendars.keys().cloned().collect(),
            customer_lists: self.customer_lists.keys().cloned().collect(),
            teams: self.teams.iter().map(|team| team.id.0.clone()).collect(),
            has_on_call: !self.on_call.is_empty(),
            acknowledgements,
        }
    }

    /// Whether the address is one of ours, whatever its sub-address (RFC 5233).
    pub fn is_ours(&self, address: &Address) -> bool {
        is_among(&self.own_addresses, address)
    }

    /// Where an answer to this mail goes: `Reply-To`, unless that is the desk itself or one of its people, who would
    /// then be written to in the desk's own name; else `From`.
    pub fn addressee<'m>(&self, message: &'m Message) -> Option<&'m Address> {
        let wanted = message.reply_to.first().filter(|to| !self.is_ours(to) && self.agent_at(to).is_none());
        wanted.or_else(|| message.author())
    }

    /// Who has this address; `is_known` says that it has, or had, a ticket.
    pub fn who(&self, address: &Address, is_known: bool) -> Who {
        if self.is_ours(address) {
            Who::Ourselves
        } else if is_listed(&self.monitors, address) {
            Who::Monitor
        } else if let Some(agent) = self.agent_at(address) {
            Who::Agent(agent.id.clone())
        } else if is_known {
            Who::Customer
        } else {
            Who::Stranger
        }
    }

    /// Those around a ticket whom an agent's words go to: everybody on the customer's side but monitors, which read
    /// nothing.
    pub fn readers<'t>(&self, ticket: &'t Ticket) -> impl Iterator<Item = &'t Party> {
        let is_customers = |party: &&Party| party.role != Role::Agent;
        ticket.parties.iter().filter(is_customers).filter(|party| !is_listed(&self.monitors, &party.address))
    }

    /// The names of the customer lists that the address is on.
    pub fn lists_of(&self, address: &Address) -> Vec<String> {
        self.customer_lists
            .iter()
            .filter(|(_, members)| is_listed(members, address))
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// How time runs for a ticket of this severity and with this calendar, which may be gone from the configuration: then
    /// around the clock.
    pub fn pace(&self, severity: Severity, calendar: Option<&str>) -> Pace<'_> {
        self.sla.pace(severity, calendar.and_then(|name| self.calendars.get(name)))
    }

    /// How time runs for this ticket.
    pub fn pace_of(&self, ticket: &Ticket) -> Pace<'_> {
        self.pace(ticket.severity, ticket.calendar.as_deref())
    }

    /// The names of the calendars that are open at this time.
    pub fn open_calendars(&self, at: Timestamp) -> Vec<String> {
        let open = self.calendars.iter().filter(|(_, calendar)| calendar.is_open(at));
        open.map(|(name, _)| name.clone()).collect()
    }

    /// The brief description of a ticket in automatic mail: its subject, where somebody vouched for who wrote it,
    /// else the category's title: else anybody could have us write their words to anybody.
    pub fn issue<'t>(&'t self, is_vouched: bool, subject: &'t str, category: &str) -> &'t str {
        if is_vouched && !subject.is_empty() { subject } else { self.category_title(category) }
    }

    /// What customers read for a category.
    pub fn category_title(&self, category: &str) -> &str {
        self.category_titles.get(category).map_or("Your request", String::as_str)
    }
}

/// Whether a list of addresses and `@domains` has this address.
fn is_listed(list: &[String], address: &Address) -> bool {
    if list.is_empty() {
        return false;
    }
    let (key, domain) = (address.key(), format!("@{}", address.domain()));
    list.iter().any(|entry| *entry == key || *entry == domain)
}
