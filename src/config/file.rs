//! The configuration file as written → [`Config`], or everything that is wrong with it.

use super::calendar;
use super::people::{self, read_address};
use super::secret::SecretSource;
use super::section::{At, Section, Source};
use super::{Account, Config, EXAMPLE, HttpConfig, MailboxConfig, SmtpConfig};
use crate::decide::policy::{Caps, Policy};
use crate::endpoint::{Endpoint, Mechanism, Security};
use crate::finding::Finding;
use crate::message::Address;
use crate::store::DatabaseUrl;
use crate::ticket::sla::SlaTable;
use crate::ticket::{Severity, Tier};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use toml::de::DeTable;

/// The largest configuration file that is read.
const MAX_FILE_BYTES: usize = 1 << 20;

const DAY_HOURS: i64 = 24;

/// The port for HTTP when none is written.
const HTTP_PORT: u16 = 8025;

/// Reads a configuration.
pub(super) fn read(path: &Path, text: &str) -> Result<Config, Vec<Finding>> {
    let shown = path.display().to_string();
    if text.len() > MAX_FILE_BYTES {
        return Err(vec![Finding::about(&shown, format!("the file is larger than {MAX_FILE_BYTES} bytes"))]);
    }
    let source = Source { path: &shown, text, findings: RefCell::default(), warnings: RefCell::default() };
    let (table, syntax) = DeTable::parse_recoverable(text);
    for error in &syntax {
        source.add(error.span().unwrap_or(0..0), error.message(), None);
    }
    let root = Section::new(&source, "", Some(table.get_ref()), 0..0);
    let base = path.parent().unwrap_or(Path::new("."));
    let config = Reading { root: &root, base }.config(path);
    root.finish();
    drop(root);
    let mut findings = source.findings.into_inner();
    let mut warnings = source.warnings.into_inner();
    warnings.extend(untouched(&shown, text));
    warnings.sort_by_key(|warning| warning.span.start);
    // What a broken file seems to lack may stand in the part that could not be read.
    if !syntax.is_empty() {
        findings.truncate(syntax.len());
    }
    findings.sort_by_key(|finding| finding.span.start);
    match config {
        Some(config) if findings.is_empty() => Ok(Config { warnings, ..config }),
        _ => Err(findings),
    }
}

/// Finds the lines that somebody was to edit and that are still the example's.
fn untouched(path: &str, text: &str) -> Option<Finding> {
    // The variable that a password is in may well have the name that stands there.
    let is_placeholder = |line: &str| line.contains("# EDIT") && !line.starts_with("password");
    let ours = |line: &str| is_placeholder(line) && EXAMPLE.lines().any(|shipped| shipped == line);
    let numbers: Vec<usize> = text.lines().enumerate().filter(|(_, line)| ours(line)).map(|(at, _)| at + 1).collect();
    let start = text.split_inclusive('\n').take(numbers.first()? - 1).map(str::len).sum::<usize>();
    let shown: Vec<String> = numbers.iter().map(ToString::to_string).collect();
    let message = match &shown[..] {
        [only] => format!("line {only} is still as `postroom init` has written it"),
        several => format!("lines {} are still as `postroom init` has written them", several.join(", ")),
    };
    let hint = "write what is right for your desk, and take the mark EDIT away".to_owned();
    Some(Finding::at(path, text, start..start, message).hint(hint))
}

struct Reading<'r, 't> {
    root: &'r Section<'t>,
    base: &'r Path,
}

impl Reading<'_, '_> {
    fn config(&self, path: &Path) -> Option<Config> {
        let root = self.root;
        let database = self.database();
        let rules = root.text("rules").map_or_else(|| "rules".to_owned(), |text| text.value);
        let rules_shadow = root.text("rules_shadow").map(|text| self.base.join(text.value));
        let templates = root.text("templates").map(|text| self.base.join(text.value));
        let desk = root.table("desk");
        if !desk.is_there() {
            desk.wrong(0..0, "there is no [desk]", "write [desk] with name and address".to_owned());
        }
        let zone = self.zone(&desk);
        let authserv_ids: Vec<String> =
            desk.texts("authserv_ids").into_iter().map(|id| id.value.to_lowercase()).collect();
        let policy = self.policy(&desk, &zone, !authserv_ids.is_empty());
        desk.finish();
        let mailboxes = self.mailboxes();
        let smtp = self.smtp();
        let http = self.http();
        Some(Config {
            path: path.to_owned(),
            database,
            rules: self.base.join(rules),
            rules_shadow,
            templates,
            mailboxes,
            smtp: smtp?,
            http,
            zone,
            authserv_ids,
            policy: policy?,
            warnings: Vec::new(),
        })
    }

    /// Where the database is; the path of an SQLite database is relative to the configuration's folder.
    fn database(&self) -> DatabaseUrl {
        let in_folder = |path: &str| DatabaseUrl::new(format!("sqlite://{}", self.base.join(path).display()));
        let Some(At { value: url, span }) = self.root.text("database") else { return in_folder("postroom.db") };
        if let Some(path) = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")) {
            return in_folder(path);
        }
        let is_server = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let url = DatabaseUrl::new(url);
        let refused = if is_server { url.check().err() } else { None };
        if let Some(why) = refused {
            let message = format!("`database` is `{url}`, which cannot be read: {why}");
            if url.has_password() {
                self.root.wrong_unseen(message, None);
            } else {
                self.root.wrong(span, message, None);
            }
        } else if !is_server {
            let message = format!("`database` is `{url}`, which names no database that Postroom knows");
            let hint = "write \"sqlite://postroom.db\" or \"postgres://postroom@db.example.com/postroom\"";
            if url.has_password() {
                self.root.wrong_unseen(message, hint.to_owned());
            } else {
                self.root.wrong(span, message, hint.to_owned());
            }
        } else if url.has_password() {
            let message = "the database's password stands in the configuration itself, where whoever reads the file \
                           reads it";
            let hint = format!(
                "write database = \"{url}\", and the password into ~/.pgpass or the file that PGPASSFILE names"
            );
            self.root.warn(span, message, hint);
        }
        url
    }

    fn http(&self) -> Option<HttpConfig> {
        let section = self.root.table("http");
        if !section.is_there() {
            return None;
        }
        let listen = section.text("listen");
        section.finish();
        let usual = HttpConfig { listen: SocketAddr::from((Ipv4Addr::LOCALHOST, HTTP_PORT)) };
        let Some(At { value, span }) = listen else { return Some(usual) };
        let Ok(listen) = value.parse::<SocketAddr>() else {
            let hint = format!("write \"{}\": an address in digits, and a port", usual.listen);
            section.wrong(span, format!("`listen` cannot be `{value}`"), hint);
            return None;
        };
        if !listen.ip().is_loopback() {
            let message = format!(
                "whoever reaches {listen} is told without a login whether this desk works, and the names of mailboxes \
                 that it cannot watch"
            );
            section.warn(span, message, format!("write \"{}\" for this machine alone", usual.listen));
        }
        Some(HttpConfig { listen })
    }

    fn zone(&self, desk: &Section<'_>) -> TimeZone {
        let Some(name) = desk.text("zone") else { return TimeZone::UTC };
        TimeZone::get(&name.value).unwrap_or_else(|_| {
            desk.wrong(
                name.span,
                format!("there is no time zone `{}`", name.value),
                "write the IANA name, like \"Europe/Oslo\"".to_owned(),
            );
            TimeZone::UTC
        })
    }

    fn policy(&self, desk: &Section<'_>, zone: &TimeZone, authenticates: bool) -> Option<Policy> {
        let name = desk.required("name", "\"Example Support\"");
        let address = desk.required("address", "\"support@example.com\"").and_then(|text| read_address(desk, &text));
        let also: Vec<Address> = desk.texts("also").iter().filter_map(|text| read_address(desk, text)).collect();
        let days = |count: i64| SignedDuration::from_hours(count * DAY_HOURS);
        let (caps, sla) = (self.caps(), self.sla());
        let (agents, named) = people::agents(self.root);
        let teams = people::teams(self.root, &named);
        let monitors: Vec<String> = self.root.texts("monitors").iter().map(|at| at.value.to_lowercase()).collect();
        let customers = self.root.table("customers");
        let lower = |list: Vec<At<String>>| list.into_iter().map(|at| at.value.to_lowercase()).collect();
        let customer_lists = customers.named_lists().into_iter().map(|(name, list)| (name, lower(list))).collect();
        let severity_words: Vec<&str> = Severity::ALL.iter().map(|severity| severity.as_str()).collect();
        let default_severity =
            desk.word("default_severity", Severity::from_word, &severity_words).unwrap_or(Severity::Medium);
        let echo_to_unauthenticated = desk.flag("echo_to_unauthenticated", false);
        let sub_addressing = desk.flag("sub_addressing", true);
        let acknowledge_within = desk.duration("acknowledge_within", days(2));
        let alert_reopen_window = desk.duration("alert_reopens_within", SignedDuration::from_hours(1));
        let on_call = people::on_call(self.root, &named, alert_reopen_window);
        let reopen_window = desk.duration("reopen_within", days(14));
        let idle_window = desk.duration("new_ticket_after_idle", days(30));
        let agent_token_age = desk.duration("agent_answers_within", days(90));
        let max_mail_bytes = desk.size("max_mail", 50_000_000);
        let support_address = address?;
        let mut own_addresses = vec![support_address.key()];
        own_addresses.extend(also.iter().map(Address::key));
        for agent in &agents {
            if own_addresses.contains(&agent.address.key()) {
                desk.wrong(
                    desk.span(),
                    format!("{} is both an agent's address and the desk's own", agent.address.address),
                    "an agent needs a mailbox of their own".to_owned(),
                );
            }
        }
        Some(Policy {
            desk_name: name?.value,
            support_address,
            own_addresses,
            agents,
            teams,
            on_call: on_call.agents,
            page_again_after: on_call.page_again_after,
            authenticates,
            monitors,
            calendars: calendar::read_all(self.root, zone),
            customer_lists,
            sla,
            default_severity,
            caps,
            echo_to_unauthenticated,
            sub_addressing,
            acknowledge_within,
            alert_reopen_window,
            reopen_window,
            idle_window,
            agent_token_age,
            max_mail_bytes,
            category_titles: BTreeMap::new(),
        })
    }

    fn caps(&self) -> Caps {
        let section = self.root.table("caps");
        let default = Caps::default();
        let caps = Caps {
            per_address_hour: section.number("per_address_hour", default.per_address_hour, 0..1_000_001),
            per_address_day: section.number("per_address_day", default.per_address_day, 0..1_000_001),
            per_domain_hour: section.number("per_domain_hour", default.per_domain_hour, 0..1_000_000_001),
            per_ticket_10_minutes: section.number("per_ticket_10_minutes", default.per_ticket_10_minutes, 0..1_000_001),
            per_ticket_10_hours: section.number("per_ticket_10_hours", default.per_ticket_10_hours, 0..1_000_001),
            per_desk_hour: section.number("per_desk_hour", default.per_desk_hour, 0..1_000_000_001),
        };
        section.finish();
        caps
    }

    fn sla(&self) -> SlaTable {
        let section = self.root.table("sla");
        let mut table = SlaTable::default();
        table.nudge_before = section.duration("nudge_before", table.nudge_before);
        let tier_words: Vec<&str> = Tier::ALL.iter().map(|tier| tier.as_str()).collect();
        for (severity, key) in Severity::ALL.iter().zip(["low", "medium", "high", "critical"]) {
            let row = section.table(key);
            let promise = &mut table.promises[*severity as usize];
            *promise = promise.with_lengths(|key, length| row.duration(key, length));
            promise.tier = row.word("tier", Tier::from_word, &tier_words).unwrap_or(promise.tier);
            row.finish();
        }
        section.finish();
        table
    }

    fn mailboxes(&self) -> Vec<MailboxConfig> {
        let mut names = BTreeSet::new();
        let mut mailboxes = Vec::new();
        for section in self.root.tables("mailbox") {
            let name = section.text("name").unwrap_or_else(|| At { value: "support".to_owned(), span: section.span() });
            let endpoint = self.endpoint(&section, 993, 143);
            let account = self.account(&section);
            let user_missing = account.is_none() && !section.has("user");
            if user_missing {
                let _ = section.required("user", "\"support@example.com\"");
            }
            let folder = section.text("folder").map_or_else(|| "INBOX".to_owned(), |text| text.value);
            let processed = section.text("processed").map(|text| text.value);
            let quarantine = section.text("quarantine").map(|text| text.value);
            let poll_every = section.duration("poll_every", SignedDuration::from_mins(3));
            for (key, target) in [("processed", &processed), ("quarantine", &quarantine)] {
                if target.as_ref().is_some_and(|target| target.eq_ignore_ascii_case(&folder)) {
                    let message =
                        format!("`{key}` is the folder that is watched: its mails would come in again for ever");
                    section.wrong(section.span(), message, "name another folder".to_owned());
                }
            }
            section.finish();
            if name.value == crate::store::INGEST || !names.insert(name.value.clone()) {
                let message = format!("there is another mailbox named `{}`", name.value);
                section.wrong(name.span, message, "each [[mailbox]] needs a name of its own".to_owned());
            }
            if let (Some(endpoint), Some(account)) = (endpoint, account) {
                let name = name.value;
                mailboxes.push(MailboxConfig { name, endpoint, account, folder, processed, quarantine, poll_every });
            }
        }
        mailboxes
    }

    fn smtp(&self) -> Option<SmtpConfig> {
        let section = self.root.table("smtp");
        if !section.is_there() {
            section.wrong(0..0, "there is no [smtp]", "write [smtp] with the host that takes your mail".to_owned());
            return None;
        }
        let endpoint = self.endpoint(&section, 465, 587);
        let account = self.account(&section);
        let hello_name = section.text("hello_name").map_or_else(|| "postroom.localhost".to_owned(), |text| text.value);
        let null_sender = section.flag("null_sender", true);
        let connections = section.number("connections", 4, 1..65);
        section.finish();
        Some(SmtpConfig { endpoint: endpoint?, account, hello_name, null_sender, connections })
    }

    fn endpoint(&self, section: &Section<'_>, tls_port: u32, plain_port: u32) -> Option<Endpoint> {
        let host = section.required("host", "\"mail.example.com\"");
        let from_word = |word: &str| match word {
            "tls" => Some(Security::Tls),
            "starttls" => Some(Security::StartTls),
            "plain" => Some(Security::Plain),
            _ => None,
        };
        let security = section.word("security", from_word, &["tls", "starttls", "plain"]).unwrap_or(Security::Tls);
        let default_port = if security == Security::Tls { tls_port } else { plain_port };
        let port = section.number("port", default_port, 1..65_536);
        let ca_file = section.text("ca_file").map(|text| self.base.join(text.value));
        let is_insecure = section.flag("insecure", false);
        let host = host?;
        if security == Security::Plain && !is_insecure && !is_loopback(&host.value) {
            section.wrong(
                host.span,
                format!("a plain connection to `{}` would send the password in clear", host.value),
                "write security = \"tls\" or \"starttls\"; insecure = true if you must".to_owned(),
            );
        }
        Some(Endpoint { host: host.value, port: u16::try_from(port).unwrap_or_default(), security, ca_file })
    }

    fn account(&self, section: &Section<'_>) -> Option<Account> {
        let user = section.text("user");
        let password = SecretSource::read_from(section, "password", self.base);
        let token = SecretSource::read_from(section, "token", self.base);
        let Some(user) = user else {
            if password.is_some() || token.is_some() {
                let message = "there is a password or token, and no `user`";
                section.wrong(section.span(), message, "write user = \"support@example.com\"".to_owned());
            }
            return None;
        };
        match (password, token) {
            (Some(_), Some(_)) => {
                section.wrong(user.span, "there is both a `password` and a `token`", "keep one of them".to_owned());
                None
            }
            (Some(secret), None) => Some(Account { user: user.value, secret, mechanism: Mechanism::Password }),
            (None, Some(secret)) => Some(Account { user: user.value, secret, mechanism: Mechanism::XOauth2 }),
            (None, None) => {
                if !section.has("password") && !section.has("token") {
                    let hint = "write password = { file = \"…\" }, { env = \"…\" } or { command = [\"…\"] }";
                    section.wrong(user.span, "there is a `user` and no `password`", hint.to_owned());
                }
                None
            }
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests;
