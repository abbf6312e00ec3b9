//! Our own sound, as it comes back over the caller's line: softer, and a little later. Whatever is no louder than that
//! can be is not taken for the caller.

use std::collections::VecDeque;
use std::time::Duration;

use audio::{Clip, Level, frame};

use crate::output::Output;
use crate::time::Instant;

/// The longest way to the caller's telephone and back.
const ROUND_TRIP: Duration = Duration::from_millis(600);
/// The most by which our sound is heard later than computed: that of earlier sound is forgotten.
const DELAY_MAX: Duration = Duration::from_secs(3);
/// How much softer than our loudest sound the echo is thought to be, in decibels: at first, at best, at worst. A line's
/// own echo is 20 dB down or better; a loudspeaker on a table is not.
const RETURN_DB: i32 = -20;
const RETURN_DB_MIN: i32 = -30;
const RETURN_DB_MAX: i32 = -14;
/// Speech is no louder than this for 20 ms; what is was never spoken.
const LOUDEST_DBFS: i32 = -10;
/// A caller must be so much louder than the echo can be, in decibels.
const MARGIN_DB: i32 = 4;
/// A caller's softer vowels are so much below the usual, in decibels.
const BELOW_CALLER_DB: i32 = 5;
/// What is so little above the noise is noise, in decibels.
const ABOVE_NOISE_DB: i32 = 6;
/// So many frames of our sound without an echo as loud as thought make it thought softer, by a decibel.
const SOFTER_FRAMES: u32 = 15;

/// What was played, and how much of it comes back.
#[derive(Debug)]
pub(crate) struct Echo {
    /// How loud each 20 ms of our sound are, and when they are over.
    played: VecDeque<(Instant, Level)>,
    busy_until: Instant,
    return_db: i32,
    /// Frames since the last one that was louder than thought.
    softer: u32,
}

impl Default for Echo {
    fn default() -> Self {
        Self {
            played: VecDeque::new(),
            busy_until: Instant::ZERO,
            return_db: RETURN_DB,
            softer: 0,
        }
    }
}

impl Echo {
    /// Follows what the carrier is told to play and to forget.
    pub(crate) fn follow(&mut self, now: Instant, outputs: &[Output]) {
        for output in outputs {
            match output {
                Output::Play(clip) => self.play(now, clip),
                Output::Clear => {
                    self.played.retain(|(until, _)| *until <= now + FRAME);
                    self.busy_until = now;
                }
                Output::Mark(_)
                | Output::HangUp(_)
                | Output::Transfer { .. }
                | Output::SendKeys(_)
                | Output::Ask(..)
                | Output::Feed(..)
                | Output::Cancel(_)
                | Output::Persist(_) => (),
            }
        }
    }

    fn play(&mut self, now: Instant, clip: &Clip) {
        let mut until = self.busy_until.max(now);
        for piece in clip.pieces(frame::FRAME_SAMPLES) {
            until = until + piece.duration();
            let level = piece.level().min(Level::from_dbfs(LOUDEST_DBFS));
            self.played.push_back((until, level));
        }
        self.busy_until = until;
    }

    /// The carrier began to play so much later than it was told to. What was over by then, as it seemed, has not been heard.
    pub(crate) fn delay(&mut self, now: Instant, by: Duration) {
        for (until, _) in &mut self.played {
            if *until > now - by {
                *until = *until + by;
            }
        }
        self.busy_until = self.busy_until + by;
    }

    /// How loud our sound can be in what is heard now; silence if nothing of it can be.
    fn own(&mut self, now: Instant) -> Level {
        while self
            .played
            .front()
            .is_some_and(|(until, _)| *until + ROUND_TRIP + DELAY_MAX < now)
        {
            self.played.pop_front();
        }
        let past = self
            .played
            .partition_point(|(until, _)| *until + ROUND_TRIP < now);
        let begun = self
            .played
            .range(past..)
            .take_while(|(until, _)| *until <= now + FRAME);
        begun
            .map(|(_, level)| *level)
            .max()
            .unwrap_or(Level::SILENCE)
    }

    /// How loud a sound must be now to be no echo. Whoever was heard before is let through as loud as that.
    pub(crate) fn gate(&mut self, now: Instant, caller: Option<Level>) -> Level {
        let gate = self.own(now).plus_db(self.return_db + MARGIN_DB);
        // What was no louder than that may have been the echo itself.
        let known = caller.filter(|usual| *usual > gate);
        known.map_or(gate, |usual| gate.min(usual.plus_db(-BELOW_CALLER_DB)))
    }

    /// Learns from a frame without the caller's voice, over the noise of the line.
    pub(crate) fn learn(&mut self, now: Instant, heard: Level, noise: Level) {
        let own = self.own(now);
        if own == Level::SILENCE {
            return;
        }
        let expected = own.plus_db(self.return_db);
        if heard > expected && heard.exceeds(noise, ABOVE_NOISE_DB) {
            // Much louder than thought is not the echo, but the caller's first word.
            let may_be_echo = heard <= expected.plus_db(MARGIN_DB);
            self.return_db = (self.return_db + i32::from(may_be_echo)).min(RETURN_DB_MAX);
            self.softer = 0;
            return;
        }
        self.softer += 1;
        if self.softer >= SOFTER_FRAMES {
            self.softer = 0;
            self.return_db = (self.return_db - 1).max(RETURN_DB_MIN);
        }
    }
}

/// The length of what is looked at.
const FRAME: Duration = Duration::from_millis(20);

#[cfg(test)]
mod tests {
    use super::*;

    /// A square wave, whose level is that of its amplitude: in sixteenths of full scale.
    fn tone(sixteenths: i16, length: Duration) -> Clip {
        let wave = (0..frame::samples_in(length)).map(|n| if n / 20 % 2 == 0 { 1 } else { -1 });
        let samples: Vec<i16> = wave.map(|sign| sign * sixteenths * 2_047).collect();
        Clip::from(audio::mulaw::encode_all(&samples))
    }

    #[test]
    fn our_own_voice_twenty_decibels_down_is_below_the_gate_and_a_caller_above() {
        let mut echo = Echo::default();
        let play = Output::Play(tone(2, Duration::from_secs(1)));
        echo.follow(Instant::ZERO, &[play]);
        let gate = echo.gate(Instant::from_ms(300), None);
        assert!(gate > Level::from_dbfs(-40));
        assert!(gate < Level::from_dbfs(-25));
    }

    #[test]
    fn once_the_echo_has_died_away_nothing_is_gated() {
        let mut echo = Echo::default();
        let play = Output::Play(tone(2, Duration::from_secs(1)));
        echo.follow(Instant::ZERO, &[play]);
        assert_eq!(echo.gate(Instant::from_ms(1_700), None), Level::SILENCE);
        let mut cleared = Echo::default();
        cleared.follow(
            Instant::ZERO,
            &[Output::Play(tone(2, Duration::from_secs(1)))],
        );
        cleared.follow(Instant::from_ms(200), &[Output::Clear]);
        assert!(cleared.gate(Instant::from_ms(700), None) > Level::SILENCE);
        assert_eq!(cleared.gate(Instant::from_ms(900), None), Level::SILENCE);
    }

    #[test]
    fn the_echo_of_what_is_played_late_comes_late() {
        let mut echo = Echo::default();
        echo.follow(
            Instant::ZERO,
            &[Output::Play(tone(2, Duration::from_secs(1)))],
        );
        assert_eq!(echo.gate(Instant::from_ms(1_700), None), Level::SILENCE);
        echo.delay(Instant::from_ms(1_700), Duration::from_millis(1_700));
        assert!(echo.gate(Instant::from_ms(1_800), None) > Level::SILENCE);
        assert!(echo.gate(Instant::from_ms(3_200), None) > Level::SILENCE);
        assert_eq!(echo.gate(Instant::from_ms(3_400), None), Level::SILENCE);
    }

    #[test]
    fn what_was_heard_before_a_late_sound_stays_where_it_was() {
        let mut echo = Echo::default();
        let play = |sixteenths| Output::Play(tone(sixteenths, Duration::from_secs(1)));
        echo.follow(Instant::ZERO, &[play(4), play(1)]);
        echo.delay(Instant::from_ms(1_700), Duration::from_millis(700));
        let between = echo.gate(Instant::from_ms(1_650), None);
        assert_eq!(between, Level::SILENCE);
        assert!(echo.gate(Instant::from_ms(1_800), None) > Level::SILENCE);
    }

    #[test]
    fn a_loud_echo_raises_the_gate_and_a_clean_line_lowers_it() {
        let (mut loud, mut clean) = (Echo::default(), Echo::default());
        let play = [Output::Play(tone(2, Duration::from_secs(5)))];
        loud.follow(Instant::ZERO, &play);
        clean.follow(Instant::ZERO, &play);
        let before = loud.gate(Instant::from_ms(20), None);
        for n in 1..240 {
            let now = Instant::from_ms(20 * n);
            loud.learn(now, Level::from_dbfs(-35), Level::from_dbfs(-60));
            clean.learn(now, Level::from_dbfs(-60), Level::from_dbfs(-60));
        }
        assert!(loud.gate(Instant::from_ms(4_800), None) > before);
        assert!(clean.gate(Instant::from_ms(4_800), None) < before);
    }
}
