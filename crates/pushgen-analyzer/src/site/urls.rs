//! Files to URLs and back.
//!
//! `a/index.html` answers to `/a/`, `a/b.css` to `/a/b.css`; with clean URLs `about.html` answers to
//! `/about`. File names are percent-encoded as the WHATWG URL standard's path percent-encode set
//! wants it, with a literal `%` as `%25`. A lookup never touches the file system: the decoded path is
//! searched among the names that the crawl found, so nothing outside the root can be reached.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, percent_encode};
use pushgen_policy::UrlPath;
use url::Url;

use super::{FileId, Site, extension};
use crate::error::SiteError;

/// URL standard, path percent-encode set, and `%`, which in a file name is a plain character; `?`
/// and `#` are in that set. The backslash is added because a browser turns it into a slash.
const FILE_NAME: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'?')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'}')
    .add(b'%')
    .add(b'\\');

/// A file's path below the root as it stands in a URL.
fn percent_encoded(path: &[u8]) -> Cow<'_, str> {
    percent_encode(path, FILE_NAME).into()
}

/// Checks and completes a base path: `/docs` becomes `/docs/`.
pub(super) fn base_path(given: &str) -> Result<String, SiteError> {
    let bad = || SiteError::BadBasePath {
        path: given.to_owned(),
    };
    if !given.starts_with('/') || given.starts_with("//") || given.contains(['?', '#', '\\']) {
        return Err(bad());
    }
    let mut url = Url::parse("http://site.invalid/").map_err(|_| bad())?;
    url.set_path(given);
    let mut path = url.path().to_owned();
    if !path.ends_with('/') {
        path.push('/');
    }
    if UrlPath::parse(path.as_str()).is_err() {
        return Err(bad());
    }
    Ok(path)
}

impl Site {
    /// The request target that a file answers to, percent-encoded, base path included.
    #[must_use]
    pub fn url_path(&self, file: FileId) -> String {
        let path = &self.files[file.index()].path;
        let name_at = path
            .iter()
            .rposition(|b| *b == b'/')
            .map_or(0, |slash| slash + 1);
        let served = if &path[name_at..] == b"index.html" {
            &path[..name_at]
        } else if self.options.clean_urls && extension(path) == b"html" {
            &path[..path.len() - b".html".len()]
        } else {
            path
        };
        format!("{}{}", self.options.base_path, percent_encoded(served))
    }

    /// The file that answers to a URL's path, if the path is below the base path.
    pub(crate) fn lookup(&self, url_path: &str) -> Lookup {
        let Some(relative) = url_path.strip_prefix(self.options.base_path.as_str()) else {
            // `/docs` is redirected to `/docs/`.
            return match self.options.base_path.strip_suffix('/') {
                Some(base) if base == url_path => self.lookup(&self.options.base_path),
                _ => Lookup::Outside,
            };
        };
        let decoded: Cow<'_, [u8]> = percent_decode_str(relative).into();
        match self.served_file(&decoded) {
            Some(file) => Lookup::File(file),
            None => Lookup::Missing,
        }
    }

    fn served_file(&self, path: &[u8]) -> Option<FileId> {
        self.exact_file(path).or_else(|| {
            // Servers of files read `a//b` as `a/b`.
            let mut merged = path.to_vec();
            merged.dedup_by(|next, previous| *next == b'/' && *previous == b'/');
            let relative = merged.strip_prefix(b"/").unwrap_or(&merged);
            (relative.len() < path.len()).then(|| self.exact_file(relative))?
        })
    }

    fn exact_file(&self, path: &[u8]) -> Option<FileId> {
        let named = |parts: &[&[u8]]| self.by_path.get(parts.concat().as_slice()).copied();
        if path.is_empty() || path.ends_with(b"/") {
            return named(&[path, b"index.html"]);
        }
        let clean = || named(&[path, b".html"]).filter(|_| self.options.clean_urls);
        // A folder asked for without its slash: servers redirect to it.
        let folder = || named(&[path, b"/index.html"]);
        self.by_path
            .get(path)
            .copied()
            .or_else(clean)
            .or_else(folder)
    }

    /// The page that a person means by `/a/`, `/a/index.html`, `a/index.html` or `a`.
    #[must_use]
    pub fn page(&self, named: &str) -> Option<FileId> {
        let is_page = |file: &FileId| self.pages.binary_search(file).is_ok();
        let plain = named.trim_start_matches("./").trim_start_matches('/');
        let by_name = || self.served_file(plain.as_bytes());
        let by_url = || match self.lookup(named) {
            Lookup::File(file) => Some(file),
            Lookup::Missing | Lookup::Outside => None,
        };
        by_url().or_else(by_name).filter(is_page)
    }

    /// A file whose path differs from a missing one only in upper and lower case.
    pub(crate) fn differs_in_case(&self, url_path: &str) -> Option<FileId> {
        let relative = url_path.strip_prefix(self.options.base_path.as_str())?;
        let wanted: Cow<'_, [u8]> = percent_decode_str(relative).into();
        let folded = self.by_folded_path.get_or_init(|| {
            let ids = (0u32..).map(FileId);
            ids.zip(&self.files)
                .map(|(id, file)| (file.path.to_ascii_lowercase(), id))
                .collect()
        });
        folded.get(&wanted.to_ascii_lowercase()).copied()
    }

    /// A file of the same folder whose name differs from a missing one by a slip of the keyboard.
    pub(crate) fn misspelt(&self, url_path: &str) -> Option<FileId> {
        /// Letters that may differ.
        const SLIPS: usize = 2;
        /// Files that are compared; nobody reads through a larger folder for a slip.
        const FOLDER: usize = 1000;
        let relative = url_path.strip_prefix(self.options.base_path.as_str())?;
        let wanted: Cow<'_, [u8]> = percent_decode_str(relative).into();
        let wanted = std::str::from_utf8(&wanted).ok()?;
        let folder = &wanted[..wanted.rfind('/').map_or(0, |slash| slash + 1)];
        let name = &wanted[folder.len()..];
        // A short name is near to every other short name.
        if name.len() < 3 * SLIPS {
            return None;
        }
        let first = self
            .files
            .partition_point(|file| file.path.as_slice() < folder.as_bytes());
        let near = (first..)
            .zip(&self.files[first..])
            .take(FOLDER)
            .take_while(|(_, file)| file.path.starts_with(folder.as_bytes()));
        let distance = |path: &[u8]| {
            let other = std::str::from_utf8(&path[folder.len()..]).ok()?;
            let far = other.contains('/') || other.len().abs_diff(name.len()) > SLIPS;
            (!far)
                .then(|| strsim::osa_distance(name, other))
                .filter(|slips| *slips <= SLIPS)
        };
        let (_, nearest) = near
            .filter_map(|(at, file)| Some((distance(&file.path)?, at)))
            .min()?;
        u32::try_from(nearest).ok().map(FileId)
    }
}

/// What a URL's path leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lookup {
    /// A file of the site.
    File(FileId),
    /// Below the base path, but there is no such file.
    Missing,
    /// On this host, but above the folder that the site is mounted at.
    Outside,
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::site::SiteOptions;

    fn site(files: &[&str], options: &SiteOptions) -> (tempfile::TempDir, Site) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for path in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "").expect("a file");
        }
        let site = Site::load(folder.path(), options).expect("a site");
        (folder, site)
    }

    #[test]
    fn files_answer_to_urls_and_urls_find_their_files() {
        let files = [
            "index.html",
            "a/index.html",
            "a/b.css",
            "ä ö/100%.png",
            "about.html",
            "q?.js",
            "x#y.css",
            "INDEX.HTML",
            "a^b`.svg",
            "!'()*~.js",
        ];
        let (_folder, site) = site(&files, &SiteOptions::default());
        let cases = [
            ("index.html", "/"),
            ("a/index.html", "/a/"),
            ("a/b.css", "/a/b.css"),
            ("ä ö/100%.png", "/%C3%A4%20%C3%B6/100%25.png"),
            ("about.html", "/about.html"),
            ("q?.js", "/q%3F.js"),
            ("x#y.css", "/x%23y.css"),
            ("INDEX.HTML", "/INDEX.HTML"),
            ("a^b`.svg", "/a%5Eb%60.svg"),
            ("!'()*~.js", "/!'()*~.js"),
        ];
        for (name, target) in cases {
            let file = site.by_path[name.as_bytes()];
            assert_eq!(site.url_path(file), target);
            assert_eq!(site.lookup(target), Lookup::File(file), "{target}");
        }
        for missing in ["/b.css", "/a", "/nowhere/", "/%2e%2e/secret", "/a%00"] {
            let expected = match missing {
                "/a" => Lookup::File(site.by_path[b"a/index.html".as_slice()]),
                _ => Lookup::Missing,
            };
            assert_eq!(site.lookup(missing), expected, "{missing}");
        }
    }

    #[test]
    fn repeated_slashes_lead_to_the_file_as_they_do_on_servers() {
        let (_folder, site) = site(
            &["index.html", "a/b.css", "a/index.html"],
            &SiteOptions::default(),
        );
        let sheet = site.by_path[b"a/b.css".as_slice()];
        let page = site.by_path[b"a/index.html".as_slice()];
        for (target, expected) in [
            ("/a//b.css", Lookup::File(sheet)),
            ("//a///b.css", Lookup::File(sheet)),
            ("/a//", Lookup::File(page)),
            ("/a//c.css", Lookup::Missing),
        ] {
            assert_eq!(site.lookup(target), expected, "{target}");
        }
    }

    #[test]
    fn clean_urls_drop_the_extension_but_the_full_name_still_works() {
        let options = SiteOptions {
            clean_urls: true,
            ..SiteOptions::default()
        };
        let (_folder, site) = site(&["index.html", "about.html", "docs/index.html"], &options);
        let about = site.by_path[b"about.html".as_slice()];
        assert_eq!(site.url_path(about), "/about");
        assert_eq!(site.lookup("/about"), Lookup::File(about));
        assert_eq!(site.lookup("/about.html"), Lookup::File(about));
        assert_eq!(
            site.url_path(site.by_path[b"docs/index.html".as_slice()]),
            "/docs/"
        );
    }

    #[test]
    fn a_base_path_is_put_before_every_target_and_what_is_above_it_is_outside() {
        let options = SiteOptions {
            base_path: "/docs".to_owned(),
            ..SiteOptions::default()
        };
        let (_folder, site) = site(&["index.html", "a.css"], &options);
        let sheet = site.by_path[b"a.css".as_slice()];
        assert_eq!(site.url_path(sheet), "/docs/a.css");
        assert_eq!(site.lookup("/docs/a.css"), Lookup::File(sheet));
        assert_eq!(site.lookup("/a.css"), Lookup::Outside);
        assert_eq!(site.lookup("/docs"), site.lookup("/docs/"));
        assert_eq!(site.lookup("/docs/b.css"), Lookup::Missing);
    }

    #[test]
    fn bad_base_paths_are_refused() {
        for bad in ["", "docs", "//host/", "/a?b", "/a#b", "\\a"] {
            assert!(base_path(bad).is_err(), "{bad:?}");
        }
        assert_eq!(base_path("/a b/../c").expect("a path"), "/c/");
    }

    #[test]
    fn a_person_may_name_a_page_by_url_or_by_file() {
        let (_folder, site) = site(
            &["index.html", "a/index.html", "b.html", "c.css"],
            &SiteOptions::default(),
        );
        let name = |named: &str| site.page(named).map(|file| site.name(file));
        for (named, expected) in [
            ("/", Some("index.html")),
            ("/a/", Some("a/index.html")),
            ("/a/index.html", Some("a/index.html")),
            ("a/index.html", Some("a/index.html")),
            ("./a/index.html", Some("a/index.html")),
            ("a", Some("a/index.html")),
            ("/b.html", Some("b.html")),
            ("/c.css", None),
            ("/d.html", None),
        ] {
            assert_eq!(name(named).as_deref(), expected, "{named}");
        }
    }

    #[test]
    fn a_slip_of_the_keyboard_is_recognised() {
        let files = [
            "index.html",
            "css/main.css",
            "css/print.css",
            "css/sub/mian.css",
            "a.css",
        ];
        let (_folder, site) = site(&files, &SiteOptions::default());
        for (missing, expected) in [
            ("/css/mian.css", Some("css/main.css")),
            ("/css/main.cs", Some("css/main.css")),
            ("/css/other.css", None),
            ("/b.css", None),
            ("/nowhere/main.css", None),
        ] {
            assert_eq!(
                site.misspelt(missing)
                    .map(|file| site.name(file))
                    .as_deref(),
                expected,
                "{missing}"
            );
        }
    }

    #[test]
    fn a_difference_in_case_is_recognised() {
        let (_folder, site) = site(&["index.html", "img/Logo.PNG"], &SiteOptions::default());
        let found = site
            .differs_in_case("/IMG/logo.png")
            .map(|file| site.name(file));
        assert_eq!(found.as_deref(), Some("img/Logo.PNG"));
        assert_eq!(site.differs_in_case("/img/other.png"), None);
    }
}
