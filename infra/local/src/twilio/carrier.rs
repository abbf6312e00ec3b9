//! The service: numbers, calls, and the server of the REST API.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use ::twilio::rest::{CallResource, Capabilities, CreateCall, NumberResource, RestError};
use ::twilio::signature::AuthToken;
use ::twilio::webhook::{CallStatus, Direction};
use ::twilio::{AccountSid, BadSid, CallSid, NumberSid, Party, PhoneNumber};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::call::Call;
use super::client::Client;
use super::date;
use super::leg::Leg;
use super::options::{Behaviour, Callee, CarrierOptions, Number};
use super::plan::Plan;
use super::record::Record;
use super::rest;
use super::sid::Mint;
use super::sound::Voice;
use crate::serve::{self, Server};

/// The simulated Twilio. Dropping it closes the REST API; calls go on until they end.
pub struct Carrier {
    shared: Arc<Shared>,
    server: Server,
    outbound: tokio::sync::Mutex<UnboundedReceiver<Call>>,
}

/// A number that nobody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number is not in service: the account has no such number")]
pub struct NotInService;

/// What the service, its REST API and the tasks of its calls share.
pub(super) struct Shared {
    pub(super) account: AccountSid,
    pub(super) token: AuthToken,
    pub(super) mint: Mint,
    pub(super) client: Client,
    pub(super) voice: Arc<dyn Voice>,
    behaviour: Mutex<Behaviour>,
    callees: Mutex<BTreeMap<PhoneNumber, Callee>>,
    pub(super) numbers: Mutex<BTreeMap<NumberSid, NumberResource>>,
    pub(super) calls: Mutex<Vec<Call>>,
    pub(super) refusals: Mutex<VecDeque<RestError>>,
    outbound: UnboundedSender<Call>,
}

/// A panic of one task must not be that of all.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Carrier {
    /// Starts the service.
    ///
    /// # Errors
    /// If the port is taken.
    pub async fn start(options: CarrierOptions) -> io::Result<Self> {
        let timeout = Duration::from_millis(options.webhook_timeout_ms);
        let client = Client::new(options.token.clone(), timeout).map_err(io::Error::other)?;
        let (outbound, created) = unbounded_channel();
        let shared = Arc::new(Shared {
            account: options.account,
            token: options.token,
            mint: Mint::new(options.seed, options.fresh_sids),
            client,
            voice: options.voice,
            behaviour: Mutex::new(options.behaviour),
            callees: Mutex::default(),
            numbers: Mutex::default(),
            calls: Mutex::default(),
            refusals: Mutex::default(),
            outbound,
        });
        let listener = serve::bind(options.port).await?;
        let server = Server::start(listener, rest::router(Arc::clone(&shared)));
        Ok(Self {
            shared,
            server,
            outbound: tokio::sync::Mutex::new(created),
        })
    }

    /// Base of the REST API, in place of `https://api.twilio.com`; without a final slash.
    #[must_use]
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// The server of the REST API, to be closed and opened by a test of an outage.
    #[must_use]
    pub fn server(&self) -> &Server {
        &self.server
    }

    /// Gives the account a number, or changes what a number of it does.
    ///
    /// # Errors
    /// Never: its SID is made here.
    pub fn add_number(&self, number: Number) -> Result<NumberSid, BadSid> {
        let mut numbers = lock(&self.shared.numbers);
        let known = numbers
            .values()
            .find(|known| known.phone_number == number.number);
        let sid = match known {
            Some(known) => known.sid,
            None => self.shared.mint.sid("PN")?,
        };
        let resource = NumberResource {
            sid,
            friendly_name: Some(number.number.to_string()),
            phone_number: number.number,
            voice_url: Some(number.voice_url),
            voice_fallback_url: number.fallback_url,
            status_callback: number.status_callback,
            voice_application_sid: None,
            trunk_sid: None,
            voice_method: Some("POST".to_owned()),
            voice_fallback_method: Some("POST".to_owned()),
            status_callback_method: Some("POST".to_owned()),
            capabilities: Some(Capabilities {
                voice: true,
                sms: true,
            }),
        };
        numbers.insert(sid, resource);
        Ok(sid)
    }

    /// A number of the account, as the REST API shows it.
    #[must_use]
    pub fn number(&self, number: &PhoneNumber) -> Option<NumberResource> {
        let numbers = lock(&self.shared.numbers);
        let mut all = numbers.values();
        all.find(|known| known.phone_number == *number).cloned()
    }

    /// Changes a number as somebody at Twilio's console would. A number that the account does not have stays unknown.
    pub fn edit_number(&self, number: &PhoneNumber, change: impl FnOnce(&mut NumberResource)) {
        let mut numbers = lock(&self.shared.numbers);
        let mut all = numbers.values_mut();
        if let Some(known) = all.find(|known| known.phone_number == *number) {
            change(known);
        }
    }

    /// Someone calls a number of the account.
    ///
    /// # Errors
    /// If the account has no such number.
    pub fn dial(&self, from: Party, to: &PhoneNumber) -> Result<Call, NotInService> {
        let numbers = lock(&self.shared.numbers);
        let number = numbers.values().find(|number| number.phone_number == *to);
        let number = number.cloned().ok_or(NotInService)?;
        drop(numbers);
        // An application or a trunk makes Twilio ignore the URLs; there are none here.
        let bypassed = number.voice_application_sid.is_some() || number.trunk_sid.is_some();
        let plan = Plan::Inbound {
            url: number.voice_url.filter(|_| !bypassed),
            fallback: number.voice_fallback_url.filter(|_| !bypassed),
            status_callback: number.status_callback,
        };
        let to = Party::Number(to.clone());
        let call = self.shared.place(from, to, Direction::Inbound, plan);
        call.map_err(|_| NotInService)
    }

    /// The next call that the REST API created, in order: whoever asks plays the person who is called. What they do until they
    /// answer is [`Callee`]'s business.
    pub async fn outbound(&self) -> Option<Call> {
        self.outbound.lock().await.recv().await
    }

    /// A call that there was.
    #[must_use]
    pub fn call(&self, sid: CallSid) -> Option<Call> {
        self.shared.call(sid)
    }

    /// All calls, in the order in which they began.
    #[must_use]
    pub fn calls(&self) -> Vec<Call> {
        lock(&self.shared.calls).clone()
    }

    /// Forgets a call and its recording, if nobody holds it.
    pub fn forget(&self, sid: CallSid) {
        lock(&self.shared.calls).retain(|call| call.sid() != sid);
    }

    /// What someone does when called; others do as [`Behaviour::callee`] says.
    pub fn set_callee(&self, number: PhoneNumber, callee: Callee) {
        lock(&self.shared.callees).insert(number, callee);
    }

    /// Changes how it behaves.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut lock(&self.shared.behaviour));
    }

    /// The next request to the REST API fails with this, whatever it is; after others that are to fail.
    pub fn refuse_next(&self, error: RestError) {
        lock(&self.shared.refusals).push_back(error);
    }
}

impl Shared {
    pub(super) fn behaviour(&self) -> Behaviour {
        lock(&self.behaviour).clone()
    }

    pub(super) fn callee(&self, number: Option<&PhoneNumber>) -> Callee {
        let callees = lock(&self.callees);
        let callee = number.and_then(|number| callees.get(number)).cloned();
        drop(callees);
        callee.unwrap_or_else(|| self.behaviour().callee)
    }

    pub(super) fn call(&self, sid: CallSid) -> Option<Call> {
        let calls = lock(&self.calls);
        // Whoever asks mostly asks of a late one.
        calls.iter().rev().find(|call| call.sid() == sid).cloned()
    }

    /// The REST API calls someone.
    pub(super) fn create(self: &Arc<Self>, create: CreateCall) -> Result<Call, BadSid> {
        let from = Party::Number(create.from.clone());
        let to = create.to.clone();
        let plan = Plan::Outbound(Box::new(create));
        let call = self.place(from, to, Direction::OutboundApi, plan)?;
        // Nobody may be listening for them.
        drop(self.outbound.send(call.clone()));
        Ok(call)
    }

    fn place(
        self: &Arc<Self>,
        from: Party,
        to: Party,
        direction: Direction,
        plan: Plan,
    ) -> Result<Call, BadSid> {
        let sid = self.mint.sid("CA")?;
        let mut resource = CallResource::new(self.account, sid, CallStatus::Queued);
        resource.from = Some(from);
        resource.to = Some(to);
        resource.direction = Some(direction);
        resource.date_created = Some(date::rfc_2822(date::now_s()));
        resource.queue_ms = Some(0);
        let record = Arc::new(Record::new(resource));
        let (orders, received) = unbounded_channel();
        let call = Call {
            record: Arc::clone(&record),
            orders,
        };
        lock(&self.calls).push(call.clone());
        let leg = Leg::new(Arc::clone(self), record, plan, received);
        tokio::spawn(leg.run());
        Ok(call)
    }
}
