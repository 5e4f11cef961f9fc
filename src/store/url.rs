//! A database's URL, which may hold a password and is shown without it.

use std::fmt;
use std::ops::Deref;

/// Where the database is. Printed, it is as [`shown`] gives it; whoever connects takes it as a `str`.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Wraps a URL so that its password cannot be printed by accident.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }

    /// Whether it can be read at all; nothing is connected to.
    ///
    /// # Errors
    /// Why not, in words.
    pub fn check(&self) -> Result<(), String> {
        let said = |error: super::StoreError| match std::error::Error::source(&error) {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        };
        super::dialect::check(&self.0).map_err(said)
    }

    /// Whether there is a password in it.
    pub fn has_password(&self) -> bool {
        shown(&self.0) != self.0
    }
}

impl Deref for DatabaseUrl {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.0))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq<&str> for DatabaseUrl {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// A database's URL as people may see it: without the password.
///
/// Also where it is not written as it should be, with an `@`, a `/` or a `?` as it stands in the password.
pub fn shown(url: &str) -> String {
    // A path may have any characters, and there is nothing to hide in it.
    if url.starts_with("sqlite:") {
        return url.to_owned();
    }
    let url = without_password_parameter(url);
    let (scheme, rest) = url.split_once("://").map_or(("", url.as_str()), |(scheme, rest)| (scheme, rest));
    let separator = if scheme.is_empty() { "" } else { "://" };
    match rest.rsplit_once('@') {
        Some((user, place)) => {
            let user = user.split(':').next().unwrap_or_default();
            format!("{scheme}{separator}{user}@{place}")
        }
        None => url,
    }
}

fn without_password_parameter(url: &str) -> String {
    let Some((place, parameters)) = url.rsplit_once('?') else { return url.to_owned() };
    let is_password = |parameter: &&str| parameter.split('=').next().is_some_and(|name| name.contains("password"));
    let kept: Vec<&str> = parameters.split('&').filter(|parameter| !is_password(parameter)).collect();
    if kept.is_empty() { place.to_owned() } else { format!("{place}?{}", kept.join("&")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_shown_without_its_password() {
        let cases = [
            ("a file", "sqlite:///var/lib/a@b:c/desk.db?mode=ro", "sqlite:///var/lib/a@b:c/desk.db?mode=ro"),
            ("no login", "postgres://db.example:5433/desk", "postgres://db.example:5433/desk"),
            ("a user", "postgres://desk@db.example/desk", "postgres://desk@db.example/desk"),
            ("a password", "postgres://desk:secret@db.example/desk", "postgres://desk@db.example/desk"),
            ("with other characters", "postgres://desk:se/cr@e?t@db.example/desk", "postgres://desk@db.example/desk"),
            (
                "as a parameter",
                "postgres://db.example/desk?user=desk&password=se@cret&sslmode=require",
                "postgres://db.example/desk?user=desk&sslmode=require",
            ),
            ("alone", "postgres://db.example/desk?password=secret", "postgres://db.example/desk"),
            ("another scheme", "mysql://desk:secret@db.example/desk", "mysql://desk@db.example/desk"),
            ("no scheme", "desk:secret@db.example", "desk@db.example"),
        ];
        for (name, url, expected) in cases {
            assert_eq!(shown(url), expected, "{name}");
            let url = DatabaseUrl::new(url);
            assert_eq!((url.to_string().as_str(), format!("{url:?}").as_str()), (expected, expected), "{name}");
            assert_eq!(
                url.has_password(),
                url.contains("secret") || url.contains("se/") || url.contains("se@"),
                "{name}"
            );
        }
    }
}
