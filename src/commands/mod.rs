//! The subcommands, one file each.

pub(crate) mod analyze;
pub(crate) mod check;
pub(crate) mod explain;
pub(crate) mod graph;
pub(crate) mod schema;

use std::path::Path;

use anyhow::{Context, bail};
use pushgen_analyzer::{FileId, Site};

/// Sets the number of threads for the whole process.
fn use_threads(jobs: Option<u16>) -> anyhow::Result<()> {
    let threads = jobs.map_or(0, usize::from);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .context("cannot start the threads")
}

/// The page that a person named.
fn find_page(site: &Site, named: &str) -> anyhow::Result<FileId> {
    if let Some(page) = site.page(named) {
        return Ok(page);
    }
    let mut urls: Vec<String> = site
        .pages()
        .iter()
        .map(|page| site.url_path(*page))
        .collect();
    urls.sort();
    let examples = &urls[..urls.len().min(3)];
    bail!(
        "no page {named} in the site; its pages are {}{}",
        examples.join(", "),
        if site.pages().len() > 3 { ", …" } else { "" }
    )
}

/// Writes a file so that it is there whole or not at all: a temporary file beside it, then a rename.
fn write_whole(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    use std::io::Write;
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let cannot = || format!("cannot write {}", path.display());
    if path.is_dir() {
        bail!(
            "cannot write {}: it is a folder; give a file name with -o",
            path.display()
        );
    }
    let mut file = tempfile::Builder::new()
        .prefix(".push-policy-")
        .permissions_like_a_new_file()
        .tempfile_in(folder)
        .with_context(|| format!("{}: is there a folder {}?", cannot(), folder.display()))?;
    file.write_all(content).with_context(cannot)?;
    file.as_file().sync_all().with_context(cannot)?;
    file.persist(path).with_context(cannot)?;
    Ok(())
}

/// Temporary files are private to their owner; a policy is an ordinary file.
trait OrdinaryPermissions {
    fn permissions_like_a_new_file(&mut self) -> &mut Self;
}

impl OrdinaryPermissions for tempfile::Builder<'_, '_> {
    #[cfg(unix)]
    fn permissions_like_a_new_file(&mut self) -> &mut Self {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask still applies.
        self.permissions(std::fs::Permissions::from_mode(0o666))
    }

    #[cfg(not(unix))]
    fn permissions_like_a_new_file(&mut self) -> &mut Self {
        self
    }
}
