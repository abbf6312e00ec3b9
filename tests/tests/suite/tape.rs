//! Whatever happens to a call can be taped, and the tape run again.

use std::time::Duration;

use audio::Clip;
use call::{
    Answerer, Call, Closing, Config, Failure, Input, Instant, Key, Mark, Order, Output, Record,
    Reply, RequestId, Tape, TapeError, Taped, ToolCall,
};

fn inputs() -> Vec<Input> {
    let say = Some("Goodbye.".to_owned());
    let tool = ToolCall::Custom {
        id: "a".to_owned(),
        name: "look_up".to_owned(),
        arguments: "{}".to_owned(),
    };
    vec![
        Input::Opened,
        Input::Answered(Answerer::MachineReady),
        Input::Text("A table, please.".to_owned()),
        Input::Reply(RequestId(1), Reply::Tool(tool)),
        Input::Reply(RequestId(1), Reply::Result("done".to_owned())),
        Input::Reply(RequestId(2), Reply::Failed(Failure::Late)),
        Input::Order(Order::Interrupt),
        Input::Order(Order::Say {
            text: "Hello.".to_owned(),
        }),
        Input::Order(Order::SendKeys {
            keys: "1w2".to_owned(),
        }),
        Input::Opened,
        Input::Order(Order::Transfer {
            to: "+12025550143".to_owned(),
        }),
        Input::Frame {
            at: Duration::from_millis(1_280),
            audio: Clip::from(vec![0x55; 160]),
        },
        Input::Key(Key::new('#').expect("a key")),
        Input::Played(Mark {
            generation: 1,
            number: 300,
        }),
        Input::Delayed(Duration::from_millis(70)),
        Input::Tick,
        Input::Closed(Closing::Dropped),
        Input::Order(Order::Wrap { say: None }),
        Input::Order(Order::HangUp { say }),
    ]
}

/// A tape with all that can be on one.
fn everything() -> (Tape, Vec<Vec<Output>>) {
    let mut tape = Tape::default();
    let (mut call, begun) = Call::begin(Config::default(), Instant::ZERO);
    tape.begun(Instant::ZERO, &Config::default());
    let mut outputs = vec![begun];
    let times = (1_u64..).map(|n| Instant::from_ms(n * 100));
    for (at, input) in times.zip(inputs()) {
        tape.push(at, &input);
        outputs.push(call.handle(at, input));
    }
    (tape, outputs)
}

#[test]
fn a_tape_with_everything_on_it_gives_the_same_call_again() {
    let (tape, outputs) = everything();
    let replayed: Vec<_> = tape.replay().map(|line| line.unwrap()).collect();
    let again: Vec<_> = replayed.iter().map(|(_, out)| out.clone()).collect();
    assert_eq!(again, outputs);
    let taped: Vec<_> = replayed
        .into_iter()
        .map(|(line, _)| line.what)
        .skip(1)
        .collect();
    assert_eq!(
        taped,
        inputs().into_iter().map(Taped::Input).collect::<Vec<_>>()
    );
}

#[test]
fn the_stored_form_is_that_of_its_format() {
    let path = format!(
        "{}/corpus/tape/format-{}.tape",
        env!("CARGO_MANIFEST_DIR"),
        Tape::FORMAT
    );
    if std::env::var_os("WRITE_TAPE").is_some() {
        let (mut tape, outputs) = everything();
        let journal: Vec<_> = outputs.into_iter().flatten().filter_map(record).collect();
        tape.resumed(Instant::from_ms(9_000), &journal);
        std::fs::write(&path, tape.as_bytes()).unwrap();
    }
    let stored = std::fs::read(&path).expect(RAISE);
    let mut again = Tape::default();
    for line in Tape::from_bytes(stored.clone()).lines() {
        let Ok(line) = line else {
            panic!("{line:?}: {RAISE}");
        };
        match line.what {
            Taped::Begun(config) => again.begun(line.at, &config),
            Taped::Resumed(journal) => again.resumed(line.at, &journal),
            Taped::Input(input) => again.push(line.at, &input),
        }
    }
    assert!(again.as_bytes() == stored, "{RAISE}");
}

const RAISE: &str = "what is on a tape is written in another way than before: raise `FORMAT` in tape.rs, so that \
    older tapes are refused and not misread; move its file, and write it anew with WRITE_TAPE=1";

fn record(output: Output) -> Option<Record> {
    match output {
        Output::Persist(record) => Some(record),
        _ => None,
    }
}

#[test]
fn a_tape_of_another_format_is_refused_and_not_misread() {
    let (tape, _) = everything();
    let mut bytes = tape.as_bytes().to_vec();
    // Four bytes of length, one of time, one that says that a call begins; then the format.
    assert_eq!(u16::from(bytes[6]), Tape::FORMAT);
    bytes[6] = 99;
    let read: Vec<_> = Tape::from_bytes(bytes).lines().collect();
    assert_eq!(read, [Err(TapeError::Foreign { found: 99 })]);
}

#[test]
fn a_tape_that_was_cut_tells_where() {
    let (tape, _) = everything();
    let bytes = tape.as_bytes();
    let cut = Tape::from_bytes(bytes[..bytes.len() - 1].to_vec());
    let last = cut.lines().last().unwrap();
    assert!(matches!(last, Err(TapeError::Damaged { at }) if at < bytes.len()));
}
