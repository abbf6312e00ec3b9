//! Figures, for people and for programs.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

/// One measured figure.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what.
    pub unit: &'static str,
    /// The most it should be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<f64>,
}

/// All figures of one run.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// In the order they were measured.
    pub figures: Vec<Figure>,
}

impl Figure {
    /// A plain number.
    #[must_use]
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str, goal: Option<f64>) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            goal,
        }
    }

    /// A size.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53")]
    pub fn bytes(name: impl Into<String>, bytes: u64, goal: Option<u64>) -> Self {
        Self::new(
            name,
            bytes as f64 / 1000.0,
            "kB",
            goal.map(|goal| goal as f64 / 1000.0),
        )
    }

    /// A time.
    #[must_use]
    pub fn time(name: impl Into<String>, time: Duration, goal_ms: Option<u32>) -> Self {
        Self::new(
            name,
            time.as_secs_f64() * 1000.0,
            "ms",
            goal_ms.map(f64::from),
        )
    }
}

impl Report {
    /// Adds figures.
    pub fn extend(&mut self, figures: impl IntoIterator<Item = Figure>) {
        self.figures.extend(figures);
    }
}

/// What stands above the rows.
#[must_use]
pub fn heading() -> String {
    format!("{:<52} {:>11} {:>12}", "", "measured", "goal")
}

/// A row of the table.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            value,
            unit,
            goal,
        } = self;
        let goal = goal
            .map(|goal| format!("≤ {goal} {unit}"))
            .unwrap_or_default();
        let value = format!("{} {unit}", round(*value));
        let row = format!(
            "{name:<52} {:>11} {:>12}",
            value.trim_end(),
            goal.trim_end()
        );
        f.write_str(row.trim_end())
    }
}

fn round(value: f64) -> String {
    if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.3}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    }
}

/// The value that `percent` of all are not above.
#[must_use]
pub(super) fn percentile(values: &[i64], percent: usize) -> i64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(rank).copied().unwrap_or_default()
}
