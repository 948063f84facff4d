//! Images that a phone asks for and a desktop does not, and the other way round: today's Chromium chooses from the
//! `Link` fields of the final response, before it has the style sheet that would tell it.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::browser;
use super::delay::forward;
use super::devtools::Browser;
use super::site::Site;

const ONE_WAY: Duration = Duration::from_millis(75);

const SHEET: &str = "header, main { height: 200px }
    @media (max-width: 599px) { header { background: url(narrow.svg) } }
    @media (min-width: 600px) {
        header { background: url(wide.svg) }
        @media (orientation: landscape) { main { background: url(landscape.svg) } }
    }";

/// What the page preloads by itself, and what then is shown.
const PRELOADS: &str = r#"
    <link rel=preload as=image href=/narrow.svg media="(max-width:599px)">
    <link rel=preload as=image href=/wide.svg media="(min-width:600px)">
    <link rel=preload as=image href=/landscape.svg media="(orientation: landscape) and (min-width:600px)">
    <link rel=preload as=image imagesrcset="small.svg 800w, large.svg 1600w" imagesizes="100vw">"#;

fn page(preloads: &str) -> String {
    format!(
        "<!DOCTYPE html><title>Viewports</title><meta name=viewport content=width=device-width>
        <link rel=stylesheet href=/page.css>{preloads}
        <header>Header</header><main>Main</main>
        <img srcset='/small.svg 800w, /large.svg 1600w' sizes=100vw src=/small.svg>"
    )
}

/// A page that preloads its images, and one that does not and is sent with the same plan.
fn write(dist: &Path) {
    let svg = r#"<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>"#;
    for image in ["narrow", "wide", "landscape", "small", "large"] {
        std::fs::write(dist.join(image).with_extension("svg"), svg).expect("a file");
    }
    std::fs::write(dist.join("page.css"), SHEET).expect("a file");
    std::fs::write(dist.join("index.html"), page(PRELOADS)).expect("a file");
    std::fs::create_dir(dist.join("plain")).expect("a folder");
    std::fs::write(dist.join("plain/index.html"), page("")).expect("a file");
}

/// Both pages have the plan of the first one.
fn share_plan(policy: &mut Value) {
    let index = policy["pages"]["/"]["plan"].as_u64().expect("an index");
    let plan = policy["plans"][index as usize].take();
    policy["plans"] = Value::Array(vec![plan]);
    for page in ["/", "/plain/"] {
        policy["pages"][page]["plan"] = 0.into();
    }
}

#[test]
fn chromium_fetches_early_what_its_viewport_asks_for_and_nothing_else() {
    let Some(program) = browser("PUSHGEN_TEST_CHROMIUM") else {
        return;
    };
    let dist = tempfile::tempdir().expect("a temporary folder");
    write(dist.path());
    let site = Site::with_policy(dist.path().to_owned(), share_plan);
    let links = site.links_of("/plain/");
    let linked = [
        r#"</narrow.svg>; rel=preload; as=image; media="(max-width: 599px)""#,
        r#"</wide.svg>; rel=preload; as=image; media="(min-width: 600px)""#,
        r#"</landscape.svg>; rel=preload; as=image; media="(orientation: landscape) and (min-width: 600px)""#,
        r#"</small.svg>; rel=preload; as=image; imagesrcset="/small.svg 800w, /large.svg 1600w"; imagesizes="100vw""#,
    ];
    for link in linked {
        assert!(links.iter().any(|it| it == link), "{link} in {links:#?}");
    }
    let screens = [
        ((412, 823, 1.75), ["/narrow.svg", "/small.svg"].as_slice()),
        (
            (1350, 940, 1.0),
            &["/wide.svg", "/landscape.svg", "/large.svg"],
        ),
    ];
    for options in [&[][..], &["--disable-http2"]] {
        for ((width, height, dpr), wanted) in screens {
            let server = site.serve();
            let origin = format!("https://127.0.0.1:{}", forward(server.port, ONE_WAY));
            let mut browser = Browser::start(&program, options, &site.public_key_hash());
            browser.emulate(width, height, dpr);
            let load = browser.load(&format!("{origin}/plain/"));
            load.all_came();
            drop(browser);
            let mut images: Vec<_> = load
                .fetches
                .iter()
                .filter_map(|fetch| fetch.url.strip_prefix(&origin))
                .filter(|path| path.ends_with(".svg"))
                .collect();
            images.sort_unstable();
            let mut expected = wanted.to_vec();
            expected.sort_unstable();
            assert_eq!(images, expected, "at {width} with {options:?}");
            if let Some(hints) = &load.early_hints {
                assert!(!hints.to_string().contains(".svg"), "{hints}");
            }
            let log = server.stop();
            assert!(log.promised().is_empty());
            log.has_nothing_twice();
            // The style sheet could not have come yet.
            let sheet = log.came("/page.css");
            for path in wanted {
                let later = log.came(path).saturating_sub(sheet);
                assert!(
                    later < 2 * ONE_WAY,
                    "{path} was asked for {later:?} after the style sheet, at {width} with {options:?}"
                );
            }
        }
    }
}
