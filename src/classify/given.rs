//! What is known of a mail besides its words, as a test case or a command line says it.

use super::case::{contradicted, missing_of_desk};
use super::{Context, GENERAL, Names, ThreadState};
use crate::finding::did_you_mean;
use crate::message::{Authentication, Message, Origin};
use crate::ticket::Severity;
use crate::ticket::people::{AgentId, Who};
use jiff::Timestamp;

pub(super) const GIVEN_KEYS: &[&str] =
    &["sender", "thread", "auth", "customer", "automatic", "language", "at", "hours", "open-alert", "mail"];

/// The words that are possible in a place.
pub(super) type Known = &'static [&'static str];

/// What a `given` line says is known of the sender and the thread.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Given {
    sender: Option<Who>,
    thread: Option<ThreadState>,
    auth: Option<Authentication>,
    customers: Vec<String>,
    automatic: Option<bool>,
    language: Option<String>,
    at: Option<Timestamp>,
    open_calendars: Vec<String>,
    open_alerts: Vec<String>,
}

impl Given {
    /// Reads `key=value` words such as `sender=monitor`. Where it is known what the desk has, calendars and lists must be
    /// there.
    ///
    /// # Errors
    /// Everything that is wrong with them.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>, desk: Option<&Names>) -> Result<Self, Vec<String>> {
        let (mut given, mut said, mut errors) = (Self::default(), Vec::new(), Vec::new());
        for word in words {
            match word.split_once('=') {
                None => errors.push(format!("`{word}` is not key=value")),
                Some((key, value)) => {
                    errors.extend(given.take(key, value, &said, desk).err());
                    said.push((key, value, ()));
                }
            }
        }
        if errors.is_empty() { Ok(given) } else { Err(errors) }
    }

    fn take(
        &mut self,
        key: &str,
        value: &str,
        before: &[(&str, &str, ())],
        desk: Option<&Names>,
    ) -> Result<(), String> {
        let hinted = |message: String, hint: String| format!("{message} ({hint})");
        if !GIVEN_KEYS.contains(&key) || key == "mail" {
            let known: Vec<&str> = GIVEN_KEYS.iter().filter(|key| **key != "mail").copied().collect();
            let hint = did_you_mean(key, known.iter().copied());
            let hint = hint.unwrap_or_else(|| format!("there are {}", known.join(", ")));
            return Err(hinted(format!("`{key}` is not understood"), hint));
        }
        self.set(key, value).map_err(|known| {
            let hint = did_you_mean(value, known.iter().copied());
            hinted(
                format!("{key} cannot be `{value}`"),
                hint.unwrap_or_else(|| format!("it may be {}", known.join(", "))),
            )
        })?;
        if let Some((other, said, ())) = contradicted(key, value, before.iter().copied()) {
            return Err(format!("`{key}={value}` contradicts `{other}={said}`"));
        }
        let missing = desk.and_then(|names| missing_of_desk(key, value, names));
        missing.map_or(Ok(()), |missing| Err(hinted(missing.message, missing.hint)))
    }

    /// What is known of a mail: what is given, and for the rest what is known of any.
    pub fn context(&self, usual: &Context) -> Context {
        Context {
            sender: self.sender.clone().unwrap_or_else(|| usual.sender.clone()),
            authentication: self.auth.unwrap_or(usual.authentication),
            thread: self.thread.unwrap_or(usual.thread),
            customer_lists: self.customers.clone(),
            open_calendars: [usual.open_calendars.as_slice(), &self.open_calendars].concat(),
            open_alerts: self.open_alerts.clone(),
            ..usual.clone()
        }
    }

    /// Puts what is given in the place of what reading the mail found.
    pub fn apply(&self, message: &mut Message) {
        if let Some(automatic) = self.automatic
            && automatic != (message.origin != Origin::Person)
        {
            message.origin = if automatic { Origin::AutomaticReply } else { Origin::Person };
        }
        if let Some(at) = self.at {
            message.received_at = at;
        }
        if self.language.is_some() {
            message.language.clone_from(&self.language);
        }
    }

    /// Takes one `key=value`; the error has the values that are possible.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Result<(), Known> {
        match key {
            "sender" => {
                self.sender = Some(match value {
                    "customer" => Who::Customer,
                    "agent" => Who::Agent(AgentId("agent".to_owned())),
                    "monitor" => Who::Monitor,
                    "stranger" => Who::Stranger,
                    _ => return Err(&["customer", "agent", "monitor", "stranger"]),
                });
            }
            "thread" => {
                let known = ["new", "follow-up", "resolved", "closed"].as_slice();
                self.thread = Some(ThreadState::from_word(value).ok_or(known)?);
            }
            "auth" => {
                self.auth = Some(match value {
                    "pass" => Authentication::Pass,
                    "fail" => Authentication::Fail,
                    "none" => Authentication::None,
                    _ => return Err(&["pass", "fail", "none"]),
                });
            }
            "automatic" => {
                self.automatic = Some(match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(&["true", "false"]),
                });
            }
            "at" => {
                let known = ["a time such as 2026-03-02T09:00:00Z"].as_slice();
                self.at = Some(value.parse().ok().ok_or(known)?);
            }
            _ if value.is_empty() => return Err(&["a word"]),
            "hours" => self.open_calendars.push(value.to_owned()),
            "open-alert" => self.open_alerts.push(value.to_lowercase()),
            "language" => {
                let is_code = value.len() == 2 && value.bytes().all(|byte| byte.is_ascii_lowercase());
                let known = ["a two-letter code such as en"].as_slice();
                self.language = Some(is_code.then(|| value.to_owned()).ok_or(known)?);
            }
            _ => self.customers.push(value.to_owned()),
        }
        Ok(())
    }
}

impl Context {
    /// What is known of the mail, in the words of a `given` line: so it is kept beside the mail's outcome, and the mail can
    /// be judged once more as it was.
    pub fn as_given(&self) -> Vec<String> {
        let word = |key: &str, value: &str| format!("{key}={value}");
        let words =
            |key: &'static str, values: &[String]| values.iter().map(|value| word(key, value)).collect::<Vec<_>>();
        // Of our own mail no rule is asked.
        let sender = (self.sender != Who::Ourselves).then(|| word("sender", self.sender.as_str()));
        let mut given: Vec<String> = sender.into_iter().collect();
        given.push(word("auth", self.authentication.as_str()));
        given.push(word("thread", self.thread.as_str()));
        given.extend(words("customer", &self.customer_lists));
        given.extend(words("hours", &self.open_calendars));
        given.extend(words("open-alert", &self.open_alerts));
        given
    }
}

/// The context of a mail of which nothing is known: a stranger's, on a new thread.
impl Default for Context {
    fn default() -> Self {
        Self {
            sender: Who::Stranger,
            authentication: Authentication::None,
            thread: ThreadState::New,
            customer_lists: Vec::new(),
            open_calendars: Vec::new(),
            open_alerts: Vec::new(),
            default_severity: Severity::Medium,
            default_category: GENERAL.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_is_read_as_it_was_kept() {
        let context = Context {
            sender: Who::Monitor,
            authentication: Authentication::Pass,
            thread: ThreadState::Resolved,
            customer_lists: vec!["vip".to_owned()],
            open_calendars: vec!["office".to_owned()],
            open_alerts: vec!["web-1: slow queries=many".to_owned()],
            ..Context::default()
        };
        let kept = context.as_given();
        let read = Given::parse(kept.iter().map(String::as_str), None).unwrap();
        assert_eq!(read.context(&Context::default()), context);
    }
}
