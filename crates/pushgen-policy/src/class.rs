//! Why a page needs an asset, in classes. A plan orders by them, a report groups by them.
//!
//! The class belongs to the page and not to the asset: a style sheet that blocks one page's
//! rendering may be an ordinary late file on another. HTML defines *render-blocking* (section 2.4.8
//! "Blocking attributes" and "render-blocking mechanism") and *parser-blocking* scripts; LCP is the
//! Largest Contentful Paint candidate. Left out: how the class was found, which is the analyzer's
//! part.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What an asset is to a page.
    pub enum Class: "class" {
        /// Holds back the first paint: a style sheet in effect with its imports, a script in the
        /// head.
        RenderBlocking = "render-blocking",
        /// A classic script that stops the parser, in the body.
        ParserBlocking = "parser-blocking",
        /// A font that text on the page is waiting for.
        Font = "font",
        /// The image of the largest contentful paint.
        Lcp = "lcp",
        /// A module of the page's module graph.
        Module = "module",
        /// Any other script.
        Script = "script",
        /// Any other style sheet.
        Style = "style",
        /// Any other image.
        Image = "image",
        /// Audio, video, text tracks.
        Media = "media",
        /// A nested document.
        Document = "document",
        /// Everything else.
        Other = "other",
    }
}
