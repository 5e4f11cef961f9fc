//! `postroom ticket timeline`: what happened on a ticket; as Markdown, the document of an incident.

use crate::cli::because;
use crate::cli::screen::{Screen, Tone, one_line, visible};
use crate::ticket::Ticket;
use crate::ticket::event::{Actor, Event, Visibility, What};
use serde_json::{Map, Value};

/// How to print a timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(super) enum Format {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// Markdown, as the document of an incident
    Md,
}

/// Prints what happened, oldest first.
pub(super) fn print(ticket: &Ticket, events: &[Event], format: Format, screen: &Screen) -> anyhow::Result<()> {
    match format {
        Format::Json => screen.json(&events.iter().map(|event| json(event, screen)).collect::<Vec<_>>()),
        Format::Text => Ok(screen.print(&text(ticket, events, screen))?),
        Format::Md => Ok(screen.print(&markdown(ticket, events, screen))?),
    }
}

/// The event's own fields beside `at`, `actor`, `what`, `cause` and the sentence in `text`.
fn json(event: &Event, screen: &Screen) -> Value {
    let mut object = match serde_json::to_value(&event.what) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    let sentence = sentence(&event.what, screen);
    // A note has a field `text` of its own, which is the whole of it.
    object.entry("text").or_insert_with(|| sentence.into());
    object.insert("at".to_owned(), event.at.to_string().into());
    object.insert("actor".to_owned(), event.actor.to_string().into());
    object.insert("what".to_owned(), event.what.word().into());
    object.insert("cause".to_owned(), event.cause.clone().into());
    Value::Object(object)
}

fn text(ticket: &Ticket, events: &[Event], screen: &Screen) -> String {
    let heading = format!("{} · {}", ticket.id, visible(&ticket.subject));
    let mut text = format!("{}\n", screen.paint(Tone::Strong, &screen.wrapped(&heading, 0)));
    let actors: Vec<String> = events.iter().map(|event| visible(&who(&event.actor)).into_owned()).collect();
    let width = actors.iter().map(|actor| actor.chars().count()).max().unwrap_or_default();
    let mut last = None;
    for (event, actor) in events.iter().zip(&actors) {
        // What one mail, command or deadline brought about is one paragraph, with its reason once.
        let group = Some((event.at, event.cause.as_str()));
        if group != last {
            let at = screen.second(event.at);
            let because = format!("because {}", visible(&one_line(&because::in_words(&event.cause, screen))));
            let cause = screen.paint(Tone::Faint, &screen.wrapped(&because, at.len() + 2));
            let why = if event.cause.is_empty() { String::new() } else { format!("  {cause}") };
            text.push_str(&format!("\n{at}{why}\n"));
            last = group;
        }
        let words = one_line(&sentence(&event.what, screen));
        let words = screen.wrapped(&visible(&words), width + 4);
        text.push_str(&format!("  {actor:width$}  {}\n", screen.paint(tone(&event.what), &words)));
    }
    text
}

fn tone(what: &What) -> Tone {
    match what {
        What::Undelivered { .. } | What::FirstResponseOverdue { .. } => Tone::Bad,
        What::Opened { .. } | What::StatusChanged { .. } | What::ResolutionSent { .. } => Tone::Strong,
        What::Promised { .. } | What::PartyAdded { .. } => Tone::Faint,
        _ => Tone::Plain,
    }
}

fn who(actor: &Actor) -> String {
    match actor {
        Actor::Postroom => "postroom".to_owned(),
        Actor::Admin => "admin".to_owned(),
        Actor::Agent(agent) => format!("{agent} (agent)"),
        Actor::Correspondent(address) => address.clone(),
    }
}

/// What happened, as the end of a sentence that begins with who did it.
fn sentence(what: &What, screen: &Screen) -> String {
    match what {
        What::Opened { severity, category, tier, team, calendar } => {
            let whose = team.as_ref().map_or(tier.as_str(), |team| &team.0);
            let calendar = calendar.as_ref().map(|calendar| format!(", calendar {calendar}")).unwrap_or_default();
            format!("opened the ticket: {severity}, {category}, for {whose}{calendar}")
        }
        What::Received { inbox, by, visibility } => {
            let who_sees_it = match visibility {
                Visibility::Public => "",
                Visibility::Internal => ", for agents only",
                Visibility::Unverified => ", unverified",
                Visibility::Automatic => ", automatic",
            };
            format!("mail {inbox} by {by} was filed{who_sees_it}")
        }
        What::Written { to, template, .. } => format!("wrote the {} to {to}", template.replace('-', " ")),
        What::Undelivered { to, detail } => format!("mail to {to} was not delivered: {detail}"),
        What::StatusChanged { from, to } => format!("status {from} → {to}"),
        What::SeverityChanged { from, to } => format!("severity {from} → {to}"),
        What::TierChanged { from, to } => format!("given from {from} to {to}"),
        What::TeamChanged { to: Some(team), .. } => format!("given to the team {team}"),
        What::TeamChanged { from: Some(team), to: None } => format!("taken from the team {team}"),
        What::TeamChanged { from: None, to: None } => "given to no team".to_owned(),
        What::Assigned { to: Some(agent) } => format!("taken by {agent}"),
        What::Assigned { to: None } => "given back".to_owned(),
        What::PartyAdded { address, .. } => format!("{address} joined"),
        What::Noted { text } => format!("note: {text}"),
        What::Promised { due_at } => format!("an update is promised by {}", screen.minute(*due_at)),
        What::FirstResponseOverdue { due_at } => {
            format!("the first answer is overdue since {}", screen.minute(*due_at))
        }
        What::ResolutionSent { root_cause, solution, verification } => {
            format!("resolution: root cause: {root_cause}; solution: {solution}; verification: {verification}")
        }
        What::Remarked { text } => text.clone(),
    }
}

fn markdown(ticket: &Ticket, events: &[Event], screen: &Screen) -> String {
    let zone = screen.zone.iana_name().unwrap_or("UTC");
    let requester = ticket.requester().map(|party| party.address.to_string()).unwrap_or_default();
    let assignee = ticket.assignee.as_ref().map_or("nobody".to_owned(), ToString::to_string);
    let mut text = format!("# {}: {}\n\n", ticket.id, plain(&ticket.subject));
    let moment = |at| screen.second(at);
    let facts = [
        ("Severity", ticket.severity.title().to_owned()),
        ("Status", ticket.status.title().to_owned()),
        ("Category", ticket.category.clone()),
        ("Team", ticket.team.as_ref().map(ToString::to_string).unwrap_or_default()),
        ("Tier", ticket.tier.to_string()),
        ("Assignee", assignee),
        ("Requester", requester),
        ("Opened", moment(ticket.opened_at)),
        ("First answer", ticket.first_response_at.map(moment).unwrap_or_default()),
        ("Resolved", ticket.resolved_at.map(moment).unwrap_or_default()),
        ("Closed", ticket.closed_at.map(moment).unwrap_or_default()),
    ];
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("- **{name}:** {}\n", plain(value)));
    }
    text.push_str(&format!("\n## Timeline\n\nTimes are in {zone}.\n\n"));
    text.push_str("| Time | Who | What | Why |\n|---|---|---|---|\n");
    for event in events {
        let (who, what) = (who(&event.actor), sentence(&event.what, screen));
        text.push_str(&format!(
            "| {} | {} | {} | {} |\n",
            moment(event.at),
            plain(&who),
            plain(&what),
            plain(&because::in_words(&event.cause, screen))
        ));
    }
    text
}

/// Somebody's words in one cell of a table, as words: nothing in them is markup.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in visible(&one_line(text)).chars() {
        if matches!(c, '\\' | '|' | '<' | '>' | '[' | ']' | '`' | '*' | '_' | '#' | '!' | '&' | '~') {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebodys_words_are_no_markup_in_a_document() {
        let cases = [
            ("plain", "Server down", "Server down"),
            ("a cell's end", "a | b", "a \\| b"),
            ("a link", "[x](http://evil.example)", "\\[x\\](http://evil.example)"),
            ("markup", "<img src=x>", "\\<img src=x\\>"),
            ("another line", "a\n| b", "a \\| b"),
            ("control", "a\u{1b}b", "a\\\\u{1b}b"),
        ];
        for (name, text, expected) in cases {
            assert_eq!(plain(text), expected, "{name}");
        }
    }
}
