//! The demo's world: three shop instances, a payment provider, customers and a sink, all on loopback and all
//! speaking real HTTP. Tegata looks at it from outside, as it would at a real shop.

mod chance;
mod customers;
mod figures;
mod journal;
mod provider;
mod shop;
mod tracer;

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};

use anyhow::Context as _;
use axum::Router;
use promise::Clock;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::sink::Sink;

/// The spec that the demo runs, as it lies in `examples/`.
pub(crate) const SPEC: &str = include_str!("../../../../examples/card-payments.yaml");

/// The first port of the demo: the console. Everything else lies within 100 ports above it.
pub(crate) const PORT_BASE: u16 = 8400;

const SHOPS: [(&str, u16); 3] = [("app-1", 11), ("app-2", 12), ("app-3", 13)];
const PROVIDER: u16 = 20;
const SINK_SMTP: u16 = 98;
const SINK_HTTP: u16 = 99;
/// Any seed gives an honest world; this one makes two runs alike.
const SEED: u64 = 20_250_620;

/// The spec with its ports moved to `base`.
pub(crate) fn spec_at(base: u16) -> String {
    if base == PORT_BASE {
        return SPEC.to_owned();
    }
    let mut text = SPEC.to_owned();
    for offset in [
        0, SHOPS[0].1, SHOPS[1].1, SHOPS[2].1, PROVIDER, SINK_SMTP, SINK_HTTP,
    ] {
        let from = format!("127.0.0.1:{}", PORT_BASE + offset);
        text = text.replace(&from, &format!("127.0.0.1:{}", base + offset));
    }
    text
}

/// The running world.
pub(crate) struct World {
    provider: Arc<provider::Provider>,
}

impl World {
    /// Opens every door before it returns; everything ends with `stop`.
    pub(crate) async fn start(
        base: u16,
        data: &Path,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) -> anyhow::Result<Arc<Self>> {
        let at = |offset: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, base + offset));
        Sink::new(clock.clone())
            .start(at(SINK_HTTP), at(SINK_SMTP), stop.clone())
            .await?;

        let client = reqwest::Client::builder().no_proxy().build()?;
        let spans = tracer::Spans::start(
            format!("http://{}/v1/traces", at(0)),
            client.clone(),
            clock.clone(),
            stop.clone(),
        );
        let tracer = spans.tracer("provider", "provider", SEED);
        let provider = provider::Provider::new(SEED, client.clone(), tracer);
        serve(
            "the provider",
            at(PROVIDER),
            provider.clone().router(),
            stop.clone(),
        )
        .await?;

        for (i, (name, offset)) in SHOPS.into_iter().enumerate() {
            let number = i + 1;
            let journal =
                journal::Journal::open(&data.join(format!("demo/logs/payment_{number}.jsonl")))?;
            let places = (
                name,
                at(offset).to_string(),
                format!("http://{}", at(PROVIDER)),
            );
            let shop = shop::Shop::new(
                places,
                client.clone(),
                journal,
                spans.tracer("shop", name, SEED + number as u64),
                clock.clone(),
                SEED + number as u64,
            );
            serve(name, at(offset), shop.clone().router(), stop.clone()).await?;
            let stop = stop.clone();
            tokio::spawn(async move { stop.run_until_cancelled(shop.keep_gauges()).await });
        }

        let shops = SHOPS
            .iter()
            .map(|(_, offset)| at(*offset).to_string())
            .collect();
        let customers = customers::Customers {
            shops,
            client,
            clock,
            seed: SEED,
            stop,
        };
        tokio::spawn(customers.run());
        Ok(Arc::new(Self { provider }))
    }

    /// What can be broken.
    pub(crate) const OUTAGES: [&'static str; 1] = ["provider"];

    pub(crate) fn set_outage(&self, on: bool) {
        tracing::info!(outage = "provider", on, "the demo's outage was switched");
        self.provider.set_outage(on);
    }

    pub(crate) fn is_out(&self) -> bool {
        self.provider.is_out()
    }
}

async fn serve(
    what: &str,
    at: SocketAddr,
    router: Router,
    stop: CancellationToken,
) -> anyhow::Result<()> {
    let listener = TcpListener::bind(at)
        .await
        .with_context(|| format!("{what} cannot listen on {at}"))?;
    let served = axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned());
    tokio::spawn(async move {
        if let Err(error) = served.await {
            tracing::error!(%error, "a door of the demo closed");
        }
    });
    Ok(())
}
