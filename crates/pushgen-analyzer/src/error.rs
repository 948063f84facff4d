//! What stops an analysis altogether. Everything else is a [`Finding`](crate::Finding).

use std::io;
use std::path::PathBuf;

/// Why a site could not be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SiteError {
    /// The path does not exist or cannot be read.
    #[error("cannot read {path}")]
    Unreadable {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The path is a file.
    #[error("{path} is not a folder; give the folder that the build wrote, such as dist/")]
    NotAFolder {
        /// The path as it was given.
        path: PathBuf,
    },
    /// There is no page in the folder.
    #[error(
        "no page (*.html, *.htm, *.xhtml) in {path}; give the folder that the build wrote, or check --include and --exclude"
    )]
    NoPages {
        /// The path as it was given.
        path: PathBuf,
    },
    /// A pattern of `--include` or `--exclude` is no glob.
    #[error("bad glob {glob:?}: {reason}")]
    BadGlob {
        /// The pattern as it was given.
        glob: String,
        /// What is wrong with it.
        reason: String,
    },
    /// `--base-path` is no site-absolute path.
    #[error(
        "bad base path {path:?}: it must start with `/` and be a plain URL path, such as /docs/"
    )]
    BadBasePath {
        /// The path as it was given.
        path: String,
    },
}
