//! The patterns of all rules, compiled together.
//!
//! For each field a literal prefilter tells which patterns can match at all; only those are run. So what a mail
//! costs hardly depends on how many rules there are.

use super::pattern::{Checked, Field, Pattern, PatternError, PatternId, check, check_unlimited};
use super::prefilter::Prefilter;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

/// A pattern as some rules use it.
pub(super) struct SetPattern {
    /// The pattern.
    pub pattern: Pattern,
    /// Whether its `value` and `unit` groups are wanted.
    pub measures: bool,
}

/// Puts the patterns of all rules together; the same pattern on the same field is one.
#[derive(Default)]
pub(super) struct SetBuilder {
    patterns: Vec<SetPattern>,
    ids: HashMap<(Field, String, bool), PatternId>,
    checked: HashMap<String, Rc<Checked>>,
    fields: BTreeMap<Field, Vec<(PatternId, Rc<Checked>)>>,
}

impl SetBuilder {
    /// Reads a pattern, once.
    pub(super) fn check(&mut self, source: &str) -> Result<Rc<Checked>, PatternError> {
        self.check_with(source, check)
    }

    fn check_with(
        &mut self,
        source: &str,
        check: fn(&str) -> Result<Checked, PatternError>,
    ) -> Result<Rc<Checked>, PatternError> {
        if let Some(known) = self.checked.get(source) {
            return Ok(known.clone());
        }
        let checked = Rc::new(check(source)?);
        self.checked.insert(source.to_owned(), checked.clone());
        Ok(checked)
    }

    /// Adds a pattern on a field.
    pub(super) fn add(&mut self, field: &Field, source: &str, measures: bool) -> Result<PatternId, PatternError> {
        let checked = self.check(source)?;
        Ok(self.insert(field, source, measures, checked))
    }

    /// Adds a pattern made from phrases. Lists of phrases are limited by their number, not by a pattern's length.
    pub(super) fn add_phrases(&mut self, field: &Field, source: &str) -> Result<PatternId, PatternError> {
        let checked = self.check_with(source, check_unlimited)?;
        Ok(self.insert(field, source, false, checked))
    }

    fn insert(&mut self, field: &Field, source: &str, measures: bool, checked: Rc<Checked>) -> PatternId {
        let next = PatternId(self.patterns.len() as u32);
        let id = *self.ids.entry((field.clone(), source.to_owned(), measures)).or_insert(next);
        if id == next {
            self.patterns.push(SetPattern { pattern: checked.pattern().clone(), measures });
            self.fields.entry(field.clone()).or_default().push((id, checked));
        }
        id
    }

    /// Builds the prefilters.
    pub(super) fn build(self) -> Result<PatternSet, aho_corasick::BuildError> {
        let mut fields = Vec::new();
        for (field, patterns) in self.fields {
            let prefilter = Prefilter::build(patterns.iter().map(|(_, checked)| checked.hir()))?;
            fields.push(FieldSet { field, ids: patterns.into_iter().map(|(id, _)| id).collect(), prefilter });
        }
        Ok(PatternSet { patterns: self.patterns, fields })
    }
}

/// All patterns of a rule set.
pub(super) struct PatternSet {
    patterns: Vec<SetPattern>,
    fields: Vec<FieldSet>,
}

impl PatternSet {
    /// The patterns, field by field.
    pub(super) fn fields(&self) -> &[FieldSet] {
        &self.fields
    }

    /// One pattern.
    pub(super) fn pattern(&self, id: PatternId) -> &SetPattern {
        &self.patterns[id.0 as usize]
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.patterns.len()
    }
}

/// The patterns on one field.
pub(super) struct FieldSet {
    /// The field.
    pub field: Field,
    ids: Vec<PatternId>,
    prefilter: Prefilter,
}

impl FieldSet {
    /// All patterns on the field.
    pub(super) fn ids(&self) -> &[PatternId] {
        &self.ids
    }

    /// The patterns that can match the text, and where.
    pub(super) fn candidates(&self, text: &str) -> impl Iterator<Item = (PatternId, Option<Vec<usize>>)> {
        self.prefilter.candidates(text).into_iter().map(|candidate| (self.ids[candidate.pattern], candidate.starts))
    }
}
