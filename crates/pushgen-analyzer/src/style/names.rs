//! The names in selectors and documents, as the `selectors` library compares and hashes them.
//!
//! Local names are the atoms of the HTML parser. Classes and ids are text with a hash that ignores ASCII case, so that
//! one index of rules and one ancestor filter serve documents in quirks mode, too.

use std::fmt::{self, Write};
use std::sync::Arc;

use cssparser::{ToCss, serialize_identifier, serialize_string};
use precomputed_hash::PrecomputedHash;

use crate::html::Namespace;

/// FNV-1a over the text in ASCII lower case.
pub(super) fn folded_hash(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
    })
}

/// A class, an id, or another identifier of an author.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Identifier {
    hash: u32,
    text: Arc<str>,
}

impl Identifier {
    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    pub(super) fn hash(&self) -> u32 {
        self.hash
    }
}

impl From<&str> for Identifier {
    fn from(text: &str) -> Self {
        Self {
            hash: folded_hash(text),
            text: text.into(),
        }
    }
}

impl PrecomputedHash for Identifier {
    fn precomputed_hash(&self) -> u32 {
        self.hash
    }
}

impl ToCss for Identifier {
    fn to_css<W: Write>(&self, dest: &mut W) -> fmt::Result {
        serialize_identifier(&self.text, dest)
    }
}

/// The local name of an element or an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LocalName(pub(super) html5ever::LocalName);

impl From<&str> for LocalName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl PrecomputedHash for LocalName {
    fn precomputed_hash(&self) -> u32 {
        self.0.precomputed_hash()
    }
}

impl ToCss for LocalName {
    fn to_css<W: Write>(&self, dest: &mut W) -> fmt::Result {
        serialize_identifier(&self.0, dest)
    }
}

/// What an attribute is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AttributeValue(Box<str>);

impl From<&str> for AttributeValue {
    fn from(value: &str) -> Self {
        Self(value.into())
    }
}

impl AsRef<str> for AttributeValue {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl ToCss for AttributeValue {
    fn to_css<W: Write>(&self, dest: &mut W) -> fmt::Result {
        serialize_string(&self.0, dest)
    }
}

/// The prefix that `@namespace` gives a namespace.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Prefix(Box<str>);

impl Prefix {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Prefix {
    fn from(prefix: &str) -> Self {
        Self(prefix.into())
    }
}

impl ToCss for Prefix {
    fn to_css<W: Write>(&self, dest: &mut W) -> fmt::Result {
        serialize_identifier(&self.0, dest)
    }
}

/// The namespaces that elements and attributes can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum NamespaceUrl {
    #[default]
    None,
    Html,
    Svg,
    MathMl,
    XLink,
    Xml,
    XmlNs,
    /// No parser of HTML makes anything in it.
    Other,
}

impl NamespaceUrl {
    /// The namespace of this name, as `@namespace` gives it.
    pub(crate) fn of(url: &str) -> Self {
        match url {
            "" => Self::None,
            "http://www.w3.org/1999/xhtml" => Self::Html,
            "http://www.w3.org/2000/svg" => Self::Svg,
            "http://www.w3.org/1998/Math/MathML" => Self::MathMl,
            "http://www.w3.org/1999/xlink" => Self::XLink,
            "http://www.w3.org/XML/1998/namespace" => Self::Xml,
            "http://www.w3.org/2000/xmlns/" => Self::XmlNs,
            _ => Self::Other,
        }
    }

    /// The namespace of an attribute of a foreign element, by its qualified name.
    pub(super) fn of_prefix(prefix: &str) -> Option<Self> {
        match prefix {
            "xlink" => Some(Self::XLink),
            "xml" => Some(Self::Xml),
            "xmlns" => Some(Self::XmlNs),
            _ => None,
        }
    }
}

impl From<Namespace> for NamespaceUrl {
    fn from(namespace: Namespace) -> Self {
        match namespace {
            Namespace::Html => Self::Html,
            Namespace::Svg => Self::Svg,
            Namespace::MathMl => Self::MathMl,
        }
    }
}

impl PrecomputedHash for NamespaceUrl {
    fn precomputed_hash(&self) -> u32 {
        // Any distinct numbers with bits in both halves that the filter looks at.
        0x9e37_79b9_u32.wrapping_mul(*self as u32 + 1)
    }
}

/// What the `@namespace` rules of a sheet say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Namespaces {
    /// The namespace of type selectors without a prefix.
    pub(crate) default: Option<NamespaceUrl>,
    pub(crate) prefixes: Vec<(Box<str>, NamespaceUrl)>,
}

impl Namespaces {
    pub(super) fn url(&self, prefix: &Prefix) -> Option<NamespaceUrl> {
        let of_prefix = |(known, _): &&(Box<str>, NamespaceUrl)| **known == *prefix.as_str();
        // The last rule for a prefix counts.
        self.prefixes
            .iter()
            .rev()
            .find(of_prefix)
            .map(|(_, url)| *url)
    }
}
