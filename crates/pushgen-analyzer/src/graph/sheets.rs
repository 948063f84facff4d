//! Style sheets: each file parsed once per site, what lies behind it worked out once.
//!
//! In: style sheet files and the viewport. Out: for a sheet its rules, its `@import`s, and the fonts and
//! images that it names under conditions that hold here. The latter are [`When::Conditional`]: whether a
//! page makes use of them is for its elements to say.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use encoding_rs::Encoding;

use pushgen_policy::{CrossOrigin, Destination};
use url::Url;

use super::closure::{Edge, Edges, Reached, closure};
use super::fetch::Request;
use super::missing::{invalid_url, missing};
use super::page::PageContext;
use super::subresource;
use crate::css::{Applies, FontSource, ImageCandidate, ImageSource, StyleSheet, Truth};
use crate::encoding::decode_css;
use crate::finding::{Code, Finding};
use crate::html::is_image_type;
use crate::memo::Memo;
use crate::reference::{Reference, When, confidence};
use crate::resolve::Target;
use crate::site::FileId;
use crate::style::SheetRules;
use crate::viewport::Viewport;

/// A sheet as a place in the graph: the same file may apply in one place and not in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Node {
    pub(super) file: FileId,
    pub(super) applies: bool,
    /// The encoding of what names it, which counts if the sheet declares none (CSS Syntax 3 §3.2).
    pub(super) environment: &'static Encoding,
    /// What its media are asked about.
    pub(super) viewport: Viewport,
}

/// A sheet that was read, be it a file or the text of a `style` element.
#[derive(Debug)]
pub(super) struct ParsedSheet {
    pub(super) sheet: StyleSheet,
    pub(super) rules: SheetRules,
    /// What its URLs are relative to.
    pub(super) base: Url,
    pub(super) encoding: &'static Encoding,
    /// The file, and the line in it that the text starts on.
    pub(super) name: Arc<str>,
    pub(super) line: u32,
    problems: Vec<Finding>,
}

impl ParsedSheet {
    /// Reads the text of a `style` element.
    pub(super) fn new(
        sheet: StyleSheet,
        base: Url,
        encoding: &'static Encoding,
        name: Arc<str>,
        line: u32,
    ) -> Self {
        let rules = SheetRules::new(&sheet);
        Self {
            sheet,
            rules,
            base,
            encoding,
            name,
            line,
            problems: Vec::new(),
        }
    }

    /// File and line of a line of the text.
    pub(super) fn place(&self, line: u32) -> (Arc<str>, u32) {
        (Arc::clone(&self.name), (self.line + line).saturating_sub(1))
    }
}

/// Every style sheet of a site that some page asks for.
#[derive(Debug, Default)]
pub(crate) struct Sheets {
    parsed: Memo<(FileId, &'static Encoding), Option<ParsedSheet>>,
    read: Memo<Node, SheetEdges>,
    closures: Memo<Node, Behind>,
}

/// The edges of a sheet with what was noticed on the way.
#[derive(Debug, Default)]
pub(super) struct SheetEdges {
    pub(super) edges: Vec<Edge<Node>>,
    /// The first `@import` of another origin.
    pub(super) foreign: Option<String>,
    pub(super) problems: Vec<Finding>,
}

/// Everything behind a sheet.
#[derive(Debug)]
pub(super) struct Behind {
    pub(super) reached: Vec<Reached>,
    /// The first `@import` of another origin anywhere behind it.
    pub(super) foreign: Option<String>,
}

impl Edges<Node> for Arc<SheetEdges> {
    fn edges(&self) -> &[Edge<Node>] {
        &self.edges
    }
}

impl Sheets {
    /// What lies behind a sheet, depth-first.
    pub(super) fn closure(&self, context: PageContext<'_>, root: Node) -> Arc<Behind> {
        self.closures.get(&root, || {
            let foreign = RefCell::new(None);
            let reached = closure(root, |node| {
                let sheet = self.sheet(context, node);
                let mut foreign = foreign.borrow_mut();
                *foreign = foreign.take().or_else(|| sheet.foreign.clone());
                sheet
            });
            Behind {
                reached,
                foreign: foreign.into_inner(),
            }
        })
    }

    fn sheet(&self, context: PageContext<'_>, node: Node) -> Arc<SheetEdges> {
        self.read.get(&node, || {
            if node.applies {
                return self.read(context, node);
            }
            // A sheet that does not apply has its imports fetched, and nothing else.
            let applied = self.sheet(
                context,
                Node {
                    applies: true,
                    ..node
                },
            );
            let imports = applied
                .edges
                .iter()
                .filter(|edge| edge.inherits_blocking)
                .cloned();
            let unapplied = |edge: Edge<Node>| Edge {
                node: edge.node.map(|node| Node {
                    applies: false,
                    ..node
                }),
                ..edge
            };
            SheetEdges {
                edges: imports.map(unapplied).collect(),
                foreign: applied.foreign.clone(),
                problems: Vec::new(),
            }
        })
    }

    /// A file that is a style sheet, parsed; none if a browser does not take it for one.
    pub(super) fn parsed(&self, context: PageContext<'_>, node: Node) -> Arc<Option<ParsedSheet>> {
        let key = (node.file, node.environment);
        self.parsed
            .get(&key, || parse(context, node.file, node.environment))
    }

    fn read(&self, context: PageContext<'_>, node: Node) -> SheetEdges {
        let parsed = self.parsed(context, node);
        let Some(parsed) = parsed.as_ref() else {
            return SheetEdges::default();
        };
        let surroundings = Surroundings {
            applies: true,
            encoding: parsed.encoding,
            viewport: &node.viewport,
        };
        let resolve = |url: &str| context.resolver.resolve(&parsed.base, url);
        let mut read = edges(&parsed.sheet, surroundings, &resolve, &|line| {
            parsed.place(line)
        });
        for edge in read.edges.iter().filter(|edge| edge.request.file.is_none()) {
            read.problems.push(missing(
                context,
                &edge.request.path,
                &parsed.name,
                edge.line,
                &edge.text,
            ));
        }
        read
    }

    /// What was noticed about the sheets.
    pub(crate) fn findings(&self) -> BTreeSet<Finding> {
        let parsed = self.parsed.values();
        let parsed = parsed.iter().filter_map(|sheet| sheet.as_ref().as_ref());
        let mut findings: BTreeSet<Finding> = parsed
            .flat_map(|sheet| sheet.problems.iter().cloned())
            .collect();
        for sheet in self.read.values() {
            findings.extend(sheet.problems.iter().cloned());
        }
        findings
    }
}

fn parse(
    context: PageContext<'_>,
    file: FileId,
    environment: &'static Encoding,
) -> Option<ParsedSheet> {
    let site = context.site;
    let name: Arc<str> = site.name(file).into();
    let base = context.resolver.url(&site.url_path(file));
    let bytes = match subresource::read(site, file, "style sheet") {
        Ok(bytes) => bytes,
        Err(finding) => {
            let nothing = StyleSheet::default();
            let sheet = ParsedSheet::new(nothing, base, environment, name, 1);
            return Some(ParsedSheet {
                problems: vec![finding],
                ..sheet
            });
        }
    };
    // A browser ignores what is not served as CSS, outside quirks mode.
    if site.media_type(file) != "text/css" {
        return None;
    }
    let decoded = decode_css(bytes, environment);
    let sheet = StyleSheet::parse(&decoded.text);
    let mut parsed = ParsedSheet::new(sheet, base, decoded.encoding, name, 1);
    if let Some(position) = parsed.rules.too_complex {
        let message = "a selector is too complex; its rule is not analysed";
        let finding = Finding::new(Code::TooDeep, &*parsed.name, message);
        let finding = finding.line(position.line).column(position.column);
        parsed.problems.push(finding);
    }
    Some(parsed)
}

/// What a sheet's references depend on beside its own text.
#[derive(Clone, Copy)]
pub(super) struct Surroundings<'v> {
    /// Whether the sheet takes effect.
    pub(super) applies: bool,
    /// The encoding of its text.
    pub(super) encoding: &'static Encoding,
    pub(super) viewport: &'v Viewport,
}

/// The edges of a parsed sheet. `place` tells file and line of a sheet's line.
pub(super) fn edges(
    sheet: &StyleSheet,
    Surroundings {
        applies,
        encoding,
        viewport,
    }: Surroundings<'_>,
    resolve: &dyn Fn(&str) -> Target,
    place: &dyn Fn(u32) -> (Arc<str>, u32),
) -> SheetEdges {
    let mut reader = Reader {
        resolve,
        place,
        read: SheetEdges::default(),
    };
    for import in &sheet.imports {
        let reference = Reference::new(&import.url, Destination::Style, import.position.line);
        let supported = import
            .supports
            .as_ref()
            .map_or(Truth::True, |supports| supports.truth);
        // A condition in a function or in parentheses is fetched by Chromium even where it is false;
        // the standard does not. Only what both fetch is listed.
        let (reference, condition) = match supported {
            Truth::True => (reference, None),
            Truth::Unknown => (
                conditional(reference),
                Some("a browser that supports its condition".to_owned()),
            ),
            Truth::False => continue,
        };
        let applies = applies && import.applies(viewport) == Applies::Matches;
        let node = |file| Node {
            file,
            applies,
            environment: encoding,
            viewport: *viewport,
        };
        reader.push(&reference, condition, Some(&node));
    }
    let faces = sheet
        .font_faces
        .iter()
        .filter(|face| face.context.applies(viewport) == Applies::Matches);
    for face in faces.filter(|_| applies) {
        if let Some(FontSource::File {
            url: Some(url),
            position,
            ..
        }) = face.fetched_source()
        {
            let crossorigin = Some(CrossOrigin::Anonymous);
            let font = Reference {
                crossorigin,
                ..Reference::new(url, Destination::Font, position.line)
            };
            reader.push(&conditional(font), Some(format!("text in {face}")), None);
        }
    }
    let images = sheet
        .images
        .iter()
        .filter(|image| image.context.applies(viewport) == Applies::Matches);
    for image in images.filter(|_| applies) {
        if let Some(url) = chosen(&image.source, viewport) {
            let reference = Reference::new(url, Destination::Image, image.position.line);
            reader.push(&conditional(reference), Some(image.to_string()), None);
        }
    }
    for problem in &sheet.problems {
        let (file, line) = place(problem.position.line);
        let finding =
            Finding::new(Code::UnparsableStyle, &*file, problem.kind.to_string()).line(line);
        reader
            .read
            .problems
            .push(finding.column(problem.position.column));
    }
    reader.read
}

fn conditional(reference: Reference<'_>) -> Reference<'_> {
    Reference {
        when: When::Conditional,
        confidence: confidence::LAYOUT,
        ..reference
    }
}

/// The URL of an image for this viewport.
pub(super) fn chosen<'s>(source: &'s ImageSource, viewport: &Viewport) -> Option<&'s str> {
    match source {
        ImageSource::Url(url) => Some(url),
        ImageSource::Set(candidates) => {
            ImageCandidate::choose(candidates, viewport.dpr, is_image_type)?
                .url
                .as_deref()
        }
    }
}

/// Collects the edges of a sheet.
struct Reader<'r> {
    resolve: &'r dyn Fn(&str) -> Target,
    place: &'r dyn Fn(u32) -> (Arc<str>, u32),
    read: SheetEdges,
}

impl Reader<'_> {
    /// Adds a reference; with `node` it is an `@import`, behind which the sheet goes on.
    fn push(
        &mut self,
        reference: &Reference<'_>,
        condition: Option<String>,
        node: Option<&dyn Fn(FileId) -> Node>,
    ) {
        let (file, line) = (self.place)(reference.line);
        match (self.resolve)(reference.url) {
            Target::Site(target) => {
                let location = format!("{file}:{line}").into();
                let request = Request::of(reference, target.path.into(), target.file, location);
                self.read.edges.push(Edge {
                    request: Request {
                        condition: condition.map(Arc::from),
                        ..request
                    },
                    inherits_blocking: node.is_some(),
                    line,
                    text: reference.url.to_owned(),
                    node: node.zip(target.file).map(|(node, file)| node(file)),
                });
            }
            Target::Elsewhere(url) if node.is_some() => {
                self.read.foreign.get_or_insert(url);
            }
            Target::Elsewhere(_) | Target::NoRequest => {}
            Target::Invalid => self
                .read
                .problems
                .push(invalid_url(&file, line, reference.url)),
        }
    }
}
