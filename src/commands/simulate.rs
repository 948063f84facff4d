//! `pushgen simulate`: what a plan is worth on each network, by the model of a page load.
//!
//! One table a page for people, one JSON object a page and network for programs. Times are milliseconds from the
//! navigation, of a first visit. Without a policy the plans are those that `analyze` would write.

use std::io::Write;
use std::process::ExitCode;

use anyhow::bail;
use pushgen_analyzer::model::{Load, Time, captured};
use pushgen_analyzer::{Analyzer, Simulation};
use serde::Serialize;

use super::named_paths::Subject;
use super::{first_visits, pages, traces, use_threads};
use crate::cli::{Arguments, Format, Simulate};
use crate::output::terminal::shown;
use crate::output::{BOLD, DIM, GREEN, RED, stdout};
use crate::page_plan::PagePlan;
use crate::progress::Progress;

/// Pages that are shown to people unless they name some.
const MAX_SHOWN: usize = 20;

pub(crate) fn run(command: &Simulate, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use_threads(command.subject.site.jobs)?;
    let told = &command.subject;
    let Subject {
        site,
        policy,
        mut options,
    } = Subject::of("simulate", told, arguments.quiet > 0)?;
    let policy = policy.map(|file| file.policy);
    let site = site.load()?;
    options.traces = traces::read(&told.traces)?;
    let analyzer = Analyzer::new(&site, options);
    let pages = pages(&site, &told.page)?;
    let networks = first_visits(&command.network, analyzer.options().think);
    let is_named = !told.page.is_empty();
    let is_json = command.format == Format::Json;
    let progress = Progress::new(pages.len(), arguments.quiet > 0);
    let (mut shown_pages, mut others) = (0, 0);
    stdout::styled(|out| {
        for page in pages {
            let analysis = analyzer.page(page);
            progress.page_done();
            let plan = PagePlan::of(policy.as_ref(), &analyzer, &analysis);
            let sent = plan.sent();
            if sent.is_empty() && !is_named && !is_json {
                continue;
            }
            if shown_pages >= MAX_SHOWN && !is_named && !is_json {
                others += 1;
                continue;
            }
            shown_pages += 1;
            let rows = networks.iter().filter_map(|(network, conditions)| {
                let modelled = analysis.modelled.as_ref()?;
                let simulation = Simulation::of(modelled, &sent, plan.head, conditions);
                Some((network.as_str(), simulation))
            });
            let rows: Vec<_> = rows.collect();
            if is_json {
                for (network, simulation) in rows {
                    let row = Row::of(&analysis.graph.page, network, &simulation);
                    serde_json::to_writer(&mut *out, &row)?;
                    out.write_all(b"\n")?;
                }
            } else {
                table(out, &analysis.graph.page, &rows)?;
            }
        }
        Ok(())
    })?;
    progress.finish();
    if is_json {
        return Ok(ExitCode::SUCCESS);
    }
    if shown_pages == 0 {
        bail!("no page of the site has a plan; name one with --page to see its loads all the same");
    }
    if others > 0 {
        stdout::styled(|out| {
            writeln!(
                out,
                "{DIM}{others} more pages have a plan; --page names them, --format json shows all{DIM:#}"
            )
        })?;
    }
    Ok(ExitCode::SUCCESS)
}

/// One load as data.
#[derive(Serialize)]
struct LoadView {
    fcp_ms: f64,
    lcp_ms: f64,
    load_ms: f64,
    bytes: u64,
}

/// One line of JSON.
#[derive(Serialize)]
struct Row<'a> {
    page: &'a str,
    network: &'a str,
    none: LoadView,
    hints: LoadView,
    push: LoadView,
    limit: LimitView,
    /// What part of the possible gain is taken; absent where nothing can be gained.
    captured_by_hints: Option<f64>,
    captured_by_push: Option<f64>,
}

/// The lower bound as data.
#[derive(Serialize)]
struct LimitView {
    fcp_ms: f64,
    /// Bytes that have to arrive before the first paint.
    bytes: u64,
}

impl<'a> Row<'a> {
    fn of(page: &'a str, network: &'a str, simulation: &Simulation) -> Self {
        let Simulation {
            none,
            hints,
            push,
            limit,
        } = simulation;
        let part = |load: &Load| {
            let part = captured(none.fcp, load.fcp, limit.fcp)?;
            Some((part * 1000.0).round() / 1000.0)
        };
        Self {
            page,
            network,
            none: LoadView::of(none),
            hints: LoadView::of(hints),
            push: LoadView::of(push),
            limit: LimitView {
                fcp_ms: milliseconds(limit.fcp),
                bytes: limit.bytes,
            },
            captured_by_hints: part(hints),
            captured_by_push: part(push),
        }
    }
}

impl LoadView {
    fn of(load: &Load) -> Self {
        Self {
            fcp_ms: milliseconds(load.fcp),
            lcp_ms: milliseconds(load.lcp),
            load_ms: milliseconds(load.load),
            bytes: load.bytes,
        }
    }
}

/// With one digit behind the point.
fn milliseconds(time: Time) -> f64 {
    (time.as_nanos() as f64 / 1e5).round() / 10.0
}

fn table(out: &mut dyn Write, page: &str, rows: &[(&str, Simulation)]) -> std::io::Result<()> {
    writeln!(out, "{BOLD}{}{BOLD:#}", shown(page))?;
    if rows.is_empty() {
        return writeln!(out, "  the page has too many assets to be simulated");
    }
    let width = rows.iter().map(|(network, _)| network.len());
    let width = width.max().unwrap_or(0).max("first paint".len());
    let mut part = |title: &str, of: &dyn Fn(&Load) -> Time, limit: bool| -> std::io::Result<()> {
        let last = if limit { "limit" } else { "" };
        writeln!(
            out,
            "  {DIM}{title:width$}  {:>9}  {:>17}  {:>17}  {last:>9}{DIM:#}",
            "none", "hints", "push"
        )?;
        for (network, simulation) in rows {
            let none = of(&simulation.none);
            let [hints, push] =
                [&simulation.hints, &simulation.push].map(|load| gain(none, of(load)));
            let limit = match limit {
                true => format!("{:>6.0} ms", milliseconds(simulation.limit.fcp)),
                false => String::new(),
            };
            let name = shown(network);
            writeln!(
                out,
                "  {name:width$}  {:>6.0} ms  {hints}  {push}  {limit}",
                milliseconds(none)
            )?;
        }
        Ok(())
    };
    part("first paint", &|load| load.fcp, true)?;
    let differs = |load: &Load| load.lcp != load.fcp;
    if rows.iter().any(|(_, simulation)| differs(&simulation.none)) {
        part("largest paint", &|load| load.lcp, false)?;
    }
    writeln!(out)
}

/// A time and how it compares: `655 ms   -23 %`, 17 characters wide.
fn gain(none: Time, with: Time) -> String {
    let (before, after) = (none.as_nanos().max(1) as f64, with.as_nanos() as f64);
    let percent = (after / before - 1.0) * 100.0;
    let change = match percent {
        -0.5..0.5 => "      =".to_owned(),
        _ => format!("{percent:>+5.0} %"),
    };
    let style = match percent {
        ..-0.5 => GREEN,
        0.5.. => RED,
        _ => DIM,
    };
    format!("{:>6.0} ms {style}{change}{style:#}", milliseconds(with))
}
