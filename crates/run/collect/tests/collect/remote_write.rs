//! Samples that are sent: sorted by source and instant, redacted, answered once they are durable.

use std::{sync::Arc, time::Duration};

use collect::{Taken, WriteError};
use promise::{Clock, ManualClock, Timestamp};
use spec::section::source::Sources;
use store::{
    Exemplar, Labels, Metadata, Round, Sample, Series,
    metrics::Appended,
    remote_write::{Encoding, Message, Written, pack},
};

use crate::house::House;

const NOW: i64 = 1_800_000_000_000;

fn at(secs: i64) -> Timestamp {
    Timestamp::from_millis(NOW + secs * 1000)
}

fn series(labels: &[(&str, &str)], samples: &[(i64, f64)]) -> Series {
    let samples = samples.iter().map(|(secs, value)| Sample {
        at: at(*secs),
        value: *value,
    });
    Series::new(Labels::new(labels.iter().copied()), samples.collect())
}

struct Sender {
    house: House,
}

impl Sender {
    fn new() -> Self {
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(at(0)));
        let house = House::over(
            &Sources::default(),
            std::path::Path::new("/"),
            Arc::default(),
            clock,
        );
        Self { house }
    }

    /// Sends, lets `store` answer for each round, and gives back the rounds.
    async fn send(
        &mut self,
        message: Message,
        series: &[Series],
        about: &[Metadata],
        mut store: impl FnMut(&Round) -> Result<Appended, store::Error>,
    ) -> (Result<Taken, WriteError>, Vec<Round>) {
        let body = pack(&message.write(series, about));
        let handle = self.house.handle.clone();
        let mut sent =
            tokio::spawn(
                async move { handle.remote_write(message, Encoding::Snappy, &body).await },
            );
        let mut rounds = Vec::new();
        loop {
            tokio::select! {
                taken = &mut sent => return (taken.unwrap(), rounds),
                Some(mut round) = self.house.rounds.recv() => {
                    let ack = round.ack.take().unwrap();
                    ack.try_send(store(&round)).unwrap();
                    rounds.push(round);
                }
            }
        }
    }
}

fn all(round: &Round) -> Result<Appended, store::Error> {
    let stored = round.all().iter().map(|one| one.len() as u64).sum();
    Ok(Appended {
        stored,
        ..Appended::default()
    })
}

#[tokio::test]
async fn a_request_becomes_one_round_for_each_source_and_instant() {
    for message in [Message::V1, Message::V2] {
        let mut sender = Sender::new();
        let of = |name, instance, samples: &[(i64, f64)]| {
            series(
                &[("__name__", name), ("job", "shop"), ("instance", instance)],
                samples,
            )
        };
        let sent = [
            of("a", "x:1", &[(-30, 1.0), (-15, 2.0)]),
            of("b", "x:1", &[(-30, 3.0)]),
            of("a", "y:1", &[(-30, 4.0)]),
            series(&[("__name__", "c")], &[(-15, 5.0)]),
        ];
        let (taken, rounds) = sender.send(message, &sent, &[], all).await;
        let written = Written {
            samples: 5,
            ..Written::default()
        };
        assert_eq!(
            taken.unwrap(),
            Taken {
                written,
                refused: None
            }
        );
        let told: Vec<_> = rounds
            .iter()
            .map(|round| (round.source.as_str(), round.at, round.all().len()))
            .collect();
        assert_eq!(
            told,
            [
                ("shop/x:1", at(-30), 2),
                ("shop/y:1", at(-30), 1),
                ("shop/x:1", at(-15), 1),
                ("remote_write", at(-15), 1),
            ]
        );
        assert!(rounds.iter().all(|round| round.is_partial));
        // x:1 has spoken 15 s apart; of the others Prometheus's default of a minute is assumed.
        assert_eq!(rounds[2].next, at(0));
        assert_eq!(rounds[3].next, at(45));
    }
}

#[tokio::test]
async fn what_must_not_rest_is_hidden_and_known_series_stay_hidden() {
    let mut sender = Sender::new();
    let sent = [series(
        &[("__name__", "paid"), ("card", "4242424242424242")],
        &[(0, 1.0)],
    )];
    for _ in 0..2 {
        let (_, rounds) = sender.send(Message::V2, &sent, &[], all).await;
        assert_eq!(rounds[0].all()[0].labels.get("card"), "[redacted:pan]");
    }
}

#[tokio::test]
async fn exemplars_and_metadata_come_with_the_samples() {
    let about = Metadata {
        metric: "paid".to_owned(),
        kind: "counter".to_owned(),
        help: "Payments.".to_owned(),
        unit: String::new(),
    };
    for message in [Message::V1, Message::V2] {
        let mut sender = Sender::new();
        let mark = Exemplar {
            labels: Labels::new([("trace_id", "7")]),
            at: at(-3),
            value: 0.5,
        };
        let paid = [("__name__", "paid"), ("job", "shop")];
        let mut marked = series(&paid, &[]);
        marked.exemplars.push(mark.clone());
        let sent = [series(&paid, &[(-1, 1.0)]), marked];
        let told = std::slice::from_ref(&about);
        let (taken, rounds) = sender.send(message, &sent, told, all).await;
        assert_eq!(taken.unwrap().written.exemplars, 1);
        assert_eq!(rounds.len(), 1, "an exemplar is no round of its own");
        assert_eq!(rounds[0].all()[1].exemplars, [mark]);
        assert_eq!(rounds[0].metadata, told);
        let (_, again) = sender.send(message, &sent, told, all).await;
        assert!(again[0].metadata.is_empty(), "told once");
    }
}

#[tokio::test]
async fn what_a_sender_does_wrong_is_named_and_the_rest_is_taken() {
    let mut sender = Sender::new();
    let sent = [
        series(&[("__name__", "good")], &[(0, 1.0)]),
        series(&[("job", "nameless")], &[(0, 1.0)]),
        series(&[("__name__", "early")], &[(601, 1.0)]),
    ];
    let (taken, rounds) = sender.send(Message::V2, &sent, &[], all).await;
    let taken = taken.unwrap();
    assert_eq!(taken.written.samples, 1);
    assert_eq!(rounds.len(), 1);
    let refused = taken.refused.unwrap();
    assert!(refused.contains("no `__name__`"), "{refused}");
    assert!(refused.contains("2 were refused"), "{refused}");
    let late = |_: &Round| {
        Ok(Appended {
            out_of_order: 1,
            ..Appended::default()
        })
    };
    let (taken, _) = sender.send(Message::V2, &sent[..1], &[], late).await;
    let taken = taken.unwrap();
    assert_eq!(taken.written, Written::default());
    assert!(taken.refused.unwrap().contains("differ"));
}

#[tokio::test]
async fn only_what_may_pass_is_to_be_sent_again() {
    let mut sender = Sender::new();
    let sent = [series(&[("__name__", "a")], &[(0, 1.0)])];
    for (error, is_passing) in [
        (store::Error::DiskFull { path: "/x".into() }, true),
        (store::Error::Closed, true),
        (
            store::Error::OverLimit {
                what: "series".to_owned(),
                limit: 1,
            },
            false,
        ),
    ] {
        let fails = |_: &Round| Err(error.again());
        let (taken, _) = sender.send(Message::V1, &sent, &[], fails).await;
        assert_eq!(taken.unwrap_err().is_passing(), is_passing, "{error}");
    }
    let handle = sender.house.handle.clone();
    let bytes = handle.remote_write(Message::V1, Encoding::Snappy, b"\x02\x04\x0a\xff");
    assert!(!bytes.await.unwrap_err().is_passing());
    let large = vec![0; collect::WRITE_MAX + 1];
    let large = handle.remote_write(Message::V1, Encoding::Snappy, &large);
    assert!(matches!(large.await, Err(WriteError::TooLarge)));
    sender.house.end().await;
    let body = pack(&Message::V1.write(&sent, &[]));
    let ended = handle.remote_write(Message::V1, Encoding::Snappy, &body);
    assert!(matches!(ended.await, Err(WriteError::Closed)));
}

#[tokio::test]
async fn a_source_that_speaks_every_minute_is_owed_in_a_minute_whatever_the_shards_do() {
    let mut sender = Sender::new();
    let mut next = Vec::new();
    for minute in 0..8 {
        // One scrape comes in two requests, the second of them late.
        for shift in [0, -60] {
            let sent = [series(
                &[("__name__", "a"), ("job", "j"), ("instance", "i")],
                &[(minute * 60 - 600 + shift, 1.0)],
            )];
            let (_, rounds) = sender.send(Message::V2, &sent, &[], all).await;
            next.push(rounds[0].next.since(rounds[0].at));
        }
    }
    assert!(
        next.iter().all(|wait| *wait == Duration::from_secs(60)),
        "{next:?}"
    );
}
