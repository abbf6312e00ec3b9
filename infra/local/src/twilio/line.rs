//! The telephone line of an answered call: time in frames of 20 ms, by absolute deadlines. It reads no clock.

use std::collections::VecDeque;
use std::time::Duration;

use audio::mulaw::SILENCE;
use audio::{FRAME_MS, FRAME_SAMPLES};
use tokio::time::Instant;

use super::playout::{Frame, Played, Playout};

const FRAME: Duration = Duration::from_millis(FRAME_MS as u64);

#[derive(Debug, Default)]
pub(super) struct Line {
    began: Option<Instant>,
    /// Frames that are over.
    frames: u32,
    utterances: VecDeque<Utterance>,
    spoken: u64,
    /// Frames still to be lost.
    lose: u32,
    pub(super) omit_silence: bool,
    pub(super) playout: Playout,
}

#[derive(Debug)]
struct Utterance {
    bytes: Vec<u8>,
    said: usize,
}

/// One frame of time, both ways.
#[derive(Debug)]
pub(super) struct Passed {
    /// Which, from 0 at the answer.
    pub(super) number: u32,
    /// What the caller said.
    pub(super) caller: Frame,
    /// What the caller heard.
    pub(super) heard: Frame,
    /// Whether the caller's sound is to be sent.
    pub(super) send: bool,
    /// The utterance that began with this frame.
    pub(super) began: Option<u64>,
    /// The utterance that ended with this frame.
    pub(super) ended: Option<u64>,
    pub(super) played: Played,
}

impl Line {
    pub(super) fn new(omit_silence: bool) -> Self {
        Self {
            omit_silence,
            ..Self::default()
        }
    }

    /// The call is answered: the first frame begins.
    pub(super) fn begin(&mut self, now: Instant) {
        self.began.get_or_insert(now);
    }

    /// When the frame that passes now is over; none before the answer.
    pub(super) fn due(&self) -> Option<Instant> {
        self.began.map(|began| began + FRAME * (self.frames + 1))
    }

    /// Frames that are over; the number of the one that passes now.
    pub(super) fn frames(&self) -> u32 {
        self.frames
    }

    pub(super) fn speak(&mut self, bytes: Vec<u8>) {
        self.utterances.push_back(Utterance { bytes, said: 0 });
    }

    /// Drops what is left to say: how many utterances that were, and the one that was cut in two.
    pub(super) fn fall_silent(&mut self) -> (usize, Option<u64>) {
        let cut = self.utterances.front().filter(|first| first.said > 0);
        let cut = cut.map(|_| self.spoken);
        let dropped = self.utterances.len();
        self.spoken += dropped as u64;
        self.utterances.clear();
        (dropped, cut)
    }

    pub(super) fn lose(&mut self, frames: u32) {
        self.lose = self.lose.saturating_add(frames);
    }

    /// The next frame that is over by now. Ask until there is none: after a delay there are several.
    pub(super) fn advance(&mut self, now: Instant) -> Option<Passed> {
        if self.due()? > now {
            return None;
        }
        let mut passed = Passed {
            number: self.frames,
            caller: [SILENCE; FRAME_SAMPLES],
            heard: [SILENCE; FRAME_SAMPLES],
            send: true,
            began: None,
            ended: None,
            played: Played::default(),
        };
        let speaking = self.say(&mut passed);
        passed.send = speaking || !self.omit_silence;
        if self.lose > 0 {
            self.lose -= 1;
            passed.send = false;
        }
        passed.played = self.playout.play(&mut passed.heard);
        self.frames += 1;
        Some(passed)
    }

    fn say(&mut self, passed: &mut Passed) -> bool {
        let Some(utterance) = self.utterances.front_mut() else {
            return false;
        };
        if utterance.said == 0 {
            passed.began = Some(self.spoken);
        }
        let rest = utterance.bytes.get(utterance.said..).unwrap_or_default();
        for (sample, byte) in passed.caller.iter_mut().zip(rest) {
            *sample = *byte;
        }
        utterance.said += FRAME_SAMPLES;
        if utterance.said >= utterance.bytes.len() {
            passed.ended = Some(self.spoken);
            self.spoken += 1;
            self.utterances.pop_front();
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all_until(line: &mut Line, now: Instant) -> Vec<Passed> {
        std::iter::from_fn(|| line.advance(now)).collect()
    }

    #[test]
    fn time_does_not_drift_however_late_one_looks() {
        let begin = Instant::now();
        let mut line = Line::default();
        assert!(line.advance(begin).is_none());
        line.begin(begin);
        assert!(line.advance(begin + FRAME / 2).is_none());
        assert_eq!(all_until(&mut line, begin + FRAME * 5).len(), 5);
        assert_eq!(all_until(&mut line, begin + FRAME * 5).len(), 0);
        assert_eq!(line.due(), Some(begin + FRAME * 6));
    }

    #[test]
    fn an_utterance_begins_and_ends_with_a_frame_of_its_own() {
        let begin = Instant::now();
        let mut line = Line::default();
        line.begin(begin);
        line.speak(vec![1; 250]);
        line.speak(vec![2; 160]);
        let frames = all_until(&mut line, begin + FRAME * 4);
        let ends: Vec<_> = frames.iter().map(|f| (f.began, f.ended)).collect();
        let expected = [
            (Some(0), None),
            (None, Some(0)),
            (Some(1), Some(1)),
            (None, None),
        ];
        assert_eq!(ends, expected);
        assert_eq!((frames[1].caller[89], frames[1].caller[90]), (1, SILENCE));
        assert_eq!(frames[2].caller, [2; 160]);
    }

    #[test]
    fn silence_may_be_left_out_and_frames_lost() {
        let begin = Instant::now();
        let mut line = Line::new(true);
        line.begin(begin);
        line.speak(vec![1; 480]);
        line.lose(1);
        let sent: Vec<_> = all_until(&mut line, begin + FRAME * 4)
            .iter()
            .map(|f| f.send)
            .collect();
        assert_eq!(sent, [false, true, true, false]);
    }

    #[test]
    fn one_can_fall_silent_in_mid_word() {
        let begin = Instant::now();
        let mut line = Line::default();
        line.begin(begin);
        line.speak(vec![1; 800]);
        line.speak(vec![1; 800]);
        assert_eq!(all_until(&mut line, begin + FRAME).len(), 1);
        assert_eq!(line.fall_silent(), (2, Some(0)));
        assert_eq!(line.fall_silent(), (0, None));
        line.speak(vec![3; 160]);
        let next = line.advance(begin + FRAME * 2).unwrap();
        assert_eq!((next.began, next.caller), (Some(2), [3; 160]));
    }
}
