//! The journal: what a call cannot afford to forget.

use serde::de::IgnoredAny;
use serde::{Deserialize, Deserializer, Serialize};

use crate::config::Config;
use crate::input::Answerer;
use crate::order::Order;
use crate::provider::ToolCall;
use crate::time::Instant;

/// One line of the journal. [`Call::resume`](crate::Call::resume) goes on from any prefix of them.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Record {
    /// The call was opened. Always first.
    Begun {
        /// The bot, as it was then.
        config: Box<Config>,
    },
    /// A stream was opened.
    Connected {
        /// When.
        at: Instant,
    },
    /// A turn of the caller.
    Caller {
        /// What was understood.
        text: String,
        /// When the caller began to speak.
        began: Instant,
        /// When the caller stopped.
        ended: Instant,
    },
    /// The bot has begun, or goes on, to say this. Until [`Record::Replied`] it counts as said only as far as
    /// [`Record::Heard`] says.
    Saying {
        /// The next sentences of the reply.
        text: String,
    },
    /// How much of the sentences of the current reply was heard.
    Heard {
        /// In characters, over all of them.
        chars: usize,
    },
    /// The reply is over.
    Replied {
        /// What the caller heard of it.
        text: String,
        /// When it became audible; none if nothing was heard.
        began: Option<Instant>,
        /// When it ended.
        ended: Instant,
        /// Whether the caller cut it off.
        interrupted: bool,
        /// How long the caller waited for it.
        timing: Option<Timing>,
    },
    /// The model wants this done: work ([`ToolCall::Custom`]) now, anything else once the current reply is heard.
    Tool(ToolCall),
    /// What came of work.
    Result {
        /// Names the [`ToolCall::Custom`].
        id: String,
        /// For the model to read.
        text: String,
        /// Whether it was done, as far as is known.
        done: bool,
        /// When.
        at: Instant,
    },
    /// Who or what answered.
    Answered {
        /// Who.
        answerer: Answerer,
        /// When it was known.
        at: Instant,
    },
    /// Somebody outside wanted this.
    Ordered {
        /// What.
        order: Order,
        /// When.
        at: Instant,
    },
    /// Something worth knowing.
    Note {
        /// What.
        note: Note,
        /// When.
        at: Instant,
    },
    /// Only in journals of earlier versions.
    Used(Obsolete),
    /// The call is over. Always last.
    Ended {
        /// Why.
        reason: EndReason,
        /// When.
        at: Instant,
    },
    /// To be done once the reply that [`Record::Saying`] tells of was heard. [`Record::Replied`] settles it: what is
    /// done then has lines of its own.
    Next(Next),
}

/// What follows a reply.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Next {
    /// The bot hangs up.
    HangUp(EndReason),
    /// The bot hands the caller over.
    Transfer {
        /// Number or address.
        to: String,
    },
    /// Keys are pressed towards the far end.
    SendKeys {
        /// `0`–`9`, `*`, `#`, and `w` for half a second.
        keys: String,
    },
}

/// Who speaks.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// The caller.
    Caller,
    /// The bot.
    Bot,
}

/// A turn, as the other side heard it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Said<'a> {
    /// Whose turn.
    pub side: Side,
    /// The words.
    pub text: &'a str,
    /// When it began.
    pub began: Instant,
    /// When it ended.
    pub ended: Instant,
    /// Whether the other side cut it off.
    pub interrupted: bool,
    /// How long the caller waited for it, if it is a reply.
    pub timing: Option<Timing>,
}

impl Record {
    /// The turn that this line tells of. Of what nobody heard there is none.
    #[must_use]
    pub fn said(&self) -> Option<Said<'_>> {
        match self {
            Self::Caller { text, began, ended } => Some(Said {
                side: Side::Caller,
                text,
                began: *began,
                ended: *ended,
                interrupted: false,
                timing: None,
            }),
            // A reply that was taken up from the journal has no beginning of its own until more of it sounds.
            Self::Replied {
                text,
                began,
                ended,
                interrupted,
                timing,
            } if !text.is_empty() => Some(Said {
                side: Side::Bot,
                text,
                began: began.unwrap_or(*ended),
                ended: *ended,
                interrupted: *interrupted,
                timing: *timing,
            }),
            Self::Replied { .. }
            | Self::Begun { .. }
            | Self::Connected { .. }
            | Self::Saying { .. }
            | Self::Heard { .. }
            | Self::Tool(_)
            | Self::Result { .. }
            | Self::Answered { .. }
            | Self::Ordered { .. }
            | Self::Note { .. }
            | Self::Used(_)
            | Self::Next(_)
            | Self::Ended { .. } => None,
        }
    }
}

/// How long the caller waited for a reply, each in milliseconds after the end of speech.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Timing {
    /// To the decision that the turn is over.
    pub decided_ms: u32,
    /// To the caller's words; less than `decided_ms` if they were drafted.
    pub text_ms: u32,
    /// To the first words of the reply.
    pub words_ms: u32,
    /// To its first sound.
    pub sound_ms: u32,
}

/// Something worth knowing.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Note {
    /// The caller spoke into the reply, which stopped.
    BargeIn,
    /// It was no interruption: the reply went on.
    ReplyResumed,
    /// A draft was thrown away because the caller went on.
    DraftDropped,
    /// The caller was silent for long.
    Idle,
    /// A provider failed once and was asked again.
    Retried(crate::Stage, crate::Failure),
    /// A provider failed twice.
    GaveUp(crate::Stage, crate::Failure),
    /// The answer was slow; a filler was said.
    Slow,
    /// The stream broke.
    Dropped,
    /// The caller's turn had no words.
    NoWords,
    /// The caller asked for a moment.
    Holding,
    /// A call screener asked who is calling.
    Screened,
}

/// What journals of earlier versions hold and nobody reads any more: the shell tells what was used, since it alone knows
/// of whom.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize)]
pub struct Obsolete;

impl<'de> Deserialize<'de> for Obsolete {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // A tape does not describe itself: there nothing can be passed over, and nothing is written.
        if deserializer.is_human_readable() {
            IgnoredAny::deserialize(deserializer)?;
        }
        Ok(Self)
    }
}

/// Why a call ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum EndReason {
    /// The caller hung up, or the carrier did.
    CallerLeft,
    /// The bot said goodbye.
    BotLeft,
    /// The bot handed the caller over.
    Transferred,
    /// Nobody spoke.
    Idle,
    /// The longest duration was reached.
    TooLong,
    /// Providers failed and there was nobody to hand over to.
    Failed,
    /// The stream went away and no other came.
    Lost,
    /// Somebody outside hung up.
    Ordered,
    /// A cap was reached.
    Capped,
    /// A machine had answered.
    Machine,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_before_a_crash_is_a_turn_though_nothing_more_of_it_sounds() {
        let replied = |text: &str| Record::Replied {
            text: text.to_owned(),
            began: None,
            ended: Instant::from_ms(9_000),
            interrupted: true,
            timing: None,
        };
        let heard = replied("We have a garden.");
        let said = heard.said().map(|said| (said.text, said.began));
        assert_eq!(said, Some(("We have a garden.", Instant::from_ms(9_000))));
        assert_eq!(replied("").said(), None);
    }
}
