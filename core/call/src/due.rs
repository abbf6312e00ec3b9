//! What it means that a wait has ended.

use crate::call::Call;
use crate::output::Output;
use crate::provider::{Failure, Stage, ToolCall};
use crate::record::Note;
use crate::time::Instant;
use crate::timer::Timer;
use crate::turn::{Cue, Turn};

impl Call {
    /// What it means that a wait has ended.
    pub(crate) fn due(&mut self, now: Instant, timer: Timer, out: &mut Vec<Output>) -> Option<Cue> {
        match timer {
            Timer::Check => self.completed(),
            Timer::Draft => Some(Cue::DraftDue),
            Timer::Silence => Some(self.over()),
            Timer::Quiet => {
                self.listen.miss();
                Some(Cue::Pause)
            }
            Timer::Endless => Some(Cue::OverUnread),
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

    fn over(&mut self) -> Cue {
        if self.listen.has_failed() {
            return self.deaf();
        }
        match self.listen.text().map(str::to_owned) {
            None => Cue::OverUnread,
            Some(_) if self.drafting => Cue::Over,
            Some(text) => self.verdict(&text),
        }
    }

    fn completed(&mut self) -> Option<Cue> {
        let is_replying = matches!(self.turn, Turn::Replying | Turn::Leaving);
        if !is_replying || self.think.is_busy() || !self.speak.is_complete() {
            return None;
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
