//! `pushgen measure`: pages with and without their plans, in a real browser over simulated networks.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use pushgen_analyzer::model::{Conditions, Machine, Network};
use pushgen_analyzer::{Analyzer, Simulation, Site};
use pushgen_policy::Policy;
use pushgen_runtime::PolicyHandle;

use super::serve::told_to_stop;
use super::{find_page, use_threads};
use crate::cli::{Arguments, Measure, NamedNetwork};
use crate::measure::report::{Prediction, Report};
use crate::measure::runs::Measuring;
use crate::measure::statistics::FEWEST;
use crate::measure::{browser, table, verdict};
use crate::output::{self, count, file, stdout};
use crate::page_plan::PagePlan;
use crate::policy_file::PolicyFile;
use crate::progress::Progress;
use crate::serve::files::{Files, FilesOptions};

/// How many pages are measured unless they are named.
const PAGES: usize = 5;

/// The networks unless they are named.
const NETWORKS: [&str; 2] = ["slow-4g", "4g"];

pub(crate) fn run(command: &Measure, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    use_threads(command.site.jobs)?;
    // First, since an analysis may take its time.
    let program = match &command.browser {
        Some(program) => program.clone(),
        None => browser::find(std::env::var_os("PATH").as_deref())?,
    };
    let networks = networks(command)?;
    let quiet = arguments.quiet > 0 || command.json;
    let site = command.site.load()?;
    let policy = policy(command, &site, quiet)?;
    let pages = pages(command, &site, &policy)?;
    let viewport = command.site.options().viewports.last().copied();
    let files = FilesOptions {
        base_path: command.site.base_path.clone(),
        clean_urls: command.site.clean_urls,
        ..FilesOptions::default()
    };
    let dist = &command.site.dist;
    let files =
        Files::new(dist, files).with_context(|| format!("cannot serve {}", dist.display()))?;
    let handle = PolicyHandle::new(policy.clone(), []);
    // With the policy and without the same bytes are sent.
    files.divide_by(handle.clone());
    let measuring = Measuring {
        files,
        policy: handle,
        program,
        pages,
        networks,
        viewport: viewport.unwrap_or_default(),
        runs: command.runs,
        quiet,
    };
    let analyzer = Analyzer::new(&site, command.site.options());
    let predict = |page: &str, network: &Network, browser: &str| {
        let analysis = analyzer.page(site.page(page)?);
        let plan = PagePlan::of_policy(&policy, &analysis);
        let mut conditions = Conditions::new(*network);
        if takes_pushes(browser) {
            conditions.machine = Machine::CHROMIUM_103;
            // So old a browser says nothing of them (RFC 9218).
            conditions.server.priorities = false;
        }
        let modelled = analysis.modelled.as_ref()?;
        let simulation = Simulation::of(modelled, &plan.sent(), plan.head, &conditions);
        let with = match takes_pushes(browser) {
            true => simulation.push,
            false => simulation.hints,
        };
        Some(Prediction {
            fcp_without: simulation.none.fcp,
            fcp_with: with.fcp,
            limit: simulation.limit.fcp,
        })
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    let report = runtime.block_on(async {
        // Dropping it ends the browser, too.
        tokio::select! {
            report = measuring.run(&predict) => report,
            () = told_to_stop() => bail!("stopped; nothing was written"),
        }
    })?;
    if command.json {
        stdout::data(|out| {
            serde_json::to_writer_pretty(&mut *out, &report)?;
            out.write_all(b"\n")
        })?;
    } else {
        stdout::styled(|out| table::write(&report, out))?;
    }
    if let Some(path) = &command.accept {
        accept(path, &policy, &report, arguments.quiet)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether this is a Chromium that takes pushes: 105 was the last. `HeadlessChrome/103.0.5058.0`
fn takes_pushes(browser: &str) -> bool {
    let version = browser.rsplit('/').next().unwrap_or_default();
    let major = version.split('.').next().unwrap_or_default().parse();
    major.is_ok_and(|major: u32| major <= 105)
}

fn networks(command: &Measure) -> anyhow::Result<Vec<NamedNetwork>> {
    let names: Vec<&str> = match command.network.as_slice() {
        [] => NETWORKS.to_vec(),
        names => names.iter().map(String::as_str).collect(),
    };
    let mut seen = HashSet::new();
    names
        .into_iter()
        .filter(|name| seen.insert(*name))
        .map(|name| {
            let network = name.parse::<Network>().context("--network")?;
            Ok(NamedNetwork {
                name: name.to_owned(),
                network,
            })
        })
        .collect()
}

fn policy(command: &Measure, site: &Site, quiet: bool) -> anyhow::Result<Policy> {
    if let Some(path) = &command.policy {
        return Ok(PolicyFile::read(path)?.policy);
    }
    let progress = Progress::new(site.pages().len(), quiet);
    let analysis = Analyzer::new(site, command.site.options())
        .analyze(&|| progress.page_done())
        .context("the site does not fit a policy")?;
    progress.finish();
    Ok(analysis.policy)
}

/// The pages that were named, or else some with plans: as many different plans as there are, then the rest.
fn pages(command: &Measure, site: &Site, policy: &Policy) -> anyhow::Result<Vec<String>> {
    if !command.page.is_empty() {
        let mut seen = HashSet::new();
        let named = command.page.iter().map(|named| {
            let page = site.url_path(find_page(site, named)?);
            Ok(page)
        });
        let named = named.collect::<anyhow::Result<Vec<String>>>()?;
        return Ok(named
            .into_iter()
            .filter(|page| seen.insert(page.clone()))
            .collect());
    }
    let is_empty = |plan: usize| {
        policy
            .plans()
            .get(plan)
            .is_none_or(|plan| plan.entries.is_empty())
    };
    let planned: Vec<_> = policy.pages().filter(|page| !is_empty(page.plan)).collect();
    if planned.is_empty() {
        bail!(
            "no page of {} has a plan, so there is nothing to compare; `pushgen explain` says why, and --page measures one \
             all the same",
            command.site.dist.display()
        );
    }
    let mut plans = HashSet::new();
    let (firsts, others): (Vec<_>, Vec<_>) = planned
        .into_iter()
        .partition(|page| plans.insert(page.plan));
    let pages = firsts.into_iter().chain(others).take(PAGES);
    let mut pages: Vec<String> = pages.map(|page| page.path.to_string()).collect();
    pages.sort_unstable();
    Ok(pages)
}

/// Writes the policy that the figures speak for.
fn accept(path: &Path, policy: &Policy, report: &Report, quiet: u8) -> anyhow::Result<()> {
    if report.runs < FEWEST && quiet == 0 {
        output::note(&format!(
            "{} prove nothing; --runs {FEWEST} is the least that can",
            count(usize::from(report.runs), "run")
        ));
    }
    let losses: BTreeMap<String, String> = report
        .pages
        .iter()
        .filter_map(|page| Some((page.page.clone(), page.loss(report)?)))
        .collect();
    let accepted =
        verdict::without_plans(policy, &losses).context("the policy cannot be rewritten")?;
    file::write(path, accepted.to_json().as_bytes())?;
    if quiet == 0 {
        output::note(&format!(
            "policy written to {}: {} of {} measured worse and {} no plan now",
            path.display(),
            losses.len(),
            count(report.pages.len(), "page"),
            if losses.len() == 1 { "has" } else { "have" },
        ));
        for (page, reason) in &losses {
            output::note(&format!("  {page}: {reason}"));
        }
    }
    Ok(())
}
