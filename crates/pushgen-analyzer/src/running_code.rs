//! What the scripts of a page may ask for that only running them tells.
//!
//! In: a page's mentions and its graph. Out: a [`RunningCode`]: the signs of requests in its scripts, inline and fetched
//! before the load event, with their counts. No signs means that nothing was seen, not that nothing is asked for.

use pushgen_policy::Destination;
use serde::Serialize;

use crate::encoding::{decode_utf8, looks_binary};
use crate::graph::PageGraph;
use crate::html::Mention;
use crate::js::Script;
use crate::js::activity::Activity;
use crate::reference::When;
use crate::site::{MAX_SUBRESOURCE, Site};

/// What the scripts of a page may ask for that only running them tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RunningCode {
    /// How many of the page's scripts show such signs.
    pub scripts: usize,
    /// What was seen in them.
    pub signs: Vec<CodeSign>,
}

/// One way to ask for something, and how often it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CodeSign {
    /// As it is written in scripts, such as `fetch(…)`.
    pub sign: &'static str,
    /// How often.
    pub count: u32,
}

impl RunningCode {
    pub(crate) fn of(site: &Site, mentions: &[Mention<'_>], graph: &PageGraph) -> Self {
        let mut all = Activity::default();
        let mut scripts = 0;
        let mut add = |activity: &Activity| {
            scripts += usize::from(activity.signs().next().is_some());
            all.add(activity);
        };
        for mention in mentions {
            match mention {
                Mention::Script { text, .. } => add(&Script::activity(text, false)),
                Mention::Module { text, .. } => add(&Script::activity(text, true)),
                _ => {}
            }
        }
        for fetch in &graph.fetches {
            let is_script = fetch.destination == Destination::Script && fetch.when == When::Load;
            let Some(file) = fetch.file.filter(|_| is_script && !fetch.corrupt) else {
                continue;
            };
            if site.size(file) > MAX_SUBRESOURCE {
                continue;
            }
            if let Ok(bytes) = site.read(file)
                && !looks_binary(&bytes)
            {
                add(&Script::activity(&decode_utf8(bytes).text, fetch.module));
            }
        }
        let signs = all.signs().map(|(sign, count)| CodeSign {
            sign: sign.as_str(),
            count,
        });
        Self {
            scripts,
            signs: signs.collect(),
        }
    }
}
