//! The client's machine: what things cost that are no network.
//!
//! Calibrated once, on the pages and measurements in `tests/`, and never for a page. One thread
//! does all of it, one after the other. Left out: what a particular script computes.

use super::Time;

/// The costs of a browser's work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Machine {
    /// From the navigation to the first packet.
    pub navigate: Time,
    /// The handshake's cryptography and the check of the certificate.
    pub connect: Time,
    /// From the response's fields to a document that can be parsed.
    pub commit: Time,
    /// From the network to the thread that parses.
    pub receive: Time,
    /// From the discovery of an asset to its request.
    pub request: Time,
    /// How much later a request leaves that is not urgent (2 or worse).
    pub idle_request: Time,
    /// How long rendering waits for fonts that are preloaded, once nothing else holds it back.
    pub font_preload: Time,
    /// From a 103 to the requests of what it hints.
    pub hint: Time,
    /// Parsing of a kilobyte of HTML.
    pub html: Time,
    /// Parsing of a kilobyte of CSS.
    pub css: Time,
    /// Compiling and running of a kilobyte of script.
    pub script: Time,
    /// Any script.
    pub script_base: Time,
    /// Decoding of a kilobyte of an image or font.
    pub decode: Time,
    /// From the moment when there is something to show to the frame.
    pub frame: Time,
    /// Style and layout of a kilobyte of HTML.
    pub layout: Time,
    /// Painting until it counts as shown.
    pub paint: Time,
}

impl Machine {
    /// A machine that takes no time: what is left is the network.
    pub const IDEAL: Self = Self {
        navigate: Time::ZERO,
        connect: Time::ZERO,
        commit: Time::ZERO,
        receive: Time::ZERO,
        request: Time::ZERO,
        idle_request: Time::ZERO,
        font_preload: Time::ZERO,
        hint: Time::ZERO,
        html: Time::ZERO,
        css: Time::ZERO,
        script: Time::ZERO,
        script_base: Time::ZERO,
        decode: Time::ZERO,
        frame: Time::ZERO,
        layout: Time::ZERO,
        paint: Time::ZERO,
    };

    /// Chromium 156 on the machine of the calibration.
    pub const CHROMIUM_156: Self = Self {
        navigate: Time::from_micros(1_100),
        connect: Time::from_micros(1_800),
        commit: Time::from_micros(32_000),
        receive: Time::from_micros(2_400),
        request: Time::from_micros(1_900),
        idle_request: Time::from_micros(6_000),
        font_preload: Time::from_micros(80_000),
        hint: Time::from_micros(20_000),
        html: Time::from_micros(63),
        css: Time::from_micros(20),
        script: Time::from_micros(50),
        script_base: Time::from_micros(900),
        decode: Time::from_micros(20),
        frame: Time::from_micros(10_000),
        layout: Time::from_micros(360),
        paint: Time::from_micros(14_000),
    };

    /// Chromium 103, the last that takes pushes, on the same machine.
    pub const CHROMIUM_103: Self = Self {
        navigate: Time::from_micros(1_100),
        connect: Time::from_micros(2_000),
        commit: Time::from_micros(10_000),
        receive: Time::from_micros(1_150),
        request: Time::from_micros(1_250),
        idle_request: Time::ZERO,
        font_preload: Time::ZERO,
        hint: Time::from_micros(4_000),
        html: Time::from_micros(150),
        css: Time::from_micros(22),
        script: Time::from_micros(67),
        script_base: Time::from_micros(800),
        decode: Time::from_micros(20),
        frame: Time::from_micros(9_700),
        layout: Time::from_micros(600),
        paint: Time::from_micros(19_000),
    };

    /// What predictions are made for unless told otherwise.
    pub const REFERENCE: Self = Self::CHROMIUM_156;
}

/// What so many bytes cost.
pub(super) fn cost(bytes: u32, kilobyte: Time) -> Time {
    Time::from_nanos(kilobyte.as_nanos().saturating_mul(bytes.into()) / 1000)
}
