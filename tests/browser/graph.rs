//! What `pushgen` predicts: the binary is run and its JSON read.
//!
//! In: a folder, a viewport and pages. Out: the graph of each page, and the paths of its plan.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

use crate::Viewport;

/// A line of `pushgen graph`.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct PageGraph {
    pub(crate) page: String,
    pub(crate) fetches: Vec<Fetch>,
}

#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Fetch {
    pub(crate) path: String,
    pub(crate) destination: String,
    pub(crate) class: String,
    pub(crate) depth: u32,
    pub(crate) render_blocking: bool,
    pub(crate) parser_blocking: bool,
    pub(crate) when: String,
    #[serde(default)]
    pub(crate) missing: bool,
    /// Where it is named: `css/style.css:12`.
    pub(crate) location: Option<String>,
}

impl Fetch {
    /// The graph is sure of it.
    pub(crate) fn is_certain(&self) -> bool {
        self.when == "load"
    }
}

impl PageGraph {
    pub(crate) fn fetch(&self, path: &str) -> Option<&Fetch> {
        self.fetches.iter().find(|fetch| fetch.path == path)
    }
}

/// The graphs of these pages, by URL or by file; of all pages if there are none. With the trace, if that file exists.
pub(crate) fn graphs(
    dist: &Path,
    viewport: Viewport,
    pages: &[String],
    trace: Option<&Path>,
) -> anyhow::Result<Vec<PageGraph>> {
    let mut command = pushgen("graph", dist, viewport);
    if let Some(trace) = trace.filter(|it| it.is_file()) {
        command.arg("--trace").arg(trace);
    }
    for page in pages {
        command.args(["--page", page]);
    }
    let lines = output(&mut command)?;
    let lines = lines.lines().map(|line| Ok(serde_json::from_str(line)?));
    lines.collect()
}

/// The paths that the plan of a page sends ahead or hints.
pub(crate) fn plan(dist: &Path, viewport: Viewport, page: &str) -> anyhow::Result<Vec<String>> {
    #[derive(Deserialize)]
    struct Explained {
        plan: Plan,
    }
    #[derive(Deserialize)]
    struct Plan {
        entries: Vec<Entry>,
    }
    #[derive(Deserialize)]
    struct Entry {
        path: String,
    }
    let mut command = pushgen("explain", dist, viewport);
    let explained = output(command.args(["--format", "json", page]))?;
    let explained: Explained = serde_json::from_str(&explained)?;
    let entries = explained.plan.entries.into_iter();
    Ok(entries.map(|entry| entry.path).collect())
}

fn pushgen(command: &str, dist: &Path, viewport: Viewport) -> Command {
    let size = format!("{}x{}", viewport.width, viewport.height);
    let dpr = viewport.dpr.to_string();
    let arguments: [&OsStr; 6] = [
        command.as_ref(),
        dist.as_os_str(),
        "--viewport".as_ref(),
        size.as_ref(),
        "--dpr".as_ref(),
        dpr.as_ref(),
    ];
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushgen"));
    command.args(arguments);
    command
}

fn output(command: &mut Command) -> anyhow::Result<String> {
    let output = command.output().context("pushgen does not start")?;
    if !output.status.success() {
        bail!("{}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
