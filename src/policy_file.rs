//! A policy in a file.
//!
//! In: the name that a person gave, `-` for standard input. Out: the checked policy with the bytes that it was read from,
//! or an error that names the file and says what is wrong with it and where.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context as _;
use pushgen_policy::{MAX_DOCUMENT_BYTES, Policy};

/// A policy that was read.
#[derive(Debug)]
pub(crate) struct PolicyFile {
    /// The file, as it was named.
    pub(crate) name: String,
    /// What it holds.
    pub(crate) json: Vec<u8>,
    pub(crate) policy: Policy,
}

impl PolicyFile {
    /// Reads and checks it.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = path.display().to_string();
        let json = match name.as_str() {
            "-" => bytes(std::io::stdin().lock()).context("cannot read standard input")?,
            _ => File::open(path).and_then(bytes).with_context(|| {
                format!("cannot read {name}; `pushgen analyze DIST` writes a policy")
            })?,
        };
        let policy =
            Policy::from_json(&json).with_context(|| format!("{name} is not a valid policy"))?;
        Ok(Self { name, json, policy })
    }
}

/// One byte more than a policy may have, so that what is too long is seen to be.
fn bytes(from: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.take(MAX_DOCUMENT_BYTES as u64 + 1)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}
