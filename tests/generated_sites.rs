//! Any site at all: whatever pages are made of, the analysis ends, its policy is one that `check` takes and calls
//! current, and the number of threads changes nothing.
//!
//! The sites are put together from words that lead somewhere: every rule of loading has its attribute or statement
//! here, right and wrong, and every file may name every other one. The analysis runs in this process.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use pushgen_analyzer::{Analysis, Analyzer, Options, Site, SiteOptions};
use pushgen_policy::{Origin, Policy};

use crate::support::TestSite;

/// The files that a site may have besides `index.html`, and all that references lead to.
const NAMES: [&str; 14] = [
    "a.css",
    "b.css",
    "a b.css",
    "a.js",
    "b.mjs",
    "bücher.js",
    "100%.js",
    "a.woff2",
    "a.png",
    "a.css.br",
    "sub/index.html",
    "sub/p#1?.html",
    "sub/c.css",
    "sub/d.js",
];

fn one_of(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(words).prop_map(str::to_owned)
}

/// A reference to one of these files, encoded as it must be.
fn url_of(files: &'static [&'static str]) -> impl Strategy<Value = String> {
    let encoded = |name: &str| {
        let name = name.replace('%', "%25");
        name.replace('#', "%23").replace('?', "%3f")
    };
    let before = prop_oneof![
        4 => Just(String::new()),
        1 => one_of(&["./", "/", "sub/../", "../", "https://example.com/"]),
    ];
    (before, select(files)).prop_map(move |(before, name)| before + &encoded(name))
}

/// What may stand where a URL is asked for.
fn url() -> impl Strategy<Value = String> {
    let tail = one_of(&["?q=1", "#f", "?", "%2e", "\\", " "]);
    prop_oneof![
        20 => url_of(&NAMES),
        2 => (url_of(&NAMES), tail).prop_map(|(url, tail)| url + &tail),
        1 => one_of(&[
            "",
            "gone.css",
            "/",
            ".",
            "..",
            "?",
            "#",
            "a",
            "lib",
            "lib/x",
            "data:text/css,a{}",
            "http://",
            "http:///a.js",
            "https://elsewhere.example/x.js",
            "//example.com/a.css",
            "javascript:void 0",
            "%ff",
            "A.CSS",
            "a.css/",
            "\u{0}",
            "&#x2f;a.css",
            "x\ty",
        ]),
    ]
}

/// Space-separated attributes, some of which contradict each other.
fn attributes() -> impl Strategy<Value = String> {
    let attribute = prop_oneof![
        4 => one_of(&[
            "rel=stylesheet", "rel=preload", "rel=modulepreload", "rel='preload stylesheet'", "rel='alternate stylesheet'",
            "rel=icon", "rel=prefetch", "rel=manifest", "rel",
        ]),
        3 => one_of(&[
            "as=style", "as=script", "as=font", "as=image", "as=fetch", "as=video", "as", "type=module", "type=text/css",
            "type=importmap", "type=text/x", "type", "nomodule", "async", "defer", "disabled", "loading=lazy",
            "blocking=render", "fetchpriority=high", "title=t",
        ]),
        2 => one_of(&[
            "media=print", "media='(min-width: 100px)'", "media='not all'", "media=','", "sizes=100vw", "sizes='(max-width: 1px) 1px, 50vw'",
        ]),
        2 => one_of(&[
            "crossorigin", "crossorigin=anonymous", "crossorigin=use-credentials", "crossorigin=x",
        ]),
        2 => one_of(&[
            "integrity=''",
            "integrity=sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
            "integrity='sha256-47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU= sha384-x'",
            "integrity=sha256-AAAA",
            "integrity='sha999-AAAA  \n sha512-'",
            "integrity='\"<>'",
        ]),
        4 => url().prop_map(|url| format!("href=\"{url}\"")),
        4 => url().prop_map(|url| format!("src=\"{url}\"")),
        1 => (url(), url()).prop_map(|(one, two)| format!("srcset=\"{one} 1x, {two} 400w\"")),
        1 => (url(), url()).prop_map(|(one, two)| format!("imagesrcset=\"{one} 100w,{two} 2000w\"")),
        1 => url().prop_map(|url| format!("style=\"background: url('{url}')\"")),
    ];
    vec(attribute, 0..4).prop_map(|attributes| attributes.join(" "))
}

fn style_sheet() -> impl Strategy<Value = String> {
    let rule = prop_oneof![
        (
            url(),
            one_of(&[
                "",
                "print",
                "layer(x) supports(display: grid) screen",
                "supports("
            ])
        )
            .prop_map(|(url, condition)| format!("@import '{url}' {condition};")),
        url().prop_map(|url| format!("@import url({url});")),
        url().prop_map(|url| format!(
            "@font-face {{ font-family: f; src: url('{url}') format('woff2'), local(x) }}"
        )),
        url().prop_map(|url| format!(
            "p {{ font-family: f; background: image-set('{url}' 1x, url({url}) 2x) }}"
        )),
        url().prop_map(|url| format!("p {{ --u: url('{url}'); & b {{ mask: var(--u) }} }}")),
        one_of(&[
            "@charset \"utf-8\";",
            "@layer a, b;",
            "@media print {",
            "}",
            "p { color: red",
            "/*",
            "\"",
            "@namespace x;"
        ]),
    ];
    vec(rule, 0..5).prop_map(|rules| rules.join("\n"))
}

fn script() -> impl Strategy<Value = String> {
    let statement = prop_oneof![
        url().prop_map(|url| format!("import {:?};", url.replace('\u{0}', ""))),
        (one_of(&["", "./"]), url()).prop_map(|(dot, url)| format!("export * from '{dot}{url}';")),
        url().prop_map(|url| format!("import('{url}');")),
        url().prop_map(|url| format!("import j from '{url}' with {{ type: 'json' }};")),
        url().prop_map(|url| format!("new URL('{url}', import.meta.url);")),
        one_of(&[
            "let x = 1;",
            "let x = ;",
            "await 0;",
            "//",
            "`${",
            "export default 1;"
        ]),
    ];
    vec(statement, 0..5).prop_map(|statements| statements.join("\n"))
}

fn import_map() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => (one_of(&["lib", "lib/", "./a.js", "", "https://example.com/a.js"]), url(), one_of(&["sha256-x", "sha384-", ""])).prop_map(
            |(specifier, url, hash)| serde_json::json!({
                "imports": { specifier.as_str(): url.as_str(), "b": 1 },
                "scopes": { url.as_str(): { specifier.as_str(): "./b.mjs" } },
                "integrity": { url.as_str(): hash },
            }).to_string()
        ),
        1 => one_of(&["", "{", "[]", "{\"imports\": 1}", "{\"imports\": {\"a\": null}, \"imports\": {}}"]),
    ]
}

fn page() -> impl Strategy<Value = String> {
    let more = || prop_oneof![2 => Just(String::new()), 1 => attributes()];
    let sheets = || url_of(&["a.css", "b.css", "a b.css", "sub/c.css"]);
    let scripts = || url_of(&["a.js", "b.mjs", "bücher.js", "100%.js", "sub/d.js"]);
    let piece = prop_oneof![
        // What pages are mostly made of, so that most of these have a plan; a second value of an attribute is ignored.
        6 => (sheets(), more())
            .prop_map(|(url, more)| format!("<link rel=stylesheet href=\"{url}\" {more}>")),
        3 => (scripts(), more())
            .prop_map(|(url, more)| format!("<script src=\"{url}\" {more}></script>")),
        2 => (scripts(), more())
            .prop_map(|(url, more)| format!("<script type=module src=\"{url}\" {more}></script>")),
        2 => (url(), one_of(&["style", "script", "font", "image"]), more())
            .prop_map(|(url, kind, more)| format!("<link rel=preload as={kind} href=\"{url}\" {more}>")),
        2 => attributes().prop_map(|attributes| format!("<link {attributes}>")),
        1 => (attributes(), script())
            .prop_map(|(attributes, text)| format!("<script {attributes}>{text}</script>")),
        2 => script().prop_map(|text| format!("<script type=module>{text}</script>")),
        2 => (attributes(), style_sheet())
            .prop_map(|(attributes, text)| format!("<style {attributes}>{text}</style>")),
        2 => import_map().prop_map(|text| format!("<script type=importmap>{text}</script>")),
        2 => attributes().prop_map(|attributes| format!("<img {attributes}>")),
        1 => (
            one_of(&["source", "video", "iframe", "embed", "object", "input", "body", "base", "svg", "select"]),
            attributes(),
        )
            .prop_map(|(element, attributes)| format!("<{element} {attributes}>")),
        2 => one_of(&["<p>Text", "<body>", "</head>", "<picture>", "<title></title>", "<b><p></b>", "&amp"]),
        1 => one_of(&[
            "<!--",
            "-->",
            "<noscript>",
            "</noscript>",
            "<template>",
            "</template>",
            "\u{0}",
            "<plaintext>",
            "<math>",
            "<meta charset=shift_jis>",
            "<meta http-equiv=refresh content='0; url=sub/'>",
            "<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\">",
        ]),
    ];
    let start = one_of(&["<!doctype html>", "", "\u{feff}"]);
    (start, vec(piece, 0..12)).prop_map(|(start, pieces)| start + &pieces.join("\n"))
}

/// The files of a site: what a name says, or what another name says.
fn files() -> impl Strategy<Value = Vec<(String, String)>> {
    let content = |name: &str| match name.rsplit('.').next() {
        Some("html") => page().boxed(),
        Some("css") => prop_oneof![9 => style_sheet(), 1 => page()].boxed(),
        Some("js" | "mjs") => prop_oneof![9 => script(), 1 => style_sheet()].boxed(),
        _ => one_of(&["", "x", "\u{0}\u{1}"]).boxed(),
    };
    let other = move |name: &'static str| {
        let text = proptest::option::weighted(0.9, content(name));
        text.prop_map(move |text| Some((name.to_owned(), text?)))
    };
    let others: Vec<_> = NAMES.iter().map(|name| other(name)).collect();
    (page(), others).prop_map(|(front, others)| {
        let front = ("index.html".to_owned(), front);
        others.into_iter().flatten().chain([front]).collect()
    })
}

fn site_options() -> impl Strategy<Value = SiteOptions> {
    let base = one_of(&["/", "/", "/docs/", "/a%20b/"]);
    (base, any::<bool>(), any::<bool>()).prop_map(|(base_path, clean_urls, leaves_out)| {
        let mut options = SiteOptions::default();
        options.base_path = base_path;
        options.clean_urls = clean_urls;
        options.exclude = if leaves_out {
            vec!["sub/**".to_owned()]
        } else {
            Vec::new()
        };
        options
    })
}

fn options() -> impl Strategy<Value = Options> {
    (
        any::<bool>(),
        any::<bool>(),
        select([0, 100, 43_800].as_slice()),
    )
        .prop_map(|(has_origin, etags, budget)| {
            let mut options = Options::default();
            options.origin = has_origin.then(|| {
                Origin::parse("https://example.com").expect("an origin in its normal spelling")
            });
            options.etags = etags;
            options.budget = budget;
            options
        })
}

/// An analysis as `--jobs` has it.
fn analyse(site: &Site, options: &Options, jobs: usize) -> Analysis {
    let threads = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .expect("threads");
    threads.install(|| {
        Analyzer::new(site, options.clone())
            .analyze(&|| {})
            .expect("a few files fit a policy")
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_site_has_a_policy_that_is_valid_and_current(
        files in files(),
        site_options in site_options(),
        options in options(),
    ) {
        let written: Vec<(&str, &[u8])> =
            files.iter().map(|(name, text)| (name.as_str(), text.as_bytes())).collect();
        let folder = TestSite::new(&written);
        let site = Site::load(&folder.dist(), &site_options).expect("index.html is a page");
        let one = analyse(&site, &options, 1);
        let two = analyse(&site, &options, 2);
        prop_assert_eq!(&one.findings, &two.findings);
        let policy = one.policy.to_json();
        prop_assert_eq!(&policy, &two.policy.to_json());

        let read = Policy::from_json(policy.as_bytes());
        let read = read.unwrap_or_else(|error| panic!("{error}: {policy}"));
        prop_assert_eq!(&read.to_json(), &policy);
        // The command repeats the analysis from nothing but the policy and the folder.
        let run = folder.pushgen_reading(policy.as_bytes(), &["check", "-", "dist", "--jobs", "1"]);
        prop_assert!(run.code == 0, "{}\n{}", run.stderr, policy);
    }
}
