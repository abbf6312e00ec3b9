//! Speaking a reply: sentence by sentence to text-to-speech, its sound to the carrier, and what came of it to the
//! caller's ear.

use std::collections::VecDeque;
use std::time::Duration;

use audio::Clip;

use crate::output::{Mark, Output};
use crate::piece::{Piece, State};
use crate::provider::{Request, RequestId};
use crate::time::Instant;

/// Distance of marks: what the caller heard is known this exactly.
const MARK_EVERY: Duration = Duration::from_millis(240);
/// How much sound may lie at the carrier: enough for a hiccup of the network, little to take back.
const LEAD: Duration = Duration::from_millis(1_200);
/// Sentences at text-to-speech at once: the next is made while the first arrives.
const ASKED_MAX: usize = 2;

/// One reply as it is spoken.
#[derive(Debug, Default)]
pub(crate) struct Speak {
    /// What was heard of this reply before the engine was resumed.
    prior: String,
    pieces: Vec<Piece>,
    /// Sound that can be played, in order.
    pending: VecDeque<Chunk>,
    /// Sound at the carrier that has not been heard yet.
    sent: VecDeque<Sent>,
    /// Whether sound may go to the carrier.
    open: bool,
    mark: Mark,
    since_mark: Duration,
    /// When all sound at the carrier will have been played.
    playout_end: Instant,
    began: Option<Instant>,
}

/// What is lost by a failure of text-to-speech.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Loss {
    /// Nothing yet: another try is worth it.
    Retry,
    /// The end of a sentence whose beginning may have been heard; the reply goes on.
    Cut,
    /// A whole sentence.
    Sentence,
}

#[derive(Debug)]
struct Chunk {
    piece: usize,
    clip: Clip,
}

#[derive(Debug)]
struct Sent {
    chunk: Chunk,
    mark: Option<Mark>,
}

impl Speak {
    /// An engine that was resumed: no mark may repeat, and `prior` was heard already.
    pub(crate) fn resumed(now: Instant, prior: String) -> Self {
        let mark = Mark {
            generation: now.as_ms(),
            number: 0,
        };
        Self {
            prior,
            mark,
            ..Self::default()
        }
    }

    /// Adds a sentence to the reply.
    pub(crate) fn say(&mut self, text: String) {
        self.pieces.push(Piece::new(text));
    }

    /// Asks for the sound of as many sentences as may be made at once. Answers the characters asked for.
    pub(crate) fn ask(
        &mut self,
        mut id: impl FnMut() -> RequestId,
        out: &mut Vec<Output>,
    ) -> Vec<usize> {
        let mut asked = Vec::new();
        let mut busy = self
            .pieces
            .iter()
            .filter(|piece| matches!(piece.state, State::Asked(_)))
            .count();
        for piece in self
            .pieces
            .iter_mut()
            .filter(|piece| piece.state == State::Waiting)
        {
            if busy >= ASKED_MAX {
                break;
            }
            let id = id();
            piece.state = State::Asked(id);
            piece.attempts += 1;
            busy += 1;
            asked.push(piece.text.chars().count());
            out.push(Output::Ask(
                id,
                Request::Speak {
                    text: piece.text.clone(),
                },
            ));
        }
        asked
    }

    /// Whether this is the request of a sentence.
    pub(crate) fn owns(&self, id: RequestId) -> bool {
        self.piece(id).is_some()
    }

    /// The request that everything else waits for.
    pub(crate) fn front(&self) -> Option<RequestId> {
        self.pieces.iter().find_map(|piece| match piece.state {
            State::Asked(id) => Some(id),
            State::Waiting | State::Done => None,
        })
    }

    fn piece(&self, id: RequestId) -> Option<usize> {
        self.pieces
            .iter()
            .position(|piece| piece.state == State::Asked(id))
    }

    fn first_unfinished(&self) -> usize {
        self.pieces
            .iter()
            .position(|piece| piece.state != State::Done)
            .unwrap_or(self.pieces.len())
    }

    /// Takes sound.
    pub(crate) fn audio(&mut self, id: RequestId, clip: Clip) {
        let first = self.first_unfinished();
        let Some(at) = self.piece(id) else { return };
        let Some(piece) = self.pieces.get_mut(at) else {
            return;
        };
        piece.length += clip.duration();
        if at == first {
            self.pending.push_back(Chunk { piece: at, clip });
        } else {
            piece.early.push(clip);
        }
    }

    /// A sentence's sound is complete.
    pub(crate) fn done(&mut self, id: RequestId) {
        let Some(at) = self.piece(id) else { return };
        let before = self.first_unfinished();
        if let Some(piece) = self.pieces.get_mut(at) {
            piece.state = State::Done;
        }
        // Sound that came early is now in its place.
        let after = self.first_unfinished();
        for (index, piece) in self
            .pieces
            .iter_mut()
            .enumerate()
            .skip(before + 1)
            .take(after - before)
        {
            for clip in piece.early.drain(..) {
                self.pending.push_back(Chunk { piece: index, clip });
            }
        }
    }

    /// A sentence's sound will not come.
    pub(crate) fn fail(&mut self, id: RequestId, may_retry: bool) -> Loss {
        let Some(at) = self.piece(id) else {
            return Loss::Cut;
        };
        let Some(piece) = self.pieces.get_mut(at) else {
            return Loss::Cut;
        };
        if !piece.length.is_zero() {
            self.done(id);
            return Loss::Cut;
        }
        piece.state = State::Waiting;
        if may_retry && piece.attempts < 2 {
            Loss::Retry
        } else {
            Loss::Sentence
        }
    }

    /// Whether sound is going to the carrier, or lies there.
    pub(crate) fn is_audible(&self, now: Instant) -> bool {
        !self.sent.is_empty() || now < self.playout_end
    }

    /// Whether the reply is held back although something of it exists.
    pub(crate) fn is_held(&self) -> bool {
        !self.open && self.has_pieces()
    }

    /// Whether anything is to be said.
    pub(crate) fn has_pieces(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// Whether everything was made, played and heard.
    pub(crate) fn is_complete(&self) -> bool {
        self.first_unfinished() == self.pieces.len()
            && self.pending.is_empty()
            && self.sent.is_empty()
    }

    /// When it became audible.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.began
    }

    /// When all sound at the carrier will have been played.
    pub(crate) fn playout_end(&self) -> Instant {
        self.playout_end
    }

    /// When the carrier can take more; none if there is no more.
    pub(crate) fn more_at(&self) -> Option<Instant> {
        (self.open && !self.pending.is_empty())
            .then(|| self.playout_end - LEAD.saturating_sub(MARK_EVERY))
    }

    /// Lets sound go to the carrier.
    pub(crate) fn open(&mut self) {
        self.open = true;
    }

    /// Whether sound may go to the carrier.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// Keeps sound from the carrier.
    pub(crate) fn shut(&mut self) {
        self.open = false;
    }

    /// Gives the carrier what it can take.
    pub(crate) fn pump(&mut self, now: Instant, out: &mut Vec<Output>) {
        while self.open && self.playout_end.since(now) < LEAD {
            let Some(chunk) = self.next_chunk(MARK_EVERY.saturating_sub(self.since_mark)) else {
                break;
            };
            let length = chunk.clip.duration();
            self.began.get_or_insert(now);
            self.playout_end = self.playout_end.max(now) + length;
            self.since_mark += length;
            out.push(Output::Play(chunk.clip.clone()));
            self.sent.push_back(Sent { chunk, mark: None });
            if self.since_mark >= MARK_EVERY {
                self.set_mark(out);
            }
        }
        // The last sound of a sentence gets its mark at once, or nobody would learn that it was heard.
        let is_last = |sent: &Sent| {
            self.pieces
                .get(sent.chunk.piece)
                .is_some_and(|piece| piece.state == State::Done)
        };
        if self.open && self.pending.is_empty() && self.sent.back().is_some_and(is_last) {
            self.set_mark(out);
        }
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

    /// The next sound, at most `room` long, of one sentence, small clips joined to one.
    fn next_chunk(&mut self, room: Duration) -> Option<Chunk> {
        let room = audio::frame::samples_in(room);
        let Chunk { piece, clip } = self.pending.pop_front()?;
        if clip.len() > room {
            let (head, rest) = clip.split_at(room);
            self.pending.push_front(Chunk { piece, clip: rest });
            return Some(Chunk { piece, clip: head });
        }
        let fits =
            |next: &Chunk, length: usize| next.piece == piece && length + next.clip.len() <= room;
        if !self
            .pending
            .front()
            .is_some_and(|next| fits(next, clip.len()))
        {
            return Some(Chunk { piece, clip });
        }
        let mut joined = clip.bytes().to_vec();
        while let Some(next) = self.pending.pop_front_if(|next| fits(next, joined.len())) {
            joined.extend_from_slice(next.clip.bytes());
        }
        Some(Chunk {
            piece,
            clip: Clip::from(joined),
        })
    }

    /// The carrier has played everything before a mark. Marks of an earlier generation were cleared, not played.
    pub(crate) fn played(&mut self, mark: Mark) {
        if mark.generation != self.mark.generation || mark.number > self.mark.number {
            return;
        }
        let passed = |sent: &Sent| sent.mark.is_some_and(|at| at.number <= mark.number);
        let Some(last) = self.sent.iter().rposition(passed) else {
            return;
        };
        for sent in self.sent.drain(..=last) {
            if let Some(piece) = self.pieces.get_mut(sent.chunk.piece) {
                piece.heard += sent.chunk.clip.duration();
            }
        }
    }

    /// All sound at the carrier must have been heard by now, whatever became of its marks.
    pub(crate) fn played_all(&mut self) {
        self.set_mark(&mut Vec::new());
        self.played(self.mark);
    }

    /// Stops the sound and keeps the reply, from the last mark that was heard.
    pub(crate) fn hold(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.open = false;
        self.clear(now, out);
        while let Some(sent) = self.sent.pop_back() {
            self.pending.push_front(sent.chunk);
        }
    }

    /// Ends the reply where it is.
    pub(crate) fn abandon(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.clear(now, out);
        out.extend(self.pieces.iter().filter_map(|piece| match piece.state {
            State::Asked(id) => Some(Output::Cancel(id)),
            State::Waiting | State::Done => None,
        }));
        *self = Self {
            mark: self.mark,
            playout_end: self.playout_end,
            ..Self::default()
        };
    }

    fn clear(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.is_audible(now) {
            out.push(Output::Clear);
            self.mark.generation += 1;
            self.playout_end = now;
        }
        self.since_mark = Duration::ZERO;
    }

    /// The sentences of the reply.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.pieces.iter().map(|piece| piece.text.clone()).collect()
    }

    /// What the caller heard of the reply.
    pub(crate) fn heard_text(&self) -> String {
        let mut heard = self.prior.clone();
        for piece in &self.pieces {
            let part = piece.heard_text();
            if !part.is_empty() && !heard.is_empty() {
                heard.push(' ');
            }
            heard.push_str(part);
            if part.len() < piece.text.len() {
                break;
            }
        }
        heard
    }
}
