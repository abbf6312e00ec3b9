//! The whole turn-taking policy as a table. After a change that was meant: `INSTA_UPDATE=always cargo test -p call`.

use std::fmt::Write as _;

use call::{Cue, Turn, decide};

/// Every cue that changes something, by turn; all others change nothing.
fn table() -> String {
    let mut table = String::new();
    for turn in Turn::ALL {
        let _ = writeln!(table, "{turn:?}");
        for cue in Cue::ALL {
            let decision = decide(*turn, *cue);
            if decision.next != *turn || !decision.moves.is_empty() {
                let moves = format!("{:?}", decision.moves);
                let _ = writeln!(
                    table,
                    "    {:<16} → {:<13} {moves}",
                    format!("{cue:?}"),
                    format!("{:?}", decision.next)
                );
            }
        }
    }
    table
}

#[test]
fn the_table_is_as_it_was_agreed() {
    insta::assert_snapshot!(table());
}

#[test]
fn what_is_over_stays_over() {
    for cue in Cue::ALL {
        let decision = decide(Turn::Ended, *cue);
        assert_eq!(decision.next, Turn::Ended);
        assert_eq!(decision.moves, []);
    }
}

#[test]
fn whoever_hangs_up_ends_the_call_in_any_turn() {
    for turn in Turn::ALL {
        assert_eq!(decide(*turn, Cue::Stopped).next, Turn::Ended, "{turn:?}");
        assert_eq!(decide(*turn, Cue::Lost).next, Turn::Ended, "{turn:?}");
    }
}
