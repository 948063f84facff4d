//! The style sheets of a page: their imports, and what the page's elements make of the rest.
//!
//! In: sheets in document order. Out: requests, added to the page; those for fonts and images when the whole page is known.

use std::sync::Arc;

use pushgen_policy::Class;

use super::super::fetch::Request;
use super::super::largest_paint::LcpImage;
use super::super::sheets::{self, Surroundings};
use super::super::style_use::StyledDocument;
use super::{Awaiting, Builder, Root};
use crate::css::StyleSheet;
use crate::finding::{Code, Finding};
use crate::html::{Dom, Effect, Where};
use crate::lcp::PLANNED;
use crate::reference::{When, confidence};
use crate::style::PageMatches;

impl Builder<'_> {
    /// What an inline sheet or `style` attribute names.
    pub(super) fn style(&mut self, sheet: &StyleSheet, line: u32, effect: Effect) {
        let surroundings = Surroundings {
            applies: effect.applies,
            encoding: self.encoding,
            viewport: self.context.viewport,
        };
        let read = sheets::edges(sheet, surroundings, &|url| self.resolve(url), &|at| {
            (Arc::clone(&self.name), line + at.saturating_sub(1))
        });
        self.findings.extend(read.problems);
        if effect.blocking.render {
            self.foreign_blocker = self.foreign_blocker.take().or(read.foreign);
        }
        for edge in read.edges {
            let node = edge.node;
            if let Some((root, node)) = self
                .inline_edge(edge, effect.blocking, effect.confidence)
                .zip(node)
            {
                let root = Root {
                    blocking: effect.imports,
                    ..root
                };
                self.follow_sheet(node, &root);
            }
        }
    }

    pub(super) fn follow_sheet(&mut self, sheet: sheets::Node, root: &Root) {
        let way = (sheet, root.blocking, root.when, root.confidence.to_bits());
        if !self.followed.insert(way) {
            return;
        }
        let behind = self.context.sheets.closure(self.context, sheet);
        if root.blocking.render && self.foreign_blocker.is_none() {
            self.foreign_blocker.clone_from(&behind.foreign);
        }
        self.add_reached(&behind.reached, root, None);
    }

    /// Adds what the page's elements make of its style.
    pub(super) fn add_style_use(&mut self, dom: &Dom, matches: &mut PageMatches) {
        let style = std::mem::take(&mut self.style);
        let awaiting = std::mem::take(&mut self.awaiting);
        let name = Arc::clone(&self.name);
        let document = StyledDocument {
            dom,
            name: &name,
            encoding: self.encoding,
            base: &self.base,
            policies: &self.policies,
            must_know: !awaiting.is_empty(),
        };
        let used = style.requests(self.context, document, matches);
        for Awaiting {
            request,
            element,
            line,
            text,
        } in awaiting
        {
            if used.is_stopped || used.absent.get(element) != Some(&true) {
                self.add_named(request, line, &text);
            }
        }
        for request in used.requests {
            if !self.policies.allows(request.destination, Where::Own) {
                continue;
            }
            let (when, depth) = match &request.initiator {
                None => (When::Load, 0),
                Some(path) => match self.by_path.get(path).and_then(|at| self.fetches.get(*at)) {
                    Some(sheet) => (sheet.when, sheet.depth),
                    None => continue,
                },
            };
            let request = Request {
                when: request.when.max(when),
                depth: depth + 1,
                ..request
            };
            self.add(match used.is_stopped {
                // What was not seen could say otherwise.
                true => Request {
                    when: request.when.max(When::Conditional),
                    confidence: request.confidence.min(confidence::LAYOUT),
                    ..request
                },
                false => request,
            });
        }
        self.lcp = used.lcp.and_then(|lcp| self.fetched(lcp));
        let unused = std::mem::take(&mut self.unused);
        if used.is_stopped {
            let message =
                "the style of the page is too complex: which fonts and images it uses is not known";
            self.findings.push(
                Finding::new(Code::StyleTooComplex, &*self.name, message)
                    .help("they are left as conditional; nothing is planned from them"),
            );
            for request in unused {
                self.add(request);
            }
        }
    }

    /// The largest paint, if the page does ask for its image.
    pub(super) fn fetched(&mut self, lcp: LcpImage) -> Option<LcpImage> {
        let fetch = self.fetches.get_mut(*self.by_path.get(&lcp.path)?)?;
        if fetch.class == Class::Image && lcp.confidence >= PLANNED {
            fetch.class = Class::Lcp;
        }
        Some(lcp)
    }
}
