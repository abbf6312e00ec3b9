//! Speaking a reply: sentence by sentence to text-to-speech, its sound to the carrier, and what came of it to the
//! caller's ear.

use std::time::Duration;

use audio::Clip;

use crate::config::Delivery;
use crate::output::{Mark, Output};
use crate::piece::{Piece, State};
use crate::playout::{Chunk, Playout};
use crate::provider::{Request, RequestId};
use crate::time::Instant;

/// Sentences at text-to-speech at once: the next is made while the first arrives.
const ASKED_MAX: usize = 2;

/// One reply as it is spoken.
#[derive(Debug, Default)]
pub(crate) struct Speak {
    /// What was heard of this reply before the engine was resumed.
    prior: String,
    pieces: Vec<Piece>,
    playout: Playout,
}

/// What is lost by a failure of text-to-speech.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Loss {
    /// Nothing: all of the sentence was there.
    None,
    /// The sentence, or what is left of it: another try is worth it.
    Retry,
    /// The same, and another try is not.
    Sentence,
}

impl Speak {
    /// An engine that was resumed: no mark may repeat, and `prior` was heard already.
    pub(crate) fn resumed(now: Instant, delivery: Delivery, prior: String) -> Self {
        Self {
            prior,
            playout: Playout::resumed(now, delivery),
            ..Self::default()
        }
    }

    /// Adds a sentence to the reply.
    pub(crate) fn say(&mut self, text: String) {
        self.pieces.push(Piece::new(text));
    }

    /// Asks for the sound of as many sentences as may be made at once. Answers the characters asked for.
    pub(crate) fn ask(&mut self, mut id: impl FnMut() -> RequestId, out: &mut Vec<Output>) {
        let is_busy = |piece: &&Piece| matches!(piece.state, State::Asked(_));
        let busy = self.pieces.iter().filter(is_busy).count();
        let waiting = self
            .pieces
            .iter_mut()
            .filter(|piece| piece.state == State::Waiting);
        for piece in waiting.take(ASKED_MAX.saturating_sub(busy)) {
            let id = id();
            piece.state = State::Asked(id);
            piece.attempts += 1;
            let text = piece.text.clone();
            out.push(Output::Ask(id, Request::Speak { text }));
        }
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

    fn asked_mut(&mut self, id: RequestId) -> Option<&mut Piece> {
        self.pieces
            .iter_mut()
            .find(|piece| piece.state == State::Asked(id))
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
        if clip.is_empty() {
            return;
        }
        piece.length += clip.duration();
        if at == first {
            self.playout.push(Chunk { piece: at, clip });
        } else {
            piece.early.push(clip);
        }
    }

    /// A sentence's sound is complete. Answers whether it can be that sentence.
    pub(crate) fn done(&mut self, id: RequestId) -> bool {
        let before = self.first_unfinished();
        let Some(piece) = self.asked_mut(id).filter(|piece| piece.is_plausible()) else {
            return false;
        };
        piece.state = State::Done;
        self.move_up(before);
        true
    }

    /// Sound that came early is now in its place.
    fn move_up(&mut self, before: usize) {
        let after = self.first_unfinished();
        for (index, piece) in self
            .pieces
            .iter_mut()
            .enumerate()
            .skip(before + 1)
            .take(after - before)
        {
            for clip in piece.early.drain(..) {
                self.playout.push(Chunk { piece: index, clip });
            }
        }
    }

    /// A sentence's sound will not come, or no more of it.
    pub(crate) fn fail(&mut self, id: RequestId, may_retry: bool) -> Loss {
        let before = self.first_unfinished();
        let Some(at) = self.piece(id) else {
            return Loss::None;
        };
        let Some(piece) = self.pieces.get_mut(at) else {
            return Loss::None;
        };
        let attempts = piece.attempts;
        if piece.length.is_zero() {
            piece.state = State::Waiting;
        } else {
            let rest = piece.break_off();
            let is_complete = rest.is_none();
            // No sound of a later sentence has left its place yet, hence none refers to a place that moves.
            if let Some(rest) = rest {
                self.pieces.insert(at + 1, rest);
            }
            self.move_up(before);
            if is_complete {
                return Loss::None;
            }
        }
        if may_retry && attempts < 2 {
            Loss::Retry
        } else {
            Loss::Sentence
        }
    }

    /// Whether sound is going to the carrier, or lies there.
    pub(crate) fn is_audible(&self, now: Instant) -> bool {
        self.playout.is_audible(now)
    }

    /// Whether the reply is held back although something of it exists.
    pub(crate) fn is_held(&self) -> bool {
        !self.is_open() && self.has_pieces()
    }

    /// Whether anything is to be said.
    pub(crate) fn has_pieces(&self) -> bool {
        !self.pieces.is_empty()
    }

    /// Whether everything was made, played and heard.
    pub(crate) fn is_complete(&self) -> bool {
        self.first_unfinished() == self.pieces.len() && self.playout.is_complete()
    }

    /// When it became audible.
    pub(crate) fn began(&self) -> Option<Instant> {
        self.playout.began()
    }

    /// Whether something of it can have been heard.
    pub(crate) fn has_sounded(&self) -> bool {
        self.playout.has_sounded()
    }

    /// When all sound at the carrier will have been played.
    pub(crate) fn playout_end(&self) -> Instant {
        self.playout.end()
    }

    /// When the carrier can take more; none if there is no more.
    pub(crate) fn more_at(&self) -> Option<Instant> {
        self.playout.more_at()
    }

    /// Lets sound go to the carrier.
    pub(crate) fn open(&mut self) {
        self.playout.set_open(true);
    }

    /// Whether sound may go to the carrier.
    pub(crate) fn is_open(&self) -> bool {
        self.playout.is_open()
    }

    /// Keeps sound from the carrier.
    pub(crate) fn shut(&mut self) {
        self.playout.set_open(false);
    }

    /// Gives the carrier what it can take.
    pub(crate) fn pump(&mut self, now: Instant, out: &mut Vec<Output>) {
        let pieces = &self.pieces;
        let is_done = |at| {
            pieces
                .get(at)
                .is_some_and(|piece: &Piece| piece.state == State::Done)
        };
        self.playout.pump(now, is_done, out);
    }

    /// The carrier has played everything before a mark. Answers whether that is news.
    pub(crate) fn played(&mut self, mark: Mark) -> bool {
        let mut heard = self.playout.played(mark).peekable();
        let is_news = heard.peek().is_some();
        Self::add_heard(&mut self.pieces, heard);
        is_news
    }

    /// What lies at the carrier will be heard so much later than computed.
    pub(crate) fn delay(&mut self, by: Duration) {
        self.playout.delay(by);
    }

    /// All sound at the carrier must have been heard by now, whatever became of its marks.
    pub(crate) fn played_all(&mut self) {
        let heard = self.playout.played_all();
        Self::add_heard(&mut self.pieces, heard);
    }

    fn add_heard(pieces: &mut [Piece], heard: impl Iterator<Item = Chunk>) {
        for chunk in heard {
            if let Some(piece) = pieces.get_mut(chunk.piece) {
                piece.heard += chunk.clip.duration();
            }
        }
    }

    /// Stops the sound and keeps the reply, from the last mark that was heard.
    pub(crate) fn hold(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.playout.hold(now, out);
    }

    /// Ends the reply where it is.
    pub(crate) fn abandon(&mut self, now: Instant, out: &mut Vec<Output>) {
        self.playout.clear(now, out);
        out.extend(self.pieces.iter().filter_map(|piece| match piece.state {
            State::Asked(id) => Some(Output::Cancel(id)),
            State::Waiting | State::Done => None,
        }));
        *self = Self {
            playout: self.playout.next(),
            ..Self::default()
        };
    }

    /// The sentences of the reply.
    pub(crate) fn texts(&self) -> Vec<String> {
        let texts = self.pieces.iter().map(|piece| piece.text.clone());
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// All of the reply, with what was heard of it before the engine was resumed.
    pub(crate) fn all_text(&self) -> String {
        let prior = Some(self.prior.clone()).filter(|prior| !prior.is_empty());
        let all: Vec<String> = prior.into_iter().chain(self.texts()).collect();
        all.join(" ")
    }

    /// How long the reply is, in characters.
    pub(crate) fn chars(&self) -> usize {
        let chars = self.pieces.iter().map(|piece| piece.text.chars().count());
        chars.sum()
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
        }
        heard
    }
}
