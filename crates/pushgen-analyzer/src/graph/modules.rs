//! Module graphs: scripts parsed once per site, their imports resolved once per import map.
//!
//! In: script files, and the import maps that pages bring. Out: for a script, everything that it makes
//! a browser fetch. Static imports are followed to the end; behind an `import()` the static imports of
//! the imported module are followed, since they come with it, but no further `import()`
//! (HTML Standard §8.1.4.2, "fetch the descendants of a module script").
//!
//! A module that fails to parse, asks for an unknown type, or has a specifier that resolves to nothing
//! fetches none of its imports.

use std::collections::BTreeSet;
use std::sync::Arc;

use pushgen_policy::{Destination, integrity_metadata};
use url::Url;

use super::closure::{Edge, Edges, Reached, closure};
use super::fetch::Request;
use super::missing::{invalid_url, missing};
use super::page::PageContext;
use super::subresource;
use crate::encoding::decode_utf8;
use crate::finding::{Code, Finding, shown};
use crate::js::bundler::webpack::Chunks;
use crate::js::import_map::ImportMap;
use crate::js::{ModuleRequest, ModuleType, Problem, RequestKind, Script};
use crate::memo::Memo;
use crate::reference::{Content, Reference, When, confidence};
use crate::resolve::{MAX_REFERENCE, SiteTarget, Target};
use crate::site::{FileId, Site};

/// A script as a place in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Node {
    /// A module that is fetched with its importer.
    Module(FileId),
    /// A module that is fetched when an `import()` runs.
    Imported(FileId),
    /// A classic script, which can only call `import()`.
    Classic(FileId),
}

impl Node {
    pub(super) fn file(self) -> FileId {
        let (Self::Module(file) | Self::Imported(file) | Self::Classic(file)) = self;
        file
    }
}

/// Every script of a site that some page asks for.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    /// By file and whether it is a classic script: the same text parses in two ways.
    parsed: Memo<(FileId, bool), Parsed>,
    spaces: Memo<ImportMap, Space>,
}

#[derive(Debug)]
struct Parsed {
    script: Script,
    findings: Vec<Finding>,
}

/// The module graph under one import map.
#[derive(Debug, Default)]
pub(super) struct Space {
    map: ImportMap,
    edges: Memo<Node, ScriptEdges>,
    closures: Memo<Node, Vec<Reached>>,
}

/// The edges of a script with what was noticed on the way.
#[derive(Debug)]
pub(super) struct ScriptEdges {
    pub(super) edges: Vec<Edge<Node>>,
    pub(super) findings: Vec<Finding>,
}

impl Edges<Node> for Arc<ScriptEdges> {
    fn edges(&self) -> &[Edge<Node>] {
        &self.edges
    }
}

impl Modules {
    /// The module graph under an import map; pages with the same map share it.
    pub(super) fn space(&self, map: &ImportMap) -> Arc<Space> {
        self.spaces.get(map, || Space {
            map: map.clone(),
            ..Space::default()
        })
    }

    /// What was noticed about the scripts.
    pub(crate) fn findings(&self) -> BTreeSet<Finding> {
        let mut findings = BTreeSet::new();
        for parsed in self.parsed.values() {
            findings.extend(parsed.findings.iter().cloned());
        }
        for edges in self
            .spaces
            .values()
            .iter()
            .flat_map(|space| space.edges.values())
        {
            findings.extend(edges.findings.iter().cloned());
        }
        findings
    }

    /// What a script that a document names says of webpack's chunks.
    pub(super) fn chunks(&self, site: &Site, node: Node) -> Option<Arc<Chunks>> {
        self.parsed(site, node).script.chunks.clone()
    }

    fn parsed(&self, site: &Site, node: Node) -> Arc<Parsed> {
        let is_classic = matches!(node, Node::Classic(_));
        let file = node.file();
        self.parsed
            .get(&(file, is_classic), || parse(site, file, is_classic))
    }
}

fn parse(site: &Site, file: FileId, classic: bool) -> Parsed {
    let bytes = match subresource::read(site, file, "script") {
        Ok(bytes) => bytes,
        Err(finding) => {
            return Parsed {
                script: Script::default(),
                findings: vec![finding],
            };
        }
    };
    // A browser runs no module that is not served as JavaScript.
    if !classic && !site.media_type(file).ends_with("javascript") {
        return Parsed {
            script: Script::default(),
            findings: Vec::new(),
        };
    }
    let text = decode_utf8(bytes).text;
    let script = if classic {
        Script::parse_classic(&text)
    } else {
        Script::parse_module(&text)
    };
    let name = site.name(file);
    let findings = script
        .problem
        .iter()
        .map(|problem| unparsable(&name, problem, 1))
        .collect();
    Parsed { script, findings }
}

/// `first_line` is the line that the script's text begins on.
pub(super) fn unparsable(file: &str, problem: &Problem, first_line: u32) -> Finding {
    let message = format!(
        "the script does not parse, so none of it runs: {}",
        shown(&problem.message)
    );
    Finding::new(Code::UnparsableScript, file, message)
        .line(first_line + problem.line.saturating_sub(1))
        .column(problem.column)
}

impl Space {
    /// Everything behind a script, depth-first.
    pub(super) fn closure(&self, context: PageContext<'_>, root: Node) -> Arc<Vec<Reached>> {
        self.closures.get(&root, || {
            closure(root, |node| {
                self.edges.get(&node, || self.edges_of(context, node))
            })
        })
    }

    fn edges_of(&self, context: PageContext<'_>, node: Node) -> ScriptEdges {
        let file = node.file();
        let parsed = context.modules.parsed(context.site, node);
        let name: Arc<str> = context.site.name(file).into();
        let url = context.resolver.url(&context.site.url_path(file));
        let mut read = self.edges(context, &parsed.script, &url, &|line| {
            (Arc::clone(&name), line)
        });
        for edge in read.edges.iter().filter(|edge| edge.request.file.is_none()) {
            read.findings.push(missing(
                context,
                &edge.request.path,
                &name,
                edge.line,
                &edge.text,
            ));
        }
        if let Node::Imported(_) = node {
            // What an imported module imports dynamically is two runs of scripts away.
            read.edges.retain(|edge| edge.request.when == When::Load);
            for edge in &mut read.edges {
                (edge.request.when, edge.request.confidence) = (When::Late, confidence::SCRIPT);
                edge.node = edge.node.map(|node| Node::Imported(node.file()));
            }
        }
        read
    }

    /// The requests of a script whose URL is `base`. `place` tells file and line of a script's line.
    pub(super) fn edges(
        &self,
        context: PageContext<'_>,
        script: &Script,
        base: &Url,
        place: &dyn Fn(u32) -> (Arc<str>, u32),
    ) -> ScriptEdges {
        let mut read = ScriptEdges {
            edges: Vec::new(),
            findings: Vec::new(),
        };
        let mut fails = script.unknown_module_type().is_some();
        for request in &script.imports {
            let (file, line) = place(request.line);
            match self.resolve(context, request, base) {
                // A list is what a tool wrote: what is not there was left out of the site on purpose.
                Ok((Target::Site(target), _)) if is_listed(request) && target.file.is_none() => {}
                Ok((Target::Site(target), integrity)) => {
                    let location = format!("{file}:{line}").into();
                    read.edges
                        .push(edge(request, Found { target, integrity }, location, line));
                }
                Ok((Target::Elsewhere(_) | Target::NoRequest, _)) => {}
                Ok((Target::Invalid, _)) if is_listed(request) => {}
                Ok((Target::Invalid, _)) => {
                    fails |= is_static(request);
                    read.findings
                        .push(invalid_url(&file, line, &request.specifier));
                }
                Err(reason) => {
                    fails |= is_static(request);
                    let finding = Finding::new(Code::UnresolvedSpecifier, &*file, reason)
                        .line(line)
                        .column(request.column)
                        .text(&request.specifier);
                    read.findings.push(match is_static(request) {
                        true => finding.help("give a path that begins with ./, ../ or /, or an import map; browsers know no packages"),
                        false => finding,
                    });
                }
            }
        }
        if fails {
            read.edges.retain(|edge| edge.request.when != When::Load);
        }
        // What a module imports is evaluated before it; lists stand at the head of their files.
        read.edges.sort_by_key(|edge| edge.request.when);
        read
    }

    /// Where a request leads, with the integrity that the import map gives it.
    fn resolve(
        &self,
        context: PageContext<'_>,
        request: &ModuleRequest,
        base: &Url,
    ) -> Result<(Target, Option<Arc<str>>), String> {
        if request.specifier.len() > MAX_REFERENCE {
            return Ok((Target::Invalid, None));
        }
        if request.kind == RequestKind::NewUrl || is_listed(request) {
            return Ok((context.resolver.resolve(base, &request.specifier), None));
        }
        match self.map.resolve(&request.specifier, base) {
            Ok(url) => {
                let integrity = self.map.integrity(&url).and_then(integrity_metadata);
                Ok((context.resolver.target(&url), integrity.map(Arc::from)))
            }
            Err(unresolved) => Err(format!("{}: {unresolved}", shown(&request.specifier))),
        }
    }
}

/// What a request was resolved to.
struct Found {
    target: SiteTarget,
    integrity: Option<Arc<str>>,
}

fn is_static(request: &ModuleRequest) -> bool {
    matches!(request.kind, RequestKind::Static { .. })
}

fn is_listed(request: &ModuleRequest) -> bool {
    matches!(request.kind, RequestKind::Listed { .. })
}

fn edge(asked: &ModuleRequest, found: Found, location: Arc<str>, line: u32) -> Edge<Node> {
    let file = found.target.file;
    let reference = Reference::new("", Destination::Script, line);
    let of = |destination| Reference {
        destination,
        ..reference.clone()
    };
    let (reference, node) = match asked.kind {
        RequestKind::Static {
            module_type: ModuleType::Json,
        } => (of(Destination::Json), None),
        RequestKind::Static {
            module_type: ModuleType::Css,
        } => (of(Destination::Style), None),
        // Fetch's destination `text` has no name in a policy; servers and security policies treat it as this.
        RequestKind::Static {
            module_type: ModuleType::Text,
        } => (of(Destination::Fetch), None),
        RequestKind::Static { .. } => (reference.content(Content::Module), file.map(Node::Module)),
        RequestKind::Dynamic => (
            reference.content(Content::Module).late(confidence::SCRIPT),
            file.map(Node::Imported),
        ),
        RequestKind::NewUrl => (of(Destination::Fetch).late(confidence::MENTIONED), None),
        RequestKind::Listed { in_use, module } => {
            let sure = match in_use {
                true => confidence::SCRIPT,
                false => confidence::MENTIONED,
            };
            // What a list names comes with all that it needs: nothing behind it is asked for anew.
            let listed = match asked.specifier.ends_with(".css") {
                true => of(Destination::Style),
                false if module => reference.content(Content::Module),
                false => reference.content(Content::Script),
            };
            (listed.late(sure), None)
        }
    };
    let request = Request::of(&reference, found.target.path.into(), file, location);
    Edge {
        request: Request {
            integrity: found.integrity,
            ..request
        },
        // A module runs, and `blocking=render` ends, when its static imports are there.
        inherits_blocking: is_static(asked),
        line,
        text: asked.specifier.clone(),
        node,
    }
}
