//! Names and chance, all from one seed.

use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use ::twilio::BadSid;

/// Mints identifiers and draws numbers. The same seed gives the same ones in the same order.
#[derive(Debug)]
pub(super) struct Mint {
    seed: u64,
    drawn: AtomicU64,
}

impl Mint {
    pub(super) fn new(seed: u64, fresh: bool) -> Self {
        let start = SystemTime::now().duration_since(UNIX_EPOCH);
        let start = start.map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        });
        Self {
            seed: if fresh { mix(seed ^ start) } else { seed },
            drawn: AtomicU64::new(0),
        }
    }

    /// A number that nothing but seed and count decide.
    pub(super) fn draw(&self) -> u64 {
        let count = self.drawn.fetch_add(1, Ordering::Relaxed);
        mix(mix(self.seed) ^ count)
    }

    /// 32 hexadecimal digits behind two letters.
    pub(super) fn text(&self, prefix: &str) -> String {
        format!("{prefix}{:016x}{:016x}", self.draw(), self.draw())
    }

    /// The same as a SID.
    ///
    /// # Errors
    /// Never, for the prefix that belongs to the type.
    pub(super) fn sid<T: FromStr<Err = BadSid>>(&self, prefix: &str) -> Result<T, BadSid> {
        self.text(prefix).parse()
    }
}

/// The finaliser of `SplitMix64`: every bit of the input changes half of the output's.
pub(super) const fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use ::twilio::CallSid;

    use super::*;

    #[test]
    fn one_seed_gives_the_same_names_and_a_fresh_start_others() {
        let names = |mint: &Mint| [mint.text("CA"), mint.text("CA")];
        let (one, two) = (Mint::new(7, false), Mint::new(7, false));
        let first = names(&one);
        assert_eq!(first, names(&two));
        assert_ne!(first[0], first[1]);
        assert_ne!(first, names(&Mint::new(7, true)));
        assert!(one.sid::<CallSid>("CA").is_ok());
    }
}
