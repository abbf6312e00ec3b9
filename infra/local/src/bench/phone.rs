//! One telephone of the load: opens a call at the edge as the functions do, and its media stream as Twilio does.
//!
//! Far less than the simulated Twilio, so that five hundred of them fit beside the edge on two cores.

use std::collections::VecDeque;
use std::time::Duration;

use audio::{Clip, FRAME_SAMPLES};
use contract::{Bot, Direction, Opening, Seal, Secret, Ticket};
use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use twilio::media::{Format, Inbound, Outbound, Start, Track};
use twilio::signature::{AuthToken, handshake_signatures};
use twilio::{AccountSid, CallSid, Party, StreamSid};

const FRAME: Duration = Duration::from_millis(20);

/// What all telephones of a bench share.
#[derive(Debug)]
pub(super) struct Line {
    /// `http://127.0.0.1:…` of the edge.
    pub(super) edge: String,
    /// Where records and uploads go.
    pub(super) sink: String,
    /// `EDGE_SECRET`.
    pub(super) secret: Secret,
    /// Who answers.
    pub(super) bot: Bot,
    /// Plainly a stand-in's.
    pub(super) account: AccountSid,
    /// What the handshakes are signed with.
    pub(super) token: AuthToken,
    /// For the `PUT`s.
    pub(super) http: reqwest::Client,
}

/// What happened on the line, with the time of its arrival.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Heard {
    /// Sound of the bot arrived.
    Sound,
    /// The bot took back what was queued.
    Clear,
}

/// A telephone with an open stream.
pub(super) struct Phone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    stream: StreamSid,
    call: CallSid,
    account: AccountSid,
    /// When the stream was opened.
    pub(super) started: Instant,
    frames: u64,
    playout_end: Instant,
    marks: VecDeque<(Instant, String)>,
}

/// A failure to open or use the line.
pub type Broken = Box<dyn std::error::Error + Send + Sync>;

impl Phone {
    /// Opens a call and its stream.
    ///
    /// # Errors
    ///
    /// What the edge refused, or what broke.
    pub(super) async fn dial(line: &Line, number: u64) -> Result<Self, Broken> {
        let call: CallSid = format!("CA{number:032x}").parse()?;
        let stream: StreamSid = format!("MZ{number:032x}").parse()?;
        let now_s = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)?
            .as_secs();
        let ticket = Ticket {
            call: call.into(),
            account: line.account,
            bot: line.bot.id.clone(),
            expires_s: now_s + 60,
            nonce: number,
        };
        let path = format!("/media/{call}/{}", ticket.seal(&line.secret));
        let url = format!("{}{path}", line.edge.replacen("http", "ws", 1));
        let handshakes = handshake_signatures(&line.token, &url);
        let signature = handshakes.first().cloned().unwrap_or_default();
        let opening = Opening {
            call: call.into(),
            account: line.account,
            from: Party::parse("+15005550001"),
            to: Party::parse("+15005550006"),
            direction: Direction::Inbound,
            bot: line.bot.clone(),
            handshakes,
            records_url: format!("{}/records", line.sink),
            uploads_url: format!("{}/uploads", line.sink),
            speech_url: String::new(),
            plays_url: String::new(),
            hook_secret: None,
        };
        let body = serde_json::to_vec(&opening)?;
        let target = format!("/calls/{call}");
        let seal = Seal::new(&line.secret, now_s, "PUT", &target, &body);
        let answer = line
            .http
            .put(format!("{}{target}", line.edge))
            .header(contract::SEAL_HEADER, seal.as_str())
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await?;
        if !answer.status().is_success() {
            return Err(format!(
                "PUT {target}: {}: {}",
                answer.status(),
                answer.text().await?
            )
            .into());
        }
        let mut request = url.into_client_request()?;
        request
            .headers_mut()
            .insert("x-twilio-signature", signature.parse()?);
        let (socket, _) = tokio_tungstenite::connect_async(request).await?;
        let started = Instant::now();
        let account = line.account;
        let mut phone = Self {
            socket,
            stream,
            call,
            account,
            started,
            frames: 0,
            playout_end: started,
            marks: VecDeque::new(),
        };
        phone.start().await?;
        Ok(phone)
    }

    async fn start(&mut self) -> Result<(), Broken> {
        self.say(&Inbound::Connected).await?;
        let start = Inbound::Start(Start {
            sequence: 1,
            account: self.account,
            call: self.call,
            stream: self.stream,
            tracks: vec![Track::Inbound],
            format: Format::mulaw(),
            parameters: std::collections::BTreeMap::new(),
        });
        self.started = Instant::now();
        self.say(&start).await
    }

    async fn say(&mut self, message: &Inbound) -> Result<(), Broken> {
        let text = message.encode(&self.stream);
        self.socket.send(Message::text(text)).await?;
        Ok(())
    }

    /// Sends one frame when its time has come, and meanwhile takes what the bot sends; calls back for each.
    ///
    /// # Errors
    ///
    /// The line broke.
    pub(super) async fn frame(
        &mut self,
        payload: &[u8],
        mut heard: impl FnMut(Heard, Instant),
    ) -> Result<(), Broken> {
        let due = self.started + FRAME * u32::try_from(self.frames + 1).unwrap_or(u32::MAX);
        loop {
            tokio::select! {
                biased;
                message = self.socket.next() => match message {
                    Some(Ok(Message::Text(text))) => self.take(&text, &mut heard)?,
                    Some(Ok(_)) => (),
                    Some(Err(error)) => return Err(error.into()),
                    None => return Err("the edge closed the stream".into()),
                },
                () = sleep_until(due) => break,
            }
        }
        let media = Inbound::Media {
            sequence: self.frames + 2,
            chunk: self.frames + 1,
            timestamp_ms: self.frames * 20,
            track: Track::Inbound,
            payload: payload.to_vec(),
        };
        self.frames += 1;
        self.say(&media).await?;
        self.echo().await
    }

    /// Sends silence until nothing of the bot is playing, and for `after` more; none if `limit` passed before.
    ///
    /// # Errors
    ///
    /// The line broke.
    pub(super) async fn listen(
        &mut self,
        after: Duration,
        limit: Duration,
        mut heard: impl FnMut(Heard, Instant),
    ) -> Result<(), Broken> {
        let until = Instant::now() + limit;
        while Instant::now() < until && Instant::now() < self.playout_end + after {
            self.frame(&[audio::mulaw::SILENCE; FRAME_SAMPLES], &mut heard)
                .await?;
        }
        Ok(())
    }

    /// Sends silence for so long.
    ///
    /// # Errors
    ///
    /// The line broke.
    pub(super) async fn pass(
        &mut self,
        length: Duration,
        mut heard: impl FnMut(Heard, Instant),
    ) -> Result<(), Broken> {
        let until = Instant::now() + length;
        while Instant::now() < until {
            self.frame(&[audio::mulaw::SILENCE; FRAME_SAMPLES], &mut heard)
                .await?;
        }
        Ok(())
    }

    /// Says a clip, frame by frame. Answers when its last frame went out.
    ///
    /// # Errors
    ///
    /// The line broke.
    pub(super) async fn speak(
        &mut self,
        clip: &Clip,
        mut heard: impl FnMut(Heard, Instant),
    ) -> Result<Instant, Broken> {
        for frame in clip.pieces(FRAME_SAMPLES) {
            self.frame(frame.bytes(), &mut heard).await?;
        }
        Ok(Instant::now())
    }

    fn take(&mut self, text: &str, heard: &mut impl FnMut(Heard, Instant)) -> Result<(), Broken> {
        let now = Instant::now();
        match Outbound::decode(text, &self.stream)? {
            Outbound::Media { payload } => {
                heard(Heard::Sound, now);
                let length = Duration::from_micros(payload.len() as u64 * 125);
                self.playout_end = self.playout_end.max(now) + length;
            }
            Outbound::Mark { name } => self.marks.push_back((self.playout_end, name.into_owned())),
            Outbound::Clear => {
                heard(Heard::Clear, now);
                self.playout_end = now;
                for (at, _) in &mut self.marks {
                    *at = now;
                }
            }
        }
        Ok(())
    }

    /// Sends the marks back whose sound has been played.
    async fn echo(&mut self) -> Result<(), Broken> {
        let now = Instant::now();
        while let Some((_, name)) = self.marks.pop_front_if(|(at, _)| *at <= now) {
            let sequence = self.frames + 2;
            self.say(&Inbound::Mark { sequence, name }).await?;
        }
        Ok(())
    }

    /// Hangs up as Twilio does.
    ///
    /// # Errors
    ///
    /// The line broke.
    pub(super) async fn hang_up(mut self) -> Result<(), Broken> {
        let stop = Inbound::Stop {
            sequence: self.frames + 2,
            account: self.account,
            call: self.call,
        };
        self.say(&stop).await?;
        self.socket.close(None).await?;
        Ok(())
    }
}
