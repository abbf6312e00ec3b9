//! What the functions talk to, as a test wants it.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use contract::{
    CallId, Errand, Opening, OpeningReply, Order, OrderReply, Play, Played, PlayedReply, Secret,
};
use functions::carrier::{Carrier, DialError};
use functions::config::BadSetting;
use functions::edge::{Edge, EdgeError};
use functions::hook::{Post, PostError};
use functions::secrets::{Keyring, Secrets, Vault};
use serde_json::{Value, json};
use twilio::rest::{CallResource, CallUpdate, CreateCall, FetchCall, UpdateCall};
use twilio::webhook::CallStatus;

use crate::support::*;

/// An edge that answers as told, and remembers what it was told.
pub(crate) struct FakeEdge {
    pub(crate) openings: Mutex<Vec<Opening>>,
    pub(crate) orders: Mutex<Vec<(CallId, Order)>>,
    /// How it refuses orders and questions of how it is, if it does.
    pub(crate) refuses: Mutex<Option<u16>>,
    pub(crate) errands: Mutex<Vec<Errand>>,
    pub(crate) reply: Mutex<Option<OpeningReply>>,
    /// What was played to its end.
    pub(crate) played: Mutex<Vec<(CallId, Played)>>,
    /// What comes next.
    pub(crate) next: Mutex<Option<Play>>,
}

#[async_trait]
impl Edge for FakeEdge {
    async fn open(&self, opening: &Opening, _secret: &Secret) -> Result<OpeningReply, EdgeError> {
        self.openings.lock().unwrap().push(opening.clone());
        self.reply
            .lock()
            .unwrap()
            .clone()
            .ok_or(EdgeError::Silent("told to".to_owned()))
    }

    async fn order(&self, call: &CallId, order: &Order) -> Result<OrderReply, EdgeError> {
        if let Some(status) = *self.refuses.lock().unwrap() {
            let code = "told_to".to_owned();
            return Err(EdgeError::Refused { status, code });
        }
        self.orders.lock().unwrap().push((*call, order.clone()));
        Ok(OrderReply { fresh: true })
    }

    async fn played(&self, call: &CallId, played: Played) -> Result<PlayedReply, EdgeError> {
        if self.reply.lock().unwrap().is_none() {
            return Err(EdgeError::Silent("told to".to_owned()));
        }
        self.played.lock().unwrap().push((*call, played));
        let play = self.next.lock().unwrap().take();
        Ok(PlayedReply { play })
    }

    async fn remind(&self, errand: &Errand) -> Result<(), EdgeError> {
        if self.reply.lock().unwrap().is_none() {
            return Err(EdgeError::Silent("told to".to_owned()));
        }
        self.errands.lock().unwrap().push(errand.clone());
        Ok(())
    }

    async fn health(&self) -> Result<Value, EdgeError> {
        if let Some(status) = *self.refuses.lock().unwrap() {
            let code = "seal_forged".to_owned();
            return Err(EdgeError::Refused { status, code });
        }
        match &*self.reply.lock().unwrap() {
            Some(_) => Ok(json!({ "status": "ok" })),
            None => Err(EdgeError::Silent("told to".to_owned())),
        }
    }
}

/// A carrier that dials, or fails as told, and remembers what it was asked.
#[derive(Default)]
pub(crate) struct FakeCarrier {
    pub(crate) asked: Mutex<Vec<CreateCall>>,
    /// How calls were changed, or would have been.
    pub(crate) updates: Mutex<Vec<UpdateCall>>,
    pub(crate) failure: Mutex<Option<DialError>>,
    /// What it says became of calls.
    pub(crate) known: Mutex<Option<CallResource>>,
}

#[async_trait]
impl Carrier for FakeCarrier {
    async fn dial(&self, create: &CreateCall) -> Result<CallResource, DialError> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(create.clone());
        match &*self.failure.lock().unwrap() {
            Some(failure) => Err(failure.clone()),
            None => Ok(CallResource::new(
                account(),
                call_sid(1_000 + asked.len() as u64),
                CallStatus::Queued,
            )),
        }
    }

    async fn update(&self, update: &UpdateCall) -> Result<CallUpdate, DialError> {
        self.updates.lock().unwrap().push(update.clone());
        if let Some(failure) = &*self.failure.lock().unwrap() {
            return Err(failure.clone());
        }
        let status = CallStatus::InProgress;
        let call = CallResource::new(account(), update.call, status);
        Ok(CallUpdate::Done(Box::new(call)))
    }

    async fn fetch(&self, _fetch: &FetchCall) -> Result<Option<CallResource>, DialError> {
        match &*self.failure.lock().unwrap() {
            Some(failure) => Err(failure.clone()),
            None => Ok(self.known.lock().unwrap().clone()),
        }
    }
}

/// Servers of tenants, which answer as told and remember what they were told.
pub(crate) struct FakePost {
    pub(crate) posted: Mutex<Vec<Posted>>,
    pub(crate) answer: Mutex<Result<u16, PostError>>,
}

/// Where to, with which headers, what.
pub(crate) type Posted = (String, Vec<(&'static str, String)>, Vec<u8>);

#[async_trait]
impl Post for FakePost {
    async fn post(
        &self,
        url: &str,
        headers: &[(&'static str, String)],
        body: Vec<u8>,
    ) -> Result<u16, PostError> {
        let posted = (url.to_owned(), headers.to_vec(), body);
        self.posted.lock().unwrap().push(posted);
        self.answer.lock().unwrap().clone()
    }
}

pub(crate) fn fake_edge() -> Arc<FakeEdge> {
    Arc::new(FakeEdge {
        openings: Mutex::default(),
        orders: Mutex::default(),
        refuses: Mutex::default(),
        errands: Mutex::default(),
        reply: Mutex::new(Some(ready())),
        played: Mutex::default(),
        next: Mutex::default(),
    })
}

pub(crate) fn fake_post() -> Arc<FakePost> {
    Arc::new(FakePost {
        posted: Mutex::default(),
        answer: Mutex::new(Ok(200)),
    })
}

/// The secrets of a deployment.
pub(crate) fn secrets() -> Value {
    json!({
        "twilio_account_sid": account(),
        "twilio_auth_token": TOKEN,
        "edge_secret": EDGE_SECRET,
        "operator_key": OPERATOR_KEY,
        "jwt_key": JWT_KEY,
    })
}

pub(crate) struct Safe;

#[async_trait]
impl Vault for Safe {
    async fn fetch(&self) -> Result<Secrets, BadSetting> {
        Secrets::parse(&secrets().to_string())
    }
}

/// A vault whose secrets were changed after they were first read.
#[derive(Default)]
pub(crate) struct Changing {
    /// What is different from then on.
    pub(crate) then: Vec<(&'static str, String)>,
    /// How often it was read.
    pub(crate) reads: AtomicU32,
}

#[async_trait]
impl Vault for Changing {
    async fn fetch(&self) -> Result<Secrets, BadSetting> {
        let mut secrets = secrets();
        if self.reads.fetch_add(1, Ordering::SeqCst) > 0 {
            for (name, value) in &self.then {
                secrets[*name] = json!(value);
            }
        }
        Secrets::parse(&secrets.to_string())
    }
}

/// A clock by which the secrets at hand are never fresh.
pub(crate) fn late_clock() -> u64 {
    static NOW: AtomicU64 = AtomicU64::new(NOW_MS);
    NOW.fetch_add(3_600_000, Ordering::SeqCst)
}

/// What was read of a vault at first, and may be read anew.
pub(crate) async fn changed(vault: Arc<Changing>) -> Arc<Keyring> {
    Arc::new(Keyring::open(vault, late_clock).await.unwrap())
}
