//! What the edge tells about a call, and what it wants stored.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use contract::{Accepted, Batch, Bot, Record, Upload, UploadReply, UploadRequest, UploadWish};
use tracing::Instrument as _;
use twilio::webhook::CallStatus;

use super::Status;
use crate::Refusal;
use crate::clock::Month;
use crate::door::{Sealed, sealed};
use crate::hook::Happening;
use crate::store::{CallEntry, Progress};

/// Most records at once.
const RECORDS_MAX: usize = 1_000;

/// Most files at once.
const FILES_MAX: usize = 10;

/// Largest file, in bytes: a stereo recording of three hours is 173 MB.
const FILE_BYTES_MAX: u64 = 200 * 1_000 * 1_000;

pub(super) async fn take(
    State(status): State<Arc<Status>>,
    request: Request,
) -> Result<Json<Accepted>, Refusal> {
    let Sealed {
        body: batch,
        origin,
    } = sealed::<Batch>(&status.keyring, (status.clock)(), request).await?;
    let span = tracing::info_span!("records", call_sid = %batch.call);
    let accepted = status.record(&batch, &origin).instrument(span).await;
    accepted.map(Json)
}

impl Status {
    async fn record(&self, batch: &Batch, origin: &str) -> Result<Accepted, Refusal> {
        if batch.records.len() > RECORDS_MAX {
            return Err(Refusal::field(
                "records",
                "too_many",
                format!("at most {RECORDS_MAX} records at once"),
            ));
        }
        if batch
            .records
            .iter()
            .any(|numbered| numbered.number == 0 || numbered.number > 99_999_999)
        {
            return Err(Refusal::field(
                "records.number",
                "number_invalid",
                "records are numbered from 1",
            ));
        }
        let now_ms = (self.clock)();
        let has = |wanted: fn(&Record) -> bool| {
            batch
                .records
                .iter()
                .any(|numbered| wanted(&numbered.record))
        };
        let told = |status| Progress::new(batch.call, batch.account, status, now_ms);
        let through = self
            .store
            .calls
            .recorded(batch, &self.prices, now_ms)
            .await?;
        if has(|record| matches!(record, Record::Connected { .. })) {
            let progress = told(CallStatus::InProgress);
            self.follow(&progress, origin).await?;
        }
        if has(|record| matches!(record, Record::Ended { .. })) && batch.call.is_web() {
            // No carrier will say so.
            self.store
                .calls
                .progressed(&told(CallStatus::Completed))
                .await?;
        }
        let known = self.store.calls.call(&batch.call).await?;
        let wrap = match known {
            Some((entry, bot)) => {
                let entry = self.count_line(entry).await?;
                let filed = has(|record| matches!(record, Record::Filed));
                self.concluded(batch, &entry, filed, origin).await?;
                self.has_to_end(batch, &entry, bot.as_ref(), now_ms).await?
            }
            None => false,
        };
        tracing::info!(records = batch.records.len(), through, wrap, "recorded");
        Ok(Accepted { through, wrap })
    }

    /// What follows from a call's end.
    async fn concluded(
        &self,
        batch: &Batch,
        entry: &CallEntry,
        filed: bool,
        origin: &str,
    ) -> Result<(), Refusal> {
        if entry.is_gone() {
            self.vacate(entry).await?;
        }
        if filed {
            // Whoever was put through speaks on, and what that costs is known when they hang up.
            if entry.is_gone() {
                self.happened(batch.call, &batch.tenant, Happening::Ended, origin)
                    .await?;
            }
            if !entry.status.is_some_and(CallStatus::is_final) {
                // The carrier's last word may be on its way, or lost.
                self.settle_later(batch.call, origin).await?;
            }
        }
        Ok(())
    }

    /// Counts what the call has cost so far, and finds out whether it has reached a cap.
    async fn has_to_end(
        &self,
        batch: &Batch,
        entry: &CallEntry,
        bot: Option<&Bot>,
        now_ms: u64,
    ) -> Result<bool, Refusal> {
        let so_far = self.prices.cost(&batch.usage, &entry.leg());
        let so_far = so_far.total_micro_dollars.max(entry.cost_micro_dollars());
        self.spend(entry, &batch.tenant, &batch.bot, so_far).await?;
        let Some(bot) = bot.filter(|_| entry.ended.is_none()) else {
            return Ok(false);
        };
        let terms = self.store.agreed.terms(&bot.tenant).await?;
        Ok(self.store.limits().is_spent(bot, &terms, now_ms).await?)
    }

    async fn uploads(&self, wanted: UploadRequest) -> Result<UploadReply, Refusal> {
        if !(1..=FILES_MAX).contains(&wanted.files.len()) {
            return Err(Refusal::field(
                "files",
                "count_invalid",
                format!("1 to {FILES_MAX} files"),
            ));
        }
        for wish in &wanted.files {
            check(wish)?;
        }
        // By the call's own month, so that a file asked for again after midnight lands in the same place.
        let known = self.store.calls.call(&wanted.call).await?;
        let month = Month::of(known.map_or((self.clock)(), |(entry, _)| entry.began_ms));
        let mut uploads: Vec<Upload> = Vec::new();
        for wish in &wanted.files {
            let key = format!(
                "recordings/{:04}/{:02}/{}/{}",
                month.year, month.month, wanted.call, wish.name
            );
            uploads.push(self.files.upload(&key, wish).await?);
        }
        Ok(UploadReply { uploads })
    }
}

pub(super) async fn uploads(
    State(status): State<Arc<Status>>,
    request: Request,
) -> Result<Json<UploadReply>, Refusal> {
    let sealed = sealed::<UploadRequest>(&status.keyring, (status.clock)(), request).await?;
    let wanted = sealed.body;
    let span = tracing::info_span!("uploads", call_sid = %wanted.call);
    status.uploads(wanted).instrument(span).await.map(Json)
}

fn check(wish: &UploadWish) -> Result<(), Refusal> {
    let name_char =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    let named = (1..=64).contains(&wish.name.len())
        && wish.name.bytes().all(name_char)
        && !wish.name.starts_with('.');
    if !named {
        return Err(Refusal::field(
            "files.name",
            "name_invalid",
            "1 to 64 characters of a-z, 0-9, . _ -, not beginning with a dot",
        ));
    }
    let type_char = |byte: u8| byte.is_ascii_alphanumeric() || b"/+-.;= ".contains(&byte);
    let typed = (3..=100).contains(&wish.content_type.len())
        && wish.content_type.contains('/')
        && wish.content_type.bytes().all(type_char);
    if !typed {
        return Err(Refusal::field(
            "files.content_type",
            "type_invalid",
            "a MIME type such as audio/wav",
        ));
    }
    if !(1..=FILE_BYTES_MAX).contains(&wish.bytes) {
        let body = contract::ErrorBody::at(
            "files.bytes",
            "size_invalid",
            format!("1 to {FILE_BYTES_MAX} bytes"),
        );
        return Err(Refusal {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            body,
            retry_after_s: None,
        });
    }
    Ok(())
}
