//! A load as a waterfall: one bar a response, over time.
//!
//! In: bars with their times, the paints, and a [`Scale`] that waterfalls to be compared share. Out: inline SVG, whose
//! lengths are per cent of its width so that its text keeps its size on any screen; each bar has a title. The same
//! figures follow in a table. A bar is pale from the request to the first byte, and full from there to the last. Below the
//! responses is what the main thread does.

use std::fmt;

use pushgen_analyzer::model::{Cause, Load, Time, Transfer};
use pushgen_policy::Class;

use super::figures::{Milliseconds, whole};
use super::foreign::{label, name};
use super::main_thread::MainThread;
use crate::output::bytes;

/// What a bar is, for its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Colour {
    Html,
    Blocking,
    Font,
    Script,
    Image,
    Other,
}

impl Colour {
    pub(super) const ALL: [Self; 6] = [
        Self::Html,
        Self::Blocking,
        Self::Font,
        Self::Script,
        Self::Image,
        Self::Other,
    ];

    pub(super) const fn of(class: Class) -> Self {
        match class {
            Class::RenderBlocking | Class::ParserBlocking => Self::Blocking,
            Class::Font => Self::Font,
            Class::Module | Class::Script => Self::Script,
            Class::Lcp | Class::Image => Self::Image,
            Class::Document => Self::Html,
            _ => Self::Other,
        }
    }

    /// Its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Html => "c-html",
            Self::Blocking => "c-blocking",
            Self::Font => "c-font",
            Self::Script => "c-script",
            Self::Image => "c-image",
            Self::Other => "c-other",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Html => "HTML",
            Self::Blocking => "render- or parser-blocking",
            Self::Font => "font",
            Self::Script => "script",
            Self::Image => "image",
            Self::Other => "other",
        }
    }
}

/// One response.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bar<'a> {
    pub(super) path: &'a str,
    /// What it is to the page.
    pub(super) class: &'a str,
    pub(super) colour: Colour,
    pub(super) bytes: u64,
    pub(super) transfer: Transfer,
}

impl Bar<'_> {
    const fn cause(&self) -> &'static str {
        match self.transfer.cause {
            Cause::Request => "requested",
            Cause::Hint => "hinted",
            Cause::Promise => "pushed",
        }
    }
}

/// From the navigation to the last that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    end: Time,
}

impl Scale {
    /// Of several loads to be compared.
    pub(super) fn to(ends: impl Iterator<Item = Time>) -> Self {
        let end = ends.max().unwrap_or_default();
        Self {
            end: end.max(Time::from_millis(1)),
        }
    }

    /// Where a time is, in per cent of the width; what never happens is at its end.
    fn place(self, time: Time) -> f64 {
        let part = time.as_nanos() as f64 / self.end.as_nanos() as f64;
        (part * 100.0).clamp(0.0, 100.0)
    }

    /// Round times without zero: few enough for a narrow screen.
    fn ticks(self) -> Vec<Time> {
        let end = self.end.as_nanos();
        let mut step = 1_000_000_u64;
        'found: loop {
            for times in [1, 2, 5] {
                if end / step.saturating_mul(times) < 6 {
                    step = step.saturating_mul(times);
                    break 'found;
                }
            }
            step = step.saturating_mul(10);
        }
        let ticks = (1..=end / step).map(|at| Time::from_nanos(at * step));
        ticks.collect()
    }
}

/// One load, drawn.
pub(super) struct Waterfall<'a> {
    /// What was sent ahead, in words.
    pub(super) title: &'a str,
    /// The page's path.
    pub(super) page: &'a str,
    pub(super) bars: &'a [Bar<'a>],
    /// Bars beyond those.
    pub(super) more: usize,
    pub(super) thread: &'a MainThread<'a>,
    pub(super) load: Load,
    /// The least first paint.
    pub(super) limit: Time,
    pub(super) scale: Scale,
}

/// Pixels of the axis, of a row, and of what is above and in a bar.
const AXIS: usize = 18;
const ROW: usize = 30;
const NAME: usize = 12;
const BAR: usize = 8;

impl fmt::Display for Waterfall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Load { fcp, lcp, load, .. } = self.load;
        write!(
            f,
            "<figure class=\"waterfall\">\n<figcaption><h5>{}</h5>\n<p><span class=\"key k-fcp\">first paint {}</span> \
             <span class=\"key k-lcp\">largest paint {}</span> <span class=\"key k-limit\">limit {}</span> \
             <span class=\"key\">all there {}</span></p></figcaption>\n",
            self.title,
            Milliseconds(fcp),
            Milliseconds(lcp),
            Milliseconds(self.limit),
            Milliseconds(load),
        )?;
        self.svg(f)?;
        if self.more > 0 {
            writeln!(
                f,
                "<p class=\"note\">{} more responses are not drawn.</p>",
                self.more
            )?;
        }
        if self.thread.more > 0 {
            writeln!(
                f,
                "<p class=\"note\">{} more tasks of the main thread are not drawn, all shorter.</p>",
                self.thread.more
            )?;
        }
        self.table(f)?;
        f.write_str("</figure>\n")
    }
}

impl Waterfall<'_> {
    fn svg(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let thread = AXIS + ROW * self.bars.len();
        let height = thread + ROW + 4;
        writeln!(
            f,
            "<svg role=\"img\" width=\"100%\" height=\"{height}\"><title>Waterfall of {}, {}: {} responses, first paint \
             after {}. The figures follow as a table.</title>",
            name(self.page),
            self.title,
            self.bars.len(),
            Milliseconds(self.load.fcp),
        )?;
        for tick in self.scale.ticks() {
            let place = self.scale.place(tick);
            // Beside the line's right end there is no room.
            let anchor = if place > 90.0 { "end" } else { "middle" };
            writeln!(
                f,
                "<line class=\"tick\" x1=\"{place:.2}%\" x2=\"{place:.2}%\" y1=\"{AXIS}\" y2=\"100%\"/>\
                 <text class=\"axis\" x=\"{place:.2}%\" y=\"12\" text-anchor=\"{anchor}\">{}</text>",
                Milliseconds(tick)
            )?;
        }
        for (class, time) in [
            ("limit", self.limit),
            ("lcp", self.load.lcp),
            ("fcp", self.load.fcp),
        ] {
            let place = self.scale.place(time);
            writeln!(
                f,
                "<line class=\"mark {class}\" x1=\"{place:.2}%\" x2=\"{place:.2}%\" y1=\"{AXIS}\" y2=\"100%\"/>"
            )?;
        }
        for (row, bar) in self.bars.iter().enumerate() {
            self.bar(AXIS + row * ROW, bar, f)?;
        }
        self.thread(thread, f)?;
        if let Some(document) = self.bars.first() {
            let place = self.scale.place(document.transfer.asked);
            let y = AXIS + NAME + 8;
            writeln!(
                f,
                "<rect class=\"connect\" x=\"0\" y=\"{y}\" width=\"{place:.2}%\" height=\"2\"><title>Connecting: {}</title></rect>",
                Milliseconds(document.transfer.asked)
            )?;
        }
        f.write_str("</svg>\n")
    }

    fn thread(&self, top: usize, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<g class=\"thread\"><title>The main thread, busy for {}</title><text class=\"name\" x=\"0\" y=\"{}\">main thread\
             <tspan class=\"aside\" dx=\"8\">busy for {}</tspan></text>",
            Milliseconds(self.thread.busy()),
            top + NAME,
            Milliseconds(self.thread.busy()),
        )?;
        let y = top + NAME + 5;
        for spell in &self.thread.spells {
            let (from, to) = (self.scale.place(spell.from), self.scale.place(spell.to));
            write!(
                f,
                "<rect class=\"{}\" x=\"{from:.2}%\" y=\"{y}\" width=\"{:.2}%\" height=\"{BAR}\"><title>{spell}</title></rect>",
                spell.colour.class(),
                (to - from).max(0.1)
            )?;
        }
        f.write_str("</g>\n")
    }

    fn bar(&self, top: usize, bar: &Bar<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Transfer {
            asked,
            first_byte,
            last_byte,
            ..
        } = bar.transfer;
        write!(
            f,
            "<g class=\"{}\"><title>{}: {}, {}, {}. Asked for at {}, first byte {}, last byte {}.</title>\
             <text class=\"name\" x=\"0\" y=\"{}\">{}<tspan class=\"aside\" dx=\"8\">{}{}</tspan></text>",
            bar.colour.class(),
            name(bar.path),
            bar.class,
            bar.cause(),
            bytes(bar.bytes),
            Milliseconds(asked),
            Milliseconds(first_byte),
            Milliseconds(last_byte),
            top + NAME,
            label(bar.path),
            bar.class,
            match bar.transfer.cause {
                Cause::Request => "",
                Cause::Hint => ", hinted",
                Cause::Promise => ", pushed",
            },
        )?;
        let y = top + NAME + 5;
        for (class, from, to) in [("wait", asked, first_byte), ("got", first_byte, last_byte)] {
            if from == Time::NEVER {
                continue;
            }
            let (from, to) = (self.scale.place(from), self.scale.place(to));
            write!(
                f,
                "<rect class=\"{class}\" x=\"{from:.2}%\" y=\"{y}\" width=\"{:.2}%\" height=\"{BAR}\"/>",
                // What is there at once is seen all the same.
                (to - from).max(0.3)
            )?;
        }
        f.write_str("</g>\n")
    }

    fn table(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "<details class=\"figures\"><summary>The same as a table</summary>\n\
             <div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Figures of the load, {}\"><table>\n\
             <thead><tr><th scope=\"col\">Response</th><th scope=\"col\">Class</th><th scope=\"col\">Came</th>\
             <th scope=\"col\" class=\"n\">Size</th><th scope=\"col\" class=\"n\">Asked for, ms</th>\
             <th scope=\"col\" class=\"n\">First byte, ms</th><th scope=\"col\" class=\"n\">Last byte, ms</th></tr></thead>\n<tbody>\n",
            self.title
        )?;
        for bar in self.bars {
            write!(
                f,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"n\">{}</td>",
                name(bar.path),
                bar.class,
                bar.cause(),
                bytes(bar.bytes)
            )?;
            let Transfer {
                asked,
                first_byte,
                last_byte,
                ..
            } = bar.transfer;
            for time in [asked, first_byte, last_byte] {
                match time {
                    Time::NEVER => f.write_str("<td class=\"n\">–</td>")?,
                    time => write!(f, "<td class=\"n\">{}</td>", whole(time))?,
                }
            }
            f.write_str("</tr>\n")?;
        }
        writeln!(f, "</tbody></table></div>\n{}</details>", self.thread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scale(millis: u64) -> Scale {
        Scale::to([Time::from_millis(millis)].into_iter())
    }

    #[test]
    fn a_time_has_its_place_between_the_edges() {
        for (time, expected) in [
            (Time::ZERO, 0.0),
            (Time::from_millis(50), 25.0),
            (Time::from_millis(200), 100.0),
            (Time::from_millis(300), 100.0),
            (Time::NEVER, 100.0),
        ] {
            assert_eq!(scale(200).place(time), expected);
        }
    }

    #[test]
    fn a_load_without_any_time_has_a_scale() {
        let scale = Scale::to(std::iter::empty());
        assert_eq!(scale.place(Time::ZERO), 0.0);
        assert_eq!(scale.ticks(), [Time::from_millis(1)]);
    }

    #[test]
    fn the_axis_has_a_few_round_times() {
        for (end, expected) in [
            (5, vec![1, 2, 3, 4, 5]),
            (8, vec![2, 4, 6, 8]),
            (655, vec![200, 400, 600]),
            (1_700, vec![500, 1_000, 1_500]),
            (9_000, vec![2_000, 4_000, 6_000, 8_000]),
        ] {
            let ticks = scale(end).ticks();
            let ticks: Vec<u64> = ticks.into_iter().map(whole).collect();
            assert_eq!(ticks, expected, "{end} ms");
        }
        assert!(Scale::to([Time::NEVER].into_iter()).ticks().len() < 6);
    }

    #[test]
    fn a_bar_is_pale_until_its_first_byte_and_full_from_there() {
        let bars = [Bar {
            path: "/<a>.css",
            class: "render-blocking",
            colour: Colour::Blocking,
            bytes: 1_000,
            transfer: Transfer {
                cause: Cause::Promise,
                asked: Time::from_millis(20),
                first_byte: Time::from_millis(50),
                last_byte: Time::from_millis(100),
            },
        }];
        let time = Time::from_millis(150);
        let html = Waterfall {
            title: "with pushes",
            page: "/",
            bars: &bars,
            more: 0,
            thread: &MainThread::default(),
            load: Load {
                fcp: time,
                lcp: time,
                load: time,
                first_byte: time,
                bytes: 0,
                wasted: 0,
            },
            limit: Time::from_millis(75),
            scale: scale(200),
        }
        .to_string();
        for expected in [
            "<rect class=\"wait\" x=\"10.00%\" y=\"35\" width=\"15.00%\"",
            "<rect class=\"got\" x=\"25.00%\" y=\"35\" width=\"25.00%\"",
            "class=\"mark fcp\" x1=\"75.00%\"",
            "class=\"mark limit\" x1=\"37.50%\"",
            "/&lt;a&gt;.css: render-blocking, pushed, 1.0 kB. Asked for at 20\u{a0}ms, first byte 50\u{a0}ms, last byte 100\u{a0}ms.",
            "<td class=\"n\">20</td><td class=\"n\">50</td><td class=\"n\">100</td>",
        ] {
            assert!(html.contains(expected), "{expected} is not in {html}");
        }
    }
}
