//! The body of a response: nothing, bytes in memory, or a part of a file.
//!
//! In: shared bytes, or an open file with the range to send and the state it was promised in. Out: an
//! `http_body::Body` of an exact length. A file is read in chunks on the threads for blocking work, the next one
//! when the peer has taken the last. If the file changes meanwhile, the body ends with an error before its
//! promised length, so that no client takes a mixture for the whole.

use std::fs::File;
use std::future::Future as _;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;

use super::stamp::Stamp;

/// What is read at a time.
const CHUNK: u64 = 256 << 10;

/// A response's body.
#[derive(Debug, Default)]
pub(crate) struct FileBody {
    source: Source,
    /// Bytes that are still to come.
    left: u64,
}

#[derive(Debug, Default)]
enum Source {
    #[default]
    Nothing,
    Memory(Bytes),
    Disk(Reader),
    Reading(JoinHandle<(Reader, io::Result<Bytes>)>),
}

/// An open file at the place of the next byte.
#[derive(Debug)]
struct Reader {
    file: File,
    promised: Stamp,
}

impl FileBody {
    /// No bytes.
    pub(crate) fn empty() -> Self {
        Self::default()
    }

    /// Bytes in memory.
    pub(super) fn of_bytes(bytes: Bytes) -> Self {
        Self {
            left: bytes.len() as u64,
            source: Source::Memory(bytes),
        }
    }

    /// `len` bytes of a file from `first` on; blocks for a seek.
    pub(super) fn of_file(
        mut file: File,
        promised: Stamp,
        first: u64,
        len: u64,
    ) -> io::Result<Self> {
        file.seek(SeekFrom::Start(first))?;
        Ok(Self {
            source: Source::Disk(Reader { file, promised }),
            left: len,
        })
    }

    fn end(&mut self) {
        *self = Self::default();
    }
}

impl Reader {
    fn read(&mut self, len: u64) -> io::Result<Bytes> {
        let mut chunk = Vec::with_capacity(usize::try_from(len).unwrap_or(0));
        (&self.file).take(len).read_to_end(&mut chunk)?;
        let now = Stamp::of(&self.file.metadata()?);
        if chunk.len() as u64 != len || !now.is_same_content(&self.promised) {
            return Err(io::Error::other("the file changed while it was sent"));
        }
        Ok(chunk.into())
    }
}

impl Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            match std::mem::take(&mut self.source) {
                Source::Nothing => return Poll::Ready(None),
                Source::Memory(bytes) => {
                    self.end();
                    let frame = (!bytes.is_empty()).then(|| Ok(Frame::data(bytes)));
                    return Poll::Ready(frame);
                }
                Source::Disk(_) if self.left == 0 => return Poll::Ready(None),
                Source::Disk(mut reader) => {
                    let len = self.left.min(CHUNK);
                    self.source = Source::Reading(tokio::task::spawn_blocking(move || {
                        let chunk = reader.read(len);
                        (reader, chunk)
                    }));
                }
                Source::Reading(mut task) => {
                    let Poll::Ready(done) = Pin::new(&mut task).poll(context) else {
                        self.source = Source::Reading(task);
                        return Poll::Pending;
                    };
                    let (reader, chunk) = match done {
                        Ok(done) => done,
                        Err(error) => {
                            self.end();
                            return Poll::Ready(Some(Err(io::Error::other(error))));
                        }
                    };
                    return Poll::Ready(Some(match chunk {
                        Ok(chunk) => {
                            self.left = self.left.saturating_sub(chunk.len() as u64);
                            self.source = Source::Disk(reader);
                            Ok(Frame::data(chunk))
                        }
                        Err(error) => {
                            self.end();
                            Err(error)
                        }
                    }));
                }
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
