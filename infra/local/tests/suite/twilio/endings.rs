use local::twilio::{Closer, Handshake, Webhook, What};
use twilio::media::{Inbound, Outbound};
use twilio::webhook::CallStatus;

use crate::twilio::world::{World, codes, connected, soon, whats};

#[tokio::test]
async fn a_call_goes_on_with_its_action_when_the_server_closes_or_the_socket_drops() {
    let mut world = World::new().await;
    world.twiml("/voice", &world.stream_document("/media/one", "/after?n=1"));
    for n in 2..=3 {
        let path = format!("/media/{n}");
        let document = world.stream_document(&path, &world.url("/after"));
        world.twiml("/after", &document);
    }
    world.twiml("/after", "<Say>Bye</Say>");
    let call = world.dial();
    let mut one = world.socket().await;
    let first = one.start().await;
    one.close().await;

    let mut two = world.socket().await;
    let second = two.start().await;
    assert_eq!(first.call, second.call);
    assert_ne!(first.stream, second.stream);
    call.drop_socket();
    while let Some(message) = two.next().await {
        assert!(
            !matches!(message, Inbound::Stop { .. }),
            "a cut says nothing"
        );
    }
    let mut three = world.socket().await;
    three.start().await;
    // Gone without a word.
    drop(three);
    soon(call.settled()).await;
    let closers: Vec<_> = whats(&call)
        .into_iter()
        .filter_map(|what| match what {
            What::StreamClosed { by, .. } => Some(by),
            _ => None,
        })
        .collect();
    assert_eq!(closers, [Closer::Server, Closer::Fault, Closer::Broken]);
    assert_eq!(codes(&call), [31903]);
    let actions = world.asked("/after");
    assert_eq!(actions.len(), 3);
    assert!(actions.iter().all(|asked| asked.signed));
    assert_eq!(actions[0].form.get("CallStatus"), Some("in-progress"));
    assert!(whats(&call).contains(&What::Said {
        text: "Bye".to_owned()
    }));
    let sent = |what: &What| {
        matches!(
            what,
            What::WebhookSent {
                webhook: Webhook::Action,
                ..
            }
        )
    };
    assert_eq!(whats(&call).iter().filter(|what| sent(what)).count(), 3);
}

#[tokio::test]
async fn a_stream_that_cannot_be_opened_says_why_and_the_call_goes_on() {
    let mut world = World::new().await;
    world.reply("/media/refused", 403, "text/plain", "no");
    // Taken, so that nobody else gets it, and nobody listens there.
    let taken = tokio::net::TcpSocket::new_v4().unwrap();
    taken.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let unused = taken.local_addr().unwrap();
    let cases = [
        (world.ws("/media/refused"), 31920),
        (world.ws("/media/a?b=c"), 31920),
        (format!("ws://{unused}/media"), 31902),
        ("ws://bot.example.com/media".to_owned(), 31922),
        (world.url("/media"), 31922),
        ("/media".to_owned(), 31922),
        (world.ws("/media").replace("ws:", "wss:"), 31910),
    ];
    for (url, code) in cases {
        let status = world.url("/stream-status");
        let stream = format!(r#"<Stream url="{url}" name="s" statusCallback="{status}"/>"#);
        let path = format!("/voice/{code}/{}", url.len());
        world.twiml(&path, &format!("<Connect>{stream}</Connect><Hangup/>"));
        world.number(|number| number.voice_url = world.url(&path));
        let call = world.dial();
        soon(call.settled()).await;
        assert_eq!(codes(&call), [code], "{url}");
        assert_eq!(call.status(), CallStatus::Completed);
        let told = world.asked("/stream-status").pop().unwrap();
        assert!(told.signed);
        assert_eq!(told.form.get("StreamEvent"), Some("stream-error"));
        assert_eq!(told.form.get("StreamName"), Some("s"));
        assert!(
            told.form
                .get("StreamError")
                .is_some_and(|text| !text.is_empty())
        );
    }
    // Forged and missing signatures are the server's to notice.
    for (handshake, signed) in [
        (Handshake::Forged, false),
        (Handshake::Unsigned, false),
        (Handshake::SignedWithSlash, true),
    ] {
        world
            .carrier
            .behave(|behaviour| behaviour.handshake = handshake);
        world.number(|_| {});
        let (call, socket) = connected(&mut world).await;
        assert_eq!(socket.signed, signed, "{handshake:?}");
        call.hang_up();
    }
}

#[tokio::test]
async fn a_one_way_stream_listens_beside_the_call() {
    let mut world = World::new().await;
    let status = world.url("/stream-status");
    let url = world.ws("/media/listen");
    world.twiml(
        "/voice",
        &format!(
            r#"<Start><Stream url="{url}" statusCallback="{status}"/></Start><Say>One moment please</Say><Pause length="60"/>"#
        ),
    );
    let call = world.dial();
    let mut socket = world.socket().await;
    let start = socket.start().await;
    call.speak(vec![9; 320]);
    let heard = socket.find(|message| match message {
        Inbound::Media { payload, .. } if payload[0] == 9 => Some(()),
        _ => None,
    });
    assert_eq!(heard.await, Some(()));
    socket.send(Outbound::media(&[1; 160])).await;
    let refused = call.find(|event| matches!(event.what, What::Warning { .. }).then_some(()));
    soon(refused).await;
    // 17 characters at 60 ms, and a bit of the pause.
    let frames = socket.find(|message| match message {
        Inbound::Media { timestamp_ms, .. } if *timestamp_ms >= 17 * 60 => Some(()),
        _ => None,
    });
    assert_eq!(frames.await, Some(()));
    call.hang_up();
    soon(call.settled()).await;
    assert_eq!(codes(&call), [31951], "nothing can be said to it");
    let told = world.asked("/stream-status");
    let events: Vec<_> = told
        .iter()
        .map(|asked| asked.form.get("StreamEvent"))
        .collect();
    assert_eq!(events, [Some("stream-started"), Some("stream-stopped")]);
    assert_eq!(told[0].form.get("StreamSid"), Some(start.stream.as_str()));
    assert!(told[0].form.get("Timestamp").unwrap().ends_with('Z'));
    // Of all that, the caller hears nothing but silence.
    assert!(call.sound().1.iter().all(|byte| *byte == 0xFF));
    assert!(call.sound().1.len() >= 17 * 480);
}
