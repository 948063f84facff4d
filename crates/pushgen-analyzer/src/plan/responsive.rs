//! Images that some viewports ask for and others do not.
//!
//! In: the fetches of such images, those only that a link is worth: the caller knows. Out: for each the attributes of a
//! link that leaves the choice to the browser, or why there is none. Such a link is for the final response: in a 103
//! browsers drop it. Candidates of one choice share one link, which names the first of them that can be linked.

use std::collections::HashMap;
use std::sync::Arc;

use pushgen_policy::{Class, Responsive};

use crate::graph::Fetch;

/// The choices that have a link, and which candidate it names.
#[derive(Default)]
pub(super) struct Choices<'g>(HashMap<&'g Responsive, &'g str>);

impl<'g> Choices<'g> {
    /// The attributes of a link to an image, or why it has none.
    pub(super) fn attributes(&self, fetch: &'g Fetch) -> Result<&'g Arc<Responsive>, String> {
        let responsive = fetch.responsive.as_ref().ok_or(
            "not all viewports ask for it, and there is no media query that says which ones do",
        )?;
        match self.0.get(&**responsive) {
            Some(linked) if *linked != &*fetch.path => {
                Err(format!("the link of {linked} lets browsers choose it"))
            }
            _ => Ok(responsive),
        }
    }

    /// Notes that an image is linked with these attributes.
    pub(super) fn add_link(&mut self, fetch: &'g Fetch, responsive: &'g Responsive) {
        if responsive.imagesrcset.is_some() {
            self.0.insert(responsive, &fetch.path);
        }
    }
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
