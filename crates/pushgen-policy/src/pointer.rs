//! JSON pointers (RFC 6901) to the place in a policy that an error is about.

use std::fmt;

/// A JSON pointer such as `/pages/~1blog~1/plan`; the empty one is the whole document.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pointer(String);

impl Pointer {
    /// The pointer as RFC 6901 writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The whole document.
    pub(crate) fn root() -> Self {
        Self::default()
    }

    /// The member `key` of the object at this place.
    pub(crate) fn key(mut self, key: &str) -> Self {
        self.0.push('/');
        for c in key.chars() {
            match c {
                '~' => self.0.push_str("~0"),
                '/' => self.0.push_str("~1"),
                _ => self.0.push(c),
            }
        }
        self
    }

    /// The element `index` of the array at this place.
    pub(crate) fn index(mut self, index: usize) -> Self {
        self.0.push('/');
        self.0.push_str(&index.to_string());
        self
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.pad("the document");
        }
        // A member's name is foreign text, and this is what people read.
        f.pad(&self.0.replace(char::is_control, "\u{fffd}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_slash_and_tilde() {
        let pointer = Pointer::root()
            .key("pages")
            .key("/~blog/")
            .key("plan")
            .index(3);
        assert_eq!(pointer.as_str(), "/pages/~1~0blog~1/plan/3");
        assert_eq!(Pointer::root().to_string(), "the document");
    }
}
