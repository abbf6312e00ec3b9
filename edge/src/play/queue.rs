//! What the carrier plays from files, what it shall play next, and what of it was heard: by the carrier's own word at the end
//! of each file, and by the clock on the way there.

use std::collections::VecDeque;
use std::time::Duration;

use audio::Clip;
use call::{Instant, Mark};
use contract::{PLAY_BYTES_MAX, Play, PlaySound};

/// From the carrier's learning of a file to its first sound: it has to be fetched.
const WAY: Duration = Duration::from_millis(300);
/// The carrier says when it has played a file. So long after that it must have, the file counts as played.
const OVERDUE: Duration = Duration::from_secs(3);

/// The files of one stream.
#[derive(Debug)]
pub(super) struct Queue {
    waiting: Waiting,
    playing: Option<Playing>,
    /// The number of the latest file, or request.
    number: u64,
    /// The request that is under way.
    asking: Option<u64>,
    /// The carrier waits for our answer to what comes next.
    is_asked: bool,
    /// Whether there may be sound at the carrier.
    is_sounding: bool,
    /// Whether there may be sound at the carrier that must not be heard.
    is_stale: bool,
    /// What came after a file, should the answer have been lost.
    answer: Option<(u64, Play)>,
}

/// Sound that the carrier does not have yet.
#[derive(Debug, Default)]
struct Waiting {
    sound: Vec<u8>,
    /// Each after so many samples.
    marks: VecDeque<(usize, Mark)>,
    /// When it begins and ends, as the engine computes it.
    begins: Instant,
    ends: Instant,
}

/// A file that the carrier has, or is being given.
#[derive(Debug)]
struct Playing {
    number: u64,
    sound: Clip,
    marks: VecDeque<(usize, Mark)>,
    /// When it began, as the engine computed it.
    computed: Instant,
    /// When it began, as far as can be known here.
    began: Option<Instant>,
}

/// What the carrier is to be asked for.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Ask {
    /// Tells its answer from others.
    pub(super) id: u64,
    /// What is to be played; none: nothing.
    pub(super) play: Option<Play>,
}

/// A file begins to sound.
#[derive(Debug, Eq, PartialEq)]
pub(super) struct Begun {
    /// When.
    pub(super) at: Instant,
    /// How much later than the engine computed.
    pub(super) late: Duration,
    pub(super) sound: Clip,
}

impl Queue {
    /// Of a stream that is opened now. What the carrier plays at that time is not known.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            waiting: Waiting::default(),
            playing: None,
            // No number comes twice in a call. Fewer than a thousand are used up in a millisecond.
            number: now.as_ms() * 1_000,
            asking: None,
            is_asked: false,
            is_sounding: true,
            is_stale: false,
            answer: None,
        }
    }

    /// Queues sound.
    pub(super) fn play(&mut self, now: Instant, clip: &Clip) {
        let waiting = &mut self.waiting;
        let begins = waiting.ends.max(now);
        if waiting.sound.is_empty() {
            waiting.begins = begins;
        }
        waiting.ends = begins + clip.duration();
        waiting.sound.extend_from_slice(clip.bytes());
    }

    /// Queues a mark behind all sound.
    pub(super) fn mark(&mut self, mark: Mark) {
        let waiting = &mut self.waiting;
        waiting.marks.push_back((waiting.sound.len(), mark));
    }

    /// Forgets all sound; what the carrier has must not be heard any more.
    pub(super) fn clear(&mut self, now: Instant) {
        self.waiting = Waiting {
            ends: now,
            ..Waiting::default()
        };
        self.playing = None;
        self.answer = None;
        self.is_stale |= self.is_sounding;
    }

    /// What the carrier is to be asked for now. One thing at a time, so that none overtakes another; and nothing while it
    /// plays, since it would stop that.
    pub(super) fn ask(&mut self) -> Option<Ask> {
        if self.asking.is_some() || self.is_asked || self.playing.is_some() {
            return None;
        }
        let play = self.take();
        if play.is_none() && !self.is_stale {
            return None;
        }
        self.is_stale = false;
        self.is_sounding = play.is_some();
        if play.is_none() {
            self.number += 1;
        }
        self.asking = Some(self.number);
        Some(Ask {
            id: self.number,
            play,
        })
    }

    /// The carrier knows what it was asked for.
    pub(super) fn known(&mut self, now: Instant, id: u64) -> Option<Begun> {
        if self.asking != Some(id) {
            return None;
        }
        self.asking = None;
        self.begin(now, id)
    }

    /// The carrier could not be asked, and still does what it did before: it is to be asked once more.
    pub(super) fn failed(&mut self, id: u64) {
        if self.asking != Some(id) {
            return;
        }
        self.asking = None;
        self.is_sounding = true;
        self.is_stale = true;
        let Some(playing) = self.playing.take_if(|playing| playing.number == id) else {
            // It was to be silent, or is to be so by now.
            return;
        };
        let before = playing.sound.len();
        let waiting = &mut self.waiting;
        waiting.begins = playing.computed;
        waiting
            .sound
            .splice(0..0, playing.sound.bytes().iter().copied());
        for (at, _) in &mut waiting.marks {
            *at += before;
        }
        for mark in playing.marks.into_iter().rev() {
            waiting.marks.push_front(mark);
        }
    }

    /// The carrier has played a file to its end, and asks what comes next: answers the marks that were heard. None if it is not
    /// the file that is to be heard.
    pub(super) fn finished(&mut self, number: u64) -> Option<Vec<Mark>> {
        let playing = self.playing.take_if(|playing| playing.number == number)?;
        self.asking = None;
        self.is_asked = true;
        self.is_sounding = false;
        self.answer = None;
        Some(playing.marks.into_iter().map(|(_, mark)| mark).collect())
    }

    /// What comes after that file; none if there is nothing yet.
    pub(super) fn next(&mut self, now: Instant, after: u64) -> Option<(Play, Begun)> {
        self.is_asked = false;
        // What was stopped and what is new are one answer.
        self.is_stale = false;
        let play = self.take()?;
        self.is_sounding = true;
        self.answer = Some((after, play.clone()));
        let begun = self.begin(now, play.number)?;
        Some((play, begun))
    }

    /// What was answered before to the same question.
    pub(super) fn again(&self, after: u64) -> Option<Play> {
        let (asked, play) = self.answer.as_ref()?;
        (*asked == after).then(|| play.clone())
    }

    /// When something counts as heard although nobody says so.
    pub(super) fn due(&self) -> Option<Instant> {
        let playing = self.playing.as_ref()?;
        let began = playing.began?;
        let next = playing.marks.front().map(|(at, _)| *at);
        Some(match next.filter(|at| *at < playing.sound.len()) {
            Some(at) => began + length_of(at),
            None => began + playing.sound.duration() + OVERDUE,
        })
    }

    /// The marks that count as heard by now.
    pub(super) fn played_by(&mut self, now: Instant) -> Vec<Mark> {
        let mut marks = Vec::new();
        while self.due().is_some_and(|due| due <= now) {
            let Some(playing) = &mut self.playing else {
                break;
            };
            let length = playing.sound.len();
            if let Some((_, mark)) = playing.marks.pop_front_if(|(at, _)| *at < length) {
                marks.push(mark);
            } else {
                marks.extend(playing.marks.drain(..).map(|(_, mark)| mark));
                self.playing = None;
            }
        }
        marks
    }

    /// Makes a file of what waits.
    fn take(&mut self) -> Option<Play> {
        let waiting = &mut self.waiting;
        if waiting.sound.is_empty() {
            return None;
        }
        let length = waiting.sound.len().min(PLAY_BYTES_MAX);
        let rest = waiting.sound.split_off(length);
        let sound = std::mem::replace(&mut waiting.sound, rest);
        let here = waiting.marks.partition_point(|(at, _)| *at <= length);
        let mut rest = waiting.marks.split_off(here);
        for (at, _) in &mut rest {
            *at -= length;
        }
        let marks = std::mem::replace(&mut waiting.marks, rest);
        let computed = waiting.begins;
        waiting.begins = computed + length_of(length);
        self.number += 1;
        self.playing = Some(Playing {
            number: self.number,
            sound: Clip::from(sound.as_slice()),
            marks,
            computed,
            began: None,
        });
        Some(Play {
            number: self.number,
            sound: PlaySound(sound),
        })
    }

    fn begin(&mut self, now: Instant, number: u64) -> Option<Begun> {
        let playing = self.playing.as_mut();
        let playing =
            playing.filter(|playing| playing.number == number && playing.began.is_none())?;
        let at = now + WAY;
        playing.began = Some(at);
        let late = at.since(playing.computed);
        let waiting = &mut self.waiting;
        waiting.begins = waiting.begins + late;
        waiting.ends = waiting.ends + late;
        Some(Begun {
            at,
            late,
            sound: playing.sound.clone(),
        })
    }
}

/// How long so many samples are.
fn length_of(samples: usize) -> Duration {
    Duration::from_micros(u64::try_from(samples).unwrap_or(u64::MAX) * 125)
}

#[cfg(test)]
mod tests;
