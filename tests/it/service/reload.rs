//! Rules that change while the desk works.

use super::{mail, nine};
use crate::support::desk::{self, INSTANCE};
use crate::support::service::Service;
use crate::support::wait_until;
use jiff::SignedDuration;
use postroom::classify::{RuleFile, compile};
use postroom::serve::desk::House;
use postroom::serve::working::Working;
use postroom::serve::{self, process};
use postroom::store::{InboxItem, Place};
use postroom::ticket::{Severity, TicketId};
use std::path::Path;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

fn write(folder: &Path, severity: &str) {
    let text = format!("[[rule]]\nname = \"printer\"\nseverity = \"{severity}\"\nwhen.subject = \"printer\"\n");
    std::fs::write(folder.join("a.toml"), text).unwrap();
}

/// The versions that were in force, the last first.
async fn versions(service: &Service) -> Vec<String> {
    let sets = service.store.rule_sets().await.unwrap();
    sets.into_iter().filter(|set| set.loaded_at.is_some()).map(|set| set.version).collect()
}

/// Waits until so many versions have come into force.
async fn loaded(service: &Service, count: usize) {
    wait_until(&format!("{count} versions of the rules were in force"), async || {
        versions(service).await.len() == count
    })
    .await;
}

#[tokio::test]
async fn good_rules_come_into_force_and_bad_ones_leave_the_last_good_ones() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "high");
    let rules = folder.path().to_owned();
    let service = Service::prepare(nine(), |config| config.rules = rules).await;
    let (desk, stop) = (service.desk(), CancellationToken::new());
    let running = tokio::spawn(serve::run(desk.clone(), service.config.clone(), &serve::Role::ALL, stop.clone()));
    loaded(&service, 1).await;
    service.deliver(mail("ann@example.com", "1", "a printer"));
    service.settle(1).await;

    std::fs::write(folder.path().join("a.toml"), "[[rule]]\nname = \"printer\"\nseverty = \"low\"\n").unwrap();
    wait_until("somebody says that the rules have errors", async || {
        desk.health.ask().await.remarks.iter().any(|remark| remark.starts_with("the rules on the disk have errors"))
    })
    .await;
    service.deliver(mail("ann@example.com", "2", "another printer"));
    service.settle(2).await;
    assert_eq!(versions(&service).await.len(), 1);

    service.pass(SignedDuration::from_mins(1));
    write(folder.path(), "low");
    loaded(&service, 2).await;
    wait_until("nobody says so any more", async || desk.health.ask().await.remarks.is_empty()).await;
    service.deliver(mail("ann@example.com", "3", "a third printer"));
    service.settle(3).await;

    let severities: Vec<&str> = service.tickets().await.iter().map(|row| row.severity.as_str()).collect();
    assert_eq!(severities, ["high", "high", "low"]);
    let judged: Vec<Option<String>> = service.inbox().await.into_iter().map(|row| row.rules_version).collect();
    let versions = versions(&service).await;
    assert_eq!(judged, [&versions[1], &versions[1], &versions[0]].map(|version| Some(version.clone())));
    let (found, files) = service.store.find_rules(&versions[1][..6]).await.unwrap().unwrap();
    assert_eq!(found, versions[1]);
    assert_eq!(files[0].0, "a.toml");
    assert!(files[0].1.contains("high"), "{files:?}");
    stop.cancel();
    running.await.unwrap().unwrap();
}

#[test]
fn what_shadow_rules_would_say_is_told_and_nothing_follows_from_it() {
    let text = "[[rule]]\nname = 'printer'\nseverity = 'critical'\nanswer = false\nwhen.subject = 'printer'\n";
    let shadow = compile(&[RuleFile { path: "a.toml".into(), text: text.into() }]).unwrap();
    let house = House { shadow: Some(Arc::new(shadow)), ..desk::house(INSTANCE) };
    let raw = mail("ann@example.com", "1", "a printer");
    let place = Place { mailbox: "support".into(), uid_validity: 1, uid: 1 };
    let item = InboxItem {
        id: 1,
        place,
        received_at: nine(),
        attempt: 1,
        tries: 1,
        raw: raw.into(),
        oversize_bytes: None,
        same_bytes_as: None,
        released: false,
        claim: None,
    };
    let mut working = Working { next_ticket: 1001, ..Working::default() };
    process::settle_one(&mut working, process::read(&house, &item), &house, nine());
    let told: Vec<String> = working.changes.shadow[0].1.iter().map(ToString::to_string).collect();
    assert_eq!(told, ["severity medium → critical by printer", "answer true → false by printer"]);
    assert_eq!(working.tickets[&TicketId(1001)].severity, Severity::Medium);
    assert_eq!(working.pending.len(), 2, "the acknowledgement and the notification");
}
