//! What every decision must keep, and the values the tests of this stage share.

use super::policy::{Caps, Policy};
use crate::message::Address;
use crate::ticket::people::{Agent, AgentId};
use crate::ticket::sla::SlaTable;
use crate::ticket::{Severity, Tier};
use jiff::SignedDuration;
use std::collections::BTreeMap;

/// The desk that the tests decide for.
pub(super) fn policy() -> Policy {
    let agent = |id: &str, tier| Agent {
        id: AgentId(id.to_owned()),
        address: Address { name: None, address: format!("{id}@desk.example") },
        tier,
    };
    Policy {
        desk_name: "Example Support".to_owned(),
        support_address: Address::bare("support@desk.example"),
        own_addresses: vec!["support@desk.example".to_owned()],
        agents: vec![agent("bob", Tier::One), agent("sue", Tier::Two), agent("eve", Tier::Three)],
        monitors: vec!["alerts@monitor.example".to_owned()],
        customer_lists: BTreeMap::new(),
        sla: SlaTable::default(),
        default_severity: Severity::Medium,
        caps: Caps::default(),
        echo_to_unauthenticated: false,
        acknowledge_within: SignedDuration::from_hours(2 * 24),
        reopen_window: SignedDuration::from_hours(14 * 24),
        idle_window: SignedDuration::from_hours(30 * 24),
        agent_token_age: SignedDuration::from_hours(90 * 24),
        max_mail_bytes: 50 * 1024 * 1024,
        category_titles: BTreeMap::new(),
    }
}
