//! What is known of a mail besides its words, as a test case or a command line says it.

use super::{Context, GENERAL, ThreadState};
use crate::message::{Authentication, Message, Origin};
use crate::ticket::Severity;
use crate::ticket::people::{AgentId, Who};

pub(super) const GIVEN_KEYS: &[&str] = &["sender", "thread", "auth", "customer", "automatic", "language", "mail"];

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
}

impl Given {
    /// Reads `key=value` words such as `sender=monitor`.
    pub fn parse<'w>(words: impl IntoIterator<Item = &'w str>) -> Result<Self, String> {
        let mut given = Self::default();
        for word in words {
            let (key, value) = word.split_once('=').ok_or_else(|| format!("`{word}` is not key=value"))?;
            if !GIVEN_KEYS.contains(&key) || key == "mail" {
                let known = GIVEN_KEYS.iter().filter(|key| **key != "mail").copied().collect::<Vec<_>>();
                return Err(format!("`{key}` is not understood; there are {}", known.join(", ")));
            }
            let set = given.set(key, value);
            set.map_err(|known| format!("{key} cannot be `{value}`; it may be {}", known.join(", ")))?;
        }
        Ok(given)
    }

    /// What is known of a mail: what is given, and for the rest what is known of any.
    pub fn context(&self, usual: &Context) -> Context {
        Context {
            sender: self.sender.clone().unwrap_or_else(|| usual.sender.clone()),
            authentication: self.auth.unwrap_or(usual.authentication),
            thread: self.thread.unwrap_or(usual.thread),
            customer_lists: self.customers.clone(),
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
            _ if value.is_empty() => return Err(&["a word"]),
            "language" => self.language = Some(value.to_owned()),
            _ => self.customers.push(value.to_owned()),
        }
        Ok(())
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
            default_severity: Severity::Medium,
            default_category: GENERAL.to_owned(),
        }
    }
}
