//! What the functions talk to, as a test wants it.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use contract::{
    CallId, Errand, Opening, OpeningReply, Order, OrderReply, Play, Played, PlayedReply, Secret,
};
use functions::carrier::{Carrier, DialError};
use functions::edge::{Edge, EdgeError};
use functions::hook::{Post, PostError};
use functions::secrets::Secrets;
use serde_json::{Value, json};
use twilio::rest::{CallResource, CallUpdate, CreateCall, FetchCall, UpdateCall};
use twilio::webhook::CallStatus;

use crate::support::*;

/// An edge that answers as told, and remembers what it was told.
pub(crate) struct FakeEdge {
    pub(crate) openings: Mutex<Vec<Opening>>,
    pub(crate) orders: Mutex<Vec<(CallId, Order)>>,
    /// How it refuses orders, if it does.
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

    async fn order(
        &self,
        call: &CallId,
        order: &Order,
        _secret: &Secret,
    ) -> Result<OrderReply, EdgeError> {
        if let Some(status) = *self.refuses.lock().unwrap() {
            let code = "told_to".to_owned();
            return Err(EdgeError::Refused { status, code });
        }
        self.orders.lock().unwrap().push((*call, order.clone()));
        Ok(OrderReply { fresh: true })
    }

    async fn played(
        &self,
        call: &CallId,
        played: Played,
        _secret: &Secret,
    ) -> Result<PlayedReply, EdgeError> {
        if self.reply.lock().unwrap().is_none() {
            return Err(EdgeError::Silent("told to".to_owned()));
        }
        self.played.lock().unwrap().push((*call, played));
        let play = self.next.lock().unwrap().take();
        Ok(PlayedReply { play })
    }

    async fn remind(&self, errand: &Errand, _secret: &Secret) -> Result<(), EdgeError> {
        if self.reply.lock().unwrap().is_none() {
            return Err(EdgeError::Silent("told to".to_owned()));
        }
        self.errands.lock().unwrap().push(errand.clone());
        Ok(())
    }

    async fn health(&self) -> Result<Value, EdgeError> {
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
    async fn dial(
        &self,
        secrets: &Secrets,
        create: &CreateCall,
    ) -> Result<CallResource, DialError> {
        let mut asked = self.asked.lock().unwrap();
        asked.push(create.clone());
        match &*self.failure.lock().unwrap() {
            Some(failure) => Err(failure.clone()),
            None => Ok(CallResource::new(
                secrets.account,
                call_sid(1_000 + asked.len() as u64),
                CallStatus::Queued,
            )),
        }
    }

    async fn update(
        &self,
        secrets: &Secrets,
        update: &UpdateCall,
    ) -> Result<CallUpdate, DialError> {
        self.updates.lock().unwrap().push(update.clone());
        if let Some(failure) = &*self.failure.lock().unwrap() {
            return Err(failure.clone());
        }
        let status = CallStatus::InProgress;
        let call = CallResource::new(secrets.account, update.call, status);
        Ok(CallUpdate::Done(Box::new(call)))
    }

    async fn fetch(
        &self,
        _secrets: &Secrets,
        _fetch: &FetchCall,
    ) -> Result<Option<CallResource>, DialError> {
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
