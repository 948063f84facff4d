//! The chunks of webpack that the scripts of a page may load.
//!
//! In: what the page's scripts say of chunks ([`Chunks`]). Out: the requests for those that are files of the site, all of
//! them late. The runtime that makes a chunk's URL and the modules that ask for it by identifier are often different
//! files, so every runtime of the page is asked for every identifier of the page. Chunks of chunks are left out:
//! they are two runs of scripts away.

use std::collections::BTreeMap;
use std::sync::Arc;

use pushgen_policy::Destination;
use url::Url;

use super::fetch::Request;
use super::page::PageContext;
use crate::js::bundler::MAX_LISTED;
use crate::js::bundler::webpack::{Chunks, PublicPath};
use crate::reference::{Blocking, Content, Reference, confidence};
use crate::resolve::Target;

/// One script of a page that says something of chunks.
#[derive(Debug)]
pub(super) struct ChunkSource {
    pub(super) chunks: Arc<Chunks>,
    /// The URL that the script was loaded from.
    pub(super) url: Url,
    /// Its request target; `None` if it stands in the document.
    pub(super) path: Option<Arc<str>>,
    /// Discovery depth; 0 in the document.
    pub(super) depth: u32,
    /// The file that its text is in, and the line that it begins on.
    pub(super) file: Arc<str>,
    pub(super) first_line: u32,
}

/// A place that names a chunk.
struct Naming<'s> {
    source: &'s ChunkSource,
    line: u32,
    confidence: f64,
}

/// The requests; `base` is the document's base URL.
pub(super) fn requests(
    context: PageContext<'_>,
    base: &Url,
    sources: &[ChunkSource],
) -> Vec<Request> {
    let mut called: BTreeMap<&str, Naming<'_>> = BTreeMap::new();
    for source in sources {
        for (identifier, &line) in &source.chunks.calls {
            called.entry(identifier).or_insert(Naming {
                source,
                line,
                confidence: confidence::SCRIPT,
            });
        }
    }
    let mut requests = Vec::new();
    for source in sources {
        let Some(runtime) = &source.chunks.runtime else {
            continue;
        };
        let listed = Naming {
            source,
            line: runtime.line,
            confidence: confidence::MENTIONED,
        };
        let mut identifiers = runtime.identifiers();
        identifiers.extend(called.keys());
        if identifiers.len() > MAX_LISTED {
            continue;
        }
        for identifier in identifiers {
            let naming = called.get(identifier).unwrap_or(&listed);
            for name in runtime.names(identifier) {
                let url = match &runtime.public_path {
                    // The two are joined as strings before they become a URL.
                    PublicPath::Literal(path) => base.join(&format!("{path}{name}")).ok(),
                    PublicPath::OfScript => source.url.join(&name).ok(),
                };
                requests.extend(url.and_then(|url| request(context, &url, naming)));
            }
        }
    }
    requests
}

fn request(context: PageContext<'_>, url: &Url, naming: &Naming<'_>) -> Option<Request> {
    let Target::Site(target) = context.resolver.target(url) else {
        return None;
    };
    // The name is put together from parts: a file that is not there was not meant.
    let file = target.file?;
    let source = naming.source;
    let line = source
        .first_line
        .saturating_add(naming.line.saturating_sub(1));
    let reference = match url.path().ends_with(".css") {
        true => Reference::new("", Destination::Style, line).content(Content::StyleSheet {
            applies: true,
            imports: Blocking::NO,
        }),
        false => Reference::new("", Destination::Script, line).content(Content::Script),
    };
    let reference = reference.late(naming.confidence);
    let location = format!("{}:{line}", source.file).into();
    Some(Request {
        depth: source.depth + 1,
        initiator: source.path.clone(),
        ..Request::of(&reference, target.path.into(), Some(file), location)
    })
}
