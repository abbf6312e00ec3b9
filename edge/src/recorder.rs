//! The recording: both sides as they were heard, on one time axis that begins when the call was opened.
//!
//! The caller's side is placed by the carrier's time stamps, so that missing frames become silence and late ones go where
//! they belong. The bot's side is placed by a model of the carrier's queue: sound begins when all before it is played,
//! and what was cleared was never heard.

use std::collections::VecDeque;
use std::time::Duration;

use audio::frame::samples_in;
use audio::{Clip, RATE_HZ, mulaw};
use call::Instant;

/// A caller's frame may come so much later than its place. What is older is written out as silence.
const LATE_MAX: Duration = Duration::from_secs(4);
/// The longest chunk: after a long gap the rest comes with the next ones.
const CHUNK_MAX: Duration = Duration::from_mins(1);
/// Room is made for so much at a time: doubling would hold twice of what is needed.
const ROOM: usize = RATE_HZ as usize;

/// Records one call. Times are samples since the call was opened.
#[derive(Debug)]
pub(crate) struct Recorder {
    /// All before is written out.
    written: usize,
    /// The caller's side, from there on.
    caller: Vec<u8>,
    /// Where the carrier's current stream began.
    stream: usize,
    /// What the carrier has to play, or has played and is not written out: where it begins, and what.
    queue: VecDeque<(usize, Clip)>,
    /// Where the queue ends.
    queued: usize,
}

impl Recorder {
    /// Goes on where `written` samples are written out already.
    pub(crate) fn new(written: u64) -> Self {
        let written = usize::try_from(written).unwrap_or(usize::MAX);
        Self {
            written,
            caller: Vec::new(),
            stream: written,
            queue: VecDeque::new(),
            queued: written,
        }
    }

    /// A stream was opened then; its time stamps count from there.
    pub(crate) fn open(&mut self, at: Instant) {
        self.stream = sample(at);
    }

    /// The caller was heard, `at` after the stream was opened.
    pub(crate) fn caller(&mut self, now: Instant, at: Duration, audio: &Clip) {
        // Nothing was said in the future: a time stamp that jumps ahead must not cost memory.
        let start = self.stream.saturating_add(samples_in(at)).min(sample(now));
        let skipped = self.written.saturating_sub(start);
        let Some(sound) = audio
            .bytes()
            .get(skipped..)
            .filter(|sound| !sound.is_empty())
        else {
            return;
        };
        let from = start.saturating_sub(self.written);
        let overlap = self.caller.len().saturating_sub(from).min(sound.len());
        let end = from + sound.len();
        if end > self.caller.capacity() {
            self.caller.reserve_exact(end - self.caller.len() + ROOM);
        }
        if from > self.caller.len() {
            self.caller.resize(from, mulaw::SILENCE);
        }
        let (old, new) = sound.split_at(overlap);
        if let Some(place) = self.caller.get_mut(from..from + overlap) {
            place.copy_from_slice(old);
        }
        self.caller.extend_from_slice(new);
    }

    /// Sound was queued at the carrier.
    pub(crate) fn play(&mut self, now: Instant, audio: &Clip) {
        let start = self.queued.max(sample(now));
        self.queue.push_back((start, audio.clone()));
        self.queued = start.saturating_add(audio.len());
    }

    /// The carrier's queue was emptied, or there is no carrier any more: nothing beyond now was heard.
    pub(crate) fn clear(&mut self, now: Instant) {
        let now = sample(now);
        while let Some((start, clip)) = self.queue.pop_back() {
            if start < now {
                let heard = clip.slice(0..now - start);
                self.queue.push_back((start, heard));
                break;
            }
        }
        self.queued = self.queued.min(now);
    }

    /// Takes what is settled, both sides equally long, if it is at least this much.
    pub(crate) fn take(&mut self, now: Instant, at_least: Duration) -> Option<(Vec<u8>, Vec<u8>)> {
        let heard = self.written + self.caller.len();
        let until = heard.max(sample(now - LATE_MAX)).min(sample(now));
        let length = until.checked_sub(self.written)?.min(samples_in(CHUNK_MAX));
        (length > 0 && length >= samples_in(at_least)).then(|| self.cut(length))
    }

    /// Takes all there is: the call is over. Ends with the last that was heard.
    pub(crate) fn finish(&mut self, now: Instant) -> (Vec<u8>, Vec<u8>) {
        let heard = self.written + self.caller.len();
        let until = heard.max(self.queued.min(sample(now)));
        self.cut(until - self.written)
    }

    fn cut(&mut self, length: usize) -> (Vec<u8>, Vec<u8>) {
        let rest = self.caller.split_off(length.min(self.caller.len()));
        let mut caller = std::mem::replace(&mut self.caller, rest);
        caller.resize(length, mulaw::SILENCE);
        let mut bot = vec![mulaw::SILENCE; length];
        let until = self.written + length;
        while let Some((start, clip)) = self.queue.pop_front() {
            if start >= until {
                self.queue.push_front((start, clip));
                break;
            }
            let (now, later) = clip.split_at(until - start);
            let from = start.saturating_sub(self.written);
            if let Some(place) = bot.get_mut(from..from + now.len()) {
                place.copy_from_slice(now.bytes());
            }
            if !later.is_empty() {
                self.queue.push_front((until, later));
                break;
            }
        }
        self.written = until;
        (caller, bot)
    }
}

fn sample(at: Instant) -> usize {
    samples_in(Duration::from_millis(at.as_ms()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: usize = 8;

    fn at(ms: u64) -> Instant {
        Instant::from_ms(ms)
    }

    fn clip(byte: u8, ms: usize) -> Clip {
        Clip::from(vec![byte; ms * MS])
    }

    /// Runs of equal bytes, as (byte, milliseconds).
    fn runs(track: &[u8]) -> Vec<(u8, usize)> {
        track
            .chunk_by(|a, b| a == b)
            .map(|run| (run.first().copied().unwrap_or(0), run.len() / MS))
            .collect()
    }

    #[test]
    fn frames_that_never_came_are_silence_and_late_ones_go_where_they_belong() {
        let mut recorder = Recorder::new(0);
        recorder.open(at(100));
        let mut hear = |now, stamp, byte| {
            recorder.caller(at(now), Duration::from_millis(stamp), &clip(byte, 20));
        };
        hear(130, 0, 1);
        hear(230, 80, 3);
        hear(240, 40, 2);
        let (caller, bot) = recorder.finish(at(300));
        let silence = mulaw::SILENCE;
        assert_eq!(
            runs(&caller),
            [
                (silence, 100),
                (1, 20),
                (silence, 20),
                (2, 20),
                (silence, 20),
                (3, 20)
            ]
        );
        assert_eq!(runs(&bot), [(silence, 200)]);
    }

    #[test]
    fn a_reply_sounds_after_what_was_queued_before_it_and_ends_where_it_was_cleared() {
        let mut recorder = Recorder::new(0);
        recorder.play(at(100), &clip(1, 200));
        recorder.play(at(110), &clip(2, 200));
        recorder.clear(at(350));
        recorder.play(at(400), &clip(3, 50));
        let (_, bot) = recorder.finish(at(500));
        let silence = mulaw::SILENCE;
        assert_eq!(
            runs(&bot),
            [(silence, 100), (1, 200), (2, 50), (silence, 50), (3, 50)]
        );
    }

    #[test]
    fn chunks_written_out_on_the_way_join_without_a_seam() {
        let mut whole = Recorder::new(0);
        let mut parts = Recorder::new(0);
        let mut joined = (Vec::new(), Vec::new());
        for recorder in [&mut whole, &mut parts] {
            recorder.open(at(0));
            recorder.play(at(0), &clip(9, 5_000));
        }
        for frame in 0..300_u64 {
            let now = at(frame * 20 + 25);
            for recorder in [&mut whole, &mut parts] {
                let byte = u8::try_from(frame % 100).unwrap();
                recorder.caller(now, Duration::from_millis(frame * 20), &clip(byte, 20));
            }
            if let Some((caller, bot)) = parts.take(now, Duration::from_secs(1)) {
                assert!(caller.len() == bot.len() && caller.len() >= 1_000 * MS);
                joined.0.extend(caller);
                joined.1.extend(bot);
            }
        }
        let (caller, bot) = parts.finish(at(6_100));
        joined.0.extend(caller);
        joined.1.extend(bot);
        assert_eq!(joined, whole.finish(at(6_100)));
    }

    #[test]
    fn a_time_stamp_from_the_future_costs_no_memory() {
        let mut recorder = Recorder::new(0);
        recorder.caller(at(50), Duration::from_secs(u64::MAX), &clip(1, 20));
        assert_eq!(recorder.caller.len(), 70 * MS);
        recorder.caller(at(60), Duration::ZERO, &Clip::default());
        assert_eq!(recorder.caller.len(), 70 * MS);
    }

    #[test]
    fn without_any_frame_the_recording_still_moves_on() {
        let mut recorder = Recorder::new(0);
        assert_eq!(recorder.take(at(4_500), Duration::from_secs(1)), None);
        let (caller, _) = recorder.take(at(6_000), Duration::from_secs(1)).unwrap();
        assert_eq!(caller.len(), 2_000 * MS);
        recorder.caller(at(6_000), Duration::from_millis(1_990), &clip(1, 20));
        assert_eq!(runs(&recorder.caller), [(1, 10)]);
    }
}
