//! Whom we trust over TLS. `cert.pem` is self-signed and marked as an authority, as `openssl req -x509` makes them;
//! `signed.pem` and `expired.pem` are signed by `authority.pem`. All have the same key.

use std::path::Path;
use std::sync::Arc;

use postroom::endpoint::{Endpoint, Security};
use postroom::tls::{Fault, TlsError, handshake};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

fn fixture(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/tls").join(name)
}

fn acceptor(certificate: &str) -> TlsAcceptor {
    let certificate = CertificateDer::from_pem_file(fixture(certificate)).unwrap();
    let key = PrivateKeyDer::from_pem_file(fixture("key.pem")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap()))
}

/// Shakes hands with the server under a name, trusting a CA file besides the system's roots.
async fn shake_hands(host: &str, ca_file: &str) -> Result<(), TlsError> {
    shake_hands_with("cert.pem", host, ca_file).await
}

/// The same with a server that has this certificate.
async fn shake_hands_with(certificate: &'static str, host: &str, ca_file: &str) -> Result<(), TlsError> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        // A client that does not trust us hangs up; that is for the client's side to judge.
        acceptor(certificate).accept(stream).await.is_ok()
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

#[tokio::test]
async fn what_is_wrong_with_a_certificate_can_be_told() {
    let names = |names: &[&str]| Fault::OtherNames(names.iter().map(ToString::to_string).collect());
    let cases = [
        ("signed by nobody we know", "signed.pem", "mail.desk.example", "other.pem", Fault::UnknownIssuer),
        ("signed by itself", "cert.pem", "mail.desk.example", "other.pem", Fault::SelfSigned),
        (
            "another host",
            "signed.pem",
            "mx.desk.example",
            "authority.pem",
            names(&["mail.desk.example", "imap.desk.example"]),
        ),
        (
            "another host than the named certificate's",
            "cert.pem",
            "mx.desk.example",
            "cert.pem",
            names(&["mail.desk.example", "127.0.0.1"]),
        ),
        (
            "out of date",
            "expired.pem",
            "mail.desk.example",
            "authority.pem",
            Fault::Expired("2021-02-03T04:05:00Z".parse().ok()),
        ),
    ];
    for (name, certificate, host, ca_file, expected) in cases {
        let error = shake_hands_with(certificate, host, ca_file).await.unwrap_err();
        assert_eq!(error.fault(), Some(expected), "{name}: {error:?}");
    }
    shake_hands_with("signed.pem", "imap.desk.example", "authority.pem").await.unwrap();
}

#[tokio::test]
async fn a_server_that_speaks_no_tls_can_be_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(b"220 mail.desk.example ESMTP\r\n").await.unwrap();
        // The client says something else than we expect, and hangs up.
        let _ = stream.read_to_end(&mut Vec::new()).await;
    });
    let endpoint = Endpoint { host: "127.0.0.1".into(), port: address.port(), security: Security::Tls, ca_file: None };
    let error = handshake(&endpoint, TcpStream::connect(address).await.unwrap()).await.unwrap_err();
    assert_eq!(error.fault(), Some(Fault::NoTls), "{error:?}");
    server.await.unwrap();
}
