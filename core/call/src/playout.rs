//! Sound on its way through the carrier to the caller's ear.

use std::collections::VecDeque;
use std::time::Duration;

use audio::Clip;

use crate::config::Delivery;
use crate::output::{Mark, Output};
use crate::time::Instant;

/// Distance of marks: what the caller heard is known this exactly.
const MARK_EVERY: Duration = Duration::from_millis(240);
/// How much of a stream's sound may lie at the carrier: enough for a hiccup of the network, little to take back.
const LEAD: Duration = Duration::from_millis(1_200);

/// The sound of one reply.
#[derive(Debug, Default)]
pub(crate) struct Playout {
    /// Sound that can be played, in order.
    pending: VecDeque<Chunk>,
    /// Sound at the carrier that has not been heard yet.
    sent: VecDeque<Sent>,
    /// Whether sound may go to the carrier.
    open: bool,
    delivery: Delivery,
    mark: Mark,
    since_mark: Duration,
    /// When all sound at the carrier will have been played.
    end: Instant,
    began: Option<Instant>,
    /// Whether it is known by how much it became audible later than it was handed over.
    is_timed: bool,
}

/// Some sound of a sentence.
#[derive(Debug)]
pub(crate) struct Chunk {
    /// Which sentence.
    pub(crate) piece: usize,
    pub(crate) clip: Clip,
}

#[derive(Debug)]
struct Sent {
    chunk: Chunk,
    mark: Option<Mark>,
}

impl Playout {
    /// An engine that was resumed: no mark may repeat.
    pub(crate) fn resumed(now: Instant, delivery: Delivery) -> Self {
        let mark = Mark {
            generation: now.as_ms(),
            number: 0,
        };
        Self {
            delivery,
            mark,
            ..Self::default()
        }
    }

    /// For the next reply, once this one is cleared.
    pub(crate) fn next(&self) -> Self {
        Self {
            delivery: self.delivery,
            mark: self.mark,
            end: self.end,
            since_mark: self.since_mark,
            ..Self::default()
        }
    }

    /// Adds sound.
    pub(crate) fn push(&mut self, chunk: Chunk) {
        self.pending.push_back(chunk);
    }

    /// Whether sound is going to the carrier, or lies there.
    pub(crate) fn is_audible(&self, now: Instant) -> bool {
        !self.sent.is_empty() || now < self.end
    }

    /// Whether everything was played and heard.
    pub(crate) fn is_complete(&self) -> bool {
        self.pending.is_empty() && self.sent.is_empty()
    }

    /// When it became audible.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.began
    }

    /// Whether something of it can have been heard: of a file, once the carrier knows of it.
    pub(crate) fn has_sounded(&self) -> bool {
        self.began.is_some() && (self.delivery == Delivery::Stream || self.is_timed)
    }

    /// When all sound at the carrier will have been played.
    pub(crate) fn end(&self) -> Instant {
        self.end
    }

    /// When the carrier can take more; none if there is no more, or it takes whatever there is.
    pub(crate) fn more_at(&self) -> Option<Instant> {
        let waits = self.open && !self.pending.is_empty() && self.delivery == Delivery::Stream;
        waits.then(|| self.end - LEAD.saturating_sub(MARK_EVERY))
    }

    /// What lies at the carrier will be heard so much later than computed.
    pub(crate) fn delay(&mut self, by: Duration) {
        self.end = self.end + by;
        if !std::mem::replace(&mut self.is_timed, true) {
            self.began = self.began.map(|began| began + by);
        }
    }

    /// Lets sound go to the carrier, or keeps it from there.
    pub(crate) fn set_open(&mut self, open: bool) {
        self.open = open;
    }

    /// Whether sound may go to the carrier.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Gives the carrier what it can take. The last sound of a sentence gets its mark at once, or nobody would learn
    /// that it was heard: `is_last` tells whether no more will come of a sentence.
    pub(crate) fn pump(
        &mut self,
        now: Instant,
        is_last: impl Fn(usize) -> bool,
        out: &mut Vec<Output>,
    ) {
        if !self.open {
            return;
        }
        while self.has_room(now) {
            // All sound up to the next mark goes in one message, however small the pieces are that it came in.
            let mut clips = Vec::new();
            while self.may_go(&is_last)
                && let Some(chunk) = self.next_chunk(MARK_EVERY.saturating_sub(self.since_mark))
            {
                self.since_mark += chunk.clip.duration();
                clips.push(chunk.clip.clone());
                self.sent.push_back(Sent { chunk, mark: None });
            }
            if clips.is_empty() {
                break;
            }
            let sound = joined(clips);
            self.began.get_or_insert(now);
            self.end = self.end.max(now) + sound.duration();
            out.push(Output::Play(sound));
            if self.since_mark >= MARK_EVERY {
                self.set_mark(out);
            }
        }
        let is_last_sent = |sent: &Sent| is_last(sent.chunk.piece);
        if !self.may_go(&is_last) && self.sent.back().is_some_and(is_last_sent) {
            self.set_mark(out);
        }
    }

    /// Whether the carrier can take more.
    fn has_room(&self, now: Instant) -> bool {
        match self.delivery {
            Delivery::Stream => self.end.since(now) < LEAD,
            Delivery::Files => true,
        }
    }

    /// Whether there is sound that can be handed over. A file is whole, or it does not go.
    fn may_go(&self, is_last: impl Fn(usize) -> bool) -> bool {
        let next = self.pending.front();
        next.is_some_and(|chunk| self.delivery == Delivery::Stream || is_last(chunk.piece))
    }

    fn set_mark(&mut self, out: &mut Vec<Output>) {
        if let Some(sent) = self.sent.back_mut()
            && sent.mark.is_none()
        {
            self.mark.number += 1;
            sent.mark = Some(self.mark);
            self.since_mark = Duration::ZERO;
            out.push(Output::Mark(self.mark));
        }
    }

    /// The next sound, at most `room` long.
    fn next_chunk(&mut self, room: Duration) -> Option<Chunk> {
        let room = audio::frame::samples_in(room);
        if room == 0 {
            return None;
        }
        let Chunk { piece, clip } = self.pending.pop_front()?;
        if clip.len() <= room {
            return Some(Chunk { piece, clip });
        }
        let (head, rest) = clip.split_at(room);
        self.pending.push_front(Chunk { piece, clip: rest });
        Some(Chunk { piece, clip: head })
    }

    /// The carrier has played everything before a mark: answers the sound that was heard. Marks of an earlier
    /// generation were cleared, not played.
    pub(crate) fn played(&mut self, mark: Mark) -> impl Iterator<Item = Chunk> {
        let is_ours = mark.generation == self.mark.generation && mark.number <= self.mark.number;
        let passed = |sent: &Sent| sent.mark.is_some_and(|at| at.number <= mark.number);
        let last = self.sent.iter().rposition(passed).filter(|_| is_ours);
        let heard = last.map_or(0, |last| last + 1);
        self.sent.drain(..heard).map(|sent| sent.chunk)
    }

    /// All sound at the carrier must have been heard by now, whatever became of its marks.
    pub(crate) fn played_all(&mut self) -> impl Iterator<Item = Chunk> {
        self.sent.drain(..).map(|sent| sent.chunk)
    }

    /// Stops the sound and keeps it, from the last mark that was heard.
    pub(crate) fn hold(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.open = false;
        self.clear(now, out);
        while let Some(sent) = self.sent.pop_back() {
            self.pending.push_front(sent.chunk);
        }
    }

    /// Makes the carrier forget what it has.
    pub(crate) fn clear(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.is_audible(now) {
            out.push(Output::Clear);
            self.mark.generation += 1;
            self.end = now;
            self.since_mark = Duration::ZERO;
        }
    }
}

/// Clips as one; a single one is not copied.
fn joined(mut clips: Vec<Clip>) -> Clip {
    if clips.len() == 1 {
        return clips.swap_remove(0);
    }
    let bytes: Vec<u8> = clips.iter().flat_map(Clip::bytes).copied().collect();
    Clip::from(bytes)
}
