//! Whatever happens to a call can be taped, and the tape run again.

use call::{
    Answerer, Call, Config, Failure, Input, Instant, Order, Reply, RequestId, Tape, Taped, ToolCall,
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
        Input::Order(Order::Wrap { say: None }),
        Input::Order(Order::HangUp { say }),
    ]
}

#[test]
fn a_tape_with_everything_on_it_gives_the_same_call_again() {
    let mut tape = Tape::default();
    let (mut call, begun) = Call::begin(Config::default(), Instant::ZERO);
    tape.begun(Instant::ZERO, &Config::default());
    let mut outputs = vec![begun];
    let times = (1_u64..).map(|n| Instant::from_ms(n * 100));
    for (at, input) in times.zip(inputs()) {
        tape.push(at, &input);
        outputs.push(call.handle(at, input));
    }
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
