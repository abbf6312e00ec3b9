//! Speaks by files: for a carrier whose stream only listens, and that plays what lies behind a URL.
//!
//! The functions hold the credentials for that. What is to be heard first goes to them, and they have the carrier play it;
//! when it has done so it asks them what comes next, and they ask here. So the carrier is told to stop what it plays only
//! if that must not be heard any more.

mod queue;

use std::time::Duration;

use audio::Clip;
use call::{Input, Instant, Mark};
use contract::{PlayRequest, Played, PlayedReply};
use worker::{Delay, Env, Method, Request, Response, WebSocket};

use crate::carrier::close;
use crate::door::{self, Answer, call_of, object, unseal};
use crate::functions;
use crate::line::Shell;
use crate::mouth::Mouth as Any;
use crate::refusal::Refusal;
use crate::talk::Talk;
use crate::web::detach;
use queue::{Begun, Queue};

/// The longest body of a `played`.
const PLAYED_BYTES_MAX: usize = 1024;
/// So often in a row the carrier is asked in vain before it counts as gone,
const FAILURES_MAX: u32 = 5;
/// and so long after the first time it is asked once more, then twice as long after each.
const PAUSE: Duration = Duration::from_millis(250);

/// A stream that only listens, and the files beside it.
#[derive(Debug)]
pub(crate) struct Mouth {
    socket: WebSocket,
    queue: Queue,
    /// Requests that failed in a row.
    failures: u32,
}

impl Mouth {
    /// Speaks beside this stream.
    pub(crate) fn new(socket: WebSocket, now: Instant) -> Self {
        Self {
            socket,
            queue: Queue::new(now),
            failures: 0,
        }
    }

    pub(crate) fn is(&self, socket: &WebSocket) -> bool {
        self.socket == *socket
    }

    pub(crate) fn play(&mut self, now: Instant, clip: &Clip) {
        self.queue.play(now, clip);
    }

    pub(crate) fn mark(&mut self, mark: Mark) {
        self.queue.mark(mark);
    }

    pub(crate) fn clear(&mut self, now: Instant) {
        self.queue.clear(now);
    }

    pub(crate) fn due(&self) -> Option<Instant> {
        self.queue.due()
    }

    pub(crate) fn played_by(&mut self, now: Instant) -> Vec<Mark> {
        self.queue.played_by(now)
    }

    /// Closes the stream; the carrier tells the functions, and they ask what comes next.
    pub(crate) fn close(&self, reason: &str) {
        close(&self.socket, 1000, reason);
    }
}

/// Checks at the Worker that something was played.
pub(crate) async fn played(mut request: Request, env: &Env, call: &str) -> Answer {
    let body = unseal(&mut request, env, PLAYED_BYTES_MAX).await?;
    let call = call_of(call)?;
    let _: Played = door::read(&body, "not_a_played")?;
    door::forward(object(env, &call)?, Method::Post, &request.path(), body).await
}

/// What became of a request to play something.
enum Outcome {
    Done,
    Failed,
    /// There is no such call any more.
    Gone,
}

impl Shell {
    /// Has the carrier play what is to be heard now, if it plays files.
    pub(crate) fn hand_over(&self, talk: &mut Talk) {
        let Some(Any::Files(mouth)) = &mut talk.mouth else {
            return;
        };
        let Some(ask) = mouth.queue.ask() else {
            return;
        };
        let request = PlayRequest {
            call: talk.opening.call,
            play: ask.play,
        };
        let sent = functions::begin(&self.env, &talk.opening.plays_url, &request);
        let me = self.me.clone();
        let pause = PAUSE * 2_u32.pow(mouth.failures);
        detach("play", async move {
            let answer = match sent {
                Ok(sent) => functions::end(sent).await,
                Err(error) => Err(error),
            };
            let Some(shell) = me.upgrade() else {
                return;
            };
            let outcome = match answer {
                Ok((200..300, _)) => Outcome::Done,
                Ok((404 | 409, _)) => Outcome::Gone,
                Ok((status, _)) => {
                    tracing::warn!(
                        call = shell.name(),
                        status,
                        "the carrier was not told to play"
                    );
                    Outcome::Failed
                }
                Err(error) => {
                    tracing::warn!(call = shell.name(), %error, "the carrier was not told to play");
                    Outcome::Failed
                }
            };
            if matches!(outcome, Outcome::Failed) {
                Delay::from(pause).await;
            }
            shell.guard(|shell| shell.handed_over(ask.id, &outcome));
        });
    }

    fn handed_over(&self, id: u64, outcome: &Outcome) {
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return;
        };
        let now = talk.clock.read();
        let Some(Any::Files(mouth)) = &mut talk.mouth else {
            return;
        };
        match outcome {
            Outcome::Done => {
                mouth.failures = 0;
                if let Some(begun) = mouth.queue.known(now, id) {
                    self.begun(talk, now, &begun);
                }
            }
            Outcome::Failed if mouth.failures + 1 < FAILURES_MAX => {
                mouth.failures += 1;
                mouth.queue.failed(id);
            }
            Outcome::Failed | Outcome::Gone => {
                // With the next stream it goes on from what was heard; if there is none, the call is over.
                self.dropped(talk, now, "the carrier plays nothing");
                return;
            }
        }
        self.hand_over(talk);
        self.arm(talk, now);
    }

    /// A file begins to sound.
    fn begun(&self, talk: &mut Talk, now: Instant, begun: &Begun) {
        if let Some(keep) = &mut talk.keep {
            keep.recorder.play(begun.at, &begun.sound);
        }
        if !begun.late.is_zero() {
            self.step_at(talk, now, Input::Delayed(begun.late));
        }
    }

    /// The carrier has played a file to its end: answers what comes next.
    pub(crate) async fn file_played(&self, mut request: Request) -> Answer {
        let played: Played =
            serde_json::from_str(&request.text().await?).map_err(worker::Error::from)?;
        if !self.wake() {
            return Err(Refusal::call_unknown());
        }
        let mut reply = PlayedReply { play: None };
        self.guard(|shell| reply = shell.after(played.number));
        Ok(Response::from_json(&reply)?)
    }

    fn after(&self, number: u64) -> PlayedReply {
        let nothing = PlayedReply { play: None };
        let mut talk = self.talk.borrow_mut();
        let Some(talk) = talk.as_mut() else {
            return nothing;
        };
        let now = talk.clock.read();
        let Some(Any::Files(mouth)) = &mut talk.mouth else {
            return nothing;
        };
        let Some(marks) = mouth.queue.finished(number) else {
            let play = mouth.queue.again(number);
            return PlayedReply { play };
        };
        for mark in marks {
            self.step_at(talk, now, Input::Played(mark));
        }
        // What was heard may have been the last that was to be.
        let Some(Any::Files(mouth)) = &mut talk.mouth else {
            return nothing;
        };
        let Some((play, begun)) = mouth.queue.next(now, number) else {
            return nothing;
        };
        self.begun(talk, now, &begun);
        self.arm(talk, now);
        PlayedReply { play: Some(play) }
    }
}
