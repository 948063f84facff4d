//! What the owner of a server allows: which means of delivery, for whom, and how much.
//!
//! In: nothing; the defaults are safe. Out: [`Rules`]. Left out: what concerns the connection as a
//! whole, such as stream limits and timeouts.

use std::time::Duration;

use pushgen_policy::MAX_PUSHES;

/// What may be delivered ahead, and how much of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rules {
    /// Server push. On by default.
    pub push: bool,
    /// 103 (Early Hints). On by default.
    pub early_hints: bool,
    /// `Link` fields in final responses. On by default.
    pub links: bool,
    /// Whether the `Cache-Digest` request field is heard. On by default.
    pub cache_digest: bool,
    /// Whether a cookie remembers what a client has. On by default.
    pub digest_cookie: bool,
    /// How long that cookie is kept: 30 days by default.
    pub digest_cookie_max_age: Duration,
    /// Whether a redirect to a page of the policy delivers that page's plan. Off by default.
    pub redirects: bool,
    /// Whether pages that are asked for with `Authorization` push too. Off by default.
    pub push_authorized: bool,
    /// Whether a proxy in front is the site's own and carries pushes to the user. Off by default.
    pub trust_proxies: bool,
    /// Whether the policy holds for every authority that the server is asked for, and not only for
    /// the origins that it was loaded with. On by default.
    pub any_authority: bool,
    /// The page whose plan goes with targets that the policy does not know and that look like pages: no
    /// extension in the last segment. For applications that answer all routes with one document. None by
    /// default.
    pub fallback_page: Option<String>,
    /// How long a page waits for the responses of its assets, which decide whether they can be sent
    /// ahead: 50 ms by default. Whatever takes longer is not.
    pub patience: Duration,
    /// After how long without a response the pushes of a page are made all the same, on the
    /// assumption that it will be a 200: 30 ms by default; with `None` they wait for the response.
    pub push_ahead: Option<Duration>,
    /// The most pushes with one page: [`MAX_PUSHES`] by default, which plans keep to.
    pub max_pushes_per_page: usize,
    /// The most promises on one connection: 100 by default.
    pub max_promises: u32,
    /// The most pushed bytes on one connection: 16 MiB by default.
    pub max_pushed_bytes: u64,
    /// The largest asset that is pushed, in bytes: 1 MiB by default.
    pub max_asset_bytes: u64,
    /// After this many pushes that the client cancelled, a connection pushes no more: 4 by default.
    pub max_cancels: u32,
    /// The most bytes of link values in one response, 103 or final: 4096 by default. They travel
    /// before the document.
    pub max_hint_bytes: usize,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            push: true,
            early_hints: true,
            links: true,
            cache_digest: true,
            digest_cookie: true,
            digest_cookie_max_age: Duration::from_secs(30 * 24 * 60 * 60),
            redirects: false,
            push_authorized: false,
            trust_proxies: false,
            any_authority: true,
            fallback_page: None,
            patience: Duration::from_millis(50),
            push_ahead: Some(Duration::from_millis(30)),
            max_pushes_per_page: MAX_PUSHES,
            max_promises: 100,
            max_pushed_bytes: 16 << 20,
            max_asset_bytes: 1 << 20,
            max_cancels: 4,
            max_hint_bytes: 4096,
        }
    }
}
