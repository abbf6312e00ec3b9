//! `POST /calls/{CallId}/orders`: the functions want something of a call in progress.

use call::{Input, Key};
use contract::{Answerer, Do, Order, OrderReply};
use worker::{Env, Method, Request, Response};

use crate::door::{self, Answer, call_of, object, unseal};
use crate::line::Shell;
use crate::refusal::Refusal;
use crate::store::Fact;

/// The longest order.
const ORDER_BYTES_MAX: usize = 16 * 1024;
/// What may be said by order, in characters.
const SAY_CHARS_MAX: usize = 1_000;
/// Keys at once.
const KEYS_MAX: usize = 32;
/// So many orders are remembered, so that none of them is carried out twice.
const REMEMBERED_MAX: usize = 64;

/// Checks an order at the Worker.
pub(crate) async fn give(mut request: Request, env: &Env, call: &str) -> Answer {
    let body = unseal(&mut request, env, ORDER_BYTES_MAX).await?;
    let call = call_of(call)?;
    let order: Order = door::read(&body, "not_an_order")?;
    check(&order)?;
    door::forward(object(env, &call)?, Method::Post, &request.path(), body).await
}

/// # Errors
///
/// Which field is out of range.
fn check(order: &Order) -> Result<(), Refusal> {
    let wrong = |field: &str, message: &str| {
        let message = format!("{field} must be {message}");
        Err(Refusal::at(422, field, "out_of_range", message))
    };
    let is_id = (1..=64).contains(&order.id.len())
        && order.id.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if !is_id {
        return wrong("id", "1 to 64 printable ASCII characters");
    }
    let is_sayable = |text: &str| !text.trim().is_empty() && text.chars().count() <= SAY_CHARS_MAX;
    match &order.order {
        Do::Say { text } if !is_sayable(text) => wrong("order.text", "1 to 1000 characters"),
        Do::HangUp { say: Some(say) } if !is_sayable(say) => {
            wrong("order.say", "1 to 1000 characters")
        }
        Do::SendKeys { keys } | Do::Pressed { keys } if !are_keys(keys) => {
            wrong("order.keys", "1 to 32 of 0-9, *, # and w")
        }
        Do::Interrupt
        | Do::Say { .. }
        | Do::Transfer { .. }
        | Do::HangUp { .. }
        | Do::SendKeys { .. }
        | Do::Pressed { .. }
        | Do::Wrap
        | Do::Answered { .. } => Ok(()),
    }
}

fn are_keys(keys: &str) -> bool {
    (1..=KEYS_MAX).contains(&keys.len())
        && keys
            .bytes()
            .all(|key| key.is_ascii_digit() || matches!(key, b'*' | b'#' | b'w'))
}

/// What an order is to the engine.
fn inputs(order: Do) -> Vec<Input> {
    let order = match order {
        Do::Interrupt => call::Order::Interrupt,
        Do::Say { text } => call::Order::Say { text },
        Do::Transfer { to } => call::Order::Transfer { to: to.to_string() },
        Do::HangUp { say } => call::Order::HangUp { say },
        Do::SendKeys { keys } => call::Order::SendKeys { keys },
        Do::Wrap => call::Order::Wrap { say: None },
        Do::Answered { by } => {
            return vec![Input::Answered(match by {
                Answerer::Human => call::Answerer::Human,
                Answerer::Machine => call::Answerer::Machine,
                Answerer::MachineRecords => call::Answerer::MachineReady,
                Answerer::Fax => call::Answerer::Fax,
                Answerer::Unknown => call::Answerer::Unknown,
            })];
        }
        // They came all at once, after a pause: no more will follow.
        Do::Pressed { keys } => {
            let keys = keys.chars().chain(['#']).filter_map(Key::new);
            return keys.map(Input::Key).collect();
        }
    };
    vec![Input::Order(order)]
}

impl Shell {
    /// Carries out an order, unless that was done before.
    pub(crate) async fn obey(&self, mut request: Request) -> Answer {
        let order: Order =
            serde_json::from_str(&request.text().await?).map_err(worker::Error::from)?;
        if !self.wake() {
            return Err(Refusal::call_unknown());
        }
        let mut known: Vec<String> = self.store.fact(Fact::Orders).unwrap_or_default();
        let fresh = !known.contains(&order.id);
        if fresh {
            if self.is_over() {
                return Err(Refusal::new(409, "call_ended", "the call is over"));
            }
            tracing::info!(call = self.name(), order = order.id, "an order");
            if matches!(order.order, Do::Wrap) {
                self.wrap_up();
            } else {
                for input in inputs(order.order) {
                    self.step(input);
                }
            }
            // Written after what it does: the caller is not kept waiting for the store.
            known.push(order.id);
            let excess = known.len().saturating_sub(REMEMBERED_MAX);
            known.drain(..excess);
            self.store.set(Fact::Orders, &known);
        }
        Ok(Response::from_json(&OrderReply { fresh })?)
    }

    /// A cap was reached: the bot says goodbye, once however often it is told.
    pub(crate) fn wrap_up(&self) {
        let mut first = false;
        self.with(|talk| first = !std::mem::replace(&mut talk.wrapping, true));
        if first {
            for input in inputs(Do::Wrap) {
                self.step(input);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(order: Do) -> Order {
        Order {
            id: "o-1".to_owned(),
            order,
        }
    }

    fn field(order: &Order) -> String {
        match check(order) {
            Err(Refusal::Said(422, body)) => body.error.field.unwrap_or_default(),
            Err(other) => format!("{other:?}"),
            Ok(()) => "none".to_owned(),
        }
    }

    #[test]
    fn an_order_out_of_range_is_refused_by_its_field() {
        let text = |chars: usize| "x".repeat(chars);
        let keys = |keys: &str| Do::SendKeys {
            keys: keys.to_owned(),
        };
        for (wanted, order) in [
            ("order.text", order(Do::Say { text: text(0) })),
            ("order.text", order(Do::Say { text: text(1_001) })),
            ("none", order(Do::Say { text: text(1_000) })),
            (
                "order.say",
                order(Do::HangUp {
                    say: Some(text(1_001)),
                }),
            ),
            ("none", order(Do::HangUp { say: None })),
            ("order.keys", order(keys(""))),
            ("order.keys", order(keys("12a"))),
            ("none", order(keys("1w*#"))),
            (
                "id",
                Order {
                    id: "a\nb".to_owned(),
                    order: Do::Interrupt,
                },
            ),
            (
                "id",
                Order {
                    id: text(65),
                    order: Do::Interrupt,
                },
            ),
        ] {
            assert_eq!(field(&order), wanted, "{order:?}");
        }
    }

    #[test]
    fn who_answered_is_no_order_to_the_engine() {
        let by = Answerer::MachineRecords;
        let told = inputs(Do::Answered { by });
        assert_eq!(told, [Input::Answered(call::Answerer::MachineReady)]);
    }

    #[test]
    fn keys_that_the_caller_pressed_are_pressed_one_by_one_and_then_done() {
        let keys = "1w2".to_owned();
        let expected = ['1', '2', '#'].map(|digit| Input::Key(Key::new(digit).unwrap()));
        assert_eq!(inputs(Do::Pressed { keys }), expected);
    }
}
