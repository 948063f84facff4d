//! The resolver: a URL as it is written, to a file of the site.
//!
//! In: a base URL and the text of a reference. Out: a [`Target`]. URLs are parsed by the WHATWG URL
//! standard (the `url` crate), so dot segments, backslashes, escapes, tabs and spaces mean what they
//! mean to a browser, and nothing can climb above the root. What another origin serves, and URLs that
//! cause no request (`data:`, `blob:`, `javascript:`), are told apart.

use std::borrow::Cow;

use encoding_rs::{EncoderResult, Encoding, UTF_8};
use url::Url;

use crate::site::{FileId, Lookup, Site};

/// The origin that a site is analysed at if it is not told its own. `.invalid` never exists (RFC 6761),
/// so no absolute URL of the site can name it by accident.
const NOWHERE: &str = "https://site.invalid";

/// The longest reference that is resolved, in bytes; servers refuse longer request targets by far.
pub(crate) const MAX_REFERENCE: usize = 64 << 10;

/// Where a reference leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// A request to this site.
    Site(SiteTarget),
    /// A request to another origin, or to a path of this host that the site does not hold.
    Elsewhere(String),
    /// No request at all: `data:`, `blob:`, `about:`, `javascript:`, `mailto:`; or one that browsers
    /// block because the URL holds credentials.
    NoRequest,
    /// Not a URL.
    Invalid,
}

/// A request to this site.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct SiteTarget {
    /// The request target: path and query as a browser sends them.
    pub(crate) path: String,
    /// The file that answers, if there is one.
    pub(crate) file: Option<FileId>,
}

/// Resolves references against a site.
#[derive(Debug)]
pub(crate) struct Resolver<'s> {
    site: &'s Site,
    origin: Url,
}

impl<'s> Resolver<'s> {
    /// `origin` is where the site will be served, if that is known; then absolute URLs of that origin
    /// are the site's own.
    pub(crate) fn new(site: &'s Site, origin: Option<&str>) -> Self {
        let nowhere = || Url::parse(NOWHERE).expect("a constant URL is valid");
        let origin = origin
            .and_then(|origin| Url::parse(origin).ok())
            .unwrap_or_else(nowhere);
        Self { site, origin }
    }

    /// The absolute URL of a request target of the site.
    pub(crate) fn url(&self, path: &str) -> Url {
        // Not `join`: a target such as `//a` would name a host.
        let mut url = self.origin.clone();
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path, None),
        };
        url.set_path(path);
        url.set_query(query);
        url
    }

    /// Resolves `text` as a browser does when it stands in a document whose base URL is `base`.
    pub(crate) fn resolve(&self, base: &Url, text: &str) -> Target {
        self.resolve_encoded(base, text, UTF_8)
    }

    /// The same for a document in another encoding, which its queries are encoded in.
    pub(crate) fn resolve_encoded(
        &self,
        base: &Url,
        text: &str,
        encoding: &'static Encoding,
    ) -> Target {
        if text.len() > MAX_REFERENCE {
            let is_inline = text
                .trim_start()
                .get(..5)
                .is_some_and(|start| start.eq_ignore_ascii_case("data:"));
            return if is_inline {
                Target::NoRequest
            } else {
                Target::Invalid
            };
        }
        let encode = query_encoder(encoding);
        let options = Url::options().base_url(Some(base));
        let parsed = match encoding == UTF_8 {
            true => options.parse(text),
            false => options.encoding_override(Some(&encode)).parse(text),
        };
        match parsed {
            Ok(url) => self.target(&url),
            // `data:` bases cannot be joined; a browser falls back to the page's URL before it comes here.
            Err(_) => Target::Invalid,
        }
    }

    /// Where an absolute URL leads.
    pub(crate) fn target(&self, url: &Url) -> Target {
        if !matches!(url.scheme(), "http" | "https") {
            return Target::NoRequest;
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Target::NoRequest;
        }
        if url.origin() != self.origin.origin() {
            return Target::Elsewhere(url.to_string());
        }
        let file = match self.site.lookup(url.path()) {
            Lookup::File(file) => Some(file),
            Lookup::Missing => None,
            Lookup::Outside => return Target::Elsewhere(url.path().to_owned()),
        };
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Target::Site(SiteTarget { path, file })
    }

    /// The base URL that a `base` element sets: relative to the document's own URL; `data:` and
    /// `javascript:` are ignored (HTML §4.2.3, "set the frozen base URL").
    pub(crate) fn base(&self, document: &Url, href: &str) -> Url {
        match document.join(href) {
            Ok(url) if !matches!(url.scheme(), "data" | "javascript") => url,
            _ => document.clone(),
        }
    }
}

/// URL standard §4.1: a query is percent-encoded from the bytes of the document's output encoding. What that
/// cannot say becomes a character reference, percent-encoded whole (§1.3, "percent-encode after encoding").
fn query_encoder(encoding: &'static Encoding) -> impl Fn(&str) -> Cow<'_, [u8]> {
    move |query| {
        let mut encoder = encoding.output_encoding().new_encoder();
        let mut encoded = Vec::new();
        let mut rest = query;
        loop {
            // Room for all of it: a call that ends before the end of the text has met such a character.
            let room = encoder.max_buffer_length_from_utf8_without_replacement(rest.len());
            encoded.reserve(room.unwrap_or(rest.len()));
            let (result, read) =
                encoder.encode_from_utf8_to_vec_without_replacement(rest, &mut encoded, true);
            rest = rest.get(read..).unwrap_or_default();
            match result {
                EncoderResult::InputEmpty => return encoded.into(),
                EncoderResult::OutputFull => {}
                EncoderResult::Unmappable(character) => {
                    let reference = format!("%26%23{}%3B", u32::from(character));
                    encoded.extend_from_slice(reference.as_bytes());
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use proptest::prelude::*;

    use super::*;
    use crate::site::SiteOptions;

    fn site() -> (tempfile::TempDir, Site) {
        let folder = tempfile::tempdir().expect("a temporary folder");
        for file in [
            "index.html",
            "css/a.css",
            "a b.png",
            "docs/index.html",
            "ä.js",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
            fs::write(path, "").expect("a file");
        }
        let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
        (folder, site)
    }

    #[test]
    fn references_lead_where_a_browser_would_go() {
        let (_folder, site) = site();
        let resolver = Resolver::new(&site, Some("https://example.com"));
        let base = resolver.url("/docs/page.html?x=1");
        let ours = |path: &str| Some((path.to_owned(), true));
        let missing = |path: &str| Some((path.to_owned(), false));
        for (text, expected) in [
            ("../css/a.css", ours("/css/a.css")),
            ("/css/a.css?v=1#top", ours("/css/a.css?v=1")),
            ("/css/a.css?", ours("/css/a.css?")),
            ("..\\css\\a.css", ours("/css/a.css")),
            (" /css/\na.css\t", ours("/css/a.css")),
            ("../../../../css/./x/../a.css", ours("/css/a.css")),
            ("/%2e%2E/css/a.css", ours("/css/a.css")),
            ("/a b.png", ours("/a%20b.png")),
            ("/a%20b.png", ours("/a%20b.png")),
            ("/ä.js", ours("/%C3%A4.js")),
            ("https://example.com/css/a.css", ours("/css/a.css")),
            ("https://EXAMPLE.com:443/css/a.css", ours("/css/a.css")),
            ("//example.com/css/a.css", ours("/css/a.css")),
            ("https:/css/a.css", ours("/css/a.css")),
            ("", ours("/docs/page.html?x=1")),
            ("/docs", ours("/docs")),
            ("nope.css", missing("/docs/nope.css")),
            ("/CSS/a.css", missing("/CSS/a.css")),
            ("?y", missing("/docs/page.html?y")),
            ("//cdn.example/a.css", None),
            ("http://example.com/css/a.css", None),
            ("https://example.com:8443/css/a.css", None),
            ("https://u:p@example.com/css/a.css", None),
            ("data:text/css,a{}", None),
            ("javascript:void(0)", None),
            ("http://[", None),
        ] {
            let found = match resolver.resolve(&base, text) {
                Target::Site(target) if text.is_empty() || text == "?y" => {
                    // The page itself does not exist in this little site.
                    Some((target.path, text.is_empty()))
                }
                Target::Site(target) => Some((target.path, target.file.is_some())),
                _ => None,
            };
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn without_an_origin_every_absolute_url_is_elsewhere() {
        let (_folder, site) = site();
        let resolver = Resolver::new(&site, None);
        let base = resolver.url("/");
        assert!(matches!(
            resolver.resolve(&base, "https://example.com/css/a.css"),
            Target::Elsewhere(_)
        ));
        assert!(matches!(
            resolver.resolve(&base, "css/a.css"),
            Target::Site(_)
        ));
    }

    #[test]
    fn a_megabyte_of_dots_is_refused_and_a_megabyte_of_data_is_no_request() {
        let (_folder, site) = site();
        let resolver = Resolver::new(&site, None);
        let base = resolver.url("/");
        assert_eq!(
            resolver.resolve(&base, &"../".repeat(350_000)),
            Target::Invalid
        );
        let data = format!("data:image/png;base64,{}", "A".repeat(1 << 20));
        assert_eq!(resolver.resolve(&base, &data), Target::NoRequest);
    }

    proptest! {
        #[test]
        fn never_leaves_the_root(text in "([./\\\\%2eE a-z?#:]{0,40}|\\PC{0,40})", base in "/[a-z/.]{0,20}") {
            let (_folder, site) = site();
            let resolver = Resolver::new(&site, Some("https://example.com"));
            if let Target::Site(target) = resolver.resolve(&resolver.url(&base), &text) {
                prop_assert!(target.path.starts_with('/'));
                let path = target.path.split('?').next().unwrap_or_default();
                prop_assert!(path.split('/').all(|segment| segment != ".." && segment != "."), "{}", target.path);
                if let Some(file) = target.file {
                    prop_assert!(site.location(file).starts_with(site.root()));
                }
            }
        }
    }
}
