//! Runs the documents of a call, verb by verb.

use std::sync::Arc;
use std::time::Duration;

use ::twilio::twiml::{self, Play, Reason, Response, Verb};
use ::twilio::webhook::{CallStatus, StreamChange};
use ::twilio::{CallSid, Form, PhoneNumber};

use super::client::{Answer, Fault};
use super::courier::ask;
use super::event::{Webhook, What};
use super::leg::{Interrupt, Leg};
use super::plan::Source;
use super::sound;
use super::stream::{Stream, Whose};

/// Documents that could not be had, after which a call is given up.
const FAULTS_MAX: u32 = 10;
const APOLOGY: &str = "We are sorry, an application error has occurred. Goodbye.";

/// What a call does next.
struct Document {
    what: Work,
    /// What relative URLs are relative to; nothing for inline TwiML.
    base: String,
}

enum Work {
    Verbs(Vec<Verb>),
    /// A sound file in place of a document.
    Sound(Vec<u8>),
    /// Plain text in place of a document.
    Words(String),
}

impl Leg {
    /// Runs document after document until there is none left, and says how the call ended.
    pub(super) async fn converse(&mut self, first: Source) -> CallStatus {
        let mut source = first;
        let mut faults = 0;
        loop {
            let outcome = match self.fetch(source, &mut faults).await {
                Ok(Some(document)) => self.perform(document).await,
                Ok(None) => self.apologise().await.map(|()| None),
                Err(interrupt) => Err(interrupt),
            };
            source = match outcome {
                Ok(Some(next)) => next,
                Ok(None) => return CallStatus::Completed,
                Err(Interrupt::End(status)) => return status,
                Err(Interrupt::Update(instructions)) => {
                    self.interrupt();
                    Source::from_instructions(instructions, Webhook::Redirect)
                }
            };
        }
    }

    /// The document, or that of the fallback URL, or none.
    async fn fetch(
        &mut self,
        source: Source,
        faults: &mut u32,
    ) -> Result<Option<Document>, Interrupt> {
        let (document, failed_url) = match source {
            Source::Twiml(xml) => (parse(&xml, ""), None),
            Source::Url {
                webhook,
                url,
                extra,
            } => {
                if webhook == Webhook::Voice
                    && self.plan.is_inbound()
                    && self.shared.behaviour().voice_webhook_twice
                {
                    // Its answer is lost on the way.
                    drop(self.request(webhook, &url, &extra).await?);
                }
                let document = self.request(webhook, &url, &extra).await?;
                (document, Some(url))
            }
        };
        let fault = match document {
            Ok(document) => return Ok(Some(document)),
            Err(fault) => fault,
        };
        let code = fault.code;
        self.error(fault);
        *faults += 1;
        let fallback = self.plan.fallback().map(str::to_owned);
        let Some(fallback) = fallback.filter(|_| *faults < FAULTS_MAX) else {
            return Ok(None);
        };
        let mut extra = Form::new();
        extra.push("ErrorCode", code);
        extra.push("ErrorUrl", failed_url.unwrap_or_default());
        match self.request(Webhook::Fallback, &fallback, &extra).await? {
            Ok(document) => Ok(Some(document)),
            Err(fault) => {
                self.error(fault);
                Ok(None)
            }
        }
    }

    async fn request(
        &mut self,
        webhook: Webhook,
        url: &str,
        extra: &Form,
    ) -> Result<Result<Document, Fault>, Interrupt> {
        let mut form = self.voice_form();
        for (name, value) in extra.pairs() {
            form.push(name.clone(), value);
        }
        Ok(match self.ask(webhook, url, &form).await? {
            Ok(answer) => read(&answer, url),
            Err(fault) => Err(fault),
        })
    }

    async fn ask(
        &mut self,
        webhook: Webhook,
        url: &str,
        form: &Form,
    ) -> Result<Result<Answer, Fault>, Interrupt> {
        let (shared, record) = (Arc::clone(&self.shared), Arc::clone(&self.record));
        let idempotency = self.mint.text("");
        let (url, form) = (url.to_owned(), form.clone());
        record.begin();
        // A task of its own: a caller who hangs up does not take back what was asked.
        let asking = tokio::spawn(async move {
            let answer = ask(&shared, &record, webhook, &url, &form, &idempotency).await;
            record.done();
            answer
        });
        let gone = |_| Err(Fault::new(11200, "the request was given up"));
        Ok(self.during(asking).await?.unwrap_or_else(gone))
    }

    /// What a caller hears of a customer whose server does not work.
    async fn apologise(&mut self) -> Result<(), Interrupt> {
        self.pick_up();
        self.say(APOLOGY, None).await
    }

    async fn perform(&mut self, document: Document) -> Result<Option<Source>, Interrupt> {
        let Document { what, base } = document;
        match what {
            Work::Sound(sound) => {
                self.pick_up();
                self.play(sound).await?;
                Ok(None)
            }
            Work::Words(words) => {
                self.pick_up();
                self.say(&words, None).await?;
                Ok(None)
            }
            Work::Verbs(verbs) => {
                for verb in verbs {
                    if let Some(next) = self.verb(verb, &base).await? {
                        return Ok(next);
                    }
                }
                self.pick_up();
                Ok(None)
            }
        }
    }

    /// Runs one verb. None: go on with the next; `Some(None)`: hang up.
    async fn verb(&mut self, verb: Verb, base: &str) -> Result<Option<Option<Source>>, Interrupt> {
        if let Verb::Reject { reason } = &verb {
            if self.is_answered() {
                return Ok(Some(None));
            }
            // Not documented for `rejected`; the carrier says "not in service".
            return Err(Interrupt::End(match reason {
                Reason::Busy => CallStatus::Busy,
                Reason::Rejected => CallStatus::Failed,
            }));
        }
        self.pick_up();
        match verb {
            Verb::Connect { action, stream } => {
                if let Some(sid) = self.open(stream, true).await? {
                    while self.has_stream(sid) {
                        self.turn().await?;
                    }
                }
                let next = action.map(|url| Source::ask(Webhook::Action, resolve(base, &url)));
                return Ok(next.map(Some));
            }
            Verb::Start { stream } => {
                self.open(stream, false).await?;
            }
            Verb::Say { text, language, .. } => self.say(&text, language.as_deref()).await?,
            Verb::Play(Play::Digits(keys)) => {
                let tones = sound::keys(&keys);
                self.happened(What::Played { what: keys });
                self.play(tones).await?;
            }
            Verb::Play(Play::Url(url)) => self.play_url(&resolve(base, &url)).await?,
            Verb::Pause { length_s } => {
                let length = Duration::from_secs(length_s.unwrap_or(1).into());
                self.wait(length).await?;
            }
            Verb::Gather { action, timeout_s } => {
                let keys = self.gather(timeout_s).await?;
                if !keys.is_empty() {
                    let mut extra = Form::new();
                    extra.push("Digits", keys);
                    return Ok(Some(Some(Source::Url {
                        webhook: Webhook::Action,
                        url: resolve(base, &action),
                        extra,
                    })));
                }
            }
            Verb::Redirect { url } => {
                let next = Source::ask(Webhook::Redirect, resolve(base, &url));
                return Ok(Some(Some(next)));
            }
            Verb::Hangup | Verb::Reject { .. } => return Ok(Some(None)),
            Verb::Dial {
                number,
                action,
                timeout_s,
                ..
            } => {
                let extra = self.dial_out(number, timeout_s.unwrap_or(30)).await?;
                let next = action.map(|url| Source::Url {
                    webhook: Webhook::Action,
                    url: resolve(base, &url),
                    extra,
                });
                return Ok(next.map(Some));
            }
        }
        Ok(None)
    }

    async fn open(
        &mut self,
        wanted: twiml::Stream,
        two_way: bool,
    ) -> Result<Option<::twilio::StreamSid>, Interrupt> {
        let Ok(sid) = self.mint.sid("MZ") else {
            return Ok(None);
        };
        let whose = Whose {
            account: self.shared.account,
            call: self.record.sid,
            stream: sid,
        };
        let shared = Arc::clone(&self.shared);
        let handshake = shared.behaviour().handshake;
        let opening = Stream::open(wanted.clone(), two_way, whose, &shared.token, handshake);
        match self.during(opening).await? {
            Ok(mut stream) => {
                stream.begin(self.line.frames());
                self.happened(What::StreamStarted {
                    stream: sid,
                    two_way,
                });
                self.streams.push(stream);
                self.stream_news(sid, &wanted, StreamChange::Started);
                Ok(Some(sid))
            }
            Err(fault) => {
                let error = fault.text.clone();
                self.error(fault);
                self.stream_news(sid, &wanted, StreamChange::Failed { error });
                Ok(None)
            }
        }
    }

    async fn say(&mut self, text: &str, language: Option<&str>) -> Result<(), Interrupt> {
        let voice = Arc::clone(&self.shared.voice);
        let spoken = self.during(voice.speak(text, language)).await?;
        self.happened(What::Said {
            text: text.to_owned(),
        });
        match spoken {
            Ok(sound) => self.play(sound).await,
            Err(error) => {
                self.error(Fault::new(13520, format!("Say: {error}")));
                Ok(())
            }
        }
    }

    async fn play_url(&mut self, url: &str) -> Result<(), Interrupt> {
        let answer = self.ask(Webhook::Sound, url, &Form::new()).await?;
        self.happened(What::Played {
            what: url.to_owned(),
        });
        let sound = answer.and_then(|answer| {
            if !(200..300).contains(&answer.status) {
                return Err(Fault::new(
                    11200,
                    format!("{url} answered {}", answer.status),
                ));
            }
            sound::decode(&answer.content_type, &answer.body)
                .map_err(|problem| Fault::new(12300, format!("Play: {problem}")))
        });
        match sound {
            Ok(sound) => {
                if !sound.is_empty() {
                    self.bot_begins();
                }
                self.play(sound).await
            }
            // The verb is skipped.
            Err(fault) => {
                self.error(fault);
                Ok(())
            }
        }
    }

    /// Lets the caller hear sound, to its end.
    pub(super) async fn play(&mut self, sound: Vec<u8>) -> Result<(), Interrupt> {
        self.line.playout.sound(sound);
        while self.line.playout.waiting() > 0 {
            self.turn().await?;
        }
        Ok(())
    }

    /// Rings someone else, who talks for a while and hangs up. What came of it, for the `action`.
    async fn dial_out(&mut self, to: PhoneNumber, timeout_s: u32) -> Result<Form, Interrupt> {
        let callee = self.shared.callee(Some(&to));
        self.happened(What::Dialled { to });
        let timeout = Duration::from_secs(timeout_s.into());
        let rang = self.ring(callee.reaction, timeout).await?;
        let talk = Duration::from_millis(callee.talk_ms);
        if rang.is_ok() {
            self.wait(talk).await?;
        }
        let mut form = Form::new();
        let status = rang.err().unwrap_or(CallStatus::Completed);
        form.push("DialCallStatus", status);
        form.push_some("DialCallSid", self.mint.sid::<CallSid>("CA").ok());
        if rang.is_ok() {
            form.push("DialCallDuration", talk.as_secs());
        }
        Ok(form)
    }
}

/// Against the URL of the document; an absolute one stays as it is written, since that is what gets signed.
fn resolve(base: &str, url: &str) -> String {
    if url.contains("://") {
        return url.to_owned();
    }
    let joined = reqwest::Url::parse(base).and_then(|base| base.join(url));
    joined.map_or_else(|_| url.to_owned(), Into::into)
}

fn parse(xml: &str, base: &str) -> Result<Document, Fault> {
    let Response(verbs) =
        Response::parse(xml).map_err(|error| Fault::new(error.code(), error.to_string()))?;
    Ok(Document {
        what: Work::Verbs(verbs),
        base: base.to_owned(),
    })
}

fn read(answer: &Answer, url: &str) -> Result<Document, Fault> {
    if !(200..300).contains(&answer.status) {
        let text = format!("HTTP retrieval failure: {url} answered {}", answer.status);
        return Err(Fault::new(11200, text));
    }
    let kind = answer.content_type.as_str();
    let base = url.to_owned();
    if kind.starts_with("audio/") {
        let sound = sound::decode(kind, &answer.body).map_err(|text| Fault::new(12300, text))?;
        let what = Work::Sound(sound);
        return Ok(Document { what, base });
    }
    let text = String::from_utf8_lossy(&answer.body);
    match kind {
        "text/xml" | "application/xml" | "text/html" => parse(&text, url),
        "text/plain" => Ok(parse(&text, url).unwrap_or_else(|_| Document {
            what: Work::Words(text.into_owned()),
            base,
        })),
        other => Err(Fault::new(
            12300,
            format!("invalid Content-Type {other:?} of {url}"),
        )),
    }
}
