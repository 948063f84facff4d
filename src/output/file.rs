//! The file that a policy is written to.
//!
//! In: the path that a person gave and the content. A file is there whole or not at all: the content goes to a
//! temporary file beside it, which then takes its name. Symbolic links stay: what they point to is replaced.
//! A device, pipe or socket is written into, never replaced.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};

/// How the names of files begin that are renamed when they are complete.
pub(crate) const TEMPORARY: &str = ".push-policy-";

/// Links that are followed before the path counts as a loop, as many as Linux follows.
const MOST_LINKS: usize = 40;

/// Writes the content to what a path names.
pub(crate) fn write(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let cannot = || format!("cannot write {}", path.display());
    // The system is asked, and not the links read, because some links (`/dev/stdout`) are none to be read.
    match fs::metadata(path) {
        Ok(there) if there.is_dir() => {
            bail!("{}: it is a folder; give a file name with -o", cannot())
        }
        Ok(there) if there.is_file() => {
            let target = fs::canonicalize(path).with_context(cannot)?;
            replace(&target, Some(there.permissions()), content)
        }
        Ok(_) => return write_into(path, content).with_context(cannot),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            replace(&link_target(path).with_context(cannot)?, None, content)
        }
        Err(error) => Err((error, folder_of(path).to_owned())),
    }
    .map_err(|(error, folder)| refusal(path, &folder, &error))
}

/// Writes into what is no file of its own, such as a pipe.
fn write_into(path: &Path, content: &[u8]) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .open(path)?
        .write_all(content)
}

/// What a path names that leads to nothing yet: itself, or what its links point to.
fn link_target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        if !fs::symlink_metadata(&path).is_ok_and(|there| there.is_symlink()) {
            return Ok(path);
        }
        path = folder_of(&path).join(fs::read_link(&path)?);
    }
    Err(io::Error::other("its symbolic links do not end"))
}

/// Replaces a file, or makes it; an error comes with the folder it happened in.
fn replace(
    path: &Path,
    permissions: Option<Permissions>,
    content: &[u8],
) -> Result<(), (io::Error, PathBuf)> {
    let folder = folder_of(path);
    let replaced = || {
        let mut file = tempfile::Builder::new()
            .prefix(TEMPORARY)
            .permissions_like_a_new_file()
            .tempfile_in(folder)?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        // The file itself, since tempfile would add its path to the error.
        file.as_file_mut().write_all(content)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)
    };
    replaced()
        .map(|_: File| ())
        .map_err(|error| (error, folder.to_owned()))
}

/// The folder that a path's last name is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Why a file cannot be written, and the way out. The temporary file is nobody's business.
fn refusal(path: &Path, folder: &Path, error: &io::Error) -> anyhow::Error {
    let (path, folder) = (path.display(), folder.display());
    match error.kind() {
        ErrorKind::NotFound => anyhow!("cannot write {path}: is there a folder {folder}?"),
        ErrorKind::NotADirectory => anyhow!("cannot write {path}: {folder} is not a folder"),
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => anyhow!(
            "cannot write {path}: no permission to write in the folder {folder}; give another place with -o"
        ),
        _ => {
            // tempfile wraps the cause to add the temporary file's path, and lets only its kind out.
            let cause = match error.get_ref() {
                Some(_) => error.kind().to_string(),
                None => error.to_string(),
            };
            anyhow!("cannot write {path}: {cause}")
        }
    }
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
        self.permissions(Permissions::from_mode(0o666))
    }

    #[cfg(not(unix))]
    fn permissions_like_a_new_file(&mut self) -> &mut Self {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_folder_and_the_way_out_and_never_the_temporary_file() {
        for (kind, expected) in [
            (
                ErrorKind::NotFound,
                "cannot write a/p.json: is there a folder a?",
            ),
            (
                ErrorKind::PermissionDenied,
                "cannot write a/p.json: no permission to write in the folder a; give another place with -o",
            ),
            (
                ErrorKind::ReadOnlyFilesystem,
                "cannot write a/p.json: no permission to write in the folder a; give another place with -o",
            ),
            (
                ErrorKind::NotADirectory,
                "cannot write a/p.json: a is not a folder",
            ),
        ] {
            let message = refusal(Path::new("a/p.json"), Path::new("a"), &kind.into()).to_string();
            assert_eq!(message, expected);
        }
    }

    #[test]
    fn a_cause_of_another_kind_comes_without_the_temporary_file() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        // No file system takes a name this long; the temporary file's is made of it.
        let error = tempfile::Builder::new()
            .prefix(&"x".repeat(5000))
            .tempfile_in(folder.path())
            .expect_err("the name is too long");
        let message = refusal(Path::new("p.json"), folder.path(), &error).to_string();
        assert!(
            message.starts_with("cannot write p.json: ") && !message.contains("xxx"),
            "{message}"
        );
    }
}
