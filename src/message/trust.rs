//! Whether `From` may be believed, by the `Authentication-Results` of a server that we trust (RFC 8601).
//!
//! Anybody can write such a field into a mail. Only the topmost one that bears a configured authserv-id counts: servers
//! add theirs on top, so what stands further down may have come with the mail.

use super::{AuthenticatedBy, Authentication, Message, Reader};

/// A verdict and what it rests on.
pub(super) type Judgement = (Authentication, Option<AuthenticatedBy>);

/// The field.
pub(super) const FIELD: &str = "Authentication-Results";

/// Judges the author of a message by the field that is believed, and takes all other ones off it: no rule is to take
/// what anybody may have written for what our server says (RFC 8601 §5).
pub(super) fn judge(message: &mut Message, reader: &Reader) -> Judgement {
    let is_ours =
        |results: &Results| reader.authserv_ids.iter().any(|id| id.eq_ignore_ascii_case(&results.authserv_id));
    let mut ours = None;
    message.headers.retain(|header| {
        if !header.name.eq_ignore_ascii_case(FIELD) {
            return true;
        }
        if ours.is_none() && !reader.authserv_ids.is_empty() {
            ours = Results::parse(&header.value).filter(is_ours);
            return ours.is_some();
        }
        false
    });
    // With several authors there is no one domain that a result could be about (RFC 7489 §6.6.1).
    let [author] = message.from.as_slice() else { return (Authentication::None, None) };
    ours.map_or((Authentication::None, None), |results| results.verdict(&author.domain()))
}

impl Message {
    /// Whether nothing contradicts the sender's `From`, and a server that we trust speaks for it.
    pub fn is_vouched_for(&self) -> bool {
        self.authentication == Authentication::Pass && self.from.len() == 1
    }
}

/// One field: which server says so, and what it found by each method.
#[derive(Debug, PartialEq, Eq)]
struct Results {
    authserv_id: String,
    methods: Vec<Method>,
}

/// `dkim=pass header.d=example.com`
#[derive(Debug, PartialEq, Eq, Default)]
struct Method {
    name: String,
    result: String,
    /// `header.d` and its like, with their values, in lower case.
    properties: Vec<(String, String)>,
}

impl Results {
    fn verdict(&self, domain: &str) -> Judgement {
        let by_dmarc = |verdict| (verdict, Some(AuthenticatedBy::Dmarc));
        let of = |name: &'static str| self.methods.iter().filter(move |method| method.name == name);
        let is_pass = |method: &&Method| method.result == "pass";
        let mut dmarc = of("dmarc").filter(|method| method.property_domain(&["header.from"]) == Some(domain));
        if let Some(first) = dmarc.next() {
            // Two answers of one server to one question are none.
            let agrees = dmarc.all(|method| method.result == first.result);
            return match first.result.as_str() {
                "pass" if agrees => by_dmarc(Authentication::Pass),
                "pass" => (Authentication::None, None),
                "fail" => by_dmarc(Authentication::Fail),
                // The domain publishes no policy, or it could not be had: the other methods decide.
                _ => self.without_dmarc(domain),
            };
        }
        if of("dmarc").any(|method| method.result == "fail") && !of("dmarc").any(|m| is_pass(&m)) {
            return by_dmarc(Authentication::Fail);
        }
        self.without_dmarc(domain)
    }

    fn without_dmarc(&self, domain: &str) -> Judgement {
        let by_both = |verdict| (verdict, Some(AuthenticatedBy::SpfAndDkim));
        let of = |name: &'static str| self.methods.iter().filter(move |method| method.name == name);
        let passes = |method: &Method, properties: &[&str]| {
            method.result == "pass" && method.property_domain(properties).is_some_and(|d| is_aligned(d, domain))
        };
        let spf = of("spf").any(|method| passes(method, &["smtp.mailfrom"]));
        let dkim = of("dkim").any(|method| passes(method, &["header.d", "header.i"]));
        let fails = |name| of(name).any(|method: &Method| method.result == "fail");
        match (spf, dkim) {
            (true, true) => by_both(Authentication::Pass),
            (false, false) if fails("spf") || fails("dkim") => by_both(Authentication::Fail),
            _ => (Authentication::None, None),
        }
    }

    /// Reads the value of a field; `None` when it does not even begin as one.
    fn parse(value: &str) -> Option<Self> {
        let mut sections = sections(value).into_iter();
        // `example.com 1`: the id, and a version that may follow it. What another version means is not known, so nothing
        // of it counts (RFC 8601 §2.2).
        let mut head = sections.next()?.into_iter();
        let authserv_id = head.next()?.to_lowercase();
        if head.next().is_some_and(|version| version.parse() != Ok(1_u32)) {
            return Some(Self { authserv_id, methods: Vec::new() });
        }
        let methods = sections.filter_map(|words| Method::parse(&words)).collect();
        Some(Self { authserv_id, methods })
    }
}

impl Method {
    fn parse(words: &[String]) -> Option<Self> {
        let mut method = Method::default();
        for (at, word) in words.iter().enumerate() {
            let Some((name, value)) = word.split_once('=') else { continue };
            let (name, value) = (name.to_lowercase(), value.to_lowercase());
            if at == 0 {
                // `dkim/1=pass` names the method's version.
                method.name = name.split('/').next().unwrap_or_default().to_string();
                method.result = value;
            } else if name != "reason" {
                method.properties.push((name, value));
            }
        }
        (!method.name.is_empty()).then_some(method)
    }

    /// The domain in the first of these properties that is there. Two that differ are none.
    fn property_domain(&self, names: &[&str]) -> Option<&str> {
        let name = names.iter().find(|name| self.properties.iter().any(|(n, _)| n == *name))?;
        let mut domains = self.properties.iter().filter(|(n, _)| n == name).map(|(_, value)| domain_in(value));
        let first = domains.next()?;
        domains.all(|other| other == first).then_some(first)
    }
}

fn domain_in(value: &str) -> &str {
    value.rsplit_once('@').map_or(value, |(_, domain)| domain).trim_end_matches('.')
}

/// Whether a domain that was authenticated speaks for the author's: it is the same or below it. The other way round
/// one would have to know where registries end (`co.uk`), so that is not believed.
fn is_aligned(authenticated: &str, author: &str) -> bool {
    !author.is_empty()
        && (authenticated == author || authenticated.strip_suffix(author).is_some_and(|rest| rest.ends_with('.')))
}

/// The value cut at its semicolons and then into words, without comments, quotes taken off, no blanks around `=`.
fn sections(value: &str) -> Vec<Vec<String>> {
    let mut sections = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut is_word_open = false;
    let mut comments = 0_usize;
    let mut is_quoted = false;
    let mut chars = value.chars();
    while let Some(mut c) = chars.next() {
        let is_literal = is_quoted && c != '"';
        match c {
            '\\' if is_quoted => match chars.next() {
                Some(escaped) => c = escaped,
                None => break,
            },
            '\\' if comments > 0 => {
                chars.next();
                continue;
            }
            '"' if comments == 0 => {
                is_quoted = !is_quoted;
                continue;
            }
            _ => {}
        }
        match c {
            '(' if !is_literal => comments += 1,
            ')' if !is_literal && comments > 0 => {
                comments -= 1;
                is_word_open &= !sections.is_empty();
            }
            _ if comments > 0 => {}
            ';' if !is_literal => {
                sections.push(std::mem::take(&mut words));
                is_word_open = false;
            }
            c if c.is_whitespace() && !is_literal => is_word_open = false,
            c => {
                // Blanks and comments are allowed around the `=` between a name and its value, and around the signs within
                // a name; not within the server's id, which no server would know for its own then.
                let is_name = !sections.is_empty() && words.last().is_some_and(|word| !word.contains('='));
                let is_sign = c == '=' || is_name && matches!(c, '.' | '/');
                let is_unfinished =
                    words.last().is_some_and(|word| word.ends_with('=') || is_name && word.ends_with(['.', '/']));
                let joins = is_sign && !is_literal || is_unfinished;
                match words.last_mut() {
                    Some(word) if is_word_open || joins => word.push(c),
                    _ => words.push(c.to_string()),
                }
                is_word_open = true;
            }
        }
    }
    sections.push(words);
    sections
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(value: &str, domain: &str) -> Authentication {
        Results::parse(value).map_or(Authentication::None, |results| results.verdict(domain).0)
    }

    #[test]
    fn results_of_a_trusted_server_are_judged() {
        use Authentication::{Fail, None, Pass};
        let cases = [
            ("dmarc passes", "mx.d; dmarc=pass header.from=example.com", Pass),
            ("dmarc passes for another", "mx.d; dmarc=pass header.from=evil.example", None),
            ("dmarc fails", "mx.d; spf=pass smtp.mailfrom=example.com; dmarc=fail header.from=example.com", Fail),
            ("dmarc says both", "mx.d; dmarc=pass header.from=example.com; dmarc=fail header.from=example.com", None),
            (
                "spf and dkim pass",
                "mx.d; spf=pass smtp.mailfrom=bounce@m.example.com; dkim=pass header.d=example.com",
                Pass,
            ),
            ("only spf passes", "mx.d; spf=pass smtp.mailfrom=example.com; dkim=fail header.d=example.com", None),
            ("dkim of another", "mx.d; spf=pass smtp.mailfrom=example.com; dkim=pass header.d=evil.example", None),
            (
                "a domain that ends alike",
                "mx.d; spf=pass smtp.mailfrom=badexample.com; dkim=pass header.d=badexample.com",
                None,
            ),
            ("a domain above", "mx.d; spf=pass smtp.mailfrom=com; dkim=pass header.d=com", None),
            ("both fail", "mx.d; spf=fail smtp.mailfrom=example.com; dkim=fail header.d=example.com", Fail),
            ("no result", "mx.d; none", None),
            ("a version that is known", "mx.d 1; dmarc=pass header.from=example.com", Pass),
            ("a version that is not", "mx.d 2; dmarc=pass header.from=example.com", None),
            ("a version that is none", "mx.d x; dmarc=pass header.from=example.com", None),
            ("comments within a name", "mx.d; dmarc=pass header (p) . (q) from=example.com", Pass),
            (
                "blanks within a name",
                "mx.d; spf = pass smtp . mailfrom = example.com; dkim / 1 = pass header .d=example.com",
                Pass,
            ),
            ("two domains in one result", "mx.d; dmarc=pass header.from=example.com header.from=evil.example", None),
            ("the same, the other first", "mx.d; dmarc=pass header.from=evil.example header.from=example.com", None),
            ("one domain, said twice", "mx.d; dmarc=pass header.from=example.com header.from=Example.com", Pass),
            (
                "two signers in one result",
                "mx.d; spf=pass smtp.mailfrom=example.com; dkim=pass header.d=example.com header.d=evil.example",
                None,
            ),
            ("comments and quotes", "mx.d (mine; really) 1; dmarc=pass (p=\"none\") header.from=\"example.com\"", Pass),
            (
                "a comment that lies",
                "mx.d; dmarc=fail (dmarc=pass header.from=example.com) header.from=example.com",
                Fail,
            ),
            (
                "a reason that lies",
                "mx.d; dmarc=fail reason=\"x; dmarc=pass header.from=example.com\" header.from=example.com",
                Fail,
            ),
            ("blanks around the sign", "mx.d; dmarc = pass header.from = example.com", Pass),
            (
                "no policy, the others pass",
                "mx.d; dmarc=none header.from=example.com; spf=pass smtp.mailfrom=example.com; dkim=pass header.i=@example.com",
                Pass,
            ),
            ("upper case", "MX.D; DMARC=PASS HEADER.FROM=EXAMPLE.COM", Pass),
        ];
        for (name, value, expected) in cases {
            assert_eq!(verdict(value, "example.com"), expected, "{name}");
        }
    }

    #[test]
    fn only_the_topmost_field_of_our_server_counts_and_the_others_are_gone() {
        use Authentication::{Fail, None, Pass};
        let pass = |id: &str| format!("Authentication-Results: {id}; dmarc=pass header.from=example.com\n");
        let fail = |id: &str| format!("authentication-results: {id}; dmarc=fail header.from=example.com\n");
        let (ours, theirs) = ("mx.desk.example", "mx.evil.example");
        let cases = [
            ("ours", pass(ours), Pass, 1),
            ("ours by another case", pass("MX.Desk.Example"), Pass, 1),
            ("another server's", pass(theirs), None, 0),
            ("ours above one that came along", fail(ours) + &pass(ours), Fail, 1),
            ("another server's above ours", pass(theirs) + &fail(ours), Fail, 1),
            (
                "below other fields",
                format!("Received: from x\n{}Received: from y\n{}", fail(ours), pass(ours)),
                Fail,
                1,
            ),
            ("an id that begins alike", pass("mx.desk.example.evil.example"), None, 0),
            ("an id with a comment within", pass("mx.desk(x).example"), None, 0),
            ("an id with blanks within", pass("mx . desk . example"), None, 0),
            ("an encoded id", pass("=?utf-8?q?mx.desk.example?="), None, 0),
            (
                "a folded field",
                format!("Authentication-Results:\n {ours};\n dmarc=pass\n header.from=example.com\n"),
                Pass,
                1,
            ),
            ("a field that says the opposite in a comment", pass("(mx.desk.example) mx.evil.example"), None, 0),
        ];
        let reader = Reader { authserv_ids: vec![ours.to_owned()], ..Reader::default() };
        for (name, fields, expected, kept) in cases {
            let raw = format!("{fields}From: ann@example.com\nSubject: x\n\nx\n");
            let message = crate::message::parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &reader);
            assert_eq!(message.authentication, expected, "{name}");
            assert_eq!(message.header(FIELD).count(), kept, "{name}");
            let of_nobody = crate::message::parse(raw.as_bytes(), jiff::Timestamp::UNIX_EPOCH, &Reader::default());
            assert_eq!(
                (of_nobody.authentication, of_nobody.header(FIELD).count()),
                (None, 0),
                "{name}, trusting nobody"
            );
        }
    }

    #[test]
    fn odd_values_are_read_without_panic() {
        for value in ["", ";", "=", "a;=", "a;b=\"", "a;(((", "a; = = =", "a; b==c", "\\", "a;\"\\"] {
            let _ = verdict(value, "example.com");
        }
    }
}
