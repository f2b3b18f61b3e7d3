//! The services' APIs as they answer: what is sent to them on a real socket, and what their answers mean.

use std::{collections::BTreeMap, time::Duration};

use promise::unit::Span;
use respond::{
    Page,
    notify::{self, SendError},
    page::Kind,
};
use serde_json::{Value, json};
use spec::section::receiver::{
    ContentType, Http, Method, Ntfy, PagerDuty, Preset, Receiver, Request, Secret, SlackBot, Teams,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};

use crate::notifiers::{outside, page};

/// One request as it arrived.
struct Heard {
    /// `POST /path HTTP/1.1`.
    line: String,
    head: String,
    body: Vec<u8>,
}

impl Heard {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// A server that gives these answers, one for each request: status and body.
async fn server(answers: Vec<(&'static str, Value)>) -> (String, mpsc::Receiver<Heard>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, requests) = mpsc::channel(16);
    tokio::spawn(async move {
        for (status, answer) in answers {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stream = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let from = head.len();
                if stream.read_line(&mut head).await.unwrap_or(0) <= 2 {
                    break;
                }
                let line = head[from..].to_ascii_lowercase();
                if let Some(value) = line.strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            let line = head.lines().next().unwrap_or_default().to_owned();
            heard.send(Heard { line, head, body }).await.unwrap();
            let answer = answer.to_string();
            let whole = format!(
                "HTTP/1.1 {status}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{answer}",
                answer.len()
            );
            stream.write_all(whole.as_bytes()).await.unwrap();
        }
    });
    (format!("http://{address}"), requests)
}

fn secret() -> Secret {
    Secret::Env("SECRET".to_owned())
}

fn bot(api: String) -> Receiver {
    Receiver::SlackBot(SlackBot {
        token: secret(),
        channel: "C1".into(),
        api,
        timeout: Span::secs(5),
    })
}

async fn send(receiver: &Receiver, page: &Page) -> Result<notify::Receipt, SendError> {
    notify::of(receiver, &outside("s3cret"))?.send(page).await
}

async fn follow(
    receiver: &Receiver,
    page: &Page,
    handle: &str,
) -> Result<notify::Receipt, SendError> {
    let notifier = notify::of(receiver, &outside("s3cret"))?;
    notifier.follow(page, handle).await
}

#[tokio::test]
async fn a_bot_posts_once_and_then_edits_and_tells_in_the_thread() {
    let posted = json!({ "ok": true, "channel": "C1", "ts": "1795309204.000100" });
    let (api, mut heard) = server(vec![
        ("200 OK", posted.clone()),
        ("200 OK", posted.clone()),
        ("200 OK", posted),
    ])
    .await;
    let receiver = bot(api);
    let receipt = send(&receiver, &page()).await.unwrap();
    assert_eq!(receipt.handle.as_deref(), Some("C1/1795309204.000100"));
    let first = heard.recv().await.unwrap();
    assert_eq!(first.line, "POST /chat.postMessage HTTP/1.1");
    assert!(
        first.head.contains("authorization: Bearer s3cret\r\n"),
        "{}",
        first.head
    );
    assert_eq!(first.json()["channel"], "C1");

    let worse = Page {
        kind: Kind::Escalated,
        ..page()
    };
    follow(&receiver, &worse, "C1/1795309204.000100")
        .await
        .unwrap();
    let edit = heard.recv().await.unwrap();
    assert_eq!(edit.line, "POST /chat.update HTTP/1.1");
    assert_eq!(
        (&edit.json()["channel"], &edit.json()["ts"]),
        (&json!("C1"), &json!("1795309204.000100"))
    );
    let reply = heard.recv().await.unwrap().json();
    assert_eq!(reply["thread_ts"], "1795309204.000100");
    assert_eq!(reply["reply_broadcast"], true);
}

#[tokio::test]
async fn what_slack_refuses_in_an_answer_of_200_is_refused() {
    // The codes are those of Slack's documentation of chat.postMessage.
    for (code, passes) in [
        ("channel_not_found", false),
        ("invalid_auth", false),
        ("ratelimited", true),
        ("internal_error", true),
    ] {
        let (api, _heard) = server(vec![("200 OK", json!({ "ok": false, "error": code }))]).await;
        let error = send(&bot(api), &page()).await.unwrap_err();
        assert_eq!(
            matches!(error, SendError::Passing { .. }),
            passes,
            "{code}: {error:?}"
        );
        assert!(error.to_string().contains(code), "{error}");
    }
}

#[tokio::test]
async fn a_message_that_somebody_deleted_is_written_again() {
    let (api, mut heard) = server(vec![
        (
            "200 OK",
            json!({ "ok": false, "error": "message_not_found" }),
        ),
        (
            "200 OK",
            json!({ "ok": true, "channel": "C1", "ts": "2.2" }),
        ),
    ])
    .await;
    let receipt = follow(&bot(api), &page(), "C1/1.1").await.unwrap();
    assert_eq!(receipt.handle.as_deref(), Some("C1/2.2"));
    heard.recv().await.unwrap();
    assert_eq!(
        heard.recv().await.unwrap().line,
        "POST /chat.postMessage HTTP/1.1"
    );
}

#[tokio::test]
async fn a_workflow_of_teams_gets_one_adaptive_card() {
    let (url, mut heard) = server(vec![("202 Accepted", json!(null))]).await;
    let receiver = Receiver::Teams(Teams {
        url: Secret::Loopback(url),
        timeout: Span::secs(5),
    });
    assert_eq!(send(&receiver, &page()).await.unwrap().answer, "HTTP 202");
    let sent = heard.recv().await.unwrap().json();
    assert_eq!(sent["type"], "message");
    let card = &sent["attachments"][0];
    assert_eq!(
        card["contentType"],
        "application/vnd.microsoft.card.adaptive"
    );
    assert_eq!(card["content"]["type"], "AdaptiveCard");
}

#[tokio::test]
async fn pagerduty_is_triggered_and_resolved_under_one_key() {
    let done = json!({ "status": "success", "message": "Event processed", "dedup_key": "x" });
    let (api, mut heard) =
        server(vec![("202 Accepted", done.clone()), ("202 Accepted", done)]).await;
    let receiver = Receiver::PagerDuty(PagerDuty {
        key: secret(),
        api,
        timeout: Span::secs(5),
    });
    send(&receiver, &page()).await.unwrap();
    let began = heard.recv().await.unwrap();
    assert_eq!(began.line, "POST /v2/enqueue HTTP/1.1");
    let began = began.json();
    assert_eq!(began["routing_key"], "s3cret");
    assert_eq!(began["event_action"], "trigger");
    assert_eq!(began["dedup_key"], "9f86d081.INC-2026-0007");
    let ended = Page {
        kind: Kind::Resolved,
        ..page()
    };
    send(&receiver, &ended).await.unwrap();
    let ended = heard.recv().await.unwrap().json();
    let expected = json!({ "routing_key": "s3cret", "event_action": "resolve", "dedup_key": "9f86d081.INC-2026-0007" });
    assert_eq!(ended, expected);
}

#[tokio::test]
async fn a_token_leaves_this_machine_only_encrypted() {
    let far = "http://events.pagerduty.example".to_owned();
    let all = [
        Receiver::PagerDuty(PagerDuty {
            key: secret(),
            api: far.clone(),
            timeout: Span::secs(1),
        }),
        bot(far.clone()),
        Receiver::Ntfy(Ntfy {
            topic: secret(),
            server: far,
            token: None,
            timeout: Span::secs(1),
        }),
    ];
    for receiver in all {
        let error = send(&receiver, &page()).await.unwrap_err();
        assert_eq!(
            error,
            SendError::Lasting {
                why: "a token may leave this machine only over https".into()
            }
        );
    }
}

fn http(url: String, preset: Preset) -> Http {
    Http {
        url: Secret::Loopback(url),
        headers: BTreeMap::from([("Authorization".to_owned(), secret())]),
        preset,
        params: BTreeMap::from([("project".to_owned(), "OPS".to_owned())]),
        open: None,
        update: None,
        close: None,
        message: None,
        handle: None,
        timeout: Span(Duration::from_secs(5)),
    }
}

#[tokio::test]
async fn an_issue_is_opened_commented_and_closed_under_its_number() {
    let (url, mut heard) = server(vec![
        (
            "201 Created",
            json!({ "id": 1, "number": 42, "title": "x" }),
        ),
        ("201 Created", json!({})),
        ("200 OK", json!({})),
    ])
    .await;
    let receiver = Receiver::Http(http(format!("{url}/repos/acme/shop"), Preset::Github));
    let receipt = send(&receiver, &page()).await.unwrap();
    assert_eq!(receipt.handle.as_deref(), Some("42"));
    let opened = heard.recv().await.unwrap();
    assert_eq!(opened.line, "POST /repos/acme/shop/issues HTTP/1.1");
    assert!(
        opened.head.contains("authorization: s3cret\r\n"),
        "{}",
        opened.head
    );
    assert_eq!(opened.json()["labels"], json!(["incident"]));

    let kind = |kind| Page { kind, ..page() };
    follow(&receiver, &kind(Kind::Repeated), "42")
        .await
        .unwrap();
    assert_eq!(
        heard.recv().await.unwrap().line,
        "POST /repos/acme/shop/issues/42/comments HTTP/1.1"
    );
    follow(&receiver, &kind(Kind::Resolved), "42")
        .await
        .unwrap();
    let closed = heard.recv().await.unwrap();
    assert_eq!(closed.line, "PATCH /repos/acme/shop/issues/42 HTTP/1.1");
    assert_eq!(
        closed.json(),
        json!({ "state": "closed", "state_reason": "completed" })
    );
}

#[tokio::test]
async fn a_template_that_makes_no_json_sends_nothing_and_says_where() {
    let (url, mut heard) = server(vec![("200 OK", json!({}))]).await;
    let request = |body: &str| Request {
        method: Method::Post,
        path: String::new(),
        body: body.to_owned(),
        content_type: ContentType::Json,
    };
    for body in [
        "{\n  \"a\": }",
        "{% for a in text %}{% for b in text %}{% for c in text %}{% endfor %}{% endfor %}{% endfor %}",
        "{{ url }}",
        "{{ headers }}",
    ] {
        let section = Http {
            message: Some(request(body)),
            ..http(url.clone(), Preset::None)
        };
        let error = send(&Receiver::Http(section), &page()).await.unwrap_err();
        assert!(
            matches!(&error, SendError::Lasting { why } if why.starts_with("the template")),
            "{error:?}"
        );
        assert!(!error.to_string().contains("s3cret"));
    }
    assert!(heard.try_recv().is_err());
}
