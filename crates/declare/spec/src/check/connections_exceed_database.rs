//! More connections than the database accepts.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// Groups whose `instances_max` × `connections_each` together are more than the `connections_max` of the only database.
    /// ja: 全群の `instances_max` × `connections_each` の合計が、唯一のデータベースの `connections_max` を超える。
    /// # Why
    /// When the service grows at the peak, its new machines are refused by the database.
    /// ja: ピークで台数が増えると、新しいサーバーが接続を拒まれます。
    /// # Source
    /// No number of ours: machines times connections.
    /// ja: 独自の数値はありません。台数 × 接続数です。
    /// # Example
    /// `20 × 50 = 1000 > 500`
    /// ja: `20 × 50 = 1000 > 500`
    /// # Fix
    /// Use smaller pools, or a pooler between them.
    /// ja: プールを小さくするか、間に接続プーラーを置きます。
    "connections-exceed-database": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let infrastructure = &sight.spec.design.infrastructure;
    let mut databases = infrastructure.databases.iter().filter_map(|(name, it)| Some((name, it.connections_max?)));
    let (Some((name, most)), None) = (databases.next(), databases.next()) else { return };
    let groups: Vec<_> = infrastructure.compute.iter().filter_map(|(group, it)| Some((group, it.instances_max?, it.connections_each?))).collect();
    let sum: u64 = groups.iter().map(|(_, count, each)| count.saturating_mul(*each)).fold(0, u64::saturating_add);
    if sum > most {
        let shown = groups.iter().map(|(_, count, each)| format!("{count} × {each}")).collect::<Vec<_>>().join(" + ");
        let diagnostic = found.note(sight.places.at(&["infrastructure", "databases", name, "connections_max"]), say!("{shown} = {sum} connections, and {most} are accepted", "{shown} = {sum} 接続ですが、受け付けるのは {most} です"));
        for (group, ..) in groups {
            diagnostic.also(sight.places.at(&["infrastructure", "compute", group, "connections_each"]), say!("each opens so many", "1 台の接続数"));
        }
    }
}
