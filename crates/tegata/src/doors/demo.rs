//! The console's door onto the demo's world.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use console::door::{self, Outage, Payments, Refused};
use promise::{Selector, Timestamp, record::Scalar as _, say};
use serde_json::json;

use crate::{app::House, book::kind, demo::World};

pub(super) struct Door {
    world: Arc<World>,
    house: Arc<House>,
    out_since: Mutex<Option<Timestamp>>,
    payments: Payments,
}

impl Door {
    pub(super) fn open(world: Arc<World>, house: Arc<House>) -> Arc<dyn door::Demo> {
        // The demo's own texts: a test reads them.
        let selector = |text: &str| Selector::parse(text).expect("the demo's selectors are right");
        let payments = Payments {
            total: selector("payments_total{status=~\"succeeded|failed\"}"),
            good: selector("payments_total{status=\"succeeded\"}"),
            took: selector("payment_duration_seconds_bucket"),
            stream: "payment_app".to_owned(),
        };
        Arc::new(Self {
            world,
            house,
            out_since: Mutex::new(None),
            payments,
        })
    }

    fn since(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.out_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl door::Demo for Door {
    fn outages(&self) -> Vec<Outage> {
        vec![Outage {
            name: World::OUTAGES[0].to_owned(),
            title: say!("The payment provider fails", "決済プロバイダーの障害"),
            since: *self.since(),
        }]
    }

    async fn set(&self, name: &str, on: bool) -> Result<(), Refused> {
        if !World::OUTAGES.contains(&name) {
            return Err(Refused::Missing {
                what: "outage",
                name: name.to_owned(),
            });
        }
        if self.world.is_out() == on {
            return Ok(());
        }
        self.world.set_outage(on);
        *self.since() = on.then(|| self.house.clock.now());
        self.house
            .note(
                kind::CONSOLE,
                json!({ "action": "outage", "name": name, "on": on }),
            )
            .await;
        Ok(())
    }

    fn payments(&self) -> Payments {
        self.payments.clone()
    }
}
