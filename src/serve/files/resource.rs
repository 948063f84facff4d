//! A file with its precompressed siblings: what a path of the site stands for.
//!
//! In: the file that answers to a path. Out: its representations (`a.css`, `a.css.br`, `a.css.gz`, `a.css.zst`),
//! and the fields that they have in common. A text without a sibling in gzip has a representation that is made of it
//! when it is asked for (`content`). A sibling counts whenever it is there, as the analyzer counts it, also if it is
//! older than its file: builds, archives and version control set times in no order that means anything, and a build that
//! leaves stale siblings behind is broken for every server.
//!
//! All of this blocks.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use http::HeaderValue;
use pushgen_analyzer::gzip;
use pushgen_policy::Coding;

use super::cache_control::Lifetime;
use super::lookup::{self, Found, Refusal};
use super::media_type;
use super::stamp::Stamp;

/// The codings that there may be siblings in, with their extensions.
const SIBLINGS: [(Coding, &[u8]); 3] = [
    (Coding::Br, b".br"),
    (Coding::Gzip, b".gz"),
    (Coding::Zstd, b".zst"),
];

/// Texts up to this size are compressed: those that the analyzer weighs as compressed.
pub(super) const MOST_COMPRESSED: u64 = pushgen_analyzer::MAX_SUBRESOURCE;

/// A file in one coding.
#[derive(Debug, Clone)]
pub(super) struct Representation {
    pub(super) coding: Coding,
    /// The path below the root. Of what is made it is no path: behind a NUL, which no path has, it says what.
    pub(super) key: Arc<[u8]>,
    /// The path for the system of the file that it comes from.
    pub(super) location: Arc<Path>,
    /// The state of that file.
    pub(super) stamp: Stamp,
    pub(super) source: Source,
}

/// What a representation is, to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The same bytes.
    File,
    /// Compressed here; of a page, flushed behind so many of the file's bytes.
    Compressed { divided_at: Option<u64> },
}

/// What a path of the site stands for.
#[derive(Debug)]
pub(super) struct Resource {
    /// Identity first.
    pub(super) representations: Vec<Representation>,
    pub(super) content_type: HeaderValue,
    pub(super) cache_control: HeaderValue,
    /// When looking began, on the clock of the files.
    pub(super) checked_at: u64,
    next_check: AtomicU64,
    is_settled: bool,
}

impl Resource {
    /// Looks at a file and its siblings. `before` is what was known of this path.
    pub(super) fn look(
        root: &Path,
        found: Found,
        compresses: bool,
        before: Option<&Self>,
        checked_at: u64,
        next_check: u64,
    ) -> Result<Self, Refusal> {
        let essence = media_type::essence(&found.key);
        let cache_control = Lifetime::of(&found.key, &essence).cache_control();
        let known = before.and_then(|it| it.content_type_for(&found));
        let is_settled = found.stamp.is_settled(SystemTime::now());
        let content_type = match known {
            Some(known) => known,
            None => content_type(&essence, &found)?,
        };
        let mut representations = Vec::with_capacity(1);
        for (coding, extension) in SIBLINGS {
            if let Some(sibling) = lookup::file(root, &[&found.key, extension].concat())? {
                representations.push(Representation::new(coding, sibling));
            }
        }
        let identity = Representation::new(Coding::Identity, found);
        let has_gzip = representations.iter().any(|it| it.coding == Coding::Gzip);
        if compresses && !has_gzip {
            representations.extend(identity.compressed());
        }
        representations.insert(0, identity);
        Ok(Self {
            representations,
            content_type,
            cache_control,
            checked_at,
            next_check: AtomicU64::new(next_check),
            is_settled,
        })
    }

    /// The field as it was, if the file is.
    fn content_type_for(&self, found: &Found) -> Option<HeaderValue> {
        let identity = self.representations.first()?;
        let is_same = identity.stamp == found.stamp && *identity.key == *found.key;
        (is_same && self.is_settled).then(|| self.content_type.clone())
    }

    /// Whether the file is there in a coding, so that responses vary.
    pub(super) fn has_variants(&self) -> bool {
        self.representations.len() > 1
    }

    /// Whether this may be used without looking again. One of those who ask too late is told to look, the others
    /// go on with what there is.
    pub(super) fn is_fresh(&self, now: u64, interval: u64) -> bool {
        let due = self.next_check.load(Ordering::Relaxed);
        now < due
            || self
                .next_check
                .compare_exchange(
                    due,
                    now.saturating_add(interval),
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                )
                .is_err()
    }
}

impl Representation {
    fn new(coding: Coding, found: Found) -> Self {
        Self {
            coding,
            key: found.key.into(),
            location: found.location.into(),
            stamp: found.stamp,
            source: Source::File,
        }
    }

    /// What compression would make of a file; nothing if it is not to be compressed.
    fn compressed(&self) -> Option<Self> {
        let len = self.stamp.len;
        let is_compressed = len <= MOST_COMPRESSED && gzip::is_compressed(&self.key, len);
        is_compressed.then(|| Self {
            coding: Coding::Gzip,
            key: [&self.key, b"\0gzip".as_slice()].concat().into(),
            source: Source::Compressed { divided_at: None },
            ..self.clone()
        })
    }

    /// The same, to be flushed behind the file's first `head` bytes.
    pub(super) fn divided_at(&self, head: u64) -> Self {
        Self {
            key: [&self.key, head.to_be_bytes().as_slice()].concat().into(),
            source: Source::Compressed {
                divided_at: Some(head),
            },
            ..self.clone()
        }
    }

    /// The most bytes that it has. What is made is not kept unless it is smaller than its file.
    pub(super) fn most_bytes(&self) -> u64 {
        match self.source {
            Source::File => self.stamp.len,
            Source::Compressed { .. } => self.stamp.len.saturating_sub(1),
        }
    }
}

fn content_type(essence: &str, found: &Found) -> Result<HeaderValue, Refusal> {
    let mut start = Vec::new();
    if media_type::depends_on_content(essence) {
        let read = File::open(&found.location)
            .and_then(|file| file.take(media_type::SAMPLE).read_to_end(&mut start));
        read.map_err(|error| Refusal {
            path: found.location.clone(),
            error,
        })?;
    }
    Ok(media_type::content_type(essence, &start))
}
