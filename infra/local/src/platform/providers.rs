//! Which speech providers the edge talks to: those that the environment names, and stand-ins of this machine for the
//! rest.

use std::collections::BTreeMap;

/// The stages of a turn, as the edge's variables name them.
const STAGES: [&str; 3] = ["LISTEN", "THINK", "SPEAK"];

/// The edge's variables about providers, as `variable` finds them in an environment. A stage for which nothing names a
/// server gets `stand_in`, the OpenAI-shaped server of this machine.
#[must_use]
pub fn providers(
    variable: impl Fn(&str) -> Option<String>,
    stand_in: &str,
) -> BTreeMap<String, String> {
    let set = |name: &str| {
        variable(name)
            .map(|value| value.trim().to_owned())
            .filter(|value| !value.is_empty())
    };
    let mut chosen = BTreeMap::new();
    let mut take = |name: String| {
        if let Some(value) = set(&name) {
            chosen.insert(name, value);
        }
    };
    for name in ["OPENAI_API_KEY", "OPENAI_BASE_URL", "SPEAK_VOICE"] {
        take(name.to_owned());
    }
    for stage in STAGES {
        for setting in ["BASE_URL", "API_KEY", "MODEL"] {
            take(format!("{stage}_{setting}"));
        }
    }
    let openai = chosen.contains_key("OPENAI_API_KEY") || chosen.contains_key("OPENAI_BASE_URL");
    for stage in STAGES {
        if !openai && !chosen.contains_key(&format!("{stage}_API_KEY")) {
            chosen
                .entry(format!("{stage}_BASE_URL"))
                .or_insert_with(|| stand_in.to_owned());
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(environment: &[(&str, &str)]) -> Vec<(String, String)> {
        let find = |name: &str| {
            environment
                .iter()
                .find(|(own, _)| *own == name)
                .map(|(_, value)| (*value).to_owned())
        };
        providers(find, "http://stand-in/v1").into_iter().collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn without_a_key_every_stage_is_a_stand_in() {
        let here = "http://stand-in/v1";
        assert_eq!(
            chosen(&[("OPENAI_API_KEY", "  "), ("HOME", "/root")]),
            pairs(&[
                ("LISTEN_BASE_URL", here),
                ("SPEAK_BASE_URL", here),
                ("THINK_BASE_URL", here)
            ])
        );
    }

    #[test]
    fn with_a_key_no_stage_is() {
        let environment = [("OPENAI_API_KEY", "sk-0000"), ("THINK_MODEL", "a-model")];
        assert_eq!(chosen(&environment), pairs(&environment));
    }

    #[test]
    fn one_stage_may_be_real_by_itself() {
        let here = "http://stand-in/v1";
        assert_eq!(
            chosen(&[("THINK_BASE_URL", "http://127.0.0.1:11434/v1")]),
            pairs(&[
                ("LISTEN_BASE_URL", here),
                ("SPEAK_BASE_URL", here),
                ("THINK_BASE_URL", "http://127.0.0.1:11434/v1")
            ])
        );
    }
}
