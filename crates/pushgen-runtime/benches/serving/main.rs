//! What serving costs, beside hyper's own server and beside other servers that push.
//!
//! In: the parts to measure. Out: for each cell the medians of the contenders and their ratio within a round, as
//! text or as Markdown tables. `benches/README.md` says what is measured and what is not.
//!
//! Each server is a process of its own, so that its processor time and memory can be told from the
//! client's. The machine may be busy with other things: the contenders take turns, in another order each
//! round, and the ratio is the median of the ratios within the rounds.

mod client;
mod contender;
mod h2load;
mod idle;
mod pages;
mod peers;
mod plain;
mod processes;
mod site;
mod spread;
mod table;

use std::error::Error;
use std::time::Duration;

use clap::{Parser, ValueEnum};

use crate::contender::Contender;

/// Measures what serving costs, beside hyper's own server and beside other servers that push.
#[derive(Debug, Parser)]
#[command(name = "cargo bench -p pushgen-runtime --bench serving --")]
struct Arguments {
    /// What to measure; everything unless given
    #[arg(value_name = "PART")]
    parts: Vec<Part>,

    /// Only cells whose name has this in it
    #[arg(long, value_name = "TEXT", default_value = "")]
    only: String,

    /// How often each contender takes its turn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// How long one turn takes, in tenths of a second
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..))]
    tenths: u16,

    /// How many threads each server has
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: u16,

    /// Tables for a README
    #[arg(long)]
    markdown: bool,

    /// Serves until standard input ends: what the parent runs as a child
    #[arg(long, hide = true)]
    serve: Option<Contender>,

    /// The child serves over TLS
    #[arg(long, hide = true)]
    tls: bool,

    /// Cargo adds this
    #[arg(long, hide = true)]
    bench: bool,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Requests without pushes, beside hyper
    Plain,
    /// Pages with three pushes each, beside other servers
    Pages,
    /// Memory of idle connections, beside hyper
    Idle,
}

/// What any of it may fail with; a benchmark only tells it.
type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// How to measure.
struct Plan {
    only: String,
    rounds: usize,
    turn: Duration,
    workers: u16,
    markdown: bool,
}

fn main() -> Fallible<()> {
    let arguments = Arguments::parse();
    if let Some(contender) = arguments.serve {
        return contender::serve(contender, arguments.tls, arguments.workers);
    }
    let plan = Plan {
        only: arguments.only,
        rounds: arguments.rounds.into(),
        turn: Duration::from_millis(u64::from(arguments.tenths) * 100),
        workers: arguments.workers,
        markdown: arguments.markdown,
    };
    let is_asked = |part| arguments.parts.is_empty() || arguments.parts.contains(&part);
    if is_asked(Part::Plain) {
        plain::measure(&plan)?;
    }
    if is_asked(Part::Pages) {
        pages::measure(&plan)?;
    }
    if is_asked(Part::Idle) {
        idle::measure(&plan)?;
    }
    Ok(())
}
