//! Same input, same bytes out: on any number of threads, in every run.

use crate::support::{fixture, pushgen};

#[test]
fn the_policy_does_not_depend_on_the_number_of_threads_or_the_run() {
    let dist = fixture("demo");
    let dist = dist.to_str().expect("a UTF-8 path");
    let run = |jobs| {
        pushgen(&[
            "analyze",
            dist,
            "-o",
            "-",
            "-q",
            "--origin",
            "https://example.com",
            "--jobs",
            jobs,
        ])
        .ok()
        .stdout
    };
    let first = run("1");
    assert!(first.ends_with("}\n"));
    for jobs in ["1", "2", "2", "7"] {
        assert_eq!(run(jobs), first, "--jobs {jobs}");
    }
}

#[test]
fn graph_and_findings_do_not_depend_on_the_number_of_threads() {
    let scratch = tempfile::tempdir().expect("a temporary folder");
    let policy = scratch.path().join("policy.json");
    let policy = policy.to_str().expect("a UTF-8 path");
    for name in ["demo", "missing-assets", "module-bare-specifier"] {
        let dist = fixture(name);
        let dist = dist.to_str().expect("a UTF-8 path");
        let graph = |jobs| pushgen(&["graph", dist, "--jobs", jobs]).ok().stdout;
        assert_eq!(graph("1"), graph("2"));
        let findings = |jobs| {
            let run = pushgen(&[
                "analyze", dist, "--format", "json", "-o", policy, "--jobs", jobs,
            ]);
            assert!(run.code < 2, "{}", run.stderr);
            run.stdout
                .lines()
                .filter(|line| !line.contains("summary"))
                .map(str::to_owned)
                .collect::<Vec<_>>()
        };
        assert_eq!(findings("1"), findings("2"));
    }
}
