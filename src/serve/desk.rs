//! Everything that the loops share: the store, the clock, the rules of the house, and what we sign with.

use super::apply::Signature;
use super::health::Health;
use crate::classify::RuleSet;
use crate::clock::Clock;
use crate::compose;
use crate::compose::template::Templates;
use crate::config::Config;
use crate::decide::policy::Policy;
use crate::message::Reader;
use crate::store::Store;
use crate::thread::token::TokenKey;
use jiff::tz::TimeZone;
use std::sync::Arc;

/// A desk that is ready to work. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// What does not change while the desk works.
    pub house: Arc<House>,
    /// How it fares.
    pub health: Health,
}

/// What does not change while a desk works.
#[derive(Debug)]
pub struct House {
    /// The rules of the house.
    pub policy: Policy,
    /// The rules that mails are judged by.
    pub rules: Arc<RuleSet>,
    /// The words of our mails.
    pub templates: Templates,
    /// The desk's zone.
    pub zone: TimeZone,
    /// What reading a mail needs to know of us.
    pub reader: Reader,
    /// What our mails are signed with.
    pub signature: Signature,
}

impl Desk {
    /// A desk from its parts.
    pub fn new(
        store: Store,
        clock: Clock,
        config: &Config,
        rules: impl Into<Arc<RuleSet>>,
        templates: Templates,
    ) -> Self {
        let instance = store.instance().clone();
        let (rules, mut policy) = (rules.into(), config.policy.clone());
        policy.category_titles =
            rules.categories().iter().map(|category| (category.name.clone(), category.title.clone())).collect();
        let reader = Reader {
            authserv_ids: config.authserv_ids.clone(),
            own_addresses: policy.own_addresses.clone(),
            instance: instance.id.clone(),
        };
        let signature = Signature { tokens: TokenKey::new(instance.token_key), instance: instance.id };
        let house = House { policy, rules, templates, zone: config.zone.clone(), reader, signature };
        Self { store, clock, house: Arc::new(house), health: Health::default() }
    }
}

impl House {
    /// What all our mails are written with.
    pub fn letterhead(&self) -> compose::Desk<'_> {
        compose::Desk { policy: &self.policy, zone: &self.zone, templates: &self.templates }
    }
}
