//! `pushgen check`: is this a valid policy, and is it still what `analyze` would write?
//!
//! A policy says what its analysis was told, so the comparison needs no options: the site is analysed
//! again in the same way, and the two policies are compared member by member. Which program and version
//! wrote the policy does not count.

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use pushgen_analyzer::Analyzer;
use pushgen_analyzer::model::Time;
use pushgen_policy::{Class, CrossOrigin, Destination, Means, Policy, wire};
use serde::Serialize;

use super::named_paths::NamedPaths;
use super::use_threads;
use crate::cli::{Arguments, Check, DEFAULT_POLICY, Format, SiteArguments};
use crate::output::terminal::shown;
use crate::output::{BOLD, GREEN, YELLOW, count, stdout};
use crate::policy_file::PolicyFile;
use crate::progress::Progress;

/// What `check` found; with `--format json` one line on standard output.
#[derive(Serialize)]
struct Report {
    policy: String,
    valid: bool,
    pages: usize,
    /// Members that this version does not know, as JSON pointers.
    unknown_fields: Vec<String>,
    /// Whether the policy is what `analyze` would write; absent without a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<bool>,
    /// Pages whose plan is missing, superfluous or another one.
    changed_pages: Vec<String>,
    /// Assets that are missing, superfluous or have other contents.
    changed_assets: Vec<String>,
}

pub(crate) fn run(command: &Check, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let named = NamedPaths::of("check", command.paths.iter().map(PathBuf::as_path))?;
    let path = named.policy.unwrap_or(Path::new(DEFAULT_POLICY));
    let PolicyFile { name, json, policy } = PolicyFile::read(path)?;
    let unknown_fields = Policy::unknown_fields(&json).with_context(|| name.clone())?;
    let mut report = Report {
        policy: name,
        valid: true,
        pages: policy.pages().count(),
        unknown_fields: unknown_fields.iter().map(ToString::to_string).collect(),
        current: None,
        changed_pages: Vec::new(),
        changed_assets: Vec::new(),
    };
    if let Some(dist) = named.folder {
        use_threads(command.jobs)?;
        compare(&policy, dist, arguments, &mut report)?;
    }
    match command.format {
        Format::Human => print(&report, arguments)?,
        Format::Json => stdout::data(|out| {
            serde_json::to_writer(&mut *out, &report)?;
            out.write_all(b"\n")
        })?,
    }
    Ok(ExitCode::from(u8::from(report.current == Some(false))))
}

fn compare(
    policy: &Policy,
    dist: &Path,
    arguments: &Arguments,
    report: &mut Report,
) -> anyhow::Result<()> {
    let told = SiteArguments::of(dist).heeding(policy);
    let mut options = told.options();
    if let Some(analysis) = policy.analysis() {
        options.budget = analysis.budget;
        options.etags = analysis.etags;
        options.think = Time::from_micros(analysis.think_us);
    }
    let site = told.load()?;
    let analyzer = Analyzer::new(&site, options);
    let progress = Progress::new(site.pages().len(), arguments.quiet > 0);
    let fresh = analyzer
        .analyze(&|| progress.page_done())
        .context("the site does not fit a policy")?
        .policy;
    progress.finish();
    let old = wire::Policy::from(policy);
    let new = wire::Policy {
        generator: old.generator.clone(),
        ..wire::Policy::from(&fresh)
    };
    report.current = Some(old == new);

    report.changed_pages = changed_pages(&old, &new);
    report.changed_assets = changed_assets(&old.assets, &new.assets);
    Ok(())
}

/// The pages that are in one policy only, or whose plans differ.
fn changed_pages(old: &wire::Policy, new: &wire::Policy) -> Vec<String> {
    // Thousands of pages share a plan: each pair of plans is compared once.
    let mut known: HashMap<(u32, u32), bool> = HashMap::new();
    let mut differs = |old_plan: u32, new_plan: u32| {
        *known.entry((old_plan, new_plan)).or_insert_with(|| {
            let (old_plan, new_plan) = (
                old.plans.get(old_plan as usize),
                new.plans.get(new_plan as usize),
            );
            !match (old_plan, new_plan) {
                (Some(a), Some(b)) => {
                    a.reason == b.reason && sends(a, &old.assets).eq(sends(b, &new.assets))
                }
                _ => false,
            }
        })
    };
    let paths: BTreeSet<&String> = old.pages.keys().chain(new.pages.keys()).collect();
    paths
        .into_iter()
        .filter(|path| match (old.pages.get(*path), new.pages.get(*path)) {
            (Some(a), Some(b)) => a.head != b.head || differs(a.plan, b.plan),
            _ => true,
        })
        .cloned()
        .collect()
}

/// What the asset table is sorted by and no two assets share.
type AssetKey<'p> = (&'p str, Destination, bool, Option<CrossOrigin>);

fn key(asset: &wire::Asset) -> AssetKey<'_> {
    (
        &asset.path,
        asset.destination,
        asset.module,
        asset.crossorigin,
    )
}

/// What a plan says of one asset.
type Sent<'p> = (
    Option<AssetKey<'p>>,
    Class,
    u32,
    &'p [Means],
    [Option<&'p str>; 3],
    &'p str,
);

/// A plan's entries with the assets' keys in place of their indices, which shift when an asset is added.
fn sends<'p>(plan: &'p wire::Plan, assets: &'p [wire::Asset]) -> impl Iterator<Item = Sent<'p>> {
    plan.entries.iter().map(|entry| {
        let wire::Entry {
            asset,
            class,
            depth,
            means,
            media,
            imagesrcset,
            imagesizes,
            reason,
        } = entry;
        let asset = assets.get(*asset as usize).map(key);
        let responsive = [media, imagesrcset, imagesizes].map(Option::as_deref);
        (
            asset,
            *class,
            *depth,
            means.as_slice(),
            responsive,
            reason.as_str(),
        )
    })
}

/// The paths of assets that are in one table only, or differ; both tables are sorted by their keys.
fn changed_assets(old: &[wire::Asset], new: &[wire::Asset]) -> Vec<String> {
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    let mut changed: Vec<String> = Vec::new();
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => break,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(a), Some(b)) => key(a).cmp(&key(b)),
        };
        // The lesser key is in one table only.
        let (a, b) = (
            old.next_if(|_| order.is_le()),
            new.next_if(|_| order.is_ge()),
        );
        if a != b {
            changed.extend(a.or(b).map(|asset| asset.path.clone()));
        }
    }
    changed.dedup();
    changed
}

fn print(report: &Report, arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.quiet > 1 {
        return Ok(());
    }
    let mut out = anstream::stderr().lock();
    if arguments.quiet == 0 {
        writeln!(
            out,
            "{BOLD}{}{BOLD:#}: a valid policy of {}",
            shown(&report.policy),
            count(report.pages, "page")
        )?;
        for pointer in &report.unknown_fields {
            writeln!(
                out,
                "{YELLOW}note{YELLOW:#}: {} is not known to this version and is ignored",
                shown(pointer)
            )?;
        }
    }
    match report.current {
        Some(true) if arguments.quiet == 0 => {
            writeln!(out, "{GREEN}current{GREEN:#}: analyze would write the same")?;
        }
        Some(false) => {
            writeln!(
                out,
                "{YELLOW}out of date{YELLOW:#}: analyze would write another policy; run it again"
            )?;
            for (what, changed) in [
                ("page", &report.changed_pages),
                ("asset", &report.changed_assets),
            ] {
                let most = if arguments.verbose > 0 { usize::MAX } else { 5 };
                for path in changed.iter().take(most) {
                    writeln!(out, "  {what} {}", shown(path))?;
                }
                if changed.len() > most {
                    writeln!(
                        out,
                        "  and {}",
                        count(changed.len() - most, &format!("more {what}"))
                    )?;
                }
            }
        }
        _ => {}
    }
    Ok(())
}
