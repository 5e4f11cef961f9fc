//! Everything that the loops share: the store, the clock, the rules of the house, and what we sign with.

use super::apply::Signature;
use super::health::Health;
use super::room::Room;
use crate::classify::RuleSet;
use crate::clock::Clock;
use crate::compose;
use crate::compose::template::Templates;
use crate::config::Config;
use crate::decide::policy::Policy;
use crate::message::Reader;
use crate::store::{Store, StoreError};
use crate::thread::token::TokenKey;
use crate::ticket::people::TeamId;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// A desk that is ready to work. Cheap to clone.
#[derive(Clone)]
pub struct Desk {
    /// The database.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// What changes seldom while the desk works.
    house: Arc<RwLock<Arc<House>>>,
    /// How it fares.
    pub health: Health,
    /// Memory for large mails.
    pub room: Room,
}

/// What changes seldom while a desk works: only when its rules are others, and then all at once.
#[derive(Debug, Clone)]
pub struct House {
    /// The rules of the house.
    pub policy: Policy,
    /// The rules that mails are judged by.
    pub rules: Arc<RuleSet>,
    /// Rules that are tried out as a whole: what they would say is told, and nothing follows from it.
    pub shadow: Option<Arc<RuleSet>>,
    /// The words of our mails.
    pub templates: Arc<Templates>,
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
        policy.category_titles = titles(&rules);
        let reader = Reader { instance: instance.id.clone(), ..config.reader() };
        let signature = Signature { tokens: TokenKey::new(instance.token_key), instance: instance.id };
        let (zone, templates) = (config.zone.clone(), Arc::new(templates));
        let house = House { policy, rules, shadow: None, templates, zone, reader, signature };
        Self {
            store,
            clock,
            house: Arc::new(RwLock::new(Arc::new(house))),
            health: Health::default(),
            room: Room::default(),
        }
    }

    /// The house as it is now. A piece of work asks once, so that all of it is done by the same rules.
    pub fn house(&self) -> Arc<House> {
        self.house.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The teams that are not in the configuration any more and have tickets that are being worked on, with how many:
    /// their tiers' people do.
    pub async fn teams_that_are_gone(&self) -> Result<Vec<(TeamId, usize)>, StoreError> {
        let mut teams = self.store.teams_at_work().await?;
        let house = self.house();
        teams.retain(|(team, _)| house.policy.team(team).is_none());
        Ok(teams)
    }

    /// The calendars that are not in the configuration any more and by which something is promised on tickets, with on
    /// how many: time runs around the clock for these.
    pub async fn calendars_that_are_gone(&self) -> Result<Vec<(String, usize)>, StoreError> {
        let mut calendars = self.store.promised_calendars().await?;
        let house = self.house();
        calendars.retain(|(name, _)| !house.policy.calendars.contains_key(name));
        Ok(calendars)
    }

    /// Takes other rules into force, for all clones of the desk.
    pub fn put_in_force(&self, rules: RuleSet) {
        self.change(|house| {
            house.policy.category_titles = titles(&rules);
            house.rules = Arc::new(rules);
        });
    }

    /// Tries other rules out.
    pub fn put_in_shadow(&self, rules: RuleSet) {
        self.change(|house| house.shadow = Some(Arc::new(rules)));
    }

    fn change(&self, change: impl FnOnce(&mut House)) {
        let mut house = self.house.write().unwrap_or_else(PoisonError::into_inner);
        let mut changed = House::clone(&house);
        change(&mut changed);
        *house = Arc::new(changed);
    }
}

fn titles(rules: &RuleSet) -> BTreeMap<String, String> {
    rules.categories().iter().map(|category| (category.name.clone(), category.title.clone())).collect()
}

impl House {
    /// What all our mails are written with.
    pub fn letterhead(&self) -> compose::Desk<'_> {
        compose::Desk { policy: &self.policy, zone: &self.zone, templates: &self.templates }
    }
}
