//! `<meta http-equiv=content-security-policy>`: what a page forbids itself to load (CSP 3 §6.7, §7.1).
//!
//! In: the policies' text. Out: whether a request, an element or inline code is allowed by all of them.
//! Only what is surely forbidden is forbidden: a host name may be the site's own, and a hash may be that of
//! the inline code in question. Paths of source expressions, reporting and navigation are left out.

use pushgen_policy::Destination;
use url::Url;

use super::source_list::SourceList;

/// How many policies are read, and how many source expressions of them all are kept. Pages have one or two
/// policies of a few dozen sources; a list that is not kept in full allows everything.
const MAX_POLICIES: usize = 64;
const MAX_SOURCES: usize = 1000;

/// Where a request goes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Where<'u> {
    /// To the page's own site, whose name is not known.
    Own,
    /// To another one.
    Foreign(&'u Url),
}

/// The content security policies that are in force.
#[derive(Debug, Clone, Default)]
pub(crate) struct SecurityPolicies {
    policies: Vec<Policy>,
    sources: usize,
}

impl SecurityPolicies {
    /// Adds the policies of a `meta` element's `content`, which commas separate.
    pub(crate) fn add(&mut self, text: &str) {
        for text in text.split(',') {
            if self.policies.len() == MAX_POLICIES {
                return;
            }
            let policy = Policy::parse(text, MAX_SOURCES.saturating_sub(self.sources));
            self.sources += policy.sources();
            if !policy.0.is_empty() {
                self.policies.push(policy);
            }
        }
    }

    /// Whether a request is allowed that no element's own nonce or integrity speaks for: an image, or what a
    /// style sheet or script asks for. The imports of a script carry the script's nonce, those of a sheet none.
    pub(crate) fn allows(&self, destination: Destination, to: Where<'_>) -> bool {
        self.all(fetch_directives(destination), |list| {
            list.matches_url(destination, to)
                || (is_script_like(destination) && list.takes_nonces())
        })
    }

    /// Whether a `script`, `style` or `link` element is allowed to load something.
    pub(crate) fn allows_element(
        &self,
        destination: Destination,
        nonce: Option<&str>,
        integrity: Option<&str>,
        to: Where<'_>,
    ) -> bool {
        self.all(fetch_directives(destination), |list| {
            list.allows_element(destination, nonce, integrity, to)
        })
    }

    /// Whether a `link rel=modulepreload` is: `strict-dynamic` does not count it as inserted by the parser.
    pub(crate) fn allows_module_preload(
        &self,
        nonce: Option<&str>,
        integrity: Option<&str>,
        to: Where<'_>,
    ) -> bool {
        let destination = Destination::Script;
        self.all(fetch_directives(destination), |list| {
            list.strict_dynamic || list.allows_element(destination, nonce, integrity, to)
        })
    }

    /// Whether a `link rel=prefetch` is: if any directive would allow it (CSP 3 §6.8.1, resource hints).
    pub(crate) fn allows_prefetch(&self, to: Where<'_>) -> bool {
        let allowed = |policy: &Policy| {
            let mut lists = policy.0.iter().filter(|(name, _)| *name != BASE_URI);
            policy.list(&["default-src"]).is_none()
                || lists.any(|(_, list)| list.matches_url(Destination::Fetch, to))
        };
        self.policies.iter().all(allowed)
    }

    /// Whether the inline code of a `script` or `style` element is.
    pub(crate) fn allows_inline(&self, destination: Destination, nonce: Option<&str>) -> bool {
        self.all(fetch_directives(destination), |list| {
            list.allows_inline(destination, nonce)
        })
    }

    /// Whether `style` attributes are.
    pub(crate) fn allows_style_attributes(&self) -> bool {
        self.all(&["style-src-attr", "style-src", "default-src"], |list| {
            list.allows_inline(Destination::Style, None)
        })
    }

    /// Whether a `base` element may name this place.
    pub(crate) fn allows_base(&self, to: Where<'_>) -> bool {
        self.all(&[BASE_URI], |list| {
            list.matches_url(Destination::Document, to)
        })
    }

    /// Whether in each policy the first of these directives that it has allows something.
    fn all(&self, names: &[&'static str], allows: impl Fn(&SourceList) -> bool) -> bool {
        self.policies
            .iter()
            .filter_map(|policy| policy.list(names))
            .all(allows)
    }
}

const BASE_URI: &str = "base-uri";

/// The directives that are read.
const DIRECTIVES: [&str; 16] = [
    BASE_URI,
    "child-src",
    "connect-src",
    "default-src",
    "font-src",
    "frame-src",
    "img-src",
    "manifest-src",
    "media-src",
    "object-src",
    "script-src",
    "script-src-elem",
    "style-src",
    "style-src-attr",
    "style-src-elem",
    "worker-src",
];

/// The directives that govern a destination, the most specific one first; none for navigation.
fn fetch_directives(destination: Destination) -> &'static [&'static str] {
    match destination {
        Destination::Script => &["script-src-elem", "script-src", "default-src"],
        Destination::Worker => &["worker-src", "child-src", "script-src", "default-src"],
        Destination::Style => &["style-src-elem", "style-src", "default-src"],
        Destination::Image => &["img-src", "default-src"],
        Destination::Font => &["font-src", "default-src"],
        Destination::Audio | Destination::Video | Destination::Track => {
            &["media-src", "default-src"]
        }
        Destination::Object | Destination::Embed => &["object-src", "default-src"],
        Destination::Iframe | Destination::Frame => &["frame-src", "child-src", "default-src"],
        Destination::Manifest => &["manifest-src", "default-src"],
        Destination::Fetch | Destination::Json => &["connect-src", "default-src"],
        _ => &[],
    }
}

pub(super) fn is_script_like(destination: Destination) -> bool {
    matches!(destination, Destination::Script | Destination::Worker)
}

/// One policy: each of [`DIRECTIVES`] at most once.
#[derive(Debug, Clone, Default)]
struct Policy(Vec<(&'static str, SourceList)>);

impl Policy {
    /// Reads a serialised policy. Of a directive that is given twice the first one counts.
    fn parse(text: &str, mut room: usize) -> Self {
        let mut policy = Self::default();
        for directive in text.split(';') {
            let mut words = directive.split_ascii_whitespace();
            let name = words.next().unwrap_or_default();
            let known = DIRECTIVES
                .iter()
                .find(|known| known.eq_ignore_ascii_case(name));
            if let Some(&name) = known
                && policy.list(&[name]).is_none()
            {
                let list = SourceList::parse(words, room);
                room = room.saturating_sub(list.len());
                policy.0.push((name, list));
            }
        }
        policy
    }

    fn list(&self, names: &[&'static str]) -> Option<&SourceList> {
        names.iter().find_map(|wanted| {
            self.0
                .iter()
                .find(|(name, _)| name == wanted)
                .map(|(_, list)| list)
        })
    }

    fn sources(&self) -> usize {
        self.0.iter().map(|(_, list)| list.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Destination::{Embed, Fetch, Font, Iframe, Image, Json, Script, Style};

    fn policies(text: &str) -> SecurityPolicies {
        let mut policies = SecurityPolicies::default();
        policies.add(text);
        policies
    }

    #[test]
    fn only_what_is_surely_forbidden_is_forbidden() {
        for (policy, destination, allowed) in [
            ("default-src 'self'", Image, true),
            ("default-src 'none'", Image, false),
            ("default-src 'none'; img-src *", Image, true),
            ("default-src 'none'; img-src *", Style, false),
            ("img-src 'none'", Style, true),
            ("img-src", Image, false),
            ("IMG-SRC 'NONE'", Image, false),
            (" ; ;  img-src\t'none' ;;", Image, false),
            ("img-src data: blob:", Image, false),
            ("img-src data: 'self'", Image, true),
            ("img-src 'none' 'self'", Image, true),
            ("img-src 'none'; img-src *", Image, false),
            ("img-src *, img-src 'none'", Image, false),
            ("script-src 'unsafe-inline'", Script, false),
            ("script-src 'nonce-abc'", Script, true),
            ("script-src 'sha256-AAAA'", Script, false),
            ("script-src 'self' 'strict-dynamic'", Script, false),
            ("script-src 'strict-dynamic' 'nonce-abc'", Script, true),
            ("style-src 'nonce-abc'", Style, false),
            ("style-src 'self' 'strict-dynamic'", Style, true),
            ("script-src 'none'; script-src-elem 'self'", Script, true),
            ("child-src 'none'", Iframe, false),
            ("child-src 'none'; frame-src 'self'", Iframe, true),
            ("object-src 'none'", Embed, false),
            ("connect-src 'none'", Fetch, false),
            ("connect-src 'none'; script-src 'self'", Json, false),
            ("font-src https://example.com", Font, true),
            ("", Font, true),
        ] {
            let found = policies(policy).allows(destination, Where::Own);
            assert_eq!(found, allowed, "{policy} for {destination}");
        }
    }

    #[test]
    fn foreign_urls_are_matched_by_scheme_host_and_port() {
        for (sources, url, allowed) in [
            ("'self'", "https://cdn.example/a", false),
            ("*", "https://cdn.example/a", true),
            ("https:", "https://cdn.example/a", true),
            ("http:", "https://cdn.example/a", true),
            ("https:", "http://cdn.example/a", false),
            ("cdn.example", "https://cdn.example/a", true),
            ("CDN.example/b", "https://cdn.example/a", true),
            ("https://cdn.example", "http://cdn.example/a", false),
            ("http://cdn.example", "https://cdn.example/a", true),
            ("*.example", "https://cdn.example/a", true),
            ("*.cdn.example", "https://cdn.example/a", false),
            ("cdn.example:8443", "https://cdn.example:8443/", true),
            ("cdn.example:*", "https://cdn.example:8443/", true),
            ("cdn.example", "https://cdn.example:8443/", false),
            ("cdn.example:443", "https://cdn.example/", true),
            ("other.example", "https://cdn.example/", false),
            ("'none'", "https://cdn.example/", false),
        ] {
            let url = url.parse().expect("a URL");
            let found = policies(&format!("img-src {sources}"));
            let found = found.allows(Image, Where::Foreign(&url));
            assert_eq!(found, allowed, "{sources} for {url}");
        }
    }

    #[test]
    fn a_script_needs_the_nonce_or_another_reason() {
        for (sources, nonce, integrity, allowed) in [
            ("'nonce-a'", None, None, false),
            ("'nonce-a'", Some("a"), None, true),
            ("'NONCE-a'", Some("a"), None, true),
            ("'nonce-a'", Some("A"), None, false),
            ("'nonce-a'", Some(""), None, false),
            ("'self' 'nonce-a'", None, None, true),
            (
                "'self' https: 'strict-dynamic' 'nonce-a'",
                None,
                None,
                false,
            ),
            ("'strict-dynamic' 'nonce-a'", Some("a"), None, true),
            ("'sha256-AA-_'", None, None, false),
            ("'sha256-AA-_'", None, Some("sha256-AA+/"), true),
            (
                "'sha256-AAAA'",
                None,
                Some("sha256-AAAA sha384-BBBB"),
                false,
            ),
            ("'sha256-AAAA'", None, Some(""), false),
        ] {
            let found = policies(&format!("script-src {sources}")).allows_element(
                Script,
                nonce,
                integrity,
                Where::Own,
            );
            assert_eq!(found, allowed, "{sources} for {nonce:?} {integrity:?}");
        }
    }

    #[test]
    fn inline_code_needs_unsafe_inline_or_a_nonce() {
        for (policy, destination, nonce, allowed) in [
            ("script-src 'self'", Script, None, false),
            ("default-src 'self'", Style, None, false),
            ("img-src 'self'", Script, None, true),
            ("style-src 'unsafe-inline'", Style, None, true),
            ("style-src 'unsafe-inline' 'nonce-a'", Style, None, false),
            (
                "style-src 'unsafe-inline' 'nonce-a'",
                Style,
                Some("a"),
                true,
            ),
            (
                "script-src 'unsafe-inline' 'strict-dynamic'",
                Script,
                None,
                false,
            ),
            (
                "style-src 'unsafe-inline' 'strict-dynamic'",
                Style,
                None,
                true,
            ),
            ("script-src 'sha256-AAAA'", Script, None, true),
        ] {
            let found = policies(policy).allows_inline(destination, nonce);
            assert_eq!(found, allowed, "{policy} for {destination} {nonce:?}");
        }
        assert!(!policies("style-src 'self'").allows_style_attributes());
        assert!(
            policies("style-src 'self'; style-src-attr 'unsafe-inline'").allows_style_attributes()
        );
        assert!(policies("style-src-elem 'none'").allows_style_attributes());
    }

    #[test]
    fn bases_preloads_and_prefetches_have_rules_of_their_own() {
        let own = Where::Own;
        for (policy, base, module, prefetch) in [
            ("base-uri 'none'", false, true, true),
            ("base-uri 'self'", true, true, true),
            ("default-src 'none'", true, false, false),
            ("default-src 'none'; img-src 'self'", true, false, true),
            ("connect-src 'none'", true, true, true),
            ("script-src 'nonce-a'", true, false, true),
            ("script-src 'nonce-a' 'strict-dynamic'", true, true, true),
        ] {
            let policies = policies(policy);
            assert_eq!(policies.allows_base(own), base, "{policy}");
            assert_eq!(
                policies.allows_module_preload(None, None, own),
                module,
                "{policy}"
            );
            assert_eq!(policies.allows_prefetch(own), prefetch, "{policy}");
        }
    }

    #[test]
    fn many_policies_and_sources_are_bounded() {
        let mut many = SecurityPolicies::default();
        for _ in 0..20_000 {
            many.add("img-src a.example b.example");
        }
        assert_eq!(many.policies.len(), MAX_POLICIES);
        let long = format!("img-src {}", "a.example ".repeat(100_000));
        let long = policies(&long);
        assert_eq!(long.sources, MAX_SOURCES);
        let url = "https://b.example/".parse().expect("a URL");
        assert!(long.allows(Image, Where::Foreign(&url)));
    }
}
