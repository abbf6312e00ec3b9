//! Whose turn it is: the whole policy, as one total function that can be printed.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "most cues mean nothing in most turns; the table in tests/ shows every pair"
)]

use crate::cue::listed;
pub use crate::cue::{Cue, Move};
use crate::record::EndReason;

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
    /// The end of a machine's greeting.
    Voicemail,
    /// The end of our last words.
    Leaving,
    /// Another stream: the last one broke.
    Away,
    /// Nothing.
    Ended,
}
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
        Cue::OpenedLeaving => (Turn::Leaving, &[M::Yield, M::Depart]),
        Cue::OpenedMachine => (Turn::Voicemail, &[M::Yield]),
        Cue::SpeakStumbled => (Turn::Ringing, &[M::RetrySpeak]),
        Cue::HeldMute => (Turn::Ringing, &[M::Yield]),
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
        Cue::OpenedLeaving => (Turn::Leaving, &[M::Forget, M::Yield, M::Depart]),
        Cue::OpenedMachine => (Turn::Voicemail, &[M::Forget, M::Yield]),
        Cue::Typed => (Turn::Away, &[M::Forget, M::Yield, M::TakeTyped]),
        Cue::Words => (Turn::Away, &[M::TakeWords]),
        Cue::Interrupted => (Turn::Away, &[M::Yield, M::TakeWords]),
        Cue::Murmur | Cue::NoWords => (Turn::Away, &[M::Forget]),
        // The words that are on their way are answered anew on the next stream.
        Cue::Failed | Cue::FailedAgain | Cue::HeldMute => (Turn::Away, &[M::Yield]),
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
        Cue::Depart => (Turn::Leaving, &[M::Yield, M::Depart]),
        Cue::Interrupt => (Turn::Ended, &[M::Yield, M::Leave]),
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
        Cue::HeldMute if turn != Turn::Replying => (turn, &[M::Yield]),
        Cue::Mute | Cue::HeldMute => (Turn::Ended, &[M::Forget, M::Yield, M::LeaveMute]),
        Cue::Wrap if turn == Turn::Replying => (Turn::Leaving, &[M::Forget, M::Wrap]),
        Cue::Depart | Cue::Wrap => (Turn::Leaving, &[M::Forget, M::Yield, M::Depart]),
        Cue::Typed => (
            Turn::Replying,
            &[M::Forget, M::Yield, M::TakeTyped, M::Think],
        ),
        Cue::Machine => (Turn::Voicemail, &[M::Forget, M::Yield]),
        Cue::Key if turn == Turn::Voicemail => (Turn::Voicemail, &[]),
        Cue::Key if turn == Turn::Keying => (Turn::Keying, &[]),
        Cue::Key => (Turn::Keying, &[M::Forget, M::Yield]),
        _ => match turn {
            Turn::Waiting => waiting(cue),
            Turn::Hearing => hearing(cue),
            Turn::Pausing => pausing(cue),
            Turn::Transcribing => transcribing(cue),
            Turn::Keying => keying(cue),
            Turn::Replying => replying(cue),
            Turn::Voicemail if cue == Cue::Beep => (Turn::Leaving, &[M::Depart]),
            Turn::Voicemail | Turn::Ringing | Turn::Leaving | Turn::Away | Turn::Ended => {
                (turn, &[])
            }
        },
    }
}

fn waiting(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Onset | Cue::BargeIn => (Turn::Hearing, &[M::Listen]),
        Cue::Idle => (Turn::Replying, &[M::Prompt]),
        Cue::IdleOut => (Turn::Leaving, &[M::Goodbye(EndReason::Idle)]),
        Cue::News => (Turn::Replying, &[M::Think]),
        Cue::SayOrdered => (Turn::Replying, &[M::SayOrdered]),
        Cue::KeysOrdered => (Turn::Away, &[M::PressOrdered]),
        _ => (Turn::Waiting, &[]),
    }
}

fn hearing(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Pause => (Turn::Pausing, &[]),
        Cue::OverUnread => (Turn::Transcribing, &[M::Transcribe]),
        Cue::IdleOut => (
            Turn::Leaving,
            &[M::Forget, M::Yield, M::Goodbye(EndReason::Idle)],
        ),
        // What fails here is a reply that is held back; the caller has the floor and will get another.
        Cue::TookFloor | Cue::Failed | Cue::FailedAgain => (Turn::Hearing, &[M::Yield]),
        _ => (Turn::Hearing, provider(cue)),
    }
}

fn pausing(cue: Cue) -> Next {
    use Move as M;
    match cue {
        Cue::Onset | Cue::BargeIn => (Turn::Hearing, &[M::DropDraft]),
        Cue::DraftDue => (Turn::Pausing, &[M::Transcribe]),
        Cue::Drafted => (Turn::Pausing, &[M::ThinkAhead]),
        Cue::TookFloor => (Turn::Pausing, &[M::Yield]),
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
        Cue::Screened => (Turn::Replying, &[M::Yield, M::TakeWords, M::Introduce]),
        Cue::MachineSaid => (Turn::Voicemail, &[M::Yield, M::TakeWords]),
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
        Cue::Overheard => (Turn::Replying, &[M::Listen]),
        Cue::Unclear => (Turn::Replying, &[M::ListenInDoubt]),
        Cue::Pause => (Turn::Replying, &[M::Transcribe]),
        Cue::Murmur => (Turn::Replying, &[M::Forget]),
        Cue::Work => (Turn::Replying, &[M::Work]),
        Cue::Said => (Turn::Waiting, &[M::Conclude]),
        Cue::SaidHearing => (Turn::Hearing, &[M::Conclude]),
        Cue::SaidUnread => (Turn::Transcribing, &[M::Conclude, M::Transcribe]),
        Cue::Interrupt => (Turn::Waiting, &[M::Forget, M::Yield]),
        Cue::SayOrdered => (Turn::Replying, &[M::Yield, M::SayOrdered]),
        Cue::KeysOrdered => (Turn::Away, &[M::Forget, M::Yield, M::PressOrdered]),
        Cue::Broke => (Turn::Replying, &[M::Speak, M::ApologiseToo]),
        Cue::BrokeAgain => (Turn::Leaving, &[M::Forget, M::Speak, M::FallbackToo]),
        Cue::Parting => (Turn::Ended, &[M::Conclude, M::Leave]),
        Cue::PressKeys => (Turn::Away, &[M::Conclude, M::PressKeys]),
        Cue::PartingMute => (Turn::Leaving, &[M::Forget, M::Farewell]),
        Cue::Slow => (Turn::Replying, &[M::Fill]),
        Cue::Failed => (Turn::Replying, &[M::Apologise]),
        Cue::FailedAgain => (Turn::Leaving, &[M::Forget, M::Fallback]),
        _ => (Turn::Replying, provider(cue)),
    }
}

/// What providers bring, in any turn that has a reply.
fn provider(cue: Cue) -> &'static [Move] {
    match cue {
        Cue::Sentence => &[Move::Speak],
        Cue::Worked => &[Move::ThinkOn],
        Cue::Interrupt => &[Move::Yield],
        Cue::ListenStumbled => &[Move::RetryListen],
        Cue::ThinkStumbled => &[Move::RetryThink],
        Cue::SpeakStumbled => &[Move::RetrySpeak],
        _ => &[],
    }
}
