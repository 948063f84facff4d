//! The paths that a person named: a policy file, a site's folder, or both, in any order.
//!
//! In: the arguments of `check`, `simulate` or `report`. Out: which is which; for the latter two the site to load and the
//! policy whose plans are told of. Where a policy is named alone, [`site_of_policy`] finds its site.

use std::path::Path;

use anyhow::bail;
use pushgen_analyzer::Options;
use pushgen_analyzer::model::Time;

use super::site_of_policy;
use crate::cli::{SiteArguments, SubjectArguments};
use crate::policy_file::PolicyFile;

/// What was named.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct NamedPaths<'a> {
    pub(super) policy: Option<&'a Path>,
    pub(super) folder: Option<&'a Path>,
}

impl<'a> NamedPaths<'a> {
    /// Tells a policy file from a site's folder.
    pub(super) fn of(
        command: &str,
        given: impl IntoIterator<Item = &'a Path>,
    ) -> anyhow::Result<Self> {
        let mut named = Self::default();
        for path in given {
            if path != Path::new("-") && !path.exists() {
                bail!(
                    "cannot read {}: it does not exist; {command} takes a policy, as `pushgen analyze DIST` writes it, or a \
                     site's folder, or both",
                    path.display()
                );
            }
            let slot = if path.is_dir() {
                &mut named.folder
            } else {
                &mut named.policy
            };
            if slot.replace(path).is_some() {
                bail!(
                    "{command} takes one policy file and one folder; {} is one too many",
                    path.display()
                );
            }
        }
        Ok(named)
    }
}

/// A site, the policy whose plans are told of, and what the site is analysed for; without a policy the plans are those that
/// `analyze` would write.
pub(super) struct Subject {
    pub(super) site: SiteArguments,
    pub(super) policy: Option<PolicyFile>,
    pub(super) options: Options,
}

impl Subject {
    /// Reads the policy and finds the site.
    pub(super) fn of(
        command: &str,
        told: &SubjectArguments,
        is_quiet: bool,
    ) -> anyhow::Result<Self> {
        let option = told.policy.as_deref();
        let given = [Some(told.site.dist.as_path()), told.beside.as_deref()];
        let named = NamedPaths::of(command, given.into_iter().flatten())?;
        let path = match (named.policy, option) {
            (Some(named), Some(option)) => bail!(
                "{command} takes one policy; {} is named beside --policy {}",
                named.display(),
                option.display()
            ),
            (named, option) => named.or(option),
        };
        let policy = path.map(PolicyFile::read).transpose()?;
        let mut site = told.site.clone();
        if let Some(file) = &policy {
            site = site.heeding(&file.policy);
        }
        if let Some(folder) = named.folder {
            site.dist = folder.to_owned();
        } else if let Some((path, file)) = path.zip(policy.as_ref()) {
            site.dist = site_of_policy::find(command, path, &file.policy, &site, is_quiet)?;
        }
        let mut options = told.plan.complete(site.options());
        // The server thinks as long as an argument says, or else the policy.
        let analysis = policy.as_ref().and_then(|file| file.policy.analysis());
        if let Some(analysis) = analysis.filter(|_| options.think == Time::ZERO) {
            options.think = Time::from_micros(analysis.think_us);
        }
        Ok(Self {
            site,
            policy,
            options,
        })
    }
}
