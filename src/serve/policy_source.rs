//! Where the policy of a served site comes from: its analysis, or a file.
//!
//! In: the arguments of `pushgen serve`. Out: a policy, now and again whenever something has changed. Left out: when
//! that is.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use pushgen_analyzer::{Analyzer, Severity};
use pushgen_policy::Policy;

use crate::cli::Serve;
use crate::policy_file::PolicyFile;
use crate::progress::Progress;

/// Where the policy comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PolicySource {
    /// Nothing is delivered ahead.
    None,
    /// The site is analysed.
    Site,
    /// It stands in a file.
    File(PathBuf),
}

/// A policy, with what is to be said about it.
pub(crate) struct Found {
    pub(crate) policy: Policy,
    /// One line.
    pub(crate) summary: String,
}

impl PolicySource {
    /// What `--policy` names. A file of the name `none` can be given as `./none`.
    pub(crate) fn of(command: &Serve) -> Self {
        match &command.policy {
            None => Self::Site,
            Some(path) if path == Path::new("none") => Self::None,
            Some(path) => Self::File(path.clone()),
        }
    }

    /// Gets the policy. It blocks while it reads, and uses all processors for an analysis.
    pub(crate) fn get(&self, command: &Serve, is_quiet: bool) -> anyhow::Result<Option<Found>> {
        match self {
            Self::None => Ok(None),
            Self::File(path) => read(path).map(Some),
            Self::Site => analyze(command, is_quiet).map(Some),
        }
    }
}

fn read(path: &Path) -> anyhow::Result<Found> {
    let policy = PolicyFile::read(path)?.policy;
    Ok(Found {
        summary: format!("policy {}: {}", path.display(), counts(&policy)),
        policy,
    })
}

fn analyze(command: &Serve, is_quiet: bool) -> anyhow::Result<Found> {
    let site = command.site.load()?;
    let mut options = command.site.options();
    options.budget = command.budget;
    // Entity-tags are taken from the content; what is compressed on the way has another one than its file.
    options.etags = command.no_compression;
    let progress = Progress::new(site.pages().len(), is_quiet);
    let analysis = Analyzer::new(&site, options)
        .analyze(&|| progress.page_done())
        .context("the site does not fit a policy")?;
    progress.finish();
    let mut summary = format!(
        "analysed {}: {}",
        command.site.dist.display(),
        counts(&analysis.policy)
    );
    let errors = analysis.findings.iter();
    let errors = errors
        .filter(|finding| finding.severity == Severity::Error)
        .count();
    let findings = analysis.findings.len();
    if findings > 0 {
        summary += &format!(
            ", {findings} {} ({errors} of them {}): see `pushgen analyze`",
            if findings == 1 { "finding" } else { "findings" },
            if errors == 1 { "an error" } else { "errors" },
        );
    }
    Ok(Found {
        policy: analysis.policy,
        summary,
    })
}

fn counts(policy: &Policy) -> String {
    let count = |number: usize, one: &str, many: &str| {
        format!("{number} {}", if number == 1 { one } else { many })
    };
    format!(
        "{}, {}, {}",
        count(policy.pages().len(), "page", "pages"),
        count(policy.plans().len(), "plan", "plans"),
        count(policy.assets().len(), "asset", "assets"),
    )
}
