//! `pushgen graph`: what a browser fetches for each page, as JSON Lines on standard output.
//!
//! One object a page; its fields are those of [`pushgen_analyzer::PageGraph`]. Pages come in the order of
//! their paths, or in the order that `--page` names them in.

use std::io::{BufWriter, Write};
use std::process::ExitCode;

use pushgen_analyzer::{Analyzer, FileId, PageGraph};
use rayon::prelude::*;

use super::{find_page, use_threads};
use crate::cli::{Arguments, Graph};
use crate::progress::Progress;

/// Pages that are worked out before they are printed.
const CHUNK: usize = 256;

pub(crate) fn run(command: &Graph, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use_threads(command.site.jobs)?;
    let site = command.site.load()?;
    let pages: Vec<FileId> = match command.page.as_slice() {
        [] => site.pages().to_vec(),
        named => named
            .iter()
            .map(|page| find_page(&site, page))
            .collect::<Result<_, _>>()?,
    };
    let analyzer = Analyzer::new(&site, command.site.options());
    let progress = Progress::new(pages.len(), arguments.quiet > 0);
    let mut stdout = BufWriter::new(std::io::stdout().lock());
    for chunk in pages.chunks(CHUNK) {
        let graphs: Vec<PageGraph> = chunk
            .par_iter()
            .map(|page| {
                let graph = analyzer.page(*page).graph;
                progress.page_done();
                graph
            })
            .collect();
        for graph in &graphs {
            serde_json::to_writer(&mut stdout, graph)?;
            stdout.write_all(b"\n")?;
        }
    }
    stdout.flush()?;
    progress.finish();
    Ok(ExitCode::SUCCESS)
}
