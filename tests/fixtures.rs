//! Every folder of `fixtures/`: the graph against the table written by hand, and graph, policy and findings
//! against what was recorded and reviewed.
//!
//! `PUSHGEN_BLESS=1` records anew what `pushgen` says now. It never touches `fetches.tsv`, which is the
//! expectation itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::{Run, pushgen, root};

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

/// `--trace` with the fixture's trace, if it has one.
fn trace(folder: &Path) -> Vec<String> {
    let file = folder.join("trace.har");
    let path = file.to_str().expect("a UTF-8 path").to_owned();
    match file.is_file() {
        true => vec!["--trace".to_owned(), path],
        false => Vec::new(),
    }
}

fn graph(folder: &Path) -> Run {
    let (dist, trace) = (dist(folder), trace(folder));
    // The tables and records are those of one viewport.
    let mut arguments = vec!["graph", "--viewport", "1350x940", &dist];
    arguments.extend(trace.iter().map(String::as_str));
    pushgen(&arguments).ok()
}

fn name(folder: &Path) -> String {
    folder
        .file_name()
        .expect("a name")
        .to_string_lossy()
        .into_owned()
}

fn read(folder: &Path, file: &str) -> String {
    let path = folder.join(file);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
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

#[test]
fn graphs_are_what_the_tables_say() {
    let found = folders().into_iter();
    let differences: Vec<String> = found
        .flat_map(|folder| differences_from_the_table(&folder))
        .collect();
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

fn differences_from_the_table(folder: &Path) -> Vec<String> {
    let expected = table(&read(folder, "fetches.tsv"));
    let found = graph_rows(&graph(folder).json_lines());
    let keys: BTreeSet<_> = expected.keys().chain(found.keys()).collect();
    let differing = keys
        .into_iter()
        .filter(|key| expected.get(*key) != found.get(*key));
    let show = |row: Option<&String>| row.map_or("-", |row| row.as_str()).to_owned();
    differing
        .map(|key| {
            format!(
                "{} {} {}\n  expected {}\n  found    {}",
                name(folder),
                key.0,
                key.1,
                show(expected.get(key)),
                show(found.get(key))
            )
        })
        .collect()
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
        let graph = graph(&folder).stdout;
        let trace = trace(&folder);
        let mut arguments = vec![
            "analyze",
            &dist,
            "--origin",
            "https://example.com",
            "--format",
            "json",
            "-o",
            policy_path,
        ];
        arguments.extend(trace.iter().map(String::as_str));
        let run = pushgen(&arguments);
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
        let readme = read(&folder, "README.md");
        assert!(readme.lines().count() >= 2, "{}", folder.display());
    }
}

/// Where Chromium's word is not what the page then does, and why (fixtures/README.md).
const EXCEPTIONS: [(&str, &str, &str); 5] = [
    ("script-for-event", "/no-document.js", IN_VAIN),
    ("style-element-type", "/no-parameter.css", IN_VAIN),
    ("style-element-type", "/no-type.css", IN_VAIN),
    ("svg-script-kinds", "/no-type.js", IN_VAIN),
    ("unclosed-script", "/no-open.js", IN_VAIN),
];
const IN_VAIN: &str = "the preload scanner asks for a file that nothing uses";

/// The browser's word beside ours: what Chromium asked for before `load` is in the graph, what the graph is sure
/// of was asked for, and both say the same of blocking.
#[test]
fn graphs_agree_with_what_chromium_asked_for() {
    let mut differences = Vec::new();
    for folder in folders() {
        let fixture = name(&folder);
        let browser = table(&read(&folder, "chromium.tsv").replace('\n', "\t\n"));
        let ours = graph_rows(&graph(&folder).json_lines());
        let keys: BTreeSet<_> = browser.keys().chain(ours.keys()).collect();
        let mut found: Vec<(String, String)> = keys
            .into_iter()
            .filter_map(|key| {
                let word = browser.get(key).map(|word| word.trim_end());
                let disagreement = disagreement(word, ours.get(key).map(String::as_str))?;
                Some((
                    key.1.clone(),
                    format!("{fixture} {} {}: {disagreement}", key.0, key.1),
                ))
            })
            .collect();
        for (_, path, why) in EXCEPTIONS.iter().filter(|(known, _, _)| *known == fixture) {
            let before = found.len();
            found.retain(|(differing, _)| differing != path);
            if found.len() == before {
                differences.push(format!(
                    "{fixture} {path} agrees; take it out of EXCEPTIONS: {why}"
                ));
            }
        }
        differences.extend(found.into_iter().map(|(_, difference)| difference));
    }
    assert!(
        differences.is_empty(),
        "{} differences\n{}",
        differences.len(),
        differences.join("\n")
    );
}

/// What Chromium's word and a row of the graph say differently about one file.
fn disagreement(chromium: Option<&str>, ours: Option<&str>) -> Option<String> {
    let Some(row) = ours else {
        return Some("Chromium asks for it".to_owned());
    };
    let columns: Vec<&str> = row.split('\t').collect();
    let [_, _, render_blocking, parser_blocking, when, ..] = columns.as_slice() else {
        panic!("columns are missing: {row}");
    };
    let Some(word) = chromium else {
        return (*when == "load").then(|| "Chromium does not ask for it".to_owned());
    };
    if *when == "conditional" {
        return Some("Chromium asks for it, the graph is not sure".to_owned());
    }
    let ours = match (*render_blocking, *parser_blocking) {
        ("true", _) => "Blocking",
        (_, "true") => "InBodyParserBlocking",
        _ => "NonBlocking",
    };
    let says = match word {
        // It has no opinion.
        "none" => return None,
        // A script that is async holds back nothing until it runs; one that a script adds never does.
        "PotentiallyBlocking" | "NonBlockingDynamic" => "NonBlocking",
        word => word,
    };
    (says != ours).then(|| format!("Chromium says {word}, the graph {ours}"))
}
