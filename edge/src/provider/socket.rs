//! A socket to a provider, which may serve the whole call.

use std::rc::Weak;
use std::time::Duration;

use call::{Instant, Stage};
use futures_util::StreamExt as _;
use providers::{
    BROKEN, Complaint, Conversation, Deeds, Dial, Head, Link, Listener, Message, Speaker, Told,
};
use wasm_bindgen::JsValue;
use worker::{Response, Result, WebSocket, WebsocketEvent};

use super::head;
use super::meter::Meter;
use super::wait::later;
use super::{Line, Works};
use crate::line::Shell;
use crate::web::{AbortOnDrop, Task, send, spawn, timeout, within};

/// A handshake takes a few hundred milliseconds; one that takes longer than this never ends. Where speech is wanted over it
/// its conversation gives it up far sooner.
const HANDSHAKE_MAX: Duration = Duration::from_secs(5);
/// The status of a handshake that succeeded.
const SWITCHING: u16 = 101;
/// Of what a refused handshake says, more is not read,
const REFUSAL_BYTES_MAX: usize = 64 * 1024;
/// and not for longer.
const REFUSAL_MAX: Duration = Duration::from_secs(1);

/// A socket, from its handshake on. Dropping it hangs up.
pub(super) struct Socket {
    line: Line,
    pub(super) serial: u64,
    conversation: Conversation,
    /// Once the handshake is through.
    open: Option<Open>,
    /// What is due, and when.
    timer: Option<(Instant, Task)>,
    now: Instant,
    pub(super) meter: Meter,
    _reading: Task,
}

/// Closes when it goes away.
struct Open(WebSocket);

impl Drop for Open {
    fn drop(&mut self) {
        // It may be closed already.
        let _ = self.0.close(Some(1000), Some("the call is over"));
    }
}

impl Socket {
    /// Opens a socket; what is told it meanwhile is not lost.
    pub(super) fn open(
        shell: &Weak<Shell>,
        line: Line,
        serial: u64,
        dial: &Dial,
        conversation: Conversation,
    ) -> Self {
        Self {
            line,
            serial,
            conversation,
            open: None,
            timer: None,
            now: Instant::ZERO,
            meter: Meter::default(),
            _reading: read(shell, line, serial, dial),
        }
    }

    /// Whether nothing more can come of it.
    pub(super) fn is_over(&self) -> bool {
        self.conversation.is_over()
    }

    /// Whether the handshake is through.
    pub(super) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Tells it something. Answers with what came of that, and why it failed if it did.
    pub(super) fn tell(
        &mut self,
        shell: &Weak<Shell>,
        now: Instant,
        told: Told<'_>,
    ) -> (Deeds, Option<Complaint>) {
        self.now = now;
        if matches!(told, Told::Opened) {
            self.meter.start(now);
        }
        let was_over = self.is_over();
        let deeds = self.conversation.tell(now, told);
        self.meter.kept_open(deeds.silence);
        self.send(&deeds.send);
        if self.is_over() {
            self.timer = None;
            self.open = None;
        } else {
            self.arm(shell, now);
        }
        let ending = self.conversation.complaint().filter(|_| !was_over);
        if let Some(complaint) = deeds.complaint.as_ref().or(ending) {
            self.complain(shell, complaint);
        }
        let complaint = deeds.complaint.clone();
        let complaint = complaint.or_else(|| self.conversation.complaint().cloned());
        (deeds, complaint)
    }

    fn opened(&mut self, socket: WebSocket) {
        self.open = Some(Open(socket));
    }

    fn send(&self, messages: &[Message]) {
        let Some(Open(socket)) = &self.open else {
            return;
        };
        for message in messages {
            let sent = match message {
                Message::Text(text) => socket.send_with_str(text),
                Message::Binary(bytes) => socket.send_with_bytes(bytes),
            };
            if let Err(error) = sent {
                // Its end is on its way to the reading task.
                tracing::debug!(%error, "a provider's socket takes nothing any more");
                return;
            }
        }
    }

    fn arm(&mut self, shell: &Weak<Shell>, now: Instant) {
        let due = self.conversation.deadline();
        // A timer that goes off too early is cheaper than one that is set anew for every frame.
        if let (Some(due), Some((set, _))) = (due, &self.timer)
            && *set <= due
        {
            return;
        }
        let (line, serial) = (self.line, self.serial);
        self.timer = due.map(|due| {
            let tick = move |works: &mut Works, now| {
                if let Some(socket) = works
                    .sockets
                    .get_mut(&line)
                    .filter(|it| it.serial == serial)
                {
                    socket.timer = None;
                }
                works.came(now, line, serial, Told::Tick);
            };
            (due, later(Weak::clone(shell), due.since(now), tick))
        });
    }

    fn complain(&self, shell: &Weak<Shell>, complaint: &Complaint) {
        let call = shell
            .upgrade()
            .map(|shell| shell.name())
            .unwrap_or_default();
        let (stage, _) = self.line;
        tracing::warn!(call, ?stage, failure = ?complaint.failure, status = complaint.status, code = complaint.code, "a provider's socket failed");
        tracing::debug!(
            call,
            ?stage,
            message = complaint.message,
            "what the provider said"
        );
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if !self.is_over() {
            let last = self.conversation.tell(self.now, Told::Bye);
            self.send(&last.send);
        }
    }
}

impl Works {
    /// Tells a socket something; opens it first if there is none and something is asked.
    pub(super) fn tell(&mut self, now: Instant, line: Line, told: Told<'_>) {
        if self.sockets.get(&line).is_some_and(Socket::is_over) {
            self.sockets.remove(&line);
        }
        if matches!(told, Told::Ask(..)) && !self.sockets.contains_key(&line) {
            let Some(Link { dial, conversation }) = self.dial(line) else {
                return;
            };
            self.serial += 1;
            let socket = Socket::open(&self.line, line, self.serial, &dial, conversation);
            self.sockets.insert(line, socket);
        }
        let Some(socket) = self.sockets.get_mut(&line) else {
            return;
        };
        let (deeds, complaint) = socket.tell(&self.line, now, told);
        if socket.is_over() {
            self.meter(now, line);
        }
        if matches!(told, Told::Opened) {
            self.sound_leaves(line);
        }
        self.turns(now, line.1, &deeds);
        for (id, reply) in deeds.replies {
            self.heard(now, id, line.1, reply, complaint.as_ref());
        }
    }

    fn dial(&self, (stage, runner): Line) -> Option<Link> {
        match stage {
            Stage::Listen => match &self.lineup.listen.get(runner)?.doer {
                Listener::Socket(dialled) => Some(dialled.dial()),
                Listener::Upload(_) => None,
            },
            Stage::Speak => match &self.lineup.speak.get(runner)?.doer {
                Speaker::Socket(dialled) => Some(dialled.dial()),
                Speaker::Fetch(_) => None,
            },
            Stage::Think | Stage::Do => None,
        }
    }

    /// Something came over a socket.
    fn came(&mut self, now: Instant, line: Line, serial: u64, told: Told<'_>) {
        if self.is_current(line, serial) {
            self.tell(now, line, told);
        }
    }

    fn is_current(&self, line: Line, serial: u64) -> bool {
        let socket = self.sockets.get(&line);
        socket.is_some_and(|socket| socket.serial == serial)
    }
}

/// Dials, and then reads until the end.
fn read(shell: &Weak<Shell>, line: Line, serial: u64, dial: &Dial) -> Task {
    let protocols = dial.protocols.join(", ");
    let mut headers: Vec<(&str, &str)> = vec![("upgrade", "websocket")];
    if !protocols.is_empty() {
        headers.push(("sec-websocket-protocol", &protocols));
    }
    headers.extend(
        dial.headers
            .iter()
            .map(|(name, value)| (*name, value.as_str())),
    );
    let sent = send("GET", &dial.url, headers, &JsValue::UNDEFINED);
    let shell = Weak::clone(shell);
    spawn("provider socket", async move {
        let shake = async { sent?.response().await };
        let (mut response, guard) = match timeout(HANDSHAKE_MAX, shake).await {
            Ok(answered) => answered,
            Err(error) => {
                tracing::debug!(%error, "the handshake did not get through");
                tell(&shell, line, serial, Told::Refused(&Head::default(), b""));
                return;
            }
        };
        let end = if response.status_code() == SWITCHING {
            match response.websocket() {
                Some(socket) => follow(&shell, line, serial, &socket).await,
                None => Ok(()),
            }
        } else {
            refused(&shell, line, serial, &mut response).await
        };
        if let Err(error) = end {
            tracing::debug!(%error, "a provider's socket broke");
        }
        tell(&shell, line, serial, Told::Closed(BROKEN, ""));
        drop::<AbortOnDrop>(guard);
    })
}

/// Reads what a refusal says.
async fn refused(
    shell: &Weak<Shell>,
    line: Line,
    serial: u64,
    response: &mut Response,
) -> Result<()> {
    let mut body = Vec::new();
    let reading = async {
        if let Ok(mut stream) = response.stream() {
            while body.len() < REFUSAL_BYTES_MAX
                && let Some(Ok(chunk)) = stream.next().await
            {
                body.extend(chunk);
            }
        }
    };
    // What was said by then must do: those who wait are told.
    let _ = within(REFUSAL_MAX, reading).await;
    tell(shell, line, serial, Told::Refused(&head(response), &body));
    Ok(())
}

/// Reads what is said.
async fn follow(shell: &Weak<Shell>, line: Line, serial: u64, socket: &WebSocket) -> Result<()> {
    socket
        .as_ref()
        .set_binary_type(web_sys::BinaryType::Arraybuffer);
    // Listeners first: what is said before the first wait is not lost.
    let mut events = socket.events()?;
    socket.accept()?;
    let opened = socket.clone();
    act(shell, move |works, now| {
        if let Some(socket) = works
            .sockets
            .get_mut(&line)
            .filter(|it| it.serial == serial)
        {
            socket.opened(opened);
        }
        works.came(now, line, serial, Told::Opened);
    });
    while let Some(event) = events.next().await {
        match event? {
            WebsocketEvent::Message(message) => {
                if let Some(text) = message.text() {
                    tell(shell, line, serial, Told::Text(&text));
                } else if let Some(bytes) = message.bytes() {
                    tell(shell, line, serial, Told::Binary(&bytes));
                }
            }
            WebsocketEvent::Close(close) => {
                tell(
                    shell,
                    line,
                    serial,
                    Told::Closed(close.code(), &close.reason()),
                );
                break;
            }
        }
    }
    Ok(())
}

fn tell(shell: &Weak<Shell>, line: Line, serial: u64, told: Told<'_>) {
    act(shell, |works, now| works.came(now, line, serial, told));
}

fn act(shell: &Weak<Shell>, deed: impl FnOnce(&mut Works, Instant)) {
    if let Some(shell) = shell.upgrade() {
        shell.provided(deed);
    }
}
