//! MIME types that decide whether something is fetched: of images, fonts, media and objects.
//!
//! In: a `type` attribute as written, or a URL's extension. Out: whether the browser takes it. The lists
//! are what Chromium 156 without proprietary additions of the platform was seen to take; it fetches nothing
//! of a type that it does not know. RFC 6381 for `codecs`.

/// The essence of a MIME type: lower case, without parameters.
pub(super) fn essence(type_: &str) -> String {
    type_
        .split(';')
        .next()
        .unwrap_or_default()
        .trim_ascii()
        .to_ascii_lowercase()
}

/// The image formats that browsers decode.
pub(crate) fn is_image_type(essence: &str) -> bool {
    matches!(
        essence,
        "image/png"
            | "image/x-png"
            | "image/jpeg"
            | "image/jpg"
            | "image/pjpeg"
            | "image/gif"
            | "image/webp"
            | "image/avif"
            | "image/apng"
            | "image/jxl"
            | "image/svg+xml"
            | "image/bmp"
            | "image/x-icon"
            | "image/vnd.microsoft.icon"
            | "image/x-xbitmap"
    )
}

/// The font formats that browsers load.
pub(super) fn is_font_type(essence: &str) -> bool {
    matches!(
        essence,
        "font/woff2"
            | "font/woff"
            | "font/ttf"
            | "font/otf"
            | "font/sfnt"
            | "font/collection"
            | "application/font-woff"
            | "application/font-woff2"
            | "application/x-font-ttf"
            | "application/x-font-otf"
            | "application/x-font-woff"
            | "application/vnd.ms-opentype"
            | "application/font-sfnt"
    )
}

/// A container that media elements play.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Mp4,
    WebM,
    Ogg,
    Wav,
    Mpeg,
    Flac,
    /// Played only if no codec is named.
    Other,
}

/// Whether a media element tries a `source` of this type.
pub(super) fn is_media_type(type_: &str) -> bool {
    let essence = essence(type_);
    essence.is_empty()
        || Container::of(&essence).is_some_and(|container| {
            codecs(type_)
                .split(',')
                .map(str::trim_ascii)
                .filter(|codec| !codec.is_empty())
                .all(|codec| container.plays(codec))
        })
}

impl Container {
    fn of(essence: &str) -> Option<Self> {
        Some(match essence {
            "video/mp4"
            | "audio/mp4"
            | "video/x-m4v"
            | "audio/x-m4a"
            | "video/3gpp"
            | "application/vnd.apple.mpegurl"
            | "application/x-mpegurl" => Self::Mp4,
            "video/webm" | "audio/webm" => Self::WebM,
            "video/ogg" | "audio/ogg" | "application/ogg" => Self::Ogg,
            "audio/wav" | "audio/x-wav" => Self::Wav,
            "audio/mpeg" | "audio/mp3" | "audio/x-mp3" => Self::Mpeg,
            "audio/flac" => Self::Flac,
            "audio/aac" | "video/x-matroska" => Self::Other,
            _ => return None,
        })
    }

    /// Codec strings are case-sensitive.
    fn plays(self, codec: &str) -> bool {
        let family = codec.split('.').next().unwrap_or_default();
        match self {
            Self::Mp4 => {
                matches!(
                    family,
                    "avc1" | "avc3" | "av01" | "vp09" | "flac" | "fLaC" | "opus" | "Opus" | "mp3"
                ) || codec.starts_with("mp4a.40.")
                    || matches!(codec, "mp4a.69" | "mp4a.6B")
            }
            Self::WebM => matches!(family, "vp8" | "vp9" | "vp09" | "av01" | "opus" | "vorbis"),
            Self::Ogg => matches!(family, "opus" | "vorbis" | "flac"),
            Self::Wav => codec == "1",
            Self::Mpeg => codec == "mp3",
            Self::Flac => codec == "flac",
            Self::Other => false,
        }
    }
}

/// The value of the parameter `codecs`; empty if there is none.
fn codecs(type_: &str) -> &str {
    type_
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim_ascii().eq_ignore_ascii_case("codecs"))
        .map_or("", |(_, value)| value.trim_ascii().trim_matches('"'))
}

/// What an `object` or `embed` makes of its resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shown {
    /// A nested document, media included.
    Document,
    Image,
    /// A PDF document, if the browser has a viewer.
    InViewer,
    /// It is not asked for.
    Nothing,
}

impl Shown {
    /// Decides by the `type` attribute, and without one by the URL's extension.
    pub(super) fn of(type_: Option<&str>, url: &str) -> Self {
        match type_.map(essence).filter(|essence| !essence.is_empty()) {
            Some(essence) => Self::of_type(&essence),
            None => Self::of_extension(&extension(url)),
        }
    }

    fn of_type(essence: &str) -> Self {
        match essence {
            "application/pdf" | "text/pdf" => Self::InViewer,
            "image/svg+xml"
            | "application/xml"
            | "application/xhtml+xml"
            | "application/atom+xml"
            | "application/rss+xml"
            | "application/json"
            | "application/javascript"
            | "application/ecmascript"
            | "application/x-javascript"
            | "message/rfc822"
            | "multipart/related"
            | "multipart/x-mixed-replace" => Self::Document,
            text if text.starts_with("text/") => Self::Document,
            json if json.starts_with("application/") && json.ends_with("+json") => Self::Document,
            image if is_image_type(image) => Self::Image,
            media if Container::of(media).is_some() => Self::Document,
            _ => Self::Nothing,
        }
    }

    /// Only an extension that stands for a type which is not shown keeps the browser from asking.
    fn of_extension(extension: &str) -> Self {
        match extension {
            "pdf" => Self::InViewer,
            "png" | "jpg" | "jpeg" | "jfif" | "pjpeg" | "pjp" | "gif" | "webp" | "avif"
            | "apng" | "bmp" => Self::Image,
            "swf" | "swl" | "zip" | "gz" | "tgz" | "tar" | "exe" | "bin" | "com" | "woff"
            | "tif" | "tiff" | "doc" | "docx" | "xls" | "xlsx" | "ppt" | "pptx" | "rtf"
            | "epub" | "apk" | "crx" | "ps" | "eps" | "ai" | "mpg" | "mpeg" | "ics" | "csv"
            | "wasm" | "rdf" | "xul" => Self::Nothing,
            _ => Self::Document,
        }
    }
}

/// The extension of a URL's last path segment, lower case.
fn extension(url: &str) -> String {
    let path = url
        .split(['?', '#'])
        .next()
        .unwrap_or_default()
        .trim_ascii();
    let segment = path.rsplit(['/', '\\']).next().unwrap_or_default();
    match segment.rsplit_once('.') {
        // No known extension is that long.
        Some((_, extension)) if extension.len() <= 8 => extension.to_ascii_lowercase(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn media_are_tried_if_container_and_codecs_are_known() {
        for (type_, tried) in [
            ("", true),
            (" video/mp4 ", true),
            ("VIDEO/MP4", true),
            ("video/mp4; codecs=\"avc1.42E01E, mp4a.40.2\"", true),
            ("video/mp4; CODECS=avc1", true),
            ("video/mp4; codecs=\"AVC1.42E01E\"", false),
            ("video/mp4; codecs=\"avc1.42E01E, ac-3\"", false),
            ("video/mp4; codecs=\"hvc1\"", false),
            ("video/mp4; codecs=\"hev1.1.6.L93.B0\"", false),
            ("video/mp4; codecs=\"\"", true),
            ("video/mp4; codecs=\"vp8\"", false),
            ("audio/mp4; codecs=\"mp4a\"", false),
            ("audio/mp4; codecs=\"fLaC\"", true),
            ("video/webm; codecs=\"vp9, opus\"", true),
            ("video/webm; codecs=\"avc1.42E01E\"", false),
            ("video/ogg; codecs=\"theora\"", false),
            ("audio/ogg; codecs=vorbis", true),
            ("audio/wav; codecs=\"1\"", true),
            ("audio/wav; codecs=\"2\"", false),
            ("video/x-matroska", true),
            ("video/quicktime", false),
            ("audio/x-mpeg", false),
            ("application/octet-stream", false),
        ] {
            assert_eq!(is_media_type(type_), tried, "{type_}");
        }
    }

    #[test]
    fn objects_are_judged_by_type_then_by_extension() {
        use Shown::{Document, Image, InViewer, Nothing};
        for (type_, url, expected) in [
            (None, "a.html", Document),
            (None, "a.png?x", Image),
            (None, "a.svg", Document),
            (None, "a.SWF", Nothing),
            (None, "a.zip#x", Nothing),
            (None, "a.b/c", Document),
            (None, "a.foo", Document),
            (None, "a.pdf", InViewer),
            (Some(""), "a.swf", Nothing),
            (Some("text/html; charset=utf-8"), "a.swf", Document),
            (Some("IMAGE/PNG"), "a", Image),
            (Some("image/tiff"), "a.png", Nothing),
            (Some("foo/bar"), "a.html", Nothing),
            (Some("application/x-shockwave-flash"), "a", Nothing),
            (Some("application/octet-stream"), "a", Nothing),
            (Some("application/foo+json"), "a", Document),
            (Some("video/mp4"), "a", Document),
            (Some("application/pdf"), "a", InViewer),
        ] {
            assert_eq!(Shown::of(type_, url), expected, "{type_:?} {url}");
        }
    }
}
