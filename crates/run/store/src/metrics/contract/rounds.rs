//! Samples as rounds bring them: floats with a list of their series, which is shared from round to round.

use std::sync::Arc;

use super::{Capabilities, at, bits, named, series};
use crate::{
    Floats, Labels, MetricStore, Sample,
    metrics::{Appended, Batch},
};

pub(super) async fn a_round_is_appended_as_its_series_would_be(
    can: Capabilities,
    store: &dyn MetricStore,
) {
    let label =
        |shard: u32| Labels::new([("__name__", "x".to_owned()), ("shard", shard.to_string())]);
    let names: Arc<[Labels]> = (0..3).map(label).collect();
    let floats = |secs: i64, values: [f64; 3]| {
        let sample = |value| Sample {
            at: at(secs),
            value,
        };
        Floats::new(names.clone(), values.map(sample).to_vec())
    };
    let batch = |floats: Vec<Floats>| Batch {
        floats,
        series: Vec::new(),
    };
    // Two rounds at once, then one with other names beside it, then the newest again with one value changed.
    let two = batch(vec![
        floats(10, [1.0, 2.0, 3.0]),
        floats(20, [1.5, 2.5, 3.5]),
    ]);
    let stored = |stored| Appended {
        stored,
        ..Appended::default()
    };
    assert_eq!(store.append_batch(two).await.unwrap(), stored(6));
    let mixed = Batch {
        floats: vec![floats(30, [4.0, 5.0, 6.0])],
        series: vec![series(&[("__name__", "y")], &[(30, 7.0)])],
    };
    assert_eq!(store.append_batch(mixed).await.unwrap(), stored(4));
    if can.exact && can.counts {
        let again = batch(vec![floats(30, [4.0, 9.0, 6.0])]);
        let wanted = Appended {
            known: 2,
            out_of_order: 1,
            ..Appended::default()
        };
        assert_eq!(store.append_batch(again).await.unwrap(), wanted);
    }
    let found = store.select(&named("x"), at(0), at(100)).await.unwrap();
    let second = series(
        &[("__name__", "x"), ("shard", "1")],
        &[(10, 2.0), (20, 2.5), (30, 5.0)],
    );
    assert_eq!(found.len(), 3);
    assert_eq!(
        (&found[1].labels, bits(&found[1])),
        (&second.labels, bits(&second))
    );
    assert_eq!(
        store
            .select(&named("y"), at(0), at(100))
            .await
            .unwrap()
            .len(),
        1
    );
}
