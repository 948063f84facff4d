//! A report in today's Chromium: opened from a file, without a network, sorted and read by keyboard.

use serde_json::json;

use super::browser;
use super::devtools::Browser;
use crate::support::{fixture, pushgen};

/// What is wrong with the rows of the main thread on the page that is open: each is in its drawing, below all responses,
/// with its name and with what it was busy with.
const MAIN_THREADS: &str = r#"(() => {
  const wrong = [];
  const drawings = [...document.querySelectorAll("details.page[open] svg")];
  if (drawings.length !== 3) wrong.push(`${drawings.length} drawings`);
  for (const svg of drawings) {
    const rows = [...svg.querySelectorAll("g.thread")];
    const [row] = rows;
    if (rows.length !== 1) { wrong.push(`${rows.length} rows`); continue; }
    const frame = svg.getBoundingClientRect();
    const others = [...svg.querySelectorAll("g:not(.thread)")].map((it) => it.getBoundingClientRect().bottom);
    const spells = [...row.querySelectorAll("rect")];
    if (spells.length < 3) wrong.push(`${spells.length} spells`);
    for (const element of [row.querySelector("text"), ...spells]) {
      const { left, right, top, bottom, width } = element.getBoundingClientRect();
      const inside = left >= frame.left - 1 && right <= frame.right + 1 && bottom <= frame.bottom;
      if (!inside || width === 0 || top < Math.max(...others) - 1) wrong.push(element.textContent);
    }
    const colours = new Set(spells.map((it) => getComputedStyle(it).fill));
    if (colours.size < 3 || colours.has("rgb(0, 0, 0)")) wrong.push([...colours].join());
  }
  return wrong;
})()"#;

/// The least contrast of these with what is behind them (WCAG 2.2, success criterion 1.4.3).
const CONTRAST: &str = r#"(() => {
  const numbers = (color) => color.match(/[\d.]+/g).map(Number);
  const luminance = (color) => {
    const [r, g, b] = numbers(color).map((part) => {
      const value = part / 255;
      return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (numbers(color)[3] !== 0) return color;
    }
  };
  const texts = document.querySelectorAll("h1, p, a:not(.skip), button, td, td span, summary .aside, small, dt, .means");
  return Math.min(...[...texts].map((element) => {
    const [a, b] = [getComputedStyle(element).color, behind(element)].map(luminance);
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  }));
})()"#;

#[test]
fn a_report_is_read_without_a_network_and_sorted_by_keyboard_in_light_and_dark() {
    let Some(program) = browser("PUSHGEN_TEST_CHROMIUM") else {
        return;
    };
    let folder = tempfile::tempdir().expect("a temporary folder");
    let report = folder.path().join("report.html");
    let dist = fixture("demo");
    let names = [&dist, &report].map(|path| path.to_str().expect("a UTF-8 path"));
    pushgen(&["report", names[0], "-o", names[1]]).ok();
    let url = format!("file://{}", report.display());
    for scheme in ["light", "dark"] {
        let mut browser = Browser::start(&program, &[], "");
        browser.watch_console();
        browser.emulate(360, 800, 2.0);
        browser.prefer_color_scheme(scheme);
        browser.go_offline();
        let load = browser.load(&url);
        let urls: Vec<&str> = load.fetches.iter().map(|fetch| &*fetch.url).collect();
        assert_eq!(urls, [&url], "{scheme}");

        // Only the tables scroll.
        let width = "document.documentElement.scrollWidth";
        assert_eq!(browser.evaluate(width), json!(360), "{scheme}");
        let dark = "getComputedStyle(document.body).backgroundColor !== 'rgb(255, 255, 255)'";
        assert_eq!(browser.evaluate(dark), json!(scheme == "dark"));
        let contrast = browser.evaluate(CONTRAST).as_f64().expect("a number");
        assert!(contrast >= 4.5, "{scheme}: {contrast}");

        sorts_by_keyboard(&mut browser);
        opens_a_page_by_keyboard(&mut browser);
        assert_eq!(browser.evaluate(MAIN_THREADS), json!([]), "{scheme}");
        let complaints = browser.complaints();
        assert!(complaints.is_empty(), "{scheme}: {complaints:#?}");
        assert_eq!(browser.requests(), 0, "{scheme}");
    }
}

fn sorts_by_keyboard(browser: &mut Browser) {
    // The first that the keyboard reaches skips what comes before the list.
    browser.press("Tab", 9);
    let focused = "document.activeElement.textContent";
    assert_eq!(browser.evaluate(focused), "Skip to the list of pages");
    tab_to(browser, "Push");
    let outline = "getComputedStyle(document.activeElement).outlineStyle";
    assert_eq!(browser.evaluate(outline), "solid");
    let sorted = "[...document.querySelectorAll('.sortable thead th')].map((it) => it.ariaSort)";
    let column = "[...document.querySelectorAll('.sortable tbody tr')].map((it) => Number(it.cells[6].dataset.v))";
    for direction in ["descending", "ascending"] {
        browser.press("Enter", 13);
        let mut expected = vec![json!(null); 9];
        expected[6] = json!(direction);
        assert_eq!(browser.evaluate(sorted), json!(expected));
        let times = browser.evaluate(column);
        let times = times.as_array().expect("rows").iter();
        let times: Vec<f64> = times.map(|it| it.as_f64().expect("a number")).collect();
        assert_eq!(times.len(), 6);
        let is_sorted = match direction {
            "ascending" => times.is_sorted(),
            _ => times.iter().rev().is_sorted(),
        };
        assert!(is_sorted, "{direction}: {times:?}");
        let said = browser.evaluate("document.getElementById('sorted').textContent");
        assert_eq!(said, format!("Sorted by Push, {direction}."));
        // The keyboard stays where it is.
        assert_eq!(browser.evaluate(focused), "Push");
    }
}

fn opens_a_page_by_keyboard(browser: &mut Browser) {
    tab_to(browser, "/docs/");
    browser.press("Enter", 13);
    let open =
        "[...document.querySelectorAll('details.page[open] h3')].map((it) => it.textContent)";
    assert_eq!(browser.evaluate(open), json!(["/docs/"]));
    let inside = "document.activeElement.closest('details').querySelector('h3').textContent";
    assert_eq!(browser.evaluate(inside), "/docs/");
}

/// Presses Tab until what has this text has the focus.
#[track_caller]
fn tab_to(browser: &mut Browser, text: &str) {
    for _ in 0..40 {
        browser.press("Tab", 9);
        if browser.evaluate("document.activeElement.textContent") == text {
            return;
        }
    }
    panic!("the keyboard does not reach {text}");
}
