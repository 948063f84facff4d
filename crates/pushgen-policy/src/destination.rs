//! Request destinations (Fetch, section 2.2.5 "Requests"): what a browser wants a file for.
//!
//! They decide whether a file can be hinted and as what, and how urgent it is. The empty
//! destination of Fetch (`fetch()`, `XMLHttpRequest`, beacons) is written `fetch`, the word that
//! `as=` has for it. Left out: destinations no file of a built site has by itself (`report`,
//! `xslt`, worklets).

use crate::vocabulary::vocabulary;

vocabulary! {
    /// A request destination; the order is that of the words.
    pub enum Destination: "destination" {
        /// `<audio>`.
        Audio = "audio",
        /// A navigation.
        Document = "document",
        /// `<embed>`.
        Embed = "embed",
        /// Fetch's empty destination.
        Fetch = "fetch",
        /// `@font-face`.
        Font = "font",
        /// `<frame>`.
        Frame = "frame",
        /// `<iframe>`.
        Iframe = "iframe",
        /// `<img>`, CSS images, icons, `<video poster>`.
        Image = "image",
        /// A JSON module.
        Json = "json",
        /// A web application manifest.
        Manifest = "manifest",
        /// `<object>`.
        Object = "object",
        /// Classic and module scripts.
        Script = "script",
        /// Style sheets.
        Style = "style",
        /// `<track>`.
        Track = "track",
        /// `<video>`.
        Video = "video",
        /// A dedicated, shared or service worker's script.
        Worker = "worker",
    }
}

impl Destination {
    /// What may stand in `as=` of a link in a 103 response; `None` if browsers take no such hint.
    ///
    /// HTML allows more words, but browsers ignore a hint with any but these five.
    #[must_use]
    pub const fn hint_as(self) -> Option<&'static str> {
        match self {
            Self::Fetch | Self::Font | Self::Image | Self::Script | Self::Style => {
                Some(self.as_str())
            }
            _ => None,
        }
    }

    /// The urgency (RFC 9218, section 4.1: 0 is the most urgent, 7 the least) of a response that
    /// the client gave no priority for, such as a pushed one.
    ///
    /// | | |
    /// | - | - |
    /// | 0 | `document`, `style` |
    /// | 1 | `fetch`, `font`, `json`, `script` |
    /// | 2 | `frame`, `iframe`, `manifest`, `worker` |
    /// | 3 | `audio`, `embed`, `image`, `object`, `track`, `video` |
    ///
    /// These are what Chromium asks with, except that a nested document and a worker come after
    /// what the page itself paints with. Where a plan exists its order comes first.
    #[must_use]
    pub const fn urgency(self) -> u8 {
        match self {
            Self::Document | Self::Style => 0,
            Self::Fetch | Self::Font | Self::Json | Self::Script => 1,
            Self::Frame | Self::Iframe | Self::Manifest | Self::Worker => 2,
            Self::Audio | Self::Embed | Self::Image | Self::Object | Self::Track | Self::Video => 3,
        }
    }

    /// Whether a browser can use a part of the response (RFC 9218, section 4.2, parameter `i`).
    #[must_use]
    pub const fn is_incremental(self) -> bool {
        match self {
            Self::Font
            | Self::Json
            | Self::Manifest
            | Self::Script
            | Self::Style
            | Self::Worker => false,
            Self::Audio
            | Self::Document
            | Self::Embed
            | Self::Fetch
            | Self::Frame
            | Self::Iframe
            | Self::Image
            | Self::Object
            | Self::Track
            | Self::Video => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_back_and_stand_in_order() {
        for &destination in Destination::ALL {
            assert_eq!(destination.as_str().parse(), Ok(destination));
        }
        assert!(Destination::ALL.is_sorted_by_key(|d| d.as_str()));
        assert!("report".parse::<Destination>().is_err());
        assert!("Style".parse::<Destination>().is_err());
        assert!("".parse::<Destination>().is_err());
    }

    #[test]
    fn only_five_destinations_can_be_hinted() {
        let hinted: Vec<_> = Destination::ALL
            .iter()
            .filter_map(|d| d.hint_as())
            .collect();
        assert_eq!(hinted, ["fetch", "font", "image", "script", "style"]);
    }

    #[test]
    fn what_blocks_rendering_is_more_urgent_than_images() {
        assert!(Destination::Style.urgency() < Destination::Script.urgency());
        assert!(Destination::Script.urgency() < Destination::Image.urgency());
        assert!(Destination::ALL.iter().all(|d| d.urgency() <= 7));
    }
}
