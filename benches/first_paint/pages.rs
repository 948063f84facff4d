//! The pages: each holds back its first paint in a way of its own.
//!
//! In: nothing. Out: [`TestPage`]s: what lies in their folders, and what is pushed or hinted.

use super::content::Noise;

/// A page in a folder of its own.
pub(crate) struct TestPage {
    pub(crate) name: &'static str,
    pub(crate) html: String,
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// What goes ahead, in this order.
    pub(crate) ahead: Vec<String>,
    noise: Noise,
}

const HEADING: &str = "<h1>A page with text</h1>\n";

impl TestPage {
    fn new(name: &'static str) -> Self {
        let seed = name
            .bytes()
            .fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
        let html = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width\">\n<link rel=\"icon\" href=\"data:,\">\n<title>Fixture</title>\n";
        Self {
            name,
            html: html.to_owned(),
            files: Vec::new(),
            ahead: Vec::new(),
            noise: Noise(seed),
        }
    }

    fn file(mut self, name: &str, content: impl FnOnce(&mut Noise) -> Vec<u8>) -> Self {
        let content = content(&mut self.noise);
        self.files.push((name.to_owned(), content));
        self
    }

    fn sheet(self, name: &str, bytes: usize, head: &str) -> Self {
        self.file(name, |noise| noise.sheet(bytes, head))
            .html(&format!("<link rel=\"stylesheet\" href=\"{name}\">\n"))
    }

    fn script(self, name: &str, bytes: usize, attributes: &str) -> Self {
        self.file(name, |noise| noise.script(bytes, "", ""))
            .html(&format!("<script{attributes} src=\"{name}\"></script>\n"))
    }

    fn image(self, name: &str, bytes: usize, (width, height): (usize, usize)) -> Self {
        self.file(name, |noise| noise.png(bytes, width, height))
            .html(&format!(
                "<img src=\"{name}\" width=\"{width}\" height=\"{height}\" alt=\"\">\n"
            ))
    }

    fn html(mut self, html: &str) -> Self {
        self.html.push_str(html);
        self
    }

    fn body(self) -> Self {
        self.html("</head>\n<body>\n")
    }

    /// Text until the document has so many bytes.
    fn text(mut self, bytes: usize) -> Self {
        while self.html.len() + 60 < bytes {
            let paragraph = (bytes - self.html.len()).min(500);
            let paragraph = self.noise.paragraph(paragraph);
            self.html.push_str(&paragraph);
        }
        self
    }

    fn ends(mut self, ahead: &[&str]) -> Self {
        self.ahead = ahead.iter().map(|name| (*name).to_owned()).collect();
        self.html("</body>\n</html>\n")
    }
}

/// All pages.
pub(crate) fn pages() -> Vec<TestPage> {
    let new = TestPage::new;
    let mut pages = vec![
        new("flat")
            .sheet("a.css", 15_000, "")
            .script("a.js", 10_000, "")
            .body()
            .html(HEADING)
            .text(8_000)
            .ends(&["a.css", "a.js"]),
        new("long")
            .sheet("a.css", 15_000, "")
            .script("a.js", 10_000, "")
            .body()
            .html(HEADING)
            .text(90_000)
            .ends(&["a.css", "a.js"]),
        new("heavy")
            .sheet("a.css", 60_000, "")
            .script("a.js", 120_000, "")
            .body()
            .html(HEADING)
            .text(15_000)
            .ends(&["a.css", "a.js"]),
        new("imports")
            .sheet("a.css", 6_000, "@import \"b.css\";\n")
            .file("b.css", |noise| noise.sheet(5_000, "@import \"c.css\";\n"))
            .file("c.css", |noise| noise.sheet(5_000, ""))
            .body()
            .html(HEADING)
            .text(12_000)
            .ends(&["a.css", "b.css", "c.css"]),
        new("body-script")
            .sheet("a.css", 10_000, "")
            .body()
            .html("<main>\n")
            .script("a.js", 40_000, "")
            .html(HEADING)
            .text(25_000)
            .ends(&["a.css", "a.js"]),
        new("scripts")
            .script("a.js", 25_000, "")
            .sheet("a.css", 8_000, "")
            .script("b.js", 25_000, "")
            .script("c.js", 25_000, "")
            .body()
            .html(HEADING)
            .text(10_000)
            .ends(&["a.js", "a.css", "b.js", "c.js"]),
        new("plain").body().html(HEADING).text(45_000).ends(&[]),
    ];
    let face = "@font-face{font-family:F;src:url(r.woff2) format(\"woff2\");font-display:block}\n\
         body{font-family:F}\n";
    pages.push(
        new("fonts")
            .sheet("a.css", 10_000, face)
            .file("r.woff2", |noise| noise.font(44_000))
            .body()
            .html(HEADING)
            .text(12_000)
            .ends(&["a.css", "r.woff2"]),
    );
    let hero = ".hero{background:url(hero.png);width:900px;height:500px}\n";
    pages.push(
        new("hero-background")
            .sheet("a.css", 14_000, hero)
            .file("hero.png", |noise| noise.png(70_000, 900, 500))
            .body()
            .html("<div class=\"hero\"></div>\n")
            .html(HEADING)
            .text(12_000)
            .ends(&["a.css", "hero.png"]),
    );
    let mut page = new("hero")
        .sheet("a.css", 12_000, "")
        .script("a.js", 20_000, "")
        .body()
        .image("hero.png", 60_000, (900, 500))
        .html(HEADING);
    for at in 0..4 {
        let length = page.html.len() + 1_500;
        page = page
            .text(length)
            .image(&format!("i{at}.png"), 20_000, (80, 80));
    }
    pages.push(page.text(20_000).ends(&["a.css", "a.js", "hero.png"]));
    let mut page = new("many");
    for at in 0..6 {
        page = page.sheet(&format!("s{at}.css"), 5_000, "");
    }
    for at in 0..8 {
        page = page.script(&format!("d{at}.js"), 15_000, " defer");
    }
    page = page.body().html(HEADING);
    for at in 0..6 {
        let length = page.html.len() + 3_000;
        page = page
            .text(length)
            .image(&format!("i{at}.png"), 10_000, (60, 60));
    }
    let ahead = ["s0.css", "s1.css", "s2.css", "s3.css", "s4.css", "s5.css"];
    pages.push(page.text(30_000).ends(&ahead));
    let mut page = new("async");
    for at in 0..4 {
        page = page.script(&format!("j{at}.js"), 40_000, " async");
    }
    pages.push(
        page.sheet("a.css", 20_000, "")
            .body()
            .html(HEADING)
            .text(15_000)
            .ends(&["a.css"]),
    );
    let mut page = new("late-link").html("<style>");
    let style = page.noise.sheet(40_000, "");
    page = page
        .html(&String::from_utf8_lossy(&style))
        .html("</style>\n");
    pages.push(
        page.sheet("a.css", 12_000, "")
            .body()
            .html(HEADING)
            .text(60_000)
            .ends(&["a.css"]),
    );
    let draw = "document.getElementById(\"app\").innerHTML=\"<h1>Drawn by a script</h1>\"+text;\n";
    let mut page = new("shell")
        .sheet("a.css", 10_000, "")
        .file("m1.js", |noise| {
            noise.script(5_000, "import {text} from \"./m2.js\";\n", draw)
        })
        .html("<script type=\"module\" src=\"m1.js\"></script>\n");
    for at in 2..=4 {
        let import = match at {
            4 => "const deeper=\"text\";\n".to_owned(),
            _ => format!("import {{text as deeper}} from \"./m{}.js\";\n", at + 1),
        };
        page = page.file(&format!("m{at}.js"), |noise| {
            noise.script(5_000, &import, "export const text=deeper+\" more\";\n")
        });
    }
    let ahead = ["a.css", "m1.js", "m2.js", "m3.js", "m4.js"];
    pages.push(page.body().html("<div id=\"app\"></div>\n").ends(&ahead));
    pages
}
