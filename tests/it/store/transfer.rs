//! A desk as a stream: from one database into the other and back, and streams that are not as they should be.

use super::{Desk, breaker, large_ones, mail, mail_of, minute, outgoing, settled, suppressed, ticket};
use postroom::decide::{DeadlineKind, Outcome, Suppression};
use postroom::message::{Address, Digest, MessageId};
use postroom::store::{Changes, Filed, NewMail, Settled, StoreError, Stream, TransferError};
use postroom::ticket::event::{Actor, Event, Visibility, What};
use postroom::ticket::people::TeamId;
use postroom::ticket::{Paging, Ticket, TicketId};

/// Fills every table, also with what is read in one database and not in the other.
async fn fill(desk: &Desk) {
    // Of more than one piece.
    let binary: Vec<u8> = (0..=255).cycle().take((1 << 20) + 256).collect();
    let mut to_bob = outgoing(None, "bob@example.com", "two");
    to_bob.mail.bytes.clone_from(&binary);
    let large =
        NewMail { digest: Digest::of(&binary), raw: binary.into(), oversize_bytes: Some(1 << 40), ..mail(9, "") };
    let mails = [mail(1, "one"), mail(2, "one"), large, mail(4, "four")];
    let cursor = mail(4, "").place;
    desk.store.keep_mail(&mails, Some(&cursor), minute(0)).await.unwrap();
    let items = desk.claim(minute(0)).await;
    let first = Ticket {
        tags: vec!["a \"b\"".into()],
        subject: "Grüße\u{2028} 你好 \\ \n".into(),
        calendar: Some("Büro".into()),
        team: Some(TeamId("billing".into())),
        paged_at: Some(minute(7)),
        paging: Paging::Owed,
        ..ticket(1001)
    };
    let on = |at: usize| Settled { ticket: Some(TicketId(1001)), ..settled(&items[at], Outcome::TicketOpened) };
    desk.write(&Changes {
        opened: vec![first, ticket(1002)],
        settled: vec![on(0), settled(&items[1], Outcome::Duplicate(1))],
        filed: vec![Filed {
            ticket: TicketId(1001),
            inbox: Some(1),
            message_id: MessageId("m1@example.com".into()),
            visibility: Visibility::Public,
            by: "ann@example.com".into(),
            is_customers: true,
            text: "nothing\0here".into(),
            at: minute(0),
        }],
        events: vec![Event {
            ticket: TicketId(1001),
            at: minute(0),
            actor: Actor::Postroom,
            what: What::Remarked { text: "\0".into() },
            cause: "new-request".into(),
        }],
        deadlines_set: vec![
            (TicketId(1001), DeadlineKind::Update, minute(30)),
            (TicketId(1001), DeadlineKind::FirstResponse, minute(60)),
            (TicketId(1001), DeadlineKind::Page, minute(22)),
        ],
        outgoing: vec![outgoing(Some(1001), "ann@example.com", "ack"), to_bob],
        suppressed: vec![
            suppressed("b\u{e4}d@example.com", Suppression::Bounced),
            suppressed("a-b@example.com", Suppression::Soft),
        ],
        breakers: vec![breaker("ann@example.com", minute(60)), breaker("", minute(90))],
        passed_on: vec![(MessageId("passed-on@example.com".into()), TicketId(1001))],
        ..Changes::default()
    })
    .await;
    desk.store.claim_outbox(minute(0), super::LEASE, 1).await.unwrap();
    desk.store.keep_rules("00ff", &[("a.toml".to_owned(), "# Grüße\n".to_owned())], minute(1)).await.unwrap();
}

async fn export(desk: &Desk) -> Vec<u8> {
    let mut out = Vec::new();
    desk.store.export(minute(5), &mut out, &mut |_| {}).await.unwrap();
    out
}

async fn import(desk: &Desk, stream: &[u8]) -> Result<(), TransferError> {
    // Only a desk at which nobody works is filled.
    desk.store.leave_workers().await.unwrap();
    desk.store.import(Stream::open(stream)?, &mut || {}).await.map(drop)
}

#[tokio::test]
async fn a_desk_goes_from_one_database_to_the_other_and_back_and_is_the_same() {
    let first = Desk::on_sqlite().await;
    fill(&first).await;
    let stream = export(&first).await;
    let second = Desk::on_postgres().await;
    import(&second, &stream).await.unwrap();
    assert_eq!(String::from_utf8(export(&second).await).unwrap(), String::from_utf8(stream.clone()).unwrap());
    let third = Desk::on_sqlite().await;
    import(&third, &export(&second).await).await.unwrap();
    assert_eq!(export(&third).await, stream);

    // It goes on where it was: who it is, its numbers, and what is to do.
    for desk in [second.reopened().await, third.reopened().await] {
        assert_eq!(desk.store.instance(), first.store.instance());
        let ticket = desk.store.find_ticket(TicketId(1001)).await.unwrap().unwrap();
        assert_eq!((ticket.team, ticket.calendar), (Some(TeamId("billing".into())), Some("Büro".into())));
        assert_eq!((ticket.paged_at, ticket.paging), (Some(minute(7)), Paging::Owed));
        let due = desk.store.claim_deadlines(minute(25), super::LEASE, 10).await.unwrap();
        assert_eq!(
            due.iter().map(|due| (due.kind, due.due_at)).collect::<Vec<_>>(),
            [(DeadlineKind::Page, minute(22))]
        );
        assert_eq!(desk.keep(&[mail(5, "five")]).await, [5]);
        assert_eq!(desk.claim(minute(10)).await.len(), 3, "two of them were being worked on");
        let mut tx = desk.store.begin().await.unwrap();
        assert_eq!(tx.next_ticket_id(1).await.unwrap(), TicketId(1001));
        tx.rollback().await.unwrap();
        let remark = What::Remarked { text: "again".into() };
        let event =
            Event { ticket: TicketId(1001), at: minute(1), actor: Actor::Postroom, what: remark, cause: String::new() };
        desk.write(&Changes { events: vec![event], ..Changes::default() }).await;
    }
}

#[tokio::test]
async fn a_large_mail_goes_along_in_all_its_pieces() {
    let first = Desk::on_sqlite().await;
    let large = large_ones();
    let mails: Vec<NewMail> = (1..).zip(&large).map(|(uid, bytes)| mail_of(uid, bytes)).collect();
    first.keep(&mails).await;
    let stream = export(&first).await;
    let second = Desk::on_postgres().await;
    import(&second, &stream).await.unwrap();
    for (id, bytes) in (1..).zip(&large) {
        assert!(second.store.find_inbox_raw(id).await.unwrap().as_ref() == Some(bytes), "mail {id}");
    }
    assert!(export(&second).await == stream);
}

#[tokio::test]
async fn a_stream_that_is_not_as_it_should_be_changes_nothing() {
    let desk = Desk::on_sqlite().await;
    fill(&desk).await;
    let stream = String::from_utf8(export(&desk).await).unwrap();
    let lines: Vec<&str> = stream.lines().collect();
    let without = |at: usize| {
        let mut lines = lines.clone();
        lines.remove(at);
        lines.join("\n") + "\n"
    };
    let place = |start: &str| lines.iter().position(|line| line.starts_with(start)).unwrap();
    let (ticket, end) = (place("{\"tickets\""), lines.len() - 1);
    let swapped = |at: usize, line: &str| {
        let mut lines = lines.clone();
        lines[at] = line;
        lines.join("\n") + "\n"
    };
    let cases = [
        ("nothing", String::new(), "there is nothing in it; was `postroom export` cut off?".to_owned()),
        ("no stream", "Dear diary\n".into(), "line 1: this is no stream that `postroom export` has written".into()),
        (
            "another form",
            stream.replacen("\"format\":1", "\"format\":2", 1),
            "line 1: the stream has format 2, and this Postroom reads 1".into(),
        ),
        (
            "another schema",
            stream.replacen("\"schema\":", "\"schema\":7", 1),
            "line 1: the stream has tables of version 7".into(),
        ),
        ("cut off in a line", stream[..stream.len() - 9].into(), format!("line {}: the line is cut off", end + 1)),
        ("cut off between lines", without(end), format!("line {end}: the stream ends here without its last line")),
        ("a row less", without(end - 1), format!("line {end}: there are more or fewer rows")),
        ("a row that others need", without(ticket), format!("line {end}: the database does not take these rows of `")),
        ("a broken line", swapped(ticket, "{\"tickets\":{"), format!("line {}: this is no row: ", ticket + 1)),
        (
            "an unknown table",
            swapped(ticket, "{\"songs\":{}}"),
            format!("line {}: there is no table `songs`", ticket + 1),
        ),
        ("a column less", swapped(ticket, "{\"tickets\":{}}"), format!("line {}: `tickets` without `id`", ticket + 1)),
        (
            "a wrong value",
            stream.replacen("{\"tickets\":{\"id\":1001", "{\"tickets\":{\"id\":\"x\"", 1),
            format!("line {}: `id` of `tickets` is no number", ticket + 1),
        ),
        (
            "a changed value",
            stream.replacen("ann@example.com", "eve@example.com", 1),
            format!("line {}: the digests are not those of the lines", end + 1),
        ),
        ("something behind it", stream.clone() + "\n", format!("line {}: something stands behind", end + 2)),
    ];
    for target in [Desk::on_sqlite().await, Desk::on_postgres().await] {
        let before = export(&target).await;
        for (name, stream, expected) in &cases {
            let error = import(&target, stream.as_bytes()).await.expect_err(name).to_string();
            // Rows are written in batches, so that a line may be told that stands behind them.
            let is_told =
                error.starts_with(expected) || *name == "a row that others need" && error.contains("take these");
            assert!(is_told, "{name}: {error}");
            assert!(export(&target).await == before, "{name} has changed something");
        }
        import(&target, stream.as_bytes()).await.unwrap();
        match import(&target, stream.as_bytes()).await {
            Err(TransferError::Store(StoreError::Refused { what })) => {
                assert_eq!(what, "there are rows in `cursors`; only a new database is filled from a stream");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn every_table_and_column_goes_along_but_those_about_who_is_at_work() {
    let desk = Desk::on_postgres().await;
    let sql = "SELECT table_name || '.' || column_name FROM information_schema.columns \
               WHERE table_schema = 'public' ORDER BY table_name, ordinal_position";
    let all = super::postgres().query(&desk.url, sql).unwrap();
    fill(&desk).await;
    let stream = String::from_utf8(export(&desk).await).unwrap();
    let mut told: Vec<String> = Vec::new();
    for line in stream.lines().skip(1) {
        let line: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).unwrap();
        let (table, row) = line.iter().next().unwrap();
        if table != "end" {
            told.extend(row.as_object().unwrap().keys().map(|column| format!("{table}.{column}")));
        }
    }
    let left: Vec<&str> = all.lines().filter(|column| !told.iter().any(|told| told == column)).collect();
    let mut left: Vec<&str> = left.into_iter().filter(|column| !column.starts_with("_sqlx")).collect();
    left.retain(|column| !["workers.", "holds.", "batches."].iter().any(|table| column.starts_with(table)));
    assert_eq!(left, ["deadlines.worker", "inbox.batch", "outbox.worker"]);
}

#[tokio::test]
async fn a_ticket_is_read_as_it_was_written_elsewhere() {
    let desk = Desk::on_sqlite().await;
    fill(&desk).await;
    let other = Desk::on_postgres().await;
    import(&other, &export(&desk).await).await.unwrap();
    let (mine, theirs) =
        (desk.store.find_ticket(TicketId(1001)).await.unwrap(), other.store.find_ticket(TicketId(1001)).await.unwrap());
    let nul = |ticket: Option<Ticket>| {
        ticket.map(|ticket| Ticket { last_words: ticket.last_words.replace('\0', "\u{fffd}"), ..ticket })
    };
    assert_eq!(nul(mine), theirs);
    assert_eq!(theirs.unwrap().parties[0].address, Address::bare("Ann@Example.com"));
}
