//! Promises in the open hours of a calendar, over starts with another configuration.

use super::{mail, nine};
use crate::journeys::story::Own;
use crate::support::log::Log;
use crate::support::service::Service;
use crate::support::wait_until;
use jiff::tz::TimeZone;
use postroom::ticket::calendar::{Calendar, read_hours};
use postroom::ticket::event::What;

/// What the customer was promised last.
async fn promised(service: &Service) -> String {
    let last = service.timeline(1001).await.into_iter().rev().find_map(|event| match event.what {
        What::Promised { due_at } => Some(due_at.to_string()),
        _ => None,
    });
    last.unwrap()
}

/// Opens the desk at this time, and lets it do what has come due.
async fn open_at(service: &mut Service, at: &str) {
    service.clock.move_to(at.parse().unwrap());
    service.open();
    service.settle(1).await;
    service.met().await;
}

#[tokio::test]
async fn a_ticket_goes_by_the_hours_that_its_calendar_has_now_and_around_the_clock_when_it_has_none() {
    let log = Log::keep();
    let own = Own {
        configuration: "[[calendar]]\nname = \"office\"\nhours = [\"mon-fri 09:00-11:00\"]\n".to_owned(),
        rules: "[[rule]]\nname = \"hours\"\ncalendar = \"office\"\nwhen.subject = \"printer\"\n".to_owned(),
    };
    let mut service = Service::prepare_with(nine(), &own, |_| {}).await;
    service.open();
    service.deliver(mail("ann@example.com", "1", "a printer"));
    service.settle(1).await;
    assert_eq!(promised(&service).await, "2026-03-03T11:00:00Z", "two hours a day");
    service.stop().await;

    let hours = vec![read_hours("mon-fri 08:00-16:00").unwrap()];
    let longer = Calendar { zone: TimeZone::UTC, hours, holidays: Default::default() };
    service.config.policy.calendars = [("office".to_owned(), longer)].into();
    open_at(&mut service, "2026-03-03T14:00:00Z").await;
    assert_eq!(promised(&service).await, "2026-03-04T10:00:00Z", "eight hours a day");
    service.stop().await;
    assert!(!log.text().contains("which the configuration has no more"), "{}", log.text());

    service.config.policy.calendars.clear();
    open_at(&mut service, "2026-03-04T14:00:00Z").await;
    assert_eq!(promised(&service).await, "2026-03-04T18:00:00Z", "around the clock");
    let said = "1 ticket with the calendar `office`, which the configuration has no more: time runs around the clock";
    wait_until("the log says that the calendar is gone", async || log.text().matches(said).count() == 1).await;
    service.stop().await;
}
