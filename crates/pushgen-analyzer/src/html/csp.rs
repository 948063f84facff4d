//! `<meta http-equiv=content-security-policy>`: what a page forbids itself to load (CSP 3 §6.7, §7.1).
//!
//! In: the policy's text. Out: whether a request of the page to its own site is allowed. Only what a
//! policy surely forbids is forbidden: a list with a nonce, a hash, `strict-dynamic` or a host name that may
//! be the site's own allows. Inline code, reporting and navigation are left out.

use pushgen_policy::Destination;

/// One content security policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ContentSecurityPolicy(Vec<(String, bool)>);

impl ContentSecurityPolicy {
    /// Reads a serialised policy. Of a directive that is given twice the first one counts.
    pub(crate) fn parse(text: &str) -> Self {
        let mut directives: Vec<(String, bool)> = Vec::new();
        for directive in text.split(';') {
            let mut words = directive.split_ascii_whitespace();
            let Some(name) = words.next().map(str::to_ascii_lowercase) else {
                continue;
            };
            if directives.iter().all(|(known, _)| *known != name) {
                directives.push((name, words.any(may_be_own)));
            }
        }
        Self(directives)
    }

    /// Whether a request to the page's own origin is allowed.
    pub(crate) fn allows(&self, destination: Destination) -> bool {
        let names: &[&str] = match destination {
            Destination::Script | Destination::Worker | Destination::Json => {
                &["script-src-elem", "script-src", "default-src"]
            }
            Destination::Style => &["style-src-elem", "style-src", "default-src"],
            Destination::Image => &["img-src", "default-src"],
            Destination::Font => &["font-src", "default-src"],
            Destination::Audio | Destination::Video | Destination::Track => {
                &["media-src", "default-src"]
            }
            Destination::Object | Destination::Embed => &["object-src", "default-src"],
            Destination::Iframe | Destination::Frame => &["frame-src", "child-src", "default-src"],
            Destination::Manifest => &["manifest-src", "default-src"],
            Destination::Fetch => &["connect-src", "default-src"],
            _ => return true,
        };
        let directive = |name: &&str| self.0.iter().find(|(known, _)| known == name);
        names
            .iter()
            .find_map(directive)
            .is_none_or(|(_, allows)| *allows)
    }
}

/// Whether a source expression may match the page's own origin.
fn may_be_own(source: &str) -> bool {
    let quoted = source.starts_with('\'');
    match source.to_ascii_lowercase().as_str() {
        "'self'" | "'strict-dynamic'" | "*" | "http:" | "https:" => true,
        word if quoted => ["'nonce-", "'sha256-", "'sha384-", "'sha512-"]
            .iter()
            .any(|start| word.starts_with(start)),
        // Another scheme: `data:`, `blob:`.
        word if word.ends_with(':') => false,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_surely_forbidden_is_forbidden() {
        use Destination::{Font, Iframe, Image, Script, Style};
        for (policy, destination, allowed) in [
            ("default-src 'self'", Image, true),
            ("default-src 'none'", Image, false),
            ("default-src 'none'; img-src *", Image, true),
            ("default-src 'none'; img-src *", Style, false),
            ("img-src 'none'", Style, true),
            ("img-src", Image, false),
            ("IMG-SRC 'NONE'", Image, false),
            ("img-src data: blob:", Image, false),
            ("img-src data: 'self'", Image, true),
            ("img-src 'none'; img-src *", Image, false),
            ("script-src 'unsafe-inline'", Script, false),
            ("script-src 'nonce-abc'", Script, true),
            ("script-src 'none'; script-src-elem 'self'", Script, true),
            ("child-src 'none'", Iframe, false),
            ("font-src https://example.com", Font, true),
            ("", Font, true),
        ] {
            let parsed = ContentSecurityPolicy::parse(policy);
            assert_eq!(
                parsed.allows(destination),
                allowed,
                "{policy} for {destination}"
            );
        }
    }
}
