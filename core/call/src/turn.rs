//! Whose turn it is: the whole policy, as one total function that can be printed.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most cues mean nothing in most turns; the table in tests/ shows every pair"
)]

use crate::record::EndReason;

/// An enumeration that can be listed, so that the table can be printed with nothing left out.
macro_rules! listed {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$what:meta])* $each:ident,)* }) => {
        $(#[$about])*
        pub enum $name { $($(#[$what])* $each,)* }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$each),*];
        }
    };
}

listed! {
/// Whose turn it is, named by what is waited for.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Turn {
    /// The first stream. Nothing can be heard yet; the greeting is prepared.
    Ringing,
    /// Anybody: nobody speaks.
    Waiting,
    /// The caller's pause: the caller speaks.
    Hearing,
    /// The end of the caller's turn: the caller has paused.
    Pausing,
    /// The words of a turn that is over.
    Transcribing,
    /// More keys.
    Keying,
    /// The end of our reply, which is thought and spoken at once.
    Replying,
    /// The end of our last words.
    Leaving,
    /// Another stream: the last one broke.
    Away,
    /// Nothing.
    Ended,
}
}

listed! {
/// What an input means for the conversation.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Cue {
    /// There is a stream, and something to say on it: the greeting, or the rest of a reply.
    Opened,
    /// There is a stream, and the caller has not been answered.
    OpenedOwing,
    /// There is a stream, and the caller's last words are not there yet.
    OpenedUnread,
    /// There is a stream, and nobody could write down the caller's last words.
    OpenedDeaf,
    /// There is a stream, and nothing to say.
    OpenedIdle,
    /// The stream broke.
    Dropped,
    /// The caller hung up.
    Stopped,
    /// No other stream came.
    Lost,
    /// The longest call is over.
    TimeUp,
    /// The caller speaks, and cannot hear us.
    Onset,
    /// The caller speaks into our sound, with what is a voice and no cough.
    BargeIn,
    /// The caller paused.
    Pause,
    /// The pause is long enough for a draft.
    DraftDue,
    /// Words were drafted that a reply can be prepared for.
    Drafted,
    /// The prepared reply failed.
    DraftFailed,
    /// The turn is over, and a reply to it is prepared.
    Over,
    /// The turn is over, its words are not there yet.
    OverUnread,
    /// The turn is over, and has words.
    Words,
    /// What was said into our reply has words, and ends it.
    Interrupted,
    /// What was said into our reply was no turn: a cough, a mm-hm.
    Murmur,
    /// The turn had no words.
    NoWords,
    /// A key was pressed.
    Key,
    /// All keys were pressed.
    Keyed,
    /// The next part of the reply can be spoken.
    Sentence,
    /// The caller heard the whole reply.
    Said,
    /// The caller heard the whole reply, and the model wants to leave.
    Parting,
    /// The caller heard the whole reply, and the model wants keys pressed.
    PressKeys,
    /// The model wants to leave without a word.
    PartingMute,
    /// The answer takes long.
    Slow,
    /// Nobody spoke for long.
    Idle,
    /// Nobody spoke for long, again and again.
    IdleOut,
    /// Speech-to-text failed for the first time.
    ListenStumbled,
    /// The language model failed for the first time.
    ThinkStumbled,
    /// Text-to-speech failed for the first time.
    SpeakStumbled,
    /// A provider failed for good, for the first turn in a row.
    Failed,
    /// A provider failed for good, for the second turn in a row.
    FailedAgain,
    /// Text-to-speech failed for good.
    Mute,
}
}

/// What is done about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Move {
    /// Open a transcription, from a little before the onset.
    Listen,
    /// Ask for the words so far, unless they are on their way.
    Transcribe,
    /// Drop the transcription.
    Forget,
    /// Put the caller's words into the history.
    TakeWords,
    /// Ask the model for a reply.
    Think,
    /// Ask the model for a reply to a draft; nothing of it may be heard.
    ThinkAhead,
    /// Drop the reply to a draft.
    DropDraft,
    /// The draft was right: put it into the history and let its reply be heard.
    Commit,
    /// Give the ready sentences to text-to-speech.
    Speak,
    /// Stop our sound, but keep the reply.
    Hold,
    /// Let the reply go on from the last mark that was heard.
    Resume,
    /// End the reply where the caller stopped hearing it.
    Yield,
    /// End the reply, all of which was heard.
    Conclude,
    /// Say the greeting.
    Greet,
    /// Ask whether the caller is still there.
    Prompt,
    /// Say sorry, instead of what was being said.
    Apologise,
    /// Say that it takes a moment.
    Fill,
    /// Say goodbye; then hang up.
    Goodbye(EndReason),
    /// Say sorry, instead of what was being said; then hand over to the fallback, or hang up.
    Fallback,
    /// Say what fits the model's wish to leave.
    Farewell,
    /// Ask speech-to-text once more.
    RetryListen,
    /// Ask the model once more.
    RetryThink,
    /// Ask text-to-speech once more.
    RetrySpeak,
    /// Hang up or hand over, as was decided before.
    Leave,
    /// Hang up or hand over; the carrier has to say why.
    LeaveMute,
    /// Have keys pressed.
    PressKeys,
    /// There is nobody any more.
    End(EndReason),
}

/// What follows from a cue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decision {
    /// Whose turn it is then.
    pub next: Turn,
    /// What is done, in this order.
    pub moves: &'static [Move],
}

/// The policy. Total: whatever happens in whatever turn, something sensible follows; most often nothing.
#[must_use]
pub fn decide(turn: Turn, cue: Cue) -> Decision {
    let (next, moves): Next = match turn {
        Turn::Ended => (Turn::Ended, &[]),
        _ => match cue {
            Cue::Stopped => (Turn::Ended, &[Move::End(EndReason::CallerLeft)]),
            Cue::Lost => (Turn::Ended, &[Move::End(EndReason::Lost)]),
            _ => match turn {
                Turn::Ringing => ringing(cue),
                Turn::Away => away(cue),
                Turn::Leaving => leaving(cue),
                _ => talking(turn, cue),
            },
        },
    };
    Decision { next, moves }
}

type Next = (Turn, &'static [Move]);

fn ringing(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Opened => (Turn::Replying, &[M::Greet]),
        Cue::OpenedIdle | Cue::OpenedOwing => (Turn::Waiting, &[]),
        Cue::SpeakStumbled => (Turn::Ringing, &[M::RetrySpeak]),
        Cue::Mute => (Turn::Ringing, &[M::Yield]),
        Cue::TimeUp => (Turn::Ended, &[M::End(EndReason::TooLong)]),
        _ => (Turn::Ringing, &[]),
    }
}

fn away(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Opened => (Turn::Replying, &[M::Forget, M::Resume]),
        Cue::OpenedOwing => (Turn::Replying, &[M::Think]),
        Cue::OpenedUnread => (Turn::Transcribing, &[M::Transcribe]),
        Cue::OpenedDeaf => (Turn::Replying, &[M::Forget, M::Apologise]),
        Cue::OpenedIdle => (Turn::Waiting, &[]),
        Cue::Words => (Turn::Away, &[M::TakeWords]),
        Cue::Interrupted => (Turn::Away, &[M::Yield, M::TakeWords]),
        Cue::Murmur | Cue::NoWords => (Turn::Away, &[M::Forget]),
        // The words that are on their way are answered anew on the next stream.
        Cue::Failed | Cue::FailedAgain | Cue::Mute => (Turn::Away, &[M::Yield]),
        Cue::TimeUp => (Turn::Ended, &[M::End(EndReason::TooLong)]),
        _ => (Turn::Away, provider(cue)),
    }
}

fn leaving(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Said | Cue::Parting | Cue::PartingMute | Cue::TimeUp | Cue::Dropped => {
            (Turn::Ended, &[M::Conclude, M::Leave])
        }
        Cue::SpeakStumbled => (Turn::Leaving, &[M::RetrySpeak]),
        Cue::Mute => (Turn::Ended, &[M::Yield, M::LeaveMute]),
        _ => (Turn::Leaving, &[]),
    }
}

/// While both are on the line.
fn talking(turn: Turn, cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Dropped if turn == Turn::Keying => (Turn::Away, &[M::TakeWords]),
        Cue::Dropped => (Turn::Away, &[M::DropDraft, M::Hold, M::Transcribe]),
        Cue::TimeUp => (
            Turn::Leaving,
            &[M::Forget, M::Yield, M::Goodbye(EndReason::TooLong)],
        ),
        // A reply that is held back is given up; nobody is cut off for it.
        Cue::Mute if turn == Turn::Hearing => (Turn::Hearing, &[M::Yield]),
        Cue::Mute => (Turn::Ended, &[M::Forget, M::Yield, M::LeaveMute]),
        Cue::Key if turn == Turn::Keying => (Turn::Keying, &[]),
        Cue::Key => (Turn::Keying, &[M::Forget, M::Yield]),
        _ => match turn {
            Turn::Waiting => waiting(cue),
            Turn::Hearing => hearing(cue),
            Turn::Pausing => pausing(cue),
            Turn::Transcribing => transcribing(cue),
            Turn::Keying => keying(cue),
            Turn::Replying => replying(cue),
            Turn::Ringing | Turn::Leaving | Turn::Away | Turn::Ended => (turn, &[]),
        },
    }
}

fn waiting(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Onset | Cue::BargeIn => (Turn::Hearing, &[M::Listen]),
        Cue::Idle => (Turn::Replying, &[M::Prompt]),
        Cue::IdleOut => (Turn::Leaving, &[M::Goodbye(EndReason::Idle)]),
        _ => (Turn::Waiting, &[]),
    }
}

fn hearing(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Pause => (Turn::Pausing, &[]),
        Cue::OverUnread => (Turn::Transcribing, &[M::Transcribe]),
        // What fails here is a reply that is held back; the caller has the floor and will get another.
        Cue::Failed | Cue::FailedAgain => (Turn::Hearing, &[M::Yield]),
        _ => (Turn::Hearing, provider(cue)),
    }
}

fn pausing(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Onset | Cue::BargeIn => (Turn::Hearing, &[M::DropDraft]),
        Cue::DraftDue => (Turn::Pausing, &[M::Transcribe]),
        Cue::Drafted => (Turn::Pausing, &[M::ThinkAhead]),
        Cue::DraftFailed => (Turn::Pausing, &[M::DropDraft]),
        Cue::Over => (Turn::Replying, &[M::Commit]),
        Cue::OverUnread => (Turn::Transcribing, &[M::DropDraft, M::Transcribe]),
        _ => turn_over(Turn::Pausing, cue),
    }
}

fn transcribing(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Onset | Cue::BargeIn => (Turn::Hearing, &[M::Hold]),
        Cue::Slow => (Turn::Transcribing, &[M::Fill]),
        _ => turn_over(Turn::Transcribing, cue),
    }
}

fn turn_over(turn: Turn, cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Words => (Turn::Replying, &[M::TakeWords, M::Think]),
        Cue::Interrupted => (Turn::Replying, &[M::Yield, M::TakeWords, M::Think]),
        Cue::Murmur => (Turn::Replying, &[M::Forget, M::Resume]),
        Cue::NoWords => (Turn::Waiting, &[M::Forget]),
        Cue::Failed => (Turn::Replying, &[M::Forget, M::Apologise]),
        Cue::FailedAgain => (Turn::Leaving, &[M::Forget, M::Fallback]),
        _ => (turn, provider(cue)),
    }
}

fn keying(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Keyed => (Turn::Replying, &[M::TakeWords, M::Think]),
        _ => (Turn::Keying, &[]),
    }
}

fn replying(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Onset | Cue::BargeIn => (Turn::Hearing, &[M::Hold, M::Listen]),
        Cue::Said => (Turn::Waiting, &[M::Conclude]),
        Cue::Parting => (Turn::Ended, &[M::Conclude, M::Leave]),
        Cue::PressKeys => (Turn::Away, &[M::Conclude, M::PressKeys]),
        Cue::PartingMute => (Turn::Leaving, &[M::Farewell]),
        Cue::Slow => (Turn::Replying, &[M::Fill]),
        Cue::Failed => (Turn::Replying, &[M::Apologise]),
        Cue::FailedAgain => (Turn::Leaving, &[M::Fallback]),
        _ => (Turn::Replying, provider(cue)),
    }
}

/// What providers bring, in any turn that has a reply.
fn provider(cue: Cue) -> &'static [Move] {
    match cue {
        Cue::Sentence => &[Move::Speak],
        Cue::ListenStumbled => &[Move::RetryListen],
        Cue::ThinkStumbled => &[Move::RetryThink],
        Cue::SpeakStumbled => &[Move::RetrySpeak],
        _ => &[],
    }
}
