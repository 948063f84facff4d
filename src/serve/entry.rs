//! From what the runtime reports of a response to the entry in the log.
//!
//! In: a [`Report`]. Out: an [`Entry`] with the paths of what was pushed and hinted, and why not more was. One reason
//! that holds for every asset is told once, for the page. Left out: the form of a line.

use std::time::SystemTime;

use http::Version;
use pushgen_runtime::{Decision, Delivery, Refusal, Report};

use super::access_log::Entry;

/// The log's entry for a response.
pub(crate) fn of<'a>(report: &Report<'a>) -> Entry<'a> {
    let by = |wanted: Delivery| {
        let verdicts = report.decision.map_or(&[][..], Decision::verdicts).iter();
        verdicts
            .filter(move |verdict| verdict.delivery == wanted)
            .filter_map(|verdict| path(report.decision?, verdict.asset))
            .collect::<Vec<_>>()
    };
    let is_page = report.status.is_some_and(|status| status == 200);
    let (early_hints, mut links) = (by(Delivery::EarlyHint), by(Delivery::Link));
    if !is_page {
        links.clear();
    }
    Entry {
        time: SystemTime::now()
            .checked_sub(report.elapsed)
            .unwrap_or(SystemTime::UNIX_EPOCH),
        peer: report.connection.peer,
        method: report.method.as_str(),
        target: report.target,
        version: version(report.version),
        // As nginx has it: the client was gone before there was a status.
        status: report.status.map_or(499, |status| status.as_u16()),
        bytes: report.body_bytes,
        is_complete: report.is_complete,
        elapsed: report.elapsed,
        pushed: report
            .pushed
            .iter()
            .filter_map(|asset| path(report.decision?, *asset))
            .collect(),
        early_hints,
        links,
        refused: report.decision.map(refused).unwrap_or_default(),
        promised_by: report.promised_by,
    }
}

fn path(decision: &Decision, asset: usize) -> Option<&str> {
    Some(decision.policy().asset(asset)?.path.as_str())
}

fn version(version: Version) -> &'static str {
    match version {
        Version::HTTP_2 => "HTTP/2",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_10 => "HTTP/1.0",
        _ => "HTTP",
    }
}

/// Why not more was sent ahead: for the page, or else for single assets.
fn refused(decision: &Decision) -> Vec<(&str, &'static str)> {
    if let Some(refusal) = decision.refusal() {
        return match refusal {
            Refusal::NoPlan => Vec::new(),
            other => vec![("", other.as_str())],
        };
    }
    let mut refused: Vec<(&str, &'static str)> = Vec::new();
    for verdict in decision.verdicts() {
        let reasons = [verdict.not_pushed, verdict.not_hinted];
        for refusal in reasons.into_iter().flatten() {
            if let Some(path) = path(decision, verdict.asset)
                && !refused.contains(&(path, refusal.as_str()))
            {
                refused.push((path, refusal.as_str()));
            }
        }
    }
    let Some(&(_, first)) = refused.first() else {
        return refused;
    };
    let is_for_all = refused.len() == decision.verdicts().len()
        && refused.len() > 1
        && refused.iter().all(|(_, reason)| *reason == first);
    if is_for_all {
        vec![("", first)]
    } else {
        refused
    }
}
