//! The site behind a network, served with a policy or without.
//!
//! In: files, a policy, a network. Out: the origin to load pages from, and what was sent. The same service and rules
//! as of `pushgen serve`, over TLS with a certificate made for this run.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use pushgen_analyzer::model::Network;
use pushgen_runtime::{Builder, ConnectionInfo, PolicyHandle, Protocol, Report, Rules};
use tokio_rustls::TlsAcceptor;

use super::alarm::Alarm;
use super::proxy::Proxy;
use crate::serve::certificate::Certificate;
use crate::serve::files::Files;
use crate::serve::unreadable::Telling;

/// Longer than a handshake takes on any network that can be given.
const HANDSHAKE: Duration = Duration::from_secs(300);

/// A response, or a part of one.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) target: String,
    /// Bytes of the body.
    pub(crate) bytes: u64,
    pub(crate) is_pushed: bool,
    /// The targets that were hinted with it.
    pub(crate) hinted: Vec<String>,
}

/// A served site.
#[derive(Debug)]
pub(crate) struct Server {
    /// Such as `https://127.0.0.1:41234`.
    pub(crate) origin: String,
    answers: Arc<Mutex<Vec<Answer>>>,
    _proxy: Proxy,
}

/// TLS for all servers of a run.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    /// SHA-256 of the public key, as browsers want to be told it.
    pub(crate) public_key_hash: String,
}

impl Tls {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let certificate = Certificate::for_development([127, 0, 0, 1].into())?;
        let mut config = certificate.config;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            acceptor: Arc::new(config).into(),
            public_key_hash: certificate
                .public_key_hash
                .context("the certificate was made without a key")?,
        })
    }
}

impl Server {
    /// Serves files with a policy, or with none.
    pub(crate) async fn start(
        files: Files,
        policy: Option<PolicyHandle>,
        tls: Tls,
        network: Network,
        alarm: Alarm,
    ) -> anyhow::Result<Self> {
        let answers = Arc::new(Mutex::new(Vec::new()));
        let mut rules = Rules::default();
        // As `pushgen serve` has it: the assets are files.
        rules.patience = Duration::from_secs(1);
        let mut builder = Builder::new().rules(rules).report_to({
            let answers = Arc::clone(&answers);
            move |report| {
                let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
                answers.push(answer(report));
            }
        });
        if let Some(policy) = policy {
            builder = builder.policy(policy);
        }
        let serve = move |stream| {
            let (builder, acceptor, files) = (builder.clone(), tls.acceptor.clone(), files.clone());
            async move {
                // A client that goes before it is served misses nothing.
                let accepted = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await;
                let Ok(Ok(stream)) = accepted else { return };
                let protocol = match stream.get_ref().1.alpn_protocol() {
                    Some(b"h2") => Protocol::Http2,
                    _ => Protocol::Http1,
                };
                let info = ConnectionInfo::new().secure(true).protocol(protocol);
                let serving = builder.serve_connection_with(stream, info, Telling(files));
                // How it ended is the client's affair: it closes each when its page is measured.
                let _ = serving.await;
            }
        };
        let proxy = Proxy::start(network, alarm, serve).await;
        let proxy = proxy.map_err(|error| anyhow!(error).context("cannot listen at 127.0.0.1"))?;
        Ok(Self {
            origin: format!("https://{}", proxy.address),
            answers,
            _proxy: proxy,
        })
    }

    /// What was sent since this was asked last.
    pub(crate) fn take_answers(&self) -> Vec<Answer> {
        std::mem::take(&mut *self.answers.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn answer(report: &Report<'_>) -> Answer {
    let hinted = report.decision.iter().flat_map(|decision| {
        let policy = decision.policy();
        let assets = decision.hints().filter_map(|asset| policy.asset(asset));
        assets.map(|asset| asset.path.to_string())
    });
    Answer {
        target: report.target.to_owned(),
        bytes: report.body_bytes.unwrap_or(0),
        is_pushed: report.promised_by.is_some(),
        hinted: hinted.collect(),
    }
}
