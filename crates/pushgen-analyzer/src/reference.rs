//! A reference: one place in a document, style sheet or script that makes a browser fetch a URL.
//!
//! It carries what the Fetch and HTML standards attach to the request it causes: destination,
//! cross-origin mode, what waits for it, and whether it is certain. The URL is as it is written; nothing
//! here knows the site.

use pushgen_policy::{CrossOrigin, Destination};
use serde::Serialize;

use crate::selection::Selection;

/// When a browser fetches something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Before the `load` event.
    Load,
    /// After it, or at a moment that the markup does not fix: lazy images, prefetches, icons, `import()`.
    Late,
    /// Only if the page's style makes use of it: fonts and images that a style sheet names.
    Conditional,
}

/// What waits for a fetch (HTML Standard, "render-blocking" and "pending parsing-blocking script").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Blocking {
    /// Nothing is painted before it has arrived.
    pub(crate) render: bool,
    /// The parser stands still at its element until it has arrived.
    pub(crate) parser: bool,
}

impl Blocking {
    pub(crate) const NO: Self = Self {
        render: false,
        parser: false,
    };
    pub(crate) const RENDER: Self = Self {
        render: true,
        parser: false,
    };
    pub(crate) const PARSER: Self = Self {
        render: false,
        parser: true,
    };

    /// What waits when the same response is asked for in two ways.
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            render: self.render || other.render,
            parser: self.parser || other.parser,
        }
    }
}

/// What the browser does with the content, and so where further references come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// Nothing that leads further: images, preloads, documents in frames.
    Opaque,
    /// A style sheet. One that does not apply has its `@import`s fetched, but no images or fonts.
    /// `imports` is what waits for them.
    StyleSheet { applies: bool, imports: Blocking },
    /// A module and the modules that it imports.
    Module,
    /// A classic script.
    Script,
}

/// What a fetch is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The page uses it.
    Use,
    /// `rel=preload` or `rel=modulepreload`: early, for a use that comes later.
    Preload,
    /// Not for the page: icons and the manifest for the browser, a prefetch for the next page.
    Aside,
}

/// One reference with the request that it causes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Reference<'t> {
    /// The URL as it is written, character references decoded.
    pub(crate) url: &'t str,
    pub(crate) destination: Destination,
    pub(crate) content: Content,
    pub(crate) blocking: Blocking,
    pub(crate) when: When,
    pub(crate) confidence: f64,
    pub(crate) crossorigin: Option<CrossOrigin>,
    /// Well-formed metadata only.
    pub(crate) integrity: Option<String>,
    pub(crate) purpose: Purpose,
    /// Counted from 1.
    pub(crate) line: u32,
    /// The element that makes it, by its place in the document.
    pub(crate) element: Option<usize>,
    /// What decides whether it is made, or a sheet applies; nothing if that is not known or nothing does.
    pub(crate) selection: Option<Box<Selection<'t>>>,
}

impl<'t> Reference<'t> {
    /// A certain fetch before `load` that nothing waits for.
    pub(crate) fn new(url: &'t str, destination: Destination, line: u32) -> Self {
        Self {
            url,
            destination,
            content: Content::Opaque,
            blocking: Blocking::NO,
            when: When::Load,
            confidence: confidence::CERTAIN,
            crossorigin: None,
            integrity: None,
            purpose: Purpose::Use,
            line,
            element: None,
            selection: None,
        }
    }

    pub(crate) fn late(self, confidence: f64) -> Self {
        Self {
            when: When::Late,
            confidence,
            ..self
        }
    }

    pub(crate) fn purpose(self, purpose: Purpose) -> Self {
        Self { purpose, ..self }
    }

    pub(crate) fn content(self, content: Content) -> Self {
        Self { content, ..self }
    }

    pub(crate) fn blocking(self, blocking: Blocking) -> Self {
        Self { blocking, ..self }
    }

    pub(crate) fn confidence(self, confidence: f64) -> Self {
        Self { confidence, ..self }
    }

    pub(crate) fn selected_by(self, selection: Selection<'t>) -> Self {
        let selection = (selection != Selection::default()).then(|| Box::new(selection));
        Self { selection, ..self }
    }
}

/// How sure it is that a browser asks for something. Only what is nearly certain is planned.
pub(crate) mod confidence {
    /// Unconditional markup.
    pub(crate) const CERTAIN: f64 = 1.0;
    /// True for this viewport; another one may choose otherwise (`srcset`, `media`).
    pub(crate) const VIEWPORT: f64 = 0.9;
    /// Unless the machine has a font of that name installed.
    pub(crate) const MACHINE: f64 = 0.7;
    /// A real load asked for it, before its load event or after: another load may not.
    pub(crate) const TRACED: f64 = 0.9;
    /// `rel=prefetch`: when the browser is idle.
    pub(crate) const PREFETCH: f64 = 0.8;
    /// Near enough to the viewport, or in use, as layout and style will tell.
    pub(crate) const LAYOUT: f64 = 0.5;
    /// The browser's own choice: icons, the manifest.
    pub(crate) const BROWSER: f64 = 0.5;
    /// When a script gets there: `import()`, and what a bundler lists for it.
    pub(crate) const SCRIPT: f64 = 0.5;
    /// A URL that a script makes or lists, and may or may not fetch.
    pub(crate) const MENTIONED: f64 = 0.3;
}
