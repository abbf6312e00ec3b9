//! What an order to dial says, and whether it can be.

use contract::{Bot, Machine, TenantId};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use twilio::PhoneNumber;

use super::Api;
use super::bots::{bot_id, unknown};
use super::numbers::{not_theirs, phone_number};
use crate::Refusal;
use crate::account::{Principal, Scope};
use crate::store::{Dial, DialId, DialState, Metadata};

/// Longest call that may be ordered, in seconds: the carrier's own limit is four hours.
const TIME_LIMIT_S_MAX: u32 = 14_400;

/// Most pairs of metadata.
const METADATA_MAX: usize = 16;

/// A call to be placed.
#[derive(Deserialize, Serialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "to": "+15005550001", "bot": "mesa-verde", "metadata": { "order": "7" } }))]
pub(super) struct CallOrder {
    /// Whom to call, in E.164.
    #[schema(pattern = "^\\+[1-9][0-9]{1,14}$")]
    to: String,
    /// The id of the bot that speaks.
    #[schema(pattern = "^[a-z0-9-]{1,64}$")]
    pub(super) bot: String,
    /// Who seems to call, in E.164: a number of the tenant's, or with the scope `numbers:write` any of the carrier's account that
    /// nobody has. None: the one the bot was last given.
    from: Option<String>,
    /// The call ends after so many seconds, if its bot does not end it sooner.
    #[schema(minimum = 10, maximum = 14_400)]
    time_limit_s: Option<u32>,
    /// In place of the bot's own: what happens when a machine answers.
    machine: Option<Machine>,
    /// In place of the bot's own: what happens when nobody can tell whether a machine answered.
    unknown: Option<Machine>,
    /// Found again with the call: at most 16 names of 1 to 64 characters, with values of at most 500.
    #[serde(default)]
    #[schema(inline)]
    metadata: Metadata,
}

impl CallOrder {
    /// Tells a repeat from another order.
    pub(super) fn fingerprint(&self) -> String {
        let rest = (
            self.time_limit_s,
            &self.machine,
            &self.unknown,
            &self.metadata,
        );
        let order = [
            self.to.as_str(),
            &self.bot,
            self.from.as_deref().unwrap_or_default(),
            &serde_json::to_string(&rest).unwrap_or_default(),
        ];
        format!("{:x}", Sha256::digest(order.join("\n")))
    }
}

impl Api {
    /// Reads an order to dial.
    ///
    /// # Errors
    /// 400 or 403 and the field that cannot be.
    pub(super) async fn order(
        &self,
        who: &Principal,
        tenant: &TenantId,
        id: DialId,
        order: CallOrder,
    ) -> Result<Dial, Refusal> {
        let to = phone_number(&order.to, "to")?;
        let time_limit_s = order.time_limit_s;
        if time_limit_s.is_some_and(|limit| !(10..=TIME_LIMIT_S_MAX).contains(&limit)) {
            let message = format!("10 to {TIME_LIMIT_S_MAX} seconds");
            return Err(Refusal::field(
                "time_limit_s",
                "time_limit_invalid",
                message,
            ));
        }
        check_metadata(&order.metadata)?;
        check_machine(order.machine.as_ref(), "machine.text")?;
        check_machine(order.unknown.as_ref(), "unknown.text")?;
        let fingerprint = order.fingerprint();
        let bot = bot_id(&order.bot, "bot")?;
        let from = order
            .from
            .as_deref()
            .map(|from| phone_number(from, "from"))
            .transpose()?;
        let bot = self.store.bots.bot(tenant, &bot).await?;
        let bot = bot.ok_or_else(|| unknown("bot"))?;
        let own = &bot.limits.outbound_countries;
        self.may_dial(tenant, own, &to, "to").await?;
        let bot = Bot {
            duration_max_s: shorter(bot.duration_max_s, time_limit_s),
            machine: order.machine.unwrap_or(bot.machine),
            unknown: order.unknown.unwrap_or(bot.unknown),
            ..bot
        };
        let from = self.caller_of(who, tenant, &bot, from).await?;
        Ok(Dial {
            id,
            fingerprint,
            bot,
            to,
            from,
            metadata: order.metadata,
            began_ms: (self.clock)(),
            state: DialState::Pending,
            call: None,
        })
    }

    /// Who seems to call: a number of the tenant's, and for those who may take numbers also one that nobody has.
    async fn caller_of(
        &self,
        who: &Principal,
        tenant: &TenantId,
        bot: &Bot,
        asked: Option<PhoneNumber>,
    ) -> Result<PhoneNumber, Refusal> {
        let Some(asked) = asked else {
            let own = self.store.bots.number_of(tenant, &bot.id).await?;
            let message = "give from, or a number to the bot: PUT /numbers/{e164}";
            return own.ok_or_else(|| Refusal::field("from", "from_missing", message));
        };
        match self.store.bots.bot_of(&asked).await? {
            Some((owner, _)) if owner == *tenant => Ok(asked),
            Some(_) => {
                let message = "this number is another tenant's: give one of your own";
                Err(Refusal::field("from", "number_taken", message))
            }
            None if who.tenant(Scope::NumbersWrite).is_ok() => Ok(asked),
            None => Err(not_theirs("from", "calling from it")),
        }
    }
}

/// The shorter of two limits, of which 0 is none.
fn shorter(own: u32, ordered: Option<u32>) -> u32 {
    match (own, ordered) {
        (own, None) => own,
        (0, Some(ordered)) => ordered,
        (own, Some(ordered)) => own.min(ordered),
    }
}

fn check_metadata(metadata: &Metadata) -> Result<(), Refusal> {
    let fits = metadata.len() <= METADATA_MAX
        && metadata.iter().all(|(name, value)| {
            (1..=64).contains(&name.chars().count()) && value.chars().count() <= 500
        });
    let message = "at most 16 names of 1 to 64 characters, with values of at most 500";
    fits.then_some(())
        .ok_or_else(|| Refusal::field("metadata", "metadata_invalid", message))
}

fn check_machine(machine: Option<&Machine>, field: &str) -> Result<(), Refusal> {
    let Some(Machine::LeaveMessage { text }) = machine else {
        return Ok(());
    };
    let fits = !text.trim().is_empty() && text.chars().count() <= 1_000;
    fits.then_some(())
        .ok_or_else(|| Refusal::field(field, "text_invalid", "1 to 1000 characters"))
}
