//! The carrier: plays queued sound in virtual real time, sends marks back, forgets all of it on request.

use std::collections::VecDeque;

use audio::Clip;
use call::Mark;

use crate::voice;

/// A stretch of the bot's sound, as it was played.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// Number of the request for speech.
    pub request: u32,
    /// First millisecond of its sound.
    pub from_ms: u32,
    /// The millisecond after the last.
    pub to_ms: u32,
    /// When it began to play.
    pub at: u64,
}

impl Span {
    /// When it ends.
    #[must_use]
    pub fn end(&self) -> u64 {
        self.at + u64::from(self.to_ms - self.from_ms)
    }
}

#[derive(Clone, Copy, Debug)]
enum Queued {
    Sound(Span),
    Mark(Mark, u64),
}

/// One call's line.
#[derive(Debug, Default)]
pub struct Carrier {
    queue: VecDeque<Queued>,
    /// When the last queued sound will have been played.
    pub busy_until: u64,
    /// Whether there is a stream.
    pub connected: bool,
    /// How many streams there were.
    pub stream: u64,
    /// When the current one was opened.
    pub opened_at: u64,
    /// Everything that was played.
    pub heard: Vec<Span>,
    last_sound: Option<u64>,
}

impl Carrier {
    /// A stream is there.
    pub fn open(&mut self, now: u64) {
        self.connected = true;
        self.stream += 1;
        self.opened_at = now;
    }

    /// The stream is gone, and with it what was queued.
    pub fn close(&mut self, now: u64) {
        self.clear(now);
        self.connected = false;
    }

    /// Queues sound, which may be of several requests. None if it is no whole sound of the bot's.
    pub fn play(&mut self, now: u64, clip: &Clip) -> Option<Vec<Span>> {
        let mut spans = Vec::new();
        for (request, from_ms, to_ms) in voice::bot_spans(clip.bytes())? {
            let span = Span {
                request,
                from_ms,
                to_ms,
                at: self.busy_until.max(now),
            };
            self.busy_until = span.end();
            self.queue.push_back(Queued::Sound(span));
            spans.push(span);
        }
        Some(spans)
    }

    /// Queues a mark. Answers when it is due.
    pub fn mark(&mut self, now: u64, mark: Mark) -> u64 {
        let due = self.busy_until.max(now);
        self.queue.push_back(Queued::Mark(mark, due));
        due
    }

    /// Plays on until now. Answers the marks that were passed.
    pub fn advance(&mut self, now: u64) -> Vec<Mark> {
        let mut marks = Vec::new();
        while let Some(first) = self.queue.front().copied() {
            match first {
                Queued::Sound(span) if span.end() <= now => self.note(span),
                Queued::Mark(mark, due) if due <= now => marks.push(mark),
                Queued::Sound(_) | Queued::Mark(..) => break,
            }
            self.queue.pop_front();
        }
        marks
    }

    /// Forgets what is queued. Answers the marks that were pending, which are echoed as if played.
    pub fn clear(&mut self, now: u64) -> Vec<Mark> {
        let mut marks = self.advance(now);
        for queued in std::mem::take(&mut self.queue) {
            match queued {
                Queued::Sound(span) if span.at < now => {
                    let played = u32::try_from(now - span.at).unwrap_or(u32::MAX);
                    self.note(Span {
                        to_ms: span.from_ms + played,
                        ..span
                    });
                }
                Queued::Sound(_) => (),
                Queued::Mark(mark, _) => marks.push(mark),
            }
        }
        self.busy_until = self.busy_until.min(now);
        marks
    }

    fn note(&mut self, span: Span) {
        self.last_sound = self.last_sound.max(Some(span.end()));
        match self.heard.last_mut() {
            Some(last)
                if last.request == span.request
                    && last.to_ms == span.from_ms
                    && last.end() == span.at =>
            {
                last.to_ms = span.to_ms;
            }
            _ => self.heard.push(span),
        }
    }

    /// When the caller last heard something of the bot.
    #[must_use]
    pub fn last_heard(&self, now: u64) -> Option<u64> {
        let playing = self.queued().filter(|span| span.at < now);
        let last = playing.map(|span| span.end().min(now)).max();
        last.max(self.last_sound)
    }

    /// How far the sound of a request was heard, in milliseconds.
    #[must_use]
    pub fn heard_ms(&self, now: u64, request: u32) -> u32 {
        let played = |span: Span| {
            let ms = now.saturating_sub(span.at).min(span.end() - span.at);
            span.from_ms + u32::try_from(ms).unwrap_or(u32::MAX)
        };
        let queued = self.queued().filter(|span| span.at < now).map(|span| Span {
            to_ms: played(span),
            ..span
        });
        let heard = self.heard.iter().copied();
        heard
            .chain(queued)
            .filter(|span| span.request == request)
            .map(|span| span.to_ms)
            .max()
            .unwrap_or(0)
    }

    /// Whether the caller hears the bot.
    #[must_use]
    pub fn is_playing(&self, now: u64) -> bool {
        self.busy_until > now
    }

    /// What is queued or being played.
    pub fn queued(&self) -> impl Iterator<Item = Span> + '_ {
        self.queue.iter().filter_map(|queued| match queued {
            Queued::Sound(span) => Some(*span),
            Queued::Mark(..) => None,
        })
    }
}
