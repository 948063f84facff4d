//! The JSON form of a policy, member by member, and nothing else.
//!
//! Whoever makes a policy fills these structs and calls [`Policy::try_from`](crate::Policy); no
//! rule is checked here beyond types and words. The members are explained in the crate's
//! documentation.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::analysis::{ColorScheme, Viewport};
use crate::asset::CrossOrigin;
use crate::class::Class;
use crate::coding::Coding;
use crate::destination::Destination;
use crate::fingerprint::Sha256;
use crate::plan::Means;
use crate::version::{SCHEMA, VERSION};

/// The document. `Default` fills in `$schema` and `version`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(
    feature = "schema",
    derive(schemars::JsonSchema),
    schemars(
        title = "Push policy",
        description = "What a server sends with each page of a built web site."
    )
)]
pub struct Policy {
    /// The identifier of this schema.
    #[serde(rename = "$schema")]
    #[cfg_attr(feature = "schema", schemars(extend("const" = SCHEMA)))]
    pub schema: String,
    /// The version of the format.
    #[cfg_attr(feature = "schema", schemars(extend("const" = VERSION)))]
    pub version: u32,
    /// The program that made the policy, with its version.
    pub generator: String,
    /// The origin that fingerprints were made for: `scheme://host[:port]`, lower case, no default
    /// port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::ORIGIN)))]
    pub origin: Option<String>,
    /// What the analysis was told, so that it can be repeated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis: Option<Analysis>,
    /// The asset table, sorted by path, destination, module and crossorigin.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::MAX_MEMBERS)))]
    pub assets: Vec<Asset>,
    /// The plans. No two are equal and each belongs to a page.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::MAX_MEMBERS)))]
    pub plans: Vec<Plan>,
    /// The pages by their paths.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::pages"))]
    pub pages: BTreeMap<String, Page>,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            version: VERSION,
            generator: String::new(),
            origin: None,
            analysis: None,
            assets: Vec::new(),
            plans: Vec::new(),
            pages: BTreeMap::new(),
        }
    }
}

/// What the analysis was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transform = crate::schema::require_viewports))]
pub struct Analysis {
    /// Width, height and device pixel ratio of each viewport.
    #[serde(default)]
    #[cfg_attr(feature = "schema", schemars(length(min = 1)))]
    pub viewports: Vec<Viewport>,
    /// The preferred colour scheme.
    pub color_scheme: ColorScheme,
    /// The most bytes that a plan may send.
    pub budget: u64,
    /// The path that the site's root is served under, with a slash at the end.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::BASE_PATH)))]
    pub base_path: String,
    /// Whether `page.html` is served as `page`.
    pub clean_urls: bool,
    /// Globs of the files that were analysed; empty for all.
    pub include: Vec<String>,
    /// Globs of the files that were left out.
    pub exclude: Vec<String>,
    /// Whether entity-tags were taken from the build.
    pub etags: bool,
    /// Microseconds that the server is taken to think before it answers for a page.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub think_us: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A file of the site in the role that pages request it in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Asset {
    /// Site-absolute path, percent-encoded as browsers send it, with the query if there is one.
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::PATH), length(max = crate::UrlPath::MAX_LEN)))]
    pub path: String,
    /// Media type.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::MEDIA_TYPE)))]
    pub media_type: String,
    /// Request destination; `fetch` is the empty one.
    pub destination: Destination,
    /// Whether it is a module script.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub module: bool,
    /// The cross-origin mode it is requested in, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crossorigin: Option<CrossOrigin>,
    /// Subresource Integrity metadata that the pages ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::INTEGRITY)))]
    pub integrity: Option<String>,
    /// Bytes on the wire per content-coding.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::sizes"))]
    pub sizes: BTreeMap<Coding, u64>,
    /// Codings that exist as files beside the asset; the sizes of the others are estimates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(extend("uniqueItems" = true)))]
    pub precompressed: Vec<Coding>,
    /// SHA-256 of the identity bytes.
    pub content: Sha256,
    /// Entity-tag, where the build fixes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::ENTITY_TAG)))]
    pub etag: Option<String>,
    /// Hashes of the URL, for cache digests. They need an origin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprints: Option<Fingerprints>,
}

/// Hashes of an asset's URL key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fingerprints {
    /// SHA-256 of origin and path.
    pub url: Sha256,
    /// SHA-256 of origin, path and entity-tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url_etag: Option<Sha256>,
}

/// What to send with a page.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Plan {
    /// Why the plan is as it is.
    pub reason: String,
    /// Bytes on the wire of all entries.
    pub bytes: u64,
    /// What to send, in this order.
    #[cfg_attr(feature = "schema", schemars(length(max = crate::MAX_MEMBERS)))]
    pub entries: Vec<Entry>,
}

/// One asset of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// Index into `assets`.
    pub asset: u32,
    /// What it is to the page.
    pub class: Class,
    /// Discovery depth: 1 what the document names, one more for what only a fetched file reveals.
    pub depth: u32,
    /// How it may be sent: `push`, `hint`, or both in this order; or `link`.
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::means"))]
    pub means: Vec<Means>,
    /// The media query that says who asks for it; only with `link`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::LINK_TEXT), length(max = crate::Responsive::MAX_MEDIA)))]
    pub media: Option<String>,
    /// The images that a browser chooses from, as in a `srcset` attribute; only with `link`, only for images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::LINK_TEXT), length(max = crate::Responsive::MAX_IMAGESRCSET)))]
    pub imagesrcset: Option<String>,
    /// How wide the image is, as in a `sizes` attribute; only with `imagesrcset`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(regex(pattern = crate::schema::LINK_TEXT), length(max = crate::Responsive::MAX_IMAGESIZES)))]
    pub imagesizes: Option<String>,
    /// Why it is in the plan.
    pub reason: String,
}

/// A page.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Page {
    /// Index into `plans`.
    pub plan: u32,
    /// Bytes of the document that go before the pushes, per content-coding; only with a plan that
    /// pushes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "schema", schemars(schema_with = "crate::schema::head"))]
    pub head: BTreeMap<Coding, u64>,
}
