//! A file with its precompressed siblings: what a path of the site stands for.
//!
//! In: the file that answers to a path. Out: its representations (`a.css`, `a.css.br`, `a.css.gz`, `a.css.zst`),
//! and the fields that they have in common. A sibling counts whenever it is there, as the analyzer counts it, also
//! if it is older than its file: builds, archives and version control set times in no order that means anything,
//! and a build that leaves stale siblings behind is broken for every server.
//!
//! All of this blocks.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use http::HeaderValue;
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

/// A file in one coding.
#[derive(Debug, Clone)]
pub(super) struct Representation {
    pub(super) coding: Coding,
    /// The path below the root.
    pub(super) key: Arc<[u8]>,
    /// The path for the system.
    pub(super) location: Arc<Path>,
    pub(super) stamp: Stamp,
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
        representations.insert(0, Representation::new(Coding::Identity, found));
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
