//! Results as they are printed: aligned for people, or as a Markdown table.

/// Rows of cells under their titles. Columns but the first hold numbers.
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
    markdown: bool,
}

impl Table {
    pub(crate) fn new(titles: &[&str], markdown: bool) -> Self {
        Self {
            rows: vec![titles.iter().map(|title| (*title).to_owned()).collect()],
            markdown,
        }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    pub(crate) fn print(&self) {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column: usize| {
            let cells = self.rows.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        for (index, row) in self.rows.iter().enumerate() {
            if self.markdown {
                println!("| {} |", row.join(" | "));
                if index == 0 {
                    println!("| --- |{}", " ---: |".repeat(columns.saturating_sub(1)));
                }
                continue;
            }
            let mut line = String::new();
            for (column, (cell, &width)) in row.iter().zip(&widths).enumerate() {
                line += &match column {
                    0 => format!("{cell:<width$}"),
                    _ => format!("  {cell:>width$}"),
                };
            }
            println!("{line}");
        }
        println!();
    }
}
