//! The source list of a content security policy's directive (CSP 3 §2.3.1, §6.7.2, §6.7.3).
//!
//! In: the words of a directive. Out: whether a URL, an element with a nonce or integrity, or inline code is in
//! the list. Paths are not kept, and the page's own host, scheme and port are not known.

use pushgen_policy::Destination;
use url::Url;

use super::csp::{Where, is_script_like};

/// The source expressions of a directive (CSP 3 §2.3.1).
#[derive(Debug, Clone, Default)]
pub(super) struct SourceList {
    /// Not all of it was kept.
    truncated: bool,
    own: bool,
    star: bool,
    unsafe_inline: bool,
    pub(super) strict_dynamic: bool,
    nonces: Vec<String>,
    /// `sha256-…` as integrity metadata writes it.
    hashes: Vec<String>,
    schemes: Vec<String>,
    hosts: Vec<HostSource>,
}

impl SourceList {
    pub(super) fn parse<'t>(words: impl Iterator<Item = &'t str>, room: usize) -> Self {
        let mut list = Self::default();
        for word in words {
            if list.len() == room {
                list.truncated = true;
                break;
            }
            let lower = word.to_ascii_lowercase();
            match lower.as_str() {
                "*" => list.star = true,
                "'self'" => list.own = true,
                "'unsafe-inline'" => list.unsafe_inline = true,
                "'strict-dynamic'" => list.strict_dynamic = true,
                _ if lower.starts_with('\'') => list.add_quoted(word),
                scheme if scheme.ends_with(':') => {
                    list.schemes.push(scheme.trim_end_matches(':').to_owned());
                }
                host => list.hosts.push(HostSource::parse(host)),
            }
        }
        list
    }

    /// Nonces and hashes; other quoted words allow no request.
    fn add_quoted(&mut self, word: &str) {
        let content = word.trim_matches('\'');
        let Some((kind, value)) = content.split_once('-') else {
            return;
        };
        match kind.to_ascii_lowercase().as_str() {
            "nonce" => self.nonces.push(value.to_owned()),
            kind @ ("sha256" | "sha384" | "sha512") => {
                // Both alphabets of base64 are allowed.
                let value = value.replace('-', "+").replace('_', "/");
                self.hashes.push(format!("{kind}-{value}"));
            }
            _ => {}
        }
    }

    /// Whether any nonce is in the list.
    pub(super) fn takes_nonces(&self) -> bool {
        !self.nonces.is_empty()
    }

    /// How many expressions are kept.
    pub(super) fn len(&self) -> usize {
        self.nonces.len() + self.hashes.len() + self.schemes.len() + self.hosts.len()
    }

    /// Whether the URL alone is reason enough (§6.7.2.7). With `strict-dynamic` it never is for a script.
    pub(super) fn matches_url(&self, destination: Destination, to: Where<'_>) -> bool {
        if self.truncated {
            return true;
        }
        if self.strict_dynamic && is_script_like(destination) {
            return false;
        }
        match to {
            Where::Own => {
                let has = |scheme: &str| self.schemes.iter().any(|known| known == scheme);
                self.star || self.own || !self.hosts.is_empty() || has("http") || has("https")
            }
            Where::Foreign(url) => {
                let scheme = url.scheme();
                (self.star && matches!(scheme, "http" | "https"))
                    || self.schemes.iter().any(|known| covers(known, scheme))
                    || self.hosts.iter().any(|host| host.matches(url))
            }
        }
    }

    pub(super) fn allows_element(
        &self,
        destination: Destination,
        nonce: Option<&str>,
        integrity: Option<&str>,
        to: Where<'_>,
    ) -> bool {
        let takes_nonce = is_script_like(destination) || destination == Destination::Style;
        (takes_nonce && self.has_nonce(nonce))
            || (is_script_like(destination) && self.has_integrity(integrity))
            || self.matches_url(destination, to)
    }

    fn has_nonce(&self, nonce: Option<&str>) -> bool {
        nonce.is_some_and(|nonce| {
            !nonce.is_empty() && self.nonces.iter().any(|known| known == nonce)
        })
    }

    /// Whether every hash of integrity metadata is in the list (§6.7.1.1).
    fn has_integrity(&self, integrity: Option<&str>) -> bool {
        let mut hashes = integrity
            .unwrap_or_default()
            .split_ascii_whitespace()
            // An element may have as many as the page likes; more than this are not looked for.
            .take(8)
            .peekable();
        hashes.peek().is_some() && hashes.all(|hash| self.hashes.iter().any(|known| known == hash))
    }

    /// §6.7.3.2 and §6.7.3.3; the hash of the code is not worked out, so that any hash may be its own.
    pub(super) fn allows_inline(&self, destination: Destination, nonce: Option<&str>) -> bool {
        let only_marked =
            !self.nonces.is_empty() || (self.strict_dynamic && is_script_like(destination));
        self.truncated
            || !self.hashes.is_empty()
            || self.has_nonce(nonce)
            || (self.unsafe_inline && !only_marked)
    }
}

/// Whether a scheme in a list covers that of a URL, which may be its secure form (§6.7.2.9).
fn covers(listed: &str, scheme: &str) -> bool {
    listed == scheme || (listed == "http" && scheme == "https")
}

/// `https://*.example.com:8080/path`; the path is not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
struct HostSource {
    scheme: Option<String>,
    host: String,
    port: Option<String>,
}

impl HostSource {
    /// Reads a host source that is in lower case.
    fn parse(text: &str) -> Self {
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_owned()), rest),
            None => (None, text),
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, Some(port.to_owned())),
            _ => (authority, None),
        };
        Self {
            scheme,
            host: host.to_owned(),
            port,
        }
    }

    /// §6.7.2.8. Without a scheme that of the page counts, which is not known.
    fn matches(&self, url: &Url) -> bool {
        let scheme = match &self.scheme {
            Some(scheme) => covers(scheme, url.scheme()),
            None => matches!(url.scheme(), "http" | "https"),
        };
        let name = url.host_str().unwrap_or_default();
        let host = match self.host.strip_prefix('*') {
            Some("") => true,
            Some(suffix) => name.len() > suffix.len() && name.ends_with(suffix),
            None => self.host == name,
        };
        let port = match self.port.as_deref() {
            // `Url` has no port where it is the scheme's default.
            None => url.port().is_none(),
            Some("*") => true,
            Some(port) => port.parse().is_ok_and(|port: u16| {
                url.port_or_known_default() == Some(port)
                    || (port == 80 && url.port_or_known_default() == Some(443))
            }),
        };
        scheme && host && port
    }
}
