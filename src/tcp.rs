//! Connections to mail servers: small commands go out at once, and it is found out when there is nobody at the other end.

use socket2::{SockRef, TcpKeepalive};
use std::io;
use std::time::Duration;
use tokio::net::TcpStream;

/// After how long without a word the other end is asked whether it is there (RFC 1122 §4.2.3.6).
const ASK_AFTER: Duration = Duration::from_secs(10);

/// How long it has for an answer before it is asked again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// How often it is asked in vain.
const ASK_TIMES: u32 = 4;

/// Connects.
///
/// Whoever waits for an answer waits for minutes, as RFC 5321 §4.5.3.2 has it, and in IDLE for ever. A server that has
/// forgotten the connection, or a firewall that has, says so only when something is sent to it.
pub async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let tcp = TcpStream::connect((host, port)).await?;
    // Commands are small and each waits for its answer: without this every mail would wait for delayed ACKs.
    tcp.set_nodelay(true)?;
    let asking = TcpKeepalive::new().with_time(ASK_AFTER).with_interval(ASK_AGAIN).with_retries(ASK_TIMES);
    SockRef::from(&tcp).set_tcp_keepalive(&asking)?;
    Ok(tcp)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_connection_finds_out_that_its_other_end_is_gone() {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tcp = connect("127.0.0.1", server.local_addr().unwrap().port()).await.unwrap();
        let socket = SockRef::from(&tcp);
        assert!(socket.keepalive().unwrap() && socket.tcp_nodelay().unwrap());
        let (after, again) = (socket.tcp_keepalive_time().unwrap(), socket.tcp_keepalive_interval().unwrap());
        let longest = after + again * socket.tcp_keepalive_retries().unwrap();
        assert!(longest <= Duration::from_secs(30), "{longest:?}");
    }
}
