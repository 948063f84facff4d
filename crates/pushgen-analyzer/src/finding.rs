//! Findings: what the analysis noticed about a site, as data. Only the command line prints them.
//!
//! A finding has a stable code, a place (file, line, column as far as they are known) and a way out.
//! Parsing never fails: whatever is wrong with a site becomes a finding, and the rest is analysed.

use std::fmt;

use serde::Serialize;

/// One thing that is wrong with the site, or that the analysis could not read.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// The file it is about, relative to the site's root, with `/` between folders.
    pub file: String,
    /// Line, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Column in characters, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<u32>,
    /// Which kind of finding.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in one line.
    pub message: String,
    /// The piece of the file's text that the finding is about, as it is written there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The way out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

/// How bad a finding is. `--fail-on` compares with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Part of the site could not be analysed, so the policy may lack something.
    Error,
    /// The site asks for something that it does not have, or asks for it in vain.
    Warning,
}

/// The kinds of findings; their names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// A page, style sheet or script refers to a same-site file that is not there.
    MissingAsset,
    /// A file could not be read or listed.
    UnreadableFile,
    /// A symbolic link points outside the site's root.
    SymlinkLeavesRoot,
    /// A symbolic link leads back to a folder that contains it.
    SymlinkLoop,
    /// A symbolic link points to nothing.
    SymlinkBroken,
    /// A document is larger than the analysis reads.
    TooLarge,
    /// A document nests so deeply, or grows so much when it is parsed, that the rest was not read.
    TooDeep,
    /// A file named like a text file holds binary data.
    NotText,
    /// Bytes that are not valid in the document's encoding.
    MalformedEncoding,
    /// A reference that is no valid URL.
    InvalidUrl,
    /// A script that does not parse; a browser would run none of it.
    UnparsableScript,
    /// A style sheet with text that loses references.
    UnparsableStyle,
    /// Style with more to work out than is done for a page: fonts and images may be missing.
    StyleTooComplex,
    /// An import map that browsers ignore, wholly or in part.
    InvalidImportMap,
    /// A module specifier that resolves to no URL.
    UnresolvedSpecifier,
    /// A font preload without `crossorigin`, which is fetched twice.
    FontPreloadWithoutCrossorigin,
    /// A file is not what an `integrity` attribute says of it.
    IntegrityMismatch,
    /// A trace without a load of any page of the site.
    TraceOfNoPage,
    /// Two files answer to one URL.
    AmbiguousUrl,
    /// A page whose path servers may read in another way, so that the policy cannot name it.
    UnplannablePage,
}

impl Code {
    /// The stable name, such as `missing-asset`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::MissingAsset => "missing-asset",
            Self::UnreadableFile => "unreadable-file",
            Self::SymlinkLeavesRoot => "symlink-leaves-root",
            Self::SymlinkLoop => "symlink-loop",
            Self::SymlinkBroken => "symlink-broken",
            Self::TooLarge => "too-large",
            Self::TooDeep => "too-deep",
            Self::NotText => "not-text",
            Self::MalformedEncoding => "malformed-encoding",
            Self::InvalidUrl => "invalid-url",
            Self::UnparsableScript => "unparsable-script",
            Self::UnparsableStyle => "unparsable-style",
            Self::StyleTooComplex => "style-too-complex",
            Self::InvalidImportMap => "invalid-import-map",
            Self::UnresolvedSpecifier => "unresolved-specifier",
            Self::FontPreloadWithoutCrossorigin => "font-preload-without-crossorigin",
            Self::IntegrityMismatch => "integrity-mismatch",
            Self::TraceOfNoPage => "trace-of-no-page",
            Self::AmbiguousUrl => "ambiguous-url",
            Self::UnplannablePage => "unplannable-page",
        }
    }

    /// Errors are what leaves part of the site unread; all else is a warning.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::UnreadableFile | Self::TooLarge | Self::TooDeep | Self::NotText => {
                Severity::Error
            }
            _ => Severity::Warning,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

impl Finding {
    /// A finding about a whole file.
    pub(crate) fn new(code: Code, file: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            line: None,
            column: None,
            code,
            severity: code.severity(),
            message: message.into(),
            text: None,
            help: None,
        }
    }

    pub(crate) fn line(mut self, line: u32) -> Self {
        self.line = Some(line);
        self
    }

    pub(crate) fn column(mut self, column: u32) -> Self {
        self.column = Some(column);
        self
    }

    pub(crate) fn text(mut self, text: &str) -> Self {
        self.text = Some(text.to_owned());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// `file`, `file:line` or `file:line:column`, as far as the place is known.
    #[must_use]
    pub fn location(&self) -> String {
        match (self.line, self.column) {
            (Some(line), Some(column)) => format!("{}:{line}:{column}", self.file),
            (Some(line), None) => format!("{}:{line}", self.file),
            _ => self.file.clone(),
        }
    }
}

/// At most this many characters of a foreign text are repeated in a message.
const SHOWN: usize = 120;

/// A foreign text as it may stand in a message: on one line, without control characters, cut to a
/// readable length.
pub(crate) fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .take(SHOWN)
        .map(|c| if c.is_control() { '\u{fffd}' } else { c })
        .collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_or_wild_text_is_cut_to_one_readable_line() {
        assert_eq!(shown("a.css"), "a.css");
        assert_eq!(shown("a\r\nb"), "a\u{fffd}\u{fffd}b");
        let long = "../".repeat(300_000);
        assert_eq!(shown(&long).chars().count(), SHOWN + 1);
    }
}
