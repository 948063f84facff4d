//! How much of a page's document goes before what is pushed with it.
//!
//! In: a page's `head` on the wire. Out: [`Head`], a number of bytes for each content-coding that the
//! document may be served in, in the fixed space that a policy of 100,000 pages has for it. Left out:
//! whether the document is that long, which only its response tells.

use std::collections::BTreeMap;

use crate::coding::Coding;
use crate::error::PolicyError;
use crate::pointer::Pointer;

/// How many bytes of a coded document a server sends before its pushes where the policy does not say.
pub const UNTOLD_HEAD: u64 = 4096;

/// How many bytes of a document go before its pushes, for each content-coding. None is known of a
/// coding that the policy does not name; then the server chooses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Head {
    /// In the order of the codings; 0 for those that are not named.
    bytes: [u32; Coding::ALL.len()],
}

impl Head {
    /// The most bytes that a head may have.
    pub const MAX: u64 = u32::MAX as u64;

    /// The bytes that go before the pushes if the document is sent in this coding; never 0.
    #[must_use]
    pub fn bytes(&self, coding: Coding) -> Option<u64> {
        let bytes = *self.bytes.get(coding as usize)?;
        (bytes > 0).then_some(bytes.into())
    }

    /// Whether nothing is known for any coding.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Checks a page's head; `at` is its place.
    pub(crate) fn check(
        head: &BTreeMap<Coding, u64>,
        at: impl Fn() -> Pointer,
    ) -> Result<Self, PolicyError> {
        let mut checked = Self::default();
        for (coding, &found) in head {
            let bytes = u32::try_from(found).ok().filter(|bytes| *bytes > 0);
            let slot = checked.bytes.get_mut(*coding as usize);
            match (bytes, slot) {
                (Some(bytes), Some(slot)) => *slot = bytes,
                _ => {
                    return Err(PolicyError::HeadBytes {
                        at: at().key(coding.as_str()),
                        found,
                    });
                }
            }
        }
        Ok(checked)
    }
}

impl From<Head> for BTreeMap<Coding, u64> {
    fn from(head: Head) -> Self {
        let codings = Coding::ALL.iter();
        codings
            .filter_map(|coding| Some((*coding, head.bytes(*coding)?)))
            .collect()
    }
}
