//! A TCP proxy that cuts connections in the middle of anything, and can play a network that has fallen apart.
//!
//! A cut counts the bytes of both directions together and comes exactly at its byte, so that it falls within commands
//! and answers as well as between them. A partition forwards nothing and closes nothing: neither side hears of it.

use std::{
    io::{Read as _, Write as _},
    net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use socket2::SockRef;

use crate::load::Dice;

/// How a cut connection ends, as both sides see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// In order (FIN): as if the other side had hung up.
    Fin,
    /// With an error (RST): as if the other side had died.
    Reset,
}

/// What becomes of new connections.
#[derive(Debug, Clone)]
pub enum Plan {
    /// They are forwarded and not cut.
    Forward,
    /// Each is cut after so many bytes.
    After(u64, End),
    /// Each is cut somewhere between its first byte and twice the mean, at random but the same for the same dice.
    AtRandom {
        /// What is thrown for each.
        dice: Dice,
        /// How long they live on average.
        mean_bytes: u64,
    },
    /// Each is closed at once.
    Refuse,
}

impl Plan {
    /// Cuts at random places.
    pub fn at_random(seed: u64, mean_bytes: u64) -> Self {
        Self::AtRandom { dice: Dice(seed), mean_bytes }
    }

    /// How many bytes the next connection lives for.
    fn next(&mut self) -> Option<(u64, End)> {
        match self {
            Self::Forward => None,
            Self::After(bytes, end) => Some((*bytes, *end)),
            Self::AtRandom { dice, mean_bytes } => {
                let end = if dice.below(2) == 0 { End::Fin } else { End::Reset };
                Some((1 + dice.below(2 * *mean_bytes), end))
            }
            Self::Refuse => Some((0, End::Reset)),
        }
    }
}

/// A running proxy. It ends, with its connections, when it is dropped.
#[derive(Debug)]
pub struct Cutter {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Cutter {
    /// Starts a proxy on loopback in front of a server, which need not be there yet.
    pub fn start(target: SocketAddr, plan: Plan) -> Result<Self> {
        Self::start_at(Ipv4Addr::LOCALHOST.into(), target, plan)
    }

    /// The same on another address of this machine.
    pub fn start_at(on: IpAddr, target: SocketAddr, plan: Plan) -> Result<Self> {
        let listener = TcpListener::bind((on, 0)).with_context(|| format!("cannot listen on {on}"))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { state: Mutex::new(State::new(plan)), ..Shared::default() });
        let ours = shared.clone();
        thread::spawn(move || ours.accept(&listener, target));
        Ok(Self { address, shared })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes what becomes of new connections; those that are there keep their plan.
    pub fn set(&self, plan: Plan) {
        self.shared.state().plan = plan;
    }

    /// Cuts every connection now.
    pub fn cut_all(&self, end: End) {
        let links = std::mem::take(&mut self.shared.state().links);
        links.iter().filter_map(Weak::upgrade).for_each(|link| self.shared.cut(&link, end));
    }

    /// From now on nothing passes and nothing is closed; new connections are taken and left without an answer.
    pub fn partition(&self) {
        self.shared.state().is_partitioned = true;
    }

    /// Ends a partition; what was on its way arrives, and what was closed is closed.
    pub fn heal(&self) {
        self.shared.state().is_partitioned = false;
        self.shared.changed.notify_all();
    }

    /// Connections so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// Connections that were cut.
    pub fn cuts(&self) -> usize {
        self.shared.cuts.load(Ordering::SeqCst)
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        self.heal();
        self.cut_all(End::Fin);
        // Wakes the thread that accepts, which then ends; if it is gone already there is nobody to wake.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    connections: AtomicUsize,
    cuts: AtomicUsize,
    is_over: AtomicBool,
}

#[derive(Debug)]
struct State {
    plan: Plan,
    is_partitioned: bool,
    links: Vec<Weak<Link>>,
}

impl State {
    fn new(plan: Plan) -> Self {
        Self { plan, is_partitioned: false, links: Vec::new() }
    }
}

impl Default for State {
    fn default() -> Self {
        Self::new(Plan::Forward)
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until there is no partition.
    fn pass(&self) {
        let state = self.changed.wait_while(self.state(), |state| state.is_partitioned);
        drop(state.unwrap_or_else(PoisonError::into_inner));
    }

    fn count_cut(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
    }

    fn cut(&self, link: &Link, end: End) {
        if link.is_first_to_cut() {
            // Counted first: whoever sees the end finds it counted.
            self.count_cut();
            link.close(end);
        }
    }

    fn accept(self: Arc<Self>, listener: &TcpListener, target: SocketAddr) {
        for client in listener.incoming() {
            if self.is_over.load(Ordering::SeqCst) {
                return;
            }
            let Ok(client) = client else { continue };
            self.connections.fetch_add(1, Ordering::SeqCst);
            let shared = self.clone();
            thread::spawn(move || {
                // A server that is not there is a connection that ends at once.
                let _ = shared.forward(client, target);
            });
        }
    }

    fn forward(self: Arc<Self>, client: TcpStream, target: SocketAddr) -> std::io::Result<()> {
        self.pass();
        let life = self.state().plan.next();
        if let Some((0, end)) = life {
            self.count_cut();
            return close(&client, end);
        }
        let server = TcpStream::connect_timeout(&target, Duration::from_secs(10))?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        let link = Arc::new(Link { client, server, left: Mutex::new(life), is_cut: AtomicBool::new(false) });
        {
            let mut state = self.state();
            state.links.retain(|link| link.strong_count() > 0);
            state.links.push(Arc::downgrade(&link));
        }
        let back = {
            let (shared, link) = (self.clone(), link.clone());
            thread::spawn(move || shared.copy(&link, &link.server, &link.client))
        };
        self.copy(&link, &link.client, &link.server);
        // A thread that panicked has nothing more to forward.
        let _ = back.join();
        Ok(())
    }

    fn copy(&self, link: &Link, mut from: &TcpStream, mut to: &TcpStream) {
        let mut buffer = [0; 16 << 10];
        loop {
            let read = from.read(&mut buffer);
            self.pass();
            let read = match read {
                Ok(0) => break,
                Ok(read) => read,
                Err(_) => {
                    // One side has died, and the other hears of it.
                    if link.is_first_to_cut() {
                        link.close(End::Reset);
                    }
                    return;
                }
            };
            let (bytes, end) = link.take(read);
            if to.write_all(&buffer[..bytes]).is_err() {
                break;
            }
            if let Some(end) = end {
                self.cut(link, end);
                return;
            }
        }
        if !link.is_cut.load(Ordering::SeqCst) {
            // What the other side still has to say is let through. A socket that is closed already cannot be closed.
            let _ = to.shutdown(Shutdown::Write);
        }
    }
}

/// One connection, from both sides.
#[derive(Debug)]
struct Link {
    client: TcpStream,
    server: TcpStream,
    /// How many bytes it still lives for, and how it ends then.
    left: Mutex<Option<(u64, End)>>,
    is_cut: AtomicBool,
}

impl Link {
    /// Of so many bytes, how many pass, and whether that was the end.
    fn take(&self, bytes: usize) -> (usize, Option<End>) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((left, end)) = left.as_mut() else { return (bytes, None) };
        let passing = (bytes as u64).min(*left);
        *left -= passing;
        // `passing` is no more than `bytes`, so it fits.
        (passing as usize, (*left == 0).then_some(*end))
    }

    /// Whether nobody has cut it before.
    fn is_first_to_cut(&self) -> bool {
        !self.is_cut.swap(true, Ordering::SeqCst)
    }

    fn close(&self, end: End) {
        for side in [&self.client, &self.server] {
            // One that the other side has closed already is as good as cut.
            let _ = close(side, end);
        }
    }
}

/// Ends one side of a connection although others still hold the socket.
fn close(socket: &TcpStream, end: End) -> std::io::Result<()> {
    match end {
        End::Fin => socket.shutdown(Shutdown::Both),
        End::Reset => {
            let socket = SockRef::from(socket);
            socket.set_linger(Some(Duration::ZERO))?;
            // The reset goes out when the last thread lets go of the socket: this wakes it, and sends nothing.
            socket.shutdown(Shutdown::Read)
        }
    }
}

#[cfg(test)]
mod tests;
