//! What it means that a wait has ended.

use std::time::Duration;

use crate::call::Call;
use crate::output::Output;
use crate::provider::{Failure, Stage, ToolCall};
use crate::record::Note;
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

/// A sound in the last moment of a silence may be the first of the next word: it is heard a little longer.
const STIRRING: Duration = Duration::from_millis(60);
/// But not longer than this in all: a noise may go on.
const STIRRING_MAX: Duration = Duration::from_millis(180);
/// So many half minutes of voice without a single pause are music, or a television.
const BREATHLESS_MAX: u32 = 4;

impl Call {
    /// What it means that a wait has ended.
    pub(crate) fn due(&mut self, now: Instant, timer: Timer, out: &mut Vec<Output>) -> Option<Cue> {
        match timer {
            Timer::Check => self.completed(now),
            Timer::Draft => Some(Cue::DraftDue),
            Timer::Silence if self.listen.is_stirring(now) && now < self.over_at() => {
                self.timers.set(Timer::Silence, now + STIRRING);
                None
            }
            Timer::Silence => Some(self.over(now)),
            Timer::Quiet => {
                self.listen.miss();
                Some(Cue::Pause)
            }
            Timer::Endless if self.turn == Turn::Voicemail => Some(self.beeped()),
            Timer::Endless => Some(self.breathless()),
            Timer::Keys => Some(self.keyed(now)),
            Timer::Listen => {
                out.extend(self.listen.request().map(Output::Cancel));
                self.listen_failed(now, Failure::Late)
            }
            Timer::Think => {
                out.extend(self.think.request().map(Output::Cancel));
                self.think_failed(now, Failure::Late)
            }
            Timer::Speak => {
                let id = self.speak.front()?;
                out.push(Output::Cancel(id));
                self.speak_failed(now, id, Failure::Late, out)
            }
            Timer::Slow if self.turn == Turn::Transcribing && self.holds_reply() => {
                self.note(now, Note::GaveUp(Stage::Listen, Failure::Late));
                Some(self.deaf())
            }
            Timer::Slow => Some(Cue::Slow),
            Timer::Job => self.job_late(now, out),
            Timer::Fill => self.fill_due(now),
            Timer::Next => self.next_asked(),
            Timer::Beep => Some(self.beeped()),
            Timer::Pump => {
                self.pump(now, out);
                None
            }
            Timer::Playout => {
                self.speak.played_all();
                self.pump(now, out);
                self.heard();
                None
            }
            Timer::Idle if self.idle_prompts >= self.config.idle_prompts_max => Some(Cue::IdleOut),
            Timer::Idle => Some(Cue::Idle),
            Timer::Leave => Some(Cue::Parting),
            Timer::Reconnect => Some(Cue::Lost),
            Timer::Duration => Some(Cue::TimeUp),
        }
    }

    /// When the turn is over, whatever stirs.
    fn over_at(&self) -> Instant {
        self.listen.voice_ended() + self.patience(self.listen.text()) + STIRRING_MAX
    }

    /// Half a minute of one voice without a pause. It is written down; but what goes on so is no caller.
    fn breathless(&mut self) -> Cue {
        self.breathless += 1;
        if self.breathless >= BREATHLESS_MAX {
            Cue::IdleOut
        } else {
            Cue::OverUnread
        }
    }

    fn over(&mut self, now: Instant) -> Cue {
        if self.listen.has_failed() {
            return self.deaf();
        }
        match self.listen.text().map(str::to_owned) {
            None => Cue::OverUnread,
            Some(text) if self.drafting => self.spot(now, &text).unwrap_or(Cue::Over),
            Some(text) => {
                // They were asked for while it was not yet clear that somebody spoke, and nobody has taken them since.
                if self.words.is_none() {
                    self.words = Some(self.words_of(now, &text));
                }
                self.verdict(now, &text)
            }
        }
    }

    /// The model wants work done, which it may a few times in a reply.
    fn work_wanted(&mut self, now: Instant) -> Option<Cue> {
        if !self.jobs.is_exhausted() {
            return Some(Cue::Work);
        }
        self.think.take_work();
        self.note(now, Note::GaveUp(Stage::Do, Failure::Busy));
        self.timers.set(Timer::Check, now);
        let is_mute = !self.speak.has_pieces() || self.filling;
        is_mute.then(|| self.failed())
    }

    fn completed(&mut self, now: Instant) -> Option<Cue> {
        let is_replying = matches!(self.turn, Turn::Replying | Turn::Leaving);
        if !is_replying || self.think.is_busy() {
            return None;
        }
        if self.turn == Turn::Replying {
            if self.think.has_work() {
                return self.work_wanted(now);
            }
            if self.jobs.is_awaited() {
                // Whoever has said something meanwhile does not wait for it too: what comes of it is news later.
                let is_heard = self.speak.has_pieces() && self.speak.is_complete();
                let has_spoken = self.listen.is_open() && !self.listen.is_speaking();
                return (is_heard && has_spoken).then_some(Cue::SaidUnread);
            }
        }
        if !self.speak.is_complete() {
            return None;
        }
        if self.turn == Turn::Replying && self.think.tool().is_none() && self.listen.is_open() {
            return Some(if self.listen.is_speaking() {
                Cue::SaidHearing
            } else {
                Cue::SaidUnread
            });
        }
        let spoke = self.speak.has_pieces();
        Some(match self.think.tool() {
            None | Some(ToolCall::Custom { .. }) => Cue::Said,
            Some(ToolCall::SendKeys { .. }) => Cue::PressKeys,
            Some(ToolCall::EndCall | ToolCall::Transfer { .. }) if spoke => Cue::Parting,
            Some(ToolCall::EndCall | ToolCall::Transfer { .. }) => Cue::PartingMute,
        })
    }
}
