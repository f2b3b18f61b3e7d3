//! The stream: what is told, what is told again after a break, and how many may listen.

use std::sync::Arc;

use axum::{Router, body::Body};
use http_body_util::BodyExt;
use promise::State;
use tower::ServiceExt;

use super::{fixture, to};

struct Listener {
    body: Body,
    read: String,
}

impl Listener {
    async fn open(router: &Router, query: &str, last: Option<&str>) -> Self {
        let mut request = to("GET", &format!("/events{query}"));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = router
            .clone()
            .oneshot(request.body(Body::empty()).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self {
            body: response.into_body(),
            read: String::new(),
        }
    }

    /// The next event as (kind, id, data).
    async fn next(&mut self) -> Option<(String, String, String)> {
        loop {
            if let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                let field = |name: &str| {
                    event
                        .lines()
                        .find_map(|line| line.strip_prefix(name))
                        .unwrap_or_default()
                        .trim()
                        .to_owned()
                };
                if event.contains("event:") {
                    return Some((field("event:"), field("id:"), field("data:")));
                }
            }
            let frame = self.body.frame().await?.unwrap();
            self.read
                .push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
        }
    }
}

type Publish = tokio::sync::watch::Sender<Arc<console::Board>>;

fn turn(publish: &Publish, row: usize, state: State) {
    let mut board = (**publish.borrow()).clone();
    board.rows[row].verdict.state = state;
    publish.send_replace(Arc::new(board));
}

#[tokio::test(start_paused = true)]
async fn a_changed_row_is_told_rendered_in_its_language() {
    let (desk, publish) = fixture::desk(fixture::board(5));
    let router = console::router(desk);
    let mut listener = Listener::open(&router, "?lang=ja", None).await;
    assert_eq!(listener.next().await.unwrap().0, "hello");
    turn(&publish, 4, State::Broken);
    let (kind, id, data) = listener.next().await.unwrap();
    assert_eq!(kind, "board");
    assert!(id.ends_with("-1"), "{id}");
    let change: serde_json::Value = serde_json::from_str(&data).unwrap();
    assert_eq!(
        change["rows"].as_array().unwrap().len(),
        1,
        "only the row that changed"
    );
    let html = change["rows"][0]["html"].as_str().unwrap();
    assert!(
        html.starts_with("<tr id=\"p-checkout-latency\" class=\"broken\"")
            && html.contains("破れた"),
        "{html}"
    );
    assert_eq!(change["order"].as_array().unwrap().len(), 5);
    assert_eq!(change["summary"], true);
}

#[tokio::test(start_paused = true)]
async fn after_a_break_only_what_was_missed_is_told() {
    let (desk, publish) = fixture::desk(fixture::board(5));
    let router = console::router(desk);
    let mut first = Listener::open(&router, "", None).await;
    first.next().await.unwrap();
    turn(&publish, 4, State::AtRisk);
    let (_, seen, _) = first.next().await.unwrap();
    // A second listener knows when the change that the first will miss has happened.
    let mut witness = Listener::open(&router, "", None).await;
    witness.next().await.unwrap();
    drop(first);
    turn(&publish, 4, State::Broken);
    let missed = witness.next().await.unwrap();

    for (query, header) in [
        (String::new(), Some(seen.as_str())),
        (format!("?after={seen}"), None),
    ] {
        let mut again = Listener::open(&router, &query, header).await;
        assert_eq!(again.next().await.unwrap().0, "hello");
        let (kind, id, data) = again.next().await.unwrap();
        assert_eq!((kind.as_str(), &id), ("board", &missed.1));
        assert!(data.contains("class=\\\"broken\\\""), "{data}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_remembered_means_start_again() {
    let (desk, _publish) = fixture::desk(fixture::board(1));
    let router = console::router(desk);
    for unknown in ["1-1", "garbage", "9999999999999-5"] {
        let mut listener = Listener::open(&router, "", Some(unknown)).await;
        assert_eq!(listener.next().await.unwrap().0, "refresh", "{unknown}");
    }
}

#[tokio::test(start_paused = true)]
async fn listeners_are_bounded_and_a_seat_is_free_again_when_one_leaves() {
    let (desk, _publish) = fixture::desk(fixture::board(1));
    let router = console::router(desk);
    let mut listeners = Vec::new();
    for _ in 0..64 {
        listeners.push(Listener::open(&router, "", None).await);
    }
    assert_eq!(super::get(&router, "/events").await.status, 503);
    listeners.pop();
    Listener::open(&router, "", None).await;
}

#[tokio::test(start_paused = true)]
async fn streams_end_when_the_console_goes_down() {
    let (desk, publish) = fixture::desk(fixture::board(1));
    let router = console::router(desk);
    let mut listener = Listener::open(&router, "", None).await;
    listener.next().await.unwrap();
    drop(publish);
    assert!(listener.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn streams_end_at_once_when_the_server_drains_though_the_board_lives_on() {
    let (desk, _publish) = fixture::desk(fixture::board(1));
    let stop = desk.stop.clone();
    let router = console::router(desk);
    let mut listener = Listener::open(&router, "", None).await;
    listener.next().await.unwrap();
    stop.cancel();
    assert!(listener.next().await.is_none());
    let mut late = Listener::open(&router, "", None).await;
    late.next().await.unwrap();
    assert!(late.next().await.is_none(), "nor does a new one linger");
}

#[tokio::test(start_paused = true)]
async fn what_is_not_on_the_board_is_told_as_news_in_its_order() {
    let (mut desk, publish) = fixture::desk(fixture::board(5));
    let (told, news) = tokio::sync::watch::channel(0);
    desk.news = news;
    let router = console::router(desk);
    let mut listener = Listener::open(&router, "?lang=ja", None).await;
    listener.next().await.unwrap();
    told.send_replace(1);
    let (kind, id, data) = listener.next().await.unwrap();
    assert_eq!((kind.as_str(), data.as_str()), ("news", "ja"));
    assert!(id.ends_with("-1"), "{id}");
    turn(&publish, 4, State::Broken);
    let (kind, id, _) = listener.next().await.unwrap();
    assert_eq!(kind, "board");
    assert!(id.ends_with("-2"), "{id}");
}
