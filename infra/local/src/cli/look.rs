//! Colours, for terminals only.

use std::io::IsTerminal as _;

/// How output looks.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    is_coloured: bool,
}

impl Look {
    /// Colours when a person looks and has not asked for none (<https://no-color.org>).
    pub(crate) fn of_terminal(json: bool) -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            is_coloured: wanted && !json && std::io::stdout().is_terminal(),
        }
    }

    /// What stands out.
    pub(crate) fn strong(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What stands back.
    pub(crate) fn faint(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// What went wrong.
    pub(crate) fn error(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.is_coloured {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}
