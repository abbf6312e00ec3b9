//! What an input means: at most one cue.

use std::time::Duration;

use audio::Clip;

use crate::call::{Call, Words};
use crate::carry::QUIET_AFTER;
use crate::input::{Closing, Input, Key};
use crate::output::{Mark, Output};
use crate::record::{Note, Record};
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// So much of a voice stops our sound. A cough has less of it; speech has it within 160 ms of its first vowel.
const BARGE_IN_VOICE_MS: u32 = 80;
/// So much loud sound without a pitch may be somebody who whispers, or a line that ate the pitch, or a car: it is written
/// down while our sound goes on, and only words stop it.
const UNCLEAR_MS: u32 = 500;
/// How much more must have been heard, in characters, to be worth a row in the journal: about a second of speech.
const HEARD_STEP_CHARS: usize = 15;

impl Call {
    pub(crate) fn perceive(
        &mut self,
        now: Instant,
        input: Input,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        match input {
            Input::Opened => Some(self.opened(now, out)),
            Input::Frame { at, audio } => self.frame(now, at, audio, out),
            Input::Key(key) => self.key(now, key),
            Input::Played(mark) => {
                self.played(now, mark, out);
                None
            }
            Input::Reply(id, reply) => self.reply(now, id, reply, out),
            Input::Tick => None,
            Input::Closed(Closing::Stopped) => Some(Cue::Stopped),
            Input::Closed(Closing::Dropped) => {
                self.note(now, Note::Dropped);
                if self.turn == Turn::Keying {
                    // There will be no more keys: those that came are words already.
                    self.keyed(now);
                }
                Some(Cue::Dropped)
            }
            Input::Order(order) => self.ordered(now, order),
            Input::Text(text) => self.typed(now, &text),
            Input::Answered(answerer) => self.answered(now, answerer),
            Input::Delayed(by) => {
                self.speak.delay(by);
                self.listen.echo.delay(now, by);
                self.pump(now, out);
                None
            }
        }
    }

    fn frame(
        &mut self,
        now: Instant,
        at: Duration,
        clip: Clip,
        out: &mut Vec<Output>,
    ) -> Option<Cue> {
        if matches!(self.turn, Turn::Ringing | Turn::Away) {
            return None;
        }
        let paused_since = self.listen.voice_ended();
        let ear = self.listen.hear(now, at, clip, out);
        if ear.offset {
            self.breathless = 0;
        }
        if let Some(ago) = ear.onset {
            self.learn_from_cut_off((now - ago).since(paused_since));
        }
        let voice = self.voice(now);
        match self.turn {
            Turn::Replying if self.is_deaf_to_barge_in() => voice
                .filter(|_| !self.listen.is_open())
                .map(|_| Cue::Overheard),
            Turn::Replying if ear.offset && self.listen.is_doubtful() => {
                Some(if self.listen.has_failed() {
                    Cue::Murmur
                } else {
                    Cue::Pause
                })
            }
            Turn::Waiting | Turn::Replying => voice,
            Turn::Voicemail => {
                if self.listen.is_speaking() {
                    self.machine_speaks(now);
                }
                None
            }
            Turn::Hearing => {
                self.timers.set(Timer::Quiet, now + QUIET_AFTER);
                // Words that came late may have been the first to tell that it was a voice.
                (!self.listen.is_speaking()).then_some(Cue::Pause)
            }
            Turn::Pausing if ear.onset.is_some() => {
                let onset = now - ear.onset.unwrap_or_default();
                self.listen.habit.learn(onset.since(paused_since));
                Some(Cue::Onset)
            }
            Turn::Transcribing if ear.onset.is_some() || self.speak.is_audible(now) => voice,
            Turn::Ringing
            | Turn::Pausing
            | Turn::Transcribing
            | Turn::Keying
            | Turn::Leaving
            | Turn::Away
            | Turn::Ended => None,
        }
    }

    /// What the sound on the line is now.
    fn voice(&self, now: Instant) -> Option<Cue> {
        if !self.listen.is_speaking() {
            return None;
        }
        if !self.speak.is_audible(now) {
            return Some(Cue::Onset);
        }
        if self.listen.voice_ms() >= BARGE_IN_VOICE_MS {
            return Some(Cue::BargeIn);
        }
        let is_unclear = self.listen.near_ms() >= UNCLEAR_MS && !self.listen.is_open();
        is_unclear.then_some(Cue::Unclear)
    }

    fn key(&mut self, now: Instant, key: Key) -> Option<Cue> {
        let is_deaf = matches!(
            self.turn,
            Turn::Ringing | Turn::Away | Turn::Voicemail | Turn::Leaving
        );
        if is_deaf || self.is_consenting() {
            return None;
        }
        if self.keys.is_empty() {
            self.keys_began = now;
        }
        if key.digit() == '#' && self.turn == Turn::Keying {
            return Some(self.keyed(now));
        }
        self.keys.push(key.digit());
        Some(Cue::Key)
    }

    pub(crate) fn keyed(&mut self, now: Instant) -> Cue {
        let text = std::mem::take(&mut self.keys);
        self.words = Some(Words {
            text,
            began: self.keys_began,
            ended: now,
            read: now,
        });
        Cue::Keyed
    }

    fn played(&mut self, now: Instant, mark: Mark, out: &mut Vec<Output>) {
        if self.speak.played(mark) {
            self.heard();
            self.pump(now, out);
        }
    }

    /// Writes down how far the reply was heard, if that is worth a row.
    pub(crate) fn heard(&mut self) {
        let complete = self.speak.is_complete();
        let chars = self.speak.heard_text().chars().count();
        // All that there is so far is no whole reply while the model or its work goes on.
        let is_worth = if complete {
            self.is_unfinished() && chars > self.heard_chars
        } else {
            chars >= self.heard_chars + HEARD_STEP_CHARS
        };
        if self.saying && is_worth {
            self.heard_chars = chars;
            self.records.push(Record::Heard { chars });
        }
        if complete {
            self.timers.set(Timer::Check, Instant::ZERO);
        }
    }
}
