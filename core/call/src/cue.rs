//! What an input means, and what is done about it: the two columns of the policy.

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
pub(crate) use listed;

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
    /// There is a stream, and the call is to be left.
    OpenedLeaving,
    /// There is a stream, and a machine at its other end.
    OpenedMachine,
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
    /// The caller speaks into sound that cannot be interrupted.
    Overheard,
    /// There is a sound in ours that may be a voice or not.
    Unclear,
    /// What is said into our reply has words, and will end it.
    TookFloor,
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
    /// A turn was typed.
    Typed,
    /// A call screener asks who is calling.
    Screened,
    /// A machine answered.
    Machine,
    /// A machine answered, as its words say.
    MachineSaid,
    /// The machine's greeting is over.
    Beep,
    /// The next part of the reply can be spoken.
    Sentence,
    /// The model wants work done before it goes on.
    Work,
    /// The work is done: the model can go on.
    Worked,
    /// Something has come of earlier work, and nobody was told.
    News,
    /// The caller heard the whole reply.
    Said,
    /// The caller heard the whole reply, and has said something meanwhile.
    SaidUnread,
    /// The caller heard the whole reply, and is saying something.
    SaidHearing,
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
    /// The model stopped in the middle of its reply, for the first turn in a row.
    Broke,
    /// The model stopped in the middle of its reply, for the second turn in a row.
    BrokeAgain,
    /// A provider failed for good, for the first turn in a row.
    Failed,
    /// A provider failed for good, for the second turn in a row.
    FailedAgain,
    /// Text-to-speech failed for good, and the caller waits for what it should have said.
    Mute,
    /// Text-to-speech failed for good, in a reply that is held back.
    HeldMute,
    /// Somebody outside wants silence.
    Interrupt,
    /// Somebody outside wants something said.
    SayOrdered,
    /// Somebody outside wants keys pressed.
    KeysOrdered,
    /// Somebody outside ends the call.
    Depart,
    /// Somebody outside ends the call politely.
    Wrap,
}
}

/// What is done about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Move {
    /// Open a transcription, from a little before the onset.
    Listen,
    /// The same for what may be no voice at all.
    ListenInDoubt,
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
    /// Put the typed words into the history.
    TakeTyped,
    /// Say who is calling.
    Introduce,
    /// Begin the work that the model wants done.
    Work,
    /// Ask the model to go on with the reply; whether it can be heard stays as it is.
    ThinkOn,
    /// Say sorry, after what was being said.
    ApologiseToo,
    /// Say sorry, after what was being said; then hand over to the fallback, or hang up.
    FallbackToo,
    /// Say what somebody outside wants said.
    SayOrdered,
    /// Have the keys pressed that somebody outside wants pressed.
    PressOrdered,
    /// Say the last words that were asked for, or none; then leave.
    Depart,
    /// The same, after what was being said.
    Wrap,
    /// There is nobody any more.
    End(EndReason),
}
