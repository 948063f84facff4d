//! How a page is delivered: what is sent or said ahead of the browser's own requests.
//!
//! A [`Delivery`] names assets by their index in the [`Page`](super::Page). Left out: how a delivery is
//! chosen, and what a client takes; a client that takes no push is given a delivery without one.

/// What goes ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Delivery<'a> {
    /// Pushed, in this order; all are promised before the document's first byte.
    pub push: &'a [u16],
    /// How many bytes of the document go before the pushes; all of them if that many are not there.
    pub head: u32,
    /// Hinted in a 103, sent as soon as the page is asked for. The model asks for them in this order; Chromium
    /// asks within a millisecond in no fixed order, so whoever wants to be sure also tries another one.
    pub early_hints: &'a [u16],
    /// Preloaded by `Link` fields of the page's own response.
    pub link: &'a [u16],
}

impl Delivery<'_> {
    /// Nothing goes ahead.
    pub const NONE: Self = Self {
        push: &[],
        head: 0,
        early_hints: &[],
        link: &[],
    };
}

/// What a client has in its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Cache {
    /// Nothing: a first visit.
    #[default]
    Empty,
    /// Every asset, but not the document. Pushes are refused when their promise is read.
    Full,
}
