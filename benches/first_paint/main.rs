//! First paints of test pages in a real browser over simulated networks, beside what the model says of them.
//!
//! In: a Chromium, with `--browser PATH`: one that takes pushes (103) gets what the pages
//! say as pushes, any other as hints. Out: a
//! table of medians, and how near the model comes: rank correlation, mean error, signs of effects. `--record` writes what
//! the tests of the model read: `model/tests/{pages,measured}.txt` of the analyzer, the loads of the other kind of browser
//! kept. The loads are `pushgen measure`'s, with a policy that sends what the pages say, wise or not.

mod accuracy;
mod content;
mod pages;
mod policy;
mod record;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use accuracy::Cell;

/// What is measured unless told otherwise.
const NETWORKS: [&str; 3] = ["slow-4g", "4g", "cable"];

struct Arguments {
    browser: PathBuf,
    runs: String,
    pages: Vec<String>,
    records: bool,
}

fn arguments() -> anyhow::Result<Option<Arguments>> {
    let mut found = Arguments {
        browser: PathBuf::new(),
        runs: "5".to_owned(),
        pages: Vec::new(),
        records: false,
    };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || {
            arguments
                .next()
                .with_context(|| format!("{argument} needs a value"))
        };
        match argument.as_str() {
            "--browser" => found.browser = value()?.into(),
            "--runs" => found.runs = value()?,
            "--page" => found.pages.push(value()?),
            "--record" => found.records = true,
            // What cargo says to every benchmark.
            "--bench" => {}
            other => bail!("{other}? --browser PATH [--runs N] [--page NAME]... [--record]"),
        }
    }
    if found.records && !found.pages.is_empty() {
        bail!("--record keeps all pages or none: leave --page out");
    }
    // `cargo bench` runs all benchmarks.
    Ok((!found.browser.as_os_str().is_empty()).then_some(found))
}

fn main() -> anyhow::Result<()> {
    let Some(arguments) = arguments()? else {
        println!("nothing measured: --browser PATH says with which Chromium");
        return Ok(());
    };
    let folder = tempfile::tempdir()?;
    let dist = folder.path().join("dist");
    let mut pages = pages::pages();
    if !arguments.pages.is_empty() {
        pages.retain(|page| arguments.pages.iter().any(|name| name == page.name));
    }
    for page in &pages {
        let folder = dist.join(page.name);
        std::fs::create_dir_all(&folder)?;
        std::fs::write(folder.join("index.html"), &page.html)?;
        for (name, content) in &page.files {
            std::fs::write(folder.join(name), content)?;
        }
    }
    let policy = folder.path().join("policy.json");
    std::fs::write(&policy, policy::of(&dist, &pages)?)?;
    let report = measure(&arguments, &dist, &policy, &pages)?;
    let takes_pushes = takes_pushes(&report)?;
    let cells = Cell::all(&report, if takes_pushes { "push" } else { "hint" })?;
    accuracy::print(&cells);
    if arguments.records {
        record::record(&dist, &pages, &cells, takes_pushes)?;
    }
    Ok(())
}

/// Whether this is Chromium 105 or older: `HeadlessChrome/103.0.5058.0`.
fn takes_pushes(report: &Value) -> anyhow::Result<bool> {
    let name = report["browser"].as_str().unwrap_or_default();
    let version = name.split('/').nth(1);
    let major = version.and_then(|version| version.split('.').next()?.parse().ok());
    let major: u32 = major.with_context(|| format!("no version in {name:?}"))?;
    Ok(major <= 105)
}

/// Loads all pages over all networks.
fn measure(
    arguments: &Arguments,
    dist: &Path,
    policy: &Path,
    pages: &[pages::TestPage],
) -> anyhow::Result<Value> {
    let mut measure = Command::new(env!("CARGO_BIN_EXE_pushgen"));
    measure.arg("measure").arg(dist).arg("--policy").arg(policy);
    measure.args(["--json", "--runs", &arguments.runs]);
    measure.arg("--browser").arg(&arguments.browser);
    for network in NETWORKS {
        measure.args(["--network", network]);
    }
    for page in pages {
        measure.args(["--page", &format!("/{}/", page.name)]);
    }
    let output = measure.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("pushgen measure failed: {}", output.status);
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}
