//! Rotas with too few people for the rest that they are promised.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A layer's `rotation` of fewer people than `one_in` says, or a `team` of fewer than `one_in` × `at_once`.
    /// ja: `one_in` より少ない人数の層の `rotation`、または `one_in` × `at_once` より少ない `team`。
    /// # Why
    /// Who is called too often sleeps too little, makes mistakes, and leaves.
    /// ja: 当番が多すぎる人は眠れず、誤りが増え、やがて辞めます。
    /// # Source
    /// No number of ours: of five who take turns each has every fifth.
    /// ja: 独自の数値はありません。5 人で交代すれば 5 回に 1 回です。
    /// # Example
    /// `on_call: { team: 5, one_in: 6 }`
    /// ja: `on_call: { team: 5, one_in: 6 }`
    /// # Fix
    /// Add people to the rota, or promise less rest.
    /// ja: 当番の人数を増やすか、約束する間隔を短くします。
    "turns-too-often": Error, needs ["on_call"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(on_call) = &sight.spec.on_call else { return };
    let Some(one_in) = on_call.one_in else { return };
    let layers = on_call.schedules.iter().flat_map(|(name, schedule)| {
        let layers = schedule.layers.iter().enumerate();
        layers.map(move |(item, layer)| {
            let path = vec!["on_call".to_owned(), "schedules".to_owned(), name.clone(), "layers".to_owned(), item.to_string(), "rotation".to_owned()];
            (path, layer.rotation.len() as u64, 1)
        })
    });
    let team = on_call.team.map(|team| (vec!["on_call".to_owned(), "team".to_owned()], team, on_call.at_once.max(1)));
    for (path, people, at_once) in layers.chain(team) {
        let wanted = one_in.saturating_mul(at_once);
        if people == 0 || people >= wanted {
            continue;
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        found
            .note(sight.places.at(&path), say!("{people} take turns, and one turn in {one_in} with {at_once} at once takes {wanted}", "{people} 人で交代しますが、同時に {at_once} 人で {one_in} 回に 1 回までなら {wanted} 人必要です"))
            .also(sight.places.at(&["on_call", "one_in"]), say!("the rest that is promised", "約束した間隔"));
    }
}
