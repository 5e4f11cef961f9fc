//! TLS towards mail servers: one stack (rustls with ring), the system's trusted roots, and those of an endpoint's
//! CA file. The server's certificate and its name are always checked.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_platform_verifier::Verifier;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::endpoint::Endpoint;

/// Why a connection could not be secured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The CA file cannot be read, or is not PEM.
    #[error("cannot read the certificates in {}", path.display())]
    CaFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: rustls::pki_types::pem::Error,
    },
    /// The CA file has no certificate in it.
    #[error("there is no certificate in {}", path.display())]
    CaFileEmpty {
        /// The file.
        path: PathBuf,
    },
    /// The trusted roots cannot be used.
    #[error("cannot set up the trusted certificates")]
    Roots(#[source] rustls::Error),
    /// The host is neither a DNS name nor an address.
    #[error("`{host}` is not a name that a certificate can bear")]
    Name {
        /// The host as it stands in the configuration.
        host: String,
    },
    /// The handshake failed; a certificate that is not trusted is the usual cause.
    #[error("the TLS handshake failed")]
    Handshake(#[source] io::Error),
}

/// Why a handshake failed, where somebody can do something about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nobody we trust has signed the certificate.
    UnknownIssuer,
    /// The certificate is signed by itself, as an authority.
    SelfSigned,
    /// The certificate is for other names.
    OtherNames(Vec<String>),
    /// The certificate was valid until then.
    Expired(Option<Timestamp>),
    /// The certificate will be valid from then on.
    NotYetValid(Option<Timestamp>),
    /// What the server says is no TLS.
    NoTls,
}

impl TlsError {
    /// What is wrong, where it is one of the usual things.
    pub fn fault(&self) -> Option<Fault> {
        use rustls::CertificateError as Certificate;
        let Self::Handshake(error) = self else { return None };
        let at = |time: &UnixTime| i64::try_from(time.as_secs()).ok().and_then(|at| Timestamp::from_second(at).ok());
        Some(match error.get_ref()?.downcast_ref::<rustls::Error>()? {
            rustls::Error::InvalidMessage(_) => Fault::NoTls,
            rustls::Error::InvalidCertificate(error) => match error {
                Certificate::UnknownIssuer => Fault::UnknownIssuer,
                Certificate::NotValidForName => Fault::OtherNames(Vec::new()),
                Certificate::NotValidForNameContext { presented, .. } => {
                    Fault::OtherNames(presented.iter().map(|name| bare_name(name)).collect())
                }
                Certificate::Expired => Fault::Expired(None),
                Certificate::ExpiredContext { not_after, .. } => Fault::Expired(at(not_after)),
                Certificate::NotValidYet => Fault::NotYetValid(None),
                Certificate::NotValidYetContext { not_before, .. } => Fault::NotYetValid(at(not_before)),
                Certificate::Other(error) if error.to_string().contains("CaUsedAsEndEntity") => Fault::SelfSigned,
                _ => return None,
            },
            _ => return None,
        })
    }
}

/// The name in `DnsName("mail.example.com")`, as the library shows it.
fn bare_name(shown: &str) -> String {
    let inside = shown.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inside.unwrap_or(shown).trim_matches('"').to_owned()
}

/// Makes ring the crypto provider of the process. Called first by `main`; calling it again changes nothing.
pub fn install_provider() {
    // An error means that a provider is installed already, which is what we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Secures a connection that is open already, and checks that the server is the one we asked for.
pub async fn handshake(endpoint: &Endpoint, tcp: TcpStream) -> Result<TlsStream<TcpStream>, TlsError> {
    let name =
        ServerName::try_from(endpoint.host.clone()).map_err(|_| TlsError::Name { host: endpoint.host.clone() })?;
    let ca_file = endpoint.ca_file.clone();
    // Reading the system's roots takes milliseconds, which is too long for a thread that serves others.
    let config = tokio::task::spawn_blocking(move || client_config(ca_file.as_deref()))
        .await
        .map_err(|e| TlsError::Handshake(io::Error::other(e)))??;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(TlsError::Handshake)
}

/// What we demand of a server: a certificate from the system's roots or from `ca_file`. Reads files.
pub fn client_config(ca_file: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let extra = ca_file.map(certificates).transpose()?.unwrap_or_default();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = Trust::new(extra, Arc::clone(&provider)).map_err(TlsError::Roots)?;
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Roots)?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth())
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::CaFile { path: path.to_owned(), source };
    let found: Vec<_> =
        CertificateDer::pem_file_iter(path).map_err(unreadable)?.collect::<Result<_, _>>().map_err(unreadable)?;
    if found.is_empty() { Err(TlsError::CaFileEmpty { path: path.to_owned() }) } else { Ok(found) }
}

/// The platform's verifier, and one thing it refuses: a server whose own certificate stands in the CA file.
///
/// `openssl req -x509` marks a self-signed certificate as an authority, and WebPKI lets no authority serve as a
/// server's certificate. Small desks have exactly such a mail server, and have told us its certificate.
#[derive(Debug)]
struct Trust {
    platform: Verifier,
    named: Vec<CertificateDer<'static>>,
}

impl Trust {
    fn new(named: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self, rustls::Error> {
        let platform = Verifier::new_with_extra_roots(named.iter().cloned(), provider)?;
        Ok(Self { platform, named })
    }
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if self.named.iter().any(|named| named == end_entity) {
            verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        self.platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.platform.verify_tls12_signature(message, cert, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.platform.verify_tls13_signature(message, cert, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_file_that_is_missing_or_empty_is_named_in_the_error() {
        let missing = client_config(Some(Path::new("no/such/ca.pem"))).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read the certificates in no/such/ca.pem");
        let empty = tempfile::NamedTempFile::new().unwrap();
        let empty = client_config(Some(empty.path())).unwrap_err();
        assert!(empty.to_string().starts_with("there is no certificate in "), "{empty}");
    }
}
