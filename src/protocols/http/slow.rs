//! Clocks on slow clients: the body of a request has to come at a pace, and an answer has to be taken at one, whichever
//! door is behind it. A client that is too slow loses its connection.

use super::HouseData;
use crate::base::{Pace, Patience};
use actix_web::body::MessageBody;
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage};
use futures_util::StreamExt;
use futures_util::stream::unfold;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::time::{Sleep, sleep_until};

/// The pace of the body that comes in on a connection; None between bodies.
#[derive(Clone, Default)]
pub struct BodyClock(Arc<Mutex<Option<Pace>>>);

impl BodyClock {
    fn set(&self, pace: Option<Pace>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = pace;
    }

    fn get(&self) -> Option<Pace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, bytes: usize) {
        if let Some(pace) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            pace.note(bytes);
        }
    }
}

/// Middleware: the clock runs from the head of a request until its body has come.
pub async fn keep_pace<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let clock = request.request().conn_data::<BodyClock>().cloned();
    let house = request.app_data::<HouseData>();
    let patience = house.map_or_else(Patience::default, |h| h.options.patience);
    if let Some(clock) = &clock {
        clock.set(None);
    }
    if let Some(clock) = clock.filter(|_| has_body(&request)) {
        clock.set(Some(patience.begin()));
        let body = request.take_payload();
        // What follows the last piece says nothing itself.
        let ended = unfold(Some(clock), |clock| async move {
            clock?.set(None);
            None
        });
        request.set_payload(Payload::Stream {
            payload: body.chain(ended).boxed_local(),
        });
    }
    next.call(request).await
}

fn has_body(request: &ServiceRequest) -> bool {
    let headers = request.headers();
    headers.contains_key("content-length") || headers.contains_key("transfer-encoding")
}

/// A timer that follows a pace.
#[derive(Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Ready once the time is over.
    fn poll(&mut self, cx: &mut Context<'_>, pace: &Pace) -> Poll<()> {
        let at = pace.deadline().into();
        let timer = self.0.get_or_insert_with(|| Box::pin(sleep_until(at)));
        if timer.deadline() != at {
            timer.as_mut().reset(at);
        }
        timer.as_mut().poll(cx)
    }
}

/// What of an answer is looked at together.
const ANSWER_BYTES: u64 = 256 << 10;

/// The clocks of one connection.
pub struct Clocks {
    patience: Patience,
    pub body: BodyClock,
    body_alarm: Alarm,
    /// Since the client stopped taking what we write.
    answer: Option<Pace>,
    answer_alarm: Alarm,
}

impl Clocks {
    pub fn new(patience: Patience) -> Clocks {
        Clocks {
            patience,
            body: BodyClock::default(),
            body_alarm: Alarm::default(),
            answer: None,
            answer_alarm: Alarm::default(),
        }
    }

    /// `bytes`: how many came with this read, once it is done.
    pub fn after_read(
        &mut self,
        cx: &mut Context<'_>,
        read: Poll<io::Result<()>>,
        bytes: usize,
    ) -> Poll<io::Result<()>> {
        if read.is_ready() {
            self.body.note(bytes);
            return read;
        }
        match self.body.get() {
            Some(pace) => self.body_alarm.poll(cx, &pace).map(|()| Err(too_slow())),
            None => Poll::Pending,
        }
    }

    pub fn after_write(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<usize>>,
    ) -> Poll<io::Result<usize>> {
        match &written {
            Poll::Ready(Ok(n)) => {
                let Some(pace) = &mut self.answer else {
                    return written;
                };
                pace.note(*n);
                if pace.bytes() > ANSWER_BYTES {
                    self.answer = None;
                }
                written
            }
            Poll::Ready(Err(_)) => written,
            Poll::Pending => {
                let pace = self.answer.get_or_insert_with(|| self.patience.begin());
                self.answer_alarm.poll(cx, pace).map(|()| Err(too_slow()))
            }
        }
    }

    pub fn after_flush(
        &mut self,
        cx: &mut Context<'_>,
        flushed: Poll<io::Result<()>>,
    ) -> Poll<io::Result<()>> {
        if flushed.is_ready() {
            // All is out: the next answer has its own time.
            self.answer = None;
            return flushed;
        }
        self.after_write(cx, Poll::Pending).map_ok(drop)
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client is too slow")
}
