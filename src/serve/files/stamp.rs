//! The state of a file that is compared to see whether it changed.
//!
//! In: metadata. Out: length, time of modification and, on Unix, file number and time of change, so that a file
//! which was replaced by renaming, or written and set back in time, counts as changed.
//!
//! A file system's clock ticks slowly (milliseconds on ext4, two seconds on FAT): two writes of one length within
//! a tick look the same. What was read so soon after a change is therefore not trusted for long; see
//! [`Stamp::is_settled`].

use std::fs::Metadata;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The coarsest tick of the file systems in use.
const TICK: Duration = Duration::from_secs(2);

/// A file's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Length in bytes.
    pub(super) len: u64,
    /// Time of modification; the epoch where the system has none.
    pub(super) modified: SystemTime,
    changed: SystemTime,
    number: u64,
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let modified = metadata.modified().unwrap_or(UNIX_EPOCH);
        let (changed, number) = identity(metadata, modified);
        Self {
            len: metadata.len(),
            modified,
            changed,
            number,
        }
    }

    /// Whether a later change is sure to give another stamp. `now` is the time of reading.
    pub(super) fn is_settled(&self, now: SystemTime) -> bool {
        match now.duration_since(self.changed) {
            Ok(age) => age > TICK,
            // A time that lies ahead is none that the next write would be given.
            Err(ahead) => ahead.duration() > TICK,
        }
    }

    /// Whether an open file is still as it was. The time of change is left out: removing or replacing the name of
    /// an open file sets it, and the content is none the worse for that.
    pub(super) fn is_same_content(&self, other: &Self) -> bool {
        self.len == other.len && self.modified == other.modified
    }
}

#[cfg(unix)]
fn identity(metadata: &Metadata, modified: SystemTime) -> (SystemTime, u64) {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(metadata.ctime()).ok();
    let nanoseconds = u32::try_from(metadata.ctime_nsec()).unwrap_or_default();
    let changed = seconds
        .and_then(|seconds| UNIX_EPOCH.checked_add(Duration::new(seconds, nanoseconds)))
        .unwrap_or(modified);
    (changed, metadata.ino())
}

#[cfg(not(unix))]
fn identity(_: &Metadata, modified: SystemTime) -> (SystemTime, u64) {
    (modified, 0)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn stamp(path: &std::path::Path) -> Stamp {
        Stamp::of(&fs::metadata(path).expect("metadata"))
    }

    #[cfg(unix)]
    #[test]
    fn a_file_put_in_place_of_another_is_told_apart_even_with_its_time_and_length() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let (old, new) = (folder.path().join("old"), folder.path().join("new"));
        fs::write(&old, "1").expect("a file");
        fs::write(&new, "2").expect("a file");
        let before = stamp(&old);
        let file = fs::File::options().write(true).open(&new).expect("a file");
        file.set_modified(before.modified).expect("a time");
        fs::rename(&new, &old).expect("a file in its place");
        let after = stamp(&old);
        assert!(before.is_same_content(&after));
        assert_ne!(before, after);
    }

    #[test]
    fn a_fresh_change_is_not_settled() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let path = folder.path().join("a");
        fs::write(&path, "1").expect("a file");
        let stamp = stamp(&path);
        assert!(!stamp.is_settled(stamp.changed));
        assert!(stamp.is_settled(stamp.changed + TICK + TICK));
        assert!(stamp.is_settled(stamp.changed - TICK - TICK));
    }
}
