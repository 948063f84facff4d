//! Writes the JSON form of a policy.
//!
//! In: a checked policy. Out: text that is the same for the same policy and changes in few lines
//! when little changes: two spaces of indentation, one line per asset, per page, per plan's head
//! and per entry of a plan, a newline at the end. Left out: choices; there is one form.

use std::fmt::Write;
use std::io;

use serde::Serialize;

use crate::plan::Plan;
use crate::policy::Policy;
use crate::version::{SCHEMA, VERSION};
use crate::wire;

pub(crate) fn policy(policy: &Policy) -> String {
    let mut text = String::new();
    text.push_str("{\n");
    member(&mut text, "$schema", &SCHEMA);
    member(&mut text, "version", &VERSION);
    member(&mut text, "generator", &policy.generator());
    if let Some(origin) = policy.origin() {
        member(&mut text, "origin", &origin.as_str());
    }
    if let Some(analysis) = policy.analysis() {
        member(&mut text, "analysis", analysis);
    }

    text.push_str("  \"assets\": ");
    block(
        &mut text,
        "  ",
        ['[', ']'],
        policy.assets().iter().map(wire::Asset::from),
        |text, asset| line(text, &asset),
    );
    text.push_str(",\n  \"plans\": ");
    block(&mut text, "  ", ['[', ']'], policy.plans().iter(), plan);
    text.push_str(",\n  \"pages\": ");
    block(&mut text, "  ", ['{', '}'], policy.pages(), |text, page| {
        line(text, &page.path.as_str());
        text.push_str(": ");
        line(text, &wire::Page::from(page));
    });
    text.push_str("\n}\n");
    text
}

fn plan(text: &mut String, plan: &Plan) {
    text.push_str("{\"reason\": ");
    line(text, &plan.reason);
    // Writing to a string does not fail.
    let _ = write!(text, ", \"bytes\": {}, \"entries\": ", plan.bytes);
    block(
        text,
        "    ",
        ['[', ']'],
        plan.entries.iter().map(wire::Entry::from),
        |text, entry| line(text, &entry),
    );
    text.push('}');
}

/// A member of the document on a line of its own.
fn member<T: Serialize>(text: &mut String, name: &str, value: &T) {
    let _ = write!(text, "  \"{name}\": ");
    line(text, value);
    text.push_str(",\n");
}

/// An array or object with each member on a line of its own; an empty one on the line it stands on.
fn block<T>(
    text: &mut String,
    indentation: &str,
    [open, close]: [char; 2],
    members: impl Iterator<Item = T>,
    mut write_member: impl FnMut(&mut String, T),
) {
    text.push(open);
    let mut empty = true;
    for value in members {
        text.push_str(if empty { "\n" } else { ",\n" });
        text.push_str(indentation);
        text.push_str("  ");
        write_member(text, value);
        empty = false;
    }
    if !empty {
        text.push('\n');
        text.push_str(indentation);
    }
    text.push(close);
}

/// A value on one line, with spaces after commas and colons.
fn line<T: Serialize>(text: &mut String, value: &T) {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    value
        .serialize(&mut serializer)
        .expect("names are strings and a vector takes every byte");
    text.push_str(&String::from_utf8_lossy(&bytes));
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_array_value<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
