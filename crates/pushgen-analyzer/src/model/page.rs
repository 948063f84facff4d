//! A page as the model sees it: the size of its document, and its assets with what finds them.
//!
//! In: wire sizes, kinds, discoverers. Out: a checked [`Page`]: every discoverer is an earlier asset, so
//! there are no cycles, and each sheet knows how many imports it waits for. Offsets and sizes are bytes
//! on the wire, after content-coding, but where a machine works on content: that is decoded. Left out: other origins,
//! frames, what a script fetches by itself.

use thiserror::Error;

/// What a browser does with an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A style sheet that applies: with its imports it holds back rendering if it stands in the head, and
    /// the parser if it stands in the body; scripts after it wait for it.
    Sheet,
    /// A style sheet that holds back nothing, since its media do not match.
    IdleSheet,
    /// A classic script that stops the parser.
    Script,
    /// A classic script that runs as soon as it is there, also one that a script has inserted.
    AsyncScript,
    /// A classic script that runs after parsing.
    DeferScript,
    /// A module that runs after parsing, or one that is imported.
    Module,
    /// A module that runs as soon as its graph is there.
    AsyncModule,
    /// A font.
    Font {
        /// Text is invisible without it: `font-display` is `auto` or `block`.
        blocks_text: bool,
    },
    /// An image.
    Image {
        /// Whether it is the candidate of the largest contentful paint.
        is_largest: bool,
    },
    /// Anything that is only downloaded.
    Other,
}

/// Who names an asset, and so when a browser knows of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Discovery {
    /// The document, in the tag that ends at this offset: the preload scanner sees it.
    Html(u32),
    /// The style of the document itself, in use by content: seen when the page is first styled.
    HtmlStyle,
    /// A style sheet or module with this index that imports it: seen once that has arrived.
    Import(u16),
    /// A style sheet with this index whose rules are in use: seen when the page is first styled with it.
    Style(u16),
    /// A script with this index: seen once that has run.
    Run(u16),
}

impl Discovery {
    /// The asset that names it, if it is not the document.
    #[must_use]
    pub const fn asset(self) -> Option<u16> {
        match self {
            Self::Html(_) | Self::HtmlStyle => None,
            Self::Import(asset) | Self::Style(asset) | Self::Run(asset) => Some(asset),
        }
    }
}

/// One asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Asset {
    /// Bytes of its content on the wire.
    pub bytes: u32,
    /// Bytes of its content, decoded: what a machine has to work on.
    pub plain: u32,
    /// What it is.
    pub kind: Kind,
    /// Who names it.
    pub discovery: Discovery,
    /// Rendering waits for it wherever it stands: `blocking=render`. Sheets and scripts in the head do so anyway.
    pub blocks_rendering: bool,
    /// The urgency it is asked for with (RFC 9218, section 4.1).
    pub urgency: u8,
    /// The module script whose graph it belongs to though the document names it: `<link rel=modulepreload>`.
    pub part_of: Option<u16>,
}

impl Asset {
    /// An asset asked for with the urgency that Chromium gives its kind.
    #[must_use]
    pub const fn new(bytes: u32, kind: Kind, discovery: Discovery) -> Self {
        let urgency = match kind {
            Kind::Sheet => 0,
            Kind::Script | Kind::Module | Kind::AsyncModule | Kind::Font { .. } => 1,
            Kind::AsyncScript | Kind::DeferScript => 2,
            Kind::Image { .. } => 3,
            Kind::IdleSheet | Kind::Other => 4,
        };
        Self {
            bytes,
            plain: bytes,
            kind,
            discovery,
            blocks_rendering: false,
            urgency,
            part_of: None,
        }
    }
}

/// What the first contentful paint shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Content {
    /// Text of the document, there once the parser has passed this offset.
    Html(u32),
    /// What this script draws.
    Run(u16),
}

/// Why assets make no page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PageError {
    /// More assets than a page may have.
    #[error("a page has at most {max} assets", max = Page::MAX_ASSETS)]
    TooManyAssets,
    /// An asset is named by itself or a later one.
    #[error("asset {asset} is named by asset {by}, which does not come before it")]
    Order {
        /// The asset.
        asset: usize,
        /// Its discoverer.
        by: usize,
    },
    /// An asset is part of the graph of one that is no module of its own, or is itself no module that the document names.
    #[error(
        "asset {asset} is part of the graph of asset {of}, which is no module script of the document"
    )]
    Part {
        /// The asset.
        asset: usize,
        /// The module script.
        of: usize,
    },
    /// The content is drawn by an asset that does not exist.
    #[error("the content is drawn by asset {0}, which does not exist")]
    Content(usize),
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Page {
    html_bytes: u32,
    html_plain: u32,
    body_at: u32,
    content: Content,
    assets: Vec<Asset>,
    imports: Vec<u16>,
}

impl Page {
    /// The most assets.
    pub const MAX_ASSETS: usize = 5_000;

    /// A page of `html_bytes`, whose body begins at `body_at`. Assets come in document order, each after
    /// the one that names it.
    pub fn new(
        html_bytes: u32,
        body_at: u32,
        content: Content,
        assets: Vec<Asset>,
    ) -> Result<Self, PageError> {
        if assets.len() > Self::MAX_ASSETS {
            return Err(PageError::TooManyAssets);
        }
        let mut imports = vec![0; assets.len()];
        for (index, asset) in assets.iter().enumerate() {
            if let Some(of) = asset.part_of.map(usize::from) {
                let is_script = |script: &Asset| {
                    script.part_of.is_none()
                        && matches!(script.kind, Kind::Module | Kind::AsyncModule)
                        && matches!(script.discovery, Discovery::Html(_))
                };
                let is_part = matches!(asset.discovery, Discovery::Html(_))
                    && matches!(asset.kind, Kind::Module | Kind::AsyncModule);
                if !is_part || !assets.get(of).is_some_and(is_script) {
                    return Err(PageError::Part { asset: index, of });
                }
                imports[of] += 1;
            }
            let Some(by) = asset.discovery.asset().map(usize::from) else {
                continue;
            };
            if by >= index {
                return Err(PageError::Order { asset: index, by });
            }
            if matches!(asset.discovery, Discovery::Import(_)) {
                imports[by] += 1;
            }
        }
        if let Content::Run(script) = content
            && usize::from(script) >= assets.len()
        {
            return Err(PageError::Content(script.into()));
        }
        Ok(Self {
            html_bytes,
            html_plain: html_bytes,
            body_at,
            content,
            assets,
            imports,
        })
    }

    /// The page with a document of so many bytes, decoded.
    #[must_use]
    pub fn with_plain_html(mut self, bytes: u32) -> Self {
        self.html_plain = bytes;
        self
    }

    /// How many bytes a machine has to work on for so many of the document's on the wire.
    pub(super) fn plain_html(&self, bytes: u32) -> u32 {
        let plain = u64::from(bytes) * u64::from(self.html_plain);
        let plain = plain.checked_div(self.html_bytes.into()).unwrap_or(0);
        u32::try_from(plain).unwrap_or(u32::MAX)
    }

    /// How many bytes on the wire so many of the document are, decoded; at most all.
    pub(crate) fn html_on_wire(&self, plain: u64) -> u32 {
        let plain = plain.min(self.html_plain.into());
        let wire = plain * u64::from(self.html_bytes);
        let wire = wire.checked_div(self.html_plain.into()).unwrap_or(0);
        u32::try_from(wire).unwrap_or(u32::MAX)
    }

    /// Bytes of the document on the wire.
    #[must_use]
    pub const fn html_bytes(&self) -> u32 {
        self.html_bytes
    }

    /// The same, decoded.
    #[must_use]
    pub const fn html_plain(&self) -> u32 {
        self.html_plain
    }

    /// Where the body begins.
    #[must_use]
    pub const fn body_at(&self) -> u32 {
        self.body_at
    }

    /// What the first contentful paint shows.
    #[must_use]
    pub const fn content(&self) -> Content {
        self.content
    }

    /// The assets, in document order.
    #[must_use]
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }

    /// A page like this one, with sizes and places rounded up: pages from one template become one.
    #[must_use]
    pub fn rounded(&self, steps: Steps) -> Self {
        let rounded = |bytes| steps.up(bytes);
        let body_at = rounded(self.body_at);
        // What stands in the body stays there.
        let place = |at: u32| match at > self.body_at {
            true => rounded(at).max(body_at.saturating_add(1)),
            false => rounded(at),
        };
        let asset = |asset: &Asset| Asset {
            bytes: rounded(asset.bytes),
            plain: rounded(asset.plain),
            discovery: match asset.discovery {
                Discovery::Html(at) => Discovery::Html(place(at)),
                other => other,
            },
            ..*asset
        };
        Self {
            html_bytes: rounded(self.html_bytes),
            html_plain: rounded(self.html_plain),
            body_at,
            content: match self.content {
                Content::Html(at) => Content::Html(place(at)),
                Content::Run(script) => Content::Run(script),
            },
            assets: self.assets.iter().map(asset).collect(),
            imports: self.imports.clone(),
        }
    }

    /// How many assets each asset imports.
    pub(super) fn imports(&self) -> &[u16] {
        &self.imports
    }

    /// Whether the parser stops at an asset until it is there.
    pub(super) fn stops_parser(&self, asset: &Asset) -> Option<u32> {
        match (asset.kind, asset.discovery) {
            (Kind::Script, Discovery::Html(at)) => Some(at),
            (Kind::Sheet, Discovery::Html(at)) if at > self.body_at => Some(at),
            _ => None,
        }
    }

    /// Whether rendering waits for an asset, which the document names or which is imported by one that it
    /// waits for.
    pub(super) fn blocks_rendering(&self, asset: &Asset) -> bool {
        asset.blocks_rendering
            || match (asset.kind, asset.discovery) {
                (Kind::Sheet, Discovery::Html(at)) => at <= self.body_at,
                _ => false,
            }
    }
}

/// How finely sizes are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Steps {
    /// By a quarter to an eighth, and at least by 256 bytes.
    Coarse,
    /// By a part of a packet, and by a hundredth where that is more.
    Fine,
}

impl Steps {
    /// Up to a number of a few binary digits that is a multiple of the least step.
    fn up(self, bytes: u32) -> u32 {
        let (digits, least) = match self {
            Self::Coarse => (3, 8),
            Self::Fine => (7, 6),
        };
        let length = 32 - bytes.leading_zeros();
        let step = 1 << length.saturating_sub(digits).max(least);
        bytes.div_ceil(step).saturating_mul(step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_what_is_named_by_a_later_asset() {
        let sheet = |discovery| Asset::new(1, Kind::Sheet, discovery);
        let page = |assets, content| Page::new(9, 5, content, assets).map(|_| ());
        let html = Content::Html(5);
        for (assets, content, expected) in [
            (
                vec![sheet(Discovery::Html(1)), sheet(Discovery::Import(0))],
                html,
                Ok(()),
            ),
            (
                vec![sheet(Discovery::Import(1)), sheet(Discovery::Import(0))],
                html,
                Err(PageError::Order { asset: 0, by: 1 }),
            ),
            (
                vec![sheet(Discovery::Run(0))],
                html,
                Err(PageError::Order { asset: 0, by: 0 }),
            ),
            (vec![], Content::Run(0), Err(PageError::Content(0))),
            (
                vec![sheet(Discovery::HtmlStyle); Page::MAX_ASSETS + 1],
                html,
                Err(PageError::TooManyAssets),
            ),
        ] {
            assert_eq!(page(assets, content), expected);
        }
    }
}
