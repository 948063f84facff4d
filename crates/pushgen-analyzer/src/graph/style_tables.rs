//! The tables of styles that pages leave for each other.
//!
//! In: the table of a page that was worked out. Out: that table for a page with the same sheets at the same viewport.
//! Pages with a `style` element have one of their own.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use super::sheets::ParsedSheet;
use crate::style::{LayerId, LayerRanks, StyleTable};
use crate::viewport::Viewport;

/// Tables that are kept. A site has few sets of sheets, each thread one table of each at every viewport.
const MAX_TABLES: usize = 64;

/// What a table was made for.
#[derive(Debug)]
pub(super) struct TableKey {
    pub(super) sheets: Vec<TableSheet>,
    pub(super) layers: LayerRanks,
    pub(super) viewport: Viewport,
    pub(super) is_quirks: bool,
}

/// A sheet file in force, and the layers that its rules are in.
#[derive(Debug)]
pub(super) struct TableSheet {
    pub(super) parsed: Arc<Option<ParsedSheet>>,
    pub(super) layer: LayerId,
    pub(super) layers: Vec<LayerId>,
}

impl PartialEq for TableSheet {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.parsed, &other.parsed)
            && self.layer == other.layer
            && self.layers == other.layers
    }
}

impl PartialEq for TableKey {
    fn eq(&self, other: &Self) -> bool {
        self.viewport == other.viewport
            && self.is_quirks == other.is_quirks
            && self.sheets == other.sheets
            && self.layers == other.layers
    }
}

/// The tables that no page uses at the moment.
#[derive(Debug, Default)]
pub(crate) struct StyleTables(Mutex<VecDeque<(TableKey, StyleTable)>>);

impl StyleTables {
    /// Takes out a table for these sheets.
    pub(super) fn take(&self, key: &TableKey) -> Option<StyleTable> {
        // Nothing can panic under the lock, so a poisoned one is whole.
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = tables.iter().position(|(known, _)| known == key)?;
        tables.remove(at).map(|(_, table)| table)
    }

    /// Puts a table back, in the place of the one that was not asked for the longest.
    pub(super) fn put(&self, key: TableKey, table: StyleTable) {
        let mut tables = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tables.truncate(MAX_TABLES - 1);
        tables.push_front((key, table));
    }
}
