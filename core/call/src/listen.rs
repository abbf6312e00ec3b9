//! Hearing the caller: voice, its ends, and the transcription that is fed with it.

use std::collections::VecDeque;
use std::time::Duration;

use audio::{Clip, Edge, Level, Vad};

use crate::dictation::Dictation;
use crate::echo::Echo;
use crate::endpoint::Habit;
use crate::output::{Feed, Output};
use crate::provider::RequestId;
use crate::time::Instant;

/// Sound kept from before an onset, so that the first consonant is not lost.
const PREROLL: Duration = Duration::from_millis(300);
/// While the caller speaks into our sound and it is not yet clear whether it is a voice, more is kept.
const PREROLL_SPEAKING: Duration = Duration::from_millis(1_500);
/// How far the carrier's clock may run ahead of ours: more is a broken timestamp.
const AHEAD_MAX: Duration = Duration::from_secs(1);
/// Voiced frames, half a second of them, that are certainly no cough, knock or click.
const SPEECH_FRAMES: u64 = 25;
/// A voice below this is weak: 15 dB under what a telephone usually brings.
const WEAK_DBFS: i32 = -35;
/// What is so many decibels above the noise of the line may be the first consonant of a word.
const CLEAR_DB: i32 = 10;
/// A frame or two: what stirred before that and did not become a voice was none.
const STIRRING_MAX: Duration = Duration::from_millis(40);
/// The longest gap that is filled with silence for the transcription.
const GAP_MAX: Duration = Duration::from_secs(1);

/// What a frame brought.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ear {
    /// Speech began with it; it had begun so long ago.
    pub(crate) onset: Option<Duration>,
    /// Speech ended with it.
    pub(crate) offset: bool,
}

/// The ear of one call.
#[derive(Debug, Default)]
pub(crate) struct Listen {
    vad: Vad,
    alert: bool,
    preroll: VecDeque<Clip>,
    preroll_length: Duration,
    /// End of the latest frame, on the carrier's clock.
    heard_until: Option<Duration>,
    /// End of the latest voiced frame, on the carrier's clock and on ours.
    voice_until: Duration,
    voice_ended: Instant,
    /// When there was last something like the beginning of a voice, outside of an utterance.
    stirred: Option<Instant>,
    /// Frames of this utterance that had a voice in them.
    voiced: u64,
    /// Those of them that were loud enough for anybody to understand.
    loud: u64,
    dictation: Option<Dictation>,
    /// What our own sound leaves of itself on the line.
    pub(crate) echo: Echo,
    /// How this caller pauses.
    pub(crate) habit: Habit,
}

impl Listen {
    /// Takes in a frame; adds what the transcription must be fed.
    pub(crate) fn hear(
        &mut self,
        now: Instant,
        at: Duration,
        clip: Clip,
        out: &mut Vec<Output>,
    ) -> Ear {
        let mut ear = self.skip_to(at, out);
        let end = at + clip.duration();
        self.heard_until = Some(end);
        let (noise, caller) = self.vad.levels();
        self.vad.shade(self.echo.gate(now, caller));
        let verdict = self.vad.hear(clip.bytes());
        if !verdict.speaking {
            self.echo.learn(now, verdict.level, noise);
        }
        match verdict.edge {
            Some(Edge::Onset { ago }) => ear.onset = Some(ago),
            Some(Edge::Offset { .. }) => ear.offset = true,
            None => (),
        }
        let is_clear = verdict.level.exceeds(noise, CLEAR_DB);
        if (verdict.voiced || is_clear) && !verdict.speaking {
            self.stirred = Some(now);
        }
        if verdict.voiced && verdict.speaking {
            self.voiced += 1;
            self.loud += u64::from(verdict.level.exceeds(Level::from_dbfs(WEAK_DBFS), 0));
            self.voice_until = end;
            self.voice_ended = now;
        } else {
            // Frames that come late in a bunch tell of a silence that has already lasted.
            let by_ours = now.since(self.voice_ended);
            let by_theirs = end
                .saturating_sub(self.voice_until)
                .min(by_ours + AHEAD_MAX);
            if by_theirs > by_ours {
                self.voice_ended = now - by_theirs;
            }
        }
        self.keep(clip, out);
        ear
    }

    /// The carrier sends nothing in some silences: what is missing before `at` was silence.
    fn skip_to(&mut self, at: Duration, out: &mut Vec<Output>) -> Ear {
        let mut ear = Ear::default();
        let gap = self
            .heard_until
            .map_or(Duration::ZERO, |until| at.saturating_sub(until));
        if gap >= Duration::from_millis(20) {
            ear.offset = matches!(self.vad.miss(gap).edge, Some(Edge::Offset { .. }));
            self.keep(Clip::silence(gap.min(GAP_MAX)), out);
        }
        ear
    }

    /// No sound came for so long that it must have been silence.
    pub(crate) fn miss(&mut self) {
        self.vad.miss(GAP_MAX);
    }

    fn keep(&mut self, clip: Clip, out: &mut Vec<Output>) {
        if let Some(dictation) = &mut self.dictation {
            if dictation.failed {
                return;
            }
            dictation.length += clip.duration();
            dictation.audio.push(clip.clone());
            out.push(Output::Feed(dictation.id, Feed::Audio(clip)));
            return;
        }
        self.preroll_length += clip.duration();
        self.preroll.push_back(clip);
        let longest = if self.vad.is_speaking() {
            PREROLL_SPEAKING
        } else {
            PREROLL
        };
        while self.preroll_length > longest {
            let Some(old) = self.preroll.pop_front() else {
                break;
            };
            self.preroll_length = self.preroll_length.saturating_sub(old.duration());
        }
    }

    /// A new stream has a new clock, and nothing of the old one's sound.
    pub(crate) fn reconnect(&mut self) {
        self.vad = Vad::default();
        self.vad.listen_for_barge_in(self.alert);
        self.echo = Echo::default();
        self.preroll.clear();
        self.preroll_length = Duration::ZERO;
        self.heard_until = None;
        self.voice_until = Duration::ZERO;
    }

    /// Tells voices from coughs only while it matters.
    pub(crate) fn alert(&mut self, alert: bool) {
        if alert != self.alert {
            self.alert = alert;
            self.vad.listen_for_barge_in(alert);
        }
    }

    /// Whether the caller is speaking.
    pub(crate) fn is_speaking(&self) -> bool {
        self.vad.is_speaking()
    }

    /// Whether there was something like a voice just now, and it is too early to say more.
    pub(crate) fn is_stirring(&self, now: Instant) -> bool {
        self.stirred.is_some_and(|at| now.since(at) <= STIRRING_MAX)
    }

    /// How much of what is said now is certainly a voice.
    pub(crate) fn voice_ms(&self) -> u32 {
        self.vad.speech_ms()
    }

    /// How much of what is heard now is near, whatever it is.
    pub(crate) fn near_ms(&self) -> u32 {
        self.vad.near_ms()
    }

    /// When the caller was last heard.
    pub(crate) fn voice_ended(&self) -> Instant {
        self.voice_ended
    }

    /// When the utterance that is transcribed began.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.dictation.as_ref().map(|dictation| dictation.began)
    }

    /// How much sound the transcription holds so far.
    pub(crate) fn length(&self) -> Duration {
        self.dictation
            .as_ref()
            .map_or(Duration::ZERO, |dictation| dictation.length)
    }

    /// Whether this is the transcription's request.
    pub(crate) fn owns(&self, id: RequestId) -> bool {
        self.dictation
            .as_ref()
            .is_some_and(|dictation| dictation.id == id && !dictation.failed)
    }

    /// Opens a transcription, unless one is open.
    pub(crate) fn open(&mut self, id: RequestId, now: Instant, out: &mut Vec<Output>) {
        if let Some(dictation) = &mut self.dictation {
            dictation.doubtful = false;
            return;
        }
        let audio: Vec<Clip> = self.preroll.drain(..).collect();
        let length = std::mem::take(&mut self.preroll_length);
        let dictation = Dictation {
            id,
            began: now - length,
            audio,
            length,
            flushes: 0,
            pending: None,
            covered: 0,
            before: self.voiced,
            loud_before: self.loud,
            doubtful: false,
            wordless: false,
            text: None,
            attempts: 1,
            failed: false,
        };
        dictation.ask(out);
        self.dictation = Some(dictation);
    }

    /// Opens a transcription of what may be no voice at all.
    pub(crate) fn open_in_doubt(&mut self, id: RequestId, now: Instant, out: &mut Vec<Output>) {
        self.open(id, now, out);
        self.dictation.iter_mut().for_each(|it| it.doubtful = true);
    }

    /// Whether what is transcribed may be no voice at all.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.dictation.as_ref().is_some_and(|it| it.doubtful)
    }

    /// Asks for the words so far, unless they are there or on their way. Answers the length of the sound that was
    /// handed over for it.
    pub(crate) fn transcribe(&mut self, out: &mut Vec<Output>) -> Option<Duration> {
        let voiced = self.voiced;
        let dictation = self.dictation.as_mut()?;
        let is_current = dictation.covered == voiced;
        if dictation.failed
            || (is_current && (dictation.pending.is_some() || dictation.text.is_some()))
        {
            return None;
        }
        dictation.covered = voiced;
        dictation.flush(out);
        Some(dictation.length)
    }

    /// Forgets the words, so that they can be asked for anew.
    pub(crate) fn unread(&mut self) {
        self.dictation.iter_mut().for_each(|it| it.text = None);
    }

    /// Whether this transcript is waited for, and what it covers was certainly speech: there must be words in it.
    pub(crate) fn wants_words(&self, flush: u32) -> bool {
        self.dictation.as_ref().is_some_and(|dictation| {
            let voiced = dictation.covered.saturating_sub(dictation.before);
            dictation.pending == Some(flush) && voiced >= SPEECH_FRAMES
        })
    }

    /// There was no word in what was certainly speech.
    pub(crate) fn note_wordless(&mut self) {
        if let Some(dictation) = &mut self.dictation {
            dictation.wordless = true;
        }
    }

    /// Whether nothing was understood, and the caller's voice may be the reason: most of it was weak.
    pub(crate) fn was_too_weak(&self) -> bool {
        self.dictation.as_ref().is_some_and(|dictation| {
            let voiced = self.voiced.saturating_sub(dictation.before);
            let loud = self.loud.saturating_sub(dictation.loud_before);
            dictation.wordless && loud * 2 < voiced
        })
    }

    /// Takes a transcript. Answers whether it is the one waited for.
    pub(crate) fn read(&mut self, flush: u32, text: String) -> bool {
        let Some(dictation) = &mut self.dictation else {
            return false;
        };
        if dictation.pending != Some(flush) {
            return false;
        }
        dictation.pending = None;
        dictation.text = Some(text);
        true
    }

    /// Takes words that nobody asked for as if they had been.
    pub(crate) fn adopt(&mut self, text: &str) {
        let voiced = self.voiced;
        if let Some(dictation) = self.dictation.as_mut().filter(|_| !text.is_empty()) {
            dictation.covered = voiced;
            dictation.pending = None;
            dictation.text = Some(text.to_owned());
        }
    }

    /// The words, if they are there and cover all that the caller said.
    pub(crate) fn text(&self) -> Option<&str> {
        let dictation = self.dictation.as_ref()?;
        let is_current = dictation.covered == self.voiced && dictation.pending.is_none();
        dictation.text.as_deref().filter(|_| is_current)
    }

    /// Whether there is an utterance whose words nobody took yet.
    pub(crate) fn is_open(&self) -> bool {
        self.dictation.is_some()
    }

    /// Whether the transcription failed for good.
    pub(crate) fn has_failed(&self) -> bool {
        self.dictation
            .as_ref()
            .is_some_and(|dictation| dictation.failed)
    }

    /// The request failed. Answers whether it is worth another try.
    pub(crate) fn fail(&mut self, may_retry: bool) -> bool {
        let Some(dictation) = &mut self.dictation else {
            return false;
        };
        let again = may_retry && dictation.attempts < 2;
        dictation.failed = !again;
        again
    }

    /// The request to cancel before another try.
    pub(crate) fn request(&self) -> Option<RequestId> {
        self.dictation.as_ref().map(|dictation| dictation.id)
    }

    /// Asks once more, with all that was fed so far.
    pub(crate) fn retry(&mut self, id: RequestId, out: &mut Vec<Output>) -> Option<Duration> {
        let dictation = self.dictation.as_mut()?;
        dictation.id = id;
        dictation.attempts += 1;
        dictation.ask(out);
        dictation.pending.take()?;
        dictation.flush(out);
        Some(dictation.length)
    }

    /// Drops the transcription.
    pub(crate) fn close(&mut self, out: &mut Vec<Output>) {
        if let Some(dictation) = self.dictation.take()
            && !dictation.failed
        {
            out.push(Output::Cancel(dictation.id));
        }
    }
}
