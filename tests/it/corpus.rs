//! Mails in `tests/corpus/`, one behaviour each, and beside each what we understand of it.
//!
//! `BLESS=1` writes the expected files anew; read the difference before committing it.

use postroom::message::{self, Message, Reader, ReportKind};
use std::path::{Path, PathBuf};

fn reader() -> Reader {
    Reader {
        authserv_ids: vec!["mx.desk.example".into()],
        own_addresses: vec!["support@desk.example".into()],
        instance: "desk-1".into(),
    }
}

#[test]
fn mails_of_the_corpus_are_understood_as_expected() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut mails: Vec<PathBuf> = Vec::new();
    for folder in ["threading", "automatic", "reports", "charsets", "malformed", "hostile", "reading", "trimming"] {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        mails.extend(files.filter(|path| path.extension().is_some_and(|kind| kind == "eml")));
    }
    mails.sort();
    assert!(mails.len() >= 25, "only {} mails in {}", mails.len(), root.display());

    let is_blessing = std::env::var_os("BLESS").is_some();
    let mut wrong = Vec::new();
    for path in &mails {
        let raw = std::fs::read(path).unwrap();
        let message = message::parse(&raw, "2026-03-02T09:00:00Z".parse().unwrap(), &reader());
        let got = describe(&message);
        let expected_path = path.with_extension("expected");
        if is_blessing {
            std::fs::write(&expected_path, &got).unwrap();
            continue;
        }
        let expected = std::fs::read_to_string(&expected_path).unwrap_or_default();
        if got != expected {
            wrong.push(format!("{}\n--- expected\n{expected}\n--- got\n{got}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} mails:\n{}", wrong.len(), mails.len(), wrong.join("\n"));
}

/// What we understand of a mail, one thing a line, what is absent left out.
fn describe(message: &Message) -> String {
    let mut out = String::new();
    let mut line = |name: &str, value: String| {
        if !value.is_empty() {
            out.push_str(&format!("{name}: {value}\n"));
        }
    };
    line("id", message.id.to_string());
    line("in-reply-to", join(&message.in_reply_to));
    line("references", join(&message.references));
    line("from", join(&message.from));
    line("to", join(&message.to));
    line("delivered-to", join(&message.delivered_to));
    line("date", message.date.map(|date| date.to_string()).unwrap_or_default());
    line("offset", message.utc_offset_minutes.map(|minutes| minutes.to_string()).unwrap_or_default());
    line("subject", message.subject.clone());
    line("origin", message.origin.as_str().to_string());
    for mark in &message.marks {
        line("mark", mark.to_string());
    }
    if let Some(report) = &message.report {
        let kind = match report.kind {
            ReportKind::Failed => "failed",
            ReportKind::Delayed => "delayed",
            ReportKind::Delivered => "delivered",
            ReportKind::Complaint => "complaint",
        };
        line("report", kind.to_string());
        line("about", report.original_message_id.iter().map(ToString::to_string).collect());
        for recipient in &report.recipients {
            let status = recipient.status.as_deref().unwrap_or("-");
            let diagnostic = recipient.diagnostic.as_deref().unwrap_or("-");
            line("recipient", format!("{} {} {status} {diagnostic}", recipient.address, recipient.action));
        }
    }
    if let Some(calendar) = &message.calendar {
        let words = [&calendar.summary, &calendar.starts, &calendar.ends, &calendar.place, &calendar.answer];
        let words: Vec<&str> = words.into_iter().map(|word| word.as_deref().unwrap_or("-")).collect();
        line("calendar", format!("{}: {}", calendar.method.as_str(), words.join(" | ")));
    }
    if let Some(mail) = &message.forwarded {
        let from = mail.from.as_ref().map(ToString::to_string).unwrap_or_default();
        let date = mail.date.map(|date| date.to_string()).unwrap_or_default();
        line("forwarded", format!("{} | {from} | {date} | {}", mail.subject, mail.text.trim().replace('\n', " / ")));
    }
    line("authentication", message.authentication.as_str().to_string());
    line("language", message.language().unwrap_or_default());
    for file in &message.attachments {
        let name = file.name.as_deref().unwrap_or("-");
        let place = if file.inline { "inline" } else { "beside" };
        line("attachment", format!("{} {name} {} {} bytes {place}", file.index, file.media_type, file.size_bytes));
    }
    for defect in &message.defects {
        line("defect", format!("{} ({})", defect.code.as_str(), defect.detail));
    }
    for (name, text) in
        [("reply", &message.body.reply), ("quote", &message.body.quote), ("signature", &message.body.signature)]
    {
        // A mail of megabytes is described by how its text begins.
        line(name, text.lines().take(40).map(|line| format!("\n  {line}").trim_end_matches(' ').to_string()).collect());
    }
    out
}

fn join(list: &[impl ToString]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
