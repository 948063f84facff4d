//! `pushgen measure` as its user has it: what it refuses, and a run in a real browser.

use std::fs;
use std::path::{Path, PathBuf};

use pushgen_policy::Policy;
use serde_json::Value;

use crate::clients::browser;
use crate::support::{TestSite, command_in, fixture, root};

/// `pushgen measure` on the demo site, without any browser on PATH.
fn measure(arguments: &[&str]) -> crate::support::Run {
    let dist = fixture("demo");
    let dist = dist.to_str().expect("a UTF-8 path");
    let output = command_in(root(), &[&["measure", dist], arguments].concat())
        .env("PATH", "")
        .output();
    output.expect("the binary runs").into()
}

#[test]
fn a_missing_browser_is_told_with_the_names_that_were_tried() {
    for part in [
        "no browser found",
        "chromium-headless-shell, ",
        "google-chrome, ",
        "--browser PATH",
    ] {
        measure(&[]).fails(2, part);
    }
    measure(&["--browser", "/nowhere/chrome"]).fails(
        2,
        "cannot start /nowhere/chrome; name a Chromium or Chrome with --browser PATH",
    );
}

#[test]
fn a_program_that_is_no_browser_is_told_with_what_it_says() {
    measure(&["--browser", "/bin/false"])
        .fails(2, "/bin/false does not listen for the DevTools protocol");
}

#[test]
fn what_cannot_be_measured_is_told_with_what_can() {
    let refused = |arguments: &[&str], says: &str| {
        measure(&[arguments, &["--browser", "/bin/false"]].concat()).fails(2, says);
    };
    refused(
        &["--network", "5g"],
        "`5g` is neither a network class (slow-3g, ",
    );
    refused(&["--network", "70/9Mbit"], "is no round-trip time");
    refused(
        &["--page", "/nowhere/"],
        "no page /nowhere/ in the site; its pages are ",
    );
    refused(
        &["--policy", "Cargo.toml"],
        "Cargo.toml is not a valid policy",
    );
    refused(&["--runs", "0"], "invalid value '0' for '--runs <N>'");
}

#[test]
fn a_site_without_plans_has_nothing_to_compare() {
    let site = TestSite::new(&[("index.html", b"<!doctype html><p>Text")]);
    site.pushgen(&["measure", "dist", "--browser", "/bin/false"])
        .fails(
            2,
            "no page of dist has a plan, so there is nothing to compare",
        );
}

/// The median of a metric in a way of delivery.
fn median(cell: &Value, metric: &str, way: &str) -> f64 {
    cell[metric][way]
        .as_f64()
        .unwrap_or_else(|| panic!("{metric} {way} in {cell:#}"))
}

/// The command lines of all processes that name a folder.
#[cfg(target_os = "linux")]
fn processes_of(folder: &Path) -> Vec<String> {
    let folder = folder.to_str().expect("a UTF-8 path");
    let processes = fs::read_dir("/proc").expect("the processes");
    processes
        .filter_map(|process| fs::read(process.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(folder))
        .collect()
}

#[cfg(not(target_os = "linux"))]
fn processes_of(_: &Path) -> Vec<String> {
    Vec::new()
}

/// A script that starts a browser and waits for it, as distributions have them.
fn script(folder: &Path, program: &str) -> PathBuf {
    use std::os::unix::fs::PermissionsExt as _;

    let script = folder.join("browser");
    fs::write(&script, format!("#!/bin/sh\n'{program}' \"$@\"\n")).expect("a file");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("permissions");
    script
}

#[test]
fn measures_the_demo_site_in_a_real_browser() {
    let Some(program) = browser("PUSHGEN_TEST_CHROMIUM") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let program = script(folder.path(), &program);
    let program = program.to_str().expect("a UTF-8 path");
    let accepted = folder.path().join("accepted.json");
    let (dist, accepted_text) = (fixture("demo"), accepted.to_str().expect("a UTF-8 path"));
    #[rustfmt::skip]
    let arguments = [
        "measure", dist.to_str().expect("a UTF-8 path"), "--page", "/", "--page", "/docs/", "--network",
        "150ms/4Mbit", "--runs", "2", "--browser", program, "--json", "--accept", accepted_text,
    ];
    let output = command_in(root(), &arguments)
        // Where the browser's profile goes, too, which its command line names.
        .env("TMPDIR", folder.path())
        .output()
        .expect("the binary runs");
    let run = crate::support::Run::from(output).ok();
    assert_eq!(processes_of(folder.path()), Vec::<String>::new());
    let report: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert!(
        report["browser"]
            .as_str()
            .is_some_and(|it| it.contains("Chrome")),
        "{report:#}"
    );
    assert_eq!(
        (&report["runs"], &report["viewport"]),
        (&2.into(), &"1350x940@1".into())
    );
    let pages = report["pages"].as_array().expect("pages");
    assert_eq!(
        pages.iter().map(|page| &page["page"]).collect::<Vec<_>>(),
        ["/", "/docs/"]
    );
    for page in pages {
        let cells = page["networks"].as_array().expect("networks");
        assert_eq!(cells.len(), 1);
        let cell = &cells[0];
        assert_eq!(
            (&cell["network"], &cell["rtt_ms"]),
            (&"150ms/4Mbit".into(), &150.0.into())
        );
        // TCP, TLS, the page, and its style sheet take a round trip each.
        for (metric, at_least) in [("fcp", 4.0), ("lcp", 4.0), ("load", 4.0)] {
            for way in ["with", "without"] {
                let time = median(cell, metric, way);
                assert!(
                    time >= at_least * 150.0 && time < 6000.0,
                    "{metric} {way}: {time} ms"
                );
            }
        }
        assert!(
            cell["fcp"]["interval"].is_null(),
            "two runs have no interval"
        );
        assert_eq!(cell["verdict"], "same");
        assert_eq!(cell["samples"].as_array().map(Vec::len), Some(2));
        // Today's browsers refuse pushes.
        assert_eq!(cell["pushed"]["files"], 0);
        assert!(cell["hinted"]["files"].as_u64() >= Some(5), "{cell:#}");
        assert_eq!(cell["unused"]["bytes"], 0, "{cell:#}");
        let predicted = |way: &str| cell["predicted"][way].as_f64().expect("a prediction");
        assert!(predicted("fcp_with") < predicted("fcp_without"), "{cell:#}");
    }
    // Two runs prove nothing: all plans stay.
    let accepted = fs::read(&accepted).expect("a policy");
    let accepted = Policy::from_json(&accepted).expect("a policy");
    assert!(
        accepted
            .plan_for("/")
            .is_some_and(|plan| plan.entries.len() > 5)
    );
    assert!(
        run.stderr.contains("0 of 2 pages measured worse"),
        "{}",
        run.stderr
    );
}
