//! Text without precompressed siblings: who gets it compressed, and where a page is divided.

use std::io::Read as _;

use flate2::read::GzDecoder;
use pushgen_policy::{Policy, Sha256};

use super::super::resource::MOST_COMPRESSED;
use super::super::store::lock;
use super::*;

const GZIP: (&str, &str) = ("accept-encoding", "gzip, deflate");

fn text() -> Vec<u8> {
    let lines = (0..400).map(|number| format!("p:nth-child({number}) {{ color: red }}\n"));
    lines.collect::<String>().into_bytes()
}

/// Bytes that cannot be made fewer.
fn noise() -> Vec<u8> {
    let mut state = 1_u64;
    let next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        Some((state >> 56) as u8)
    };
    std::iter::from_fn(next).take(1000).collect()
}

/// What can be read of the start of a stream.
fn inflated(coded: &[u8]) -> Vec<u8> {
    let mut content = Vec::new();
    // A stream that is cut off ends with an error, after all that was in it.
    let _ = GzDecoder::new(coded).read_to_end(&mut content);
    content
}

/// A policy whose pages have these heads.
fn policy(heads: &[(&str, usize)]) -> Policy {
    let page = |(path, head): &(&str, usize)| {
        format!(r#""{path}":{{"plan":0,"head":{{"identity":{head}}}}}"#)
    };
    let pages: Vec<String> = heads.iter().map(page).collect();
    let json = format!(
        r#"{{"$schema":"{}","version":1,"generator":"test","assets":[
            {{"path":"/a.css","type":"text/css","destination":"style","sizes":{{"identity":3}},"content":"{}"}}],
            "plans":[{{"reason":"test","bytes":3,"entries":[
            {{"asset":0,"class":"style","depth":1,"means":["push"],"reason":"test"}}]}}],"pages":{{{}}}}}"#,
        pushgen_policy::SCHEMA,
        Sha256::of(b"p{}"),
        pages.join(",")
    );
    Policy::from_json(json.as_bytes()).expect("a policy")
}

#[test]
fn who_takes_gzip_gets_it_unless_there_is_something_better() {
    let (text, noise) = (text(), noise());
    let fixture = Fixture::new(&[
        ("a.css", &text),
        ("b.css", &text),
        ("b.css.br", b"brotli"),
        ("c.css", &text),
        ("c.css.gz", b"sibling"),
        ("d.css", &text),
        ("d.css.br", &[&*text, b"larger"].concat()),
        ("index.html", &text),
        ("short.css", &text[..149]),
        ("noise.ttf", &noise),
        ("photo.jpg", &text),
        ("font.woff2", &text),
    ]);
    for (target, accepted, status, coding, varies) in [
        ("/a.css", "gzip", 200, Some("gzip"), true),
        ("/a.css", "gzip, deflate, br, zstd", 200, Some("gzip"), true),
        ("/a.css", "GZIP;q=0.5", 200, Some("gzip"), true),
        ("/a.css", "x-gzip", 200, Some("gzip"), true),
        ("/a.css", "*", 200, Some("gzip"), true),
        ("/a.css", "gzip, identity;q=0", 200, Some("gzip"), true),
        ("/a.css", "", 200, None, true),
        ("/a.css", "br", 200, None, true),
        ("/a.css", "gzip;q=0", 200, None, true),
        ("/a.css", "*;q=0, identity", 200, None, true),
        ("/a.css", "gzip;q=0.5, identity", 200, None, true),
        ("/a.css", "gzip;q=0, identity;q=0", 406, None, true),
        ("/", "gzip", 200, Some("gzip"), true),
        ("/b.css", "gzip, br", 200, Some("br"), true),
        ("/b.css", "gzip", 200, Some("gzip"), true),
        ("/b.css", "gzip, br;q=0.9", 200, Some("gzip"), true),
        ("/c.css", "gzip", 200, Some("gzip"), true),
        ("/d.css", "gzip, br", 200, Some("gzip"), true),
        ("/short.css", "gzip", 200, None, false),
        ("/short.css", "gzip, identity;q=0", 406, None, true),
        ("/noise.ttf", "gzip", 200, None, true),
        ("/noise.ttf", "gzip, identity;q=0", 406, None, true),
        ("/photo.jpg", "gzip", 200, None, false),
        ("/font.woff2", "gzip", 200, None, false),
    ] {
        // The second answer comes from memory.
        for _ in 0..2 {
            let answer = fixture.get(target, &[("accept-encoding", accepted)]);
            let said = (answer.status, answer.field("content-encoding"));
            assert_eq!(said, (status, coding), "{target} {accepted}");
            let vary = answer.field("vary");
            assert_eq!(vary, varies.then_some("accept-encoding"), "{target}");
            let expected = match (target, coding) {
                _ if status != 200 => continue,
                ("/noise.ttf", _) => noise.as_slice(),
                ("/b.css", Some("br")) => b"brotli",
                ("/c.css", _) => b"sibling",
                ("/short.css", _) => &text[..149],
                (_, Some(_)) => {
                    assert!(answer.body.len() < text.len() / 4, "{target}");
                    assert_eq!(inflated(&answer.body), text, "{target} {accepted}");
                    continue;
                }
                _ => &text,
            };
            assert_eq!(answer.body, expected, "{target} {accepted}");
        }
    }
}

#[test]
fn nothing_is_compressed_if_that_is_not_wanted() {
    let text = text();
    let files: [(&str, &[u8]); 3] = [("a.css", &text), ("b.css", &text), ("b.css.gz", b"sibling")];
    let fixture = Fixture::with_options(&files, |options| options.compresses = false);
    let answer = fixture.get("/a.css", &[GZIP]);
    assert_eq!(
        (answer.field("content-encoding"), answer.field("vary")),
        (None, None)
    );
    assert_eq!(answer.body, text);
    assert_eq!(fixture.get("/b.css", &[GZIP]).body, b"sibling".as_slice());
}

#[test]
fn a_large_text_is_sent_as_it_is() {
    let fixture = Fixture::new(&[]);
    for (name, len, coding) in [
        ("largest.css", MOST_COMPRESSED, Some("gzip")),
        ("larger.css", MOST_COMPRESSED + 1, None),
    ] {
        let file = fs::File::create(fixture.path(name)).expect("a file");
        file.set_len(len).expect("a length");
        let answer = fixture.ask("HEAD", &format!("/{name}"), &[GZIP]);
        assert_eq!(answer.field("content-encoding"), coding, "{name}");
        assert_eq!(answer.headers.contains_key("vary"), coding.is_some());
    }
}

#[test]
fn each_coding_has_a_strong_tag_of_its_own_and_its_own_conditions_and_ranges() {
    let fixture = Fixture::new(&[("a.css", &text())]);
    let plain = fixture.get("/a.css", &[]);
    let whole = fixture.get("/a.css", &[GZIP]);
    let (plain_tag, tag) = (plain.headers["etag"].clone(), whole.headers["etag"].clone());
    let (plain_tag, tag) = (
        plain_tag.to_str().expect("ASCII"),
        tag.to_str().expect("ASCII"),
    );
    assert_ne!(plain_tag, tag);
    assert!(tag.starts_with('"') && tag.ends_with("-gzip\""), "{tag}");
    let date = whole.field("last-modified").expect("a date");
    let len = whole.body.len();
    for (fields, status, body) in [
        (&[("if-none-match", tag)][..], 304, &b""[..]),
        (&[("if-none-match", plain_tag)], 200, &whole.body),
        (&[("if-modified-since", date)], 304, b""),
        (
            &[("if-match", plain_tag)],
            412,
            b"the file is another one by now\n",
        ),
        (&[("range", "bytes=3-9")], 206, &whole.body[3..10]),
        (&[("range", "bytes=-5")], 206, &whole.body[len - 5..]),
        (
            &[("range", "bytes=3-9"), ("if-range", tag)],
            206,
            &whole.body[3..10],
        ),
        (
            &[("range", "bytes=3-9"), ("if-range", plain_tag)],
            200,
            &whole.body,
        ),
        // Both codings have this date.
        (
            &[("range", "bytes=3-9"), ("if-range", date)],
            200,
            &whole.body,
        ),
        (
            &[("range", "bytes=90000-")],
            416,
            b"the file has no such bytes\n",
        ),
    ] {
        let fields = [&[GZIP], fields].concat();
        let answer = fixture.get("/a.css", &fields);
        assert_eq!((answer.status, &*answer.body), (status, body), "{fields:?}");
        let range = match status {
            206 => Some(format!("/{len}")),
            416 => Some(format!("bytes */{len}")),
            _ => None,
        };
        let content_range = answer.field("content-range");
        let is_as_expected = match (&range, content_range) {
            (Some(end), Some(found)) => found.ends_with(end.as_str()),
            (range, found) => range.is_none() && found.is_none(),
        };
        assert!(is_as_expected, "{fields:?}: {content_range:?}");
    }
    let head = fixture.ask("HEAD", "/a.css", &[GZIP]);
    assert_eq!(head.headers, whole.headers);
    assert_eq!(head.field("content-length"), Some(&*len.to_string()));
}

#[test]
fn a_change_on_disk_is_compressed_anew() {
    let text = text();
    let fixture = Fixture::new(&[("a.css", &text)]);
    let body = || fixture.get("/a.css", &[GZIP]);
    let first = body();
    assert_eq!(inflated(&first.body), text);
    // The same length, and perhaps the same tick of the clock.
    let other = text.to_ascii_uppercase();
    fixture.write("a.css", &other);
    let second = body();
    assert_eq!(inflated(&second.body), other);
    assert_ne!(first.field("etag"), second.field("etag"));
    fixture.write("a.css.gz", b"sibling");
    assert_eq!(body().body, b"sibling".as_slice());
    fs::remove_file(fixture.path("a.css.gz")).expect("no file");
    assert_eq!(inflated(&body().body), other);
    fixture.write("a.css", b"short");
    assert_eq!(body().body, b"short".as_slice());
    fixture.write("a.css", &text);
    let back = body();
    assert_eq!(
        (back.body, back.headers["etag"].clone()),
        (first.body, first.headers["etag"].clone())
    );
}

#[test]
fn what_was_compressed_answers_without_waiting() {
    let text = text();
    let fixture = Fixture::with_options(&[("a.css", &text)], |options| {
        options.recheck = Duration::from_secs(3600);
    });
    let first = fixture.get("/a.css", &[GZIP]);
    let mut answering = fixture
        .files
        .clone()
        .call(request("GET", "/a.css", &[GZIP]));
    let mut context = Context::from_waker(std::task::Waker::noop());
    let Poll::Ready(Ok(response)) = Pin::new(&mut answering).poll(&mut context) else {
        panic!("it waits");
    };
    let body = fixture.runtime.block_on(collected(response.into_body()));
    assert_eq!(body.expect("a body"), first.body);
}

#[test]
fn many_who_ask_at_once_are_all_answered() {
    let text = text();
    let fixture = Fixture::with_options(&[("a.css", &text)], |options| options.memory = 0);
    fixture.runtime.block_on(async {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..20 {
            let files = fixture.files.clone();
            tasks.spawn(async move { answer(&files, request("GET", "/a.css", &[GZIP])).await });
        }
        while let Some(answer) = tasks.join_next().await {
            assert_eq!(inflated(&answer.expect("an answer").body), text);
        }
    });
    assert!(lock(&fixture.files.0.readings).is_empty());
}

#[test]
fn a_page_is_divided_at_the_head_that_its_policy_has() {
    let text = text();
    let fixture = Fixture::with_options(
        &[
            ("index.html", &text),
            ("about/index.html", &text),
            ("other.html", &text),
            ("packed.html", &text),
            ("packed.html.gz", b"sibling"),
            ("404.html", &text),
        ],
        |options| options.spa = true,
    );
    let end = text.len();
    let handle = PolicyHandle::new(
        policy(&[("/", 700), ("/about/", end), ("/packed.html", 9)]),
        [],
    );
    let undivided = fixture.get("/", &[GZIP]);
    assert_eq!(undivided.head, None);
    fixture.files.divide_by(handle.clone());
    // The target, how it is asked for, how many bytes of the file the head has.
    for (target, fields, expected) in [
        ("/", &[GZIP][..], Some(700)),
        ("/?query", &[GZIP], Some(700)),
        ("/about/", &[GZIP], Some(end)),
        ("/route", &[GZIP], Some(700)),
        ("/other.html", &[GZIP], None),
        // What is there as a file is divided by the policy alone.
        ("/packed.html", &[GZIP], None),
        ("/", &[], None),
        ("/", &[GZIP, ("range", "bytes=0-9")], None),
        ("/", &[GZIP, ("if-none-match", "*")], None),
        ("/no.css", &[GZIP], None),
    ] {
        for _ in 0..2 {
            let answer = fixture.get(target, fields);
            let head = answer.head.map(|head| inflated(&answer.body[..head]));
            assert_eq!(
                head.as_deref(),
                expected.map(|expected| &text[..expected]),
                "{target}"
            );
            if answer.head.is_some() {
                assert_eq!(inflated(&answer.body), text, "{target}");
            }
        }
    }
    let divided = fixture.get("/", &[GZIP]);
    assert_ne!(divided.field("etag"), undivided.field("etag"));
    assert!(divided.body.len() < undivided.body.len() + 50);
    handle.replace(policy(&[("/", 1300)]));
    let anew = fixture.get("/", &[GZIP]);
    let head = anew.head.expect("a head");
    assert_eq!(inflated(&anew.body[..head]), &text[..1300]);
    handle.replace(policy(&[("/elsewhere/", 9)]));
    let without = fixture.get("/", &[GZIP]);
    assert_eq!((without.head, without.body), (None, undivided.body));
}
