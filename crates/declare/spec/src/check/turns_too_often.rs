//! Rotas with too few people for the rest that they are promised.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A `team`, or a layer's `rotation`, of fewer people than `one_in` says.
    /// ja: `one_in` より少ない人数の `team` または層の `rotation`。
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
            (path, layer.rotation.len() as u64)
        })
    });
    let team = on_call.team.map(|team| (vec!["on_call".to_owned(), "team".to_owned()], team));
    for (path, people) in layers.chain(team) {
        if people == 0 || people >= one_in {
            continue;
        }
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        found
            .note(sight.places.at(&path), say!("{people} take turns: each has one turn in {people}, not in {one_in}", "{people} 人で交代するため、{one_in} 回に 1 回ではなく {people} 回に 1 回になります"))
            .also(sight.places.at(&["on_call", "one_in"]), say!("the rest that is promised", "約束した間隔"));
    }
}
