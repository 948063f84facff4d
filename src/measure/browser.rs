//! Which browser `measure` takes unless one is named.

use std::path::PathBuf;

use anyhow::Context as _;

/// Programs that are looked for, the first that is there is taken. The headless shells are the same engine and start
/// faster.
const NAMES: [&str; 9] = [
    "chromium-headless-shell",
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Finds a browser.
///
/// # Errors
///
/// When none is there, with the names that were tried.
pub(crate) fn find(path: Option<&std::ffi::OsStr>) -> anyhow::Result<PathBuf> {
    let folders = || path.into_iter().flat_map(std::env::split_paths);
    NAMES
        .iter()
        .flat_map(|name| {
            let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
            folders().map(move |folder| folder.join(&name))
        })
        .find(|program| program.is_file())
        .with_context(|| {
            format!(
                "no browser found, neither of {}; install Chromium or Chrome, or name one with --browser PATH",
                NAMES.join(", ")
            )
        })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn finds_the_first_name_in_any_folder_of_the_path() {
        let folders = [(); 2].map(|()| tempfile::tempdir().expect("a temporary folder"));
        let path = std::env::join_paths(folders.iter().map(TempDir::path)).expect("no colon");
        let error = find(Some(&path)).expect_err("there is none").to_string();
        for part in ["chromium-headless-shell", "google-chrome", "--browser PATH"] {
            assert!(error.contains(part), "{error}");
        }
        let put = |folder: &TempDir, name: &str| {
            let program = folder
                .path()
                .join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
            std::fs::write(&program, "").expect("a file");
            program
        };
        let chrome = put(&folders[0], "google-chrome");
        assert_eq!(find(Some(&path)).expect("it is there"), chrome);
        let shell = put(&folders[1], "chromium-headless-shell");
        assert_eq!(find(Some(&path)).expect("it is there"), shell);
    }
}
