//! A whole little site: page, style sheet, script and options with NUL between them. Its policy serialises, loads again,
//! says the same twice, and is about files of the site alone.
#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use pushgen_analyzer::{Analysis, Analyzer, ColorScheme, Options, Site, SiteOptions, Viewport};
use pushgen_policy::{Origin, Policy, Sha256};

/// Files that are the same in every site, for the three others to refer to.
const FIXED: [(&str, &str); 5] = [
    ("font.woff2", "a font"),
    ("image.png", "an image"),
    (
        "other.css",
        "@import 'style.css'; .a { background: url(image.png) }",
    ),
    (
        "other.js",
        "import './app.js'; export * from './module.js';",
    ),
    ("module.js", "export default import('./other.js')"),
];

/// In memory where there is such a folder. One for each process; nothing removes it.
static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    let memory = Path::new("/dev/shm");
    let parent = if memory.is_dir() {
        memory.to_owned()
    } else {
        std::env::temp_dir()
    };
    let folder = parent.join(format!("pushgen-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("the folder can be made");
    for (name, content) in FIXED {
        fs::write(folder.join(name), content).expect("the file can be written");
    }
    folder
});

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.split(|&byte| byte == 0);
    let mut files: Vec<(&str, &[u8])> = Vec::new();
    for name in ["index.html", "style.css", "app.js"] {
        let content = parts.next().unwrap_or_default();
        fs::write(FOLDER.join(name), content).expect("the file can be written");
        files.push((name, content));
    }
    files.extend(FIXED.map(|(name, content)| (name, content.as_bytes())));
    let choices = parts
        .next()
        .and_then(|part| part.first())
        .copied()
        .unwrap_or_default();

    let mut site_options = SiteOptions::default();
    site_options.clean_urls = choices & 1 != 0;
    let site = Site::load(&FOLDER, &site_options).expect("the folder has a page");
    let options = options(choices);
    let budget = options.budget;
    let analyze = || Analyzer::new(&site, options.clone()).analyze(&|| ());
    let Analysis {
        policy,
        findings,
        totals,
        ..
    } = analyze().expect("a policy of one page");

    let json = policy.to_json();
    assert_eq!(Policy::from_json(json.as_bytes()).as_ref(), Ok(&policy));
    assert_eq!(
        analyze().map(|it| (it.policy.to_json(), it.findings)),
        Ok((json, findings.clone()))
    );

    assert_eq!((totals.pages, totals.files), (1, files.len()));
    assert_eq!(policy.pages().count(), 1);
    for plan in policy.plans() {
        let pushed = plan.entries.iter().filter(|entry| entry.push);
        let pushed: u64 = pushed
            .map(|entry| policy.assets()[entry.asset].smallest_size())
            .sum();
        assert!(pushed <= budget, "{pushed} bytes are pushed");
    }
    for asset in policy.assets() {
        let is_file = files
            .iter()
            .any(|(_, content)| asset.content == Sha256::of(content));
        assert!(is_file, "{} is no file of the site", asset.path);
    }
    for finding in findings {
        let file = files.iter().find(|(name, _)| *name == finding.file);
        let Some((_, content)) = file else {
            panic!("{finding:?} is about no file of the site");
        };
        // Also right for UTF-16, where only the low byte is a line feed.
        let ends = content
            .iter()
            .filter(|byte| matches!(byte, b'\n' | b'\r' | 0xc))
            .count();
        let line = finding.line.unwrap_or(1) as usize;
        assert!((1..=ends + 1).contains(&line), "{finding:?}");
    }
});

fn options(choices: u8) -> Options {
    let mut options = Options::default();
    options.etags = choices & 2 != 0;
    if choices & 4 != 0 {
        options.origin = Origin::parse("https://example.com").ok();
    }
    if choices & 8 != 0 {
        options.budget = 100;
    }
    if choices & 16 != 0 {
        options.viewports = vec![Viewport {
            width: 360,
            height: 740,
            screen: None,
            dpr: 3.0,
            color_scheme: ColorScheme::Dark,
        }];
    }
    options
}
