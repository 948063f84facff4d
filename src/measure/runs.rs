//! The loads, interleaved, so that a machine that becomes slower is no one's disadvantage.
//!
//! In: pages, networks, a policy, a browser. Out: a [`Report`]. A round loads every page over every network in both
//! ways, one right after the other; which way is first changes from round to round. Nothing else is under way
//! meanwhile.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use pushgen_analyzer::Viewport;
use pushgen_analyzer::model::Network;
use pushgen_runtime::PolicyHandle;

use super::alarm::Alarm;
use super::devtools::Browser;
use super::load::{Load, load};
use super::report::{Loads, Page, Prediction, Report};
use super::server::{Answer, Server, Tls};
use crate::cli::NamedNetwork;
use crate::output::{self, count};
use crate::progress::Progress;
use crate::serve::files::Files;

/// What may still be under way when a page is closed, beside two round trips.
const AFTERMATH: Duration = Duration::from_millis(50);

/// A way of delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Delivery {
    /// As the policy says.
    With,
    /// Nothing ahead.
    Without,
}

/// The two ways in the order of a round.
fn order(round: u16) -> [Delivery; 2] {
    match round % 2 {
        0 => [Delivery::With, Delivery::Without],
        _ => [Delivery::Without, Delivery::With],
    }
}

/// What is measured, and with what.
pub(crate) struct Measuring {
    pub(crate) files: Files,
    pub(crate) policy: PolicyHandle,
    pub(crate) program: PathBuf,
    pub(crate) pages: Vec<String>,
    pub(crate) networks: Vec<NamedNetwork>,
    pub(crate) viewport: Viewport,
    pub(crate) runs: u16,
    pub(crate) quiet: bool,
}

/// The two servers behind one network.
struct Servers<'a> {
    network: &'a NamedNetwork,
    with: Server,
    without: Server,
}

impl Measuring {
    /// Measures. `predict` says what the page-load model has to say of a page, a network and a browser.
    pub(crate) async fn run(
        &self,
        predict: &dyn Fn(&str, &Network, &str) -> Option<Prediction>,
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
                browser.product,
                count(loads, "load"),
            ));
        }
        let progress = Progress::of("measuring", "pairs of loads", loads / 2, self.quiet);
        let mut measured: Vec<Vec<Loads>> = self
            .pages
            .iter()
            .map(|_| servers.iter().map(|_| Loads::default()).collect())
            .collect();
        self.warm_up(&browser, &servers).await?;
        for round in 0..self.runs {
            for (page, row) in self.pages.iter().zip(&mut measured) {
                for (servers, cell) in servers.iter().zip(row) {
                    let (with, answers, without) =
                        self.both_ways(&browser, page, servers, round).await?;
                    cell.add(&with, &answers, &without);
                    progress.done();
                }
            }
        }
        progress.finish();
        let pages = self.pages.iter().zip(&measured).map(|(page, row)| {
            let cells = self.networks.iter().zip(row);
            let cells = cells.map(|(network, loads)| {
                let predicted = predict(page, &network.network, &browser.product);
                loads.cell(network, predicted)
            });
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

    /// One load in each way over the fastest network, so that nobody has to read a file first or to start a process.
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

    /// Loads a page in both ways: with the policy and what was sent then, and without.
    async fn both_ways(
        &self,
        browser: &Browser,
        page: &str,
        servers: &Servers<'_>,
        round: u16,
    ) -> anyhow::Result<(Load, Vec<Answer>, Load)> {
        let rtt = Duration::from_nanos(servers.network.network.rtt.as_nanos());
        // The browser tells seconds later what was not used: once is enough.
        let is_last = round + 1 == self.runs;
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
        }
        let (Some((with, answers)), Some((without, _))) = (with, without) else {
            return Err(anyhow!("a round has both ways"));
        };
        Ok((with, answers, without))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_first_as_often() {
        let firsts: Vec<Delivery> = (0..10).map(|round| order(round)[0]).collect();
        let with = firsts.iter().filter(|first| **first == Delivery::With);
        assert_eq!(with.count(), 5);
        for round in 0..10 {
            let [first, second] = order(round);
            assert_ne!(first, second);
        }
    }
}
