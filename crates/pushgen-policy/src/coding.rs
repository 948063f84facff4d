//! Content-codings (RFC 9110, section 8.4.1; `br` RFC 7932, `zstd` RFC 8878) that an asset's size
//! may be given in.
//!
//! Left out: `deflate` and `compress`, which nobody precompresses for, and dictionary codings,
//! whose size depends on what the client holds.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A content-coding; the order is that of the words.
    pub enum Coding: "content-coding" {
        /// Brotli.
        Br = "br",
        /// gzip.
        Gzip = "gzip",
        /// The bytes of the file as they are.
        Identity = "identity",
        /// Zstandard.
        Zstd = "zstd",
    }
}
