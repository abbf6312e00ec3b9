//! A call as it is heard, line by line; then what it took and cost.

use std::path::Path;

use contract::{Dimension, Speaker, WorkStage};
use local::caller::Outcome;
use local::demo::{Shown, ShownTurn};
use serde_json::json;

use super::look::Look;

/// What was shown so far.
pub(crate) struct Transcript {
    look: Look,
    json: bool,
    /// The number of the last turn shown.
    through: u64,
}

impl Transcript {
    pub(crate) fn new(look: Look, json: bool) -> Self {
        Self {
            look,
            json,
            through: 0,
        }
    }

    /// Shows what is new.
    pub(crate) fn update(&mut self, shown: &Shown) {
        let fresh: Vec<&ShownTurn> = shown
            .turns
            .iter()
            .filter(|turn| turn.number > self.through)
            .collect();
        for turn in fresh {
            self.through = turn.number;
            if self.json {
                println!("{}", json!({ "event": "turn", "turn": turn }));
            } else {
                self.line(turn);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "milliseconds of a call")]
    fn line(&self, ShownTurn { turn, .. }: &ShownTurn) {
        let at = turn.began_ms as f64 / 1000.0;
        let who = match turn.speaker {
            Speaker::Caller => "caller".to_owned(),
            Speaker::Bot => self.look.strong("bot   "),
        };
        let cut = if turn.interrupted { " —" } else { "" };
        println!(
            "{at:6.1}  {who}  {}{}",
            wrapped(&turn.text),
            self.look.faint(cut)
        );
        if let Some(timing) = turn.timing {
            let parts = format!(
                "decided {}, text {}, words {}, sound {} ms after caller",
                timing.decided_ms, timing.text_ms, timing.words_ms, timing.sound_ms
            );
            println!("                {}", self.look.faint(&parts));
        }
    }

    /// What it all took and cost, and whether it went well.
    pub(crate) fn summary(
        &self,
        shown: &Shown,
        outcomes: &[Outcome],
        wav: Option<&Path>,
        complaints: &[String],
    ) {
        let gaps: Vec<u32> = shown
            .turns
            .iter()
            .filter_map(|shown| Some(shown.turn.timing?.sound_ms))
            .collect();
        let (p50, p95) = (percentile(&gaps, 50), percentile(&gaps, 95));
        let stops: Vec<f64> = outcomes
            .iter()
            .filter_map(|outcome| outcome.cleared_after_ms)
            .collect();
        if self.json {
            let summary = json!({
                "event": "summary", "ok": complaints.is_empty(), "complaints": complaints,
                "turns": shown.turns.len(), "gap_ms": { "p50": p50, "p95": p95 }, "clear_ms": stops,
                "usage": shown.usage, "cost": shown.cost, "recording": wav, "call": shown.json,
            });
            println!("{summary}");
            return;
        }
        println!();
        let of = |speaker| {
            shown
                .turns
                .iter()
                .filter(|shown| shown.turn.speaker == speaker)
                .count()
        };
        self.row(
            "turns",
            &format!(
                "{} of the caller, {} of the bot",
                of(Speaker::Caller),
                of(Speaker::Bot)
            ),
        );
        self.row(
            "latency",
            &format!("p50 {p50} ms, p95 {p95} ms from caller's last sound to bot's first"),
        );
        for stop in stops {
            self.row(
                "interruption",
                &format!("the bot was silent {stop:.0} ms after the caller's first sound"),
            );
        }
        self.usage(shown);
        if let Some(wav) = wav {
            self.row(
                "recording",
                &format!(
                    "{}\n{}caller left, bot right",
                    wav.display(),
                    " ".repeat(ROW)
                ),
            );
        }
        println!();
        if complaints.is_empty() {
            println!("{}", self.look.strong("The conversation went as scripted."));
        }
        for complaint in complaints {
            println!("{} {complaint}", self.look.error("not as scripted:"));
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    fn usage(&self, shown: &Shown) {
        if let Some(usage) = &shown.usage {
            let [listen, think, speak] = [WorkStage::Listen, WorkStage::Think, WorkStage::Speak]
                .map(|stage| usage.total(stage));
            let read = think.input_tokens + think.cached_tokens;
            let used = [
                format!("line {:.1} s", usage.line_ms as f64 / 1000.0),
                format!("listening {:.1} s", listen.listen_ms as f64 / 1000.0),
                format!("thinking {read} + {} tokens", think.output_tokens),
                format!("speaking {} characters", speak.chars),
                format!("{} more from the cache", speak.cached_chars),
            ];
            self.row(
                "usage",
                &folded(used.iter().map(String::as_str), " · ", ROW),
            );
        }
        if let Some(cost) = &shown.cost {
            let items: Vec<String> = cost
                .items
                .iter()
                .map(|item| {
                    format!(
                        "{} ${:.6}",
                        name(item.dimension),
                        item.micro_dollars as f64 / 1e6
                    )
                })
                .collect();
            self.row(
                "cost",
                &format!(
                    "${:.6} at list prices",
                    cost.total_micro_dollars as f64 / 1e6
                ),
            );
            let items = folded(items.iter().map(String::as_str), " · ", ROW);
            println!("{}{}", " ".repeat(ROW), self.look.faint(&items));
        }
    }

    fn row(&self, name: &str, text: &str) {
        println!("{}  {text}", self.look.faint(&format!("{name:>12}")));
    }
}

fn name(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::CarrierMinute => "carrier",
        Dimension::LineMinute => "put through",
        Dimension::EdgeSecond => "edge",
        Dimension::ListenSecond => "listening",
        Dimension::ThinkInputToken => "reading",
        Dimension::ThinkCachedToken => "reading again",
        Dimension::ThinkOutputToken => "thinking",
        Dimension::SpeakCachedChar => "speech from the cache",
        Dimension::SpeakChar => "speaking",
    }
}

fn percentile(values: &[u32], percent: usize) -> u32 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}

/// Long turns go on below themselves.
fn wrapped(text: &str) -> String {
    folded(text.split_whitespace(), " ", TURN)
}

/// Columns before what was said, and before what a row tells.
const TURN: usize = 16;
const ROW: usize = 14;

/// Pieces in lines of less than 80 columns, of which all but the first are indented; no piece is cut.
fn folded<'a>(pieces: impl IntoIterator<Item = &'a str>, separator: &str, indent: usize) -> String {
    const WIDTH: usize = 78;
    let mut lines: Vec<String> = vec![String::new()];
    for piece in pieces {
        let Some(line) = lines.last_mut() else { break };
        let length = [&**line, separator, piece]
            .iter()
            .map(|text| text.chars().count())
            .sum::<usize>();
        if line.is_empty() {
            line.push_str(piece);
        } else if indent + length <= WIDTH {
            line.push_str(separator);
            line.push_str(piece);
        } else {
            lines.push(piece.to_owned());
        }
    }
    lines.join(&format!("{}\n{}", separator.trim_end(), " ".repeat(indent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_goes_on_below_itself_and_no_piece_is_cut() {
        let amounts = [
            "line 48.5 s",
            "listening 11.8 s",
            "thinking 1151 + 111 tokens",
            "speaking 691 characters",
        ];
        assert_eq!(
            folded(amounts, " · ", ROW),
            "line 48.5 s · listening 11.8 s · thinking 1151 + 111 tokens ·\n              speaking 691 characters"
        );
        assert_eq!(folded([], " ", ROW), "");
    }
}
