//! What every notifier does on a real socket, and what it never says.

use std::{sync::Arc, time::Duration};

use promise::{ManualClock, Say, State, unit::Span};
use respond::{
    InboxItem, Page,
    label::Labels,
    notify::{self, Outside, SendError, inbox::Shelf, webhook},
    page::{About, Kind, Link, Sentence},
};
use spec::section::receiver::{Alertmanager, Email, Receiver, Secret, Security, Slack, Webhook};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpListener,
    sync::mpsc,
};

struct NoShelf;

#[async_trait::async_trait]
impl Shelf for NoShelf {
    async fn put(&self, _: InboxItem) -> Result<(), respond::Error> {
        Ok(())
    }
}

pub fn outside(secret: &'static str) -> Outside {
    let clock = ManualClock::at("2026-11-22T01:00:04Z".parse().unwrap());
    let secrets: respond::Secrets = Arc::new(move |reference| match reference {
        Secret::Loopback(url) => Ok(url.clone()),
        _ => Ok(secret.to_owned()),
    });
    Outside::new(secrets, Arc::new(clock), Arc::new(NoShelf))
}

pub fn page() -> Page {
    Page {
        schema: respond::page::SCHEMA.into(),
        key: "9f86d081-INC-2026-0007-1".into(),
        kind: Kind::Raised,
        instead_of: None,
        at: "2026-11-22T01:00:04Z".parse().unwrap(),
        service: Say::same("決済"),
        time_zone: "Asia/Tokyo".into(),
        incident: Some(Link {
            id: "INC-2026-0007".into(),
            url: "http://127.0.0.1:8400/incidents/INC-2026-0007".into(),
        }),
        promise: About {
            id: "pay".into(),
            name: Say::same("決済成功率"),
            owner: "sre".into(),
            tier: None,
            runbook: None,
            clauses: vec![],
        },
        severity: None,
        state: State::Broken,
        reason: Sentence {
            code: "no-evidence".into(),
            text: Say::same("理由"),
        },
        measured: None,
        bad_since: "2026-11-22T00:59:48Z".parse().unwrap(),
        evidence_lost: None,
        on_call: None,
        rule: None,
        answered: None,
        acknowledge: None,
        alerts: vec![],
        more: 0,
        group: Labels::default(),
        first: None,
    }
}

/// A server that answers each request with `answer` and passes on what it was sent. No answer: it hangs.
async fn http(answer: Option<&'static str>) -> (String, mpsc::Receiver<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, requests) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let mut stream = BufReader::new(stream);
            let (mut head, mut length) = (String::new(), 0);
            loop {
                let from = head.len();
                if stream.read_line(&mut head).await.unwrap_or(0) <= 2 {
                    break;
                }
                if let Some(value) = head[from..]
                    .to_ascii_lowercase()
                    .strip_prefix("content-length:")
                {
                    length = value.trim().parse().unwrap();
                }
            }
            let mut body = vec![0; length];
            stream.read_exact(&mut body).await.unwrap();
            heard.send((head, body)).await.unwrap();
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => std::future::pending().await,
            }
        }
    });
    (format!("http://{address}/hook/T0P-SECRET"), requests)
}

fn over_http(url: &str) -> [Receiver; 2] {
    let timeout = Span(Duration::from_millis(300));
    [
        Receiver::Webhook(Webhook {
            url: Secret::Loopback(url.into()),
            key: Some(Secret::Env("KEY".into())),
            timeout,
        }),
        Receiver::Slack(Slack {
            url: Secret::Loopback(url.into()),
            channel: None,
            timeout,
        }),
    ]
}

async fn send(receiver: &Receiver) -> Result<notify::Receipt, SendError> {
    notify::of(receiver, &outside("whsec_test"))?
        .send(&page())
        .await
}

#[tokio::test]
async fn an_accepted_page_carries_its_key() {
    let (url, mut requests) =
        http(Some("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")).await;
    for receiver in over_http(&url) {
        assert_eq!(send(&receiver).await.unwrap().answer, "HTTP 204");
        let (head, _) = requests.recv().await.unwrap();
        assert!(
            head.contains("idempotency-key: 9f86d081-INC-2026-0007-1\r\n"),
            "{head}"
        );
        assert!(
            head.contains("content-type: application/json\r\n"),
            "{head}"
        );
    }
}

#[tokio::test]
async fn an_alertmanager_gets_the_rules_own_labels_and_learns_when_it_ended() {
    let (url, mut requests) = http(Some(
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ))
    .await;
    let receiver = Receiver::Alertmanager(Alertmanager {
        url: Secret::Loopback(url),
        bearer: Some(Secret::Env("TOKEN".into())),
        timeout: Span::secs(1),
    });
    let notifier = notify::of(&receiver, &outside("t0ken")).unwrap();
    let firing = Page {
        rule: Some(respond::Rule {
            labels: Labels::new([("alertname", "Hot"), ("region", "tokyo")]),
            annotations: Labels::new([("summary", "hot")]),
            external_labels: Labels::new([("cluster", "a"), ("region", "all")]),
            started: "2026-11-22T00:59:30Z".parse().unwrap(),
            generator_url: "http://127.0.0.1:8400/graph".into(),
            lost: None,
            is_posted: false,
        }),
        ..page()
    };
    notifier.send(&firing).await.unwrap();
    let (head, body) = requests.recv().await.unwrap();
    assert!(
        head.starts_with("POST /hook/T0P-SECRET/api/v2/alerts "),
        "{head}"
    );
    assert!(head.contains("authorization: Bearer t0ken\r\n"), "{head}");
    let sent: serde_json::Value = serde_json::from_slice(&body).unwrap();
    // Now is 01:00:04; what is not told again is believed for 4 minutes.
    let expected = serde_json::json!([{
        "labels": { "alertname": "Hot", "cluster": "a", "region": "tokyo" },
        "annotations": { "summary": "hot" },
        "startsAt": "2026-11-22T00:59:30.000Z",
        "endsAt": "2026-11-22T01:04:04.000Z",
        "generatorURL": "http://127.0.0.1:8400/graph",
    }]);
    assert_eq!(sent, expected);
    let ended = Page {
        kind: Kind::Resolved,
        ..firing
    };
    notifier.send(&ended).await.unwrap();
    let (_, body) = requests.recv().await.unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(sent[0]["endsAt"], "2026-11-22T01:00:04.000Z");
}

#[tokio::test]
async fn a_webhook_is_signed_over_the_bytes_that_arrive() {
    let (url, mut requests) = http(Some(
        "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
    ))
    .await;
    send(&over_http(&url)[0]).await.unwrap();
    let (head, body) = requests.recv().await.unwrap();
    // 2026-11-22T01:00:04Z is 1795309204 in Unix time (`date -d 2026-11-22T01:00:04Z +%s`).
    let expected = format!(
        "tegata-signature: {}\r\n",
        webhook::signature(b"whsec_test", 1_795_309_204, &body)
    );
    assert!(head.contains(&expected), "{head}");
    assert_eq!(serde_json::from_slice::<Page>(&body).unwrap(), page());
}

#[tokio::test]
async fn answers_say_whether_another_try_can_help() {
    let cases: [(&'static str, Option<Option<u64>>); 5] = [
        (
            "HTTP/1.1 503 x\r\nretry-after: 7\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            Some(Some(7)),
        ),
        (
            "HTTP/1.1 429 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            Some(None),
        ),
        (
            "HTTP/1.1 404 x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            None,
        ),
        (
            "HTTP/1.1 302 x\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n",
            None,
        ),
        ("nonsense\r\n\r\n", Some(None)),
    ];
    for (answer, expected) in cases {
        let (url, _requests) = http(Some(answer)).await;
        for receiver in over_http(&url) {
            match (send(&receiver).await.unwrap_err(), expected) {
                (SendError::Passing { after, .. }, Some(expected)) => {
                    assert_eq!(after, expected.map(Duration::from_secs), "{answer}");
                }
                (SendError::Lasting { .. }, None) => {}
                (error, _) => panic!("{answer}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn no_error_holds_the_address() {
    let (hanging, _requests) = http(None).await;
    let refused = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/hook/T0P-SECRET", listener.local_addr().unwrap())
    };
    for url in [hanging, refused, "T0P-SECRET is no URL".to_owned()] {
        for receiver in over_http(&url) {
            let error = send(&receiver).await.unwrap_err();
            let text = format!("{error} {error:?}");
            assert!(
                !text.contains("T0P-SECRET") && !text.contains("127.0.0.1"),
                "{text}"
            );
        }
    }
}

/// An SMTP server for one mail after another; `refusal` answers `RCPT TO`.
async fn smtp(refusal: Option<&'static str>) -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (heard, mails) = mpsc::channel(16);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let heard = heard.clone();
            tokio::spawn(async move {
                let mut stream = BufReader::new(stream);
                stream.write_all(b"220 test\r\n").await.unwrap();
                let mut line = String::new();
                while stream.read_line(&mut line).await.unwrap_or(0) > 0 {
                    let command = line.split([' ', '\r']).next().unwrap().to_ascii_uppercase();
                    let answer = match command.as_str() {
                        "EHLO" => "250-test\r\n250 8BITMIME\r\n",
                        "RCPT" => refusal.unwrap_or("250 ok\r\n"),
                        "DATA" => {
                            stream.write_all(b"354 go\r\n").await.unwrap();
                            let mut mail = String::new();
                            while !mail.ends_with("\r\n.\r\n") {
                                stream.read_line(&mut mail).await.unwrap();
                            }
                            heard.send(mail).await.unwrap();
                            "250 queued\r\n"
                        }
                        "QUIT" => "221 bye\r\n",
                        _ => "250 ok\r\n",
                    };
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        return;
                    }
                    line.clear();
                }
            });
        }
    });
    (address.to_string(), mails)
}

fn mail(server: &str, security: Security) -> Receiver {
    Receiver::Email(Email {
        server: server.into(),
        from: "Tegata <tegata@example.jp>".into(),
        to: vec!["oncall@example.jp".into()],
        security,
        user: None,
        password: None,
        timeout: Span::secs(5),
    })
}

#[tokio::test]
async fn a_mail_has_a_japanese_subject_both_languages_and_the_key_as_its_id() {
    let (server, mut mails) = smtp(None).await;
    send(&mail(&server, Security::None)).await.unwrap();
    let mail = mails.recv().await.unwrap();
    assert!(
        mail.contains("Message-ID: <9f86d081-INC-2026-0007-1@example.jp>\r\n"),
        "{mail}"
    );
    assert!(
        mail.contains("Auto-Submitted: auto-generated\r\n"),
        "{mail}"
    );
    assert!(mail.contains("Subject: =?utf-8?b?"), "{mail}");
    assert!(mail.is_ascii() || mail.contains("8bit"));
    assert!(
        mail.contains("text/plain") && mail.contains("text/html"),
        "{mail}"
    );
}

#[tokio::test]
async fn a_refused_recipient_is_final_and_a_busy_one_is_not_and_neither_is_named() {
    let (server, _mails) = smtp(Some("550 <oncall@example.jp> unknown\r\n")).await;
    let error = send(&mail(&server, Security::None)).await.unwrap_err();
    assert_eq!(
        error,
        SendError::Lasting {
            why: "SMTP 550".into()
        }
    );
    let (server, _mails) = smtp(Some("451 <oncall@example.jp> later\r\n")).await;
    let error = send(&mail(&server, Security::None)).await.unwrap_err();
    assert_eq!(
        error,
        SendError::Passing {
            why: "SMTP 451".into(),
            after: None
        }
    );
}

#[tokio::test]
async fn mail_leaves_unencrypted_only_for_loopback() {
    let error = send(&mail("mail.example.jp:25", Security::None))
        .await
        .unwrap_err();
    assert!(matches!(error, SendError::Lasting { .. }));
    // A server that offers no STARTTLS gets no mail in the clear.
    let (server, mut mails) = smtp(None).await;
    assert!(send(&mail(&server, Security::StartTls)).await.is_err());
    assert!(mails.try_recv().is_err());
}
