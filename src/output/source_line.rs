//! The lines of files that findings point at.
//!
//! In: findings in any order. Out: for each of them the line, or a cut of it, with the place in it. Every file is
//! read once, and no further than to the last line that is asked for.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::path::Path;

use pushgen_analyzer::Finding;

use super::terminal::shown;

/// Lines longer than this are cut around the place: minified pages have one line.
const LINE: usize = 140;

/// In a line longer than this, only so many findings are looked for: each of them may take a pass over it.
const LONG_LINE: usize = 64 * 1024;
const FINDINGS_OF_A_LONG_LINE: usize = 64;

/// A line of a file, or a cut of it, and the place in it; fit for a terminal.
pub(super) struct SourceLine {
    pub(super) text: String,
    pub(super) place: Range<usize>,
    /// Where the place starts in the whole line, in characters from 1.
    pub(super) column: usize,
    pub(super) is_cut: bool,
}

/// A line that a finding asks for; `index` is that of the finding.
struct Wanted<'f> {
    file: &'f str,
    line: u32,
    index: usize,
}

/// The line of each finding; none where the finding has no line, or the file no longer has it.
pub(super) fn source_lines(findings: &[&Finding], root: &Path) -> Vec<Option<SourceLine>> {
    let mut lines: Vec<Option<SourceLine>> = findings.iter().map(|_| None).collect();
    let mut wanted: Vec<Wanted<'_>> = findings
        .iter()
        .enumerate()
        .filter_map(|(index, finding)| {
            Some(Wanted {
                file: &finding.file,
                line: finding.line?,
                index,
            })
        })
        .collect();
    wanted.sort_by_key(|wanted| (wanted.file, wanted.line, wanted.index));
    for of_file in wanted.chunk_by(|a, b| a.file == b.file) {
        let Some(file) = of_file
            .first()
            .and_then(|first| File::open(root.join(first.file)).ok())
        else {
            continue;
        };
        let mut reader = NumberedLines::new(BufReader::new(file));
        for of_line in of_file.chunk_by(|a, b| a.line == b.line) {
            let Some(text) = of_line.first().and_then(|first| reader.line(first.line)) else {
                continue;
            };
            let most = match text.len() > LONG_LINE {
                true => FINDINGS_OF_A_LONG_LINE,
                false => usize::MAX,
            };
            for wanted in of_line.iter().take(most) {
                if let (Some(slot), Some(finding)) =
                    (lines.get_mut(wanted.index), findings.get(wanted.index))
                {
                    *slot = place(finding, text).map(|place| cut(text, place));
                }
            }
        }
    }
    lines
}

/// A file's lines by number, in rising order.
struct NumberedLines<R> {
    reader: R,
    bytes: Vec<u8>,
    /// The number of the line in `bytes`, from 1.
    number: u32,
}

impl<R: BufRead> NumberedLines<R> {
    fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            number: 0,
        }
    }

    /// A line that is not before the one asked for last; `None` if it is not there or not UTF-8.
    fn line(&mut self, number: u32) -> Option<&str> {
        while self.number < number {
            self.bytes.clear();
            if self.reader.read_until(b'\n', &mut self.bytes).ok()? == 0 {
                return None;
            }
            self.number += 1;
        }
        let text = std::str::from_utf8(&self.bytes).ok()?;
        Some(text.trim_end_matches(['\r', '\n']))
    }
}

/// What of a line a finding is about, in bytes.
fn place(finding: &Finding, text: &str) -> Option<Range<usize>> {
    match (&finding.text, finding.column) {
        (Some(part), _) => {
            let start = text.find(part.as_str())?;
            Some(start..start + part.len())
        }
        (None, Some(column)) => {
            let before = (column as usize).saturating_sub(1);
            let mut rest = text.char_indices().skip(before);
            let start = rest.next().map_or(text.len(), |(at, _)| at);
            let end = rest.next().map_or(text.len(), |(at, _)| at);
            Some(start..end)
        }
        (None, None) => Some(0..text.trim_end().len()),
    }
}

/// Cuts a long line around the place.
fn cut(text: &str, place: Range<usize>) -> SourceLine {
    let column = text[..place.start].chars().count() + 1;
    let is_cut = text.len() > LINE;
    let (from, to) = if is_cut {
        let from = text.floor_char_boundary(place.start.saturating_sub(LINE / 4));
        (
            from,
            text.floor_char_boundary((from + LINE).min(text.len())),
        )
    } else {
        (0, text.len())
    };
    let place_end = place.end.clamp(from, to);
    let place_start = place.start.clamp(from, place_end);
    // Tabs are wider than the one column that the place is marked by.
    let piece = |range: Range<usize>| shown(&text[range].replace('\t', " ")).into_owned();
    let before = piece(from..place_start);
    let marked = piece(place_start..place_end);
    let after = piece(place_end..to);
    SourceLine {
        place: before.len()..before.len() + marked.len(),
        text: before + &marked + &after,
        column,
        is_cut,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_cut_around_the_place() {
        let text = format!("{}needle{}", "é".repeat(500), "x".repeat(500));
        let start = text.find("needle").expect("it is there");
        let line = cut(&text, start..start + 6);
        assert!(line.text.len() <= LINE);
        assert_eq!(&line.text[line.place], "needle");
        assert_eq!(line.column, 501);
    }

    #[test]
    fn the_place_stays_where_it_is_when_characters_before_it_are_replaced() {
        let text = "\t\u{1b}[31m needle";
        let start = text.find("needle").expect("it is there");
        let line = cut(text, start..start + 6);
        assert_eq!(line.text, " \u{fffd}[31m needle");
        assert_eq!(&line.text[line.place], "needle");
    }

    #[test]
    fn lines_are_found_by_rising_numbers() {
        let mut lines = NumberedLines::new(b"one\r\ntwo\n\xff\nfour".as_slice());
        let asked: [(u32, Option<&str>); 6] = [
            (1, Some("one")),
            (1, Some("one")),
            (2, Some("two")),
            (3, None),
            (4, Some("four")),
            (5, None),
        ];
        for (number, expected) in asked {
            assert_eq!(lines.line(number), expected, "line {number}");
        }
    }
}
