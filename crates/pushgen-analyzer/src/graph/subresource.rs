//! Reading a style sheet or script, or saying why not.

use crate::encoding::looks_binary;
use crate::finding::{Code, Finding};
use crate::site::{FileId, MAX_SUBRESOURCE, Site};

/// The bytes of a file that is text. `kind` names it in a finding: `style sheet`, `script`.
pub(super) fn read(site: &Site, file: FileId, kind: &str) -> Result<Vec<u8>, Finding> {
    let refused = |code, message: String| Err(Finding::new(code, site.name(file), message));
    if site.size(file) > MAX_SUBRESOURCE {
        let limit = MAX_SUBRESOURCE >> 20;
        return refused(
            Code::TooLarge,
            format!("a {kind} of more than {limit} MiB; what it refers to is not known"),
        );
    }
    match site.read(file) {
        Err(error) => refused(Code::UnreadableFile, format!("cannot be read: {error}")),
        Ok(bytes) if looks_binary(&bytes) => {
            refused(Code::NotText, format!("a {kind} that is binary data"))
        }
        Ok(bytes) => Ok(bytes),
    }
}
