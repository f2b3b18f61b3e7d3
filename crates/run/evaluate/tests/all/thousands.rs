//! Thousands of promises: each is judged when its own series speak, and only then.

use crate::house::{House, promise, scrape};

#[tokio::test]
async fn a_round_makes_only_its_own_promises_due() {
    let promises = (0..2_000)
        .map(|i| {
            let total = format!(
                "pay_total{{instance=\"{}\"}}",
                if i % 2 == 0 { "a" } else { "b" }
            );
            let good = total.replace('}', ",status=\"ok\"}");
            let fields = [
                ("kind", "ratio"),
                ("total", &*total),
                ("good", &*good),
                ("at_least", "90 %"),
                ("window", "5m"),
            ];
            promise(&format!("p{i}"), &fields)
        })
        .collect();
    let mut house = House::of(promises);
    assert_eq!(
        house.judge(0).await.len(),
        2_000,
        "each has a first verdict"
    );
    house.round(scrape("a", 1, &[("ok", 1.0)])).await;
    let judged = house.judge(1).await;
    assert_eq!(judged.len(), 1_000);
    assert!(
        judged
            .iter()
            .all(|judged| judged.promise.id[1..].parse::<u32>().unwrap() % 2 == 0)
    );
    assert!(house.judge(1).await.is_empty());
}
