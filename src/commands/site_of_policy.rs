//! The site of a policy that was named alone.
//!
//! In: a policy and the file that it was read from. Out: the folder with its pages: the one that the file lies in, or a
//! child of that with a name that builds give to what they write. A policy holds paths and no pages, so that which files
//! exist is all there is to go by. Left out: a folder with another name, which the person is asked for.

use std::path::{Component, Path, PathBuf};

use anyhow::bail;
use pushgen_policy::Policy;
use url::Url;

use crate::cli::SiteArguments;
use crate::output::{self, count};

/// What builds call the folder that they write.
const BUILD_FOLDERS: [&str; 10] = [
    "dist", "build", "public", "out", "_site", "site", "output", "www", "book", "html",
];

/// Finds the folder, and says on standard error which it is.
pub(super) fn find(
    command: &str,
    path: &Path,
    policy: &Policy,
    site: &SiteArguments,
    is_quiet: bool,
) -> anyhow::Result<PathBuf> {
    let name = path.display();
    let way_out = format!("name its folder: `pushgen {command} {name} dist/`");
    if policy.pages().len() == 0 {
        bail!("{name} has no pages, so that nothing tells which site it is of; {way_out}");
    }
    let beside = path.parent().unwrap_or(Path::new(""));
    let itself = match beside.as_os_str().is_empty() {
        true => Path::new("."),
        false => beside,
    };
    let children = BUILD_FOLDERS.iter().map(|name| beside.join(name));
    let folders = std::iter::once(itself.to_owned()).chain(children);
    let (mut with_pages, mut lacking) = (Vec::new(), Vec::new());
    for folder in folders {
        let Some(files) = Files::of(&folder, site) else {
            continue;
        };
        let mut pages = policy.pages().map(|page| page.path.as_str());
        match pages.find(|page| !files.has_page(page)) {
            None => with_pages.push((folder, files)),
            Some(page) => lacking.push(format!("{} has no {page}", folder.display())),
        }
    }
    // Sources may have the same pages, and then they lack what the build makes of the rest.
    let is_whole = |(_, files): &&(PathBuf, Files)| {
        let assets = policy.assets().iter();
        assets
            .map(|asset| asset.path.as_str())
            .all(|target| files.has_asset(target))
    };
    let whole = with_pages.iter().find(is_whole);
    let Some((folder, _)) = whole.or(with_pages.first()) else {
        bail!(
            "cannot find the site of {name}: {}; {way_out}",
            lacking.join(", ")
        );
    };
    if !is_quiet {
        let pages = count(policy.pages().len(), "page");
        output::note(&format!(
            "site {}: it has the {pages} of {name}{}",
            folder.display(),
            if whole.is_some() {
                ""
            } else {
                ", though not all of its assets"
            }
        ));
    }
    Ok(folder.clone())
}

/// The files of a folder by the paths that they are served at.
struct Files {
    root: Url,
    root_path: PathBuf,
    base_path: String,
    clean_urls: bool,
}

impl Files {
    /// `None` if there is no such folder.
    fn of(folder: &Path, site: &SiteArguments) -> Option<Self> {
        let root_path = folder.canonicalize().ok().filter(|path| path.is_dir())?;
        Some(Self {
            root: Url::from_directory_path(&root_path).ok()?,
            root_path,
            base_path: format!("{}/", site.base_path.trim_end_matches('/')),
            clean_urls: site.clean_urls,
        })
    }

    fn has_page(&self, path: &str) -> bool {
        let Some(relative) = path.strip_prefix(self.base_path.as_str()) else {
            return false;
        };
        if relative.is_empty() || relative.ends_with('/') {
            return self.has(&format!("{relative}index.html"));
        }
        self.has(relative) || (self.clean_urls && self.has(&format!("{relative}.html")))
    }

    fn has_asset(&self, target: &str) -> bool {
        let path = target.split_once('?').map_or(target, |(path, _)| path);
        let relative = path.strip_prefix(self.base_path.as_str());
        relative.is_some_and(|relative| self.has(relative))
    }

    fn has(&self, relative: &str) -> bool {
        // What is relative may look like a URL of its own: `a:b.html`.
        let url = self.root.join(&format!("./{relative}"));
        let path = url.ok().and_then(|url| url.to_file_path().ok());
        // An encoded slash may bring out another `..`.
        let goes_up = |path: &Path| path.components().any(|it| it == Component::ParentDir);
        path.is_some_and(|path| {
            path.starts_with(&self.root_path) && !goes_up(&path) && path.is_file()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(names: &[&str], base_path: &str, clean_urls: bool) -> (tempfile::TempDir, Files) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            std::fs::write(path, "").expect("a file");
        }
        let root_path = folder.path().canonicalize().expect("a path");
        let files = Files {
            root: Url::from_directory_path(&root_path).expect("an absolute path"),
            root_path,
            base_path: base_path.to_owned(),
            clean_urls,
        };
        (folder, files)
    }

    #[test]
    fn a_page_is_the_file_that_is_served_at_its_path() {
        let names = ["index.html", "a/index.html", "b.html", "c d.html"];
        let (_folder, plain) = files(&names, "/", false);
        for (path, expected) in [
            ("/", true),
            ("/a/", true),
            ("/b.html", true),
            ("/b", false),
            ("/c%20d.html", true),
            ("/gone.html", false),
            ("/a", false),
            ("/http://x", false),
        ] {
            assert_eq!(plain.has_page(path), expected, "{path}");
        }
        let (_folder, mounted) = files(&names, "/docs/", true);
        for (path, expected) in [("/docs/", true), ("/docs/b", true), ("/b", false)] {
            assert_eq!(mounted.has_page(path), expected, "{path}");
        }
    }

    #[test]
    fn an_asset_is_a_file_whatever_its_query_and_never_outside() {
        let (folder, files) = files(&["x/a.css", "y/b.css"], "/", false);
        assert!(files.has_asset("/x/a.css?v=3"));
        let inner = Files {
            root: Url::from_directory_path(folder.path().join("x")).expect("a path"),
            root_path: files.root_path.join("x"),
            ..files
        };
        assert!(inner.has_asset("/a.css"));
        for path in ["/../y/b.css", "/%2e%2e/y/b.css", "/..%2Fy/b.css"] {
            assert!(!inner.has_asset(path), "{path}");
        }
    }
}
