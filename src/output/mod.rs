//! What people and programs get to read.

pub(crate) mod file;
pub(crate) mod findings;
mod source_line;
pub(crate) mod stdout;
pub(crate) mod summary;
pub(crate) mod terminal;
pub(crate) mod tree;

use std::io::Write;

use anstyle::{AnsiColor, Style};

pub(crate) const BOLD: Style = Style::new().bold();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();

/// Prints what stopped the run: the error and its causes on one line.
pub(crate) fn error(error: &anyhow::Error) {
    let message = format!("{error:#}");
    // If nobody can be told, the exit status still tells.
    let _ = writeln!(
        anstream::stderr(),
        "{RED}error{RED:#}: {}",
        terminal::shown(&message)
    );
}

/// Prints a line about what the program does.
pub(crate) fn note(line: &str) {
    // If nobody can be told, the work is done all the same.
    let _ = writeln!(anstream::stderr(), "{}", terminal::shown(line));
}

/// Bytes for people: `3.4 kB`.
pub(crate) fn bytes(count: u64) -> String {
    match count {
        0..1_000 => format!("{count} B"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", count as f64 / 1e6),
        _ => format!("{:.1} GB", count as f64 / 1e9),
    }
}

/// A number with its noun: `1 page`, `2 pages`.
pub(crate) fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(count(1, "page"), "1 page");
        assert_eq!(count(48_625, "page"), "48,625 pages");
        assert_eq!(count(1_000_000, "file"), "1,000,000 files");
        assert_eq!(bytes(999), "999 B");
        assert_eq!(bytes(43_800), "43.8 kB");
        assert_eq!(bytes(2_500_000), "2.5 MB");
    }
}
