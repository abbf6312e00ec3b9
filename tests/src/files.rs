//! A carrier that plays files: one after the other, each a while after it was asked for; and it takes a while to stop.

use std::time::Duration;

use audio::Clip;
use call::{Input, Mark, Turn};

use crate::world::{Event, World};

/// From asking the carrier to its knowing, and from a file's end to its asking what comes next, in milliseconds.
const ASKED_MS: (u64, u64) = (100, 900);
const ENDED_MS: (u64, u64) = (40, 400);
/// From the carrier's learning of a file to its first sound.
const WAY_MS: u64 = 300;
/// A carrier that does not say that a file was played is believed to have played it so long after.
const OVERDUE_MS: u64 = 3_000;
/// The longest that is heard of what must not be heard any more.
pub(crate) const STOPPED_MS_MAX: u64 = ASKED_MS.1;

/// What the carrier does.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum State {
    /// Nothing.
    #[default]
    Idle,
    /// It is being asked to play, or to stop.
    Asked,
    /// It plays a file.
    Playing,
}

#[derive(Clone, Debug)]
enum Piece {
    Sound(Clip),
    Mark(Mark),
}

/// The files of a call.
#[derive(Debug, Default)]
pub(crate) struct Files {
    /// What the carrier does not have yet, and when it begins and ends, as the engine computes it.
    waiting: Vec<Piece>,
    begins: u64,
    ends: u64,
    /// What it was asked to play, and when that was to begin.
    asked: Vec<Piece>,
    computed: u64,
    /// Marks at the end of the file that is played.
    last: Vec<Mark>,
    state: State,
    /// Tells what is awaited from what was.
    number: u64,
}

impl Files {
    fn play(&mut self, now: u64, clip: &Clip) {
        let begins = self.ends.max(now);
        if self.waiting.is_empty() {
            self.begins = begins;
        }
        self.ends = begins + u64::try_from(clip.duration().as_millis()).unwrap_or(0);
        self.waiting.push(Piece::Sound(clip.clone()));
    }

    /// Forgets everything; nothing that was awaited comes any more.
    pub(crate) fn reset(&mut self, now: u64) {
        *self = Self {
            ends: now,
            number: self.number + 1,
            ..Self::default()
        };
    }

    /// Whether there is sound that will be played, sooner or later.
    fn will_sound(&self) -> bool {
        !self.waiting.is_empty() || !self.asked.is_empty()
    }
}

impl World {
    /// Takes sound for a file. Answers whether this carrier plays files.
    pub(crate) fn play_file(&mut self, clip: &Clip) -> bool {
        let now = self.now;
        self.files.iter_mut().for_each(|it| it.play(now, clip));
        self.files.is_some()
    }

    /// Takes a mark. Answers whether this carrier plays files.
    pub(crate) fn mark_file(&mut self, mark: Mark) -> bool {
        let Some(files) = &mut self.files else {
            return false;
        };
        files.waiting.push(Piece::Mark(mark));
        true
    }

    /// Forgets what waits, and has the carrier stop. Answers whether this carrier plays files.
    pub(crate) fn clear_files(&mut self) -> bool {
        let now = self.now;
        let Some(files) = &mut self.files else {
            return false;
        };
        let is_busy = files.state != State::Idle || self.carrier.is_playing(now);
        files.reset(now);
        if is_busy {
            files.state = State::Asked;
            let number = files.number;
            let stopped = now + self.random.between(ASKED_MS.0, ASKED_MS.1);
            // What is marked there was not heard, as far as anybody knows.
            self.carrier.clear(stopped);
            self.at(stopped, Event::FileStopped(number));
        }
        true
    }

    /// Has the carrier play what waits, if it does nothing else.
    pub(crate) fn hand_over(&mut self) {
        let Some(files) = &mut self.files else { return };
        if files.state != State::Idle || files.waiting.is_empty() {
            return;
        }
        files.asked = std::mem::take(&mut files.waiting);
        files.computed = files.begins;
        files.begins = files.ends;
        files.state = State::Asked;
        files.number += 1;
        let number = files.number;
        let after = self.random.between(ASKED_MS.0, ASKED_MS.1);
        self.at(self.now + after, Event::FileKnown(number));
    }

    /// The carrier knows of the file, and will soon play it.
    pub(crate) fn file_known(&mut self, number: u64) {
        let Some(files) = self.files.as_mut().filter(|it| it.number == number) else {
            return;
        };
        let begins = (self.now + WAY_MS).max(self.carrier.busy_until);
        let late = begins.saturating_sub(files.computed);
        files.begins += late;
        files.ends += late;
        files.state = State::Playing;
        let pieces = std::mem::take(&mut files.asked);
        let ends = begins + length_ms(&pieces);
        let mut at = begins;
        for piece in pieces {
            match piece {
                Piece::Sound(clip) => {
                    at += length_ms(&[Piece::Sound(clip.clone())]);
                    self.play_at(begins, &clip);
                }
                Piece::Mark(mark) if at < ends => {
                    let due = self.carrier.mark(begins, mark);
                    self.at(due, Event::Marks);
                }
                Piece::Mark(mark) => {
                    self.files.iter_mut().for_each(|it| it.last.push(mark));
                }
            }
        }
        let is_lost = self.random.chance(self.line.lost_marks);
        let after = if is_lost {
            OVERDUE_MS
        } else {
            self.random.between(ENDED_MS.0, ENDED_MS.1)
        };
        self.at(ends + after, Event::FilePlayed(number));
        if late > 0 {
            self.give(Input::Delayed(Duration::from_millis(late)));
        }
    }

    /// The carrier has played a file to its end.
    pub(crate) fn file_played(&mut self, number: u64) {
        self.carrier.advance(self.now);
        let Some(files) = self.files.as_mut().filter(|it| it.number == number) else {
            return;
        };
        files.state = State::Idle;
        for mark in std::mem::take(&mut files.last) {
            self.give(Input::Played(mark));
        }
        self.hand_over();
    }

    /// The carrier is silent.
    pub(crate) fn file_stopped(&mut self, number: u64) {
        let Some(files) = self.files.as_mut().filter(|it| it.number == number) else {
            return;
        };
        files.state = State::Idle;
        self.hand_over();
    }

    /// The carrier knows nothing of what it was to play.
    pub(crate) fn reset_files(&mut self) {
        let now = self.now;
        self.files.iter_mut().for_each(|it| it.reset(now));
    }

    /// Nothing may be on its way to the carrier while the caller has the floor.
    pub(crate) fn watch_files(&mut self, turn: Turn) {
        let will_sound = self.files.as_ref().is_some_and(Files::will_sound);
        if will_sound && matches!(turn, Turn::Hearing | Turn::Pausing) {
            self.rules.breaks(format!(
                "a file waits while the caller has the floor: {turn:?}"
            ));
        }
    }
}

fn length_ms(pieces: &[Piece]) -> u64 {
    let length = pieces.iter().map(|piece| match piece {
        Piece::Sound(clip) => clip.duration().as_millis(),
        Piece::Mark(_) => 0,
    });
    u64::try_from(length.sum::<u128>()).unwrap_or(0)
}
