//! Rendering: when there is something to show, the first contentful and the largest contentful paint.
//!
//! In: what is parsed, styled and loaded. Out: fonts and images that only style finds, FCP (Paint Timing)
//! and LCP (Largest Contentful Paint). Nothing is rendered before all that blocks rendering is complete
//! (HTML Standard, section 2.4.8) and content is parsed. Text in the block period of its font (CSS
//! Fonts 4, section 4.9) is no candidate of LCP; FCP does not wait for it, as measured in Chromium. All
//! text is taken to wait for the fonts that block it, and to be there with the first of them. Left out:
//! which text is the largest.

use super::super::agenda::Event;
use super::super::machine::cost;
use super::super::page::{Discovery, Kind, Page};
use super::{Browser, Time};

/// How long text may be invisible.
const BLOCK_PERIOD: Time = Time::from_millis(3000);

#[derive(Debug)]
pub(super) struct Paint {
    /// There is content, visible or not.
    pub(super) has_content: bool,
    pub(super) text_is_visible: bool,
    has_largest: bool,
    awaits_largest: bool,
    /// Preloaded fonts that have not arrived; whether they were waited for, and whether that is over.
    pub(super) preloaded_fonts: u16,
    awaits_fonts: bool,
    fonts_are_late: bool,
    /// Whether a frame is under way, and whether something came too late for it.
    is_under_way: bool,
    is_stale: bool,
    /// Bytes of the document that are laid out.
    laid_out: u32,
    pub(super) fcp: Option<Time>,
    pub(super) lcp: Option<Time>,
}

impl Paint {
    pub(super) fn new(page: &Page) -> Self {
        let any = |wanted: Kind| page.assets().iter().any(|asset| asset.kind == wanted);
        Self {
            has_content: false,
            text_is_visible: !any(Kind::Font { blocks_text: true }),
            has_largest: false,
            awaits_largest: any(Kind::Image { is_largest: true }),
            preloaded_fonts: 0,
            awaits_fonts: false,
            fonts_are_late: false,
            is_under_way: false,
            is_stale: false,
            laid_out: 0,
            fcp: None,
            lcp: None,
        }
    }

    pub(super) fn image_loaded(&mut self, is_largest: bool) {
        self.has_largest |= is_largest;
    }
}

impl Browser<'_> {
    /// Something may have changed on screen.
    pub(super) fn want_frame(&mut self, now: Time) {
        if self.is_painted() || !self.paint.has_content || self.render_blockers > 0 {
            return;
        }
        let waits = self.paint.preloaded_fonts > 0 && !self.paint.fonts_are_late;
        if waits && self.paint.fcp.is_none() && self.machine.font_preload > Time::ZERO {
            if !std::mem::replace(&mut self.paint.awaits_fonts, true) {
                self.agenda
                    .put(now + self.machine.font_preload, Event::FontsLate);
            }
            return;
        }
        if self.paint.is_under_way {
            self.paint.is_stale = true;
            return;
        }
        self.paint.is_under_way = true;
        self.agenda.put(now + self.machine.frame, Event::Frame);
    }

    pub(super) fn fonts_late(&mut self, now: Time) {
        self.paint.fonts_are_late = true;
        self.want_frame(now);
    }

    pub(super) fn frame(&mut self, now: Time) {
        self.paint.is_stale = false;
        let bytes = self.parsed_bytes();
        let new = self.page.plain_html(bytes - self.paint.laid_out);
        let work = cost(new, self.machine.layout);
        self.paint.laid_out = bytes;
        self.run(now, work, Event::Styled);
    }

    pub(super) fn styled(&mut self, now: Time) {
        let page = self.page;
        for (index, asset) in (0_u16..).zip(page.assets()) {
            let is_styled = match asset.discovery {
                Discovery::HtmlStyle => true,
                Discovery::Style(sheet) => self.known[usize::from(sheet)].is_loaded,
                _ => false,
            };
            if is_styled && !self.known[usize::from(index)].is_wanted {
                self.discover(now, index);
                if asset.kind == (Kind::Font { blocks_text: true }) {
                    self.agenda.put(now + BLOCK_PERIOD, Event::FontTimeout);
                }
            }
        }
        let shown = now + self.machine.paint;
        let paint = &mut self.paint;
        paint.is_under_way = false;
        if paint.fcp.is_none() {
            paint.fcp = Some(shown);
        }
        if paint.lcp.is_none()
            && (paint.has_largest || (!paint.awaits_largest && paint.text_is_visible))
        {
            paint.lcp = Some(shown);
        }
        if std::mem::take(&mut paint.is_stale) {
            self.want_frame(now);
        }
    }
}
