//! What a file weighs on the wire.
//!
//! Budgets speak of the bytes that a client receives, so an asset is weighed as it is served: a
//! precompressed sibling counts with its own size; a compressible asset without one is compressed
//! once, with gzip at its default level, which every server can do; everything else (images, woff2)
//! goes as it is. Documents are not compressed here, since that would cost more than analysing them:
//! theirs is an estimate, [`DOCUMENT_BYTES`] and [`DOCUMENT_PERCENT`].
//!
//! Header fields and frame headers are left out.

use std::collections::BTreeMap;

use pushgen_policy::{Coding, Sha256};

use super::{FileId, Site};
use crate::gzip;

/// What is left of an HTML document after gzip: a few hundred bytes for a vocabulary of its own, and a
/// share of its size. Right within a factor of two for 99 of 100 pages of fifteen real sites
/// (`benches/README.md`).
const DOCUMENT_BYTES: u64 = 400;
const DOCUMENT_PERCENT: u64 = 18;

/// An asset's content hash and sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weight {
    /// Bytes on the wire per content-coding; identity is always there.
    pub sizes: BTreeMap<Coding, u64>,
    /// The codings that exist as files beside the asset; other ones but identity are estimates.
    pub precompressed: Vec<Coding>,
    /// SHA-256 of the content without any coding.
    pub content: Sha256,
}

impl Weight {
    /// Weighs an asset from its bytes.
    pub(crate) fn of(site: &Site, file: FileId, content: &[u8]) -> Self {
        let mut sizes = BTreeMap::from([(Coding::Identity, content.len() as u64)]);
        let mut precompressed = Vec::new();
        for (coding, size) in site.encodings.get(&file).into_iter().flatten() {
            sizes.insert(*coding, *size);
            precompressed.push(*coding);
        }
        precompressed.sort();
        let path = &site.files[file.index()].path;
        if precompressed.is_empty() && gzip::is_compressed(path, content.len() as u64) {
            let size = gzip::compressed_length(content);
            if size < content.len() as u64 {
                sizes.insert(Coding::Gzip, size);
            }
        }
        Self {
            sizes,
            precompressed,
            content: Sha256::of(content),
        }
    }

    /// The entity-tag of a server that derives it from the content: the first half of its hash.
    #[must_use]
    pub fn etag(&self) -> String {
        let hash = self.content.to_string();
        format!("\"{}\"", &hash[..hash.len() / 2])
    }

    /// The bytes that a browser of today receives: it takes every coding, and servers send the
    /// smallest they have.
    #[must_use]
    pub fn wire(&self) -> u64 {
        self.sizes.values().copied().min().unwrap_or(0)
    }
}

impl Site {
    /// Whether a file is text, or carries no compression of its own.
    pub(crate) fn is_compressible(&self, file: FileId) -> bool {
        gzip::is_compressible(&self.files[file.index()].path)
    }

    /// The bytes of a document on the wire: its smallest precompressed sibling, or an estimate.
    #[must_use]
    pub fn document_wire_bytes(&self, page: FileId) -> u64 {
        let size = self.size(page);
        let siblings = self.encodings.get(&page).into_iter().flatten();
        siblings
            .map(|(_, size)| *size)
            .min()
            .unwrap_or_else(|| size.min(DOCUMENT_BYTES + size * DOCUMENT_PERCENT / 100))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::site::SiteOptions;

    #[test]
    fn assets_weigh_what_is_served() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let text = "p { color: red }\n".repeat(100);
        for (name, content) in [
            ("index.html", "x".repeat(1000)),
            ("plain.css", text.clone()),
            ("small.css", "p{}".to_owned()),
            ("photo.jpg", text.clone()),
            ("packed.css", text),
            ("packed.css.br", "b".repeat(40)),
            ("packed.css.gz", "g".repeat(60)),
        ] {
            fs::write(folder.path().join(name), content).expect("a file");
        }
        let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
        let weigh = |name: &str| {
            let file = site.by_path[name.as_bytes()];
            Weight::of(&site, file, &site.read(file).expect("content"))
        };
        let codings = |weight: &Weight| weight.sizes.keys().copied().collect::<Vec<_>>();
        let plain = weigh("plain.css");
        assert!(
            plain.wire() < 100 && plain.precompressed.is_empty(),
            "{plain:?}"
        );
        assert_eq!(codings(&weigh("small.css")), [Coding::Identity]);
        assert_eq!(codings(&weigh("photo.jpg")), [Coding::Identity]);
        let packed = weigh("packed.css");
        assert_eq!(packed.wire(), 40);
        assert_eq!(packed.sizes[&Coding::Gzip], 60);
        assert_eq!(packed.precompressed.len(), 2);
        assert_eq!(
            site.document_wire_bytes(site.by_path[b"index.html".as_slice()]),
            580
        );
    }
}
