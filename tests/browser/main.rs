//! The graph beside a real browser: every fixture, or any site (`README.md` in this folder).

mod compare;
#[path = "../../src/measure/devtools.rs"]
mod devtools;
mod fixtures;
mod graph;
mod load;
#[path = "../../src/measure/process_group.rs"]
mod process_group;
mod requests;
mod server;
mod site;

use std::fmt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use anyhow::Context as _;
use clap::Parser;

/// Loads pages in headless Chromium and compares what it asks for with `pushgen graph`.
#[derive(Debug, Parser)]
#[command(name = "browser")]
struct Arguments {
    /// Only the fixtures whose name has one of these in it
    #[arg(value_name = "FIXTURE", conflicts_with = "site")]
    fixtures: Vec<String>,

    /// The folder of a site, instead of the fixtures
    #[arg(long, value_name = "DIST")]
    site: Option<PathBuf>,

    /// A page of the site, by URL or by file; may be given several times
    #[arg(long, value_name = "PAGE", requires = "site")]
    page: Vec<String>,

    /// A file with a page on each line
    #[arg(long, value_name = "FILE", requires = "site")]
    pages: Option<PathBuf>,

    /// How many pages to take if none are named
    #[arg(long, value_name = "N", default_value_t = 50)]
    sample: usize,

    /// Which pages to take
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,

    /// In CSS pixels, with the device pixels of each; may be given several times
    #[arg(
        long,
        value_name = "WxH@N",
        default_values = ["1350x940@1", "412x823@1.75"]
    )]
    viewport: Vec<Viewport>,

    /// How many pages to load at a time
    #[arg(long, value_name = "N", default_value_t = 4)]
    jobs: usize,

    /// Write each load as a line of JSON
    #[arg(long, value_name = "FILE", requires = "site")]
    record: Option<PathBuf>,

    /// Name every page of a difference
    #[arg(long, requires = "site")]
    all: bool,

    /// What `cargo test` passes on to every test program; nothing here heeds it
    #[arg(long, hide = true)]
    nocapture: bool,
}

/// What a page is shown on.
#[derive(Debug, Clone, Copy)]
struct Viewport {
    width: i64,
    height: i64,
    dpr: f64,
}

impl Viewport {
    /// Phones have touch, scroll bars that take no room, and heed `<meta name=viewport>`.
    fn is_phone(self) -> bool {
        self.width < 600
    }
}

impl fmt::Display for Viewport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}@{}", self.width, self.height, self.dpr)
    }
}

impl FromStr for Viewport {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (size, dpr) = text.split_once('@').unwrap_or((text, "1"));
        let parse = || {
            let (width, height) = size.split_once('x')?;
            Some(Self {
                width: width.parse().ok()?,
                height: height.parse().ok()?,
                dpr: dpr.parse().ok()?,
            })
        };
        parse().ok_or_else(|| "it must be such as 412x823@1.75".to_owned())
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if std::env::var("PUSHGEN_SKIP_BROWSERS").is_ok_and(|skip| skip == "1") {
        eprintln!("skipped: PUSHGEN_SKIP_BROWSERS is set");
        return ExitCode::SUCCESS;
    }
    match run(arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn run(arguments: Arguments) -> anyhow::Result<bool> {
    let program = std::env::var_os("PUSHGEN_TEST_CHROMIUM")
        .map(PathBuf::from)
        .context("PUSHGEN_TEST_CHROMIUM must say where Chromium is; tests/run installs it")?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let Some(dist) = arguments.site else {
        let compared = fixtures::run(&program, &arguments.fixtures, arguments.jobs);
        return runtime.block_on(until_told_to_stop(compared));
    };
    let mut pages = arguments.page;
    if let Some(list) = &arguments.pages {
        pages.extend(site::listed(list)?);
    }
    let options = site::Options {
        dist,
        pages,
        sample: arguments.sample,
        seed: arguments.seed,
        viewports: arguments.viewport,
        jobs: arguments.jobs,
        record: arguments.record,
        names_all_pages: arguments.all,
    };
    runtime.block_on(until_told_to_stop(site::run(&program, &options)))
}

/// The browser leads a process group of its own, so that it must be ended also when this program is.
async fn until_told_to_stop(
    work: impl Future<Output = anyhow::Result<bool>>,
) -> anyhow::Result<bool> {
    #[cfg(unix)]
    let mut terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    #[cfg(unix)]
    let terminated = terminated.recv();
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        result = work => result,
        _ = tokio::signal::ctrl_c() => anyhow::bail!("stopped"),
        _ = terminated => anyhow::bail!("stopped"),
    }
}
