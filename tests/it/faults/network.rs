//! Connections that are cut in the middle of any command, and a network that falls apart.

use super::desk::{Desk, SUPPORT};
use super::{Database, play, scale};
use postroom_testbed::cutter::{End, Plan};
use postroom_testbed::{Cutter, load, skipped};
use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

#[test]
fn connections_cut_in_the_middle_of_any_command_lose_and_double_nothing() {
    play(Database::Sqlite, |database| {
        let count = scale(200, 2_000);
        let mut desk = Desk::new(database);
        desk.imap.set(Plan::at_random(11, 150_000));
        desk.smtp.set(Plan::at_random(12, 60_000));
        desk.start_worker();
        let mails = load::mails("cuts", SUPPORT, count, 2_000, 8);
        for mails in mails.chunks(count / 10) {
            desk.deliver(mails);
            std::thread::sleep(Duration::from_millis(300));
        }
        desk.wait("connections to be cut on both sides", |desk| desk.imap.cuts() >= 3 && desk.smtp.cuts() >= 5);
        let (imap, smtp) = (desk.imap.cuts(), desk.smtp.cuts());
        desk.imap.set(Plan::Forward);
        desk.smtp.set(Plan::Forward);
        desk.close(&format!("{imap} cuts of IMAP and {smtp} of SMTP"));
    });
}

#[test]
fn a_connection_cut_at_each_of_its_first_bytes_is_only_tried_again() {
    play(Database::Sqlite, |database| {
        let mut desk = Desk::new(database);
        desk.start_worker();
        let mails = load::mails("bytes", SUPPORT, scale(12, 200), 1_500, 9);
        for (at, mail) in mails.iter().enumerate() {
            // Of SMTP: from the greeting through the commands into the content and past its end.
            let end = if at % 2 == 0 { End::Fin } else { End::Reset };
            desk.smtp.set(Plan::After(20 + 600 * at as u64, end));
            desk.smtp.cut_all(end);
            desk.deliver(std::slice::from_ref(mail));
            desk.settle(at + 1);
        }
        desk.smtp.set(Plan::Forward);
        desk.smtp.cut_all(End::Fin);
        desk.close("cuts of SMTP at each step");
    });
}

#[test]
fn a_network_that_is_silent_for_a_while_costs_only_time() {
    play(Database::Sqlite, |database| {
        let mut desk = Desk::new(database);
        desk.start_worker();
        let mails = load::mails("silence", SUPPORT, scale(120, 1_200), 2_000, 10);
        for (round, mails) in mails.chunks(mails.len() / 3).enumerate() {
            desk.deliver(mails);
            std::thread::sleep(Duration::from_millis(150));
            desk.imap.partition();
            desk.smtp.partition();
            std::thread::sleep(Duration::from_millis(scale(1_500, 20_000) as u64));
            if round == 1 {
                // The connections have died meanwhile, and nobody heard of it.
                desk.imap.cut_all(End::Reset);
                desk.smtp.cut_all(End::Reset);
            }
            desk.imap.heal();
            desk.smtp.heal();
        }
        desk.close("silence");
    });
}

/// A network of its own for the workers, with one wire out, which can be pulled.
struct Wire {
    outside: String,
    out: Ipv4Addr,
    within: Vec<String>,
}

impl Wire {
    /// `None` where this cannot be had: that takes root and the kernel's leave.
    fn lay(desk: &mut Desk) -> Option<Self> {
        let mut holder = Command::new("unshare");
        holder.args(["--net", "sleep", "3600"]);
        // The network lasts as long as this process, which ends with the bed.
        let pid = desk.bed.spawn("network", holder).ok()?;
        let [high, low] = (pid as u16).to_be_bytes();
        let (out, inside) = (Ipv4Addr::new(10, 200 | (high & 7), low, 1), Ipv4Addr::new(10, 200 | (high & 7), low, 2));
        let outside = format!("pr{pid}");
        let within = ["nsenter", "--net", "--target", &pid.to_string()].map(str::to_owned).to_vec();
        let wire = Self { outside, out, within };
        let inner = wire.within.join(" ");
        let script = format!(
            "set -e; for i in 1 2 3 4 5 6 7 8 9 10; do
               [ \"$(readlink /proc/{pid}/ns/net)\" != \"$(readlink /proc/self/ns/net)\" ] && break; sleep 0.1
             done
             ip link add {name} type veth peer name eth0 netns {pid}
             ip addr add {out}/30 dev {name}; ip link set {name} up
             {inner} ip link set lo up; {inner} ip addr add {inside}/30 dev eth0; {inner} ip link set eth0 up",
            name = wire.outside,
        );
        let laid = Command::new("sh").args(["-c", &script]).output().unwrap();
        laid.status.success().then_some(wire)
    }

    fn is_up(&self, is_up: bool) {
        let word = if is_up { "up" } else { "down" };
        assert!(Command::new("ip").args(["link", "set", &self.outside, word]).status().unwrap().success());
    }
}

#[test]
fn a_wire_that_is_pulled_and_plugged_in_again_loses_and_doubles_nothing() {
    play(Database::Sqlite, |database| {
        let mut desk = Desk::new(database);
        let Some(wire) = Wire::lay(&mut desk) else {
            skipped("no network namespace can be made here; the silent network is played by a proxy elsewhere");
            return;
        };
        let cutter = |address| Cutter::start_at(wire.out.into(), address, Plan::Forward).unwrap();
        let (imap, smtp) = (cutter(desk.bed.imap_address()), cutter(desk.bed.smtp_address()));
        desk.reach_by(imap, smtp);
        desk.within = wire.within.clone();
        desk.start_worker();
        let mails = load::mails("wire", SUPPORT, scale(120, 1_200), 2_000, 11);
        let third = mails.len() / 3;
        desk.deliver(&mails[..third]);
        desk.settle(third / 2);
        wire.is_up(false);
        desk.deliver(&mails[third..2 * third]);
        std::thread::sleep(Duration::from_millis(scale(1_000, 30_000) as u64));
        wire.is_up(true);
        desk.settle(2 * third);
        // While the wire is out the servers give the connections up; the workers never hear of it.
        wire.is_up(false);
        desk.imap.cut_all(End::Reset);
        desk.smtp.cut_all(End::Reset);
        wire.is_up(true);
        desk.deliver(&mails[2 * third..]);
        desk.close("a pulled wire");
    });
}
