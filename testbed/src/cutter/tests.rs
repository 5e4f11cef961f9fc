//! What both sides of a proxy see.

use std::io::ErrorKind;

use super::*;
use crate::wait::wait_until;

/// A server that says back what it hears.
fn echo() -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for client in listener.incoming() {
            let (mut from, mut to) = (client.as_ref().unwrap().try_clone().unwrap(), client.unwrap());
            thread::spawn(move || std::io::copy(&mut from, &mut to));
        }
    });
    address
}

fn connect(cutter: &Cutter) -> TcpStream {
    let stream = TcpStream::connect(cutter.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream
}

/// Sends and returns what comes back until the end, and how it ended.
fn say(stream: &mut TcpStream, text: &[u8]) -> (Vec<u8>, Option<ErrorKind>) {
    // A connection that is cut already takes nothing; reading tells how.
    let _ = stream.write_all(text);
    let mut heard = Vec::new();
    let end = stream.read_to_end(&mut heard).err().map(|error| error.kind());
    (heard, end)
}

#[test]
fn a_cut_comes_exactly_at_its_byte_counted_over_both_directions() {
    let target = echo();
    // Ten bytes go there; what is left comes back.
    let cases =
        [("in the command", 4, b"".as_slice()), ("between command and answer", 10, b""), ("in the answer", 13, b"012")];
    for (name, bytes, expected) in cases {
        let cutter = Cutter::start(target, Plan::After(bytes, End::Fin)).unwrap();
        assert_eq!(say(&mut connect(&cutter), b"0123456789"), (expected.to_vec(), None), "{name}");
        assert_eq!((cutter.connections(), cutter.cuts()), (1, 1), "{name}");
    }
}

#[test]
fn a_reset_is_an_error_for_both_sides() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let cutter = Cutter::start(listener.local_addr().unwrap(), Plan::After(3, End::Reset)).unwrap();
    let mut client = connect(&cutter);
    let (mut server, _) = listener.accept().unwrap();
    server.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    assert_eq!(say(&mut client, b"abc").1, Some(ErrorKind::ConnectionReset));
    assert_eq!(say(&mut server, b"").1, Some(ErrorKind::ConnectionReset));
}

#[test]
fn the_same_dice_cut_at_the_same_places() {
    let target = echo();
    let lives = |seed| {
        let cutter = Cutter::start(target, Plan::at_random(seed, 20)).unwrap();
        let heard = |_| {
            let stream = &mut connect(&cutter);
            stream.write_all(&[b'x'; 40]).unwrap();
            // What came back before a reset is lost with it, so only the cuts in order are told apart.
            say(stream, b"").1.is_none()
        };
        (0..20).map(heard).collect::<Vec<_>>()
    };
    let first = lives(7);
    assert_eq!(first, lives(7));
    assert!(first.contains(&true) && first.contains(&false), "{first:?}");
}

#[test]
fn nothing_passes_a_partition_until_it_heals() {
    let cutter = Cutter::start(echo(), Plan::Forward).unwrap();
    let mut before = connect(&cutter);
    before.write_all(b"one").unwrap();
    let mut heard = [0; 3];
    before.read_exact(&mut heard).unwrap();
    cutter.partition();
    let mut during = connect(&cutter);
    for stream in [&mut before, &mut during] {
        stream.write_all(b"two").unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
        assert_eq!(stream.read(&mut heard).unwrap_err().kind(), ErrorKind::WouldBlock);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    }
    cutter.heal();
    for stream in [&mut before, &mut during] {
        stream.read_exact(&mut heard).unwrap();
        assert_eq!(&heard, b"two");
    }
}

#[test]
fn all_connections_are_cut_at_once_and_new_ones_are_refused() {
    let cutter = Cutter::start(echo(), Plan::Forward).unwrap();
    let mut streams = [connect(&cutter), connect(&cutter)];
    for stream in &mut streams {
        stream.write_all(b"x").unwrap();
        stream.read_exact(&mut [0]).unwrap();
    }
    cutter.set(Plan::Refuse);
    cutter.cut_all(End::Reset);
    for stream in &mut streams {
        assert_eq!(say(stream, b"").1, Some(ErrorKind::ConnectionReset));
    }
    assert!(say(&mut connect(&cutter), b"x").0.is_empty());
    let limit = Duration::from_secs(10);
    wait_until("three cuts", limit, || Ok((cutter.cuts() == 3).then_some(()))).unwrap();
    let address = cutter.address();
    drop(cutter);
    let gone = || Ok(TcpStream::connect(address).is_err().then_some(()));
    wait_until("the proxy to be gone", limit, gone).unwrap();
}
