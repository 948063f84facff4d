//! Which protocol a client speaks, by its first bytes.
//!
//! In: a stream of bytes. Out: HTTP/2 if it begins with the preface of RFC 9113, section 3.4, else
//! HTTP/1, as soon as a byte differs; and the stream with those bytes put back. Left out: what comes
//! after, and the upgrade from HTTP/1 to `h2c`, which RFC 9113, section 3.1 gave up.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use crate::connection_error::{ConnectionError, Timeout};
use crate::connection_info::Protocol;

const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Reads no more than it takes to tell. `None` if the client ends the stream before its first byte.
///
/// # Errors
///
/// If reading fails or takes longer than `timeout`.
pub(crate) async fn detect<Io: AsyncRead + Unpin>(
    mut io: Io,
    timeout: Duration,
) -> Result<Option<(Protocol, Replayed<Io>)>, ConnectionError> {
    let mut begun = [0; PREFACE.len()];
    let told = tokio::time::timeout(timeout, tell(&mut io, &mut begun)).await;
    let (protocol, length) = told.map_err(|_| ConnectionError::Timeout(Timeout::FirstBytes))??;
    let replayed = Replayed {
        io,
        bytes: begun,
        next: 0,
        end: length,
    };
    Ok((length > 0).then_some((protocol, replayed)))
}

/// The protocol, and how many bytes were read to tell.
async fn tell(
    io: &mut (impl AsyncRead + Unpin),
    begun: &mut [u8; PREFACE.len()],
) -> io::Result<(Protocol, usize)> {
    let mut length = 0;
    loop {
        let (read, rest) = begun.split_at_mut(length);
        if !PREFACE.starts_with(read) {
            return Ok((Protocol::Http1, length));
        }
        if rest.is_empty() {
            return Ok((Protocol::Http2, length));
        }
        match io.read(rest).await? {
            0 => return Ok((Protocol::Http1, length)),
            more => length += more,
        }
    }
}

/// A stream whose first bytes were read and are read again.
#[derive(Debug)]
pub(crate) struct Replayed<Io> {
    io: Io,
    bytes: [u8; PREFACE.len()],
    next: usize,
    end: usize,
}

impl<Io> Replayed<Io> {
    /// A stream of which nothing was read.
    pub(crate) fn nothing(io: Io) -> Self {
        Self {
            io,
            bytes: [0; PREFACE.len()],
            next: 0,
            end: 0,
        }
    }
}

impl<Io: AsyncRead + Unpin> AsyncRead for Replayed<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        match this.bytes.get(this.next..this.end) {
            Some(bytes) if !bytes.is_empty() => {
                let taken = bytes.len().min(buffer.remaining());
                buffer.put_slice(bytes.get(..taken).unwrap_or_default());
                this.next += taken;
                Poll::Ready(Ok(()))
            }
            _ => Pin::new(&mut this.io).poll_read(context, buffer),
        }
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Replayed<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::AsyncWriteExt;

    const SECOND: Duration = Duration::from_secs(1);

    async fn detected(chunks: &[&[u8]]) -> Option<(Protocol, Vec<u8>)> {
        let (mut client, server) = tokio::io::duplex(64);
        let chunks: Vec<Vec<u8>> = chunks.iter().map(|chunk| chunk.to_vec()).collect();
        let sending = tokio::spawn(async move {
            for chunk in chunks {
                // One at a time, so that each is read by itself.
                client.write_all(&chunk).await.unwrap();
                tokio::task::yield_now().await;
            }
        });
        let (protocol, mut replayed) = detect(server, SECOND).await.unwrap()?;
        let mut read = Vec::new();
        replayed.read_to_end(&mut read).await.unwrap();
        sending.await.unwrap();
        Some((protocol, read))
    }

    #[tokio::test]
    async fn knows_the_preface_and_nothing_else() {
        let with_settings = [PREFACE.as_slice(), b"\0\0\0\x04\0\0\0\0\0"].concat();
        let cases: [(&[u8], Protocol); 8] = [
            (PREFACE, Protocol::Http2),
            (&with_settings, Protocol::Http2),
            (b"GET / HTTP/1.1\r\n\r\n", Protocol::Http1),
            (b"P", Protocol::Http1),
            (b"PRI * HTTP/1.1\r\n\r\n", Protocol::Http1),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\rX", Protocol::Http1),
            (b"PUT / HTTP/1.1\r\n\r\n", Protocol::Http1),
            (b"\x16\x03\x01", Protocol::Http1),
        ];
        for (bytes, expected) in cases {
            let whole = detected(&[bytes]).await;
            assert_eq!(whole, Some((expected, bytes.to_vec())));
            let byte_by_byte: Vec<&[u8]> = bytes.chunks(1).collect();
            assert_eq!(detected(&byte_by_byte).await, whole, "byte by byte");
        }
    }

    #[tokio::test]
    async fn decides_at_the_first_byte_that_differs() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(b"PRX").await.unwrap();
        // The client waits.
        let (protocol, _) = detect(server, SECOND).await.unwrap().unwrap();
        assert_eq!(protocol, Protocol::Http1);
    }

    #[tokio::test]
    async fn a_client_that_says_nothing_is_no_error() {
        assert_eq!(detected(&[]).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_go_on_is_one() {
        for begun in [b"".as_slice(), b"PRI * HTTP/2"] {
            let (mut client, server) = tokio::io::duplex(64);
            client.write_all(begun).await.unwrap();
            let error = detect(server, SECOND).await.unwrap_err();
            assert!(matches!(
                error,
                ConnectionError::Timeout(Timeout::FirstBytes)
            ));
        }
    }

    #[tokio::test]
    async fn puts_back_bytes_in_parts() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        drop(client);
        let (_, mut replayed) = detect(server, SECOND).await.unwrap().unwrap();
        let mut read = Vec::new();
        let mut part = [0; 5];
        loop {
            match replayed.read(&mut part).await.unwrap() {
                0 => break,
                length => read.extend_from_slice(&part[..length]),
            }
        }
        assert_eq!(read, b"GET / HTTP/1.1\r\n");
    }
}
