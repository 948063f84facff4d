//! The time and memory of `analyze`, beside a bare loop over the same pages.
//!
//! In: folders of built sites; the demo site if none is named. Out: for each site the seconds of both,
//! their ratio, the seconds of the whole program and its peak memory, as text or as a Markdown table.
//! `README.md` says what is measured and what is not.
//!
//! The machine may be busy with other things. So the contenders take turns (A B C, A B C, …), times are
//! medians with their extremes, the ratio is the median of the ratios within each round, and the ratio of
//! processor time, which others disturb less, stands beside it.

use std::ffi::OsStr;
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use anyhow::{Context, ensure};
use clap::Parser;
use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, parse_document};
use markup5ever_rcdom::RcDom;
use pushgen_analyzer::{Analysis, Analyzer, Options, Severity, Site, SiteOptions};
use rayon::prelude::*;
use walkdir::WalkDir;

/// Measures `analyze` on built sites, beside a bare loop that only walks, reads and parses their HTML.
#[derive(Debug, Parser)]
#[command(name = "cargo bench --bench analyze --")]
struct Arguments {
    /// Folders of built sites
    #[arg(value_name = "SITE", default_value = DEMO)]
    sites: Vec<PathBuf>,

    /// How often each contender takes its turn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    rounds: u16,

    /// How many threads to use; all processors unless given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    jobs: Option<u16>,

    /// A table for a README, once everything is measured
    #[arg(long)]
    markdown: bool,

    /// Analyses the site once and prints the peak memory of that in KiB: what the parent runs as a child
    #[arg(long, hide = true)]
    peak: bool,

    /// Cargo adds this
    #[arg(long, hide = true)]
    bench: bool,
}

const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/demo/dist");

fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    rayon::ThreadPoolBuilder::new()
        .num_threads(arguments.jobs.map_or(0, usize::from))
        .build_global()?;
    if arguments.peak {
        for site in &arguments.sites {
            black_box(analyze(site)?);
        }
        println!("{}", own_peak_kib().context("no VmHWM in /proc")?);
        return Ok(ExitCode::SUCCESS);
    }
    let mut rows = Vec::new();
    for site in &arguments.sites {
        let measured = Measured::of(site, &arguments)
            .with_context(|| format!("cannot measure {}", site.display()))?;
        if !arguments.markdown {
            measured.print();
        }
        rows.push(measured);
    }
    if arguments.markdown {
        print_table(&rows);
    }
    Ok(ExitCode::SUCCESS)
}

/// A: walk, read, parse, drop. Returns the number of pages and their bytes.
fn bare_loop(site: &Path) -> anyhow::Result<(usize, usize)> {
    let mut pages = Vec::new();
    for entry in WalkDir::new(site) {
        let entry = entry?;
        if entry.file_type().is_file() && is_page(entry.path()) {
            pages.push(entry.into_path());
        }
    }
    let bytes = pages
        .par_iter()
        .map(|page| {
            let bytes = fs::read(page)?;
            let dom = parse_document(RcDom::default(), ParseOpts::default())
                .from_utf8()
                .one(bytes.as_slice());
            black_box(dom);
            Ok(bytes.len())
        })
        .sum::<std::io::Result<usize>>()?;
    Ok((pages.len(), bytes))
}

fn is_page(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["html", "htm", "xhtml"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// B: what `pushgen analyze` does, up to the text of the policy.
fn analyze(site: &Path) -> anyhow::Result<(Analysis, String)> {
    let site = Site::load(site, &SiteOptions::default())?;
    let analyzer = Analyzer::new(&site, Options::default());
    let analysis = analyzer.analyze(&|| {})?;
    let policy = analysis.policy.to_json();
    Ok((analysis, policy))
}

/// C: the program as people run it, its findings printed and its policy written.
fn run_program(site: &Path, policy: &Path, jobs: Option<u16>) -> anyhow::Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pushgen"));
    command.arg("analyze").arg(site).arg("-o").arg(policy);
    if let Some(jobs) = jobs {
        command.arg("--jobs").arg(jobs.to_string());
    }
    let status = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()?;
    // 1 means findings, which real sites have.
    ensure!(matches!(status.code(), Some(0 | 1)), "pushgen: {status}");
    Ok(())
}

/// The peak memory of B in a process of its own, in KiB; `None` where the system does not tell.
///
/// A process knows its own peak without a system call that needs `unsafe`, but not that of a child
/// which has ended: hence a child that tells its own.
fn peak_kib(site: &Path, jobs: Option<u16>) -> anyhow::Result<Option<u64>> {
    if own_peak_kib().is_none() {
        return Ok(None);
    }
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("--peak").arg(site);
    if let Some(jobs) = jobs {
        command.arg("--jobs").arg(jobs.to_string());
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()?;
    ensure!(output.status.success(), "the child: {}", output.status);
    let kib = String::from_utf8(output.stdout)?.trim().parse()?;
    Ok(Some(kib))
}

/// The high-water mark of this process's resident memory (proc_pid_status(5), `VmHWM`).
fn own_peak_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

/// What was measured on one site.
struct Measured {
    name: String,
    pages: usize,
    files: usize,
    errors: usize,
    warnings: usize,
    html_bytes: usize,
    policy_bytes: usize,
    /// A, B and C, round by round.
    bare: Vec<Turn>,
    whole: Vec<Turn>,
    program: Vec<Turn>,
    peak_kib: Option<u64>,
}

impl Measured {
    fn of(site: &Path, arguments: &Arguments) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let written = folder.path().join("push-policy.json");
        // One turn of each that does not count: afterwards the files are in the system's cache, and it is
        // known that both loops look at the same pages.
        let (pages, html_bytes) = bare_loop(site)?;
        let (analysis, policy) = analyze(site)?;
        ensure!(
            pages == analysis.totals.pages,
            "the bare loop saw {pages} pages, analyze {}",
            analysis.totals.pages
        );
        let of = |severity| {
            let findings = analysis.findings.iter();
            findings.filter(|f| f.severity == severity).count()
        };
        let mut measured = Self {
            name: name(site),
            pages,
            files: analysis.totals.files,
            errors: of(Severity::Error),
            warnings: of(Severity::Warning),
            html_bytes,
            policy_bytes: policy.len(),
            bare: Vec::new(),
            whole: Vec::new(),
            program: Vec::new(),
            peak_kib: peak_kib(site, arguments.jobs)?,
        };
        drop((analysis, policy));
        for _ in 0..arguments.rounds {
            measured.bare.push(Turn::of(|| bare_loop(site))?);
            measured.whole.push(Turn::of(|| analyze(site))?);
            let program = || run_program(site, &written, arguments.jobs);
            measured.program.push(Turn::of(program)?);
        }
        Ok(measured)
    }

    fn html_megabytes(&self) -> f64 {
        self.html_bytes as f64 / 1e6
    }

    /// Megabytes of HTML per second of the whole analysis.
    fn throughput(&self) -> f64 {
        self.html_megabytes() / seconds(&self.whole).median
    }

    fn ratio(&self) -> Spread {
        let pairs = self.whole.iter().zip(&self.bare);
        Spread::of(pairs.map(|(whole, bare)| whole.seconds / bare.seconds))
    }

    /// The ratio of processor time, over all rounds; `None` if there is too little of it to tell.
    fn processor_ratio(&self) -> Option<f64> {
        let sum = |turns: &[Turn]| -> Option<f64> { turns.iter().map(|turn| turn.processor).sum() };
        let bare = sum(&self.bare).filter(|bare| *bare >= 50.0 * TICK)?;
        Some(sum(&self.whole)? / bare)
    }

    fn shown_processor_ratio(&self) -> String {
        self.processor_ratio()
            .map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"))
    }

    fn peak_megabytes(&self) -> String {
        match self.peak_kib {
            Some(kib) => format!("{:.0}", kib as f64 * 1024.0 / 1e6),
            None => "-".to_owned(),
        }
    }

    fn print(&self) {
        let in_seconds = |turns: &[Turn]| seconds(turns).with_digits(3);
        println!(
            "{}: {} pages, {:.1} MB of HTML, {} files, {} errors, {} warnings, policy of {} bytes",
            self.name,
            self.pages,
            self.html_megabytes(),
            self.files,
            self.errors,
            self.warnings,
            self.policy_bytes,
        );
        println!("  bare loop      {} s", in_seconds(&self.bare));
        println!(
            "  analyze        {} s, {:.1} MB/s",
            in_seconds(&self.whole),
            self.throughput()
        );
        println!("  whole program  {} s", in_seconds(&self.program));
        println!(
            "  analyze / bare {}, of processor time {}",
            self.ratio().with_digits(2),
            self.shown_processor_ratio()
        );
        println!("  peak memory    {} MB", self.peak_megabytes());
    }
}

/// What one turn of a contender took.
struct Turn {
    seconds: f64,
    /// Seconds of processor time on all threads, children excepted; `None` where the system does not tell.
    processor: Option<f64>,
}

impl Turn {
    /// Measures a turn, the destruction of its result included.
    fn of<T>(turn: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<Self> {
        let processor = processor_seconds();
        let started = Instant::now();
        drop(black_box(turn()?));
        Ok(Self {
            seconds: started.elapsed().as_secs_f64(),
            processor: processor_seconds()
                .zip(processor)
                .map(|(after, before)| after - before),
        })
    }
}

fn seconds(turns: &[Turn]) -> Spread {
    Spread::of(turns.iter().map(|turn| turn.seconds))
}

/// The unit in which Linux counts processor time for its users, in seconds.
const TICK: f64 = 0.01;

/// The processor time of this process so far (proc_pid_stat(5), `utime` and `stime`).
fn processor_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses, which may hold anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let mut fields = fields.split(' ').skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) * TICK)
}

/// The last part of a path that says which site it is.
fn name(site: &Path) -> String {
    let parts = site.iter().rev();
    let telling = |part: &&OsStr| !["dist", "public", "build", "."].iter().any(|it| part == it);
    let name = parts.into_iter().find(telling).unwrap_or(site.as_os_str());
    name.to_string_lossy().into_owned()
}

fn print_table(rows: &[Measured]) {
    println!(
        "| site | pages | files | errors / warnings | HTML MB | bare loop s | analyze s | program s | MB/s | analyze / bare (min-max) | of processor time | peak MB |"
    );
    println!(
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    );
    for row in rows {
        println!(
            "| {} | {} | {} | {} / {} | {:.1} | {:.3} | {:.3} | {:.3} | {:.1} | {} | {} | {} |",
            row.name,
            row.pages,
            row.files,
            row.errors,
            row.warnings,
            row.html_megabytes(),
            seconds(&row.bare).median,
            seconds(&row.whole).median,
            seconds(&row.program).median,
            row.throughput(),
            row.ratio().with_digits(2),
            row.shown_processor_ratio(),
            row.peak_megabytes(),
        );
    }
}

/// Median and extremes of the rounds.
#[derive(Clone, Copy)]
struct Spread {
    median: f64,
    least: f64,
    most: f64,
}

impl Spread {
    /// There is at least one round.
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        };
        Self {
            median,
            least: sorted[0],
            most: sorted[sorted.len() - 1],
        }
    }

    fn with_digits(self, digits: usize) -> String {
        format!(
            "{:.digits$} ({:.digits$}-{:.digits$})",
            self.median, self.least, self.most
        )
    }
}
