//! Style that is made to take long: an analysis ends in bounded time and memory, and says what it gave up.
//!
//! Every page uses `probe.png` by a rule of its own. If its style is worked out, that is a request of the load; if it is
//! given up, the image is listed as conditional, and nothing is planned of what the style would have used. All cases
//! stand in one test, since memory is measured for the whole process.

use std::fmt::Write as _;
use std::fs;
use std::time::{Duration, Instant};

use pushgen_analyzer::{Analyzer, Code, Options, Site, SiteOptions, When};

/// For a build without optimisation, which takes about ten times as long as a release build.
const LIMIT: Duration = Duration::from_secs(20);

/// How much more memory than before a case may have at its peak, sheet and page included.
const MEMORY: u64 = 640 << 20;

/// What becomes of a page's style.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    WorkedOut,
    /// With the finding `style-too-complex`.
    GivenUp,
}

use Style::{GivenUp, WorkedOut};

/// A site with one page.
struct Case {
    name: &'static str,
    expected: Style,
    /// What follows the link to the sheet.
    page: String,
    sheet: String,
    others: Vec<(String, String)>,
}

fn case(name: &'static str, expected: Style, page: String, sheet: String) -> Case {
    Case {
        name,
        expected,
        page,
        sheet,
        others: Vec::new(),
    }
}

/// The same for all numbers below `n`.
fn each(n: usize, text: impl Fn(usize) -> String) -> String {
    (0..n).map(text).collect()
}

/// Elements that have styles of their own: each has another font.
fn different(n: usize, attributes: &str) -> String {
    each(n, |n| {
        format!("<p {attributes} style='font-family: f{n}'>x</p>")
    })
}

fn selectors() -> Vec<Case> {
    let flat = "<p class='a b c'>x</p>".repeat(10_300);
    let deep = format!(
        "{}{}",
        "<div class='a b'>".repeat(400),
        "<p class=a>".repeat(9_900)
    );
    let wide = format!(
        "<div>{}</div>",
        "<p class=a><b class=z></b></p>".repeat(5_000)
    );
    let rules = |n, selector: &dyn Fn(usize) -> String| {
        each(n, |n| {
            format!("{} {{ background: url(i{n}.png) }}", selector(n))
        })
    };
    let scopes = format!(
        "{}div {{ background: url(i.png) }}",
        "@scope (div) to (p p) {".repeat(100)
    );
    let nested_is = |n: usize| format!("{}p{}", ":is(".repeat(n), ")".repeat(n));
    vec![
        case(
            "10,000 selectors on 10,300 elements",
            GivenUp,
            flat.clone(),
            rules(10_000, &|n| format!(".a:not(.x{n})")),
        ),
        case(
            "10,000 selectors of which few match",
            WorkedOut,
            flat.clone(),
            rules(10_000, &|n| format!(".x{n}")),
        ),
        case(
            "3,000 :has()",
            GivenUp,
            deep,
            rules(3_000, &|n| format!(":has(.x{n})")),
        ),
        case(
            ":has() in :nth-child(of)",
            GivenUp,
            wide.clone(),
            rules(1_000, &|n| {
                format!(".a:nth-last-child({n}n+1 of .a:has(.z))")
            }),
        ),
        case(
            "body:has() over siblings",
            GivenUp,
            wide,
            rules(1_000, &|n| format!("body:has(.a:nth-child({n}) ~ .z) .a")),
        ),
        case(
            ":is() in :is()",
            WorkedOut,
            flat.clone(),
            rules(2, &|n| nested_is(if n == 0 { 60 } else { 50_000 })),
        ),
        case(
            "nested rules that multiply",
            WorkedOut,
            flat.clone(),
            format!("{}background: url(i.png)", ".a { & & {".repeat(60)),
        ),
        case(
            "100,000 nested rules",
            WorkedOut,
            flat.clone(),
            format!("{}background: url(i.png)", "p {".repeat(100_000)),
        ),
        case(
            "a selector list of 10 MB",
            WorkedOut,
            flat.clone(),
            format!(
                "{}p {{ background: url(i.png) }}",
                each(1_250_000, |n| format!(".x{n}, "))
            ),
        ),
        case(
            "60,000 selectors around 300,000 rules",
            WorkedOut,
            flat.clone(),
            format!(
                "{} b {{ {} }}",
                "a,".repeat(60_000),
                "i{mask:url(i)}".repeat(300_000)
            ),
        ),
        case(
            "60,000 images of a selector of 1 MB",
            WorkedOut,
            flat.clone(),
            format!(
                "{} b {{ background: url(i) {} }}",
                "a,".repeat(500_000),
                ",url(i)".repeat(60_000)
            ),
        ),
        case(
            "a compound of 10 MB",
            WorkedOut,
            flat,
            format!("p{} {{ background: url(i.png) }}", ".a".repeat(5_000_000)),
        ),
        case("scopes in scopes", GivenUp, "<div>".repeat(300), scopes),
        case(
            "1,000,000 classes on one element",
            WorkedOut,
            format!("<p class='{}'>x", each(1_000_000, |n| format!("k{n} "))),
            rules(100, &|n| format!(".k{n}:not(.x{n})")),
        ),
    ]
}

fn sheets() -> Vec<Case> {
    let own = |n, text: &str| format!("<style>{text}</style>").repeat(n);
    let image = "b { background: url(i.png) }";
    let file = |name: String, text: String| (name, text);
    let cycle = (0..200).map(|n| {
        let next = (n + 1) % 200;
        file(
            format!("s{n}.css"),
            format!("@import 's{next}.css'; @import 's{n}.css'; @import 'style.css'; {image}"),
        )
    });
    let diamonds = (0..40).map(|n| {
        let next = n + 1;
        file(
            format!("s{n}.css"),
            format!("@import 's{next}.css'; @import 's{next}.css?'; {image}"),
        )
    });
    let chain = (0..1_000).map(|n| {
        let next = n + 1;
        file(
            format!("s{n}.css"),
            format!("@import 's{next}.css'; {image}"),
        )
    });
    let importing = |name, expected, others: Vec<(String, String)>| Case {
        others,
        ..case(
            name,
            expected,
            "<p>x".to_owned(),
            "@import 's0.css';".to_owned(),
        )
    };
    vec![
        importing("a cycle of 200 imports", GivenUp, cycle.collect()),
        importing("imports that double 40 times", GivenUp, diamonds.collect()),
        importing("a chain of 1,000 imports", GivenUp, chain.collect()),
        Case {
            others: vec![(
                "s0.css".to_owned(),
                format!("@import 'style.css'; @import 's0.css'; {image}"),
            )],
            ..case(
                "a cycle of two imports",
                WorkedOut,
                "<p>x".to_owned(),
                "@import 's0.css'; @import 'style.css';".to_owned(),
            )
        },
        case(
            "10,000 style elements",
            GivenUp,
            own(10_000, image) + &"<p>x</p>".repeat(10_000),
            String::new(),
        ),
        case(
            "3,000 style elements and 100,000 others",
            GivenUp,
            own(3_000, image) + &"<p>x</p>".repeat(100_000),
            String::new(),
        ),
        case(
            "3,000 style elements and 100,000 classes",
            GivenUp,
            format!(
                "{}<p class='{}'>x",
                own(3_000, image),
                each(100_000, |n| format!("k{n} "))
            ),
            String::new(),
        ),
        case(
            "65,536 layers",
            WorkedOut,
            "<p>x".to_owned(),
            each(65_536, |n| {
                format!(
                    "@layer l{n} {{ p {{ background: url(i{}.png) }} }}",
                    n % 100
                )
            }),
        ),
        case(
            "a layer 1,000,000 levels deep",
            WorkedOut,
            "<p>x".to_owned(),
            format!("@layer a{};", ".a".repeat(1_000_000)),
        ),
        case(
            "a media list of 500,000 queries around 100,000 rules",
            WorkedOut,
            "<p class=x0>x".to_owned(),
            format!(
                "@media {} screen {{ {} }}",
                "print,".repeat(500_000),
                each(100_000, |n| format!(
                    "@media all {{ .x{n} {{ background: url(i{}.png) }} }}",
                    n % 100
                ))
            ),
        ),
    ]
}

fn values() -> Vec<Case> {
    let images = |n: usize, name: &str| {
        let list: Vec<String> = (0..n).map(|n| format!("url({name}{n}.png)")).collect();
        list.join(", ")
    };
    let themes = |n: usize, value: &str| each(n, |n| format!("--p{n}: {value};"));
    let used = each(2_000, |n| format!("var(--p{n}, url(i{n}.png)), "));
    vec![
        case(
            "100,000 different style attributes",
            WorkedOut,
            each(100_000, |n| {
                format!("<p style='background: url(i{n}.png)'></p>")
            }),
            String::new(),
        ),
        case(
            "a style attribute of 10 MB",
            WorkedOut,
            format!(
                "<p style='{}'>x",
                each(400_000, |n| format!("background: url(i{}.png);", n % 100))
            ),
            String::new(),
        ),
        case(
            "2,000 registered properties in 2,000 styles",
            WorkedOut,
            different(2_000, "class=a"),
            each(2_000, |n| {
                format!(
                    "@property --p{n} {{ syntax: '*'; inherits: false; initial-value: url(i{n}.png) }}"
                )
            }) + &format!(".nowhere {{ background: {used} url(i.png) }}"),
        ),
        case(
            "4,096 images of a property in 2,000 styles",
            WorkedOut,
            different(2_000, "class=a"),
            format!(
                ":root {{ --i: {} }} .a {{ background: var(--i) }}",
                images(4_096, "i")
            ),
        ),
        case(
            "4,096 other images in each of 2,000 styles",
            GivenUp,
            each(2_000, |n| format!("<p style='--n: url(n{n}.png)'>x</p>")),
            format!(
                ":root {{ --i: {} }} p {{ background: var(--n), var(--i) }}",
                images(4_096, "i")
            ),
        ),
        case(
            "4,096 images in 2,000 styles",
            WorkedOut,
            different(2_000, "class=a"),
            format!(".a {{ background: {} }}", images(4_096, "i")),
        ),
        case(
            "100,000 fallbacks in 2,000 styles",
            GivenUp,
            different(2_000, "class=a"),
            format!(
                ".a {{ background: {} url(i.png) }}",
                "var(--x,)".repeat(100_000)
            ),
        ),
        case(
            "fallbacks in fallbacks",
            WorkedOut,
            different(2_000, "class=a"),
            format!(
                ".a {{ background: {}url(i.png){} }}",
                "var(--x, ".repeat(100_000),
                ")".repeat(100_000)
            ),
        ),
        case(
            "a cycle of 10,000 properties",
            GivenUp,
            different(100, "class=a"),
            format!(
                ".a {{ {} background: var(--p0, url(i.png)) }}",
                each(10_000, |n| format!("--p{n}: var(--p{});", (n + 1) % 10_000))
            ),
        ),
        case(
            "5,000 cycles of two properties",
            WorkedOut,
            different(20, "class=a"),
            format!(
                ".a {{ {} background: var(--p0, url(i.png)) {} }}",
                each(10_000, |n| format!("--p{n}: var(--p{});", n ^ 1)),
                each(10_000, |n| format!("var(--p{n},)"))
            ),
        ),
        case(
            "a property that doubles 60 times",
            GivenUp,
            different(100, "class=a"),
            format!(
                ".a {{ --p0: url(i.png); {} background: var(--p60) }}",
                each(60, |n| format!("--p{}: var(--p{n}), var(--p{n});", n + 1))
            ),
        ),
        case(
            "100,000 properties that revert their layer",
            WorkedOut,
            "<p class=a>x".to_owned(),
            format!(
                "@layer l {{ .a {{ {} }} }} .a {{ background: {} url(i.png) }}",
                each(100_000, |n| format!("--p{n}: revert-layer;")),
                each(100_000, |n| format!("var(--p{n},)")),
            ),
        ),
        case(
            "2,000 properties that change from element to element",
            GivenUp,
            "<div class=a><div class=b>".repeat(200)
                + &"<p class=a><b class=b>x</b></p>".repeat(10)
                + &different(2_000, "class=a"),
            format!(
                ".a {{ {} }} .b {{ {} }} p {{ background: {used} url(i.png) }}",
                themes(2_000, "url(a.png)"),
                themes(2_000, "url(b.png)"),
            ),
        ),
        case(
            "5,000,000 brackets in a value",
            GivenUp,
            "<p>x".to_owned(),
            format!(
                "p {{ --p: {} var(--q) }} b {{ background: var(--p) }}",
                "()".repeat(5_000_000)
            ),
        ),
        case(
            "2,000,000 digits and letters in a length",
            WorkedOut,
            "<p>x".to_owned(),
            format!("p {{ margin: {} }}", "1a".repeat(1_000_000)),
        ),
        case(
            "500 rules of 200 declarations on 10,000 styles",
            GivenUp,
            different(10_000, ""),
            each(500, |n| {
                format!(
                    "p:not(.x{n}) {{ {} }}",
                    "background: url(i.png);".repeat(200)
                )
            }),
        ),
        case(
            "20,000 images that wait for containers",
            WorkedOut,
            each(20_000, |n| format!("<p class=x{n}>x</p>")),
            format!(
                "@container (width > 1px) {{ {} }}",
                each(20_000, |n| format!(".x{n} {{ background: url(i{n}.png) }}"))
            ),
        ),
        case(
            "1,000,000 images of one value",
            WorkedOut,
            "<p class=a>x".to_owned(),
            format!(
                ".a {{ background: {} }}",
                vec!["url(i)"; 1_000_000].join(",")
            ),
        ),
    ]
}

fn animations() -> Vec<Case> {
    let frames = |name: &str, n: usize| {
        let frames = each(n, |n| {
            format!("{}% {{ background: url(i{n}.png) }}", n % 100)
        });
        format!("@keyframes {name} {{ {frames} }}")
    };
    let names = |n: usize| {
        let names: Vec<String> = (0..n).map(|n| format!("k{n}")).collect();
        names.join(", ")
    };
    vec![
        case(
            "100 animations of 100 frames",
            WorkedOut,
            "<p class=a>x".to_owned(),
            each(100, |n| frames(&format!("k{n}"), 100))
                + &format!(".a {{ animation: k0 1s; animation-name: {} }}", names(100)),
        ),
        case(
            "100 animations of 100 frames on 1,000 styles",
            GivenUp,
            different(1_000, "class=a"),
            each(100, |n| frames(&format!("k{n}"), 100))
                + &format!(".a {{ animation: k0 1s; animation-name: {} }}", names(100)),
        ),
        case(
            "100,000 names of one animation",
            GivenUp,
            "<p class=a>x".to_owned(),
            format!(
                "{} .a {{ animation: k 1s; animation-name: {} }}",
                frames("k", 1_000),
                vec!["k"; 100_000].join(",")
            ),
        ),
        case(
            "150,000 frames",
            WorkedOut,
            "<p class=a>x".to_owned(),
            frames("k", 150_000) + ".a { animation: k 1s }",
        ),
    ]
}

fn fonts() -> Vec<Case> {
    let face = |n: usize, more: String| {
        format!(
            "@font-face {{ font-family: f; src: url(f{}.woff2); {more} }}",
            n % 100
        )
    };
    let characters: String = (0x4e00..0x9000).filter_map(char::from_u32).collect();
    vec![
        case(
            "20,000 faces of one family",
            WorkedOut,
            "<p>x".to_owned(),
            each(20_000, |n| face(n, String::new())) + "p { font-family: f }",
        ),
        case(
            "20,000 faces of one character and a text of 16,000",
            GivenUp,
            format!("<p>{characters}"),
            each(20_000, |n| {
                face(n, format!("unicode-range: U+{:x}", 0x3_0000 + n))
            }) + "p { font-family: f }",
        ),
        case(
            "20,000 weights of one family in 20,000 styles",
            GivenUp,
            each(20_000, |n| {
                format!("<p style='font: {} 1px f'>x</p>", 1.0 + n as f32 / 25.0)
            }),
            each(20_000, |n| {
                face(n, format!("font-weight: {}", 1.0 + n as f32 / 25.0))
            }),
        ),
        case(
            "50,000 families in 2,000 styles",
            WorkedOut,
            each(2_000, |n| {
                format!("<p style='font-weight: {}'>x</p>", 1.0 + n as f32 / 2.5)
            }),
            format!(
                "@font-face {{ font-family: f; src: url(f.woff2); unicode-range: U+1 }} p {{ font-family: {} f }}",
                "f,".repeat(50_000)
            ),
        ),
    ]
}

fn trees() -> Vec<Case> {
    let deep = |open: &str, inside: &str, n: usize| open.repeat(480) + &inside.repeat(n);
    vec![
        case(
            "first letters of nested blocks",
            WorkedOut,
            deep("<div>", "<p>x</p>", 100_000),
            "div::first-letter { background: url(i.png) }".to_owned(),
        ),
        case(
            "texts in boxes that are not there",
            WorkedOut,
            deep("<div>", "<p>x</p>", 100_000),
            "div { display: contents }".to_owned(),
        ),
        case(
            "images in nested inline boxes",
            WorkedOut,
            deep("<b>", "<img>", 100_000),
            String::new(),
        ),
        case(
            "options without a select",
            WorkedOut,
            format!("<canvas>{}", deep("<div>", "<option>x</option>", 100_000)),
            String::new(),
        ),
    ]
}

#[test]
fn hostile_style_ends_in_bounded_time_and_memory() {
    let only = std::env::var("HOSTILE_STYLE").unwrap_or_default();
    let mut failures = String::new();
    for cases in [selectors, sheets, values, animations, fonts, trees] {
        for case in cases().iter().filter(|case| case.name.contains(&only)) {
            if let Err(failure) = check(case) {
                let _ = writeln!(failures, "{}: {failure}", case.name);
            }
        }
    }
    assert!(failures.is_empty(), "\n{failures}");
}

/// Analyses a case as worker threads do.
fn check(case: &Case) -> Result<(), String> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: &str| {
        fs::write(folder.path().join(name), text).expect("a file can be written");
    };
    // Without a doctype, so that the rules of quirks mode are part of it.
    let head =
        "<style>html { background: url(probe.png) }</style><link rel=stylesheet href=style.css>";
    write("index.html", &format!("{head}{}", case.page));
    write("style.css", &case.sheet);
    write("probe.png", "");
    for (name, text) in &case.others {
        write(name, text);
    }
    let site = Site::load(folder.path(), &SiteOptions::default()).expect("a site");
    let before = Memory::reset();
    let analyzer = Analyzer::new(&site, Options::default());
    let page = *site.pages().first().ok_or("no page")?;
    let analysis = std::thread::scope(|scope| {
        // As much stack as worker threads have, and no more.
        let thread = std::thread::Builder::new().stack_size(2 << 20);
        let thread = thread.spawn_scoped(scope, || {
            let start = Instant::now();
            let analysis = analyzer.page(page);
            let (plan, _) = analyzer.plan(&analysis);
            (analysis, plan, time_of_this_thread(start))
        });
        thread.expect("a thread").join()
    });
    let (analysis, plan, taken) = analysis.map_err(|_| "it panics")?;
    let memory = before.peak();
    eprintln!("{}: {taken:?}, {} MB", case.name, memory >> 20);

    let is_told = |code| analysis.findings.iter().any(|found| found.code == code);
    let style = if is_told(Code::StyleTooComplex) {
        GivenUp
    } else {
        WorkedOut
    };
    let mut fetches = analysis.graph.fetches.iter();
    let probe = fetches.find(|fetch| &*fetch.path == "/probe.png");
    let probe = probe.ok_or("the image is not listed")?;
    let when = match style {
        WorkedOut => When::Load,
        GivenUp => When::Conditional,
    };
    if style != case.expected {
        return Err(format!("its style is {style:?}"));
    }
    if probe.when != when {
        return Err(format!("{style:?}, and the image is {:?}", probe.when));
    }
    if style == GivenUp {
        let is_of_style = |path: &str| !path.contains(".css");
        let mut planned = plan.entries.iter().map(|entry| &*entry.asset.path);
        if let Some(path) = planned.find(|path| is_of_style(path)) {
            return Err(format!("{path} is planned"));
        }
    }
    if taken > LIMIT {
        return Err(format!("it takes {taken:?}"));
    }
    if memory > MEMORY {
        return Err(format!("it takes {} MB", memory >> 20));
    }
    Ok(())
}

/// What this thread has run for, or where the system does not tell, how long ago it started: others may be busy, too.
fn time_of_this_thread(start: Instant) -> Duration {
    let told = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let run = told.split_ascii_whitespace().next();
    let run = run.and_then(|nanoseconds| nanoseconds.parse().ok());
    run.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The memory of this process, where the system tells.
struct Memory(u64);

impl Memory {
    /// Forgets the peak so far.
    fn reset() -> Self {
        // Only Linux has it; without it the peak is that of all cases so far.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Self(Self::of("VmRSS:"))
    }

    /// How much more than at the beginning it was at most.
    fn peak(&self) -> u64 {
        Self::of("VmHWM:").saturating_sub(self.0)
    }

    fn of(name: &str) -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|line| line.split_ascii_whitespace().next());
        number
            .and_then(|number| number.parse::<u64>().ok())
            .unwrap_or_default()
            << 10
    }
}
