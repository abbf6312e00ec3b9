use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A word that is none of those documented for its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected one of {expected}")]
pub struct UnknownWord {
    /// The words that are.
    pub expected: &'static str,
}

macro_rules! vocabulary {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $word)] $variant,)+
        }

        impl $name {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word of the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)+
                    _ => Err(UnknownWord { expected: concat!($($word, " ",)+) }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.pad(self.as_str())
            }
        }
    };
}

vocabulary! {
    /// Where a call stands (Call resource). It only ever goes forward, though the news of it may come in any order.
    CallStatus {
        /// Waiting for its turn to be dialled.
        Queued = "queued",
        /// Being dialled. Callbacks only.
        Initiated = "initiated",
        /// Ringing.
        Ringing = "ringing",
        /// Answered. The callback for it is asked for as `answered`.
        InProgress = "in-progress",
        /// Was answered, and is over.
        Completed = "completed",
        /// The line was busy.
        Busy = "busy",
        /// Could not be connected.
        Failed = "failed",
        /// Rang in vain; or, for an inbound call, the caller gave up before it was answered.
        NoAnswer = "no-answer",
        /// Called off before it was answered.
        Canceled = "canceled",
    }
}

impl CallStatus {
    /// How far along the call is, 0 to 4. All final states are 4.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Initiated => 1,
            Self::Ringing => 2,
            Self::InProgress => 3,
            Self::Completed | Self::Busy | Self::Failed | Self::NoAnswer | Self::Canceled => 4,
        }
    }

    /// Whether nothing comes after.
    #[must_use]
    pub const fn is_final(self) -> bool {
        self.rank() == 4
    }

    /// Where the call stands once `news` has come: further along or where it was. A final state is never left, not even for
    /// another final one.
    #[must_use]
    pub const fn advance(self, news: Self) -> Self {
        if news.rank() > self.rank() {
            news
        } else {
            self
        }
    }
}

vocabulary! {
    /// Who began a call (Call resource).
    Direction {
        /// Someone called a number of the account.
        Inbound = "inbound",
        /// The REST API did.
        OutboundApi = "outbound-api",
        /// A `<Dial>` did.
        OutboundDial = "outbound-dial",
        /// A SIP trunk did, outwards.
        TrunkingTerminating = "trunking-terminating",
        /// A SIP trunk did, inwards.
        TrunkingOriginating = "trunking-originating",
    }
}

vocabulary! {
    /// Who or what answered (answering machine detection).
    AnsweredBy {
        /// A person.
        Human = "human",
        /// A machine; the verdict came while it was still talking.
        MachineStart = "machine_start",
        /// A machine, which beeped.
        MachineEndBeep = "machine_end_beep",
        /// A machine, which fell silent.
        MachineEndSilence = "machine_end_silence",
        /// A machine, whose message ended in some other way.
        MachineEndOther = "machine_end_other",
        /// A fax machine.
        Fax = "fax",
        /// Could not be told in time.
        Unknown = "unknown",
    }
}

impl AnsweredBy {
    /// Whether no one is listening.
    #[must_use]
    pub const fn is_machine(self) -> bool {
        match self {
            Self::MachineStart
            | Self::MachineEndBeep
            | Self::MachineEndSilence
            | Self::MachineEndOther
            | Self::Fax => true,
            Self::Human | Self::Unknown => false,
        }
    }
}
