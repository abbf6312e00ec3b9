use contract::{Amount, WorkStage};

use super::*;

fn at(ms: u64) -> Instant {
    Instant::from_ms(ms)
}

fn fold(records: &[Record]) -> Vec<Numbered> {
    let logged: Vec<Logged> = records.iter().cloned().map(Logged::Call).collect();
    fold_all(&logged)
}

fn fold_all(logged: &[Logged]) -> Vec<Numbered> {
    let mut reports = Reports::default();
    logged
        .iter()
        .filter_map(|logged| reports.note(logged, 7, at(5_000)))
        .collect()
}

#[test]
fn a_stream_that_outlived_a_crash_is_counted_up_to_there_and_open_from_there() {
    let mut reports = Reports::default();
    for (record, now) in [
        (Record::Connected { at: at(1_000) }, 1_000),
        (
            Record::Saying {
                text: String::new(),
            },
            4_000,
        ),
        (Record::Connected { at: at(6_000) }, 6_000),
    ] {
        reports.note(&Logged::Call(record), 7, at(now));
    }
    assert_eq!(reports.usage().line_ms, 3_000);
    assert_eq!(reports.open(), Some(at(6_000)));
}

#[test]
fn usage_is_summed_and_line_time_leaves_out_the_gap_between_two_streams() {
    let spoken = Amount {
        chars: 10,
        ..Amount::default()
    };
    let work = contract::Work {
        stage: WorkStage::Speak,
        provider: "openai".to_owned(),
        model: "speaker".to_owned(),
        amount: spoken,
    };
    let did = Logged::Shell(Remark::Did(work));
    let reports = fold_all(&[
        Logged::Call(Record::Connected { at: at(1_000) }),
        did.clone(),
        Logged::Call(Record::Note {
            note: Note::Dropped,
            at: at(3_000),
        }),
        Logged::Call(Record::Connected { at: at(8_000) }),
        did,
        Logged::Call(Record::Ended {
            reason: EndReason::CallerLeft,
            at: at(9_000),
        }),
    ]);
    let numbers: Vec<u64> = reports.iter().map(|report| report.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
    let mut usage = Usage {
        line_ms: 3_000,
        ..Usage::default()
    };
    usage.did(WorkStage::Speak, "openai", "speaker", spoken);
    usage.did(WorkStage::Speak, "openai", "speaker", spoken);
    let ended = contract::Record::Ended {
        reason: contract::EndReason::CallerLeft,
        duration_ms: 8_000,
        usage,
    };
    assert_eq!(reports.last().map(|report| &report.record), Some(&ended));
}

#[test]
fn what_the_shell_remarks_is_an_event_of_the_call_and_survives_the_store() {
    let remark = Remark::event("hedged", "think openai answered".to_owned());
    let text = serde_json::to_string(&Logged::Shell(remark)).unwrap();
    let read: Logged = serde_json::from_str(&text).unwrap();
    let contract::Record::Event(event) = fold_all(&[read]).remove(0).record else {
        panic!("not an event");
    };
    assert_eq!(event.name, "hedged");
    let yesterday = r#"{"Connected":{"at":7}}"#;
    let read: Logged = serde_json::from_str(yesterday).unwrap();
    assert_eq!(read.record(), Some(&Record::Connected { at: at(7) }));
    // What the engine counted itself, before the shell did.
    let earlier = r#"{"Used":{"listen_ms":1200,"think":{"input_tokens":7},"speak_chars":40}}"#;
    let read: Logged = serde_json::from_str(earlier).unwrap();
    assert_eq!(fold_all(&[read]), []);
}

#[test]
fn a_stream_that_ended_in_a_crash_counts_up_to_the_last_line_before_it() {
    let ended = |at_ms| Record::Ended {
        reason: EndReason::Lost,
        at: at(at_ms),
    };
    let mut reports = Reports::default();
    let connected = Record::Connected { at: at(1_000) };
    assert!(
        reports
            .note(&Logged::Call(connected), 7, at(1_000))
            .is_some()
    );
    assert!(
        reports
            .note(&Logged::Call(Record::Heard { chars: 3 }), 7, at(3_000))
            .is_none()
    );
    let last = reports
        .note(&Logged::Call(ended(90_000)), 7, at(90_000))
        .unwrap();
    let contract::Record::Ended { usage, .. } = last.record else {
        panic!("not the end");
    };
    assert_eq!(usage.line_ms, 2_000);
}

#[test]
fn a_reply_of_which_nothing_was_heard_is_no_turn() {
    let replied = |text: &str, began| Record::Replied {
        text: text.to_owned(),
        began,
        ended: at(50),
        interrupted: true,
        timing: None,
    };
    assert_eq!(fold(&[replied("", Some(at(10))), replied("", None)]), []);
    assert_eq!(fold(&[replied("Hello.", Some(at(10)))]).len(), 1);
}

#[test]
fn a_failure_is_named_by_its_stage() {
    let note = Note::GaveUp(Stage::Listen, Failure::Late);
    let contract::Record::Event(event) = fold(&[Record::Note { note, at: at(5) }]).remove(0).record
    else {
        panic!("not an event");
    };
    assert_eq!(
        (event.name.as_str(), event.detail.as_str(), event.at_ms),
        ("listen_failed", "late", 5)
    );
}

#[test]
fn the_callers_turns_are_counted_and_a_stream_says_whence_it_came() {
    let caller = Record::Caller {
        text: "Hello.".to_owned(),
        began: at(10),
        ended: at(20),
    };
    let mut reports = Reports::default();
    for _ in 0..2 {
        let line = Logged::Call(caller.clone());
        reports.note(&line, 7, at(20));
    }
    assert_eq!(reports.turns(), 2);
    let (ip, sid) = ("192.0.2.1".to_owned(), format!("MZ{}", "0".repeat(32)));
    let remark = Remark::stream_opened(ip.clone(), sid.clone());
    let contract::Record::Event(event) = fold_all(&[Logged::Shell(remark)]).remove(0).record else {
        panic!("not an event");
    };
    assert_eq!(event.source, Source { ip, sid });
    let earlier = r#"{"Happened":{"name":"hedged","detail":""}}"#;
    assert!(serde_json::from_str::<Logged>(earlier).is_ok());
}

#[test]
fn what_is_being_said_is_known_until_the_reply_is_over() {
    let saying = |text: &str| {
        Logged::Call(Record::Saying {
            text: text.to_owned(),
        })
    };
    let over = Logged::Call(Record::Replied {
        text: "Good day.".to_owned(),
        began: Some(at(1)),
        ended: at(2),
        interrupted: true,
        timing: None,
    });
    let mut reports = Reports::default();
    let mut after = |line: &Logged| {
        reports.note(line, 7, at(5_000));
        reports.saying().map(str::to_owned)
    };
    assert_eq!(after(&saying("Good day.")).as_deref(), Some("Good day."));
    let both = after(&saying("How are you?"));
    assert_eq!(both.as_deref(), Some("Good day. How are you?"));
    assert_eq!(after(&over), None);
}

/// What a version of tomorrow wrote.
const UNREADABLE: &str = r#"{"Foreseen":{"at":2000}}"#;

#[test]
fn a_line_that_nobody_can_read_any_more_hides_none_and_its_number_is_not_used_again() {
    let note = |note, ms| Record::Note { note, at: at(ms) };
    let written: Vec<String> = [
        Record::Connected { at: at(1_000) },
        note(Note::Idle, 3_000),
        Record::Ended {
            reason: EndReason::CallerLeft,
            at: at(4_000),
        },
    ]
    .into_iter()
    .map(|record| serde_json::to_string(&Logged::Call(record)).unwrap())
    .collect();
    let mut lines: Vec<&str> = written.iter().map(String::as_str).collect();
    lines.insert(1, UNREADABLE);
    // Tomorrow's version told it as number 2, and the functions know it.
    let acknowledged = 2;
    // However often it is read.
    for _ in 0..2 {
        let journal: Vec<Logged> = lines.iter().map(|line| Logged::read(line)).collect();
        let told = fold_all(&journal);
        let numbers: Vec<u64> = told.iter().map(|report| report.number).collect();
        assert_eq!(numbers, [1, 3, 4]);
        let last = told.last().unwrap();
        assert!(
            last.number > acknowledged && matches!(last.record, contract::Record::Ended { .. }),
            "{last:?}"
        );
        let records: Vec<&Record> = journal.iter().filter_map(Logged::record).collect();
        assert_eq!(
            records.len(),
            3,
            "the call goes on from all that can be read"
        );
    }
}
