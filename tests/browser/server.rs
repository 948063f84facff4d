//! `pushgen serve`, which maps URLs to files as the analyzer does, sending nothing ahead.
//!
//! In: a folder and a certificate. Out: the origin that it is served at. With TLS, since a page's scheme decides what
//! its URLs mean and what it may do.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PublicKeyData as _};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use crate::process_group::ProcessGroup;

/// A certificate for 127.0.0.1 that nobody has signed, in files.
#[derive(Debug)]
pub(crate) struct Certificate {
    folder: TempDir,
    /// SHA-256 of the public key, as browsers want to be told it.
    pub(crate) public_key_hash: String,
}

impl Certificate {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.self_signed(&key)?;
        let this = Self {
            folder: tempfile::tempdir()?,
            public_key_hash: STANDARD.encode(Sha256::digest(key.subject_public_key_info())),
        };
        fs::write(this.chain(), certificate.pem())?;
        fs::write(this.key(), key.serialize_pem())?;
        Ok(this)
    }

    fn chain(&self) -> PathBuf {
        self.folder.path().join("chain.pem")
    }

    fn key(&self) -> PathBuf {
        self.folder.path().join("key.pem")
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    /// Such as `https://127.0.0.1:41234`.
    pub(crate) origin: String,
    process: ProcessGroup,
    said: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Serves a folder on a free port, and waits until it listens.
    pub(crate) fn start(dist: &Path, certificate: &Certificate) -> anyhow::Result<Self> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pushgen"));
        command
            .arg("serve")
            .arg(dist)
            .args(["--listen", "127.0.0.1:0", "--log", "none", "--policy"])
            .args(["none", "--no-cookie", "--color", "never", "--cert"])
            .arg(certificate.chain())
            .arg("--key")
            .arg(certificate.key())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = ProcessGroup::spawn(command)?;
        let stderr = process.leader.stderr.take().context("a pipe")?;
        let mut lines = BufReader::new(stderr).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let origin = loop {
            let Some(line) = lines.next() else {
                bail!("{} is not served: {said:?}", dist.display());
            };
            match origin_in(&line) {
                Some(origin) => break origin,
                None => said.push(line),
            }
        };
        let said = Arc::new(Mutex::new(said));
        // It would wait for somebody to read.
        thread::spawn({
            let said = Arc::clone(&said);
            move || {
                lines.for_each(|line| said.lock().expect("no panic while it is held").push(line))
            }
        });
        Ok(Self {
            origin,
            process,
            said,
        })
    }

    /// Fails, with what it said, if it has ended.
    pub(crate) fn is_still_there(&mut self) -> anyhow::Result<()> {
        let Some(status) = self.process.leader.try_wait()? else {
            return Ok(());
        };
        let said = self.said.lock().expect("no panic while it is held");
        bail!("pushgen serve has ended with {status}: {said:?}");
    }
}

/// The origin in the line that says where the folder is served.
fn origin_in(line: &str) -> Option<String> {
    const START: &str = "https://127.0.0.1:";
    let (_, rest) = line.split_once(START)?;
    let port: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(format!("{START}{port}"))
}
