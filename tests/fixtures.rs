//! Every folder of `fixtures/`: the graph against the table written by hand, and graph, policy and findings
//! against what was recorded and reviewed.
//!
//! `PUSHGEN_BLESS=1` records anew what `pushgen` says now. It never touches `fetches.tsv`, which is the
//! expectation itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{pushgen, root};

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("fixtures")).expect("fixtures");
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.join("dist").is_dir())
        .collect();
    folders.sort();
    assert!(
        folders.len() >= 150,
        "fixtures are missing: {}",
        folders.len()
    );
    folders
}

fn dist(folder: &Path) -> String {
    folder
        .join("dist")
        .to_str()
        .expect("a UTF-8 path")
        .to_owned()
}

fn name(folder: &Path) -> String {
    folder
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

/// The rows of a table by page and path.
type Rows = BTreeMap<(String, String), String>;

fn table(text: &str) -> Rows {
    let rows = text.lines().skip(1).filter(|line| !line.is_empty());
    rows.map(|line| {
        let mut columns = line.splitn(3, '\t').map(str::to_owned);
        let mut next = || {
            columns
                .next()
                .unwrap_or_else(|| panic!("a column is missing: {line}"))
        };
        ((next(), next()), next())
    })
    .collect()
}

fn graph_rows(lines: &[Value]) -> Rows {
    let mut rows = Rows::new();
    for line in lines {
        for fetch in line["fetches"].as_array().expect("fetches") {
            let word = |name: &str| fetch[name].as_str().expect("a string").to_owned();
            let flag = |name: &str| fetch[name].as_bool().unwrap_or(false).to_string();
            let columns = [
                word("destination"),
                word("class"),
                flag("render_blocking"),
                flag("parser_blocking"),
                word("when"),
                fetch["depth"].to_string(),
                flag("missing"),
            ];
            let page = line["page"].as_str().expect("a page").to_owned();
            assert!(
                rows.insert((page, word("path")), columns.join("\t"))
                    .is_none(),
                "twice: {fetch}"
            );
        }
    }
    rows
}

/// Fixtures whose table asks for more than is done yet, and what is missing.
const NOT_YET: [(&str, &str); 1] = [(
    "css-custom-property-across-sheets",
    "a custom property's URL is resolved where it stands; where it is used is for the cascade to say",
)];

#[test]
fn graphs_are_what_the_tables_say() {
    let mut differences = Vec::new();
    for folder in folders() {
        if NOT_YET.iter().any(|(fixture, _)| *fixture == name(&folder)) {
            continue;
        }
        let expected = table(&fs::read_to_string(folder.join("fetches.tsv")).expect("fetches.tsv"));
        let found = graph_rows(&pushgen(&["graph", &dist(&folder)]).ok().json_lines());
        for key in expected
            .keys()
            .chain(found.keys().filter(|key| !expected.contains_key(*key)))
        {
            let (want, got) = (expected.get(key), found.get(key));
            if want != got {
                let show = |row: Option<&String>| row.map_or("-", |row| row.as_str()).to_owned();
                differences.push(format!(
                    "{} {} {}\n  expected {}\n  found    {}",
                    name(&folder),
                    key.0,
                    key.1,
                    show(want),
                    show(got)
                ));
            }
        }
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

#[test]
fn graphs_policies_and_findings_are_what_was_recorded() {
    let bless = std::env::var_os("PUSHGEN_BLESS").is_some();
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let policy_file = scratch.path().join("policy.json");
    let policy_path = policy_file.to_str().expect("a UTF-8 path");
    let mut differences = Vec::new();
    for folder in folders() {
        let dist = dist(&folder);
        let graph = pushgen(&["graph", &dist]).ok().stdout;
        let run = pushgen(&[
            "analyze",
            &dist,
            "--origin",
            "https://example.com",
            "--format",
            "json",
            "-o",
            policy_path,
        ]);
        assert!(run.code < 2, "{}: {}", name(&folder), run.stderr);
        let findings: String = run
            .stdout
            .lines()
            .filter(|line| line.contains(r#""type":"finding""#))
            .map(|line| format!("{line}\n"))
            .collect();
        let policy = fs::read_to_string(&policy_file).expect("a policy");
        pushgen(&["check", policy_path, &dist]).ok();
        for (file, found) in [
            ("expected.graph.jsonl", graph),
            ("expected.policy.json", policy),
            ("expected.findings.jsonl", findings),
        ] {
            let path = folder.join(file);
            let recorded = fs::read_to_string(&path).unwrap_or_default();
            if recorded == found {
                continue;
            }
            if !bless {
                differences.push(format!(
                    "{}/{file}\n  recorded {recorded}\n  found    {found}",
                    name(&folder)
                ));
            } else if found.is_empty() {
                fs::remove_file(&path).expect("the record goes");
            } else {
                fs::write(&path, found).expect("the record is written");
            }
        }
    }
    assert!(
        differences.is_empty(),
        "PUSHGEN_BLESS=1 records anew\n{}",
        differences.join("\n")
    );
}

#[test]
fn every_fixture_says_why_it_is_there() {
    for folder in folders() {
        let readme = fs::read_to_string(folder.join("README.md")).expect("README.md");
        assert!(readme.lines().count() >= 2, "{}", folder.display());
    }
}

/// The browser's word beside ours: what Chromium asked for before `load` is in the graph, and what the
/// graph is sure of was asked for.
#[test]
fn graphs_agree_with_what_chromium_asked_for() {
    // Requests that its preload scanner makes in vain (fixtures/README.md).
    let in_vain = ["script-for-event", "style-element-type", "unclosed-script"];
    let mut differences = Vec::new();
    for folder in folders() {
        if NOT_YET.iter().any(|(fixture, _)| *fixture == name(&folder)) {
            continue;
        }
        let browser = table(
            &fs::read_to_string(folder.join("chromium.tsv"))
                .expect("chromium.tsv")
                .replace('\n', "\t\n"),
        );
        let lines = pushgen(&["graph", &dist(&folder)]).ok().json_lines();
        let ours = graph_rows(&lines);
        for key in browser.keys().filter(|key| !ours.contains_key(*key)) {
            if !in_vain.contains(&name(&folder).as_str()) {
                differences.push(format!(
                    "{} {} {}: Chromium asks for it",
                    name(&folder),
                    key.0,
                    key.1
                ));
            }
        }
        for (key, row) in &ours {
            if row.split('\t').nth(4) == Some("load") && !browser.contains_key(key) {
                differences.push(format!(
                    "{} {} {}: Chromium does not ask for it",
                    name(&folder),
                    key.0,
                    key.1
                ));
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
