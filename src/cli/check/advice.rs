//! What to do about a server that we cannot talk to: from the error itself, and from what a mail server's port speaks.

use crate::endpoint::{Endpoint, Security};
use crate::store::{DatabaseUrl, StoreError};
use crate::tls::{self, Fault, TlsError};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a server may take to say the first word, which all that speak plain text first do at once.
const FIRST_WORD: Duration = Duration::from_secs(3);

/// How long a handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// The usual ports of a protocol.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    /// With TLS from the first byte.
    pub tls: u16,
    /// With plain text first.
    pub plain: u16,
}

/// What a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Spoken {
    Plain,
    Tls,
    Nothing,
}

/// What to do about a connection that could not be secured.
pub(super) fn about_tls(error: &TlsError, endpoint: &Endpoint, ports: Ports) -> Option<String> {
    Some(match error.fault()? {
        Fault::UnknownIssuer if endpoint.ca_file.is_some() => {
            "neither the system nor the file in `ca_file` has the authority that signed the server's certificate; put \
             its certificate into that file"
                .to_owned()
        }
        Fault::UnknownIssuer => {
            "write ca_file = \"…\" with the certificate of the authority that signed the server's, \
                                 or give the server a certificate of a public authority"
                .to_owned()
        }
        Fault::SelfSigned => {
            "the server's certificate is signed by itself; save it as a PEM file and write ca_file = \"…\"".to_owned()
        }
        Fault::OtherNames(names) if names.is_empty() => {
            format!("the certificate is not for {}; write the host's name as it stands in it", endpoint.host)
        }
        Fault::OtherNames(names) => format!(
            "the certificate is for {}; write one of these as `host`, or have {} added to it",
            names.join(", "),
            endpoint.host
        ),
        Fault::Expired(since) => {
            let since = since.map(|at| format!(" since {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
            format!("the server's certificate is out of date{since}; it must be renewed there")
        }
        Fault::NotYetValid(from) => {
            let from = from.map(|at| format!(" before {}", at.strftime("%Y-%m-%d %H:%M UTC"))).unwrap_or_default();
            format!("the server's certificate is not valid{from}; is the clock of this machine right?")
        }
        Fault::NoTls => write_plain(ports),
    })
}

/// What to do about a server that does not offer `STARTTLS`.
pub(super) fn about_starttls(ports: Ports) -> String {
    format!("write security = \"tls\" and port = {}, if the server has TLS from the first byte there", ports.tls)
}

/// What to do about a server that cannot be reached, or says nothing that makes sense: asks the port what it speaks.
pub(super) async fn about_connection(endpoint: &Endpoint, ports: Ports) -> String {
    match (spoken(endpoint, FIRST_WORD).await, endpoint.security) {
        (Spoken::Plain, Security::Tls) => write_plain(ports),
        (Spoken::Tls, Security::StartTls | Security::Plain) => {
            format!("port {} speaks TLS from the first byte: write security = \"tls\"", endpoint.port)
        }
        (Spoken::Nothing, Security::Tls) => {
            format!("is the server running, and the port right? TLS from the first byte is usual on {}", ports.tls)
        }
        (Spoken::Nothing, _) => {
            format!("is the server running, and the port right? Plain text first is usual on {}", ports.plain)
        }
        (Spoken::Plain | Spoken::Tls, _) => "the server answers there; try again".to_owned(),
    }
}

/// What to do about a database that cannot be used.
pub(super) fn about_database(error: &StoreError, url: &DatabaseUrl) -> Option<String> {
    let advice = match error {
        StoreError::LoginRefused(_) => {
            "is the user right? The password is looked for in the file that PGPASSFILE names, in ~/.pgpass, and in \
             PGPASSWORD; a file that others may read is passed over"
        }
        StoreError::NoSuchDatabase(_) => "an administrator makes it: createdb --owner=USER NAME",
        StoreError::Unreachable(_) => "is the server running, and are host and port right?",
        StoreError::ReadOnly(_) => "may this user write the database's file, and the folder it is in?",
        StoreError::Foreign { .. } => "name a database that is empty, or Postroom's own",
        StoreError::Newer { .. } => "use the version of Postroom that wrote it, or a later one",
        StoreError::Other { .. } if url.starts_with("sqlite:") => {
            "is the folder there, and may this user write in it? Postroom makes the database, but no folder"
        }
        StoreError::Other { .. } => "may this user make tables there? It should own the database",
        _ => return None,
    };
    Some(advice.to_owned())
}

fn write_plain(ports: Ports) -> String {
    format!(
        "the port speaks plain text first: write security = \"starttls\", or port = {}, where TLS from the first byte \
         is usual",
        ports.tls
    )
}

async fn spoken(endpoint: &Endpoint, patience: Duration) -> Spoken {
    let address = (endpoint.host.as_str(), endpoint.port);
    let Ok(Ok(mut tcp)) = timeout(patience, TcpStream::connect(address)).await else { return Spoken::Nothing };
    let mut first = [0; 3];
    if let Ok(Ok(3)) = timeout(patience, tcp.read_exact(&mut first)).await
        && matches!(&first, b"* O" | b"* B" | b"* P" | b"220" | b"421" | b"554")
    {
        return Spoken::Plain;
    }
    drop(tcp);
    let Ok(Ok(tcp)) = timeout(patience, TcpStream::connect(address)).await else { return Spoken::Nothing };
    match timeout(HANDSHAKE, tls::handshake(endpoint, tcp)).await {
        Ok(Ok(_)) => Spoken::Tls,
        // Whoever shows a certificate speaks TLS, whether we like it or not.
        Ok(Err(error)) if error.fault().is_some_and(|fault| fault != Fault::NoTls) => Spoken::Tls,
        _ => Spoken::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    use std::sync::Arc;
    use tokio::io::AsyncWriteExt as _;
    use tokio::net::TcpListener;

    #[tokio::test]
    async fn a_port_is_asked_what_it_speaks() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/tls");
        let certificate = CertificateDer::from_pem_file(folder.join("cert.pem")).unwrap();
        let key = PrivateKeyDer::from_pem_file(folder.join("key.pem")).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let config = config.unwrap().with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
        let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));

        for (name, greeting, expected) in [
            ("SMTP in plain text", Some("220 mail.desk.example ESMTP\r\n"), Spoken::Plain),
            ("IMAP in plain text", Some("* OK ready\r\n"), Spoken::Plain),
            ("TLS", None, Spoken::Tls),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let port = listener.local_addr().unwrap().port();
            let acceptor = acceptor.clone();
            let server = tokio::spawn(async move {
                loop {
                    let (mut tcp, _) = listener.accept().await.unwrap();
                    // Whoever asks hangs up when it knows.
                    let _ = match greeting {
                        Some(greeting) => tcp.write_all(greeting.as_bytes()).await,
                        None => acceptor.accept(tcp).await.map(drop),
                    };
                }
            });
            let endpoint = Endpoint { host: "127.0.0.1".into(), port, security: Security::Tls, ca_file: None };
            assert_eq!(spoken(&endpoint, Duration::from_millis(500)).await, expected, "{name}");
            server.abort();
        }
        let endpoint = Endpoint { host: "127.0.0.1".into(), port: 9, security: Security::Tls, ca_file: None };
        assert_eq!(spoken(&endpoint, FIRST_WORD).await, Spoken::Nothing);
    }
}
