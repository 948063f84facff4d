//! HTML: a page's text in, its references and inline code in document order out.

mod csp;
mod document_layout;
mod dom;
mod embedded;
mod extent;
mod inline_style;
mod long_tag;
mod media;
mod media_type;
mod mention;
mod meta;
mod meta_viewport;
mod parser;
mod picture;
mod preload_scanner;
mod rendered;
mod script_type;
mod source_list;
pub(crate) mod srcset;
mod svg_paint;
mod tag_lines;
mod tag_scan;
mod work;

pub(crate) use csp::{SecurityPolicies, Where};
pub(crate) use document_layout::DocumentLayout;
pub(crate) use dom::{Dom, Namespace, Node};
pub(crate) use extent::Extent;
pub(crate) use media_type::is_image_type;
pub(crate) use mention::{Effect, Mention, mentions};
pub(crate) use meta_viewport::layout_viewport;
pub(crate) use parser::parse;
pub(crate) use picture::Pictures;
pub(crate) use rendered::shows_own_resource;
pub(crate) use work::Stopped;
