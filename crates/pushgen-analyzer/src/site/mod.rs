//! The site: the files of a built web site, and the URLs that they answer to.
//!
//! In: a folder. Out: files with sizes, the pages among them, precompressed siblings recognised as
//! encodings of one asset, and the two-way mapping between files and request targets. All reading of
//! files goes through here: what is above this module is pure.
//!
//! A page is a file named `*.html`, `*.htm` or `*.xhtml`; the latter is read with the HTML parser too.

mod coded_offset;
mod crawl;
mod image_size;
mod urls;
mod weight;

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use pushgen_policy::Coding;

use crate::error::SiteError;
use crate::finding::{Code, Finding};
use crawl::Filter;
pub(crate) use image_size::{ImageSizes, NaturalSize, bitmap as bitmap_size, svg as svg_size};
pub(crate) use urls::Lookup;
pub use weight::Weight;

/// The largest document that is read, in bytes. The tree of a document takes some twenty times its
/// size, so that one of this size already needs hundreds of megabytes.
pub const MAX_DOCUMENT: u64 = 32 << 20;

/// The largest style sheet or script that is read, in bytes.
pub const MAX_SUBRESOURCE: u64 = 16 << 20;

/// How to read a folder as a site.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SiteOptions {
    /// Globs of the files that belong to the site, relative to its root; none means all.
    pub include: Vec<String>,
    /// Globs of the files that do not.
    pub exclude: Vec<String>,
    /// The URL path that the root is mounted at, such as `/` or `/docs/`.
    pub base_path: String,
    /// Whether `about.html` is served as `/about`.
    pub clean_urls: bool,
}

impl Default for SiteOptions {
    fn default() -> Self {
        Self {
            include: Vec::new(),
            exclude: Vec::new(),
            base_path: "/".to_owned(),
            clean_urls: false,
        }
    }
}

/// A file of the site; an index that is valid for one [`Site`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(u32);

impl FileId {
    /// A file of no site.
    #[cfg(test)]
    pub(crate) fn for_tests(id: u32) -> Self {
        Self(id)
    }

    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

#[derive(Debug)]
struct File {
    /// Relative to the root, `/` between folders.
    path: Vec<u8>,
    size: u64,
}

/// A built web site.
#[derive(Debug)]
pub struct Site {
    root: PathBuf,
    /// As given, with the base path completed.
    options: SiteOptions,
    files: Vec<File>,
    by_path: HashMap<Vec<u8>, FileId>,
    /// By lower-case path; made when the first missing file asks.
    by_folded_path: OnceLock<HashMap<Vec<u8>, FileId>>,
    /// Sizes of the precompressed siblings of a file.
    encodings: HashMap<FileId, Vec<(Coding, u64)>>,
    pages: Vec<FileId>,
    findings: Vec<Finding>,
}

/// The extensions that a precompressed file has behind that of the plain one.
const SIBLINGS: [(&[u8], Coding); 3] = [
    (b"br", Coding::Br),
    (b"gz", Coding::Gzip),
    (b"zst", Coding::Zstd),
];

impl Site {
    /// Lists the files below `root`. Nothing but their names and sizes is read.
    ///
    /// # Errors
    /// When the folder cannot be read or holds no page, and when an option is no glob or path.
    pub fn load(root: &Path, options: &SiteOptions) -> Result<Self, SiteError> {
        let unreadable = |source| SiteError::Unreadable {
            path: root.to_owned(),
            source,
        };
        if !fs::metadata(root).map_err(unreadable)?.is_dir() {
            return Err(SiteError::NotAFolder {
                path: root.to_owned(),
            });
        }
        let filter = Filter {
            include: globs(&options.include)?,
            exclude: globs(&options.exclude)?,
        };
        let options = SiteOptions {
            base_path: urls::base_path(&options.base_path)?,
            ..options.clone()
        };
        let canonical = fs::canonicalize(root).map_err(unreadable)?;
        let (found, findings) = crawl::crawl(&canonical, &filter).map_err(unreadable)?;

        let files: Vec<File> = found
            .into_iter()
            .map(|f| File {
                path: f.path,
                size: f.size,
            })
            .collect();
        let by_path: HashMap<Vec<u8>, FileId> = (0u32..)
            .zip(&files)
            .map(|(id, file)| (file.path.clone(), FileId(id)))
            .collect();
        let mut site = Self {
            root: canonical,
            options,
            files,
            by_path,
            by_folded_path: OnceLock::new(),
            encodings: HashMap::new(),
            pages: Vec::new(),
            findings,
        };
        site.recognise_siblings_and_pages();
        if site.pages.is_empty() {
            return Err(SiteError::NoPages {
                path: root.to_owned(),
            });
        }
        Ok(site)
    }

    fn recognise_siblings_and_pages(&mut self) {
        for (id, file) in (0u32..).map(FileId).zip(&self.files) {
            if let Some((plain, coding)) = self.plain_sibling(&file.path) {
                self.encodings
                    .entry(plain)
                    .or_default()
                    .push((coding, file.size));
            } else if is_page(&file.path) {
                self.pages.push(id);
            }
        }
        if self.options.clean_urls {
            let shadowed: Vec<Finding> = self
                .pages
                .iter()
                .filter_map(|page| {
                    let path = &self.files[page.index()].path;
                    let clean = path
                        .strip_suffix(b".html")
                        .filter(|_| !path.ends_with(b"index.html"))?;
                    let other = *self.by_path.get(clean)?;
                    let message = format!(
                        "with clean URLs this page and the file {} answer to one URL",
                        self.name(other)
                    );
                    let finding = Finding::new(Code::AmbiguousUrl, self.name(*page), message);
                    Some(finding.help("rename one of them, or analyse without --clean-urls"))
                })
                .collect();
            self.findings.extend(shadowed);
        }
    }

    /// The file that `path` is a precompressed encoding of, if that file exists.
    fn plain_sibling(&self, path: &[u8]) -> Option<(FileId, Coding)> {
        let known = |(known, _): &&(&[u8], Coding)| extension(path) == *known;
        let (extension, coding) = SIBLINGS.iter().find(known)?;
        let plain = &path[..path.len() - extension.len() - 1];
        Some((*self.by_path.get(plain)?, *coding))
    }

    /// The pages in the order of their paths.
    #[must_use]
    pub fn pages(&self) -> &[FileId] {
        &self.pages
    }

    /// What was noticed while the folder was listed.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// How many files the folder holds, precompressed siblings included.
    #[must_use]
    pub fn file_count(&self) -> usize {
        self.files.len()
    }

    /// The size of a file in bytes.
    #[must_use]
    pub fn size(&self, file: FileId) -> u64 {
        self.files[file.index()].size
    }

    /// A file's path below the root for people: `/` between folders, invalid UTF-8 replaced.
    #[must_use]
    pub fn name(&self, file: FileId) -> String {
        String::from_utf8_lossy(&self.files[file.index()].path).into_owned()
    }

    /// Where a file is, for those who want to read it.
    #[must_use]
    pub fn location(&self, file: FileId) -> PathBuf {
        self.root
            .join(crawl::path_from_bytes(&self.files[file.index()].path))
    }

    /// The whole content of a file.
    pub(crate) fn read(&self, file: FileId) -> io::Result<Vec<u8>> {
        fs::read(self.location(file))
    }

    /// The whole content of a file's precompressed sibling.
    pub(crate) fn read_sibling(&self, file: FileId, coding: Coding) -> Option<Vec<u8>> {
        let (extension, _) = SIBLINGS.iter().find(|(_, known)| *known == coding)?;
        let plain = &self.files[file.index()].path;
        let path = [plain.as_slice(), b".", *extension].concat();
        fs::read(self.root.join(crawl::path_from_bytes(&path))).ok()
    }

    /// The folder the site was loaded from, with symbolic links resolved.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// How the folder was read; the base path begins and ends with `/`.
    #[must_use]
    pub fn options(&self) -> &SiteOptions {
        &self.options
    }

    /// The media type that a server gives a file for its extension.
    #[must_use]
    pub fn media_type(&self, file: FileId) -> String {
        let extension =
            String::from_utf8_lossy(extension(&self.files[file.index()].path)).into_owned();
        mime_guess::from_ext(&extension)
            .first_or_octet_stream()
            .essence_str()
            .to_owned()
    }
}

fn globs(patterns: &[String]) -> Result<Option<GlobSet>, SiteError> {
    if patterns.is_empty() {
        return Ok(None);
    }
    let bad = |glob: &str, error: &globset::Error| SiteError::BadGlob {
        glob: glob.to_owned(),
        reason: error.kind().to_string(),
    };
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        // `*` stays within one folder, as in a shell; `**` crosses folders.
        let glob = GlobBuilder::new(pattern)
            .literal_separator(true)
            .build()
            .map_err(|error| bad(pattern, &error))?;
        set.add(glob);
    }
    set.build()
        .map(Some)
        .map_err(|error| bad(&patterns.join(" "), &error))
}

fn is_page(path: &[u8]) -> bool {
    let extension = extension(path);
    [b"html".as_slice(), b"htm", b"xhtml"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// What follows the last dot of the file name; empty if there is none.
pub(crate) fn extension(path: &[u8]) -> &[u8] {
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
    match name.iter().rposition(|b| *b == b'.') {
        Some(dot) if dot > 0 => &name[dot + 1..],
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn site(
        files: &[(&str, &str)],
        options: &SiteOptions,
    ) -> (tempfile::TempDir, Result<Site, SiteError>) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for (path, content) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, content).expect("a file");
        }
        let site = Site::load(folder.path(), options);
        (folder, site)
    }

    #[test]
    fn siblings_are_encodings_and_not_assets_of_their_own() {
        let files = [
            ("index.html", "<p>"),
            ("a.css", "a{}"),
            ("a.css.br", "x"),
            ("lonely.gz", "x"),
        ];
        let (_folder, site) = site(&files, &SiteOptions::default());
        let site = site.expect("a site");
        let sheet = site.by_path[b"a.css".as_slice()];
        assert_eq!(site.encodings[&sheet], [(Coding::Br, 1)]);
        assert_eq!(site.encodings.len(), 1);
    }

    #[test]
    fn globs_choose_files() {
        let files = [
            ("index.html", ""),
            ("drafts/x.html", ""),
            ("a/b/c.html", ""),
        ];
        let cases: [(&[&str], &[&str], &[&str]); 4] = [
            (&[], &[], &["a/b/c.html", "drafts/x.html", "index.html"]),
            (&[], &["drafts/**"], &["a/b/c.html", "index.html"]),
            (&["*.html"], &[], &["index.html"]),
            (&["**/*.html"], &["a/**"], &["drafts/x.html", "index.html"]),
        ];
        for (include, exclude, expected) in cases {
            let owned = |globs: &[&str]| globs.iter().map(|g| (*g).to_owned()).collect();
            let options = SiteOptions {
                include: owned(include),
                exclude: owned(exclude),
                ..SiteOptions::default()
            };
            let (_folder, site) = site(&files, &options);
            let site = site.expect("a site");
            let pages: Vec<String> = site.pages().iter().map(|page| site.name(*page)).collect();
            assert_eq!(pages, expected, "{include:?} {exclude:?}");
        }
    }

    #[test]
    fn a_folder_without_pages_is_refused_with_the_way_out() {
        let (_folder, site) = site(&[("a.css", "")], &SiteOptions::default());
        let message = site.expect_err("no pages").to_string();
        assert!(
            message.contains("no page") && message.contains("--include"),
            "{message}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_that_leave_the_root_loop_or_break_are_findings_and_the_rest_is_read() {
        use std::os::unix::fs::symlink;
        let outside = tempfile::tempdir().expect("a temporary folder");
        fs::write(outside.path().join("secret.html"), "secret").expect("a file");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = folder.path();
        fs::write(root.join("index.html"), "").expect("a file");
        fs::create_dir(root.join("sub")).expect("a folder");
        symlink(outside.path(), root.join("sub/out")).expect("a link");
        symlink(outside.path().join("secret.html"), root.join("out.html")).expect("a link");
        symlink(root, root.join("sub/loop")).expect("a link");
        symlink("self.html", root.join("self.html")).expect("a link");
        symlink("nowhere", root.join("broken.html")).expect("a link");
        symlink("index.html", root.join("alias.html")).expect("a link");
        let site = Site::load(root, &SiteOptions::default()).expect("a site");
        let pages: Vec<String> = site.pages().iter().map(|page| site.name(*page)).collect();
        assert_eq!(pages, ["alias.html", "index.html"]);
        let found: Vec<(String, &str)> = site
            .findings()
            .iter()
            .map(|f| (f.file.clone(), f.code.as_str()))
            .collect();
        let expected = [
            ("broken.html", "symlink-broken"),
            ("out.html", "symlink-leaves-root"),
            ("self.html", "symlink-loop"),
            ("sub/loop", "symlink-loop"),
            ("sub/out", "symlink-leaves-root"),
        ];
        assert_eq!(found, expected.map(|(file, code)| (file.to_owned(), code)));
    }
}
