//! Which policies this program can read.
//!
//! A change that an old reader would misunderstand gets a new integer in `version`, and every
//! reader refuses versions it does not know. What an old reader may overlook is added within a
//! version: unknown members are ignored, and `check` names them.

use crate::error::PolicyError;
use crate::pointer::Pointer;

/// The version this program writes and reads.
pub const VERSION: u32 = 1;

/// What `$schema` says: the identifier of the JSON Schema of [`VERSION`].
pub const SCHEMA: &str = "urn:pushgen:schema:policy:1";

/// The largest document in bytes: 256 MiB. A site of a million pages stays below it, and a reader
/// that was handed something else does not fill its memory.
pub const MAX_DOCUMENT_BYTES: usize = 256 << 20;

/// The most members that an array or an object may have, hence the most pages, assets, plans and
/// entries of a plan: about a million, where every table still fits in some hundred megabytes.
pub const MAX_MEMBERS: usize = 1 << 20;

/// The deepest nesting of arrays and objects. The format itself needs 5; the rest is room for
/// additions.
pub const MAX_DEPTH: usize = 32;

pub(crate) fn check(version: u32) -> Result<(), PolicyError> {
    if version == VERSION {
        Ok(())
    } else {
        Err(unsupported(&version.to_string()))
    }
}

/// As [`check`], for the JSON text of the version. It comes before the rest of the document is
/// read, whose shape may be another in another version.
pub(crate) fn check_text(text: &str) -> Result<(), PolicyError> {
    if text.parse() == Ok(VERSION) {
        Ok(())
    } else {
        Err(unsupported(text))
    }
}

fn unsupported(found: &str) -> PolicyError {
    PolicyError::Version {
        at: Pointer::root().key("version"),
        found: found.chars().take(40).collect(),
    }
}
