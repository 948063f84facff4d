//! The values of arguments: the text that was typed in, what it stands for out, or why it stands for nothing.

use pushgen_analyzer::model::{Network, NetworkError, Time};
use pushgen_policy::{Origin, ParseViewportError, Viewport};

/// A network by the name that it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct NamedNetwork {
    pub(crate) name: String,
    pub(crate) network: Network,
}

/// A network class, or a network of one's own.
pub(super) fn network(text: &str) -> Result<NamedNetwork, NetworkError> {
    Ok(NamedNetwork {
        name: text.to_owned(),
        network: text.parse()?,
    })
}

/// A duration.
pub(super) fn time(text: &str) -> Result<Time, String> {
    let time = text.parse::<Time>();
    time.map_err(|_| format!("`{text}` is no time up to 60s, such as 100ms or 0.3s"))
}

/// A glob as the site's files are matched by, relative to its root: people write `./a.html`, `/a.html`, and
/// `a/` for what is in a folder.
pub(super) fn below_root(glob: &str) -> String {
    let mut path = glob;
    while let Some(rest) = path.strip_prefix("./").or_else(|| path.strip_prefix('/')) {
        path = rest;
    }
    let is_folder = glob.ends_with('/');
    match path.trim_end_matches('/') {
        "" if is_folder => "**".to_owned(),
        folder if is_folder => format!("{folder}/**"),
        _ => path.to_owned(),
    }
}

/// The origin in its normal spelling. People paste the address of the front page.
pub(super) fn origin(text: &str) -> Result<Origin, String> {
    let has_scheme = ["https://", "http://"].iter().any(|scheme| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    if !has_scheme {
        return Err("it must begin with https:// or http://".to_owned());
    }
    let url = url::Url::parse(text).map_err(|error| error.to_string())?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an origin has no user name and no password".to_owned());
    }
    if url.path() != "/" {
        return Err(format!(
            "an origin has no path; {} goes to --base-path if the folder is served there",
            url.path()
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("an origin ends with the host and port; leave out what follows".to_owned());
    }
    Origin::parse(&url.origin().ascii_serialization()).map_err(|error| error.to_string())
}

/// An address and port; a port alone is one of this machine, `localhost` its address.
#[cfg(feature = "serve")]
pub(super) fn address(text: &str) -> Result<std::net::SocketAddr, String> {
    let (host, port) = text.rsplit_once(':').unwrap_or(("", text));
    let text = match host {
        "" | "localhost" => format!("127.0.0.1:{port}"),
        _ => text.to_owned(),
    };
    text.parse()
        .map_err(|_| "it should look like 127.0.0.1:8443, [::1]:8443 or 8443".to_owned())
}

/// The URL path as a browser sends it. What is no absolute path is left for the analysis to refuse.
pub(super) fn base_path(text: &str) -> Result<String, std::convert::Infallible> {
    let is_path =
        text.starts_with('/') && !text.starts_with("//") && !text.contains(['?', '#', '\\']);
    let url = is_path.then(|| url::Url::parse(&format!("http://localhost{text}")));
    Ok(match url {
        Some(Ok(url)) => url.path().to_owned(),
        _ => text.to_owned(),
    })
}

/// A viewport as it was written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ViewportArgument {
    pub(super) viewport: Viewport,
    /// Whether its ratio is written, too.
    pub(super) says_dpr: bool,
}

impl ViewportArgument {
    /// One that a policy names.
    pub(super) const fn told(viewport: Viewport) -> Self {
        Self {
            viewport,
            says_dpr: true,
        }
    }
}

pub(super) fn viewport(text: &str) -> Result<ViewportArgument, String> {
    let viewport = text
        .parse()
        .map_err(|error: ParseViewportError| error.to_string())?;
    Ok(ViewportArgument {
        viewport,
        says_dpr: text.contains('@'),
    })
}

pub(super) fn dpr(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(dpr) if (0.1..=16.0).contains(&dpr) => Ok((dpr * 1000.0).round() / 1000.0),
        _ => Err("not a number from 0.1 to 16".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_in_any_spelling() {
        for (text, expected) in [
            ("https://example.com", "https://example.com"),
            ("https://example.com/", "https://example.com"),
            ("HTTPS://Example.COM", "https://example.com"),
            ("https://example.com:443", "https://example.com"),
            ("http://example.com:80/", "http://example.com"),
            ("http://example.com:443", "http://example.com:443"),
            ("https://bücher.de", "https://xn--bcher-kva.de"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("https://[::1]:8443", "https://[::1]:8443"),
        ] {
            let origin = origin(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(origin.as_str(), expected, "{text}");
        }
    }

    #[test]
    fn what_is_more_than_an_origin_is_refused_with_the_reason() {
        for (text, says) in [
            ("", "begin with https://"),
            ("example.com", "begin with https://"),
            ("//example.com", "begin with https://"),
            ("https:example.com", "begin with https://"),
            ("ftp://example.com", "begin with https://"),
            ("https://user@example.com", "no user name"),
            ("https://user:secret@example.com", "no user name"),
            ("https://example.com/docs/", "/docs/ goes to --base-path"),
            ("https://example.com//", "no path"),
            ("https://example.com?a", "leave out what follows"),
            ("https://example.com/#", "leave out what follows"),
            ("https://", "empty host"),
            ("https://a b", "invalid"),
            ("https://example.com:99999", "invalid port"),
        ] {
            let error = origin(text).expect_err(text);
            assert!(error.contains(says), "{text}: {error}");
        }
    }

    #[test]
    fn a_base_path_is_spelt_as_browsers_send_it() {
        for (given, expected) in [
            ("/", "/"),
            ("/docs/", "/docs/"),
            ("/docs", "/docs"),
            ("/d x/\u{fc}/", "/d%20x/%C3%BC/"),
            ("/d%20x/", "/d%20x/"),
            ("docs", "docs"),
            ("//host/", "//host/"),
            ("/a?b", "/a?b"),
        ] {
            assert_eq!(base_path(given).unwrap(), expected);
        }
    }

    #[cfg(feature = "serve")]
    #[test]
    fn an_address_may_be_a_port_alone() {
        for (given, expected) in [
            ("127.0.0.1:80", Some("127.0.0.1:80")),
            ("8443", Some("127.0.0.1:8443")),
            (":0", Some("127.0.0.1:0")),
            ("localhost:80", Some("127.0.0.1:80")),
            ("[::1]:80", Some("[::1]:80")),
            ("::1", None),
            ("example.com:80", None),
            ("localhost", None),
            ("1:99999", None),
        ] {
            let address = address(given).ok().map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{given}");
        }
    }

    #[test]
    fn globs_are_relative_to_the_root_however_they_are_written() {
        for (given, expected) in [
            ("b.html", "b.html"),
            ("./b.html", "b.html"),
            ("/b.html", "b.html"),
            ("././b.html", "b.html"),
            ("b.html/", "b.html/**"),
            ("/drafts//", "drafts/**"),
            ("**/*.html", "**/*.html"),
            (".well-known/**", ".well-known/**"),
            ("../x", "../x"),
            ("./", "**"),
            ("/", "**"),
            ("", ""),
        ] {
            assert_eq!(below_root(given), expected, "{given:?}");
        }
    }
}
