//! `<Gather>`: keys that the caller presses.

use std::time::Duration;

use tokio::time::Instant;

use super::leg::{Interrupt, Leg};

/// Unless it says otherwise.
const TIMEOUT_S: u32 = 5;
/// Ends what is pressed, and is no part of it.
const FINISH: char = '#';

impl Leg {
    /// Listens for keys, until none comes for so long; without any, nothing was pressed.
    pub(super) async fn gather(&mut self, timeout_s: Option<u32>) -> Result<String, Interrupt> {
        self.gathered = Some(String::new());
        let timeout = Duration::from_secs(timeout_s.unwrap_or(TIMEOUT_S).into());
        let listened = self.listen_for_keys(timeout).await;
        let keys = self.gathered.take().unwrap_or_default();
        listened?;
        Ok(keys.trim_end_matches(FINISH).to_owned())
    }

    async fn listen_for_keys(&mut self, timeout: Duration) -> Result<(), Interrupt> {
        let mut count = 0;
        let mut until = Instant::now() + timeout;
        while Instant::now() < until {
            self.turn().await?;
            let keys = self.gathered.as_deref().unwrap_or_default();
            if keys.ends_with(FINISH) {
                break;
            }
            if keys.len() > count {
                count = keys.len();
                until = Instant::now() + timeout;
            }
        }
        Ok(())
    }
}
