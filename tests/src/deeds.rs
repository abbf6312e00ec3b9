//! What the engine's outputs do to the world.

use audio::Clip;
use call::{Feed, Output, RequestId, Turn};

use crate::carrier::Span;
use crate::providers::Answers;
use crate::world::{Event, World};

impl World {
    /// Nothing may be queued while the caller has the floor.
    pub(crate) fn watch_floor(&mut self, turn: Turn) {
        let now = self.now;
        let is_filler = |span: &Span| {
            turn == Turn::Transcribing
                && self
                    .filler
                    .ends_with(&self.providers.spoken[span.request as usize].1)
        };
        let rude = self
            .carrier
            .queued()
            .any(|span| span.end() > now && !is_filler(&span));
        if rude && matches!(turn, Turn::Hearing | Turn::Pausing | Turn::Transcribing) {
            self.rules.breaks(format!(
                "sound is queued while the caller has the floor: {turn:?}"
            ));
        }
    }

    pub(crate) fn perform(&mut self, output: &Output) {
        let now = self.now;
        match output {
            Output::Play(clip) => self.play(clip),
            Output::Mark(mark) => {
                if !self.mark_file(*mark) {
                    let due = self.carrier.mark(now, *mark);
                    self.at(due, Event::Marks);
                }
            }
            Output::Clear => {
                if !self.clear_files() {
                    for mark in self.carrier.clear(now) {
                        self.echo(mark);
                    }
                }
            }
            Output::HangUp(_) | Output::Transfer { .. } => (),
            Output::SendKeys(_) => {
                self.carrier.close(now);
                self.reset_files();
                // The caller hears the keys.
                self.owed.forgive();
                self.at(now + 50, Event::Closed);
                self.at(now + 1_200, Event::Open);
            }
            Output::Ask(id, request) => {
                let answers = self.providers.ask(*id, request);
                self.schedule(*id, answers);
            }
            Output::Feed(id, Feed::Audio(clip)) => self.providers.feed(*id, clip),
            Output::Feed(id, Feed::Flush(flush)) => {
                let answers = self.providers.flush(*id, *flush, &self.caller.phrases);
                self.schedule(*id, answers);
            }
            Output::Cancel(id) => {
                if !self.providers.is_stubborn(*id) {
                    let of = |event: &Event| matches!(event, Event::Reply(of, _) if of == id);
                    self.events.retain(|_, event| !of(event));
                }
            }
            Output::Persist(record) => {
                let heard = self
                    .heard
                    .record(now, record, &self.carrier, &self.providers.spoken);
                if let Err(rule) = heard {
                    self.rules.breaks(rule);
                }
                self.journal.push(record.clone());
            }
        }
    }

    fn play(&mut self, clip: &Clip) {
        if !self.carrier.connected {
            self.rules.breaks("sound for a stream that is gone");
            return;
        }
        if !self.play_file(clip) {
            self.play_at(self.now, clip);
        }
    }

    /// Sound begins at the carrier, or stands in line there.
    pub(crate) fn play_at(&mut self, at: u64, clip: &Clip) {
        let Some(spans) = self.carrier.play(at, clip) else {
            self.rules.breaks("torn sound");
            return;
        };
        for span in spans {
            let heard_ms = self.carrier.heard_ms(self.now, span.request);
            if let Err(rule) = self.heard.play(span, heard_ms) {
                self.rules.breaks(rule);
            }
        }
    }

    fn schedule(&mut self, id: RequestId, answers: Answers) {
        for (after, reply) in answers {
            self.at(self.now + after, Event::Reply(id, reply));
        }
    }
}
