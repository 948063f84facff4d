//! Standard output. Whoever writes there fails with its name, since the cause alone names no file.

use std::io::{self, BufWriter, Write};

use anyhow::Context;

/// Writes data as it is.
pub(crate) fn data(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    to(io::stdout().lock(), write)
}

/// Writes for people; colours are taken away where the stream does not take them.
pub(crate) fn styled(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> anyhow::Result<()> {
    to(anstream::stdout().lock(), write)
}

fn to(
    stream: impl Write,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let mut buffered = BufWriter::new(stream);
    write(&mut buffered)
        .and_then(|()| buffered.flush())
        .context("cannot write to standard output")
}
