//! The whole service when things go wrong: strange mail, failing servers, a failing database.
//!
//! Every mail ends in one outcome, nobody is written to twice, and one bad thing stops nothing beside it.

mod agents;
mod database;
mod delivery;
mod hours;
mod line;
mod mailboxes;
mod oversize;
mod pages;
mod rare;
mod reload;
mod retries;
mod strange;

use jiff::Timestamp;
use std::collections::BTreeMap;

use crate::support::service::Service;
use postroom::serve::desk::Desk;
use postroom::serve::process::{Line, process_due};

/// When these stories begin.
fn nine() -> Timestamp {
    "2026-03-02T09:00:00Z".parse().unwrap()
}

/// A customer's mail.
fn mail(from: &str, id: &str, subject: &str) -> Vec<u8> {
    let lines = [
        format!("From: {from}"),
        "To: support@desk.example".to_owned(),
        format!("Subject: {subject}"),
        format!("Message-ID: <{id}@customer.example>"),
        "Date: Mon, 2 Mar 2026 10:00:00 +0100".to_owned(),
        String::new(),
        format!("This is about {subject}."),
        String::new(),
    ];
    lines.join("\r\n").into_bytes()
}

/// The mails numbered `1..=count`, each of another customer.
fn mails(count: usize) -> Vec<Vec<u8>> {
    (1..=count).map(|n| mail(&format!("c{n}@customer.example"), &format!("m{n}"), &format!("question {n}"))).collect()
}

/// Processes mail until there is none to process.
async fn process_all(desk: &Desk) {
    let mut line = Line::default();
    while !process_due(desk, &mut line).await.unwrap().is_idle {}
}

/// Insists that each of so many customers has one ticket and has got one acknowledgement.
async fn insist_on_one_ticket_and_one_acknowledgement_each(service: &Service, count: usize) {
    let mut tickets: BTreeMap<String, usize> = BTreeMap::new();
    for ticket in service.tickets().await {
        *tickets.entry(ticket.requester.unwrap()).or_default() += 1;
    }
    let mut got: BTreeMap<String, usize> = BTreeMap::new();
    for mail in service.smtp.mails().iter().filter(|mail| mail.to[0].ends_with("@customer.example")) {
        *got.entry(mail.to[0].clone()).or_default() += 1;
    }
    let one_each: BTreeMap<String, usize> = (1..=count).map(|n| (format!("c{n}@customer.example"), 1)).collect();
    assert_eq!(tickets, one_each, "tickets");
    assert_eq!(got, one_each, "mails to customers");
}
