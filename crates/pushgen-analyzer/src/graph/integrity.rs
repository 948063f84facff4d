//! Subresource Integrity: whether a file is what an `integrity` attribute says (SRI §3.3).
//!
//! In: a file and well-formed metadata. Out: whether one of its strongest hashes is that of the file. A
//! browser throws away what does not match, and follows nothing in it.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::memo::Memo;
use crate::site::{FileId, MAX_SUBRESOURCE, Site};

/// What was checked so far.
#[derive(Debug, Default)]
pub(crate) struct Integrity(Memo<(FileId, Arc<str>), bool>);

impl Integrity {
    /// Whether a file matches; what cannot be read is not said to differ.
    pub(super) fn matches(&self, site: &Site, file: FileId, metadata: &Arc<str>) -> bool {
        *self.0.get(&(file, Arc::clone(metadata)), || {
            if site.size(file) > MAX_SUBRESOURCE {
                return true;
            }
            site.read(file)
                .map_or(true, |content| matches(&content, metadata))
        })
    }
}

fn matches(content: &[u8], metadata: &str) -> bool {
    // The names of the algorithms sort by their strength.
    let hashes = || {
        metadata
            .split_ascii_whitespace()
            .filter_map(|hash| hash.split_once('-'))
    };
    let Some(strongest) = hashes().map(|(algorithm, _)| algorithm).max() else {
        return true;
    };
    let found = match strongest {
        "sha256" => STANDARD.encode(Sha256::digest(content)),
        "sha384" => STANDARD.encode(Sha384::digest(content)),
        "sha512" => STANDARD.encode(Sha512::digest(content)),
        _ => return true,
    };
    let value = |(_, value): (&str, &str)| value.split('?').next() == Some(found.as_str());
    hashes()
        .filter(|(algorithm, _)| *algorithm == strongest)
        .any(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_the_strongest_hashes_has_to_match() {
        let content = b"p{}";
        let right = format!("sha256-{}", STANDARD.encode(Sha256::digest(content)));
        let strong = format!("sha512-{}", STANDARD.encode(Sha512::digest(content)));
        let wrong = format!("sha256-{}", STANDARD.encode([0; 32]));
        let wrong_strong = format!("sha384-{}", STANDARD.encode([0; 48]));
        for (metadata, expected) in [
            (right.clone(), true),
            (wrong.clone(), false),
            (format!("{wrong} {right}"), true),
            (format!("{right}?ct=text/css"), true),
            // The weaker hash does not count.
            (format!("{right} {wrong_strong}"), false),
            (format!("{wrong} {strong}"), true),
        ] {
            assert_eq!(matches(content, &metadata), expected, "{metadata}");
        }
    }
}
