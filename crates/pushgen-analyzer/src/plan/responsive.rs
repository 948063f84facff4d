//! Images that some viewports ask for and others do not.
//!
//! In: the fetches of such images, those only that a link is worth: the caller knows. Out: for each the attributes of a
//! link that leaves the choice to the browser, or why there is none. Such a link is for the final response: in a 103
//! browsers drop it. Candidates of one choice share one link, which names the first of them.

use std::collections::HashMap;
use std::sync::Arc;

use pushgen_policy::{Class, Responsive};

use crate::graph::Fetch;

/// The links to `images`, which stand in send order.
pub(super) fn links<'g>(
    images: impl IntoIterator<Item = &'g Fetch>,
) -> Vec<(&'g Fetch, Result<Arc<Responsive>, String>)> {
    let mut choices: HashMap<&Responsive, &str> = HashMap::new();
    let mut link = |fetch: &'g Fetch| {
        let responsive = fetch.responsive.as_ref().ok_or(
            "not all viewports ask for it, and there is no media query that says which ones do",
        )?;
        if responsive.imagesrcset.is_some() {
            let first = *choices.entry(responsive).or_insert(&fetch.path);
            if first != &*fetch.path {
                return Err(format!("the link of {first} lets browsers choose it"));
            }
        }
        Ok(Arc::clone(responsive))
    };
    images
        .into_iter()
        .map(|fetch| (fetch, link(fetch)))
        .collect()
}

/// Why an image is linked for some viewports.
pub(super) fn reason(fetch: &Fetch) -> String {
    let needed = match fetch.class {
        Class::Lcp => "it is the largest image",
        _ => "the page preloads it",
    };
    let chosen = fetch
        .responsive
        .as_ref()
        .is_some_and(|responsive| responsive.imagesrcset.is_some());
    match chosen {
        true => format!("{needed}; browsers choose one of its sizes"),
        false => format!("{needed} at {}", fetch.viewports.join(" and ")),
    }
}

/// The length of the attributes in a `Link` value.
pub(super) fn bytes(responsive: &Responsive) -> u64 {
    let Responsive {
        media,
        imagesrcset,
        imagesizes,
    } = responsive;
    let attribute = |name: &str, text: &Option<String>| {
        text.as_ref()
            .map_or(0, |text| name.len() + text.len() + "; =\"\"".len())
    };
    let bytes = attribute("media", media)
        + attribute("imagesrcset", imagesrcset)
        + attribute("imagesizes", imagesizes);
    bytes as u64
}
