//! The crawl: every file below a folder, found in parallel.
//!
//! In: a folder and the globs of `--include` and `--exclude`. Out: the files with their sizes, in
//! the order of their paths' bytes, and findings for what could not be followed. Symbolic links are
//! followed inside the root; those that leave it, end nowhere or loop are left out with a finding.
//! `.gitignore` is not consulted: a built site is normally ignored by git as a whole.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use globset::GlobSet;
use rayon::prelude::*;
use walkdir::{DirEntry, WalkDir};

use crate::finding::{Code, Finding, shown};

/// How often one folder may be entered through links below one top-level entry: links to folders of links
/// multiply.
const MAX_WAYS: usize = 16;

/// A file as the crawl found it.
#[derive(Debug)]
pub(super) struct Found {
    /// Relative to the root, `/` between folders, the bytes of the file name as they are.
    pub(super) path: Vec<u8>,
    /// Size in bytes.
    pub(super) size: u64,
}

/// Which files belong to the site.
pub(super) struct Filter {
    pub(super) include: Option<GlobSet>,
    pub(super) exclude: Option<GlobSet>,
}

impl Filter {
    fn admits(&self, relative: &Path) -> bool {
        self.include
            .as_ref()
            .is_none_or(|set| set.is_match(relative))
            && !self
                .exclude
                .as_ref()
                .is_some_and(|set| set.is_match(relative))
    }
}

/// Lists the files below `root`, which must be canonical.
pub(super) fn crawl(root: &Path, filter: &Filter) -> io::Result<(Vec<Found>, Vec<Finding>)> {
    // The folders directly below the root are walked in parallel: on the sites at hand that is
    // enough to hide the cost of `stat`, and each part stays a plain walkdir.
    let mut starts: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(root)? {
        starts.push(entry?.path());
    }
    let mut parts: Vec<(Vec<Found>, Vec<Finding>)> = starts
        .par_iter()
        .map(|start| walk(root, start, filter))
        .collect();
    let mut files = Vec::new();
    let mut findings = Vec::new();
    for (part, noticed) in &mut parts {
        files.append(part);
        findings.append(noticed);
    }
    files.par_sort_unstable_by(|a, b| a.path.cmp(&b.path));
    findings.sort();
    Ok((files, findings))
}

fn walk(root: &Path, start: &Path, filter: &Filter) -> (Vec<Found>, Vec<Finding>) {
    let mut files = Vec::new();
    let mut findings = Vec::new();
    let mut refused = Vec::new();
    let mut entered: HashMap<PathBuf, usize> = HashMap::new();
    let follows = |entry: &DirEntry| match refusal(root, entry, &mut entered) {
        None => true,
        Some(finding) => {
            refused.push(finding);
            false
        }
    };
    // Sorted, so that what is refused does not depend on the file system's order.
    for entry in WalkDir::new(start)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(follows)
    {
        match entry {
            Err(error) => findings.push(unfollowed(root, start, &error)),
            Ok(entry) if entry.file_type().is_file() => {
                let Ok(relative) = entry.path().strip_prefix(root) else {
                    continue;
                };
                if !filter.admits(relative) {
                    continue;
                }
                match entry.metadata() {
                    Ok(metadata) => files.push(Found {
                        path: path_bytes(relative),
                        size: metadata.len(),
                    }),
                    Err(error) => findings.push(unfollowed(root, start, &error)),
                }
            }
            // Folders are walked; sockets, devices and pipes are no part of a site.
            Ok(_) => {}
        }
    }
    findings.append(&mut refused);
    (files, findings)
}

/// Why a symbolic link is not followed.
fn refusal(
    root: &Path,
    entry: &DirEntry,
    entered: &mut HashMap<PathBuf, usize>,
) -> Option<Finding> {
    if !entry.path_is_symlink() {
        return None;
    }
    // A broken link has no target: walkdir reports it when it is opened.
    let target = fs::canonicalize(entry.path()).ok()?;
    let file = relative_name(root, entry.path());
    if !target.starts_with(root) {
        let message = format!(
            "symbolic link leaves the site: it points to {}",
            shown(&target.to_string_lossy())
        );
        let finding = Finding::new(Code::SymlinkLeavesRoot, file, message);
        return Some(
            finding.help("copy the file into the site, or leave the link out of the build"),
        );
    }
    let name = relative_name(root, &target);
    let folder = fs::canonicalize(entry.path().parent()?).ok()?;
    if folder.starts_with(&target) {
        let message = format!("symbolic link leads back to ./{name}, which contains it");
        return Some(Finding::new(Code::SymlinkLoop, file, message));
    }
    if !entry.file_type().is_dir() {
        return None;
    }
    let ways = entered.entry(target).or_default();
    *ways += 1;
    (*ways > MAX_WAYS).then(|| {
        let message = format!(
            "symbolic links lead to ./{name} in more than {MAX_WAYS} ways; this one is not followed"
        );
        Finding::new(Code::SymlinkLoop, file, message)
    })
}

fn unfollowed(root: &Path, start: &Path, error: &walkdir::Error) -> Finding {
    let path = error.path().unwrap_or(start);
    let file = relative_name(root, path);
    if let Some(ancestor) = error.loop_ancestor() {
        let ancestor = relative_name(root, ancestor);
        return Finding::new(
            Code::SymlinkLoop,
            file,
            format!("symbolic link leads back to ./{ancestor}, which contains it"),
        );
    }
    let is_link = fs::symlink_metadata(path).is_ok_and(|m| m.file_type().is_symlink());
    match error.io_error() {
        // A link to itself (ELOOP) is found by the system, not by walkdir.
        Some(cause) if is_link && cause.kind() != io::ErrorKind::NotFound => Finding::new(
            Code::SymlinkLoop,
            file,
            format!("symbolic link cannot be followed: {cause}"),
        ),
        Some(_) if is_link => {
            Finding::new(Code::SymlinkBroken, file, "symbolic link points to nothing")
        }
        Some(cause) => Finding::new(
            Code::UnreadableFile,
            file,
            format!("cannot be read: {cause}"),
        ),
        None => Finding::new(
            Code::UnreadableFile,
            file,
            format!("cannot be read: {error}"),
        ),
    }
}

fn relative_name(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path);
    String::from_utf8_lossy(&path_bytes(relative)).into_owned()
}

/// The bytes of a relative path, `/` between folders.
#[cfg(unix)]
fn path_bytes(relative: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    relative.as_os_str().as_bytes().to_vec()
}

/// The bytes of a relative path, `/` between folders.
#[cfg(not(unix))]
fn path_bytes(relative: &Path) -> Vec<u8> {
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/").into_bytes()
}

/// The relative path of a file from the bytes that [`path_bytes`] gave.
#[cfg(unix)]
pub(super) fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

/// The relative path of a file from the bytes that [`path_bytes`] gave.
#[cfg(not(unix))]
pub(super) fn path_from_bytes(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
