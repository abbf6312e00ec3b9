//! What people and programs get to see.

use std::io::{self, IsTerminal as _, Write as _};

use comfy_table::{Table, presets};
use serde_json::Value;

/// Where words go: results to standard output, progress to standard error. With `--json`, standard output has one JSON
/// object per line and nothing else.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Out {
    json: bool,
    colours: bool,
    progress_colours: bool,
}

/// How words look on a terminal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Paint {
    /// Stands out.
    Strong,
    /// Stands back.
    Faint,
    /// Well.
    Good,
    /// To be looked at.
    Warn,
    /// Wrong.
    Bad,
}

impl Paint {
    const fn code(self) -> &'static str {
        match self {
            Self::Strong => "1",
            Self::Faint => "2",
            Self::Good => "32",
            Self::Warn => "33",
            Self::Bad => "31",
        }
    }
}

impl Out {
    /// Colours when a person looks and has not asked for none (<https://no-color.org>).
    pub(crate) fn new(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
            && std::env::var_os("TERM").is_none_or(|value| value != "dumb");
        Self {
            json,
            colours: wanted && !json && io::stdout().is_terminal(),
            progress_colours: wanted && io::stderr().is_terminal(),
        }
    }

    /// Whether a program reads.
    pub(crate) const fn is_json(self) -> bool {
        self.json
    }

    /// Whether somebody is there to be asked.
    pub(crate) fn can_ask(self) -> bool {
        !self.json && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// A line of the result, for people.
    pub(crate) fn line(self, text: &str) {
        if !self.json {
            put(&mut io::stdout().lock(), text);
        }
    }

    /// A result for whoever pipes it on: the same for people and programs.
    pub(crate) fn raw(text: &str) {
        put(&mut io::stdout().lock(), text);
    }

    /// The result for programs: one line.
    pub(crate) fn json(self, value: &Value) {
        if self.json {
            put(&mut io::stdout().lock(), &value.to_string());
        }
    }

    /// What is going on, for people.
    pub(crate) fn progress(self, text: &str) {
        if !self.json {
            put(&mut io::stderr().lock(), &self.note(Paint::Faint, text));
        }
    }

    /// What people must know although the command goes on; programs find it in the result.
    pub(crate) fn warn(self, text: &str) {
        let sign = self.note(Paint::Warn, "warning:");
        put(&mut io::stderr().lock(), &format!("{sign} {text}"));
    }

    /// Why the command fails.
    pub(crate) fn failed(self, failure: &crate::failure::Failure) {
        self.json(&failure.to_json());
        let sign = self.note(Paint::Bad, "error:");
        let mut text = format!("{sign} {}", failure.message);
        for step in failure.next.iter().flat_map(|next| next.lines()) {
            text.push_str("\n  ");
            text.push_str(step);
        }
        put(&mut io::stderr().lock(), &text);
    }

    /// Words for standard output, painted.
    pub(crate) fn paint(self, paint: Paint, text: &str) -> String {
        painted(self.colours, paint, text)
    }

    fn note(self, paint: Paint, text: &str) -> String {
        painted(self.progress_colours, paint, text)
    }

    /// A table for people.
    pub(crate) fn table(self, heads: &[&str], rows: Vec<Vec<String>>) {
        if self.json {
            return;
        }
        let mut table = Table::new();
        table.load_preset(presets::NOTHING);
        table.set_header(heads.iter().map(|head| self.paint(Paint::Faint, head)));
        for row in rows {
            table.add_row(row);
        }
        for line in table.lines() {
            self.line(line.trim_end());
        }
    }

    /// Asks yes or no; anything but yes is no.
    pub(crate) fn ask(question: &str) -> bool {
        let mut stderr = io::stderr().lock();
        let _ = write!(stderr, "{question} [y/N] ").and_then(|()| stderr.flush());
        let mut answer = String::new();
        let is_read = io::stdin().read_line(&mut answer).is_ok();
        is_read && matches!(answer.trim(), "y" | "Y" | "yes" | "Yes")
    }
}

fn painted(colours: bool, paint: Paint, text: &str) -> String {
    if colours {
        format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
    } else {
        text.to_owned()
    }
}

/// Whoever reads may have left (`| head`): nothing to complain about.
fn put(to: &mut impl io::Write, text: &str) {
    let _ = writeln!(to, "{text}").and_then(|()| to.flush());
}
