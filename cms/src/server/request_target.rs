//! Request targets as clients really send them.
//!
//! Node takes a target with quotes, angle brackets or raw UTF-8 in it, and people who write
//! `curl '…?filters[title]=Füße'` rely on that; the HTTP parser below this server answers 400.
//! So these bytes are percent-encoded on their way from the socket, as a browser would have
//! sent them. Nothing but a target is ever changed: bodies are counted off by
//! `Content-Length`, and where the framing is any other (chunks, upgrades, what cannot be
//! parsed) the connection is passed through as it is from there on.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A longer head is the HTTP parser's to refuse.
const MAX_HEAD: usize = 128 * 1024;
/// As many header fields as the HTTP parser takes.
const MAX_HEADERS: usize = 96;
const CHUNK: usize = 8 * 1024;

/// What comes next on the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Head,
    /// So many bytes of a body.
    Body(u64),
    /// Whatever it is, it is not looked at.
    Anything,
}

/// A connection on which request targets are encoded.
#[derive(Debug)]
pub(super) struct EncodedTargets<T> {
    io: T,
    next: Next,
    /// Read, but not looked at yet.
    raw: Vec<u8>,
    /// To be handed on.
    ready: Vec<u8>,
    handed: usize,
}

impl<T> EncodedTargets<T> {
    pub(super) fn new(io: T) -> Self {
        Self { io, next: Next::Head, raw: Vec::new(), ready: Vec::new(), handed: 0 }
    }

    /// Hands on what is ready; false when nothing is.
    fn hand_on(&mut self, buf: &mut ReadBuf<'_>) -> bool {
        let rest = self.ready.get(self.handed..).unwrap_or_default();
        let count = rest.len().min(buf.remaining());
        buf.put_slice(rest.get(..count).unwrap_or_default());
        self.handed += count;
        if self.handed == self.ready.len() {
            self.ready.clear();
            self.handed = 0;
        }
        count > 0
    }

    /// Moves what can be judged from `raw` to `ready`.
    fn judge(&mut self) {
        while !self.raw.is_empty() {
            match self.next {
                Next::Head => match head(&self.raw) {
                    Head::Partial if self.raw.len() <= MAX_HEAD => return,
                    Head::Complete { length, target, next } => {
                        let rest = self.raw.split_off(length);
                        let head = std::mem::replace(&mut self.raw, rest);
                        encode(&head, target, &mut self.ready);
                        self.next = next;
                    }
                    Head::Partial | Head::Unknown => self.next = Next::Anything,
                },
                Next::Body(0) => self.next = Next::Head,
                Next::Body(left) => {
                    let count = usize::try_from(left).unwrap_or(usize::MAX).min(self.raw.len());
                    self.ready.extend(self.raw.drain(..count));
                    self.next = Next::Body(left - count as u64);
                }
                Next::Anything => self.ready.append(&mut self.raw),
            }
        }
    }
}

enum Head {
    Partial,
    Unknown,
    Complete { length: usize, target: std::ops::Range<usize>, next: Next },
}

fn head(bytes: &[u8]) -> Head {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    match request.parse(bytes) {
        Ok(httparse::Status::Partial) => Head::Partial,
        Ok(httparse::Status::Complete(length)) => match request.path {
            Some(path) => {
                let start = path.as_ptr() as usize - bytes.as_ptr() as usize;
                Head::Complete { length, target: start..start + path.len(), next: after(&request) }
            }
            None => Head::Unknown,
        },
        Err(_) => Head::Unknown,
    }
}

/// What follows a head: only a plain length, or nothing, is understood here.
fn after(request: &httparse::Request<'_, '_>) -> Next {
    let mut length = None;
    for header in request.headers.iter() {
        let is = |name: &str| header.name.eq_ignore_ascii_case(name);
        if is("transfer-encoding") || is("upgrade") || (is("content-length") && length.is_some()) {
            return Next::Anything;
        }
        if is("content-length") {
            let digits = std::str::from_utf8(header.value).ok();
            let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
            match digits.and_then(|text| text.parse().ok()) {
                Some(count) => length = Some(count),
                None => return Next::Anything,
            }
        }
    }
    match request.method {
        Some("CONNECT") | None => Next::Anything,
        Some(_) => length.map_or(Next::Head, Next::Body),
    }
}

fn encode(head: &[u8], target: std::ops::Range<usize>, out: &mut Vec<u8>) {
    for (at, byte) in head.iter().enumerate() {
        let refused = matches!(byte, b'"' | b'<' | b'>' | b'`' | 0x7f..);
        if refused && target.contains(&at) {
            out.extend(format!("%{byte:02X}").bytes());
        } else {
            out.push(*byte);
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for EncodedTargets<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        while !this.hand_on(buf) {
            if this.next == Next::Anything && this.raw.is_empty() {
                return Pin::new(&mut this.io).poll_read(cx, buf);
            }
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.io).poll_read(cx, &mut chunk))?;
            if chunk.filled().is_empty() {
                // The end of the connection; a head that stays half is handed on as it is.
                if this.raw.is_empty() {
                    return Poll::Ready(Ok(()));
                }
                this.next = Next::Anything;
            }
            this.raw.extend_from_slice(chunk.filled());
            this.judge();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for EncodedTargets<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tokio::io::AsyncReadExt as _;

    /// What comes out when the input arrives in pieces of this size.
    fn through(input: &[u8], piece: usize) -> Vec<u8> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (mut far, near) = tokio::io::duplex(piece);
            let input = input.to_vec();
            let writing = async move {
                tokio::io::AsyncWriteExt::write_all(&mut far, &input).await.unwrap();
            };
            let reading = async {
                let mut out = Vec::new();
                EncodedTargets::new(near).read_to_end(&mut out).await.unwrap();
                out
            };
            tokio::join!(writing, reading).1
        })
    }

    #[test]
    fn targets_are_encoded_on_every_request_and_bodies_are_left_alone() {
        let body = "GET /<\"> HTTP/1.1\r\n\r\n";
        let length = body.len();
        let request = format!(
            "POST /a?q=<b> HTTP/1.1\r\nHost: <x>\r\nContent-Length: {length}\r\n\r\n{body}\
             GET /b?q=\"Füße\" HTTP/1.1\r\n\r\n"
        );
        let expected = format!(
            "POST /a?q=%3Cb%3E HTTP/1.1\r\nHost: <x>\r\nContent-Length: {length}\r\n\r\n{body}\
             GET /b?q=%22F%C3%BC%C3%9Fe%22 HTTP/1.1\r\n\r\n"
        );
        for piece in [1, 7, 4096] {
            assert_eq!(through(request.as_bytes(), piece), expected.as_bytes());
        }
    }

    #[test]
    fn nothing_is_changed_behind_a_chunked_body() {
        let request = "POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nGET /\r\n0\r\n\r\n\
                       GET /<> HTTP/1.1\r\n\r\n";
        assert_eq!(through(request.as_bytes(), 16), request.as_bytes());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn what_needs_no_encoding_passes_as_it_is(input in "[ -;=?-_a-~\r\n]{0,300}", piece in 1..64usize) {
            prop_assert_eq!(through(input.as_bytes(), piece), input.as_bytes());
        }
    }
}
