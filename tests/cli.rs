//! The command line's manners.

use std::process::{Command, Stdio};

use crate::support::{Run, TestSite, command_in, fixture, pushgen, root};

fn little_site() -> TestSite {
    TestSite::new(&[
        (
            "index.html",
            b"<!doctype html>\n<link rel=stylesheet href=a.css>\n<img src=gone.png>\n",
        ),
        ("a.css", b"@import 'b.css';"),
        ("b.css", b"p { color: red }"),
        ("docs/index.html", b"<p>"),
    ])
}

#[test]
fn analyze_writes_the_policy_beside_the_caller_and_sums_up_on_standard_error() {
    let site = little_site();
    let run = site.pushgen(&["analyze", "dist"]).ok();
    assert_eq!(run.stdout, "");
    for part in [
        "2 pages",
        "0 errors",
        "1 warning",
        "policy written to push-policy.json",
        "missing-asset",
        "index.html:3",
    ] {
        assert!(
            run.stderr.contains(part),
            "{part:?} is not in {}",
            run.stderr
        );
    }
    assert!(site.folder.path().join("push-policy.json").is_file());
}

#[test]
fn findings_point_at_the_text_as_rustc_does() {
    let site = little_site();
    let run = site.pushgen(&["analyze", "dist"]).ok();
    let expected = "\
warning[missing-asset]: no file of the site answers to /gone.png
 --> index.html:3:10
  |
3 | <img src=gone.png>
  |          ^^^^^^^^
";
    assert!(run.stderr.contains(expected), "{}", run.stderr);
}

#[test]
fn the_policy_goes_to_standard_output_or_to_a_named_file() {
    let site = little_site();
    let run = site.pushgen(&["analyze", "dist", "-o", "-", "-q"]).ok();
    assert!(
        run.stdout.starts_with("{\n") && run.stderr.is_empty(),
        "{}",
        run.stderr
    );
    site.pushgen(&["analyze", "dist", "-o", "out.json", "-q"])
        .ok();
    let written = std::fs::read_to_string(site.folder.path().join("out.json")).expect("a policy");
    assert_eq!(written, run.stdout);
}

#[test]
fn the_exit_status_follows_fail_on() {
    let site = little_site();
    for (fail_on, code) in [("error", 0), ("warning", 1), ("never", 0)] {
        assert_eq!(
            site.pushgen(&["analyze", "dist", "--fail-on", fail_on])
                .code,
            code,
            "{fail_on}"
        );
    }
}

#[test]
fn wrong_usage_names_the_way_out() {
    let site = little_site();
    site.pushgen(&["analyze", "nowhere"])
        .fails(2, "cannot read nowhere");
    site.pushgen(&["analyze", "dist/a.css"])
        .fails(2, "is not a folder; give the folder that the build wrote");
    site.pushgen(&["analyze", "dist", "--include", "*.css"])
        .fails(2, "no page");
    site.pushgen(&["analyze", "dist", "--include", "["])
        .fails(2, "bad glob");
    site.pushgen(&["analyze", "dist", "--base-path", "docs"])
        .fails(2, "bad base path");
    site.pushgen(&["analyze", "dist", "--viewport", "wide"])
        .fails(2, "WIDTHxHEIGHT");
    site.pushgen(&["analyze", "dist", "--dpr", "0"])
        .fails(2, "0.1 to 16");
    site.pushgen(&["analyze", "dist", "--origin", "example.com"])
        .fails(2, "--origin");
    site.pushgen(&["analyze", "dist", "-o", "nowhere/policy.json"])
        .fails(2, "is there a folder nowhere?");
    site.pushgen(&["analyze", "dist", "-o", "dist"])
        .fails(2, "it is a folder");
    site.pushgen(&["analyze", "dist", "-o", "-", "--format", "json"])
        .fails(2, "both want standard output");
    site.pushgen(&["graph", "dist", "--page", "/nowhere/"])
        .fails(2, "its pages are /, /docs/");
    site.pushgen(&["explain", "dist", "a.css"])
        .fails(2, "no page a.css");
    site.pushgen(&["analyze"]).fails(2, "DIST");
    site.pushgen(&["dance"]).fails(2, "dance");
}

#[test]
fn a_failed_run_leaves_the_old_policy_alone() {
    let site = little_site();
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    let policy = site.folder.path().join("push-policy.json");
    let before = std::fs::read(&policy).expect("a policy");
    site.pushgen(&["analyze", "nowhere"]).fails(2, "nowhere");
    assert_eq!(std::fs::read(&policy).expect("a policy"), before);
    let left: Vec<_> = std::fs::read_dir(site.folder.path())
        .expect("a folder")
        .map(|e| e.expect("an entry").file_name())
        .collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_written_into_and_stays_a_pipe() {
    use std::io::Read;
    use std::os::unix::fs::FileTypeExt;
    let site = little_site();
    let policy = site.pushgen(&["analyze", "dist", "-o", "-", "-q"]).ok();
    let pipe = site.folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    // Open for reading and writing: neither end waits for the other, whatever the run does.
    let mut reader = std::fs::File::options()
        .read(true)
        .write(true)
        .open(&pipe)
        .expect("a pipe");
    site.pushgen(&["analyze", "dist", "-o", "pipe", "-q"]).ok();
    let kind = std::fs::symlink_metadata(&pipe).expect("it is there");
    assert!(kind.file_type().is_fifo(), "{kind:?}");
    let mut written = vec![0; policy.stdout.len()];
    reader.read_exact(&mut written).expect("the policy");
    assert_eq!(written, policy.stdout.as_bytes());
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_stays_and_what_it_points_to_is_written() {
    use std::os::unix::fs::symlink;
    let site = little_site();
    let folder = site.folder.path();
    let policy = site.pushgen(&["analyze", "dist", "-o", "-", "-q"]).ok();
    std::fs::create_dir(folder.join("there")).expect("a folder");
    std::fs::write(folder.join("there/old.json"), "old").expect("a file");
    symlink("there/old.json", folder.join("to-a-file")).expect("a link");
    symlink("there/new.json", folder.join("to-nothing")).expect("a link");
    symlink("to-nothing", folder.join("to-a-link")).expect("a link");
    for (link, target) in [
        ("to-a-file", "there/old.json"),
        ("to-nothing", "there/new.json"),
        ("to-a-link", "there/new.json"),
    ] {
        site.pushgen(&["analyze", "dist", "-o", link, "-q"]).ok();
        let kind = std::fs::symlink_metadata(folder.join(link)).expect("it is there");
        assert!(kind.is_symlink(), "{link}");
        let written = std::fs::read_to_string(folder.join(target)).expect("a policy");
        assert_eq!(written, policy.stdout, "{link}");
        std::fs::remove_file(folder.join(target)).expect("it goes");
    }
    symlink("loop", folder.join("loop")).expect("a link");
    site.pushgen(&["analyze", "dist", "-o", "loop", "-q"])
        .fails(2, "cannot write loop");
}

#[cfg(unix)]
#[test]
fn a_replaced_policy_keeps_its_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let site = little_site();
    let policy = site.folder.path().join("push-policy.json");
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    std::fs::set_permissions(&policy, std::fs::Permissions::from_mode(0o640)).expect("permissions");
    site.pushgen(&["analyze", "dist", "-q"]).ok();
    let mode = std::fs::metadata(&policy).expect("a policy").permissions();
    assert_eq!(mode.mode() & 0o777, 0o640);
}

#[cfg(unix)]
#[test]
fn a_folder_without_permission_is_named_with_the_way_out() {
    use std::os::unix::fs::PermissionsExt;
    let site = little_site();
    let closed = site.folder.path().join("closed");
    std::fs::create_dir(&closed).expect("a folder");
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o555)).expect("permissions");
    let arguments = ["analyze", "dist", "-q", "-o", "closed/policy.json"];
    let Some(run) = site.pushgen_bound_by_permissions(&arguments) else {
        return;
    };
    assert_eq!(run.code, 2);
    assert_eq!(
        run.stderr,
        "error: cannot write closed/policy.json: no permission to write in the folder closed; give another place with -o\n"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_standard_output_is_named() {
    let site = little_site();
    for arguments in [
        ["analyze", "dist", "-q", "-o", "-"].as_slice(),
        &["analyze", "dist", "--format", "json"],
        &["graph", "dist"],
        &["explain", "dist", "/"],
        &["explain", "dist", "/", "--format", "json"],
        &["check", "dist", "--format", "json"],
        &["schema"],
    ] {
        site.pushgen(&["analyze", "dist", "-q"]).ok();
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .expect("Linux has it");
        let output = command_in(site.folder.path(), arguments)
            .stdout(full)
            .output()
            .expect("the binary runs");
        let run = Run::from(output).fails(2, "cannot write to standard output: ");
        assert!(run.stderr.contains("No space left"), "{}", run.stderr);
    }
}

#[test]
fn a_file_is_left_out_however_its_glob_is_written() {
    let site = little_site();
    for exclude in ["docs/index.html", "./docs/index.html", "/docs/", "docs/"] {
        let run = site.pushgen(&["graph", "dist", "--exclude", exclude]).ok();
        let pages: Vec<String> = run
            .json_lines()
            .iter()
            .map(|g| g["page"].to_string())
            .collect();
        assert_eq!(pages, ["\"/\""], "{exclude}");
    }
    site.pushgen(&["analyze", "dist", "-q", "--exclude", "./docs/"])
        .ok();
    site.pushgen(&["check", "dist"]).ok();
}

#[test]
fn an_origin_is_written_in_its_normal_spelling() {
    let site = little_site();
    for (given, expected) in [
        ("HTTPS://Example.COM:443/", "https://example.com"),
        ("https://bücher.de", "https://xn--bcher-kva.de"),
    ] {
        let run = site.pushgen(&["analyze", "dist", "-q", "-o", "-", "--origin", given]);
        let policy: serde_json::Value = serde_json::from_str(&run.ok().stdout).expect("JSON");
        assert_eq!(policy["origin"], expected);
    }
    site.pushgen(&["analyze", "dist", "--origin", "https://example.com/docs/"])
        .fails(2, "/docs/ goes to --base-path");
}

#[test]
fn every_help_ends_with_the_global_options_and_the_exit_status() {
    for (command, statuses) in [
        ("analyze", 3),
        ("graph", 2),
        ("explain", 2),
        ("simulate", 2),
        ("report", 2),
        ("check", 3),
    ] {
        for flag in ["-h", "--help"] {
            let help = pushgen(&[command, flag]).ok().stdout;
            let (own, end) = help
                .split_once("\nGlobal options:\n")
                .unwrap_or_else(|| panic!("{help}"));
            assert!(
                !own.contains("--quiet") && end.contains("--quiet"),
                "{help}"
            );
            let (_, exit) = end
                .split_once("\nExit status:\n")
                .unwrap_or_else(|| panic!("{help}"));
            assert_eq!(exit.lines().count(), statuses, "{help}");
        }
    }
    let help = |command| pushgen(&[command, "--help"]).ok().stdout;
    assert!(help("graph").contains("standard error"));
    for command in ["simulate", "report"] {
        let usage = format!("Usage: pushgen {command} [OPTIONS] <FILE|DIST> [DIST|FILE]\n");
        assert!(help(command).contains(&usage), "{}", help(command));
        assert!(help(command).contains("--policy <FILE>"));
    }
    for (command, writes_fingerprints) in [("analyze", true), ("graph", false), ("explain", false)]
    {
        assert_eq!(
            help(command).contains("URL fingerprints are"),
            writes_fingerprints,
            "{command}"
        );
    }
}

#[test]
fn help_shows_the_exit_status_and_every_subcommand() {
    let help = pushgen(&["--help"]).ok().stdout;
    for part in [
        "analyze",
        "graph",
        "explain",
        "check",
        "schema",
        "Exit status",
        "--color",
        "--quiet",
    ] {
        assert!(help.contains(part), "{part} is not in {help}");
    }
}

#[test]
fn colours_are_used_only_when_asked_for() {
    let site = little_site();
    let escape = "\u{1b}[";
    assert!(!site.pushgen(&["analyze", "dist"]).stderr.contains(escape));
    assert!(
        site.pushgen(&["analyze", "dist", "--color", "always"])
            .stderr
            .contains(escape)
    );
    assert!(
        !site
            .pushgen(&["explain", "dist", "/", "--color", "never"])
            .stdout
            .contains(escape)
    );
}

#[test]
fn graph_prints_the_documented_object_for_the_named_pages() {
    let site = little_site();
    for named in ["/", "/index.html", "index.html"] {
        let lines = site
            .pushgen(&["graph", "dist", "--page", named])
            .ok()
            .json_lines();
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["page"], "/");
        assert_eq!(lines[0]["file"], "index.html");
        let first = &lines[0]["fetches"][0];
        let expected = serde_json::json!({
            "path": "/a.css", "destination": "style", "depth": 1, "class": "render-blocking", "render_blocking": true,
            "parser_blocking": false, "when": "load", "confidence": 1.0, "initiator": "/", "location": "index.html:2",
        });
        assert_eq!(*first, expected);
        let import = lines[0]["fetches"]
            .as_array()
            .expect("fetches")
            .iter()
            .find(|f| f["path"] == "/b.css");
        let import = import.expect("the import");
        assert_eq!(
            (&import["depth"], &import["initiator"], &import["location"]),
            (&2.into(), &"/a.css".into(), &"a.css:1".into())
        );
    }
}

#[test]
fn explain_shows_the_tree_with_reasons_and_the_plan() {
    let run = little_site().pushgen(&["explain", "dist", "/"]).ok();
    for part in [
        "/a.css",
        "└── /b.css",
        "nothing is painted before it; /a.css hides it from the preload scanner",
        "plan: ",
        "1. push+hint  /a.css",
    ] {
        assert!(
            run.stdout.contains(part),
            "{part:?} is not in\n{}",
            run.stdout
        );
    }
    let json = little_site()
        .pushgen(&["explain", "dist", "/", "--format", "json"])
        .ok()
        .stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["plan"]["entries"][1]["path"], "/b.css");
}

#[test]
fn a_reader_that_leaves_early_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_pushgen"))
        .args(["graph"])
        .arg(fixture("demo"))
        .current_dir(root())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary runs");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
