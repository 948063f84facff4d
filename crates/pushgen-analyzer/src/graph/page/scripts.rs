//! The scripts of a page: its module graph under the import maps, and what bundlers say of chunks.
//!
//! In: scripts in document order. Out: requests, added to the page. Follows HTML §8.1.4-8.1.5 for modules and import maps.

use std::sync::Arc;

use super::super::chunks::{self, ChunkSource};
use super::super::modules::{self, Space};
use super::{Builder, Root};
use crate::finding::{Code, Finding};
use crate::html::Where;
use crate::js::Script;
use crate::js::import_map::ImportMap;
use crate::reference::{Blocking, When, confidence};

/// Import maps of one page that are read: each makes a module graph of its own.
const MAX_IMPORT_MAPS: usize = 64;

impl Builder<'_> {
    pub(super) fn inline_script(&mut self, script: &Script, line: u32) {
        if let Some(problem) = &script.problem {
            self.findings
                .push(modules::unparsable(&self.name, problem, line));
        }
        self.chunk_sources
            .extend(script.chunks.clone().map(|chunks| ChunkSource {
                chunks,
                url: self.base.clone(),
                path: None,
                depth: 0,
                file: Arc::clone(&self.name),
                first_line: line,
            }));
        let space = self.space();
        let read = space.edges(self.context, script, &self.base, &|at| {
            (Arc::clone(&self.name), line + at.saturating_sub(1))
        });
        self.findings.extend(read.findings);
        for edge in read.edges {
            let node = edge.node;
            if let Some((root, node)) = self
                .inline_edge(edge, Blocking::NO, confidence::CERTAIN)
                .zip(node)
            {
                self.follow_script(node, &root);
            }
        }
    }

    pub(super) fn follow_script(&mut self, script: modules::Node, root: &Root) {
        if root.when == When::Load
            && let Some(chunks) = self.context.modules.chunks(self.context.site, script)
        {
            self.chunk_sources.push(ChunkSource {
                chunks,
                url: self.context.resolver.url(&root.path),
                path: Some(Arc::clone(&root.path)),
                depth: 1,
                file: self.context.site.name(script.file()).into(),
                first_line: 1,
            });
        }
        let behind = self.space().closure(self.context, script);
        // The browser waits for a script, and says of nothing that it imports that it does; the credentials
        // mode of a module is that of all its imports (HTML §8.1.4.2).
        let blocking = Blocking::NO;
        self.add_reached(
            &behind,
            &Root {
                blocking,
                ..root.clone()
            },
            root.crossorigin,
        );
    }

    /// What the page's scripts may load by webpack.
    pub(super) fn add_chunks(&mut self) {
        let sources = std::mem::take(&mut self.chunk_sources);
        for request in chunks::requests(self.context, &self.base, &sources) {
            if self.policies.allows(request.destination, Where::Own) {
                self.add(request);
            }
        }
    }

    pub(super) fn add_import_map(&mut self, text: &str, line: u32) {
        self.import_maps += 1;
        if self.import_maps > MAX_IMPORT_MAPS {
            if self.import_maps == MAX_IMPORT_MAPS + 1 {
                let message =
                    format!("more than {MAX_IMPORT_MAPS} import maps; the rest is not analysed");
                self.findings
                    .push(Finding::new(Code::InvalidImportMap, &*self.name, message).line(line));
            }
            return;
        }
        let (map, warnings) = match ImportMap::parse(text, &self.base) {
            Ok(parsed) => parsed,
            Err(invalid) => (
                ImportMap::default(),
                vec![format!("browsers ignore it: {invalid}")],
            ),
        };
        for warning in warnings {
            self.findings
                .push(Finding::new(Code::InvalidImportMap, &*self.name, warning).line(line));
        }
        self.import_map.merge(map);
        self.space = None;
    }

    /// The module graph under the current import map.
    pub(super) fn space(&mut self) -> Arc<Space> {
        let space = self
            .space
            .get_or_insert_with(|| self.context.modules.space(&self.import_map));
        Arc::clone(space)
    }
}
