//! A built web site in, its pages' critical assets and a push policy out.
//!
//! ```text
//! folder -> Site -> document -> mentions -> graph -> plan -> policy
//!           site/    html/       html/       graph/   plan    emit
//!                    css/ js/ resolve: what the references of a page lead to
//! ```
//!
//! [`Site::load`] lists a folder, an [`Analyzer`] answers questions about it. Parsing never fails: what
//! is wrong with a site is returned as [`Finding`]s. Nothing here prints, and the same site with the same
//! options gives the same result on any number of threads.
//!
//! The public interface is: [`Site`] and [`SiteOptions`], [`Analyzer`] and [`Options`], what they return
//! ([`PageGraph`], [`Plan`], [`Analysis`], [`Finding`], [`RunningCode`]), [`Trace`], [`gzip`], and the errors.

mod analyzer;
mod css;
mod emit;
mod encoding;
mod error;
mod finding;
#[cfg(fuzzing)]
pub mod fuzzing;
mod graph;
pub mod gzip;
mod html;
mod js;
mod layout;
mod lcp;
mod memo;
pub mod model;
mod plan;
mod reference;
mod resolve;
mod running_code;
mod selection;
mod simulation;
mod site;
mod style;
mod trace;
mod viewport;

pub use analyzer::{Analysis, Analyzer, Options, PageAnalysis, Totals};
pub use error::SiteError;
pub use finding::{Code, Finding, Severity};
pub use graph::{Fetch, LcpImage, PageGraph};
pub use plan::{DEFAULT_BUDGET, LeftOut, Plan, PlanEntry, PlannedAsset};
pub use reference::When;
pub use running_code::{CodeSign, RunningCode};
pub use simulation::{Sent, Simulation, Timelines};
pub use site::{FileId, MAX_DOCUMENT, MAX_SUBRESOURCE, Site, SiteOptions, Weight};
pub use trace::{MAX_TRACE, Trace, TraceError};
pub use viewport::{ColorScheme, Viewport};
