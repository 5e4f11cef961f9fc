//! What `inspect` says of one mail, for people: who and what, why it is taken for what it is, and its words with what
//! was cut shown as cut.

use super::report::{Delivery, File, Forwarded, Report};
use crate::cli::facts;
use crate::cli::screen::{Screen, Tone, visible_text};
use crate::message::{Address, Calendar};

/// The page of one mail.
pub(super) fn text(report: &Report, screen: &Screen) -> String {
    let mut text = format!("{}\n", screen.paint(Tone::Strong, &format!("── {}", report.path)));
    let mut lines: Vec<(&str, String)> = vec![
        ("from", list(&report.from)),
        ("to", list(&report.to)),
        ("cc", list(&report.cc)),
        ("reply to", list(&report.reply_to)),
        ("subject", report.subject.clone()),
        ("date", report.date.map(|at| screen.when_exactly(at)).unwrap_or_default()),
        ("message id", report.message_id.clone().unwrap_or_default()),
        ("in reply to", report.in_reply_to.join(" ")),
        ("references", report.references.join(" ")),
        ("origin", report.origin.to_owned()),
        ("because", report.marks.join(" · ")),
        ("answer", report.why_not.as_ref().map_or("may go out".to_owned(), |why| format!("none: {why}"))),
        ("sender", authentication(report)),
        ("language", report.language.clone().unwrap_or_default()),
    ];
    if let Some(parent) = &report.parent {
        lines.push(("answers", parent.clone().unwrap_or_else(|| "none of these mails".to_owned())));
    }
    lines.extend(report.report.iter().flat_map(delivery));
    lines.extend(report.calendar.iter().map(|calendar| ("calendar", event(calendar))));
    lines.extend(report.forwarded.iter().map(|mail| ("passes on", passed_on(mail))));
    lines.extend(report.attachments.iter().map(|file| ("file", self::file(file))));
    lines.extend(report.defects.iter().map(|defect| ("odd", format!("{} ({})", defect.detail, defect.code.as_str()))));
    text.push_str(&facts(screen, &lines));
    for (title, words, tone) in [
        ("newly written", &report.reply, Tone::Plain),
        ("signature", &report.signature, Tone::Faint),
        ("quoted", &report.quote, Tone::Faint),
    ] {
        if !words.is_empty() {
            let title = screen.paint(Tone::Notice, &format!("── {title}"));
            text.push_str(&format!("{title}\n{}\n", screen.paint(tone, &visible_text(words))));
        }
    }
    text.push('\n');
    text
}

fn list(addresses: &[Address]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

fn authentication(report: &Report) -> String {
    match (report.authentication.verdict, report.authentication.by) {
        ("pass", by) => format!("authenticated by {}", by.unwrap_or_default()),
        ("fail", by) => format!("not authentic by {}", by.unwrap_or_default()),
        _ => "nobody we trust vouches for it".to_owned(),
    }
}

fn delivery(report: &Delivery) -> Vec<(&'static str, String)> {
    let mut lines = vec![("report", report.kind.to_owned())];
    for recipient in &report.recipients {
        let status = recipient.status.as_deref().unwrap_or("no status");
        let diagnostic = recipient.diagnostic.as_deref().unwrap_or_default();
        lines.push(("about", format!("{}: {}, {status} {diagnostic}", recipient.address, recipient.action)));
    }
    lines.extend(report.original_message_id.iter().map(|id| ("its mail", id.clone())));
    lines
}

fn event(calendar: &Calendar) -> String {
    let facts = [&calendar.summary, &calendar.starts, &calendar.place, &calendar.answer];
    let facts: Vec<&str> = facts.into_iter().flatten().map(String::as_str).collect();
    format!("{}: {}", calendar.method.as_str(), facts.join(", "))
}

fn passed_on(mail: &Forwarded) -> String {
    let from = mail.from.as_ref().map_or("somebody".to_owned(), ToString::to_string);
    format!("“{}” by {from}", mail.subject)
}

fn file(file: &File) -> String {
    let name = file.name.as_deref().unwrap_or("without a name");
    let place = if file.inline { ", within the text" } else { "" };
    format!("{name}, {}, {} bytes{place}", file.media_type, file.size_bytes)
}
