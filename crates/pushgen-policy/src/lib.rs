//! The push policy: one JSON file that says what a server sends with each page of a built web site.
//!
//! In: the bytes of such a file, or [`wire::Policy`]. Out: a [`Policy`] that can be trusted, and
//! what follows from it: `Link` fields, URL keys, answers to cache digests. No I/O and no async
//! here.
//!
//! # The format, version 1
//!
#![doc = "```json"]
#![doc = include_str!("../schema/example.json")]
#![doc = "```"]
//!
//! The document:
//!
//! - `$schema`: always [`SCHEMA`]. `version`: the integer 1. `generator`: program and version.
//! - `origin` (optional): the origin that fingerprints were made for; see [`Origin`].
//! - `analysis` (optional): what the analysis was told, so that it can be repeated. `include` and
//!   `exclude` are globs; `etags` says whether entity-tags were taken from the build; `think_us` (only
//!   when not 0) how many microseconds the server is taken to think about a page.
//!
//! `assets`: the files that plans send, sorted by (`path`, `destination`, `module`, `crossorigin`),
//! a tuple that no two share. One file has several assets if pages request it in several roles.
//!
//! - `path`: site-absolute and percent-encoded, with the query if there is one; see [`UrlPath`].
//! - `type`: the media type. `destination`: the request destination; see [`Destination`].
//! - `module` (only when true): a module script, hinted as `rel=modulepreload`.
//! - `crossorigin` (optional): `anonymous` or `use-credentials`. `integrity` (optional): as in HTML.
//! - `sizes`: bytes on the wire per content-coding, `identity` always among them; see [`Coding`].
//! - `precompressed` (optional): the codings that exist as files beside the asset, sorted; the sizes
//!   of the others are estimates.
//! - `content`: SHA-256 of the identity bytes. `etag` (optional): where the build fixes it.
//! - `fingerprints` (optional, only with `origin`): `url` = SHA-256 of origin and path; `url_etag`
//!   (optional) = SHA-256 of origin, path and `etag`; see [`url_key`].
//!
//! `plans`: what to send with a page. No two are equal, none is without a page.
//!
//! - `reason`: why the plan is as it is. A plan may be empty; then this says why.
//! - `bytes`: what all entries weigh on the wire, each in the coding that the analysis counts with.
//! - `entries`, in send order: `asset` is an index into `assets`; `class` what it is to the page, see
//!   [`Class`]; `depth` how many files a browser must have read to discover it, the document being the
//!   first; `means` is `["push"]`, `["hint"]` or `["push", "hint"]`, or `["link"]` for what only the
//!   final response may name; `reason` why it is there.
//!   - With `["link"]` an entry may say which viewports ask for it: `media`, `imagesrcset` and
//!     `imagesizes` (each optional, the last two for images only, the last only with the second), as
//!     the attributes of HTML's `link`; see [`Responsive`]. Browsers drop a link of a 103 that has any
//!     of them.
//!
//! `pages`: by path without query, sorted.
//!
//! - `plan`: an index into `plans`.
//! - `head` (optional, only if the plan pushes): how many bytes of the document go before the pushes,
//!   1 to 4,294,967,295, per content-coding that it may be served in; see [`Head`]. The rest of the
//!   document follows the pushes. In a coding that is not named, and without `head`, the server
//!   chooses.
//!
//! Hashes are written in base64url without padding. Members that a reader does not know are
//! ignored, and [`Policy::unknown_fields`] lists them; everything else that is not as said here is
//! refused, names that occur twice included, with a [`PolicyError`] that says where. A change that
//! old readers would misunderstand gets another `version`.
//!
//! # Example
//!
//! ```
//! use pushgen_policy::{Coding, Policy};
//!
//! # let json = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/schema/example.json"));
//! // `json` is the document above.
//! let policy = Policy::from_json(json.as_bytes())?;
//! assert_eq!(policy.to_json(), json);
//!
//! let plan = policy.plan_for("/about/?from=home").expect("the page has a plan");
//! let links: Vec<_> = plan
//!     .entries
//!     .iter()
//!     .filter_map(|entry| entry.link_to(&policy.assets()[entry.asset]))
//!     .map(|link| link.to_string())
//!     .collect();
//! assert_eq!(links[0], "</css/app.css>; rel=preload; as=style");
//! assert_eq!(links[1], "</fonts/inter.woff2>; rel=preload; as=font; crossorigin");
//!
//! // Of the home page, 770 bytes go before the pushes if it is sent in Brotli.
//! let home = policy.page("/").expect("the policy has the page");
//! assert_eq!(home.head.bytes(Coding::Br), Some(770));
//! assert_eq!(home.head.bytes(Coding::Zstd), None);
//!
//! // A cache digest of a client that has the style sheet.
//! use pushgen_policy::cache_digest::{CacheDigest, Cached};
//! let digest = CacheDigest::from_fields([&b"AfAA; complete"[..]]);
//! let cached = |asset: usize| {
//!     let fingerprints = policy.assets()[asset].fingerprints.as_ref()?;
//!     Some(digest.lookup(&fingerprints.url, fingerprints.url_etag.as_ref()))
//! };
//! assert_eq!(cached(0), Some(Cached::Fresh));
//! assert_eq!(cached(1), Some(Cached::Absent));
//!
//! let error = Policy::from_json(json.replace("/about/", "//about/").as_bytes()).unwrap_err();
//! assert_eq!(error.to_string(), "/pages/~1~1about~1: the path begins with two slashes");
//! # Ok::<(), pushgen_policy::PolicyError>(())
//! ```
//!
//! # Features
//!
//! - `schema`: `policy_schema()`, the JSON Schema of the format. It is also committed as
//!   `schema/policy-1.json`.

mod analysis;
mod asset;
pub mod cache_digest;
mod class;
mod coding;
mod destination;
mod error;
mod fingerprint;
mod head;
mod link;
mod origin;
mod outline;
mod path;
mod plan;
mod pointer;
mod policy;
mod print;
mod responsive;
#[cfg(feature = "schema")]
mod schema;
mod version;
mod vocabulary;
pub mod wire;

// The public interface, beside the modules `cache_digest` and `wire`:
pub use analysis::{ColorScheme, ParseViewportError, Viewport};
pub use asset::{Asset, CrossOrigin, integrity_metadata};
pub use class::Class;
pub use coding::Coding;
pub use destination::Destination;
pub use error::PolicyError;
pub use fingerprint::{ParseSha256Error, Sha256, url_key};
pub use head::{Head, UNTOLD_HEAD};
pub use link::Link;
pub use origin::{Origin, OriginError};
pub use path::{PathError, UrlPath};
pub use plan::{Entry, MAX_PUSHES, Means, Plan};
pub use pointer::Pointer;
pub use policy::{Page, Policy};
pub use responsive::Responsive;
#[cfg(feature = "schema")]
pub use schema::policy_schema;
pub use version::{MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_MEMBERS, SCHEMA, VERSION};
pub use vocabulary::UnknownWord;
