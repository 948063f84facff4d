//! The certificate that the server shows.
//!
//! In: the files of `--cert` and `--key` in PEM, or the address that is listened at. Out: what TLS is set up with,
//! and the fingerprint of the certificate for people to compare with what the browser shows. TLS 1.2 and 1.3 by
//! rustls, with ring. ALPN is left to whoever knows the protocols.
//!
//! Without files a certificate is made for `localhost`, the loopback addresses and the address itself. It lives as
//! long as the process, signs nothing else and is trusted by nobody: browsers warn once.

use std::fs::File;
use std::io::{self, BufReader};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, anyhow, bail};
use pushgen_runtime::rustls::crypto::ring;
use pushgen_runtime::rustls::pki_types::pem::{self, PemObject as _};
use pushgen_runtime::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use pushgen_runtime::rustls::{self, ServerConfig};
use rcgen::{
    CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use sha2::{Digest as _, Sha256};

/// How long a made certificate holds. Longer than anyone develops without a restart, and well below the limits
/// that browsers set.
const VALIDITY: Duration = Duration::from_hours(90 * 24);

/// What a made certificate reaches back, for clocks that are behind.
const SLACK: Duration = Duration::from_hours(24);

/// A certificate with its key, ready for TLS.
#[derive(Debug)]
pub(crate) struct Certificate {
    /// The server's side of TLS, without ALPN.
    pub(crate) config: ServerConfig,
    /// SHA-256 of the certificate as browsers show it: `AB:CD:…`.
    pub(crate) fingerprint: String,
    /// SHA-256 of the public key in base64, if it was made here: by this browsers can be told to trust it.
    #[cfg(feature = "measure")]
    pub(crate) public_key_hash: Option<String>,
}

impl Certificate {
    /// Reads a certificate chain and its key.
    pub(crate) fn load(chain: &Path, key: &Path) -> anyhow::Result<Self> {
        let certificates = certificates(chain)?;
        let key_der = private_key(key)?;
        Self::new(certificates, key_der).map_err(|error| match error {
            rustls::Error::InconsistentKeys(_) => anyhow!(
                "the key in {} is not the key of the certificate in {}; give the two files that were issued \
                 together",
                key.display(),
                chain.display()
            ),
            other => anyhow!(other).context(format!(
                "cannot use the certificate in {} with the key in {}",
                chain.display(),
                key.display()
            )),
        })
    }

    /// Makes a certificate for this machine and the address that is listened at.
    pub(crate) fn for_development(listen: IpAddr) -> anyhow::Result<Self> {
        let cannot = "cannot make a certificate for development";
        let key = KeyPair::generate().context(cannot)?;
        let mut names = vec!["localhost".to_owned()];
        let addresses = [
            Ipv4Addr::LOCALHOST.into(),
            Ipv6Addr::LOCALHOST.into(),
            listen,
        ];
        for address in addresses.into_iter().filter(|it| !it.is_unspecified()) {
            let name = address.to_string();
            if !names.contains(&name) {
                names.push(name);
            }
        }
        let mut params = CertificateParams::new(names).context(cannot)?;
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or(SLACK);
        let epoch = date_time_ymd(1970, 1, 1);
        params.not_before = epoch + now.saturating_sub(SLACK);
        params.not_after = epoch + now + VALIDITY;
        params
            .distinguished_name
            .push(DnType::CommonName, "pushgen development certificate");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.self_signed(&key).context(cannot)?;
        let key_der = PrivatePkcs8KeyDer::from(key.serialize_der());
        let made = Self::new(vec![certificate.der().clone()], key_der.into()).context(cannot)?;
        #[cfg(feature = "measure")]
        let made = Self {
            public_key_hash: Some(public_key_hash(&key)),
            ..made
        };
        Ok(made)
    }

    fn new(
        chain: Vec<CertificateDer<'static>>,
        key: PrivateKeyDer<'static>,
    ) -> Result<Self, rustls::Error> {
        // The chain is never empty; an empty one would have the fingerprint of nothing and be refused below.
        let fingerprint = fingerprint(chain.first().map_or(&[], |leaf| leaf.as_ref()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        Ok(Self {
            config,
            fingerprint,
            #[cfg(feature = "measure")]
            public_key_hash: None,
        })
    }
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let certificates: Result<Vec<_>, _> =
        CertificateDer::pem_reader_iter(open(path, "certificate")?).collect();
    let certificates = certificates.map_err(|error| unreadable(path, "certificate", error))?;
    if certificates.is_empty() {
        bail!(
            "{} holds no certificate; --cert takes a PEM file with -----BEGIN CERTIFICATE----- in it",
            path.display()
        );
    }
    Ok(certificates)
}

fn private_key(path: &Path) -> anyhow::Result<PrivateKeyDer<'static>> {
    let is_encrypted = || {
        std::fs::read(path).is_ok_and(|text| {
            let text = String::from_utf8_lossy(&text);
            text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED")
        })
    };
    match PrivateKeyDer::from_pem_reader(open(path, "key")?) {
        Ok(key) if !is_encrypted() => Ok(key),
        Err(pem::Error::NoItemsFound) if !is_encrypted() => bail!(
            "{} holds no private key; --key takes a PEM file with -----BEGIN PRIVATE KEY----- in it",
            path.display()
        ),
        _ if is_encrypted() => bail!(
            "the key in {0} is encrypted; write it without a passphrase with `openssl pkey -in {0} -out \
             plain-key.pem` and give that file",
            path.display()
        ),
        Ok(key) => Ok(key),
        Err(error) => Err(unreadable(path, "key", error)),
    }
}

fn open(path: &Path, what: &str) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).and_then(|file| {
        let is_folder = file.metadata()?.is_dir();
        if is_folder {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        Ok(file)
    });
    file.map(BufReader::new)
        .with_context(|| format!("cannot read the {what} {}", path.display()))
}

fn unreadable(path: &Path, what: &str, error: pem::Error) -> anyhow::Error {
    match error {
        pem::Error::Io(error) => {
            anyhow!(error).context(format!("cannot read the {what} {}", path.display()))
        }
        pem::Error::MissingSectionEnd { end_marker } => anyhow!(
            "the {what} {} is cut off: -----END {}----- is missing",
            path.display(),
            String::from_utf8_lossy(&end_marker)
        ),
        other => anyhow!("the {what} {} is no good PEM: {other}", path.display()),
    }
}

#[cfg(feature = "measure")]
fn public_key_hash(key: &KeyPair) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use rcgen::PublicKeyData as _;
    STANDARD.encode(Sha256::digest(key.subject_public_key_info()))
}

fn fingerprint(certificate: &[u8]) -> String {
    let octets = Sha256::digest(certificate);
    let pairs: Vec<String> = octets.iter().map(|octet| format!("{octet:02X}")).collect();
    pairs.join(":")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn pair() -> (String, String) {
        let key = KeyPair::generate().expect("a key");
        let params = CertificateParams::new(vec!["example.com".to_owned()]).expect("names");
        let certificate = params.self_signed(&key).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    #[test]
    fn a_certificate_and_its_key_are_read_from_files() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (chain, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        let (certificate, private) = pair();
        let (issuer, _) = pair();
        fs::write(&chain, format!("a comment\n{certificate}\n{issuer}")).expect("a file");
        fs::write(&key, private).expect("a file");
        let loaded = Certificate::load(&chain, &key).expect("a certificate");
        let leaf = CertificateDer::from_pem_slice(certificate.as_bytes()).expect("PEM");
        assert_eq!(loaded.fingerprint, fingerprint(&leaf));
        assert_eq!(loaded.fingerprint.len(), 32 * 3 - 1);
        assert!(loaded.config.alpn_protocols.is_empty());
    }

    #[test]
    fn the_hash_is_written_as_browsers_show_it() {
        assert!(fingerprint(b"abc").starts_with("BA:78:16:BF:8F:01:CF:EA:41:41:40:DE"));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_the_way_out() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (chain, key) = (
            folder.path().join("cert.pem"),
            folder.path().join("key.pem"),
        );
        let ((certificate, private), (_, other)) = (pair(), pair());
        let encrypted = private.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
        let cut = certificate.replace("-----END CERTIFICATE-----", "");
        for (cert_text, key_text, expected) in [
            (
                &*certificate,
                &*other,
                ["key.pem is not the key", "issued together"],
            ),
            (
                "",
                &private,
                ["cert.pem holds no certificate", "BEGIN CERTIFICATE"],
            ),
            (
                &private,
                &private,
                ["cert.pem holds no certificate", "--cert"],
            ),
            (&certificate, "", ["key.pem holds no private key", "--key"]),
            (
                &certificate,
                &certificate,
                ["key.pem holds no private key", "BEGIN PRIVATE KEY"],
            ),
            (
                &certificate,
                &encrypted,
                ["key.pem is encrypted", "openssl pkey -in"],
            ),
            (
                &cut,
                &private,
                ["cert.pem is cut off", "-----END CERTIFICATE-----"],
            ),
        ] {
            fs::write(&chain, cert_text).expect("a file");
            fs::write(&key, key_text).expect("a file");
            let error = Certificate::load(&chain, &key).expect_err("refused");
            let message = format!("{error:#}");
            for part in expected {
                assert!(message.contains(part), "{message} lacks {part}");
            }
        }
        let nowhere = folder.path().join("nowhere.pem");
        let error = Certificate::load(&nowhere, &key).expect_err("no file");
        assert!(format!("{error:#}").contains("nowhere.pem"), "{error:#}");
        let error = Certificate::load(folder.path(), &key).expect_err("a folder");
        assert!(
            format!("{error:#}").contains("cannot read the certificate"),
            "{error:#}"
        );
    }

    #[test]
    fn a_made_certificate_holds_for_this_machine_and_the_address() {
        use pushgen_runtime::rustls::client::WebPkiServerVerifier;
        use pushgen_runtime::rustls::client::danger::ServerCertVerifier as _;
        use pushgen_runtime::rustls::pki_types::{ServerName, UnixTime};
        let address: IpAddr = [192, 0, 2, 7].into();
        let made = Certificate::for_development(address).expect("a certificate");
        let leaf = leaf(&made);
        let mut roots = rustls::RootCertStore::empty();
        roots.add(leaf.clone()).expect("a root");
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::new(ring::default_provider()),
        )
        .build()
        .expect("a verifier");
        let accepts = |name: &str, at: UnixTime| {
            let name = ServerName::try_from(name.to_owned()).expect("a name");
            verifier
                .verify_server_cert(&leaf, &[], &name, &[], at)
                .is_ok()
        };
        let now = UnixTime::now();
        for (name, expected) in [
            ("localhost", true),
            ("127.0.0.1", true),
            ("::1", true),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("example.com", false),
        ] {
            assert_eq!(accepts(name, now), expected, "{name}");
        }
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        assert!(!accepts(
            "localhost",
            at(now.as_secs() + VALIDITY.as_secs() + 60)
        ));
        assert!(!accepts(
            "localhost",
            at(now.as_secs() - SLACK.as_secs() - 60)
        ));
        assert!(Certificate::for_development(Ipv4Addr::UNSPECIFIED.into()).is_ok());
        assert!(Certificate::for_development(Ipv6Addr::LOCALHOST.into()).is_ok());
    }

    /// The certificate as a client is shown it.
    fn leaf(certificate: &Certificate) -> CertificateDer<'static> {
        use pushgen_runtime::rustls::client::danger::{
            HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
        };
        use pushgen_runtime::rustls::pki_types::{ServerName, UnixTime};
        use pushgen_runtime::rustls::{
            ClientConfig, ClientConnection, DigitallySignedStruct, Error, ServerConnection,
            SignatureScheme,
        };

        #[derive(Debug)]
        struct TakesAll;

        impl ServerCertVerifier for TakesAll {
            fn verify_server_cert(
                &self,
                _: &CertificateDer<'_>,
                _: &[CertificateDer<'_>],
                _: &ServerName<'_>,
                _: &[u8],
                _: UnixTime,
            ) -> Result<ServerCertVerified, Error> {
                Ok(ServerCertVerified::assertion())
            }

            fn verify_tls12_signature(
                &self,
                _: &[u8],
                _: &CertificateDer<'_>,
                _: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, Error> {
                Ok(HandshakeSignatureValid::assertion())
            }

            fn verify_tls13_signature(
                &self,
                _: &[u8],
                _: &CertificateDer<'_>,
                _: &DigitallySignedStruct,
            ) -> Result<HandshakeSignatureValid, Error> {
                Ok(HandshakeSignatureValid::assertion())
            }

            fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
                ring::default_provider()
                    .signature_verification_algorithms
                    .supported_schemes()
            }
        }

        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("versions")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(TakesAll))
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").expect("a name");
        let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut server =
            ServerConnection::new(Arc::new(certificate.config.clone())).expect("a server");
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).expect("bytes");
            server.read_tls(&mut wire.as_slice()).expect("bytes");
            server.process_new_packets().expect("no alert");
            wire.clear();
            server.write_tls(&mut wire).expect("bytes");
            client.read_tls(&mut wire.as_slice()).expect("bytes");
            client.process_new_packets().expect("no alert");
        }
        let chain = client.peer_certificates().expect("certificates");
        let leaf = chain.first().expect("a certificate").clone().into_owned();
        assert_eq!(fingerprint(&leaf), certificate.fingerprint);
        leaf
    }
}
