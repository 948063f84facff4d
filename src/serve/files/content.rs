//! The content of a representation: its hash, and its bytes if they are few.
//!
//! In: a file that was found, and whether to compress it. Out: an entity-tag, the date of the last change and, up to
//! [`MOST_IN_MEMORY`] or if they were made here, the bytes.
//!
//! The entity-tag of a file as it is, unless it is very large, equals the analyzer's (`Weight::etag`: the first half of
//! the SHA-256 in base64url), so that a policy with entity-tags and the server agree. A coded variant has the tag of its
//! own bytes with the coding behind it, because a strong validator must differ whenever the bytes do (RFC 9110,
//! section 8.8.1), and a variant may be compressed anew while its file stays. What is compressed here is no other: the
//! same file, divided at the same place, gives the same bytes.
//!
//! All of this blocks.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;
use std::time::SystemTime;

use bytes::Bytes;
use http::HeaderValue;
use pushgen_analyzer::gzip::{self, Compressed};
use pushgen_policy::{Coding, Sha256};
use sha2::Digest as _;

use super::conditions::{Validators, last_modified};
use super::resource::MOST_COMPRESSED;
use super::stamp::Stamp;

/// Files up to this size are kept in memory, larger ones are read from disk each time.
pub(super) const MOST_IN_MEMORY: u64 = 1 << 20;

/// Files beyond this size have an entity-tag from their length and time instead: whoever asks first for a part of a
/// film does not wait until all of it is read.
const MOST_HASHED: u64 = 16 << 20;

/// How often a file that is being written is read anew before that counts as an error.
const ATTEMPTS: usize = 3;

/// What is read at a time for hashing.
const CHUNK: usize = 256 << 10;

/// The content of a representation.
#[derive(Debug)]
pub(super) struct Content {
    /// The state that the file was read in.
    pub(super) stamp: Stamp,
    /// The length in bytes.
    pub(super) len: u64,
    /// Of a page that was compressed here: how many bytes hold its head.
    pub(super) head: Option<u64>,
    /// Whether compression made nothing smaller of the file, which is to be sent as it is.
    pub(super) is_vain: bool,
    /// When reading began, on the clock of the files.
    pub(super) read_at: u64,
    /// Whether a change after reading is sure to give another stamp.
    pub(super) is_settled: bool,
    /// The bytes, if they are few.
    pub(super) bytes: Option<Bytes>,
    /// The strong entity-tag.
    pub(super) etag: HeaderValue,
    /// The `Last-Modified` field.
    pub(super) last_modified: Option<HeaderValue>,
    modified: Option<SystemTime>,
}

impl Content {
    /// Reads a file, which is in this coding as it is.
    pub(super) fn read(location: &Path, coding: Coding, read_at: u64) -> io::Result<Self> {
        let (stamp, (hash, bytes)) = read_unchanged(location, read)?;
        Ok(Self {
            len: stamp.len,
            ..Self::new(stamp, coding, read_at, hash, bytes)
        })
    }

    /// Reads a file and compresses it with gzip, flushed behind so many of its bytes if that is given.
    pub(super) fn compress(
        location: &Path,
        divided_at: Option<u64>,
        read_at: u64,
    ) -> io::Result<Self> {
        let (stamp, plain) = read_unchanged(location, |file, stamp| {
            // It may have grown since it was found.
            let is_small = stamp.len <= MOST_COMPRESSED;
            is_small.then(|| read_bytes(file, stamp)).transpose()
        })?;
        let made = plain.map(|plain| {
            let divided_at = divided_at.map(|at| usize::try_from(at).unwrap_or(usize::MAX));
            gzip::compress(&plain, divided_at)
        });
        let made = made.transpose()?;
        let is_worthwhile = |made: &Compressed| (made.bytes.len() as u64) < stamp.len;
        let Some(made) = made.filter(is_worthwhile) else {
            return Ok(Self {
                is_vain: true,
                ..Self::new(stamp, Coding::Gzip, read_at, Sha256::of(b""), None)
            });
        };
        let hash = Sha256::of(&made.bytes);
        Ok(Self {
            len: made.bytes.len() as u64,
            head: made.head.map(|head| head as u64),
            ..Self::new(stamp, Coding::Gzip, read_at, hash, Some(made.bytes.into()))
        })
    }

    fn new(stamp: Stamp, coding: Coding, read_at: u64, hash: Sha256, bytes: Option<Bytes>) -> Self {
        let now = SystemTime::now();
        let modified = last_modified(stamp.modified, now);
        let date = modified.map(httpdate::fmt_http_date);
        Self {
            stamp,
            len: 0,
            head: None,
            is_vain: false,
            read_at,
            is_settled: stamp.is_settled(now),
            bytes,
            etag: etag(hash, coding),
            last_modified: date.and_then(|date| HeaderValue::try_from(date).ok()),
            modified,
        }
    }

    /// What conditional requests are compared with.
    pub(super) fn validators(&self, has_variants: bool) -> Validators<'_> {
        Validators {
            etag: &self.etag,
            last_modified: self.modified,
            is_date_strong: self.is_settled && !has_variants,
        }
    }
}

fn etag(hash: Sha256, coding: Coding) -> HeaderValue {
    let hash = hash.to_string();
    let half = hash.get(..hash.len() / 2).unwrap_or_default();
    let tag = match coding {
        Coding::Identity => format!("\"{half}\""),
        coding => format!("\"{half}-{}\"", coding.as_str()),
    };
    // Base64url and the words of codings can stand in a field.
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

/// What is read of a file that stays as it is meanwhile, and its state.
fn read_unchanged<T>(
    location: &Path,
    read: impl Fn(&File, &Stamp) -> io::Result<T>,
) -> io::Result<(Stamp, T)> {
    for _ in 0..ATTEMPTS {
        let file = File::open(location)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(ErrorKind::NotFound.into());
        }
        let stamp = Stamp::of(&metadata);
        let read = read(&file, &stamp)?;
        if Stamp::of(&file.metadata()?) == stamp {
            return Ok((stamp, read));
        }
    }
    Err(io::Error::other("the file changes while it is read"))
}

/// The bytes of a file that is not large.
fn read_bytes(file: &File, stamp: &Stamp) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(stamp.len).unwrap_or(0));
    // A file that grows without end is read no further; its stamp tells.
    file.take(stamp.len + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The hash of a file, and its bytes if there are no more than may be kept.
fn read(mut file: &File, stamp: &Stamp) -> io::Result<(Sha256, Option<Bytes>)> {
    let len = stamp.len;
    if len > MOST_HASHED {
        let age = stamp.modified.duration_since(SystemTime::UNIX_EPOCH);
        let nanoseconds = age.unwrap_or_default().as_nanos();
        return Ok((Sha256::of(format!("{len} {nanoseconds}").as_bytes()), None));
    }
    if len <= MOST_IN_MEMORY {
        let bytes = read_bytes(file, stamp)?;
        return Ok((Sha256::of(&bytes), Some(bytes.into())));
    }
    let mut hash = sha2::Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut left = len;
    while left > 0 {
        let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
        let count = file.read(chunk.get_mut(..most).unwrap_or_default())?;
        if count == 0 {
            break;
        }
        hash.update(chunk.get(..count).unwrap_or_default());
        left -= count as u64;
    }
    Ok((Sha256(hash.finalize().into()), None))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_tag_is_half_the_hash_and_names_the_coding() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a");
        fs::write(&path, "abc").expect("a file");
        let tag = |coding| Content::read(&path, coding, 0).expect("content").etag;
        assert_eq!(tag(Coding::Identity), "\"ungWv48Bz-pBQUDeXa4iI\"");
        assert_eq!(tag(Coding::Br), "\"ungWv48Bz-pBQUDeXa4iI-br\"");
    }

    #[test]
    fn a_large_file_is_hashed_like_a_small_one_and_not_kept() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a");
        let large = vec![7; MOST_IN_MEMORY as usize + 1];
        fs::write(&path, &large).expect("a file");
        let content = Content::read(&path, Coding::Identity, 0).expect("content");
        assert!(content.bytes.is_none());
        assert_eq!(content.etag, etag(Sha256::of(&large), Coding::Identity));
    }

    #[test]
    fn a_folder_has_no_content() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        assert!(Content::read(folder.path(), Coding::Identity, 0).is_err());
    }
}
