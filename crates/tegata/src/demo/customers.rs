//! Customers: they arrive by an open-loop schedule with a daily season, whether or not the shop keeps up.

use std::{sync::Arc, time::Duration};

use promise::Clock;
use serde_json::json;
use tokio::{sync::Semaphore, time::Instant};
use tokio_util::sync::CancellationToken;

use super::chance::Chance;

/// Arrivals a second, averaged over a day.
const RATE_MEAN: f64 = 18.0;
/// How far the evening's peak and the night's trough lie from the mean.
const SEASON: f64 = 0.25;
/// The busiest hour of the day, in Japan's time (UTC+9).
const PEAK_HOUR_JST: f64 = 20.0;
/// Customers waiting at once; beyond that they turn away at the door and are counted as turned away.
const WAITING_MAX: usize = 400;
const REFUNDED: f64 = 0.01;

/// Sends customers to the shop's instances until `stop`.
pub(super) struct Customers {
    pub(super) shops: Vec<String>,
    pub(super) client: reqwest::Client,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) seed: u64,
    pub(super) stop: CancellationToken,
}

/// Arrivals a second at this time of day.
fn rate_at(millis: i64) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let hour_jst = (millis as f64 / 3_600_000.0 + 9.0).rem_euclid(24.0);
    RATE_MEAN * (1.0 + SEASON * ((hour_jst - PEAK_HOUR_JST) / 24.0 * std::f64::consts::TAU).cos())
}

impl Customers {
    pub(super) async fn run(self) {
        let chance = Arc::new(Chance::seeded(self.seed));
        let waiting = Arc::new(Semaphore::new(WAITING_MAX));
        let mut next = Instant::now();
        let mut number = 0u64;
        loop {
            // Open loop: the next arrival does not wait for the last one to be served.
            next += chance.gap(rate_at(self.clock.now().as_millis()));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = tokio::time::sleep_until(next) => {}
            }
            number += 1;
            let Ok(place) = waiting.clone().try_acquire_owned() else {
                tracing::debug!("a customer turned away: the shop is full");
                continue;
            };
            let shop = self.shops[usize::try_from(number).unwrap_or(0) % self.shops.len()].clone();
            let visit = Visit {
                shop,
                client: self.client.clone(),
                chance: chance.clone(),
            };
            let id = format!("pay_{:x}_{number}", self.clock.now().as_millis());
            tokio::spawn(async move {
                visit.make(&id).await;
                drop(place);
            });
        }
    }
}

struct Visit {
    shop: String,
    client: reqwest::Client,
    chance: Arc<Chance>,
}

impl Visit {
    /// What the shop answers is the shop's to count; a customer just goes home.
    async fn make(&self, id: &str) {
        let checkout = self
            .client
            .post(format!("http://{}/checkout", self.shop))
            .send()
            .await;
        if !checkout.is_ok_and(|answer| answer.status().is_success()) {
            return;
        }
        let order = json!({
            "payment_id": id,
            "user_id": format!("u{}", self.chance.below(5_000)),
            "session_id": format!("s{:x}", self.chance.below(1 << 40)),
            "amount": 500 + 10 * self.chance.below(2_000),
            "currency": "JPY",
            "payment_method": if self.chance.happens(0.8) { "card" } else { "konbini" },
            "user_agent": "demo-customer/1",
            "ip_address": format!("192.0.2.{}", self.chance.below(254) + 1),
        });
        let paid = self
            .client
            .post(format!("http://{}/pay", self.shop))
            .header("content-type", "application/json")
            .timeout(Duration::from_secs(30))
            .body(order.to_string())
            .send()
            .await;
        if paid.is_ok_and(|answer| answer.status().is_success()) && self.chance.happens(REFUNDED) {
            let refund = json!({ "payment_id": id }).to_string();
            let request = self
                .client
                .post(format!("http://{}/refund", self.shop))
                .header("content-type", "application/json")
                .body(refund);
            let _ = request.send().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_evening_is_busiest_and_the_morning_quietest() {
        let hour = 3_600_000;
        // 11:00 UTC is 20:00 in Japan, 23:00 UTC is 08:00 there.
        assert!((rate_at(11 * hour) - RATE_MEAN * (1.0 + SEASON)).abs() < 1e-9);
        assert!((rate_at(23 * hour) - RATE_MEAN * (1.0 - SEASON)).abs() < 1e-9);
    }
}
