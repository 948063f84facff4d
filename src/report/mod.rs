//! The report of a site as one HTML file that needs nothing else.
//!
//! In: a [`Report`], which holds what the analysis and the model say. Out: the document, the same bytes for the same
//! report. Everything in it that comes from the site is written through [`foreign`]. Its size is bounded by the
//! constants here: the document says what it leaves out and how to get it.

mod dependency_graph;
mod document;
mod figures;
mod foreign;
mod main_thread;
mod page_list;
mod page_row;
mod page_section;
mod page_view;
mod ranking;
mod shared_lists;
mod waterfall;

pub(crate) use page_row::{Lists, PageRow, count_findings, count_plans};
pub(crate) use page_view::PageView;
pub(crate) use ranking::ranked;

use pushgen_analyzer::Finding;

/// Pages that are told of in detail unless they are named.
pub(crate) const MAX_DETAILS: usize = 30;
/// Pages in the list.
pub(crate) const MAX_LISTED: usize = 5_000;
/// Responses in a waterfall.
const MAX_BARS: usize = 100;
/// Tasks of the main thread in a waterfall.
const MAX_SPELLS: usize = 100;
/// Files in a dependency graph.
const MAX_FILES: usize = 300;
/// Assets that are sent, or left out, of one page.
const MAX_ENTRIES: usize = 100;
/// Findings of one page, and of the files that pages share.
const MAX_FINDINGS: usize = 100;

/// What is told of a site.
pub(crate) struct Report {
    /// The folder, as it was given.
    pub(crate) site: String,
    /// What it was analysed for: names and values.
    pub(crate) settings: Vec<(&'static str, String)>,
    /// The network of the list and of the waterfalls.
    pub(crate) network: String,
    /// How many pages were analysed.
    pub(crate) pages: usize,
    /// How many of them have something to send.
    pub(crate) pages_with_plan: usize,
    /// The list, by path.
    pub(crate) rows: Vec<PageRow>,
    /// Pages in detail, by path.
    pub(crate) details: Vec<PageView>,
    /// What was noticed about the folder and about files that pages share.
    pub(crate) shared_findings: Vec<Finding>,
}

impl Report {
    /// The document.
    pub(crate) fn to_html(&self) -> String {
        document::Document::new(self).to_string()
    }
}
