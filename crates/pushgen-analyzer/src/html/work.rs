//! How much work a document makes for the tree builder, and when it is too much.
//!
//! The tree construction algorithm is quadratic on hostile input: scope checks walk the stack of open
//! elements, formatting elements that were not closed are compared with each other and rebuilt in every
//! paragraph, and misplaced table content is put before a sibling that has to be searched for. In: what
//! the sink sees. Out: [`Stopped`], when a limit is passed. No real page of fifteen large sites comes near.

use std::cell::Cell;

use html5ever::{LocalName, local_name};

/// How deep elements may nest: browsers put what is deeper beside each other, so that the tree from
/// here on would not be theirs.
const MAX_DEPTH: usize = 512;

/// How many elements more than bytes a document may make.
const SPARE_ELEMENTS: usize = 100_000;

/// How many elements a document may make in all; each takes about half a kilobyte while it is parsed.
const MAX_ELEMENTS: usize = 2_000_000;

/// How many siblings may be searched.
const MAX_SEARCHED: usize = 200_000_000;

/// How many attributes of formatting elements may be compared, for a document and for each byte of it.
const MAX_COMPARED: usize = 20_000_000;
const MAX_COMPARED_PER_BYTE: usize = 4;

/// Comparing counts below elements that nest deeper than in ordinary pages.
const ORDINARY_DEPTH: usize = 64;

/// Why a document was not read to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Elements nest too deeply.
    Depth { line: u32 },
    /// There are too many elements, or those that are not closed multiply.
    Growth { line: u32 },
    /// A tag with an absurd number of attributes.
    Attributes { line: u32 },
}

/// The work so far.
#[derive(Debug, Default)]
pub(super) struct Work {
    elements: Cell<usize>,
    searched: Cell<usize>,
    compared: Cell<usize>,
    /// The depth when it was last looked at, and the elements made since.
    depth: Cell<usize>,
    recent: Cell<usize>,
}

impl Work {
    /// An element is made.
    pub(super) fn element(&self, name: &LocalName, attributes: usize) {
        self.elements.set(self.elements.get() + 1);
        self.recent.set(self.recent.get() + 1);
        if self.depth.get() > ORDINARY_DEPTH && is_formatting(name) {
            let open = self.depth.get() + self.recent.get();
            self.compared
                .set(self.compared.get() + open * (1 + attributes));
        }
    }

    /// How many elements were made.
    pub(super) fn elements(&self) -> usize {
        self.elements.get()
    }

    /// Misplaced content is put before one of so many siblings.
    pub(super) fn search(&self, siblings: usize) {
        self.searched.set(self.searched.get() + siblings);
    }

    /// Looks at the limits, `depth` levels deep in a document of `bytes`.
    pub(super) fn look(&self, depth: usize, bytes: usize, line: u32) -> Option<Stopped> {
        self.depth.set(depth);
        self.recent.set(0);
        if depth > MAX_DEPTH {
            return Some(Stopped::Depth { line });
        }
        let grows = self.elements.get() > (bytes + SPARE_ELEMENTS).min(MAX_ELEMENTS)
            || self.searched.get() > MAX_SEARCHED
            || self.compared.get() > MAX_COMPARED + MAX_COMPARED_PER_BYTE * bytes;
        grows.then_some(Stopped::Growth { line })
    }
}

/// HTML §13.2.4.3: the elements that the list of active formatting elements holds.
fn is_formatting(name: &LocalName) -> bool {
    matches!(
        *name,
        local_name!("a")
            | local_name!("b")
            | local_name!("big")
            | local_name!("code")
            | local_name!("em")
            | local_name!("font")
            | local_name!("i")
            | local_name!("nobr")
            | local_name!("s")
            | local_name!("small")
            | local_name!("strike")
            | local_name!("strong")
            | local_name!("tt")
            | local_name!("u")
    )
}
