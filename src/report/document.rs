//! The document: its head, what it begins with, and its sections.
//!
//! Style and behaviour stand in the document, and its policy (Content Security Policy Level 3) allows these two by
//! their hashes and nothing else: nothing is fetched, and no script runs that the site may have slipped in.

use std::fmt::{self, Display};

use pushgen_policy::Sha256;

use super::foreign::name;
use super::page_list::PageList;
use super::page_section::{PageSection, findings};
use super::{MAX_DETAILS, Report};
use crate::output::count;

const STYLE: &str = include_str!("style.css");
const BEHAVIOUR: &str = include_str!("behaviour.js");

/// A report as HTML, to be displayed.
pub(super) struct Document<'a> {
    report: &'a Report,
}

impl<'a> Document<'a> {
    pub(super) fn new(report: &'a Report) -> Self {
        Self { report }
    }
}

impl Display for Document<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        let [style, behaviour] = [STYLE, BEHAVIOUR].map(|text| Sha256::of(text.as_bytes()));
        write!(
            f,
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{style}='; \
             script-src 'sha256-{behaviour}='; base-uri 'none'; form-action 'none'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>pushgen report: {}</title>\n\
             <style>{STYLE}</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#pages\">Skip to the list of pages</a>\n",
            name(&report.site)
        )?;
        self.header(f)?;
        f.write_str("<main>\n")?;
        PageList(report).fmt(f)?;
        self.details(f)?;
        f.write_str(
            "<section id=\"findings\">\n<h2>Findings in the folder and in files that pages share</h2>\n",
        )?;
        findings(&report.shared_findings, f)?;
        write!(
            f,
            "</section>\n</main>\n<script>{BEHAVIOUR}</script>\n</body>\n</html>\n"
        )
    }
}

impl Document<'_> {
    fn header(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let report = self.report;
        write!(
            f,
            "<header>\n<h1>Report of {}</h1>\n<p>{}, {} of them with something to send.</p>\n\
             <nav aria-label=\"Sections\"><a href=\"#pages\">Pages</a> <a href=\"#details\">In detail</a> \
             <a href=\"#findings\">Findings</a></nav>\n<dl>\n",
            name(&report.site),
            count(report.pages, "page"),
            report.pages_with_plan
        )?;
        for (title, value) in &report.settings {
            writeln!(f, "<div><dt>{title}</dt><dd>{}</dd></div>", name(value))?;
        }
        f.write_str("</dl>\n</header>\n")
    }

    fn details(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report {
            details,
            pages,
            network,
            ..
        } = self.report;
        f.write_str("<section id=\"details\">\n<h2>Pages in detail</h2>\n")?;
        if details.len() < *pages {
            writeln!(
                f,
                "<p class=\"note\">{} of {}: the front page, then one page of each plan and of each template, those of most pages \
                 first, then those with the greatest gains and with most findings, {MAX_DETAILS} at most. \
                 <code>--page</code> names others.</p>",
                details.len(),
                count(*pages, "page")
            )?;
        }
        for (number, view) in (1..).zip(details) {
            PageSection {
                view,
                number,
                is_open: details.len() == 1,
                network,
            }
            .fmt(f)?;
        }
        f.write_str("</section>\n")
    }
}
