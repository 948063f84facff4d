//! The graph: what a browser fetches for a page, and who made it do so.
//!
//! In: a page's mentions and the site. Out: a [`PageGraph`]: one [`Fetch`] per request target with its
//! discovery depth, its initiator, what waits for it and when it happens. Style sheets and modules lead
//! to further fetches; what lies behind each of them ([`closure`]) is worked out once per site.

mod cascade_order;
mod chunks;
mod closure;
mod fetch;
mod integrity;
mod largest_paint;
mod missing;
mod modules;
mod page;
mod page_images;
mod sheets;
mod style_tables;
mod style_use;
mod subresource;
mod traced;
mod viewports;

pub(crate) use fetch::Rank;
pub use fetch::{Fetch, PageGraph};
pub(crate) use integrity::Integrity;
pub use largest_paint::LcpImage;
pub(crate) use missing::Suggestions;
pub(crate) use modules::Modules;
pub(crate) use page::{Document, PageContext, page_graph};
pub(crate) use sheets::Sheets;
pub(crate) use style_tables::StyleTables;
pub(crate) use style_use::PageMemo;
pub(crate) use traced::Traces;
pub(crate) use viewports::merge;
