//! Speech that was made before is not asked for again, and the bot's set phrases are made before they are needed.
//!
//! | what | in this isolate's memory | in the bucket |
//! |---|---|---|
//! | set phrases: consent, greeting, idle prompt, apology, goodbye, fillers | yes | yes |
//! | a model's sentences, if they are short, complete and without numbers | yes | no: callers' words may be in them |
//!
//! When a call begins, the bucket is asked for the set phrases that memory does not have. Whoever needs one of them
//! meanwhile waits a moment for it; nobody waits for the bucket later. What it does not have either is made, one at a
//! time and while nobody else speaks, and stored. Only the first of those who speak counts: a fallback's voice is
//! another. What is kept proves itself; what does not is made anew.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Weak;
use std::time::Duration;

use audio::Clip;
use call::{Input, Instant, Reply, RequestId, Spent, Stage};
use contract::{Amount, CallId, Opening};
use providers::Runner;
use providers::phrase::{self, Manner, PhraseId};

use super::wait::later;
use super::work::{Asked, did};
use super::{Works, shelf};
use crate::settings;
use crate::web::Task;

/// How long a request waits for the bucket, at the beginning of a call: well below the time in which speech must come,
/// and about what making it anew takes.
const BUCKET_MAX: Duration = Duration::from_millis(400);
/// The ids of requests of our own; the engine's count milliseconds.
const OWN: u64 = 1 << 63;

/// The phrases of a call.
#[derive(Default)]
pub(super) struct Phrases {
    home: Option<Home>,
    manner: Option<Manner>,
    /// The bot's set phrases that may still have to be made, first needed first.
    set: VecDeque<String>,
    /// All of them.
    all: Vec<String>,
    /// The bucket is asked.
    search: Option<Task>,
    /// Ends the wait for it.
    patience: Option<Task>,
    /// Requests that wait for it.
    waiting: BTreeMap<RequestId, String>,
    /// Speech on its way to the engine, that may be worth keeping.
    taken: BTreeMap<RequestId, Taken>,
    /// The request of our own.
    own: Option<RequestId>,
    own_count: u64,
}

/// Where speech is kept beyond this isolate.
#[derive(Clone, Debug)]
pub(super) struct Home {
    pub(super) call: CallId,
    pub(super) url: String,
}

/// Speech on its way.
struct Taken {
    text: String,
    sound: Vec<u8>,
}

impl Phrases {
    /// Nothing of a request is wanted any more.
    pub(super) fn forget(&mut self, id: RequestId) {
        self.waiting.remove(&id);
        self.taken.remove(&id);
    }

    /// Nothing is wanted any more.
    pub(super) fn end(&mut self) {
        *self = Self::default();
    }

    fn id(&self, text: &str) -> Option<PhraseId> {
        Some(self.manner.as_ref()?.phrase(text))
    }

    fn is_set(&self, text: &str) -> bool {
        self.all.iter().any(|phrase| phrase == text)
    }
}

impl Works {
    /// A call begins, or goes on: looks for what its bot is going to say.
    pub(crate) fn prepare(&mut self, opening: &Opening) {
        let all = settings::phrases(opening);
        let home = (!opening.speech_url.is_empty()).then(|| Home {
            call: opening.call,
            url: opening.speech_url.clone(),
        });
        self.phrases = Phrases {
            home,
            manner: self.lineup.manner.clone(),
            set: all.iter().cloned().collect(),
            all,
            ..Phrases::default()
        };
        let phrases = &self.phrases;
        let missing: Vec<(PhraseId, String)> = phrases
            .all
            .iter()
            .filter_map(|text| Some((phrases.id(text)?, text.clone())))
            .filter(|(id, _)| !shelf::has(id))
            .collect();
        if let Some(home) = phrases.home.clone().filter(|_| !missing.is_empty()) {
            let line = Weak::clone(&self.line);
            let impatient = |works: &mut Self, now| works.stop_waiting(now);
            self.phrases.patience = Some(later(Weak::clone(&line), BUCKET_MAX, impatient));
            self.phrases.search = Some(shelf::search(line, home, missing));
        }
    }

    /// Answers with speech that was made before, or lets the request wait for it. False: it must be made.
    pub(super) fn recall(&mut self, id: RequestId, text: &str) -> bool {
        let Some(phrase) = self.phrases.id(text) else {
            return false;
        };
        if let Some(sound) = shelf::find(&phrase) {
            self.spoke_before(id, text, sound);
            return true;
        }
        let is_set = self.phrases.is_set(text);
        if is_set && self.phrases.patience.is_some() {
            self.phrases.waiting.insert(id, text.to_owned());
            return true;
        }
        if is_set || phrase::recurs(text) {
            self.phrases.taken.insert(
                id,
                Taken {
                    text: text.to_owned(),
                    sound: Vec::new(),
                },
            );
        }
        false
    }

    fn spoke_before(&mut self, id: RequestId, text: &str, sound: Clip) {
        let replies = [Reply::Audio(sound), Reply::Done(Spent::default())];
        self.inputs
            .extend(replies.map(|reply| Input::Reply(id, reply)));
        let amount = Amount {
            cached_chars: u64::try_from(text.chars().count()).unwrap_or(u64::MAX),
            ..Amount::default()
        };
        let first = self.lineup.speak.first();
        self.remarks
            .extend(first.and_then(|first| did(&first.post.who, amount)));
    }

    /// The bucket had this phrase.
    pub(super) fn found(&mut self, phrase: PhraseId, sound: Clip) {
        shelf::keep(phrase, sound);
        let phrases = &mut self.phrases;
        let Some(manner) = &phrases.manner else {
            return;
        };
        let is_it = |text: &String| manner.phrase(text) == phrase;
        let served: Vec<_> = phrases
            .waiting
            .extract_if(.., |_, text| is_it(text))
            .collect();
        for (id, text) in served {
            if let Some(sound) = shelf::find(&phrase) {
                self.spoke_before(id, &text, sound);
            }
        }
    }

    /// The bucket has said all that it has to say.
    pub(super) fn searched(&mut self, now: Instant) {
        self.phrases.search = None;
        self.stop_waiting(now);
        self.prepare_next(now);
    }

    /// Whoever still waits for the bucket waits no longer.
    fn stop_waiting(&mut self, now: Instant) {
        self.phrases.patience = None;
        for (id, text) in std::mem::take(&mut self.phrases.waiting) {
            if !self.recall(id, &text) {
                self.begin(now, id, Asked::Speak(text), usize::MAX);
            }
        }
    }

    /// Hands a reply in, and keeps what is worth it.
    pub(super) fn pass(&mut self, now: Instant, id: RequestId, runner: Runner, reply: Reply) {
        let is_end = matches!(reply, Reply::Done(_) | Reply::Failed(_));
        let is_failure = matches!(reply, Reply::Failed(_));
        self.overhear(id, runner, &reply);
        if id.0 & OWN == 0 {
            self.inputs.push_back(Input::Reply(id, reply));
        } else if is_end {
            self.phrases.own = None;
            if is_failure {
                // Who cannot speak now is not asked for what nobody waits for.
                self.phrases.set.clear();
            }
        }
        if is_end {
            self.prepare_next(now);
        }
    }

    fn overhear(&mut self, id: RequestId, runner: Runner, reply: &Reply) {
        let Some(taken) = self.phrases.taken.get_mut(&id) else {
            return;
        };
        match reply {
            Reply::Audio(clip) if runner == 0 => taken.sound.extend_from_slice(clip.bytes()),
            Reply::Done(_) => {
                if let Some(Taken { text, sound }) = self.phrases.taken.remove(&id) {
                    self.keep(&text, &Clip::from(sound));
                }
            }
            Reply::Audio(_)
            | Reply::Failed(_)
            | Reply::Transcript { .. }
            | Reply::Words(_)
            | Reply::Tool(_)
            | Reply::Result(_)
            | Reply::Hint { .. } => self.phrases.forget(id),
        }
    }

    fn keep(&self, text: &str, sound: &Clip) {
        let Some(id) = self.phrases.id(text) else {
            return;
        };
        if !phrase::is_plausible(text, sound) {
            return;
        }
        shelf::keep(id, sound.clone());
        if let Some(home) = self.phrases.home.clone()
            && self.phrases.is_set(text)
        {
            shelf::store(Weak::clone(&self.line), home, id, sound);
        }
    }

    /// Makes the next set phrase that nobody has, if nobody speaks or waits.
    fn prepare_next(&mut self, now: Instant) {
        let speaks = |work: &super::Work| work.stage() == Stage::Speak && !work.race.is_over();
        let is_busy = self.under_way.values().any(speaks);
        if is_busy || self.phrases.own.is_some() || self.phrases.search.is_some() {
            return;
        }
        while let Some(text) = self.phrases.set.pop_front() {
            let is_there = self.phrases.id(&text).is_none_or(|id| shelf::has(&id));
            if is_there {
                continue;
            }
            self.phrases.own_count += 1;
            let id = RequestId(OWN | self.phrases.own_count);
            self.phrases.own = Some(id);
            let taken = Taken {
                text: text.clone(),
                sound: Vec::new(),
            };
            self.phrases.taken.insert(id, taken);
            self.begin(now, id, Asked::Speak(text), 1);
            return;
        }
    }
}
