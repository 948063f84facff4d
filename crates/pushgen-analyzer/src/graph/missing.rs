//! References that lead nowhere, and what they probably meant.

use std::sync::Arc;

use super::page::PageContext;
use crate::finding::{Code, Finding, shown};
use crate::memo::Memo;
use crate::resolve::MAX_REFERENCE;
use crate::site::Site;

/// The help for each target that no file answers to, found once: a slip in a template is on every page.
#[derive(Debug, Default)]
pub(crate) struct Suggestions(Memo<Arc<str>, Option<String>>);

impl Suggestions {
    fn help(&self, site: &Site, target: &Arc<str>) -> Option<String> {
        let help = self.0.get(target, || {
            let path = target.split('?').next().unwrap_or_default();
            let in_case = site.differs_in_case(path);
            let in_case = in_case.map(|other| {
                format!(
                    "upper and lower case differ: there is {}",
                    site.url_path(other)
                )
            });
            in_case.or_else(|| {
                site.misspelt(path)
                    .map(|other| format!("did you mean {}?", site.url_path(other)))
            })
        });
        help.as_deref().map(str::to_owned)
    }
}

/// A same-site reference without a file. `text` is the URL as it is written.
pub(super) fn missing(
    context: PageContext<'_>,
    target: &Arc<str>,
    file: &str,
    line: u32,
    text: &str,
) -> Finding {
    let message = format!("no file of the site answers to {}", shown(target));
    let finding = Finding::new(Code::MissingAsset, file, message)
        .line(line)
        .text(&shown(text));
    match context.suggestions.help(context.site, target) {
        Some(help) => finding.help(help),
        None => finding,
    }
}

/// A reference that is no URL, or too long for one.
pub(super) fn invalid_url(file: &str, line: u32, text: &str) -> Finding {
    let message = if text.len() > MAX_REFERENCE {
        format!(
            "a reference of {} bytes; servers refuse request targets of that length",
            text.len()
        )
    } else {
        format!("not a valid URL: {}", shown(text))
    };
    Finding::new(Code::InvalidUrl, file, message).line(line)
}
