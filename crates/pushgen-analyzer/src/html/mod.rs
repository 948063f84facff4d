//! HTML: a page's text in, its references and inline code in document order out.

mod csp;
mod dom;
mod embedded;
mod long_tag;
mod mention;
mod meta;
mod parser;
mod script_type;
pub(crate) mod srcset;
mod work;

pub(crate) use csp::ContentSecurityPolicy;
pub(crate) use embedded::is_image_type;
pub(crate) use mention::{Effect, Mention, mentions};
pub(crate) use parser::parse;
pub(crate) use work::Stopped;
