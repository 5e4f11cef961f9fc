//! Whom we trust over TLS. The server's certificate is self-signed and marked as an authority, as
//! `openssl req -x509` makes them.

use std::path::Path;
use std::sync::Arc;

use postroom::endpoint::{Endpoint, Security};
use postroom::tls::{TlsError, handshake};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/tls").join(name)
}

fn acceptor() -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(fixture("cert.pem")).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()))
}

/// Shakes hands with the server under a name, trusting a CA file besides the system's roots.
async fn shake_hands(host: &str, ca_file: &str) -> Result<(), TlsError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that does not trust us hangs up; that is for the client's side to judge.
        acceptor().accept(stream).await.is_ok()
    });
    let endpoint =
        Endpoint { host: host.into(), port: address.port(), security: Security::Tls, ca_file: Some(fixture(ca_file)) };
    let result = handshake(&endpoint, TcpStream::connect(address).await.unwrap()).await;
    server.await.unwrap();
    result.map(drop)
}

#[tokio::test]
async fn a_certificate_in_the_ca_file_is_trusted_under_its_own_names_only() {
    let cases = [
        ("its name", "mail.desk.example", "cert.pem", true),
        ("its address", "127.0.0.1", "cert.pem", true),
        ("another name", "mail.elsewhere.example", "cert.pem", false),
        ("another address", "127.0.0.2", "cert.pem", false),
        ("not in the file", "mail.desk.example", "other.pem", false),
    ];
    for (name, host, ca_file, is_trusted) in cases {
        let result = shake_hands(host, ca_file).await;
        match result {
            Ok(()) => assert!(is_trusted, "{name}"),
            Err(error) => assert!(!is_trusted && matches!(error, TlsError::Handshake(_)), "{name}: {error:?}"),
        }
    }
}

#[tokio::test]
async fn a_host_that_no_certificate_can_bear_is_named() {
    let error = shake_hands("not a host", "cert.pem").await.unwrap_err();
    assert_eq!(error.to_string(), "`not a host` is not a name that a certificate can bear");
}
