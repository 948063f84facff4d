//! Every way a policy can be wrong.
//!
//! Each error says where, as a JSON pointer; what the text of a file is to blame for also has the
//! line, from 1, and the column: the number of bytes of that line up to the end of what is wrong.
//! Messages are for people and may change; the variants are for programs.

use crate::origin::OriginError;
use crate::path::PathError;
use crate::pointer::Pointer;
use crate::version::{SCHEMA, VERSION};

/// Why a policy was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// The document is larger than [`MAX_DOCUMENT_BYTES`](crate::MAX_DOCUMENT_BYTES).
    #[error(
        "{at}: {bytes} bytes are more than a policy may have ({})",
        crate::MAX_DOCUMENT_BYTES
    )]
    TooLarge {
        /// The document.
        at: Pointer,
        /// Its size.
        bytes: usize,
    },
    /// The text is not JSON, or not UTF-8.
    #[error("{at}: line {line}, column {column}: {message}")]
    Syntax {
        /// The value that was being read.
        at: Pointer,
        /// Line, from 1.
        line: usize,
        /// Column in bytes.
        column: usize,
        /// What is wrong with it.
        message: String,
    },
    /// A member is missing or of the wrong type, or a word or a hash is not one.
    #[error("{at}: line {line}, column {column}: {message}")]
    Shape {
        /// The value, or the object that lacks a member.
        at: Pointer,
        /// Line, from 1.
        line: usize,
        /// Column in bytes.
        column: usize,
        /// What is wrong with it.
        message: String,
    },
    /// Two members of one object have the same name.
    #[error("{at}: the name occurs twice in this object")]
    DuplicateKey {
        /// The member.
        at: Pointer,
    },
    /// Arrays and objects are nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    #[error("{at}: nested more than {} deep", crate::MAX_DEPTH)]
    TooDeep {
        /// The first value beyond the limit.
        at: Pointer,
    },
    /// An array or an object has more than [`MAX_MEMBERS`](crate::MAX_MEMBERS) members.
    #[error("{at}: more than {} members", crate::MAX_MEMBERS)]
    TooMany {
        /// The array or object.
        at: Pointer,
    },
    /// The policy has a version that this program does not know.
    #[error("{at}: version {found} is not supported, this program reads version {VERSION}")]
    Version {
        /// `/version`.
        at: Pointer,
        /// The version as it is written.
        found: String,
    },
    /// `$schema` names something else.
    #[error("{at}: must be {SCHEMA:?}")]
    Schema {
        /// `/$schema`.
        at: Pointer,
    },
    /// The origin is not in its normal spelling.
    #[error("{at}: {reason}")]
    Origin {
        /// `/origin`.
        at: Pointer,
        /// What is wrong with it.
        reason: OriginError,
    },
    /// A path of an asset, a page or the analysis is not allowed.
    #[error("{at}: {reason}")]
    Path {
        /// The path, or the page that has it as its name.
        at: Pointer,
        /// What is wrong with it.
        reason: PathError,
    },
    /// A page's path has a query.
    #[error("{at}: a page is known by its path alone, without a query")]
    PageQuery {
        /// The page.
        at: Pointer,
    },
    /// The base path has a query or does not end with a slash.
    #[error("{at}: the base path must end with `/`")]
    BasePath {
        /// `/analysis/base_path`.
        at: Pointer,
    },
    /// There is no viewport: pushgen before 0.1.0 wrote `viewport` and `dpr` instead.
    #[error(
        "{at}: there is no viewport; if the policy is of an earlier pushgen, run `pushgen analyze` again"
    )]
    NoViewport {
        /// `/analysis/viewports`.
        at: Pointer,
    },
    /// The media type is not one (RFC 9110, section 8.3.1).
    #[error("{at}: not a media type")]
    MediaType {
        /// The asset's `type`.
        at: Pointer,
    },
    /// The entity-tag is not one (RFC 9110, section 8.8.3).
    #[error("{at}: not an entity-tag")]
    EntityTag {
        /// The asset's `etag`.
        at: Pointer,
    },
    /// The integrity metadata is not valid (Subresource Integrity, section 3.5).
    #[error("{at}: not integrity metadata")]
    Integrity {
        /// The asset's `integrity`.
        at: Pointer,
    },
    /// `module` is set on something that is no script.
    #[error("{at}: only a script can be a module")]
    NotAScript {
        /// The asset's `module`.
        at: Pointer,
    },
    /// `sizes` lacks `identity`.
    #[error("{at}: the size of the identity coding is missing")]
    NoIdentitySize {
        /// The asset's `sizes`.
        at: Pointer,
    },
    /// `precompressed` names identity or a coding without a size, or is not sorted.
    #[error(
        "{at}: must name, in order and once each, codings other than identity that have a size"
    )]
    Precompressed {
        /// The asset's `precompressed`.
        at: Pointer,
    },
    /// The assets are not sorted by path, destination, module and cross-origin mode.
    #[error("{at}: the assets are not sorted by path, destination, module and crossorigin")]
    UnsortedAssets {
        /// The first asset that stands too late.
        at: Pointer,
    },
    /// Two assets agree in path, destination, module and cross-origin mode.
    #[error("{at}: the same asset as the one before it")]
    DuplicateAsset {
        /// The second of them.
        at: Pointer,
    },
    /// Two assets with the same path have different contents.
    #[error("{at}: another asset with this path has another content")]
    ContentConflict {
        /// The second asset's `content`.
        at: Pointer,
    },
    /// There are fingerprints but no origin that they could have been made with.
    #[error("{at}: fingerprints need an origin, which this policy does not have")]
    FingerprintWithoutOrigin {
        /// The asset's `fingerprints`.
        at: Pointer,
    },
    /// `url_etag` is given but the asset has no entity-tag.
    #[error("{at}: there is no entity-tag for this fingerprint")]
    FingerprintWithoutEntityTag {
        /// The asset's `fingerprints/url_etag`.
        at: Pointer,
    },
    /// A fingerprint is not the hash that it should be.
    #[error("{at}: not the SHA-256 value of this asset's key")]
    FingerprintMismatch {
        /// The fingerprint.
        at: Pointer,
    },
    /// An entry names an asset that is not in the table.
    #[error("{at}: there is no asset {index}, the table has {assets}")]
    NoSuchAsset {
        /// The entry's `asset`.
        at: Pointer,
        /// The index it names.
        index: u32,
        /// How many assets there are.
        assets: usize,
    },
    /// A plan sends the same asset twice.
    #[error("{at}: asset {index} is already in this plan")]
    RepeatedAsset {
        /// The second entry's `asset`.
        at: Pointer,
        /// The asset.
        index: u32,
    },
    /// `means` is neither `["push"]` nor `["hint"]` nor `["push","hint"]` nor `["link"]`.
    #[error("{at}: must be [\"push\"], [\"hint\"], [\"push\", \"hint\"] or [\"link\"]")]
    Means {
        /// The entry's `means`.
        at: Pointer,
    },
    /// An entry is to be hinted, but browsers take no hint for its destination.
    #[error("{at}: browsers take no hint for this asset's destination")]
    NotHintable {
        /// The entry's `means`.
        at: Pointer,
    },
    /// An entry depends on the viewport and is pushed, or hinted in a 103, where nothing may.
    #[error("{at}: what depends on the viewport can be sent by \"link\" only")]
    ResponsiveMeans {
        /// The entry's `media`, `imagesrcset` or `imagesizes`.
        at: Pointer,
    },
    /// `imagesrcset` or `imagesizes` of something that is no image.
    #[error("{at}: only an image has candidates")]
    NotAnImage {
        /// The entry's `imagesrcset` or `imagesizes`.
        at: Pointer,
    },
    /// `imagesizes` without `imagesrcset`.
    #[error("{at}: there is no imagesrcset that this could be for")]
    SizesWithoutCandidates {
        /// The entry's `imagesizes`.
        at: Pointer,
    },
    /// A text cannot stand in a `Link` field.
    #[error("{at}: must be 1 to {longest} bytes of printable ASCII without quotes and backslashes")]
    LinkText {
        /// The entry's `media`, `imagesrcset` or `imagesizes`.
        at: Pointer,
        /// The most bytes that it may have.
        longest: usize,
    },
    /// A plan's `bytes` cannot be the sum of what its entries weigh in any of their codings.
    #[error("{at}: {found} bytes, but the entries weigh {least} to {most}")]
    Bytes {
        /// The plan's `bytes`.
        at: Pointer,
        /// What stands there.
        found: u64,
        /// Every entry in its smallest coding.
        least: u128,
        /// Every entry in its largest coding.
        most: u128,
    },
    /// Two plans are equal.
    #[error("{at}: the same plan as {first}")]
    DuplicatePlan {
        /// The second of them.
        at: Pointer,
        /// The index of the first.
        first: usize,
    },
    /// No page has this plan.
    #[error("{at}: no page has this plan")]
    UnusedPlan {
        /// The plan.
        at: Pointer,
    },
    /// A page names a plan that does not exist.
    #[error("{at}: there is no plan {index}, the policy has {plans}")]
    NoSuchPlan {
        /// The page's `plan`.
        at: Pointer,
        /// The index it names.
        index: u32,
        /// How many plans there are.
        plans: usize,
    },
    /// A page's head has no bytes, or more than [`Head::MAX`](crate::Head::MAX).
    #[error("{at}: {found} bytes, but a head has 1 to {}", crate::Head::MAX)]
    HeadBytes {
        /// The coding in the page's `head`.
        at: Pointer,
        /// What stands there.
        found: u64,
    },
    /// A page has a head, but its plan pushes nothing that could follow it.
    #[error("{at}: a head is only for pages whose plan pushes")]
    HeadWithoutPush {
        /// The page's `head`.
        at: Pointer,
    },
}

impl PolicyError {
    /// Where in the document.
    #[must_use]
    pub fn pointer(&self) -> &Pointer {
        match self {
            Self::TooLarge { at, .. }
            | Self::Syntax { at, .. }
            | Self::Shape { at, .. }
            | Self::DuplicateKey { at }
            | Self::TooDeep { at }
            | Self::TooMany { at }
            | Self::Version { at, .. }
            | Self::Schema { at }
            | Self::Origin { at, .. }
            | Self::Path { at, .. }
            | Self::PageQuery { at }
            | Self::BasePath { at }
            | Self::NoViewport { at }
            | Self::MediaType { at }
            | Self::EntityTag { at }
            | Self::Integrity { at }
            | Self::NotAScript { at }
            | Self::NoIdentitySize { at }
            | Self::Precompressed { at }
            | Self::UnsortedAssets { at }
            | Self::DuplicateAsset { at }
            | Self::ContentConflict { at }
            | Self::FingerprintWithoutOrigin { at }
            | Self::FingerprintWithoutEntityTag { at }
            | Self::FingerprintMismatch { at }
            | Self::NoSuchAsset { at, .. }
            | Self::RepeatedAsset { at, .. }
            | Self::Means { at }
            | Self::NotHintable { at }
            | Self::ResponsiveMeans { at }
            | Self::NotAnImage { at }
            | Self::SizesWithoutCandidates { at }
            | Self::LinkText { at, .. }
            | Self::Bytes { at, .. }
            | Self::DuplicatePlan { at, .. }
            | Self::UnusedPlan { at }
            | Self::NoSuchPlan { at, .. }
            | Self::HeadBytes { at, .. }
            | Self::HeadWithoutPush { at } => at,
        }
    }
}
