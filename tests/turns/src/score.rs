//! From what was seen of calls to figures.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::caller::{Intruded, Spoken};
use crate::corpus::{Kind, Place};
use crate::room::Seen;

/// A bot that is heard for less before it stops has not taken the floor: 100 ms of it is a click.
const AUDIBLE_MS: u64 = 100;
/// What is not decided by then was not decided on the words: the bot asked whether anybody is there.
const PATIENCE_MS: u64 = 6_000;

/// The figures of one policy over all turns.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Figures {
    /// Turns.
    pub turns: usize,
    /// Percent of turns that were decided to be over in one of their pauses.
    pub cut_off_percent: f64,
    /// Percent of turns into which the bot was heard to speak.
    pub talked_over_percent: f64,
    /// From the end of a turn to the decision, in milliseconds: half of the turns, and nineteen of twenty.
    pub dead_air_ms: [u64; 2],
    /// From the end of a turn to the bot's first sound.
    pub gap_ms: [u64; 2],
    /// Percent of requests to the model whose reply was thrown away unheard.
    pub wasted_percent: f64,
    /// Requests to the model for each turn.
    pub thoughts_per_turn: f64,
    /// Percent of things heard while the bot spoke, and no interruptions, that ended its reply.
    pub false_barge_in_percent: f64,
    /// Percent of those that made it stop for a moment.
    pub stumbled_percent: f64,
    /// For how long, in milliseconds: half of them, and nineteen of twenty.
    pub stumble_ms: [u64; 2],
    /// Percent of interruptions after which the bot went on.
    pub missed_percent: f64,
    /// From the first sound of an interruption to the bot's silence.
    pub silence_ms: [u64; 2],
    /// Times that the bot stopped although nobody but itself was heard.
    pub echo_stops: usize,
    /// Cut-offs by the place of the pause, and the pauses there: only those over 300 ms.
    pub places: BTreeMap<String, [usize; 2]>,
    /// What was heard while the bot spoke and was no interruption, by kind.
    pub kinds: BTreeMap<&'static str, Heard>,
}

/// What became of sounds of one kind while the bot spoke.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Heard {
    /// All of them.
    pub times: usize,
    /// Those after which the bot paused.
    pub stumbled: usize,
    /// Those after which its reply was given up.
    pub lost: usize,
    /// For how long it paused, in milliseconds: half of them, and nineteen of twenty.
    pub stumble_ms: [u64; 2],
    #[serde(skip)]
    stumbles: Vec<u64>,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    turns: usize,
    cut_off: usize,
    talked_over: usize,
    dead_air: Vec<u64>,
    gaps: Vec<u64>,
    thoughts: u64,
    dropped: u64,
    interruptions: usize,
    missed: usize,
    silences: Vec<u64>,
    echo_stops: usize,
    places: BTreeMap<String, [usize; 2]>,
    kinds: BTreeMap<&'static str, Heard>,
    /// Turns that went wrong, for who wants to read them.
    pub(crate) told: Vec<String>,
}

impl Tally {
    pub(crate) fn add(&mut self, seen: &Seen, spoken: &[Spoken], intrusions: &[Intruded]) {
        for (n, turn) in spoken.iter().enumerate() {
            let until = spoken.get(n + 1).map_or(u64::MAX, |next| next.began);
            if turn.drawn {
                self.turn(seen, turn, until);
            }
        }
        for intruded in intrusions {
            self.intrusion(seen, intruded);
        }
        self.thoughts += seen.thoughts;
        self.dropped += seen.dropped;
        for at in &seen.cleared {
            let by_turn = spoken.iter().any(|turn| near(*at, turn.began, turn.ended));
            let by_other = intrusions.iter().any(|it| near(*at, it.began, it.ended));
            if !by_turn && !by_other {
                self.echo_stops += 1;
                self.told.push(format!("stopped by itself at {at} ms"));
            }
        }
    }

    fn turn(&mut self, seen: &Seen, turn: &Spoken, until: u64) {
        self.turns += 1;
        let decided = |from: u64, to: u64| {
            seen.decided
                .iter()
                .copied()
                .find(|at| (from..to).contains(at))
        };
        for (from, to, place, words) in &turn.pauses {
            let cut = decided(*from, *to);
            if to - from >= 300 {
                let count = self.places.entry(format!("{place:?}")).or_default();
                count[0] += usize::from(cut.is_some());
                count[1] += 1;
            }
            if let Some(at) = cut {
                let (after, of) = (at - from, to - from);
                self.told.push(format!(
                    "cut off after {after} of {of} ms ({place:?}): {words:?}"
                ));
            }
        }
        let cut_off = decided(turn.began, turn.ended);
        let in_pause = turn
            .pauses
            .iter()
            .any(|(from, to, ..)| decided(*from, *to).is_some());
        if let Some(at) = cut_off.filter(|_| !in_pause) {
            let ends = turn.pauses.iter().map(|(_, to, ..)| *to);
            let since = ends.filter(|to| *to <= at).max().unwrap_or(turn.began);
            self.told.push(format!(
                "cut off {} ms after going on: {:?} at {since}",
                at - since,
                turn.text
            ));
        }
        let over = seen
            .sounds
            .iter()
            .any(|(from, to)| *from > turn.began && *from < turn.ended && to - from > AUDIBLE_MS);
        self.cut_off += usize::from(cut_off.is_some());
        self.talked_over += usize::from(over);
        if cut_off.is_some() {
            return;
        }
        let latest = until.min(turn.ended + PATIENCE_MS);
        let dead_air = decided(turn.ended, latest).map_or(PATIENCE_MS, |at| at - turn.ended);
        self.dead_air.push(dead_air);
        let sound = seen
            .sounds
            .iter()
            .find(|(from, _)| (turn.ended..latest).contains(from));
        let gap = sound.map_or(PATIENCE_MS, |(from, _)| from - turn.ended);
        self.gaps.push(gap);
        if dead_air >= 1_200 || gap >= 1_500 {
            self.told.push(format!(
                "decided after {dead_air} ms, heard after {gap} ms: {:?}",
                turn.text
            ));
        }
    }

    fn intrusion(&mut self, seen: &Seen, it: &Intruded) {
        let latest = it.ended + 2_500;
        let cleared = seen
            .cleared
            .iter()
            .copied()
            .find(|at| (it.began..latest).contains(at));
        let yielded = seen
            .yielded
            .iter()
            .any(|at| (it.began..latest + 2_000).contains(at));
        if it.kind == Kind::Interruption {
            self.interruptions += 1;
            self.missed += usize::from(!yielded);
            if let Some(at) = cleared {
                let after = at - it.began;
                self.silences.push(after);
                if after > 200 {
                    self.told.push(format!(
                        "silent {after} ms after {:?} at {}",
                        it.text, it.began
                    ));
                }
            }
            if !yielded {
                self.told.push(format!("went on after {:?}", it.text));
            }
            return;
        }
        let heard = self.kinds.entry(it.kind.name()).or_default();
        heard.times += 1;
        heard.lost += usize::from(yielded);
        if let Some(at) = cleared {
            let again = seen.sounds.iter().find(|(from, _)| *from >= at);
            let for_ms = again.map_or(PATIENCE_MS, |(from, _)| from - at);
            heard.stumbled += 1;
            heard.stumbles.push(for_ms);
            let after = at - it.began;
            self.told.push(format!(
                "paused for {for_ms} ms, {after} ms after {:?} {:?} at {}",
                it.kind, it.text, it.began
            ));
        }
        if yielded {
            self.told
                .push(format!("gave up its reply to {:?} {:?}", it.kind, it.text));
        }
    }

    pub(crate) fn figures(&self) -> Figures {
        let mut kinds = self.kinds.clone();
        for heard in kinds.values_mut() {
            heard.stumble_ms = quantiles(&mut heard.stumbles);
        }
        let sum = |of: fn(&Heard) -> usize| kinds.values().map(of).sum();
        let harmless = sum(|heard| heard.times);
        let mut stumbles: Vec<u64> = kinds.values().flat_map(|it| it.stumbles.clone()).collect();
        Figures {
            turns: self.turns,
            cut_off_percent: percent(self.cut_off, self.turns),
            talked_over_percent: percent(self.talked_over, self.turns),
            dead_air_ms: quantiles(&mut self.dead_air.clone()),
            gap_ms: quantiles(&mut self.gaps.clone()),
            wasted_percent: percent(self.dropped as usize, self.thoughts as usize),
            thoughts_per_turn: self.thoughts as f64
                / (self.turns + self.interruptions).max(1) as f64,
            false_barge_in_percent: percent(sum(|heard| heard.lost), harmless),
            stumbled_percent: percent(sum(|heard| heard.stumbled), harmless),
            stumble_ms: quantiles(&mut stumbles),
            missed_percent: percent(self.missed, self.interruptions),
            silence_ms: quantiles(&mut self.silences.clone()),
            echo_stops: self.echo_stops,
            places: self.places.clone(),
            kinds,
        }
    }

    pub(crate) fn pauses(&self) -> usize {
        Place::ALL
            .iter()
            .filter_map(|place| self.places.get(&format!("{place:?}")))
            .map(|count| count[1])
            .sum()
    }
}

fn near(at: u64, from: u64, to: u64) -> bool {
    (from..to + 2_500).contains(&at)
}

fn percent(part: usize, whole: usize) -> f64 {
    100.0 * part as f64 / whole.max(1) as f64
}

/// The middle one, and the one that nineteen of twenty do not exceed.
fn quantiles(values: &mut [u64]) -> [u64; 2] {
    values.sort_unstable();
    let at = |percent: usize| {
        let n = (values.len() * percent).div_ceil(100).saturating_sub(1);
        values.get(n).copied().unwrap_or(0)
    };
    [at(50), at(95)]
}
