//! Which file answers to which path.

use pushgen_analyzer::{Analyzer, Options, Site, SiteOptions};
use pushgen_policy::Sha256;

use super::*;

#[test]
fn paths_lead_to_files_as_the_analyzer_maps_them() {
    let files: &[(&str, &[u8])] = &[
        ("index.html", b"root"),
        ("a/index.html", b"a"),
        ("a/b.css", b"b"),
        ("about.html", b"about"),
        ("\u{e4} \u{f6}/100%.png", b"png"),
        ("empty/x.css", b"x"),
        (".well-known/y", b"y"),
    ];
    let plain = Fixture::new(files);
    let clean = Fixture::with_options(files, |options| options.clean_urls = true);
    for (target, status, body, location) in [
        ("/", 200, "root", None),
        ("/?x=/../y", 200, "root", None),
        ("//", 200, "root", None),
        ("/index.html", 200, "root", None),
        ("/a/", 200, "a", None),
        ("/a", 308, "", Some("/a/")),
        ("//a", 308, "", Some("/a/")),
        ("/a?b=//c", 308, "", Some("/a/?b=//c")),
        ("/a//b.css", 200, "b", None),
        ("/%61/b.css", 200, "b", None),
        ("/%C3%A4%20%C3%B6/100%25.png", 200, "png", None),
        ("/.well-known/y", 200, "y", None),
        ("http://example.com/a/b.css?c", 200, "b", None),
        ("/about.html", 200, "about", None),
        ("/empty/", 404, "not found\n", None),
        ("/empty", 404, "not found\n", None),
        ("/a/b.css/", 404, "not found\n", None),
        ("/a%2Fb.css", 404, "not found\n", None),
        ("/INDEX.HTML", 404, "not found\n", None),
        ("*", 400, "not a path\n", None),
    ] {
        let answer = plain.get(target, &[]);
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(answer.body, body, "{target}");
        assert_eq!(answer.field("location"), location, "{target}");
    }
    assert_eq!(plain.get("/about", &[]).status, 404);
    assert_eq!(clean.get("/about", &[]).body, "about");
    let long = format!("/{}", "x".repeat(9000));
    assert_eq!(plain.get(&long, &[]).status, 414);
}

#[test]
fn a_base_path_is_where_the_site_begins() {
    let fixture = Fixture::with_options(
        &[
            ("index.html", b"root"),
            ("a/index.html", b"a"),
            ("404.html", b"none"),
        ],
        |options| options.base_path = "/docs".to_owned(),
    );
    for (target, status, body, location) in [
        ("/docs/", 200, "root", None),
        ("/docs", 308, "", Some("/docs/")),
        ("/docs?x", 308, "", Some("/docs/?x")),
        ("/docs/a", 308, "", Some("/docs/a/")),
        ("/docs//a", 308, "", Some("/docs/a/")),
        ("/", 404, "none", None),
        ("/a/", 404, "none", None),
    ] {
        let answer = fixture.get(target, &[]);
        assert_eq!(answer.status, status, "{target}");
        assert_eq!(answer.body, body, "{target}");
        assert_eq!(answer.field("location"), location, "{target}");
    }
    for bad in ["", "docs", "//host/", "/a?b"] {
        let options = FilesOptions {
            base_path: bad.to_owned(),
            ..FilesOptions::default()
        };
        assert!(Files::new(fixture.folder.path(), options).is_err(), "{bad}");
    }
}

#[test]
fn a_redirect_never_names_another_host() {
    let fixture = Fixture::new(&[("evil.com/index.html", b""), ("a/evil.com/index.html", b"")]);
    for (target, expected) in [
        ("//evil.com", "/evil.com/"),
        ("///evil.com", "/evil.com/"),
        ("/a//evil.com", "/a/evil.com/"),
        ("/evil.com?//x", "/evil.com/?//x"),
    ] {
        assert_eq!(
            fixture.get(target, &[]).field("location"),
            Some(expected),
            "{target}"
        );
    }
}

#[test]
fn a_policy_with_entity_tags_and_the_server_agree() {
    let fixture = Fixture::new(&[
        (
            "index.html",
            b"<!doctype html><link rel=stylesheet href='/a%20b/%C3%A4.css'><script src=/app.mjs \
              type=module></script><script src='//app.js'></script><img src=x.svg><p>x",
        ),
        (
            "a b/\u{e4}.css",
            b"p { color: red; background: url(../c.png) }",
        ),
        ("app.mjs", b"import './b.js'"),
        ("b.js", b"export let b"),
        ("app.js", b"var a"),
        ("x.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>"),
        ("c.png", b"png"),
    ]);
    let site = Site::load(fixture.folder.path(), &SiteOptions::default()).expect("a site");
    let mut options = Options::default();
    options.etags = true;
    let analyzer = Analyzer::new(&site, options);
    let policy = analyzer.analyze(&|| {}).expect("a policy").policy;
    assert!(policy.assets().len() >= 3, "{:?}", policy.assets());
    for asset in policy.assets() {
        let answer = fixture.get(asset.path.as_str(), &[]);
        assert_eq!(answer.status, 200, "{}", asset.path);
        assert_eq!(
            answer.field("etag"),
            asset.etag.as_deref(),
            "{}",
            asset.path
        );
        assert_eq!(Sha256::of(&answer.body), asset.content, "{}", asset.path);
        let media_type = answer.field("content-type").expect("a media type");
        let essence = media_type.split(';').next();
        assert_eq!(essence, Some(asset.media_type.as_str()), "{}", asset.path);
    }
}
