//! `pushgen`, the command line: arguments in, a policy, a graph or an explanation out.
//!
//! Standard output carries data, standard error speaks to people. Exit status: 0 when all is well, 1 when
//! there are findings at or above `--fail-on` or a policy is out of date, 2 when something cannot be done.
//! Nothing else in the workspace prints or exits.

mod cli;
mod commands;
#[cfg(feature = "measure")]
mod measure;
mod output;
mod page_plan;
mod policy_file;
mod progress;
mod report;
#[cfg(feature = "serve")]
mod serve;

use std::io;
use std::process::ExitCode;

use clap::Parser;

use cli::{Arguments, Command};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.color.apply();
    match run(&arguments) {
        Ok(code) => code,
        // A reader that has seen enough, such as `head`, is no failure.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            output::error(&error);
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::Analyze(command) => commands::analyze::run(command, arguments),
        Command::Graph(command) => commands::graph::run(command, arguments),
        Command::Explain(command) => commands::explain::run(command, arguments),
        Command::Simulate(command) => commands::simulate::run(command, arguments),
        Command::Report(command) => commands::report::run(command, arguments),
        Command::Check(command) => commands::check::run(command, arguments),
        #[cfg(feature = "serve")]
        Command::Serve(command) => commands::serve::run(command, arguments),
        #[cfg(feature = "measure")]
        Command::Measure(command) => commands::measure::run(command, arguments),
        Command::Schema => commands::schema::run(),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let direct = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let through_json = cause
            .downcast_ref::<serde_json::Error>()
            .and_then(serde_json::Error::io_error_kind);
        direct.or(through_json) == Some(io::ErrorKind::BrokenPipe)
    })
}
