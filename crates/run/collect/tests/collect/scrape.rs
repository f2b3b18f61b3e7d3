//! Targets that answer, answer badly, or hold the line: what each becomes as a round.

use std::{sync::Arc, time::Duration};

use promise::{Cause, Timestamp};
use store::metrics::is_stale;
use tokio::io::AsyncWriteExt;

use crate::house::{House, Memory, reply, says, scrape, server, sources, value};

#[tokio::test]
async fn a_target_is_asked_and_its_series_are_labelled() {
    let target = server(|_, request, stream| async move {
        let good = request.contains("authorization: Bearer s3cret")
            && request.contains("application/openmetrics-text;version=1.0.0")
            && request.contains("accept: application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;escaping=allow-utf-8;q=0.6,")
            && request.starts_with("GET /metrics?module=x HTTP/1.1");
        let body = format!(
            "good {}\nshop{{job=\"mine\",empty=\"\"}} 2\nup 7\n",
            u8::from(good)
        );
        reply(stream, "200 OK", body.as_bytes()).await;
    })
    .await;
    let mut job = scrape(std::slice::from_ref(&target));
    job.params.insert("module".to_owned(), vec!["x".to_owned()]);
    job.labels.insert("team".to_owned(), "infra".to_owned());
    job.bearer = Some(spec::section::receiver::Secret::Env("TOKEN".to_owned()));
    let mut house = House::start(&sources("shop", job));
    let round = house.round(&format!("shop/{target}")).await;
    let labels = format!("instance=\"{target}\", job=\"shop\", team=\"infra\"");
    assert_eq!(round.failed, None);
    assert_eq!(value(&round, &format!("good{{{labels}}}")), Some(1.0));
    assert_eq!(
        value(&round, &format!("shop{{exported_job=\"mine\", {labels}}}")),
        Some(2.0)
    );
    // Its own `up` does not hide ours.
    assert_eq!(value(&round, &format!("up{{{labels}}}")), Some(1.0));
    assert_eq!(
        value(&round, &format!("scrape_samples_scraped{{{labels}}}")),
        Some(3.0)
    );
    assert_eq!(
        value(&round, &format!("scrape_series_added{{{labels}}}")),
        Some(2.0)
    );
    assert!(round.next > round.at);
    let status = &house.handle.targets()[0];
    assert!(status.ok && status.amount == 3 && status.error.is_none());
    house.end().await;
}

#[tokio::test]
async fn a_series_that_vanishes_ends_and_so_does_all_when_the_target_fails() {
    let target = server(|turn, _, stream| async move {
        match turn {
            0 => reply(stream, "200 OK", b"a 1\nb 1\nown_time 1 1000\n").await,
            1 => reply(stream, "200 OK", b"a 2\n").await,
            _ => reply(stream, "503 Service Unavailable", b"").await,
        }
    })
    .await;
    let mut house = House::start(&sources("j", scrape(std::slice::from_ref(&target))));
    let source = format!("j/{target}");
    let of = |name: &str| format!("{name}{{instance=\"{target}\", job=\"j\"}}");
    house.round(&source).await;
    let second = house.round(&source).await;
    assert_eq!(value(&second, &of("a")), Some(2.0));
    assert!(value(&second, &of("b")).is_some_and(is_stale));
    assert_eq!(value(&second, &of("own_time")), None);
    let third = house.round(&source).await;
    assert!(
        matches!(&third.failed, Some(Cause::Failed { error }) if error.en.contains("503")),
        "{:?}",
        third.failed
    );
    assert!(value(&third, &of("a")).is_some_and(is_stale));
    assert_eq!(value(&third, &of("b")), None);
    assert_eq!(value(&third, &of("up")), Some(0.0));
    assert!(
        third
            .series
            .iter()
            .all(|series| series.samples[0].at == third.at)
    );
    let fourth = house.round(&source).await;
    assert_eq!(value(&fourth, &of("a")), None);
}

#[tokio::test]
async fn bad_targets_fail_with_their_cause_and_do_not_delay_a_good_one() {
    let hangs = server(|_, _, mut stream| async move {
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\na 1\n")
            .await;
        std::future::pending::<()>().await;
    })
    .await;
    let floods = server(|_, _, mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        let line = b"flood 1\n".repeat(8192);
        while stream.write_all(&line).await.is_ok() {}
    })
    .await;
    let series: String = (0..1_001)
        .map(|i| format!("many{{i=\"{i}\"}} 1\n"))
        .collect();
    let many = server(move |_, _, stream| {
        let series = series.clone();
        async move { reply(stream, "200 OK", series.as_bytes()).await }
    })
    .await;
    let future = Timestamp::from_millis(i64::MAX / 2).as_millis();
    let ahead = server(move |_, _, stream| async move {
        reply(stream, "200 OK", format!("a 1 {future}\n").as_bytes()).await;
    })
    .await;
    let bytes = says(b"a{x=\"\xff\"} 1\n").await;
    let moved =
        server(|_, _, stream| reply(stream, "302 Found\r\nLocation: /elsewhere", b"")).await;
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let good = says(b"fine 1\n").await;
    let all = [
        &hangs, &floods, &many, &ahead, &bytes, &moved, &nobody, &good,
    ]
    .map(Clone::clone);
    let mut house = House::start(&sources("j", scrape(&all)));
    for (target, words, is_limit) in [
        (&hangs, "no whole answer within 1 s", false),
        (&floods, "larger than 1 MiB (body_max)", true),
        (
            &many,
            "1001 of them are `many`, whose label `i` has 1001 values",
            true,
        ),
        (&ahead, "10 minutes in the future", false),
        (&bytes, "line 1, column 6: the bytes are not UTF-8", false),
        (&moved, "HTTP 302", false),
        (&nobody, "cannot connect", false),
    ] {
        let round = house.round(&format!("j/{target}")).await;
        let (said, refused) = match round.failed.clone().unwrap() {
            Cause::Failed { error } => (error.en, false),
            Cause::Refused { limit } => (limit.en, true),
            other => panic!("{other:?}"),
        };
        assert!(
            said.contains(words) && refused == is_limit,
            "{words}: {said}"
        );
        assert_eq!(
            round.series.len(),
            5,
            "only up and scrape_*: {:?}",
            round.series
        );
    }
    for _ in 0..3 {
        let round = house.round(&format!("j/{good}")).await;
        assert_eq!(round.failed, None);
    }
    house.end().await;
}

#[tokio::test]
async fn first_rounds_come_at_once_even_where_the_interval_is_long() {
    let target = says(b"a 1\n").await;
    let mut job = scrape(std::slice::from_ref(&target));
    job.interval = promise::unit::Span::days(1);
    let sources = sources("j", job);
    let owed = collect::Owed {
        source: format!("j/{target}"),
        interval: Duration::from_secs(86_400),
        stream: None,
    };
    assert_eq!(collect::owed(&sources), [owed]);
    let clock = Arc::new(promise::ManualClock::at(Timestamp::from_millis(1_000)));
    let mut house = House::over(
        &sources,
        std::path::Path::new("/"),
        Arc::new(Memory::default()),
        clock,
    );
    let round = house.round(&format!("j/{target}")).await;
    assert!(round.next.since(round.at) <= Duration::from_secs(86_400));
}

#[tokio::test]
async fn card_numbers_in_labels_do_not_leave() {
    let target = says(b"pay{card=\"4242 4242 4242 4242\",password=\"x\"} 1\n").await;
    let mut house = House::start(&sources("j", scrape(std::slice::from_ref(&target))));
    let round = house.round(&format!("j/{target}")).await;
    let text = format!("{:?}", round.all());
    assert!(
        text.contains("[redacted:pan]") && text.contains("[redacted:field]"),
        "{text}"
    );
}
