//! `--trace`: HAR files in, traces out.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use pushgen_analyzer::{MAX_TRACE, Trace};

use crate::cli::TraceArguments;

/// Reads the files.
pub(super) fn read(arguments: &TraceArguments) -> anyhow::Result<Vec<Trace>> {
    arguments.trace.iter().map(|file| read_one(file)).collect()
}

fn read_one(file: &Path) -> anyhow::Result<Trace> {
    let name = file.display().to_string();
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|opened| opened.take(MAX_TRACE + 1).read_to_end(&mut bytes))
        .with_context(|| {
            format!("cannot read the trace {name}: give a HAR file, as the browser's network panel exports it")
        })?;
    // Where its requests are shown, the folder is of no use.
    let short = file.file_name().unwrap_or(file.as_os_str());
    Trace::parse(&short.to_string_lossy(), &bytes)
        .with_context(|| format!("cannot use the trace {name}"))
}
