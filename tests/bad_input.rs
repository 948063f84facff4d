//! Sites that are broken or hostile: a finding or an error, never a panic or a hang, and everything else is
//! still analysed.

use std::time::{Duration, Instant};

use crate::support::{Run, TestSite};

/// A healthy page, which must come out the same beside every broken one.
const GOOD: (&str, &[u8]) = (
    "good/index.html",
    b"<!doctype html><link rel=stylesheet href=/good/a.css><p>Text",
);
const SHEET: (&str, &[u8]) = ("good/a.css", b"p { color: red }");

/// Analyses a site with the broken files and the good page; the good page must have its plan.
#[track_caller]
fn beside_a_good_page(files: &[(&str, &[u8])]) -> (i32, Vec<(String, String)>) {
    let site = TestSite::new(&[&[GOOD, SHEET], files].concat());
    let start = Instant::now();
    let found = site.findings();
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    let graph = site
        .pushgen(&["graph", "dist", "--page", "/good/"])
        .ok()
        .json_lines();
    assert_eq!(graph[0]["fetches"][0]["path"], "/good/a.css");
    site.pushgen(&["check", "dist"]).ok();
    found
}

fn finding(code: &str, file: &str) -> (String, String) {
    (code.to_owned(), file.to_owned())
}

#[test]
fn a_page_of_a_hundred_megabytes_is_too_large() {
    let large = b"<p>text</p>\n".repeat(100 * 1024 * 1024 / 12);
    assert_eq!(
        beside_a_good_page(&[("large.html", &large)]),
        (1, vec![finding("too-large", "large.html")])
    );
}

#[test]
fn a_hundred_thousand_nested_elements_are_too_deep() {
    let nested = "<div>".repeat(100_000);
    assert_eq!(
        beside_a_good_page(&[("deep.html", nested.as_bytes())]),
        (1, vec![finding("too-deep", "deep.html")])
    );
}

#[test]
fn binary_data_is_not_text_whatever_its_name() {
    let binary: Vec<u8> = (0..4096u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
        .collect();
    let page = b"<!doctype html><link rel=stylesheet href=b.css><script src=b.js></script>";
    let files: [(&str, &[u8]); 4] = [
        ("b.html", &binary),
        ("b.css", &binary),
        ("b.js", &binary),
        ("index.html", page),
    ];
    let (code, found) = beside_a_good_page(&files);
    assert_eq!(
        (code, found),
        (
            1,
            ["b.css", "b.html", "b.js"]
                .map(|file| finding("not-text", file))
                .to_vec()
        )
    );
}

#[test]
fn a_truncated_utf_16_document_is_read_as_far_as_it_goes() {
    let mut bytes = vec![0xff, 0xfe];
    bytes.extend(
        "<!doctype html><img src=/good/gone.png><p>"
            .encode_utf16()
            .flat_map(u16::to_le_bytes),
    );
    bytes.push(0x41);
    let (code, found) = beside_a_good_page(&[("half.html", &bytes)]);
    assert_eq!(
        (code, found),
        (
            0,
            vec![
                finding("malformed-encoding", "half.html"),
                finding("missing-asset", "half.html")
            ]
        )
    );
}

#[test]
fn a_reference_of_a_megabyte_is_invalid() {
    let page = format!(
        "<!doctype html><img src=\"{}a.png\"><script src=\"{}\"></script>",
        "../".repeat(350_000),
        "/x".repeat(500_000)
    );
    let (code, found) = beside_a_good_page(&[("far.html", page.as_bytes())]);
    assert_eq!(
        (code, found),
        (
            0,
            vec![
                finding("invalid-url", "far.html"),
                finding("invalid-url", "far.html")
            ]
        )
    );
}

#[test]
fn dots_beyond_the_root_stay_in_the_site() {
    let page = b"<!doctype html><link rel=stylesheet href=../../../../good/a.css><img src=../../../etc/passwd>";
    let (code, found) = beside_a_good_page(&[("up.html", page)]);
    assert_eq!(
        (code, found),
        (0, vec![finding("missing-asset", "up.html")])
    );
}

#[test]
fn one_unparsable_script_is_one_finding_with_its_place() {
    let site = TestSite::new(&[
        (
            "index.html",
            b"<!doctype html><script type=module src=a.js></script>",
        ),
        ("a.js", b"import './b.js';\nlet x = ;\n"),
        ("b.js", b""),
    ]);
    let run = site.pushgen(&["analyze", "dist"]).ok();
    assert!(
        run.stderr.contains("warning[unparsable-script]") && run.stderr.contains("a.js:2:9"),
        "{}",
        run.stderr
    );
    assert!(
        run.stderr.contains("0 errors and 1 warning"),
        "{}",
        run.stderr
    );
}

#[test]
fn hostile_style_sheets_and_scripts_end() {
    let nested_css = format!("{}p{{color:red}}", "@media screen{".repeat(100_000));
    let many_imports: String = (0..20_000)
        .map(|n| format!("@import 'x{n}.css';\n"))
        .collect();
    let nested_js = format!("x = {}1", "[".repeat(100_000));
    let page = b"<!doctype html><link rel=stylesheet href=a.css><link rel=stylesheet href=b.css><script src=c.js></script>";
    let (code, found) = beside_a_good_page(&[
        ("index.html", page),
        ("a.css", nested_css.as_bytes()),
        ("b.css", many_imports.as_bytes()),
        ("c.js", nested_js.as_bytes()),
    ]);
    assert_eq!(code, 0);
    assert_eq!(
        found
            .iter()
            .filter(|(code, _)| code == "missing-asset")
            .count(),
        20_000
    );
    assert!(found.contains(&finding("unparsable-style", "a.css")));
    assert!(found.contains(&finding("unparsable-script", "c.js")));
}

#[test]
fn cycles_of_sheets_and_modules_end() {
    let page =
        b"<!doctype html><link rel=stylesheet href=a.css><script type=module src=a.js></script>";
    let files: [(&str, &[u8]); 5] = [
        ("index.html", page),
        ("a.css", b"@import 'b.css'; @import 'a.css';"),
        ("b.css", b"@import 'a.css';"),
        ("a.js", b"import './b.js'; import './a.js';"),
        ("b.js", b"import './a.js';"),
    ];
    assert_eq!(beside_a_good_page(&files), (0, Vec::new()));
}

#[cfg(unix)]
#[test]
fn symbolic_links_that_loop_break_or_leave_are_findings() {
    use std::os::unix::fs::symlink;
    let site = TestSite::new(&[GOOD, SHEET]);
    let dist = site.dist();
    symlink(&dist, dist.join("loop")).expect("a link");
    symlink("/etc", dist.join("out")).expect("a link");
    symlink("nowhere", dist.join("broken.html")).expect("a link");
    let (code, found) = site.findings();
    let expected = vec![
        finding("symlink-broken", "broken.html"),
        finding("symlink-loop", "loop"),
        finding("symlink-leaves-root", "out"),
    ];
    assert_eq!((code, found), (0, expected));
}

#[cfg(unix)]
#[test]
fn an_unreadable_page_is_an_error_and_the_rest_is_analysed() {
    use std::os::unix::fs::PermissionsExt;
    let site = TestSite::new(&[GOOD, SHEET, ("locked.html", b"<p>")]);
    let locked = site.dist().join("locked.html");
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o000)).expect("permissions");
    let out = site.folder.path().join("out");
    std::fs::create_dir(&out).expect("a folder");
    std::fs::set_permissions(&out, std::fs::Permissions::from_mode(0o777)).expect("permissions");
    let arguments = ["analyze", "dist", "--format", "json", "-o", "out/p.json"];
    let Some(run) = site.pushgen_bound_by_permissions(&arguments) else {
        return;
    };
    assert_eq!(
        run.findings(),
        (1, vec![finding("unreadable-file", "locked.html")])
    );
    let policy = std::fs::read_to_string(out.join("p.json")).expect("a policy");
    assert!(policy.contains("/good/a.css"), "{policy}");
}

#[test]
fn a_folder_that_is_named_like_a_page_is_a_folder() {
    let (code, found) = beside_a_good_page(&[("folder.html/index.html", b"<p>")]);
    assert_eq!((code, found), (0, Vec::new()));
}

#[cfg(unix)]
#[test]
fn file_names_that_are_not_utf_8_are_files_like_all_others() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let site = TestSite::new(&[
        GOOD,
        SHEET,
        (
            "index.html",
            b"<!doctype html><img src=%ff.png><img src=%fe.png>",
        ),
    ]);
    std::fs::write(site.dist().join(OsStr::from_bytes(b"\xff.png")), b"x").expect("a file");
    std::fs::write(site.dist().join(OsStr::from_bytes(b"\xff.html")), b"<p>").expect("a file");
    let (code, found) = site.findings();
    assert_eq!(
        (code, found),
        (0, vec![finding("missing-asset", "index.html")])
    );
}

#[test]
fn integrity_metadata_that_is_no_hash_is_ignored_as_browsers_ignore_it() {
    let page =
        b"<!doctype html><link rel=stylesheet href=/good/a.css integrity='sha256-AAAA'><p>Text";
    let (code, found) = beside_a_good_page(&[("index.html", page)]);
    assert_eq!((code, found), (0, Vec::new()));
}

#[test]
fn graph_shows_the_errors_that_leave_a_graph_empty_and_no_warnings() {
    let site = TestSite::new(&[
        GOOD,
        SHEET,
        ("b.html", b"\0\x01\x02\x03"),
        ("index.html", b"<!doctype html><img src=gone.png>"),
    ]);
    let run = site.pushgen(&["graph", "dist"]).ok();
    assert_eq!(run.json_lines().len(), 3);
    assert!(
        run.stderr.contains("error[not-text]") && run.stderr.contains("b.html"),
        "{}",
        run.stderr
    );
    assert!(!run.stderr.contains("warning"), "{}", run.stderr);
    for silent in [
        ["graph", "dist", "--page", "/good/"].as_slice(),
        &["graph", "dist", "-qq"],
    ] {
        assert_eq!(site.pushgen(silent).ok().stderr, "", "{silent:?}");
    }
}

#[cfg(unix)]
#[test]
fn names_that_a_terminal_would_obey_are_shown_and_not_obeyed() {
    let escape = "\u{1b}[31mred.html";
    let forged = "a\nerror: forged.html";
    let page =
        "<!doctype html><img src=\"gone\u{1b}[31m.png\"><script src='x\u{202e}.js'></script>";
    let site = TestSite::new(&[
        (escape, page.as_bytes()),
        (forged, page.as_bytes()),
        ("index.html", b"<!doctype html><script src=%1b.js></script>"),
    ]);
    std::os::unix::fs::symlink("/nowhere\nerror: forged", site.dist().join("l\u{9b}.html"))
        .expect("a link");
    std::os::unix::fs::symlink("/", site.dist().join("out\u{1b}]0;title\u{7}")).expect("a link");
    site.pushgen(&["analyze", "dist", "-qq"]).ok();
    let check = |run: Run| {
        let said = run.stdout + &run.stderr;
        let obeyed = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(obeyed), "{said:?}");
        assert!(
            !said.lines().any(|line| line.starts_with("error: forged")),
            "{said}"
        );
        said
    };
    let said = check(site.pushgen(&["analyze", "dist", "-v"]).ok());
    assert!(said.contains("\u{fffd}[31mred.html"), "{said}");
    assert!(said.contains("a\u{fffd}error: forged.html"), "{said}");
    check(site.pushgen(&["explain", "dist", escape]).ok());
    check(site.pushgen(&["explain", "dist", "/nowhere\u{1b}"]));
    let policy = site.folder.path().join("push-policy.json");
    let known = std::fs::read_to_string(&policy).expect("a policy");
    let unknown = known.replacen("\"generator\"", r#""\u001b[31m": 1, "generator""#, 1);
    std::fs::write(&policy, unknown).expect("a file");
    let said = check(site.pushgen(&["check", "dist"]).ok());
    assert!(said.contains("/\u{fffd}[31m is not known"), "{said}");
    check(
        site.pushgen(&["check", "nowhere\u{1b}[31m"])
            .fails(2, "nowhere"),
    );
}

#[test]
fn tens_of_thousands_of_findings_in_one_file_are_shown_in_time() {
    let page: String = (0..20_000)
        .map(|n| format!("<img src=gone{n}.png>\n"))
        .collect();
    // The page's text again on one line.
    let line = page.replace('\n', "").replace("gone", "lost");
    let site = TestSite::new(&[
        ("index.html", page.as_bytes()),
        ("line.html", line.as_bytes()),
    ]);
    let start = Instant::now();
    let run = site.pushgen(&["analyze", "dist", "-v"]).ok();
    assert!(
        start.elapsed() < Duration::from_secs(60),
        "{:?}",
        start.elapsed()
    );
    assert!(
        run.stderr.contains("20000 | <img src=gone19999.png>"),
        "the last line is shown"
    );
    assert_eq!(run.stderr.matches("warning[missing-asset]").count(), 40_000);
}
