//! Multipart forms, read piece by piece: bounded in memory, in number and in time
//! (docs/spec/media.md §6 B).

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::BodyDataStream, extract::Request, http::header::CONTENT_TYPE};
use bytes::Bytes;
use components::Reason;
use futures_util::{Stream, StreamExt};
use multer::{Field, Multipart};
use tokio::time::{Instant, timeout};

use super::super::ApiError;

/// Parts of a form.
const MAX_PARTS: usize = 16;
/// Bytes between two parts: the head of the next one.
const MAX_HEAD: usize = 8 * 1024;
/// Characters of a boundary (RFC 2046, section 5.1.1).
const MAX_BOUNDARY: usize = 70;
/// Bytes of all texts.
const MAX_TEXTS: usize = 64 * 1024;
/// The slowest upload: so many bytes in a window.
const WINDOW: Duration = Duration::from_secs(30);
const MIN_IN_WINDOW: usize = 30 * 1024;
/// Longest pieces while a head is looked for, and otherwise.
const HEAD_PIECE: usize = 4 * 1024;
const PIECE: usize = 256 * 1024;

/// A form whose parts are read one after the other.
pub(super) struct Form {
    multipart: Multipart<'static>,
    /// Bytes that may still come before the head has to end.
    head: Arc<AtomicUsize>,
    parts: usize,
    texts: usize,
    window: (Instant, usize),
}

impl Form {
    /// Begins to read a form.
    pub(super) fn open(request: Request) -> Result<Self, ApiError> {
        let kind = request.headers().get(CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let boundary = multer::parse_boundary(kind)
            .ok()
            .filter(|boundary| boundary.len() <= MAX_BOUNDARY)
            .ok_or_else(|| refuse("the body is not a form (multipart/form-data)"))?;
        let head = Arc::new(AtomicUsize::new(MAX_HEAD));
        let pieces = PacedBody {
            body: request.into_body().into_data_stream(),
            rest: Bytes::new(),
            head: Arc::clone(&head),
            rests: false,
        };
        Ok(Self {
            multipart: Multipart::new(pieces, boundary),
            head,
            parts: 0,
            texts: 0,
            window: (Instant::now(), 0),
        })
    }

    /// The next part, if there is one.
    pub(super) async fn next(&mut self) -> Result<Option<Field<'static>>, ApiError> {
        self.head.store(MAX_HEAD, Ordering::Relaxed);
        let next = timeout(WINDOW, self.multipart.next_field()).await;
        self.head.store(usize::MAX, Ordering::Relaxed);
        let field = next.map_err(|_| Reason::UploadTooSlow)?.map_err(broken)?;
        if field.is_some() {
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(refuse("the form has too many parts"));
            }
        }
        Ok(field)
    }

    /// The next bytes of a part.
    pub(super) async fn piece(&mut self, field: &mut Field<'_>) -> Result<Option<Bytes>, ApiError> {
        let (since, bytes) = self.window;
        if since.elapsed() >= WINDOW {
            if bytes < MIN_IN_WINDOW {
                return Err(Reason::UploadTooSlow.into());
            }
            self.window = (Instant::now(), 0);
        }
        let piece = timeout(WINDOW, field.chunk()).await;
        let piece = piece.map_err(|_| Reason::UploadTooSlow)?.map_err(broken)?;
        self.window.1 += piece.as_ref().map_or(0, Bytes::len);
        Ok(piece)
    }

    /// All of a part that is a text.
    pub(super) async fn text(&mut self, mut field: Field<'_>) -> Result<String, ApiError> {
        let mut text = Vec::new();
        while let Some(piece) = self.piece(&mut field).await? {
            self.texts += piece.len();
            if self.texts > MAX_TEXTS {
                return Err(refuse("the texts of the form are too long"));
            }
            text.extend_from_slice(&piece);
        }
        String::from_utf8(text).map_err(|_| refuse("a text of the form is not UTF-8"))
    }
}

fn refuse(sentence: &'static str) -> ApiError {
    ApiError::new(Reason::FailedToRead, sentence)
}

fn broken(error: multer::Error) -> ApiError {
    ApiError::new(Reason::FailedToRead, format!("the form is broken: {error}"))
}

/// A body in pieces. The parser takes whatever it gets without being asked, so each piece is
/// followed by a rest: what it holds never exceeds a piece by much.
struct PacedBody {
    body: BodyDataStream,
    rest: Bytes,
    head: Arc<AtomicUsize>,
    rests: bool,
}

impl Stream for PacedBody {
    type Item = Result<Bytes, std::io::Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        if self.rest.is_empty() {
            match self.body.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(bytes))) => self.rest = bytes,
                Poll::Ready(Some(Err(error))) => {
                    return Poll::Ready(Some(Err(std::io::Error::other(error))));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
        let left = self.head.load(Ordering::Relaxed);
        if left == 0 {
            let error = std::io::Error::other("the head of a part is too long");
            return Poll::Ready(Some(Err(error)));
        }
        let most = if left == usize::MAX {
            PIECE
        } else {
            HEAD_PIECE
        };
        let length = most.min(self.rest.len()).min(left);
        let piece = self.rest.split_to(length);
        if left != usize::MAX {
            self.head.store(left - length, Ordering::Relaxed);
        }
        self.rests = true;
        Poll::Ready(Some(Ok(piece)))
    }
}

#[cfg(test)]
mod tests {
    use axum::{body::Body, http::StatusCode, response::IntoResponse};
    use futures_util::stream;
    use tokio::time::sleep;

    use super::*;

    /// A form with one file, of which so many bytes come every ten seconds.
    fn trickle(bytes: usize) -> Request {
        let head = b"--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n";
        let first = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(head))]);
        let pieces = (0..30).map(|_| ());
        let rest = stream::iter(pieces).then(move |()| async move {
            sleep(Duration::from_secs(10)).await;
            Ok(Bytes::from(vec![b'a'; bytes]))
        });
        let end = stream::iter([Ok(Bytes::from_static(b"\r\n--x--\r\n"))]);
        let body = Body::from_stream(first.chain(rest).chain(end));
        let request = Request::builder().header(CONTENT_TYPE, "multipart/form-data; boundary=x");
        request.body(body).expect("a request")
    }

    /// Length of the file, or the status of the refusal.
    async fn read(request: Request) -> Result<usize, StatusCode> {
        let status = |error: ApiError| error.into_response().status();
        let mut form = Form::open(request).map_err(status)?;
        let mut field = form.next().await.map_err(status)?.expect("a part");
        let mut length = 0;
        while let Some(piece) = form.piece(&mut field).await.map_err(status)? {
            length += piece.len();
        }
        Ok(length)
    }

    #[tokio::test(start_paused = true)]
    async fn an_upload_that_trickles_ends_and_a_slow_one_goes_on() {
        let begun = Instant::now();
        let ended = read(trickle(1024)).await;
        assert_eq!(ended, Err(StatusCode::REQUEST_TIMEOUT));
        assert!(begun.elapsed() < WINDOW * 2, "it is not waited for");
        // Five minutes, but always a little more than what has to come.
        assert_eq!(read(trickle(16 * 1024)).await.ok(), Some(30 * 16 * 1024));
        let never = Request::builder()
            .header(CONTENT_TYPE, "multipart/form-data; boundary=x")
            .body(Body::from_stream(stream::pending::<
                Result<Bytes, std::io::Error>,
            >()));
        let silent = read(never.expect("a request")).await;
        assert_eq!(silent, Err(StatusCode::REQUEST_TIMEOUT));
    }
}
