//! `pushgen analyze`: a site in, its push policy out, with a report of what was noticed.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use pushgen_analyzer::Analyzer;

use super::{traces, use_threads};
use crate::cli::{Analyze, Arguments, Format};
use crate::output::{file, findings, stdout, summary};
use crate::progress::Progress;

pub(crate) fn run(command: &Analyze, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let to_stdout = command.output == Path::new("-");
    if to_stdout && command.format == Format::Json {
        bail!("-o - and --format json both want standard output; give the policy a file with -o");
    }
    use_threads(command.site.jobs)?;
    let started = Instant::now();
    let site = command.site.load()?;
    let mut options = command.plan.complete(command.site.options());
    options.traces = traces::read(&command.traces)?;
    let analyzer = Analyzer::new(&site, options);
    let quiet = arguments.quiet > 0 || command.format == Format::Json;
    let progress = Progress::new(site.pages().len(), quiet);
    let analysis = analyzer
        .analyze(&|| progress.page_done())
        .context("the site does not fit a policy")?;
    progress.finish();

    let policy = analysis.policy.to_json();
    if to_stdout {
        stdout::data(|out| out.write_all(policy.as_bytes()))?;
    } else {
        file::write(&command.output, policy.as_bytes())?;
    }
    let run = summary::Run {
        seconds: started.elapsed().as_secs_f64(),
        output: &command.output,
    };
    match command.format {
        Format::Json => {
            findings::json(&analysis.findings)?;
            summary::json(&analysis, &run)?;
        }
        Format::Human => {
            findings::human(&analysis.findings, &site, arguments)?;
            if arguments.quiet == 0 {
                summary::human(&analysis, &run)?;
            }
        }
    }
    let fails = analysis
        .findings
        .iter()
        .any(|finding| command.fail_on.includes(finding.severity));
    Ok(ExitCode::from(u8::from(fails)))
}
