//! The keywords that every property takes (CSS Cascade 5 §7.3).

use cssparser::Parser;

/// `inherit` and its like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WideKeyword {
    Inherit,
    Initial,
    Unset,
    Revert,
    RevertLayer,
}

impl WideKeyword {
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "inherit" => Self::Inherit,
            "initial" => Self::Initial,
            "unset" => Self::Unset,
            "revert" => Self::Revert,
            "revert-layer" => Self::RevertLayer,
            _ => return None,
        })
    }

    /// The keyword, if there is nothing else up to the end of `input`.
    pub(crate) fn alone(input: &mut Parser<'_>) -> Option<Self> {
        let start = input.state();
        let keyword = input.expect_ident().ok().and_then(|name| Self::named(name));
        let found = keyword.filter(|_| input.is_exhausted());
        if found.is_none() {
            input.reset(&start);
        }
        found
    }
}
