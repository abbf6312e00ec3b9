//! What the caller does to the world: frames, keys, and incidents.

use audio::Clip;
use call::{Closing, Input, Key};

use crate::caller::{Act, Doing};
use crate::voice;
use crate::world::{Event, World};

const FRAME_MS: u64 = 20;

impl World {
    pub(crate) fn step(&mut self) {
        self.at(self.now + FRAME_MS, Event::Step);
        let doing = self
            .caller
            .step(self.now, self.carrier.is_playing(self.now));
        let mut ends = false;
        let sound = match doing {
            Doing::Silence => None,
            Doing::Voice(tag, last) => {
                self.owed.goes_on(self.now);
                // A murmur asks for nothing, but what was owed before it still is.
                ends = last && self.caller.phrases[usize::from(tag.phrase)].0 != "Mm-hm.";
                Some(voice::voiced(tag, self.line.faint))
            }
            Doing::Cough(frame) => {
                self.owed.goes_on(self.now);
                voice::cough_frame(frame)
            }
            Doing::Key(key) => {
                // Beside files keys are gathered only in silence.
                let is_deaf = self.files.is_some() && self.carrier.is_playing(self.now);
                if let Some(key) = Key::new(key).filter(|_| !is_deaf) {
                    self.inbound(0, Input::Key(key), false);
                }
                None
            }
            Doing::Act(act) => {
                self.incident(&act);
                None
            }
        };
        if self.carrier.connected {
            self.frame(sound, ends);
        }
    }

    fn frame(&mut self, sound: Option<Clip>, speech_ends: bool) {
        self.silent_ms = if sound.is_some() {
            0
        } else {
            self.silent_ms + FRAME_MS
        };
        let line = self.line;
        let skipped = line
            .skips_silence_after_ms
            .is_some_and(|after| self.silent_ms > after);
        if self.random.between(1, 1_000) <= line.stalls {
            let stall = self.random.between(20, line.stall_ms_max);
            self.inbound_until = self.inbound_until.max(self.now + stall);
        }
        if self.random.between(1, 100_000) <= line.jumps {
            self.jumped_ms += self.random.between(200, 5_000).cast_signed() - 1_000;
        }
        let is_lost = self.random.between(1, 1_000) <= line.lost && !speech_ends;
        if skipped || is_lost {
            return;
        }
        let at = (self.now - self.carrier.opened_at).saturating_add_signed(self.jumped_ms);
        let frame = Input::Frame {
            at: std::time::Duration::from_millis(at),
            audio: sound.unwrap_or_else(|| self.silence.clone()),
        };
        if self.random.between(1, 1_000) <= line.doubled {
            self.inbound(FRAME_MS, frame.clone(), false);
        }
        self.inbound(FRAME_MS, frame, speech_ends);
    }

    fn incident(&mut self, act: &Act) {
        if self.call.is_none() {
            return;
        }
        self.world(&format!("{act:?}"));
        match act {
            Act::HangUp => {
                self.gone = true;
                self.inbound(0, Input::Closed(Closing::Stopped), false);
            }
            Act::Drop(away_ms) => {
                self.drop_stream();
                self.at(self.now + away_ms.max(&1), Event::Open);
            }
            Act::Vanish => {
                self.gone = true;
                self.drop_stream();
            }
            Act::Crash {
                away_ms,
                stream_lives,
            } => {
                self.call = None;
                self.rules.crash();
                self.heard.crash();
                self.owed.forgive();
                self.ticks += 1;
                self.events
                    .retain(|_, event| !matches!(event, Event::Reply(..)));
                self.reset_files();
                if !stream_lives {
                    self.carrier.close(self.now);
                }
                self.at(self.now + away_ms.max(&1), Event::Resume);
            }
            Act::Type(text) => {
                self.give(Input::Text(text.clone()));
                if let Some(call) = &self.call {
                    self.owed.typed(self.now, call.turn());
                }
            }
            Act::Order(order) => {
                // Who wants silence gets it.
                self.owed.forgive();
                self.give(Input::Order(order.clone()));
            }
            Act::Answered(answerer) => self.give(Input::Answered(*answerer)),
            Act::Say(_) | Act::Cough | Act::Press(_) => (),
        }
    }

    fn drop_stream(&mut self) {
        if self.carrier.connected {
            self.carrier.close(self.now);
            self.reset_files();
            self.owed.dropped();
            self.at(self.now, Event::Closed);
        }
    }
}
