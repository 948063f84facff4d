//! Why an entry is in a plan, and what a gain means, in words.

use pushgen_policy::{Class, Destination};

use crate::graph::Fetch;

pub(super) fn entry_reason(fetch: &Fetch, in_closure: bool) -> String {
    let needed = match (fetch.class, fetch.destination) {
        (Class::RenderBlocking, Destination::Style) => "nothing is painted before it",
        (Class::RenderBlocking, _) if fetch.parser_blocking => {
            "the parser and the first paint wait for it"
        }
        (Class::RenderBlocking, _) => "the first paint waits for it",
        (Class::ParserBlocking, _) => "the parser waits for it before there is anything to show",
        (Class::Font, _) => "text of the page is set in it",
        (Class::Lcp, _) => "the largest paint",
        _ if in_closure => "the first content waits for it",
        _ if fetch.depth >= 2 => "part of a module graph",
        _ => "leads to modules that the preload scanner cannot see",
    };
    match fetch.depth {
        0 | 1 if fetch.class == Class::Lcp && fetch.used_by.is_some() => {
            format!("{needed}; it is asked for when the sheets have arrived")
        }
        0 | 1 => needed.to_owned(),
        _ => format!(
            "{needed}; {} hides it from the preload scanner",
            fetch.initiator
        ),
    }
}

/// What a gain means, in steps that keep equal plans equal.
pub(super) fn earlier(gain: f64) -> String {
    let percent = (gain * 20.0).floor() * 5.0;
    match percent >= 5.0 {
        true => format!(", so that the first or the largest paint comes up to {percent} % earlier"),
        false => String::new(),
    }
}
