//! What bundlers write down about fetches to come.
//!
//! In: the text of a script, its syntax tree and its `import()` calls. Out: a [`Bundled`]: files that are listed as URLs
//! relative to the script ([`vite`], [`turbopack`]), and the names and calls of [`webpack`]'s chunks, which only the
//! page can put together. Everything is read from literals; names that are worked out in any other way are left out.
//!
//! Trees are walked only around places where the text holds what the bundler in question always writes.

mod turbopack;
mod vite;
pub(crate) mod webpack;

use oxc_ast::ast::Program;

use webpack::Chunks;

/// What a script says about files that it may ask for.
#[derive(Debug, Default)]
pub(super) struct Bundled {
    pub(super) listed: Vec<Listed>,
    pub(super) chunks: Option<Chunks>,
}

/// One file of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Listed {
    /// Byte offset of the literal.
    pub(super) at: u32,
    /// Relative to the script.
    pub(super) url: String,
    /// Whether something in this script asks for it.
    pub(super) in_use: bool,
    /// Whether it is loaded as a module, if it is a script.
    pub(super) module: bool,
}

/// An `import()` of a literal.
#[derive(Debug)]
pub(super) struct ImportCall<'t> {
    /// Byte offset of the literal.
    pub(super) at: u32,
    pub(super) specifier: &'t str,
}

/// Whether a classic script can hold any of this.
pub(super) fn may_bundle(text: &str) -> bool {
    webpack::is_bundle(text) || turbopack::is_bundle(text)
}

/// `imports` are in the order of the text.
pub(super) fn read(text: &str, program: &Program<'_>, imports: &[ImportCall<'_>]) -> Bundled {
    let mut bundled = Bundled::default();
    if program.source_type.is_module() {
        bundled.listed = vite::lists(text, program, imports);
    }
    if turbopack::is_bundle(text) {
        bundled.listed.extend(turbopack::lists(text, program));
    }
    if webpack::is_bundle(text) {
        bundled.chunks = webpack::chunks(text, program);
    }
    // A table of everything that an application has says nothing of the one page.
    if bundled.listed.len() > MAX_LISTED {
        bundled.listed.clear();
    }
    bundled
}

/// More files than this are a table of routes. Of the sites at hand, the largest list has 170.
pub(crate) const MAX_LISTED: usize = 1024;
