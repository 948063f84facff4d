//! Sites to serve, each with its policy and a certificate.
//!
//! In: a folder. Out: what the policy says about a page, and what a client must be told to trust the server. The
//! policy is the one that `pushgen analyze` writes, as it is or with every file of it going out by every means: which
//! means is used is then the client's choice.

use std::path::{Path, PathBuf};
use std::process::Command;

use pushgen_policy::{Policy, Sha256};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::output;
use super::server::Server;
use crate::support::{fixture, pushgen};

/// A folder to serve, and what is served with it.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) dist: PathBuf,
    pub(super) policy: Policy,
    /// The policy, a key and a certificate.
    folder: TempDir,
}

impl Site {
    /// The demo site. Its front page sends along its style sheet and its script.
    #[track_caller]
    pub(super) fn demo() -> Self {
        let site = Self::of(fixture("demo"));
        let sent = site.sent_with("/");
        for path in ["/style.css", "/app.js"] {
            assert!(sent.contains(&path), "{path} is not in the plan: {sent:?}");
        }
        site
    }

    /// A folder whose policy lets every file go out by every means.
    #[track_caller]
    pub(super) fn of(dist: PathBuf) -> Self {
        Self::with_policy(dist, |policy| {
            for plan in policy["plans"].as_array_mut().expect("plans") {
                for entry in plan["entries"].as_array_mut().expect("entries") {
                    entry["means"] = json!(["push", "hint"]);
                }
            }
        })
    }

    /// A folder with the policy that its analysis gives.
    #[track_caller]
    pub(super) fn analysed(dist: PathBuf) -> Self {
        Self::with_policy(dist, |_| {})
    }

    #[track_caller]
    pub(super) fn with_policy(dist: PathBuf, change: impl Fn(&mut Value)) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("policy.json");
        let arguments = ["analyze", text(&dist), "-o", text(&path)];
        pushgen(&arguments).ok();
        let policy = std::fs::read(&path).expect("a policy");
        let mut policy: Value = serde_json::from_slice(&policy).expect("JSON");
        change(&mut policy);
        let policy = policy.to_string();
        std::fs::write(&path, &policy).expect("a file");
        let policy = Policy::from_json(policy.as_bytes()).expect("a policy");
        make_certificate(folder.path());
        Self {
            dist,
            policy,
            folder,
        }
    }

    /// What the plan of a page sends, in order.
    #[track_caller]
    pub(super) fn sent_with(&self, page: &str) -> Vec<&str> {
        let plan = self.policy.plan_for(page).expect("a plan");
        let path = |entry: &pushgen_policy::Entry| self.policy.assets()[entry.asset].path.as_str();
        plan.entries.iter().map(path).collect()
    }

    /// The `Link` values of what it hints, in order.
    #[track_caller]
    pub(super) fn links_of(&self, page: &str) -> Vec<String> {
        let plan = self.policy.plan_for(page).expect("a plan");
        plan.entries
            .iter()
            .filter(|entry| entry.hint || entry.link)
            .filter_map(|entry| entry.link_to(&self.policy.assets()[entry.asset]))
            .map(|link| link.to_string())
            .collect()
    }

    /// The bytes of a file, named by its URL path.
    #[track_caller]
    pub(super) fn file(&self, path: &str) -> Vec<u8> {
        let mut file = self.dist.join(path.trim_start_matches('/'));
        if path.ends_with('/') {
            file.push("index.html");
        }
        std::fs::read(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
    }

    /// Serves it over TLS.
    #[track_caller]
    pub(super) fn serve(&self) -> Server {
        let (certificate, key) = (self.certificate(), self.key());
        let tls = ["--cert", text(&certificate), "--key", text(&key)];
        Server::start(
            &self.dist,
            &[&tls[..], &["--policy", text(&self.policy_file())]].concat(),
        )
    }

    /// Serves it in the clear.
    #[track_caller]
    pub(super) fn serve_in_the_clear(&self) -> Server {
        Server::start(
            &self.dist,
            &["--no-tls", "--policy", text(&self.policy_file())],
        )
    }

    /// What clients must trust.
    pub(super) fn certificate(&self) -> PathBuf {
        self.folder.path().join("certificate.pem")
    }

    /// The hash by which Chromium can be told to trust it.
    #[track_caller]
    pub(super) fn public_key_hash(&self) -> String {
        let key = self.key();
        let der = openssl(&["pkey", "-in", text(&key), "-pubout", "-outform", "DER"]);
        // In base64url without padding, but Chromium reads base64 with it.
        let hash = Sha256::of(&der).to_string();
        hash.replace('-', "+").replace('_', "/") + "="
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }

    fn policy_file(&self) -> PathBuf {
        self.folder.path().join("policy.json")
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a UTF-8 path")
}

#[track_caller]
fn make_certificate(folder: &Path) {
    let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
    #[rustfmt::skip]
    openssl(&[
        "req", "-x509", "-days", "2", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
        "-out", text(&certificate), "-keyout", text(&key),
    ]);
}

#[track_caller]
fn openssl(arguments: &[&str]) -> Vec<u8> {
    let output = output(Command::new("openssl").args(arguments));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    output.stdout
}
