//! The people of the configuration: `[[agent]]`, the `[[team]]` tables that put agents together, and who is `[on_call]`.

use super::address::is_one;
use super::section::{At, Section};
use crate::classify::{MAX_NAME_BYTES, NO_NAME};
use crate::finding::did_you_mean;
use crate::message::Address;
use crate::ticket::Tier;
use crate::ticket::people::{Agent, AgentId, Team, TeamId};
use jiff::SignedDuration;

/// Reads the agents, and the names of all tables of agents, whatever else is wrong in one.
pub(super) fn agents(root: &Section<'_>) -> (Vec<Agent>, Vec<AgentId>) {
    let tiers = [Tier::One, Tier::Two, Tier::Three];
    let words: Vec<&str> = tiers.iter().map(|tier| tier.as_str()).collect();
    let (mut agents, mut named): (Vec<Agent>, Vec<AgentId>) = (Vec::new(), Vec::new());
    for section in root.tables("agent") {
        let name = section.required("name", "\"bob\"");
        let at = section.required("address", "\"Bob Builder <bob@example.com>\"");
        let at = at.and_then(|text| read_address(&section, &text).map(|address| (address, text.span)));
        let from_word = |word: &str| Tier::from_word(word).filter(|tier| tiers.contains(tier));
        let tier = section.word("tier", from_word, &words).unwrap_or(Tier::One);
        section.finish();
        let Some(name) = name else { continue };
        let id = AgentId(name.value.trim().to_lowercase());
        named.push(id.clone());
        let Some((address, span)) = at else { continue };
        if !id.0.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
            let message = format!("`{}` is no agent's name", name.value);
            section.wrong(name.span.clone(), message, "one word, as it is to stand in lists: bob".to_owned());
        }
        if agents.iter().any(|agent| agent.id == id) {
            section.wrong(name.span, format!("there are two agents named `{id}`"), None);
        }
        if agents.iter().any(|agent| agent.address == address) {
            section.wrong(span, format!("two agents have the address {}", address.address), None);
        }
        agents.push(Agent { id, address, tier });
    }
    if agents.is_empty() {
        root.wrong(
            0..0,
            "there is no agent, so nobody would hear of a ticket",
            "write [[agent]] with name = \"bob\" and address = \"bob@example.com\"".to_owned(),
        );
    }
    (agents, named)
}

/// Reads the teams.
pub(super) fn teams(root: &Section<'_>, agents: &[AgentId]) -> Vec<Team> {
    let mut teams: Vec<Team> = Vec::new();
    for section in root.tables("team") {
        let name = section.required("name", "\"billing\"");
        let members = members(&section, agents, "nobody would hear of the team's tickets");
        section.finish();
        let Some(name) = name else { continue };
        let id = TeamId(name.value.trim().to_lowercase());
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        if !id.0.chars().all(fits) {
            let message = format!("`{}` is no team's name", name.value);
            section.wrong(name.span.clone(), message, "one word, as it is to stand in rules: billing".to_owned());
        }
        if Tier::from_word(&id.0).is_some() {
            let message = format!("a team cannot be named `{id}`: that is a tier");
            section.wrong(name.span.clone(), message, "name it after what it works on: billing".to_owned());
        }
        if id.0.len() > MAX_NAME_BYTES {
            let message = format!("a team's name has at most {MAX_NAME_BYTES} characters, and this one {}", id.0.len());
            section.wrong(name.span.clone(), message, "no rule could name it: write one word, billing".to_owned());
        }
        if id.0 == NO_NAME {
            let message =
                format!("a team cannot be named `{NO_NAME}`: that is how rules' cases say that there is none");
            section.wrong(name.span.clone(), message, "name it after what it works on: billing".to_owned());
        }
        if teams.iter().any(|team| team.id == id) {
            section.wrong(name.span, format!("there are two teams named `{id}`"), None);
        }
        teams.push(Team { id, members });
    }
    teams
}

/// Who is on call, and how long after a page its ticket pages again at the earliest.
pub(super) struct OnCall {
    pub agents: Vec<AgentId>,
    pub page_again_after: SignedDuration,
}

/// Reads who is on call. An alert that begins again is the same one for `alert_reopen_window`.
pub(super) fn on_call(root: &Section<'_>, agents: &[AgentId], alert_reopen_window: SignedDuration) -> OnCall {
    let section = root.table("on_call");
    let agents = if section.is_there() { members(&section, agents, "nobody would be paged") } else { Vec::new() };
    let page_again_after = section.duration("page_again_after", SignedDuration::from_mins(15));
    if section.is_there() && alert_reopen_window < page_again_after {
        let message = "an alert that begins again after `alert_reopens_within` opens a new ticket, which pages at once, \
                       however short the time since the last page";
        let hint = "make `alert_reopens_within` in [desk] as long as `page_again_after`, which is 15m where it is not \
                    written, or longer";
        section.warn(section.span_of("page_again_after"), message, hint.to_owned());
    }
    section.finish();
    OnCall { agents, page_again_after }
}

/// The agents that a table names; `otherwise` says what comes of naming none.
fn members(section: &Section<'_>, agents: &[AgentId], otherwise: &str) -> Vec<AgentId> {
    let hint = || "write agents = [\"bob\", \"sue\"], the names of [[agent]] tables".to_owned();
    if !section.has("agents") {
        section.wrong(section.span(), format!("there are no `agents`: {otherwise}"), hint());
        return Vec::new();
    }
    let written = section.texts("agents");
    if written.is_empty() && section.is_list("agents") {
        section.wrong(section.span_of("agents"), format!("the list of agents is empty: {otherwise}"), hint());
    }
    let mut members: Vec<AgentId> = Vec::new();
    for At { value, span } in written {
        let id = AgentId(value.trim().to_lowercase());
        if !agents.contains(&id) {
            let meant = did_you_mean(&id.0, agents.iter().map(|agent| agent.0.as_str()));
            let hint = meant.unwrap_or_else(|| "[[agent]] declares one".to_owned());
            section.wrong(span, format!("there is no agent `{value}`"), hint);
        } else if members.contains(&id) {
            section.wrong(span, format!("`{id}` stands there twice"), None);
        } else {
            members.push(id);
        }
    }
    members
}

/// Reads `ann@example.com` or `Ann Example <ann@example.com>`.
pub(super) fn read_address(section: &Section<'_>, text: &At<String>) -> Option<Address> {
    let written = text.value.trim();
    let (name, address) = match written.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()), address.trim()),
        None => (None, written),
    };
    if !is_one(address) {
        let hint = "write \"bob@example.com\" or \"Bob Builder <bob@example.com>\"".to_owned();
        section.wrong(text.span.clone(), format!("`{written}` is no address"), hint);
        return None;
    }
    Some(Address { name: name.filter(|name| !name.is_empty()), address: address.to_owned() })
}
