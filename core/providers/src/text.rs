//! From what a model writes to what can be said: no private thoughts, no markdown.
//!
//! Character by character, so that how the text is cut changes nothing. Held back is only what may still turn out to
//! be a sign: never a letter, never the end of a sentence.

/// Turns a model's text into speakable text, piece by piece.
#[derive(Debug, Default)]
pub(crate) struct Speakable {
    thoughts: Thoughts,
    plain: Plain,
}

impl Speakable {
    /// What of this piece can be said.
    pub(crate) fn push(&mut self, piece: &str) -> String {
        let mut said = String::with_capacity(piece.len());
        for char in piece.chars() {
            self.thoughts
                .push(char, &mut |char| self.plain.push(char, &mut said));
        }
        said
    }

    /// What was held back, now that there is no more. Then it begins anew.
    pub(crate) fn finish(&mut self) -> String {
        let mut said = String::new();
        self.thoughts
            .finish(&mut |char| self.plain.push(char, &mut said));
        self.plain.finish(&mut said);
        *self = Self::default();
        said
    }
}

/// Takes out `<think>…</think>`, which some servers leave in the text.
#[derive(Debug, Default)]
struct Thoughts {
    inside: bool,
    /// The beginning of what may be a tag.
    held: String,
}

const OPENING: [&str; 3] = ["<think>", "<thinking>", "<thought>"];
const CLOSING: [&str; 3] = ["</think>", "</thinking>", "</thought>"];

impl Thoughts {
    fn push(&mut self, char: char, out: &mut impl FnMut(char)) {
        if char == '<' {
            self.finish(out);
            self.held.push(char);
        } else if self.held.is_empty() {
            if !self.inside {
                out(char);
            }
        } else {
            self.held.push(char);
            self.decide(out);
        }
    }

    fn decide(&mut self, out: &mut impl FnMut(char)) {
        let held = self.held.to_ascii_lowercase();
        if OPENING.contains(&held.as_str()) {
            self.inside = true;
            self.held.clear();
        } else if CLOSING.contains(&held.as_str()) {
            self.inside = false;
            self.held.clear();
        } else if !OPENING
            .iter()
            .chain(&CLOSING)
            .any(|tag| tag.starts_with(&held))
        {
            self.finish(out);
        }
    }

    /// It was no tag.
    fn finish(&mut self, out: &mut impl FnMut(char)) {
        let held = std::mem::take(&mut self.held);
        if !self.inside {
            held.chars().for_each(out);
        }
    }
}

/// Takes out the signs of markdown.
#[derive(Debug)]
struct Plain {
    at: At,
    /// The last character that was let through.
    before: char,
}

/// Where in the text we are.
#[derive(Clone, Copy, Debug)]
enum At {
    /// At the start of a line; only spaces and signs that were dropped so far.
    Line,
    /// After so many of one sign at the start of a line.
    LineSign(char, usize),
    /// Within a line.
    Text,
    /// After so many of one sign within a line.
    Sign(char, usize),
    /// After a backslash.
    Escape,
    /// After a closing bracket: an address may follow in parentheses.
    Bracket,
    /// Within such an address; so many parentheses deep.
    Address(usize),
    /// In the line that opens or closes a block of code.
    Fence,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            at: At::Line,
            before: ' ',
        }
    }
}

impl Plain {
    fn push(&mut self, char: char, said: &mut String) {
        match self.at {
            At::Line => self.line(char, said),
            At::LineSign(sign, count) => self.line_sign(sign, count, char, said),
            At::Sign(sign, count) if char == sign => self.at = At::Sign(sign, count + 1),
            At::Sign(sign, count) => {
                if count == 1 && stands_for_itself(sign, self.before, char) {
                    self.say(sign, said);
                }
                self.text(char, said);
            }
            At::Escape if char.is_ascii_punctuation() => {
                self.at = At::Text;
                self.say(char, said);
            }
            At::Bracket if char == '(' => self.at = At::Address(1),
            At::Text | At::Escape | At::Bracket => self.text(char, said),
            At::Address(depth) => {
                self.at = match char {
                    '(' => At::Address(depth + 1),
                    ')' if depth == 1 => At::Text,
                    ')' => At::Address(depth - 1),
                    // An address has no line end: there was no link.
                    '\n' => At::Line,
                    _ => At::Address(depth),
                };
            }
            At::Fence if char == '\n' => self.at = At::Line,
            At::Fence => (),
        }
    }

    fn line(&mut self, char: char, said: &mut String) {
        match char {
            '#' | '-' | '*' | '+' | '>' | '•' | '–' | '_' | '`' | '~' => {
                self.at = At::LineSign(char, 1);
            }
            // Empty lines, and the spaces before a line, say nothing.
            _ if char.is_whitespace() => self.at = At::Line,
            _ => self.text(char, said),
        }
    }

    /// Headings, items, quotations, rules and the fences of code go; `-5`, `+1 555` and `#1` stay.
    fn line_sign(&mut self, sign: char, count: usize, char: char, said: &mut String) {
        if char == sign {
            self.at = At::LineSign(sign, count + 1);
            return;
        }
        if matches!(sign, '`' | '~') && count >= 3 {
            self.at = if char == '\n' { At::Line } else { At::Fence };
            return;
        }
        if char.is_whitespace() {
            self.at = At::Line;
            return;
        }
        match sign {
            '*' | '_' | '~' => {
                self.at = At::Sign(sign, count);
                self.push(char, said);
                return;
            }
            '-' | '+' | '–' => (0..count.min(3)).for_each(|_| self.say(sign, said)),
            '#' if count == 1 => self.say(sign, said),
            '>' if char.is_ascii_digit() => self.say(sign, said),
            _ => (),
        }
        self.text(char, said);
    }

    fn text(&mut self, char: char, said: &mut String) {
        self.at = At::Text;
        match char {
            '*' | '_' | '~' => self.at = At::Sign(char, 1),
            '\\' => self.at = At::Escape,
            ']' => self.at = At::Bracket,
            '`' | '[' => (),
            '\n' => {
                self.say(char, said);
                self.at = At::Line;
            }
            _ => self.say(char, said),
        }
    }

    fn say(&mut self, char: char, said: &mut String) {
        said.push(char);
        self.before = char;
    }

    fn finish(&mut self, said: &mut String) {
        match self.at {
            At::Sign(sign, 1) if stands_for_itself(sign, self.before, ' ') => self.say(sign, said),
            At::LineSign(sign @ ('*' | '#'), 1) => self.say(sign, said),
            At::Line
            | At::LineSign(..)
            | At::Text
            | At::Sign(..)
            | At::Escape
            | At::Bracket
            | At::Address(_)
            | At::Fence => (),
        }
    }
}

/// Whether a single sign means itself between these two, and no emphasis. `*` is also a key of the phone and "times".
fn stands_for_itself(sign: char, before: char, after: char) -> bool {
    let opens = before.is_whitespace() || matches!(before, '(' | '"' | '\'' | '“' | '‘');
    match sign {
        '*' => {
            let ends = after.is_whitespace()
                || matches!(
                    after,
                    '.' | ',' | ';' | ':' | '!' | '?' | ')' | '"' | '\'' | '”' | '’'
                );
            (opens && (ends || after.is_ascii_digit()))
                || (before.is_ascii_digit() && after.is_ascii_digit())
        }
        '_' => before.is_alphanumeric() && after.is_alphanumeric(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn said(pieces: &[&str]) -> String {
        let mut speakable = Speakable::default();
        let mut said: String = pieces.iter().map(|piece| speakable.push(piece)).collect();
        said.push_str(&speakable.finish());
        said
    }

    /// What a model writes, and what is said.
    const PAIRS: &[(&str, &str)] = &[
        ("Hello. How are you?", "Hello. How are you?"),
        ("<think>They greet.\n\nI greet.</think>\n\nHello.", "Hello."),
        ("<Thinking>a < b</thinking>Yes", "Yes"),
        ("a < b, x <thin air>, <b>", "a < b, x <thin air>, <b>"),
        ("one <think>two", "one "),
        ("stray</think> end", "stray end"),
        ("<<think>x</think>y", "<y"),
        (
            "**Bold** and *soft* and __both__ and _one_.",
            "Bold and soft and both and one.",
        ),
        ("***very***", "very"),
        ("~~gone~~ stays, ~5 minutes", "gone stays, ~5 minutes"),
        (
            "# Menu\n\n## Soups\n- **Leek** soup\n* Onion\n+ Pea\n  • Bean\n– Corn",
            "Menu\nSoups\nLeek soup\nOnion\nPea\nBean\nCorn",
        ),
        ("1. One\n2) Two", "1. One\n2) Two"),
        ("> quoted\n> > twice", "quoted\ntwice"),
        ("Above\n---\nBelow\n***\nEnd\n", "Above\nBelow\nEnd\n"),
        (
            "Use `ls`:\n```sh\nls -l\n```\nDone.",
            "Use ls:\nls -l\nDone.",
        ),
        (
            "See [our menu](https://x.test/menu_(new)_one) or [call].",
            "See our menu or call.",
        ),
        ("[a](b\nc)", "ac)"),
        (
            "-5 degrees\n+1 555 0100\n#1 in town",
            "-5 degrees\n+1 555 0100\n#1 in town",
        ),
        (
            "Press # or * now, or *, or \"*\".",
            "Press # or * now, or *, or \"*\".",
        ),
        ("Dial *67 then press *", "Dial *67 then press *"),
        ("3 * 4 is 12, 3*4 too", "3 * 4 is 12, 3*4 too"),
        ("snake_case stays, _this_ not", "snake_case stays, this not"),
        (r"\*not soft\* \# \\ \n", r"*not soft* # \ n"),
        ("*", "*"),
        ("Wow! (Really.)", "Wow! (Really.)"),
        ("", ""),
        ("  \n\n ", ""),
    ];

    #[test]
    fn only_what_can_be_said_is_said() {
        for (written, expected) in PAIRS {
            assert_eq!(said(&[written]), *expected, "{written:?}");
        }
    }

    #[test]
    fn a_cut_anywhere_changes_nothing() {
        for (written, _) in PAIRS {
            let whole = said(&[written]);
            for (at, _) in written.char_indices() {
                let (head, tail) = written.split_at(at);
                assert_eq!(said(&[head, "", tail]), whole, "{written:?} at {at}");
            }
        }
    }

    #[test]
    fn letters_and_sentence_ends_are_never_held_back() {
        for written in [
            "Yes.",
            "Wow!",
            "Really?",
            "**Yes**, so",
            "Good (sort of)",
            "one `two` three:",
        ] {
            let last = written.chars().last().unwrap();
            assert!(
                Speakable::default().push(written).ends_with(last),
                "{written}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_taken_in_and_cuts_do_not_matter(text in r"[a-z<>/#*_`~\[\]()\\ \n.-]{0,60}|<think>.{0,20}|.{0,40}", at: prop::sample::Index) {
            let at = at.index(text.len() + 1);
            if let Some((head, tail)) = text.split_at_checked(at) {
                prop_assert_eq!(said(&[head, tail]), said(&[&text]));
            }
        }
    }
}
