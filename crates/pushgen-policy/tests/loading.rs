//! What `Policy::from_json` takes and what it refuses, with the place that it names.

use pushgen_policy::{
    Coding, Head, MAX_DEPTH, MAX_DOCUMENT_BYTES, MAX_MEMBERS, PathError, Policy, PolicyError, wire,
};

const EXAMPLE: &str = include_str!("../schema/example.json");

/// The example with a piece of its text replaced.
fn with(piece: &str, replacement: &str) -> String {
    assert!(EXAMPLE.contains(piece), "the example has no {piece}");
    EXAMPLE.replacen(piece, replacement, 1)
}

fn refused(json: &str) -> PolicyError {
    match Policy::from_json(json.as_bytes()) {
        Ok(_) => panic!("taken: {json}"),
        Err(error) => error,
    }
}

/// The name of the variant.
fn kind(error: &PolicyError) -> String {
    let debug = format!("{error:?}");
    debug
        .split([' ', '{'])
        .next()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn refuses_what_is_wrong_and_says_where() {
    let app = r#""/css/app.css""#;
    let app_type = r#""type": "text/css""#;
    // What is replaced, what by, the error, its place.
    let cases = [
        // Version and identity.
        (r#""version": 1"#, r#""version": 2"#, "Version", "/version"),
        (r#""version": 1"#, r#""version": 0"#, "Version", "/version"),
        (
            r#""version": 1"#,
            r#""version": 1.0"#,
            "Version",
            "/version",
        ),
        (
            r#""version": 1"#,
            r#""version": "1""#,
            "Version",
            "/version",
        ),
        (
            r#""version": 1"#,
            r#""version": 2, "assets": 7"#,
            "Version",
            "/version",
        ),
        ("policy:1", "policy:2", "Schema", "/$schema"),
        // Shape.
        (r#""version": 1,"#, "", "Shape", ""),
        (r#""generator": "pushgen 0.1.0","#, "", "Shape", ""),
        (
            r#""generator": "pushgen 0.1.0""#,
            r#""generator": 7"#,
            "Shape",
            "/generator",
        ),
        (
            r#"["drafts/**"]"#,
            r#"["drafts/**", 7]"#,
            "Shape",
            "/analysis/exclude/1",
        ),
        (
            r#""viewports": ["412x823@1.75", "1350x940@1"], "#,
            "",
            "NoViewport",
            "/analysis/viewports",
        ),
        ("1350x940", "1350", "Shape", "/analysis/viewports/1"),
        ("@1.75", "@17.5", "Shape", "/analysis/viewports/0"),
        (r#""light""#, r#""grey""#, "Shape", "/analysis/color_scheme"),
        (
            r#""budget": 43800"#,
            r#""budget": -1"#,
            "Shape",
            "/analysis/budget",
        ),
        (r#""path": "/css/app.css", "#, "", "Shape", "/assets/0"),
        (
            r#""destination": "font""#,
            r#""destination": "report""#,
            "Shape",
            "/assets/1/destination",
        ),
        (r#""anonymous""#, r#""""#, "Shape", "/assets/1/crossorigin"),
        (
            r#""module": true"#,
            r#""module": 1"#,
            "Shape",
            "/assets/2/module",
        ),
        (
            r#""gzip": 400"#,
            r#""deflate": 400"#,
            "Shape",
            "/assets/0/sizes/deflate",
        ),
        (
            r#""gzip": 400"#,
            r#""gzip": 400.5"#,
            "Shape",
            "/assets/0/sizes/gzip",
        ),
        (
            r#""gzip": 400"#,
            r#""gzip": 18446744073709551616"#,
            "Shape",
            "/assets/0/sizes/gzip",
        ),
        (
            r#"["br"]"#,
            r#"["lzma"]"#,
            "Shape",
            "/assets/0/precompressed/0",
        ),
        ("NuZPGf", "NuZPG", "Shape", "/assets/0/content"),
        ("NuZPGf", "NuZPG+", "Shape", "/assets/0/content"),
        ("pILu8", "pILu9", "Shape", "/assets/0/content"),
        (
            r#""url": "gWzw78"#,
            r#""url": "=Wzw78"#,
            "Shape",
            "/assets/0/fingerprints/url",
        ),
        (
            r#""bytes": 30284"#,
            r#""bytes": "30284""#,
            "Shape",
            "/plans/0/bytes",
        ),
        (
            r#""class": "font""#,
            r#""class": "fonts""#,
            "Shape",
            "/plans/0/entries/1/class",
        ),
        (
            r#"["hint"]"#,
            r#"["preload"]"#,
            "Shape",
            "/plans/0/entries/2/means/0",
        ),
        (
            r#""asset": 1"#,
            r#""asset": -1"#,
            "Shape",
            "/plans/0/entries/1/asset",
        ),
        (
            r#""/about/": {"plan": 0}"#,
            r#""/about/": {}"#,
            "Shape",
            "/pages/~1about~1",
        ),
        (
            r#""/about/": {"plan": 0}"#,
            r#""/about/": {"plan": "0"}"#,
            "Shape",
            "/pages/~1about~1/plan",
        ),
        (
            r#""/about/": {"plan": 0}"#,
            r#""/about/": 0"#,
            "Shape",
            "/pages/~1about~1",
        ),
        // Names that occur twice, known to the format or not.
        (
            r#""version": 1"#,
            r#""version": 1, "version": 1"#,
            "DuplicateKey",
            "/version",
        ),
        (
            app_type,
            r#""path": "/x", "type": "text/css""#,
            "DuplicateKey",
            "/assets/0/path",
        ),
        (
            r#""gzip": 400"#,
            r#""gzip": 400, "gz\u0069p": 400"#,
            "DuplicateKey",
            "/assets/0/sizes/gzip",
        ),
        (
            r#""/about/": {"plan": 0}"#,
            r#""/": {"plan": 0}"#,
            "DuplicateKey",
            "/pages/~1",
        ),
        (
            r#""plan": 1"#,
            r#""plan": 1, "x": {"~": 1, "~": 2}"#,
            "DuplicateKey",
            "/pages/~1legal.html/x/~0",
        ),
        // Origin and analysis.
        (
            "https://example.com",
            "https://Example.com",
            "Origin",
            "/origin",
        ),
        (
            "https://example.com",
            "https://example.com/",
            "Origin",
            "/origin",
        ),
        (
            "https://example.com",
            "https://example.com:443",
            "Origin",
            "/origin",
        ),
        (
            r#"["412x823@1.75", "1350x940@1"]"#,
            "[]",
            "NoViewport",
            "/analysis/viewports",
        ),
        (
            r#""base_path": "/""#,
            r#""base_path": "/docs""#,
            "BasePath",
            "/analysis/base_path",
        ),
        (
            r#""base_path": "/""#,
            r#""base_path": "/?/""#,
            "BasePath",
            "/analysis/base_path",
        ),
        (
            r#""base_path": "/""#,
            r#""base_path": "docs/""#,
            "Path",
            "/analysis/base_path",
        ),
        // Assets.
        (app, r#""""#, "Path", "/assets/0/path"),
        (app, r#""css/app.css""#, "Path", "/assets/0/path"),
        (app, r#""//host/app.css""#, "Path", "/assets/0/path"),
        (app, r#""/css/../app.css""#, "Path", "/assets/0/path"),
        (app, r#""/css/%2e%2E/app.css""#, "Path", "/assets/0/path"),
        (app, r#""/css/app.css\r\nX: y""#, "Path", "/assets/0/path"),
        (app, r#""/css/app.css%0d%0a""#, "Path", "/assets/0/path"),
        (app, r#""/css/app.css#x""#, "Path", "/assets/0/path"),
        (app, r#""/css/äpp.css""#, "Path", "/assets/0/path"),
        (app_type, r#""type": "css""#, "MediaType", "/assets/0/type"),
        (
            app_type,
            r#""type": "text/css\n""#,
            "MediaType",
            "/assets/0/type",
        ),
        (
            r#""destination": "style""#,
            r#""destination": "style", "module": true"#,
            "NotAScript",
            "/assets/0/module",
        ),
        (
            "sha256-ung",
            "sha384-ung",
            "Integrity",
            "/assets/2/integrity",
        ),
        (
            r#", "identity": 1234"#,
            "",
            "NoIdentitySize",
            "/assets/0/sizes",
        ),
        (
            r#"["br"]"#,
            r#"["zstd"]"#,
            "Precompressed",
            "/assets/0/precompressed",
        ),
        (
            r#"["br"]"#,
            r#"["gzip", "br"]"#,
            "Precompressed",
            "/assets/0/precompressed",
        ),
        (
            r#"["br"]"#,
            r#"["br", "br"]"#,
            "Precompressed",
            "/assets/0/precompressed",
        ),
        (
            r#"["br"]"#,
            r#"["identity"]"#,
            "Precompressed",
            "/assets/0/precompressed",
        ),
        (r#"\"5f3c-4d2\""#, "5f3c-4d2", "EntityTag", "/assets/0/etag"),
        (
            r#"\"5f3c-4d2\""#,
            r#"\"5f3c-4d3\""#,
            "FingerprintMismatch",
            "/assets/0/fingerprints/url_etag",
        ),
        (
            r#""etag": "\"5f3c-4d2\"", "#,
            "",
            "FingerprintWithoutEntityTag",
            "/assets/0/fingerprints/url_etag",
        ),
        (
            "/fonts/inter.woff2",
            "/fonts/inter.woff",
            "FingerprintMismatch",
            "/assets/1/fingerprints/url",
        ),
        (
            "https://example.com",
            "https://example.org",
            "FingerprintMismatch",
            "/assets/0/fingerprints/url",
        ),
        (
            r#""origin": "https://example.com","#,
            "",
            "FingerprintWithoutOrigin",
            "/assets/0/fingerprints",
        ),
        // Plans and pages.
        (
            r#""asset": 1"#,
            r#""asset": 4"#,
            "NoSuchAsset",
            "/plans/0/entries/1/asset",
        ),
        (
            r#""asset": 1"#,
            r#""asset": 4294967295"#,
            "NoSuchAsset",
            "/plans/0/entries/1/asset",
        ),
        (
            r#""asset": 1"#,
            r#""asset": 0"#,
            "RepeatedAsset",
            "/plans/0/entries/1/asset",
        ),
        (r#"["hint"]"#, "[]", "Means", "/plans/0/entries/2/means"),
        (
            r#"["hint"]"#,
            r#"["hint", "push"]"#,
            "Means",
            "/plans/0/entries/2/means",
        ),
        (
            r#"["hint"]"#,
            r#"["hint", "hint"]"#,
            "Means",
            "/plans/0/entries/2/means",
        ),
        (
            r#""destination": "font""#,
            r#""destination": "track""#,
            "NotHintable",
            "/plans/0/entries/1/means",
        ),
        (
            r#"["hint"]"#,
            r#"["hint", "link"]"#,
            "Means",
            "/plans/0/entries/2/means",
        ),
        (
            r#"["hint"]"#,
            r#"["hint"], "media": "print""#,
            "ResponsiveMeans",
            "/plans/0/entries/2/media",
        ),
        (
            r#"["link"]"#,
            r#"["push"]"#,
            "ResponsiveMeans",
            "/plans/0/entries/3/media",
        ),
        (
            r#""destination": "image""#,
            r#""destination": "track""#,
            "NotHintable",
            "/plans/0/entries/3/means",
        ),
        (
            r#""destination": "image""#,
            r#""destination": "fetch""#,
            "NotAnImage",
            "/plans/0/entries/3/imagesrcset",
        ),
        (
            r#""imagesrcset": "/media/hero-400.webp 400w, /media/hero-1200.webp 1200w", "#,
            "",
            "SizesWithoutCandidates",
            "/plans/0/entries/3/imagesizes",
        ),
        (
            "(min-width: 600px)",
            "",
            "LinkText",
            "/plans/0/entries/3/media",
        ),
        (
            "(min-width: 600px)",
            r#"(a)\""#,
            "LinkText",
            "/plans/0/entries/3/media",
        ),
        (
            "(min-width: 600px)",
            r"(min-width:\t600px)",
            "LinkText",
            "/plans/0/entries/3/media",
        ),
        (
            "50vw",
            r"50vw\\",
            "LinkText",
            "/plans/0/entries/3/imagesizes",
        ),
        (
            "/media/hero-1200.webp 1200w",
            r"/h\u00e9ro.webp 1200w",
            "LinkText",
            "/plans/0/entries/3/imagesrcset",
        ),
        (
            r#""bytes": 30284"#,
            r#""bytes": 30283"#,
            "Bytes",
            "/plans/0/bytes",
        ),
        (
            r#""bytes": 30284"#,
            r#""bytes": 31839"#,
            "Bytes",
            "/plans/0/bytes",
        ),
        (r#""bytes": 0"#, r#""bytes": 1"#, "Bytes", "/plans/1/bytes"),
        (r#""plan": 1"#, r#""plan": 0"#, "UnusedPlan", "/plans/1"),
        (
            r#""plan": 1"#,
            r#""plan": 2"#,
            "NoSuchPlan",
            "/pages/~1legal.html/plan",
        ),
        (
            r#""br": 770"#,
            r#""br": 0"#,
            "HeadBytes",
            "/pages/~1/head/br",
        ),
        (
            r#""br": 770"#,
            r#""br": 4294967296"#,
            "HeadBytes",
            "/pages/~1/head/br",
        ),
        (r#""br": 770"#, r#""br": -1"#, "Shape", "/pages/~1/head/br"),
        (
            r#""br": 770"#,
            r#""deflate": 770"#,
            "Shape",
            "/pages/~1/head/deflate",
        ),
        (
            r#""br": 770"#,
            r#""br": 770, "br": 770"#,
            "DuplicateKey",
            "/pages/~1/head/br",
        ),
        (
            r#"{"plan": 1}"#,
            r#"{"plan": 1, "head": {"identity": 1}}"#,
            "HeadWithoutPush",
            "/pages/~1legal.html/head",
        ),
        (r#""/about/""#, r#""about/""#, "Path", "/pages/about~1"),
        (
            r#""/about/""#,
            r#""//about/""#,
            "Path",
            "/pages/~1~1about~1",
        ),
        (r#""/about/""#, r#""/a/./b""#, "Path", "/pages/~1a~1.~1b"),
        (
            r#""/about/""#,
            r#""/about/?x""#,
            "PageQuery",
            "/pages/~1about~1?x",
        ),
    ];
    for (piece, replacement, expected, pointer) in cases {
        let error = refused(&with(piece, replacement));
        assert_eq!(
            (kind(&error).as_str(), error.pointer().as_str()),
            (expected, pointer),
            "{piece} -> {replacement}: {error}"
        );
    }
}

#[test]
fn refuses_assets_out_of_order_and_equal_ones() {
    let mut policy: wire::Policy = serde_json::from_str(EXAMPLE).unwrap();
    policy.assets.swap(1, 2);
    let error = Policy::try_from(policy.clone()).unwrap_err();
    assert_eq!(
        (kind(&error).as_str(), error.pointer().as_str()),
        ("UnsortedAssets", "/assets/2")
    );

    policy.assets.swap(1, 2);
    policy.assets.insert(1, policy.assets[0].clone());
    for entry in &mut policy.plans[0].entries {
        entry.asset += u32::from(entry.asset > 0);
    }
    let error = Policy::try_from(policy.clone()).unwrap_err();
    assert_eq!(
        (kind(&error).as_str(), error.pointer().as_str()),
        ("DuplicateAsset", "/assets/1")
    );

    // The same file in another role is another asset, but the same content.
    policy.assets[0].destination = pushgen_policy::Destination::Fetch;
    assert!(Policy::try_from(policy.clone()).is_ok());
    policy.assets[0].content = pushgen_policy::Sha256::of(b"other");
    let error = Policy::try_from(policy).unwrap_err();
    assert_eq!(
        (kind(&error).as_str(), error.pointer().as_str()),
        ("ContentConflict", "/assets/1/content")
    );
}

#[test]
fn refuses_equal_plans() {
    let mut policy: wire::Policy = serde_json::from_str(EXAMPLE).unwrap();
    policy.plans.push(policy.plans[0].clone());
    policy.pages.insert(
        "/z/".to_owned(),
        wire::Page {
            plan: 2,
            ..wire::Page::default()
        },
    );
    let error = Policy::try_from(policy).unwrap_err();
    assert_eq!(error.to_string(), "/plans/2: the same plan as 0");
}

#[test]
fn says_line_and_column_of_what_is_not_json() {
    let cases = [
        (
            "",
            "the document: line 1, column 0: EOF while parsing a value",
        ),
        (
            "\u{feff}{}",
            "the document: line 1, column 1: expected value",
        ),
        (
            "{\n  \"$schema\": x",
            "/$schema: line 2, column 14: expected value",
        ),
        (
            "{\"pages\": {\"/\": {\"plan\": 0,}",
            "/pages/~1: line 1, column 28: trailing comma",
        ),
        (
            "{\"pages\": {\"/\": {\"plan\": 0]",
            "/pages/~1/plan: line 1, column 27: expected `,` or `}`",
        ),
        (
            "{\"$schema\": \"\n\"}",
            "/$schema: line 2, column 0: control character (\\u0000-\\u001F) found while parsing a string",
        ),
    ];
    let messages = cases.map(|(json, _)| refused(json).to_string());
    assert_eq!(messages, cases.map(|(_, message)| message));
}

#[test]
fn refuses_what_is_cut_off_anywhere() {
    for (end, _) in EXAMPLE.trim_end().char_indices() {
        assert!(
            Policy::from_json(&EXAMPLE.as_bytes()[..end]).is_err(),
            "{end}"
        );
    }
    let error = refused(&format!("{EXAMPLE}}}"));
    assert_eq!(
        (kind(&error).as_str(), error.pointer().as_str()),
        ("Syntax", "")
    );
}

#[test]
fn refuses_other_encodings_also_where_nobody_looks() {
    let json = with(
        r#""version": 1,"#,
        "\"version\": 1,\n  \"x\": \"caf\u{e9}\",",
    );
    let latin1: Vec<u8> = json
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let error = Policy::from_json(&latin1).unwrap_err();
    assert_eq!(error.to_string(), "/x: line 4, column 12: not UTF-8");
}

#[test]
fn refuses_what_is_too_large_too_deep_or_too_many() {
    let large = vec![0; MAX_DOCUMENT_BYTES + 1];
    assert_eq!(kind(&Policy::from_json(&large).unwrap_err()), "TooLarge");

    let nested = |depth: usize| {
        let arrays = "[".repeat(depth - 1) + &"]".repeat(depth - 1);
        with(
            r#""version": 1,"#,
            &format!(r#""version": 1, "x": {arrays},"#),
        )
    };
    assert!(Policy::from_json(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(kind(&refused(&nested(MAX_DEPTH + 1))), "TooDeep");
    assert_eq!(kind(&refused(&"[".repeat(100_000))), "TooDeep");

    let array = |length: usize| {
        let elements = vec!["0"; length].join(",");
        with(
            r#""version": 1,"#,
            &format!(r#""version": 1, "x": [{elements}],"#),
        )
    };
    assert!(Policy::from_json(array(MAX_MEMBERS).as_bytes()).is_ok());
    let error = refused(&array(MAX_MEMBERS + 1));
    assert_eq!(
        (kind(&error).as_str(), error.pointer().as_str()),
        ("TooMany", "/x")
    );
}

#[test]
fn ignores_unknown_members_and_lists_them() {
    let mut json = with(
        r#""version": 1,"#,
        r#""version": 1, "later": {"plan": [{"x": 1}]},"#,
    );
    for (piece, replacement) in [
        (r#""etags": true"#, r#""etags": true, "dpi": 96"#),
        (
            r#""type": "font/woff2""#,
            r#""type": "font/woff2", "a/b~": null"#,
        ),
        (r#""url": "k2qs"#, r#""sha1": 0, "url": "k2qs"#),
        (r#""bytes": 0"#, r#""bytes": 0, "sizes": {"identity": 0}"#),
        (r#""class": "font""#, r#""class": "font", "urgency": 1"#),
        (r#"{"plan": 1}"#, r#"{"plan": 1, "path": "/legal.html"}"#),
    ] {
        assert!(json.contains(piece));
        json = json.replacen(piece, replacement, 1);
    }
    assert_eq!(
        Policy::from_json(json.as_bytes()),
        Policy::from_json(EXAMPLE.as_bytes())
    );
    let unknown = Policy::unknown_fields(json.as_bytes()).unwrap();
    assert_eq!(
        unknown,
        [
            "/later",
            "/analysis/dpi",
            "/assets/1/a~1b~0",
            "/assets/1/fingerprints/sha1",
            "/plans/0/entries/1/urgency",
            "/plans/1/sizes",
            "/pages/~1legal.html/path",
        ]
    );
}

#[test]
fn knows_every_member_of_the_format() {
    // The example has every member; `wire` and the list of known names must not drift apart.
    assert_eq!(Policy::unknown_fields(EXAMPLE.as_bytes()), Ok(Vec::new()));
    let wire: serde_json::Value =
        serde_json::to_value(serde_json::from_str::<wire::Policy>(EXAMPLE).unwrap()).unwrap();
    assert_eq!(
        wire,
        serde_json::from_str::<serde_json::Value>(EXAMPLE).unwrap()
    );
    assert!(Policy::unknown_fields(b"{").is_err());
}

#[test]
fn a_page_has_a_head_for_each_coding_that_is_named() {
    let head = |json: &str| {
        let policy = Policy::from_json(json.as_bytes()).unwrap();
        let head = policy.page("/?x=1").unwrap().head;
        [Coding::Br, Coding::Gzip, Coding::Identity, Coding::Zstd].map(|coding| head.bytes(coding))
    };
    assert_eq!(head(EXAMPLE), [Some(770), Some(901), Some(2310), None]);
    let cases = [
        (r#"{"zstd": 1}"#, [None, None, None, Some(1)]),
        (
            r#"{"identity": 4294967295}"#,
            [None, None, Some(Head::MAX), None],
        ),
        // As if there were none.
        ("{}", [None; 4]),
    ];
    for (written, expected) in cases {
        let json = with(r#"{"br": 770, "gzip": 901, "identity": 2310}"#, written);
        assert_eq!(head(&json), expected, "{written}");
    }
}

#[test]
fn finds_pages_and_assets() {
    let policy = Policy::from_json(EXAMPLE.as_bytes()).unwrap();
    let plans = ["/", "/?x=1", "/about/", "/about", "/legal.html", "", "/zzz"]
        .map(|page| policy.plan_index(page));
    assert_eq!(
        plans,
        [Some(0), Some(0), Some(0), None, Some(1), None, None]
    );
    let assets = ["/css/app.css", "/js/app.js?v=3", "/js/app.js", "/", "/zzz"]
        .map(|path| policy.assets_at(path));
    assert_eq!(assets, [0..1, 2..3, 2..2, 0..0, 4..4]);
}

#[test]
fn a_path_error_names_its_reason() {
    let error = refused(&with("/css/app.css", "/css/app.css\\n"));
    let PolicyError::Path { reason, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(
        reason,
        PathError::Forbidden {
            byte: b'\n',
            offset: 12
        }
    );
}
