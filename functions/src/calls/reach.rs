//! Where a tenant's bots may have somebody called: asked wherever a number is written that will be dialled, since with a stolen
//! key somebody would have bots call where calls are dear. The function `voice` asks once more before it dials.

use contract::{Bot, TenantId, Tool};
use twilio::PhoneNumber;

use super::Api;
use crate::Refusal;
use crate::country::{NotAllowed, Reach};

impl Api {
    /// Lets a bot of the tenant's with such a list of `own` have this number called.
    ///
    /// # Errors
    /// 400 and the field, unless the tenant, the deployment and the bot allow the number's country.
    pub(super) async fn may_dial(
        &self,
        tenant: &TenantId,
        own: &[String],
        number: &PhoneNumber,
        field: &str,
    ) -> Result<(), Refusal> {
        let terms = self.store.agreed.terms(tenant).await?;
        let reach = Reach::new(&terms, &self.settings.countries, own);
        let allowed = reach.lets(number).map(drop);
        allowed.map_err(|error| refused(field, &error))
    }

    /// Lets a bot be kept that has callers put through to these numbers.
    ///
    /// # Errors
    /// 400 and the field of the first that it may not have called.
    pub(super) async fn may_put_through(&self, bot: &Bot) -> Result<(), Refusal> {
        let terms = self.store.agreed.terms(&bot.tenant).await?;
        let own = &bot.limits.outbound_countries;
        let reach = Reach::new(&terms, &self.settings.countries, own);
        for (field, number) in numbers(bot) {
            let allowed = reach.lets(number);
            allowed.map_err(|error| refused(&field, &error))?;
        }
        Ok(())
    }
}

/// All numbers that a bot may have callers put through to, by their fields.
fn numbers(bot: &Bot) -> impl Iterator<Item = (String, &PhoneNumber)> {
    let fallback = bot.fallback_number.iter();
    let fallback = fallback.map(|number| ("fallback_number".to_owned(), number));
    let tools = bot.tools.iter().enumerate();
    fallback.chain(tools.filter_map(|(index, tool)| match tool {
        Tool::Transfer { number, .. } => Some((format!("tools.{index}.number"), number)),
        Tool::EndCall | Tool::SendKeys | Tool::Webhook(_) => None,
    }))
}

fn refused(field: &str, error: &NotAllowed) -> Refusal {
    Refusal::field(field, "country_not_allowed", error.to_string())
}
