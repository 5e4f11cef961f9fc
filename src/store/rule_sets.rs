//! The rules that were in force, by their version: so that it can be seen which rules judged a mail, and judged again
//! by them.

use super::query::query;
use super::rows::{Columns, millis};
use super::{Store, StoreError, json};
use jiff::Timestamp;

/// Rules that were in force.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSetRow {
    /// Their version.
    pub version: String,
    /// When a worker last took them into force; `None` for rules whose files were not kept.
    pub loaded_at: Option<Timestamp>,
    /// How many mails they judged.
    pub mails: i64,
    /// When they judged the first of those, and the last.
    pub judged: Option<(Timestamp, Timestamp)>,
}

impl Store {
    /// Keeps the files of rules that come into force: name and text of each.
    pub async fn keep_rules(
        &self,
        version: &str,
        files: &[(String, String)],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        query(
            "INSERT INTO rule_sets (version, files, loaded_at) VALUES ($1, $2, $3) \
             ON CONFLICT (version) DO UPDATE SET loaded_at = excluded.loaded_at",
        )
        .bind(version)
        .bind(json(&files))
        .bind(millis(now))
        .execute(self.writer())
        .await
        .map(drop)
    }

    /// The rules that were ever in force, the last first.
    pub async fn rule_sets(&self) -> Result<Vec<RuleSetRow>, StoreError> {
        let judged = query(
            "SELECT rules_version, COUNT(*), MIN(settled_at), MAX(settled_at) FROM outcomes \
             WHERE rules_version <> '' GROUP BY rules_version",
        );
        let judged = judged.fetch_all(self.readers()).await?;
        let mut sets = Vec::new();
        for row in &judged {
            let mut columns = Columns::of(row);
            let (version, mails) = (columns.next()?, columns.next()?);
            let judged = Some((columns.next_at()?, columns.next_at()?));
            sets.push(RuleSetRow { version, loaded_at: None, mails, judged });
        }
        let kept = query("SELECT version, loaded_at FROM rule_sets").fetch_all(self.readers()).await?;
        for row in &kept {
            let mut columns = Columns::of(row);
            let (version, loaded_at): (String, _) = (columns.next()?, Some(columns.next_at()?));
            match sets.iter_mut().find(|set| set.version == version) {
                Some(set) => set.loaded_at = loaded_at,
                None => sets.push(RuleSetRow { version, loaded_at, mails: 0, judged: None }),
            }
        }
        let last = |set: &RuleSetRow| set.loaded_at.max(set.judged.map(|(_, last)| last));
        sets.sort_by(|a, b| (last(b), &a.version).cmp(&(last(a), &b.version)));
        Ok(sets)
    }

    /// The files of the rules whose version begins like this: name and text of each. The last ones that came into force
    /// where several do.
    pub async fn find_rules(&self, version: &str) -> Result<Option<(String, Vec<(String, String)>)>, StoreError> {
        let plain = version.chars().all(|c| c.is_ascii_hexdigit());
        if version.is_empty() || !plain {
            return Ok(None);
        }
        let found = query("SELECT version, files FROM rule_sets WHERE version LIKE $1 ORDER BY loaded_at DESC LIMIT 1");
        let found = found.bind(format!("{version}%")).fetch_optional(self.readers()).await?;
        let read = |row| {
            let mut columns = Columns::of(&row);
            Ok((columns.next()?, columns.next_json()?))
        };
        found.map(read).transpose()
    }
}
