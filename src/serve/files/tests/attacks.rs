//! Whatever is asked, the root is not left and nothing panics.

use http::HeaderValue;
use proptest::prelude::*;
use pushgen_analyzer::{Site, SiteOptions};

use super::*;

/// Pieces that targets are put together from.
const PIECES: [&str; 24] = [
    "/",
    "//",
    ".",
    "..",
    "%2e",
    "%2E%2e",
    "%252e",
    "%2f",
    "%5c",
    "\\",
    "%00",
    "%",
    "a",
    "b.html",
    "sub",
    "out",
    "loop",
    "secret.txt",
    "index.html",
    "%C3%A4",
    ";x",
    "?",
    "c",
    ":",
];

#[cfg(unix)]
#[test]
fn no_target_leaves_the_root() {
    use std::os::unix::fs::symlink;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let root = folder.path().join("root");
    for (name, content) in [
        ("secret.txt", "SECRET"),
        ("a/secret.txt", "SECRET"),
        ("root/index.html", "root"),
        ("root/b.html", "b"),
        ("root/a/b.html", "ab"),
        ("root/a/index.html", "a"),
        ("root/sub/index.html", "sub"),
    ] {
        write(&folder.path().join(name), content.as_bytes());
    }
    symlink("..", root.join("out")).expect("a link");
    symlink("../secret.txt", root.join("c")).expect("a link");
    symlink(".", root.join("sub/loop")).expect("a link");
    let site = Site::load(&root, &SiteOptions::default()).expect("a site");
    let fixture = Fixture {
        files: Files::new(&root, FilesOptions::default()).expect("a folder"),
        ..Fixture::of_folder(folder, |_| {})
    };
    let pieces = prop::collection::vec(prop::sample::select(&PIECES[..]), 0..9);
    proptest!(|(pieces in pieces)| {
        let target = format!("/{}", pieces.concat());
        prop_assume!(target.parse::<http::Uri>().is_ok());
        let answer = fixture.get(&target, &[]);
        prop_assert!(!answer.body.windows(6).any(|window| window == b"SECRET"), "{}", target);
        prop_assert!(matches!(answer.status, 200 | 308 | 404), "{} {}", target, answer.status);
        if let Some(location) = answer.field("location") {
            prop_assert!(location.starts_with('/') && !location.starts_with("//"), "{}", location);
        }
        // What is served is what the analyzer finds, but for the two spellings that are refused here.
        let path = target.split('?').next().unwrap_or_default();
        let folded = path.to_ascii_lowercase();
        if !folded.contains("%2f") && !folded.contains("%5c") && !folded.contains('\\') {
            let expected = match site.page(path) {
                None => 404,
                Some(page) => match fs::read(site.location(page)) {
                    Ok(content) if answer.status == 200 => {
                        prop_assert_eq!(&*answer.body, &*content, "{}", target);
                        200
                    }
                    _ => 308,
                },
            };
            prop_assert_eq!(answer.status, expected, "{}", target);
        }
    });
}

proptest! {
    #[test]
    fn any_target_and_any_fields_are_answered(
        path in "[!-~]{0,30}",
        name in prop::sample::select(&["range", "if-range", "if-match", "accept-encoding", "accept"][..]),
        value in prop::collection::vec(32u8..127, 0..20),
    ) {
        let fixture = Fixture::new(&[("index.html", b"<p>")]);
        let value = HeaderValue::from_bytes(&value).expect("visible ASCII");
        for target in [format!("/{path}"), "/".to_owned()] {
            if let Ok(request) = Request::builder().uri(target).header(name, &value).body(()) {
                let answer = fixture.runtime.block_on(answer(&fixture.files, request));
                prop_assert!(answer.status < 500);
            }
        }
    }
}

#[test]
fn a_range_is_a_slice_of_the_file_wherever_it_is_kept() {
    let large = large();
    let fixture = Fixture::with_options(
        &[("large.bin", &large), ("small.bin", &large[..5000])],
        |options| {
            options.recheck = Duration::from_secs(3600);
        },
    );
    proptest!(|(target in prop::sample::select(&["/large.bin", "/small.bin"][..]), first: u32, len in 1u64..600_000)| {
        let whole = if target == "/large.bin" { &large[..] } else { &large[..5000] };
        let first = u64::from(first) % (whole.len() as u64 + 2);
        let field = format!("bytes={first}-{}", first + len - 1);
        let answer = fixture.get(target, &[("range", &field)]);
        let end = (first + len).min(whole.len() as u64);
        match whole.get(first as usize..end as usize) {
            Some(expected) if !expected.is_empty() => {
                prop_assert_eq!(answer.status, 206);
                prop_assert!(answer.body == expected, "{}", field);
                let range = format!("bytes {first}-{}/{}", end - 1, whole.len());
                prop_assert_eq!(answer.field("content-range"), Some(&*range));
            }
            _ => prop_assert_eq!(answer.status, 416),
        }
    });
}
