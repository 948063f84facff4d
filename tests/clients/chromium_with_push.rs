//! The last Chromium whose HTTP/2 takes pushes, version 103: what was promised is used and never asked for.

use super::browser;
use super::devtools::Browser;
use super::node::precompressed;
use super::site::Site;

#[test]
fn chromium_uses_what_is_pushed_and_asks_for_none_of_it() {
    let Some(program) = browser("PUSHGEN_TEST_CHROMIUM_WITH_PUSH") else {
        return;
    };
    // The expressions tell that script and style sheets did their work on the page. Of the second site Chromium
    // takes codings: it rejects a push that varies by a field that its promise lacks.
    let paper = "getComputedStyle(document.documentElement).getPropertyValue('--paper') !== ''";
    let cases = [
        (Site::demo(), ["typeof window.ebbline === 'object'", paper]),
        (
            precompressed(),
            ["true", "document.styleSheets[0].cssRules.length > 0"],
        ),
    ];
    for (site, expressions) in cases {
        let server = site.serve();
        let mut browser = Browser::start(&program, &["--no-zygote"], &site.public_key_hash());
        let load = browser.load(&server.url("/"));
        load.all_came();
        let pushed = site.sent_with("/");
        for path in &pushed {
            let timing = &load.fetch(&server.url(path)).response["timing"];
            assert!(timing["pushStart"].as_f64() > Some(0.0), "{path}: {timing}");
        }
        for expression in expressions {
            assert_eq!(browser.evaluate(expression), true, "{expression}");
        }
        drop(browser);

        let log = server.stop();
        for path in &pushed {
            assert!(log.promised().contains(path), "{path}: {log:#?}");
            assert!(!log.asked().contains(path), "{path}: {log:#?}");
        }
        log.has_nothing_twice();
    }
}
