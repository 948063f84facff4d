//! Style sheets: each file parsed once per site, what lies behind it worked out once.
//!
//! In: style sheet files and the viewport. Out: for a sheet, its `@import`s, and the fonts and images
//! that it names under conditions that hold here. The latter are [`When::Conditional`]: whether a page
//! makes use of them is for its elements to say.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use encoding_rs::Encoding;

use pushgen_policy::{CrossOrigin, Destination};

use super::closure::{Edge, Reached, closure};
use super::memo::Memo;
use super::page::{PageContext, invalid_url, missing};
use crate::css::{Applies, FontSource, ImageCandidate, ImageSource, StyleSheet, Truth};
use crate::encoding::decode_css;
use crate::finding::{Code, Finding};
use crate::html::is_image_type;
use crate::reference::{Content, When, confidence};
use crate::resolve::Target;
use crate::site::{FileId, MAX_SUBRESOURCE};
use crate::viewport::Viewport;

/// A sheet as a place in the graph: the same file may apply in one place and not in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) file: FileId,
    pub(super) applies: bool,
    /// The encoding of what names it, which counts if the sheet declares none (CSS Syntax 3 §3.2).
    pub(super) environment: &'static Encoding,
}

/// Every style sheet of a site that some page asks for.
#[derive(Debug, Default)]
pub(crate) struct Sheets {
    read: Memo<(FileId, &'static Encoding), SheetEdges>,
    closures: Memo<Node, Behind>,
}

/// The edges of a sheet with what was noticed on the way.
#[derive(Debug, Default)]
pub(super) struct SheetEdges {
    pub(super) edges: Vec<Edge<Node>>,
    /// `@import`s of other origins.
    pub(super) foreign: Vec<String>,
    pub(super) problems: Vec<Finding>,
}

/// Everything behind a sheet.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) reached: Vec<Reached>,
    /// `@import`s of other origins anywhere behind it.
    pub(super) foreign: Vec<String>,
}

impl Sheets {
    /// What lies behind a sheet, depth-first.
    pub(super) fn closure(&self, context: PageContext<'_>, root: Node) -> Arc<Behind> {
        self.closures.get(&root, || {
            let foreign = RefCell::new(BTreeSet::new());
            let reached = closure(root, |node| {
                let key = (node.file, node.environment);
                let sheet = self
                    .read
                    .get(&key, || read(context, node.file, node.environment));
                foreign.borrow_mut().extend(sheet.foreign.iter().cloned());
                let mut edges = sheet.edges.clone();
                if !node.applies {
                    edges.retain(|edge| edge.inherits_blocking);
                    for child in edges.iter_mut().filter_map(|edge| edge.node.as_mut()) {
                        child.applies = false;
                    }
                }
                edges
            });
            Behind {
                reached,
                foreign: foreign.into_inner().into_iter().collect(),
            }
        })
    }

    /// What was noticed about the sheets.
    pub(crate) fn findings(&self) -> BTreeSet<Finding> {
        self.read
            .values()
            .iter()
            .flat_map(|sheet| sheet.problems.iter().cloned())
            .collect()
    }
}

fn read(context: PageContext<'_>, file: FileId, environment: &'static Encoding) -> SheetEdges {
    let site = context.site;
    let name: Arc<str> = site.name(file).into();
    let refused = |code, message: String| SheetEdges {
        problems: vec![Finding::new(code, &*name, message)],
        ..SheetEdges::default()
    };
    if site.size(file) > MAX_SUBRESOURCE {
        return refused(
            Code::TooLarge,
            format!(
                "larger than {} MiB; what it names is not known",
                MAX_SUBRESOURCE >> 20
            ),
        );
    }
    let bytes = match site.read(file) {
        Ok(bytes) => bytes,
        Err(error) => return refused(Code::UnreadableFile, format!("cannot be read: {error}")),
    };
    if crate::encoding::looks_binary(&bytes) {
        return refused(
            Code::NotText,
            "a style sheet that is binary data".to_owned(),
        );
    }
    let decoded = decode_css(bytes, environment);
    let base = context.resolver.url(&site.url_path(file));
    let sheet = StyleSheet::parse(&decoded.text);
    let mut read = edges(
        &sheet,
        context.viewport,
        Surroundings {
            applies: true,
            encoding: decoded.encoding,
        },
        |url| context.resolver.resolve(&base, url),
        &|line| (Arc::clone(&name), line),
    );
    for edge in &read.edges {
        if edge.target.file.is_none() {
            read.problems
                .push(missing(site, &edge.target, &name, edge.line, &edge.text));
        }
    }
    read
}

/// What a sheet's references depend on beside its own text.
pub(super) struct Surroundings {
    /// Whether the sheet takes effect.
    pub(super) applies: bool,
    /// The encoding of its text.
    pub(super) encoding: &'static Encoding,
}

/// The edges of a parsed sheet. `place` tells file and line of a sheet's line.
pub(super) fn edges(
    sheet: &StyleSheet,
    viewport: &Viewport,
    Surroundings { applies, encoding }: Surroundings,
    resolve: impl Fn(&str) -> Target,
    place: &dyn Fn(u32) -> (Arc<str>, u32),
) -> SheetEdges {
    let mut read = SheetEdges::default();
    for import in &sheet.imports {
        // A condition in a function or in parentheses is fetched by Chromium even where it is false;
        // the standard does not. Only what both fetch is listed.
        if import
            .supports
            .as_ref()
            .is_some_and(|supports| supports.truth == Truth::False)
        {
            continue;
        }
        let applies = applies && import.applies(viewport) == Applies::Matches;
        let (file, line) = place(import.position.line);
        match resolve(&import.url) {
            Target::Site(target) => read.edges.push(Edge {
                destination: Destination::Style,
                content: Content::StyleSheet { applies },
                when: When::Load,
                confidence: confidence::CERTAIN,
                crossorigin: None,
                integrity: None,
                inherits_blocking: true,
                location: format!("{file}:{line}").into(),
                line,
                text: import.url.clone(),
                condition: None,
                node: target.file.map(|file| Node {
                    file,
                    applies,
                    environment: encoding,
                }),
                target,
            }),
            Target::Elsewhere(url) => read.foreign.push(url),
            Target::NoRequest => {}
            Target::Invalid => read.problems.push(invalid_url(&file, line, &import.url)),
        }
    }
    if applies {
        for face in sheet
            .font_faces
            .iter()
            .filter(|face| face.context.applies(viewport) == Applies::Matches)
        {
            if let Some(FontSource::File {
                url: Some(url),
                position,
                ..
            }) = face.fetched_source()
            {
                let condition = format!("text in {face}");
                read.push_conditional(
                    url,
                    Destination::Font,
                    resolve(url),
                    place(position.line),
                    &condition,
                );
            }
        }
        for image in sheet
            .images
            .iter()
            .filter(|image| image.context.applies(viewport) == Applies::Matches)
        {
            if let Some(url) = chosen(&image.source, viewport) {
                read.push_conditional(
                    url,
                    Destination::Image,
                    resolve(url),
                    place(image.position.line),
                    &image.to_string(),
                );
            }
        }
    }
    for problem in &sheet.problems {
        let (file, line) = place(problem.position.line);
        let finding =
            Finding::new(Code::UnparsableStyle, &*file, problem.kind.to_string()).line(line);
        read.problems.push(finding.column(problem.position.column));
    }
    read
}

/// The URL of an image for this viewport.
fn chosen<'s>(source: &'s ImageSource, viewport: &Viewport) -> Option<&'s str> {
    match source {
        ImageSource::Url(url) => Some(url),
        ImageSource::Set(candidates) => {
            ImageCandidate::choose(candidates, viewport.dpr, is_image_type)?
                .url
                .as_deref()
        }
    }
}

impl SheetEdges {
    /// Adds a font or image, which is fetched if the page makes use of it as `condition` says.
    fn push_conditional(
        &mut self,
        url: &str,
        destination: Destination,
        target: Target,
        (file, line): (Arc<str>, u32),
        condition: &str,
    ) {
        match target {
            Target::Site(target) => self.edges.push(Edge {
                target,
                destination,
                content: Content::Opaque,
                when: When::Conditional,
                confidence: confidence::LAYOUT,
                crossorigin: (destination == Destination::Font).then_some(CrossOrigin::Anonymous),
                integrity: None,
                inherits_blocking: false,
                location: format!("{file}:{line}").into(),
                line,
                text: url.to_owned(),
                condition: Some(condition.into()),
                node: None,
            }),
            Target::Elsewhere(_) | Target::NoRequest => {}
            Target::Invalid => self.problems.push(invalid_url(&file, line, url)),
        }
    }
}
