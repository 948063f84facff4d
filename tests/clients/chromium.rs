//! Today's Chromium: it refuses pushes, and fetches what a 103 hints before the page is there.
//!
//! A 103 that comes within a millisecond or two of the request can be lost in Chromium, so there is a network with a
//! delay between it and the server.

use std::time::Duration;

use super::browser;
use super::delay::forward;
use super::devtools::Browser;
use super::site::Site;

const ONE_WAY: Duration = Duration::from_millis(75);

#[test]
fn chromium_fetches_early_what_is_hinted_and_nothing_twice() {
    let Some(program) = browser("PUSHGEN_TEST_CHROMIUM") else {
        return;
    };
    let site = Site::demo();
    let server = site.serve();
    let origin = format!("https://127.0.0.1:{}", forward(server.port, ONE_WAY));
    let mut browser = Browser::start(&program, &[], &site.public_key_hash());
    let load = browser.load(&format!("{origin}/"));
    load.all_came();

    let hints = load.early_hints.as_ref().expect("a 103");
    let links: Vec<_> = hints["link"]
        .as_str()
        .expect("links")
        .split(['\n', ','])
        .map(str::trim)
        .collect();
    assert_eq!(links, site.links_of("/"));

    let hinted = site.sent_with("/");
    for path in &hinted {
        let fetch = load.fetch(&format!("{origin}{path}"));
        assert_eq!(fetch.response["fromEarlyHints"], true, "{fetch:#?}");
    }
    drop(browser);
    let log = server.stop();
    assert!(log.promised().is_empty());
    log.has_nothing_twice();
    // What only the style sheet names was asked for when the style sheet could not have come yet.
    let sheet = log.came("/style.css");
    for path in ["/css/tokens.css", "/css/components.css"] {
        assert!(hinted.contains(&path), "{hinted:?}");
        let later = log.came(path).saturating_sub(sheet);
        assert!(
            later < 2 * ONE_WAY,
            "{path} was asked for {later:?} after the style sheet"
        );
    }
}
