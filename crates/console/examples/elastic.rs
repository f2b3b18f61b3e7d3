//! Serves Elasticsearch's API over fresh stores on loopback, for the public suites and clients of others:
//! `cargo run -p tegata-console --example elastic -- 127.0.0.1:9200`.
#![allow(
    clippy::unwrap_used,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation
)]
#![allow(dead_code)]

#[path = "../tests/console/fixture.rs"]
mod fixture;

#[tokio::main]
async fn main() {
    let address = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:9200".to_owned());
    let listener = tokio::net::TcpListener::bind(&address).await.unwrap();
    println!("http://{}/elastic", listener.local_addr().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let desk = fixture::documents::desk(folder.path());
    axum::serve(listener, console::router(desk)).await.unwrap();
}
