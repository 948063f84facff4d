//! From a key to a file below the root.
//!
//! In: the root and a key from `target`. Out: the file that answers to it, the folder that a redirect leads to,
//! or nothing. The order of the candidates is the analyzer's: a final slash means `index.html`; otherwise the
//! name itself, with clean URLs the name with `.html`, then a folder that has an `index.html`.
//!
//! As in the analyzer's crawl, symbolic links are followed where they stay inside the root and do not lead back
//! to a folder that contains them, only regular files are served (a pipe would block whoever opens it), and dot
//! files are files like others. Names are compared byte by byte also where the file system does not: what the
//! system calls otherwise than the request is not found.
//!
//! All of this blocks.

use std::fs::{self, Metadata};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use super::stamp::Stamp;

/// A regular file below the root.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// Its path below the root, `/` between folders.
    pub(super) key: Vec<u8>,
    /// Its path for the system.
    pub(super) location: PathBuf,
    /// Its state when it was found.
    pub(super) stamp: Stamp,
}

/// What a key leads to.
#[derive(Debug)]
pub(super) enum Answer {
    File(Found),
    /// A folder with an `index.html`, asked for without its final slash.
    Folder,
    Missing,
}

/// The system's refusal to say whether there is a file.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) path: PathBuf,
    pub(super) error: io::Error,
}

/// Finds the file that a key leads to. `root` is canonical.
pub(super) fn look_up(root: &Path, key: &[u8], clean_urls: bool) -> Result<Answer, Refusal> {
    if key.is_empty() || key.ends_with(b"/") {
        let index = file(root, &[key, b"index.html"].concat())?;
        return Ok(index.map_or(Answer::Missing, Answer::File));
    }
    if let Some(found) = file(root, key)? {
        return Ok(Answer::File(found));
    }
    if clean_urls && let Some(found) = file(root, &[key, b".html"].concat())? {
        return Ok(Answer::File(found));
    }
    let index = file(root, &[key, b"/index.html"].concat())?;
    Ok(index.map_or(Answer::Missing, |_| Answer::Folder))
}

/// The regular file at a path below the root.
pub(super) fn file(root: &Path, key: &[u8]) -> Result<Option<Found>, Refusal> {
    let Some(relative) = system_path(key) else {
        return Ok(None);
    };
    let path = root.join(&relative);
    let metadata = match fs::metadata(&path) {
        Ok(metadata) => metadata,
        Err(error) if means_missing(&error) => return Ok(None),
        // A link that leads to itself is an error of its own kind, which the standard library does not name yet.
        Err(_) if !is_open_way(root, &relative) => return Ok(None),
        Err(error) => return Err(Refusal { path, error }),
    };
    if !metadata.is_file() || !is_inside(root, &relative, &path) {
        return Ok(None);
    }
    Ok(Some(found(key, path, &metadata)))
}

fn found(key: &[u8], location: PathBuf, metadata: &Metadata) -> Found {
    Found {
        key: key.to_vec(),
        location,
        stamp: Stamp::of(metadata),
    }
}

fn means_missing(error: &io::Error) -> bool {
    use ErrorKind::{InvalidFilename, InvalidInput, NotADirectory, NotFound};
    matches!(
        error.kind(),
        NotFound | NotADirectory | InvalidFilename | InvalidInput
    )
}

/// Whether the file that was found is the one that the analyzer would have listed.
fn is_inside(root: &Path, relative: &Path, path: &Path) -> bool {
    match fs::canonicalize(path) {
        // No link on the way, and the name is spelt as it is on disk.
        Ok(canonical) if canonical == path => true,
        Ok(canonical) if canonical.starts_with(root) => {
            has_link(root, relative) && is_open_way(root, relative)
        }
        _ => false,
    }
}

fn has_link(root: &Path, relative: &Path) -> bool {
    ways(root, relative).any(|way| is_link(&way))
}

/// Whether every link on the way is one that the crawl follows.
fn is_open_way(root: &Path, relative: &Path) -> bool {
    ways(root, relative).filter(|way| is_link(way)).all(|way| {
        let target = fs::canonicalize(&way);
        let folder = way.parent().map(fs::canonicalize);
        match (target, folder) {
            (Ok(target), Some(Ok(folder))) => {
                target.starts_with(root) && !folder.starts_with(&target)
            }
            _ => false,
        }
    })
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_symlink())
}

/// The path's prefixes, from the first folder below the root to the file.
fn ways(root: &Path, relative: &Path) -> impl Iterator<Item = PathBuf> {
    relative.components().scan(root.to_owned(), |way, part| {
        way.push(part);
        Some(way.clone())
    })
}

/// The relative path that a key names, if the system can have such a name. Nothing in it can climb: keys have no
/// dot segments, and a component of another kind is refused once more.
fn system_path(key: &[u8]) -> Option<PathBuf> {
    use std::path::Component::Normal;
    let path = path_from_bytes(key)?;
    path.components()
        .all(|part| matches!(part, Normal(_)))
        .then_some(path)
}

#[cfg(unix)]
fn path_from_bytes(bytes: &[u8]) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStrExt;
    Some(PathBuf::from(std::ffi::OsStr::from_bytes(bytes)))
}

#[cfg(not(unix))]
fn path_from_bytes(bytes: &[u8]) -> Option<PathBuf> {
    std::str::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = fs::canonicalize(folder.path()).expect("a path");
        for path in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "").expect("a file");
        }
        (folder, root)
    }

    fn answer(root: &Path, key: &str, clean_urls: bool) -> String {
        match look_up(root, key.as_bytes(), clean_urls).expect("no refusal") {
            Answer::File(found) => String::from_utf8_lossy(&found.key).into_owned(),
            Answer::Folder => "(folder)".to_owned(),
            Answer::Missing => "(missing)".to_owned(),
        }
    }

    #[test]
    fn keys_lead_to_the_files_that_the_analyzer_finds() {
        let (_folder, root) = site(&[
            "index.html",
            "a/index.html",
            "a/b.css",
            "about.html",
            "both",
            "both.html",
            "folder/x.css",
            ".well-known/security.txt",
        ]);
        let long = "x".repeat(4000);
        for (key, plain, clean) in [
            ("", "index.html", "index.html"),
            ("a/", "a/index.html", "a/index.html"),
            ("a", "(folder)", "(folder)"),
            ("a/index.html", "a/index.html", "a/index.html"),
            ("a/b.css", "a/b.css", "a/b.css"),
            ("a/b.css/", "(missing)", "(missing)"),
            ("about.html", "about.html", "about.html"),
            ("about", "(missing)", "about.html"),
            ("about/", "(missing)", "(missing)"),
            ("both", "both", "both"),
            ("folder", "(missing)", "(missing)"),
            ("folder/", "(missing)", "(missing)"),
            ("INDEX.html", "(missing)", "(missing)"),
            (
                ".well-known/security.txt",
                ".well-known/security.txt",
                ".well-known/security.txt",
            ),
            (long.as_str(), "(missing)", "(missing)"),
        ] {
            assert_eq!(answer(&root, key, false), plain, "{key}");
            assert_eq!(answer(&root, key, true), clean, "{key}");
        }
    }

    #[test]
    fn a_key_that_climbs_finds_nothing() {
        let (_folder, root) = site(&["index.html", "sub/x.html"]);
        let sub = root.join("sub");
        for key in ["../index.html", "/etc/passwd", "./x.html", ".."] {
            assert_eq!(answer(&sub, key, false), "(missing)", "{key}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_inside_the_root_only() {
        use std::os::unix::fs::symlink;
        let (_outside, elsewhere) = site(&["secret.html"]);
        let (_folder, root) = site(&["index.html", "sub/x.html"]);
        symlink(&elsewhere, root.join("sub/out")).expect("a link");
        symlink(elsewhere.join("secret.html"), root.join("out.html")).expect("a link");
        symlink(&root, elsewhere.join("back")).expect("a link");
        symlink(&root, root.join("sub/loop")).expect("a link");
        symlink("self.html", root.join("self.html")).expect("a link");
        symlink("nowhere", root.join("broken.html")).expect("a link");
        symlink("index.html", root.join("alias.html")).expect("a link");
        symlink("sub", root.join("same")).expect("a link");
        for (key, expected) in [
            ("sub/out/secret.html", "(missing)"),
            ("out.html", "(missing)"),
            ("sub/out/back/index.html", "(missing)"),
            ("sub/loop/index.html", "(missing)"),
            ("sub/loop", "(missing)"),
            ("self.html", "(missing)"),
            ("self.html/x", "(missing)"),
            ("broken.html", "(missing)"),
            ("alias.html", "alias.html"),
            ("same/x.html", "same/x.html"),
        ] {
            assert_eq!(answer(&root, key, false), expected, "{key}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn what_is_no_regular_file_is_missing() {
        let (_folder, root) = site(&["index.html"]);
        let _socket = std::os::unix::net::UnixListener::bind(root.join("s")).expect("a socket");
        assert_eq!(answer(&root, "s", false), "(missing)");
    }
}
