//! Reports of no standard form: recipients and reasons out of the text that servers write for people.
//!
//! It is read by the shapes that all these texts share: words that announce addresses, an address that begins a
//! line, its reason behind it or below it, a protocol of the session with lines that begin with `>>>`, `<<<` or a
//! reply code, a label with an address.

use super::line::{self, Follows, Sure};
use super::phrases::{self, Said};
use super::said;
use super::status::{self, Rating};
use crate::message::ReportedRecipient;
use crate::message::fields;
use crate::message::limits::{MAX_REPORT_LINES, MAX_REPORTED_RECIPIENTS};
use std::cell::LazyCell;
use std::collections::HashMap;

/// Recipients as a text names them, and how surely it does.
pub(super) struct Named {
    pub recipients: Vec<ReportedRecipient>,
    pub sure: Sure,
}

/// What is to be done about a recipient, by the words above it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    /// What the report as a whole says.
    Whole,
    Failed,
    Delayed,
    Delivered,
}

/// An address that a line names.
struct Candidate<'a> {
    address: String,
    sure: Sure,
    section: Section,
    line: usize,
    rest: &'a str,
}

/// Reads the recipients that a report's own words name; `lower` are the same words in lower case, and `says` is what they
/// say anywhere. `known` are addresses that its header names; then only the reasons are looked for.
pub(super) fn read(text: &str, lower: &str, says: Said, known: &[String], is_delayed: bool) -> Option<Named> {
    let lines: Vec<&str> = fields::lines(text).take(MAX_REPORT_LINES).collect();
    let all = candidates(&lines, lower, says);
    let starts: Vec<bool> = {
        let mut starts = vec![false; lines.len()];
        all.iter().filter(|c| c.sure <= Sure::Alone).for_each(|candidate| starts[candidate.line] = true);
        starts
    };
    let (chosen, sure): (Vec<Candidate<'_>>, Sure) = if known.is_empty() {
        let sure = all.iter().map(|candidate| candidate.sure).min()?;
        // What is announced and what is given a reason at once stand side by side.
        (distinct(all.into_iter().filter(|candidate| candidate.sure == sure)), sure)
    } else {
        let mut by_address: HashMap<String, Candidate<'_>> = HashMap::new();
        for candidate in all {
            let key = candidate.address.to_lowercase();
            let is_surer = by_address.get(&key).is_none_or(|known| candidate.sure < known.sure);
            if is_surer {
                by_address.insert(key, candidate);
            }
        }
        let of_header = |address: &String| {
            by_address.remove(&address.to_lowercase()).unwrap_or_else(|| Candidate {
                address: address.clone(),
                sure: Sure::Announced,
                section: Section::Whole,
                line: lines.len(),
                rest: "",
            })
        };
        (distinct(known.iter().map(of_header)), Sure::Announced)
    };
    let is_single = chosen.len() == 1;
    let as_failed = LazyCell::new(|| status::derive_rated(text, true));
    let as_delayed = LazyCell::new(|| status::derive_rated(text, false));
    let mut recipients = Vec::with_capacity(chosen.len());
    for candidate in chosen {
        let action = match candidate.section {
            Section::Whole if is_delayed => "delayed",
            Section::Whole | Section::Failed => "failed",
            Section::Delayed => "delayed",
            Section::Delivered => "delivered",
        };
        let mut diagnostic = said::of(&lines, &starts, candidate.line, candidate.rest);
        if action == "delivered" {
            let address = candidate.address;
            recipients.push(ReportedRecipient { address, action: action.to_string(), status: None, diagnostic });
            continue;
        }
        let is_failed = action == "failed";
        let whole = || if is_failed { (*as_failed).clone() } else { (*as_delayed).clone() };
        let in_session = said::in_session(&lines, &candidate.address);
        let near = [diagnostic.as_deref(), in_session.as_deref()];
        let near = near.into_iter().flatten().filter_map(|text| status::derive_rated(text, is_failed));
        // Numbers tell more than words, wherever they stand, and what stands nearer is surer.
        let surer = |best: (Rating, String), other: (Rating, String)| if other.0 > best.0 { other } else { best };
        let found = near.reduce(surer);
        let is_told = found.as_ref().is_some_and(|(rating, _)| *rating == Rating::Status);
        let anywhere = if is_single && !is_told { whole() } else { None };
        let found = found.into_iter().chain(anywhere).reduce(surer);
        let status = found.or_else(whole).map_or_else(|| status::vague(is_failed), |(_, status)| status);
        diagnostic = diagnostic.or(in_session);
        recipients.push(ReportedRecipient {
            address: candidate.address,
            action: action.to_string(),
            status: Some(status),
            diagnostic,
        });
    }
    Some(Named { recipients, sure })
}

fn distinct<'a>(candidates: impl Iterator<Item = Candidate<'a>>) -> Vec<Candidate<'a>> {
    let mut chosen: Vec<Candidate<'a>> = Vec::new();
    for candidate in candidates {
        let is_known = chosen.iter().any(|known| known.address.eq_ignore_ascii_case(&candidate.address));
        if !is_known && chosen.len() < MAX_REPORTED_RECIPIENTS {
            chosen.push(candidate);
        }
    }
    chosen
}

/// Whatever in the lines may name a recipient; `lower` are they in lower case.
fn candidates<'a>(lines: &[&'a str], lower: &str, says: Said) -> Vec<Candidate<'a>> {
    let mut found: Vec<Candidate<'a>> = Vec::new();
    let mut section = None;
    let mut is_session = false;
    let mut is_about_sender = false;
    let mut is_alias = false;
    // How deep the line is set in that began what is said of an address, while that goes on.
    let mut depth: Option<usize> = None;
    for ((at, text), lower) in lines.iter().copied().enumerate().zip(fields::lines(lower)) {
        let indent = text.len() - text.trim_start().len();
        if text.trim().is_empty() {
            depth = None;
            continue;
        }
        let has_address = text.contains('@');
        let was_alias = std::mem::replace(&mut is_alias, lower.trim_end().ends_with("from") && lower.contains('('));
        let is_below = depth.is_some_and(|depth| indent > depth);
        let mut add = |address: String, sure: Sure, section: Option<Section>, rest: &'a str| {
            let section = section.unwrap_or(Section::Whole);
            found.push(Candidate { address, sure, section, line: at, rest });
        };
        if says.transcript && !is_below && phrases::BEGINS_TRANSCRIPT.are_in(lower) {
            (is_session, section, depth) = (true, None, None);
            continue;
        }
        let is_said = lower.trim_start().starts_with("<<<");
        let command = lower.trim_start_matches([' ', '\t', '>']);
        if command.starts_with("mail from") || lower.contains("mail from:") {
            is_about_sender = true;
        } else if command.starts_with("rcpt to") || command.starts_with("data") {
            is_about_sender = false;
        }
        if has_address
            && !was_alias
            && !is_below
            && !is_session
            && let Some(opening) = line::opening(text)
        {
            let sure = match (section.is_some(), opening.follows) {
                (true, Follows::Nothing | Follows::Reason) => Some(Sure::Announced),
                (true, Follows::Words) => says_why(opening.rest).then_some(Sure::Told),
                (false, Follows::Reason) => Some(Sure::Named),
                (false, Follows::Nothing) if opening.rest.starts_with(':') => Some(Sure::Named),
                (false, Follows::Nothing) => Some(Sure::Alone),
                (false, Follows::Words) => None,
            };
            if let Some(sure) = sure {
                depth = Some(indent);
                add(opening.address, sure, section, opening.rest);
                continue;
            }
        }
        if has_address && !was_alias {
            let in_session = line::of_session(text, lower, is_about_sender && is_said);
            if let Some(address) = in_session {
                add(address.address, Sure::Session, section.filter(|s| *s == Section::Delayed), text);
            } else if let Some(address) = line::generated_by(text, lower) {
                add(address.address, Sure::Field, section, text);
                continue;
            } else if !is_below && let Some((sure, opening)) = line::labelled(text) {
                depth = Some(indent);
                add(opening.address, sure, section, opening.rest);
                continue;
            }
        }
        if !is_below && phrases::ANNOUNCES.are_in(lower) {
            is_session = false;
            section = Some(section_of(lower));
            if has_address {
                for address in line::told(text, lower) {
                    add(address.address, Sure::Told, section, &text[address.end..]);
                }
            }
        } else if says.delivered && phrases::SAYS_DELIVERED.are_words_in(lower) {
            section = Some(Section::Delivered);
        } else if has_address && let Some(address) = line::mentioned(text, lower) {
            add(address.address, Sure::Mentioned, section, text);
        }
    }
    found
}

/// Whether words behind an address say why nothing was delivered to it.
fn says_why(words: &str) -> bool {
    status::derive(words, true).is_some() || phrases::SAYS_FAILED.are_in(&words.to_lowercase())
}

/// What the words that announce addresses say of them.
fn section_of(lower: &str) -> Section {
    if phrases::SAYS_DELIVERED.are_words_in(lower) {
        Section::Delivered
    } else if phrases::SAYS_DELAYED.are_in(lower) {
        Section::Delayed
    } else if lower.contains("permanent") {
        Section::Failed
    } else {
        Section::Whole
    }
}
