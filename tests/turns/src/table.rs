//! The table for people.

use std::fmt::Write as _;

use crate::score::Figures;

/// Rows by policy, as Markdown.
#[must_use]
pub fn table(rows: &[(&str, &Figures)]) -> String {
    let mut table = String::from(
        "| end of turn | cut off | talked over | dead air p50 / p95 | response gap p50 / p95 | drafts wasted | \
         requests a turn |\n|---|---|---|---|---|---|---|\n",
    );
    for (name, it) in rows {
        let [dead, dead_most] = it.dead_air_ms;
        let [gap, gap_most] = it.gap_ms;
        let _ = writeln!(
            table,
            "| {name} | {:.1} % | {:.1} % | {dead} / {dead_most} ms | {gap} / {gap_most} ms | {:.0} % | {:.2} |",
            it.cut_off_percent, it.talked_over_percent, it.wasted_percent, it.thoughts_per_turn
        );
    }
    table.push_str(
        "\n| end of turn | false barge-ins | stumbled | for p50 / p95 | missed barge-ins | time to silence p50 / p95 | \
         stopped by echo |\n|---|---|---|---|---|---|---|\n",
    );
    for (name, it) in rows {
        let [stumble, stumble_most] = it.stumble_ms;
        let [silence, silence_most] = it.silence_ms;
        let _ = writeln!(
            table,
            "| {name} | {:.1} % | {:.0} % | {stumble} / {stumble_most} ms | {:.1} % | {silence} / {silence_most} ms | {} |",
            it.false_barge_in_percent, it.stumbled_percent, it.missed_percent, it.echo_stops
        );
    }
    for (name, it) in rows.iter().take(1) {
        let _ = writeln!(
            table,
            "\n| heard by {name} | times | it paused | for p50 / p95 | and gave up its reply |\n|---|---|---|---|---|"
        );
        for (kind, heard) in &it.kinds {
            let [half, most] = heard.stumble_ms;
            let _ = writeln!(
                table,
                "| {kind} | {} | {} | {half} / {most} ms | {} |",
                heard.times, heard.stumbled, heard.lost
            );
        }
    }
    table
}

/// Where a policy cut callers off.
#[must_use]
pub fn places(figures: &Figures) -> String {
    let mut text = String::new();
    for (place, [wrong, all]) in &figures.places {
        let _ = writeln!(text, "    {place:<14} {wrong:>3} of {all:>3} cut off");
    }
    text
}
