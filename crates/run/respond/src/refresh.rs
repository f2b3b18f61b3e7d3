//! Receivers that forget: an Alertmanager drops an alert that is not told again, so what fires is told each minute.
//!
//! A refresh is no page: it is not stored, not retried and not counted. The next one is a minute away.

use std::{sync::Arc, time::Duration};

use spec::section::receiver::Receiver;
use tokio::time::sleep;

use crate::{Page, announce, desk::Desk, notify::Make, page::Kind};

/// As Prometheus does by default.
const EVERY: Duration = Duration::from_secs(60);
/// Alerts told to one receiver in one turn; beyond that somebody has to look at the console anyway.
const ALERTS_MAX: usize = 1_000;

/// Never ends.
pub async fn run(desk: &Arc<Desk>, make: &Make) {
    loop {
        sleep(EVERY).await;
        if !desk.state.is_ours() {
            continue;
        }
        let config = desk.config();
        for (name, receiver) in &config.receivers {
            if !matches!(receiver, Receiver::Alertmanager(_)) {
                continue;
            }
            let pages = firing(desk, name);
            if pages.is_empty() {
                continue;
            }
            let notifier = match make(name, receiver) {
                Ok(notifier) => notifier,
                Err(error) => {
                    tracing::warn!(receiver = name, %error, "what fires could not be told again");
                    continue;
                }
            };
            for page in pages {
                if let Err(error) = notifier.send(&page).await {
                    tracing::warn!(receiver = name, %error, "what fires could not be told again");
                    break;
                }
            }
        }
    }
}

/// What this receiver was told and is still so.
fn firing(desk: &Desk, receiver: &str) -> Vec<Page> {
    let config = desk.config();
    let now = desk.clock.now();
    let book = desk.book();
    let firing = book.alerts.values().filter(|alert| alert.fires());
    let open = firing.filter_map(|alert| {
        let incident = book.incident(&alert.incident)?;
        let was_told = incident.told().iter().any(|told| told == receiver);
        was_told.then(|| {
            let key = format!("{}-refresh", incident.id);
            announce::compose(&config, alert, Some(incident), Kind::Repeated, key, now)
        })
    });
    open.take(ALERTS_MAX).collect()
}
