//! Serves the fixture's board on loopback, to look at pages without the rest of Tegata:
//! `cargo run -p tegata-console --example preview -- 127.0.0.1:8499 200` for two hundred promises.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation
)]
#![allow(dead_code)]

#[path = "../tests/console/fixture.rs"]
mod fixture;

use std::{sync::Arc, time::Duration};

use promise::State;

#[tokio::main]
async fn main() {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:8499".to_owned());
    let promises = std::env::args()
        .nth(2)
        .and_then(|n| n.parse().ok())
        .unwrap_or(30)
        .max(5);
    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    println!("http://{}/", listener.local_addr().unwrap());
    let (desk, publish) = fixture::desk(fixture::board(promises));
    tokio::spawn(async move {
        // Every few seconds one promise turns, so that live updates can be seen.
        for round in 0usize.. {
            tokio::time::sleep(Duration::from_secs(5)).await;
            let mut board = (**publish.borrow()).clone();
            let turning = &mut board.rows[4];
            turning.verdict.state = if round.is_multiple_of(2) {
                State::AtRisk
            } else {
                State::Kept
            };
            publish.send_replace(Arc::new(board));
        }
    });
    axum::serve(listener, console::router(desk)).await.unwrap();
}
