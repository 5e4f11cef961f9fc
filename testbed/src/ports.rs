//! Ports on loopback for servers that die and come back on the same one.

use std::{
    fs,
    net::{Ipv4Addr, TcpListener},
    ops::Range,
    process,
    sync::atomic::{AtomicU32, Ordering},
};

use anyhow::{Result, ensure};

/// What is left to servers where the system does not say which ports it gives to clients.
const USUAL: Range<u32> = 10_000..32_768;

/// As many ports as asked for that are free at the moment, none twice in one process.
///
/// None of them is one that the system gives to clients: while a server is down, somebody's connection could have
/// its port, be it one to that very port, which then talks to itself. The server could not come back.
pub fn free(count: usize) -> Result<Vec<u16>> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    let range = range.as_deref().and_then(for_servers).unwrap_or(USUAL);
    // Two processes, of neighbouring numbers as a rule, begin far from each other.
    let first = process::id().wrapping_mul(997);
    let mut found = Vec::with_capacity(count);
    for _ in range.clone() {
        let asked = first.wrapping_add(ASKED.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(range.start + asked % (range.end - range.start))?;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            found.push(port);
            if found.len() == count {
                return Ok(found);
            }
        }
    }
    ensure!(count == 0, "there are no {count} free ports on loopback");
    Ok(found)
}

/// The wider of the two ranges beside that of the clients, `None` where neither is worth mentioning.
fn for_servers(of_clients: &str) -> Option<Range<u32>> {
    let mut numbers = of_clients.split_whitespace().map(str::parse::<u32>);
    let (first, last) = (numbers.next()?.ok()?, numbers.next()?.ok()?);
    let (below, above) = (USUAL.start..first.min(65_536), (last + 1).max(USUAL.start)..65_536);
    let wider = if below.len() >= above.len() { below } else { above };
    (wider.len() >= 1_000).then_some(wider)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn servers_get_the_wider_range_beside_that_of_the_clients() {
        assert_eq!(for_servers("32768\t60999\n"), Some(10_000..32_768));
        assert_eq!(for_servers("1024 20000"), Some(20_001..65_536));
        assert_eq!(for_servers("1024 65535"), None);
        assert_eq!(for_servers("much"), None);
    }

    #[test]
    fn nobody_gets_a_port_twice_nor_one_that_is_in_use() {
        let ours = free(20).unwrap();
        let listeners: Vec<_> =
            ours.iter().map(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).unwrap()).collect();
        let more = free(20).unwrap();
        assert_eq!(ours.iter().chain(&more).collect::<BTreeSet<_>>().len(), 40);
        drop(listeners);
    }
}
