//! `callbox start`, `stop` and `status`: a real number rings here, for a while.

mod back;
mod memory;
mod status;
mod stop;
mod tunnel;
mod watch;

use std::time::Duration;

use clap::Args;
use jiff::{Span, SpanRelativeTo, Timestamp};
use serde_json::json;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, sleep, sleep_until};
use twilio::PhoneNumber;
use twilio::rest::{NumberResource, UpdateNumber};

use crate::carrier::Carrier;
use crate::failure::Failure;
use crate::out::{Out, Paint};
use crate::settings::{EDGE_URL, STATUS_URL, Settings, host_url};
use back::give_back;
use memory::{Memory, Store};
use tunnel::{Program, Tunnel};

pub(crate) use back::target;
pub(crate) use status::status;
pub(crate) use stop::stop;

/// How often a tunnel that has closed is opened again, in a row.
const REOPEN_MAX: u32 = 6;

/// The options of `start`.
#[derive(Args, Debug)]
pub(crate) struct StartArgs {
    /// How long, such as 24h or 90m; without it, until Ctrl-C.
    #[arg(short = 'd', long = "duration", value_parser = duration, value_name = "TIME")]
    duration: Option<Duration>,
    /// The number to point here; without it the one of the settings, or the account's only one.
    #[arg(long, value_name = "E164")]
    number: Option<PhoneNumber>,
    /// A public URL that leads to Callbox, instead of a tunnel.
    #[arg(long, value_name = "URL", value_parser = host_url)]
    url: Option<String>,
    /// With --url: where the function `status` is, if not there.
    #[arg(long, value_name = "URL", value_parser = host_url, requires = "url")]
    status_url: Option<String>,
    /// With --url: where the edge is, if not there. It answers when the voice function does not.
    #[arg(long, value_name = "URL", value_parser = host_url, requires = "url")]
    edge_url: Option<String>,
    /// The port of this machine where Callbox answers Twilio.
    #[arg(
        long,
        default_value_t = 8700,
        value_name = "PORT",
        conflicts_with = "url"
    )]
    port: u16,
    /// Which tunnel, if both are there.
    #[arg(long, value_enum, conflicts_with = "url")]
    tunnel: Option<Program>,
}

/// Where Twilio is sent.
struct Place {
    base: String,
    voice: String,
    fallback: String,
    status: String,
}

impl Place {
    fn of(base: &str, status: Option<&str>, edge: Option<&str>) -> Self {
        Self {
            base: base.to_owned(),
            voice: format!("{base}/voice/incoming"),
            fallback: format!("{}/fallback", edge.unwrap_or(base)),
            status: format!("{}/twilio/call", status.unwrap_or(base)),
        }
    }
}

/// Reads a time such as 24h.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let span: Span = text
        .parse()
        .map_err(|_| "give a time such as 24h, 90m or 1h30m".to_owned())?;
    let length = span
        .to_duration(SpanRelativeTo::days_are_24_hours())
        .map_err(|error| error.to_string())?;
    Duration::try_from(length)
        .ok()
        .filter(|length| *length >= Duration::from_secs(1))
        .ok_or_else(|| "must be a second or more".to_owned())
}

/// Whatever asks us to stop: signals, and the time.
struct End {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    at: Option<Instant>,
}

impl End {
    fn listen(after: Option<Duration>) -> Result<Self, Failure> {
        let on = |kind| {
            let told = |error| Failure::new("signals", format!("no signals can be heard: {error}"));
            signal(kind).map_err(told)
        };
        Ok(Self {
            interrupt: on(SignalKind::interrupt())?,
            terminate: on(SignalKind::terminate())?,
            hang_up: on(SignalKind::hangup())?,
            at: after.map(|after| Instant::now() + after),
        })
    }

    async fn comes(&mut self) {
        let over = async {
            match self.at {
                Some(at) => sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
            () = over => {}
        }
    }

    /// Does something that may be broken off; none if it was.
    async fn or<T>(&mut self, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            () = self.comes() => None,
            done = work => Some(done),
        }
    }
}

/// The number points here until the time is over or somebody says so; then it does again what it did before.
pub(crate) async fn start(
    arguments: &StartArgs,
    settings: &Settings,
    out: Out,
) -> Result<(), Failure> {
    let carrier = Carrier::of(settings)?;
    let store = Store::open()?;
    let Some(_lock) = store.lock()? else {
        let number = store
            .read()?
            .map(|memory| format!(" for {}", memory.number));
        let message = format!("callbox start runs already{}", number.unwrap_or_default());
        return Err(Failure::new("already_running", message).next("callbox stop ends it"));
    };
    // From here on Ctrl-C no longer ends us where we stand.
    let mut end = End::listen(arguments.duration)?;
    if let Some(memory) = store.read()? {
        out.progress("an earlier run was killed: giving its number back what it had");
        let back = give_back(&carrier, &store, &memory).await?;
        out.progress(&back.words(&memory));
        out.json(&back.to_json(&memory));
    }
    let wanted = arguments
        .number
        .clone()
        .map_or_else(|| settings.number(), |number| Ok(Some(number)))?;
    let number = carrier.number(wanted.as_ref()).await?;
    if number.capabilities.is_some_and(|can| !can.voice) {
        let message = format!("{} cannot take calls: it has no voice", number.phone_number);
        return Err(Failure::new("number_without_voice", message)
            .next("callbox numbers --carrier lists the account's numbers"));
    }
    let session = Session {
        arguments,
        settings,
        carrier,
        store,
        number,
        out,
    };
    let mut open = None;
    let done = session.hold(&mut end, &mut open).await;
    let given = session.end().await;
    // Not before the number is given back: until then calls are sent here.
    if let Some(tunnel) = open {
        tunnel.close().await;
    }
    done.and(given)
}

struct Session<'a> {
    arguments: &'a StartArgs,
    settings: &'a Settings,
    carrier: Carrier,
    store: Store,
    number: NumberResource,
    out: Out,
}

impl Session<'_> {
    /// Points the number here, and keeps it so: while the tunnel is open, and again when it is opened again. A tunnel that is
    /// still open at the end is left in `open`.
    async fn hold(&self, end: &mut End, open: &mut Option<Tunnel>) -> Result<(), Failure> {
        if let Some(url) = &self.arguments.url {
            let status = self.other(self.arguments.status_url.as_deref(), STATUS_URL)?;
            let edge = self.other(self.arguments.edge_url.as_deref(), EDGE_URL)?;
            let place = Place::of(url, status.as_deref(), edge.as_deref());
            self.point(&place, None).await?;
            if end.or(self.announce(&place)).await.is_some() {
                end.comes().await;
            }
            return Ok(());
        }
        let program = self.arguments.tunnel.or_else(Program::detect);
        let program = program.ok_or_else(tunnel::missing)?;
        let mut failures = 0;
        loop {
            self.out
                .progress(&format!("opening a tunnel with {} …", program.name()));
            let Some(opened) = end.or(Tunnel::open(program, self.arguments.port)).await else {
                return Ok(());
            };
            match opened {
                Ok(tunnel) => {
                    failures = 0;
                    let tunnel = open.insert(tunnel);
                    if !self.through(tunnel, program, end).await? {
                        return Ok(());
                    }
                    if let Some(gone) = open.take() {
                        gone.close().await;
                    }
                    self.out.warn("the tunnel has closed; opening another");
                    self.out.json(&json!({ "event": "tunnel_closed" }));
                }
                Err(failure) if failures + 1 >= REOPEN_MAX || self.store.read()?.is_none() => {
                    return Err(failure);
                }
                Err(failure) => {
                    failures += 1;
                    self.out.warn(&failure.message);
                }
            }
            if end
                .or(sleep(Duration::from_secs(1 << failures)))
                .await
                .is_none()
            {
                return Ok(());
            }
        }
    }

    /// As long as this tunnel is open; whether another shall be opened.
    async fn through(
        &self,
        tunnel: &mut Tunnel,
        program: Program,
        end: &mut End,
    ) -> Result<bool, Failure> {
        let place = Place::of(&tunnel.url, None, None);
        // Not to be broken off: nobody would know what Twilio made of it.
        self.point(&place, Some(program)).await?;
        let open = async {
            self.announce(&place).await;
            std::future::pending::<()>().await;
        };
        let gone = async {
            tokio::select! {
                () = open => {}
                () = self.fades(&place) => {}
                () = tunnel.gone() => {}
            }
        };
        Ok(end.or(gone).await.is_some())
    }

    fn other(
        &self,
        given: Option<&str>,
        setting: crate::settings::Setting,
    ) -> Result<Option<String>, Failure> {
        given.map_or_else(
            || self.settings.url(setting),
            |given| Ok(Some(given.to_owned())),
        )
    }

    /// Remembers, then points. What is remembered of before is never replaced, and where the number pointed until now is not
    /// forgotten: Twilio may not do it, or we be killed before it does.
    async fn point(&self, place: &Place, program: Option<Program>) -> Result<(), Failure> {
        let now = Timestamp::now();
        let length = self
            .arguments
            .duration
            .and_then(|length| jiff::SignedDuration::try_from(length).ok());
        let fresh = || Memory {
            account: self.carrier.account(),
            sid: self.number.sid,
            number: self.number.phone_number.clone(),
            former: self.number.settings(),
            voice_url: String::new(),
            ours: Vec::new(),
            tunnel: program.map(|program| program.name().to_owned()),
            began: now,
            until: length.and_then(|length| now.checked_add(length).ok()),
        };
        let mut memory = self.store.read()?.unwrap_or_else(fresh);
        let is_moved = !memory.voice_url.is_empty() && memory.voice_url != place.voice;
        memory.aim(&place.voice);
        self.store.write(&memory)?;
        self.carrier
            .point(&UpdateNumber {
                number: self.number.sid,
                voice_url: place.voice.clone(),
                voice_fallback_url: Some(place.fallback.clone()),
                status_callback: Some(place.status.clone()),
            })
            .await?;
        let out = self.out;
        out.line(&format!(
            "{} rings here: {}",
            out.paint(Paint::Strong, memory.number.as_str()),
            place.voice
        ));
        let until = memory
            .until
            .map(|until| format!("until {}, ", crate::time::local(until)));
        out.line(&out.paint(
            Paint::Faint,
            &format!(
                "{}or until Ctrl-C; then again: {}",
                until.unwrap_or_default(),
                target(&memory.former)
            ),
        ));
        out.json(&json!({
            "event": "started", "number": memory.number, "voice_url": place.voice, "fallback_url": place.fallback,
            "status_url": place.status, "tunnel": memory.tunnel, "until": memory.until, "former": memory.former,
        }));
        if is_moved {
            self.tell_moved(&place.base);
        }
        Ok(())
    }

    /// Gives back what the number had, if it was changed.
    async fn end(self) -> Result<(), Failure> {
        let Some(memory) = self.store.read()? else {
            return Ok(());
        };
        self.out.progress("giving the number back what it had …");
        let back = give_back(&self.carrier, &self.store, &memory).await?;
        self.out.line(&back.words(&memory));
        self.out.json(&back.to_json(&memory));
        Ok(())
    }
}
