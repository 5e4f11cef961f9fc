//! The real program, killed with SIGKILL again and again while mail comes in and goes out.
//!
//! The IMAP server and the SMTP server live in this process and survive. Whatever the moment of a kill: every mail
//! ends in one outcome, there is no second ticket, and nobody gets a second mail but a copy with the same Message-ID,
//! of one that the server had taken and the database had not heard of.

mod desk;
mod steps;

use desk::Killable;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How often the program is killed; the start after the last kill is left to finish.
const KILLS: usize = 60;

/// The longest that the program lives after its login, unless it has got nothing done.
const WINDOW_MS: u64 = 120;

/// New customers before each start.
const CUSTOMERS: usize = 10;

/// A small generator, so that a run can be repeated: the same seed kills at the same moments after each start.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        from + self.0 % (to - from)
    }
}

fn first(n: usize) -> Vec<u8> {
    mail(n, &format!("first-{n}"), &format!("question {n}"), "", "")
}

fn follow_up(n: usize, on_top: &str) -> Vec<u8> {
    let answers = format!("In-Reply-To: <first-{n}@customer.example>\r\n");
    mail(n, &format!("second-{n}"), &format!("Re: question {n}"), &answers, on_top)
}

fn mail(n: usize, id: &str, subject: &str, headers: &str, on_top: &str) -> Vec<u8> {
    format!(
        "{on_top}From: Customer {n} <c{n}@customer.example>\r\nTo: support@desk.example\r\nSubject: {subject}\r\n\
         Message-ID: <{id}@customer.example>\r\n{headers}\r\nIt is about question {n}.\r\n"
    )
    .into_bytes()
}

/// What arrives before a start: new customers, the second mails of those before them, and copies of some of these, of
/// which every other one came by another way.
fn arrivals(round: usize) -> Vec<Vec<u8>> {
    let new = CUSTOMERS * round..CUSTOMERS * (round + 1);
    let mut mails: Vec<Vec<u8>> = new.clone().map(first).collect();
    for n in new.map(|n| n.wrapping_sub(CUSTOMERS)).filter(|_| round > 0) {
        mails.push(follow_up(n, ""));
        if n % CUSTOMERS == 0 {
            mails.push(follow_up(n, if n % (2 * CUSTOMERS) == 0 { "Received: by another way\r\n" } else { "" }));
        }
    }
    mails
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_or_doubled_however_often_the_program_is_killed() {
    let mut desk = Killable::new().await;
    let mut dice = Dice(0x5eed_2026_0302);
    let (mut mails, mut interrupted) = (0, 0);
    let (mut window_ms, mut settled) = (WINDOW_MS, 0);
    for round in 0..=KILLS {
        for mail in arrivals(round) {
            desk.deliver(mail);
            mails += 1;
        }
        desk.start();
        if round == KILLS {
            break;
        }
        // Starting takes its time, and a kill before the first login would prove nothing.
        desk.logged_in().await;
        tokio::time::sleep(Duration::from_millis(dice.roll(0, window_ms))).await;
        desk.kill().await;
        // On a slow machine it would come to nothing within the shortest time.
        let before = std::mem::replace(&mut settled, desk.settled_count().await);
        window_ms = if settled > before { WINDOW_MS } else { window_ms * 5 / 4 };
        interrupted += usize::from(desk.has_begun_work().await);
    }
    desk.finish(mails).await;
    let audit = desk.audit().await;
    let customers = CUSTOMERS * (KILLS + 1);
    let outcomes = [("ticket-opened", customers), ("follow-up", CUSTOMERS * KILLS), ("duplicate", KILLS)];
    let outcomes: BTreeMap<String, usize> = outcomes.map(|(word, count)| (word.to_owned(), count)).into();
    assert_eq!(audit.outcomes, outcomes, "each of {mails} mails has one outcome");
    let doubled: Vec<_> = audit.tickets.iter().filter(|(_, count)| **count != 1).collect();
    assert!(doubled.is_empty() && audit.tickets.len() == customers, "one ticket each, but: {doubled:?}");
    assert_eq!(audit.strayed, BTreeSet::new(), "mails that are not on their customer's ticket");
    let doubled: Vec<_> = audit.acknowledgements.iter().filter(|(_, distinct)| **distinct != 1).collect();
    assert!(doubled.is_empty() && audit.acknowledgements.len() == customers, "one acknowledgement each: {doubled:?}");
    assert_eq!(audit.never_sent, BTreeSet::new(), "written and never sent");
    assert_eq!(audit.never_written, BTreeSet::new(), "sent and never written");
    assert!(interrupted >= KILLS / 10, "only {interrupted} kills met work that was begun: the test proves too little");
    println!(
        "kills {KILLS} ({interrupted} in the middle of a mail), mails {mails}, lost 0, doubled 0, re-sent {}",
        audit.re_sent
    );
}
