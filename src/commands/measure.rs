//! `pushgen measure`: pages with and without their plans, in a real browser over simulated networks.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use pushgen_analyzer::model::Network;
use pushgen_analyzer::{Analyzer, Site, Viewport};
use pushgen_policy::Policy;
use pushgen_runtime::PolicyHandle;

use super::{find_page, use_threads};
use crate::cli::{Arguments, Measure};
use crate::measure::alarm::Alarm;
use crate::measure::browser::{self, Browser};
use crate::measure::load::load;
use crate::measure::report::{Loads, NamedNetwork, Page, Prediction, Report};
use crate::measure::runs::{Delivery, order};
use crate::measure::server::{Server, Tls};
use crate::measure::statistics::FEWEST;
use crate::measure::{table, verdict};
use crate::output::terminal::shown;
use crate::output::{self, count, file, stdout};
use crate::progress::Progress;
use crate::serve::files::{Files, FilesOptions};

/// How many pages are measured unless they are named.
const PAGES: usize = 5;

/// The networks unless they are named.
const NETWORKS: [&str; 2] = ["slow-4g", "4g"];

/// What may still be under way when a page is closed, beside two round trips.
const AFTERMATH: Duration = Duration::from_millis(50);

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
    let measuring = Measuring {
        files,
        policy: PolicyHandle::new(policy.clone(), []),
        program,
        pages,
        networks,
        viewport: viewport.unwrap_or_default(),
        runs: command.runs,
        quiet,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("cannot start the server's threads")?;
    let report = runtime.block_on(async {
        // Dropping it ends the browser, too.
        tokio::select! {
            report = measuring.run(&|_, _| None) => report,
            _ = tokio::signal::ctrl_c() => bail!("stopped; nothing was written"),
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
        let json = std::fs::read(path)
            .with_context(|| format!("cannot read the policy {}", path.display()))?;
        return Policy::from_json(&json)
            .with_context(|| format!("{} is no valid policy", path.display()));
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
    let planned: Vec<_> = policy
        .pages()
        .filter(|(_, plan)| !is_empty(*plan))
        .collect();
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
        .partition(|(_, plan)| plans.insert(*plan));
    let pages = firsts.into_iter().chain(others).take(PAGES);
    let mut pages: Vec<String> = pages.map(|(path, _)| path.to_string()).collect();
    pages.sort_unstable();
    Ok(pages)
}

/// Writes the policy that the figures speak for.
fn accept(
    path: &std::path::Path,
    policy: &Policy,
    report: &Report,
    quiet: u8,
) -> anyhow::Result<()> {
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

/// What is measured, and with what.
struct Measuring {
    files: Files,
    policy: PolicyHandle,
    program: PathBuf,
    pages: Vec<String>,
    networks: Vec<NamedNetwork>,
    viewport: Viewport,
    runs: u16,
    quiet: bool,
}

/// The two servers behind one network.
struct Servers<'a> {
    network: &'a NamedNetwork,
    with: Server,
    without: Server,
}

impl Measuring {
    async fn run(
        &self,
        predict: &dyn Fn(&str, &Network) -> Option<Prediction>,
    ) -> anyhow::Result<Report> {
        let tls = Tls::new()?;
        let browser = Browser::start(&self.program, &tls.public_key_hash).await?;
        let alarm = Alarm::new();
        let mut servers = Vec::new();
        for network in &self.networks {
            let start = |policy| {
                let (files, tls, alarm) = (self.files.clone(), tls.clone(), alarm.clone());
                Server::start(files, policy, tls, network.network, alarm)
            };
            servers.push(Servers {
                network,
                with: start(Some(self.policy.clone())).await?,
                without: start(None).await?,
            });
        }
        let cells = self.pages.len() * self.networks.len();
        let loads = cells * usize::from(self.runs) * 2;
        if !self.quiet {
            output::note(&format!(
                "measuring {} over {} in {}: {}",
                count(self.pages.len(), "page"),
                self.networks
                    .iter()
                    .map(|it| it.name.as_str())
                    .collect::<Vec<_>>()
                    .join(", "),
                shown(&browser.product),
                count(loads, "load"),
            ));
        }
        let progress = Progress::of("measuring", "loads", loads, self.quiet);
        let mut measured: Vec<Vec<Loads>> = self
            .pages
            .iter()
            .map(|_| servers.iter().map(|_| Loads::default()).collect())
            .collect();
        self.warm_up(&browser, &servers).await?;
        for round in 0..self.runs {
            for (page, row) in self.pages.iter().zip(&mut measured) {
                for (servers, cell) in servers.iter().zip(row) {
                    let is_last = round + 1 == self.runs;
                    self.round(&browser, page, servers, round, is_last, cell, &progress)
                        .await?;
                }
            }
        }
        progress.finish();
        let pages = self.pages.iter().zip(&measured).map(|(page, row)| {
            let cells = self.networks.iter().zip(row);
            let cells =
                cells.map(|(network, loads)| loads.cell(network, predict(page, &network.network)));
            Page {
                page: page.clone(),
                networks: cells.collect(),
            }
        });
        let Viewport {
            width, height, dpr, ..
        } = self.viewport;
        Ok(Report {
            browser: browser.product.clone(),
            viewport: format!("{width}x{height}@{dpr}"),
            runs: self.runs,
            pages: pages.collect(),
        })
    }

    /// One load in each way over the last network, so that nobody has to read a file first or to start a process.
    async fn warm_up(&self, browser: &Browser, servers: &[Servers<'_>]) -> anyhow::Result<()> {
        let fastest = servers.iter().min_by_key(|it| {
            (
                it.network.network.rtt,
                std::cmp::Reverse(it.network.network.down),
            )
        });
        let Some(servers) = fastest else {
            return Ok(());
        };
        for page in &self.pages {
            for server in [&servers.with, &servers.without] {
                load(browser, &server.origin, page, self.viewport, false).await?;
            }
        }
        Ok(())
    }

    /// Loads a page in both ways.
    #[expect(clippy::too_many_arguments, reason = "each is another thing")]
    async fn round(
        &self,
        browser: &Browser,
        page: &str,
        servers: &Servers<'_>,
        round: u16,
        is_last: bool,
        cell: &mut Loads,
        progress: &Progress,
    ) -> anyhow::Result<()> {
        let rtt = Duration::from_nanos(servers.network.network.rtt.as_nanos());
        let (mut with, mut without) = (None, None);
        for delivery in order(round) {
            let (server, slot, waits) = match delivery {
                Delivery::With => (&servers.with, &mut with, is_last),
                Delivery::Without => (&servers.without, &mut without, false),
            };
            server.take_answers();
            let loaded = load(browser, &server.origin, page, self.viewport, waits).await;
            let loaded = loaded.with_context(|| format!("on {}", servers.network.name))?;
            tokio::time::sleep(2 * rtt + AFTERMATH).await;
            *slot = Some((loaded, server.take_answers()));
            progress.done();
        }
        let (Some((with, answers)), Some((without, _))) = (with, without) else {
            return Err(anyhow!("a round has both ways"));
        };
        cell.add(&with, &answers, &without);
        Ok(())
    }
}
