//! Restores that take longer than the recovery may.

use std::time::Duration;

use promise::{say, unit::Span};

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A backup of a tier whose `size`, or that of the database it is `of`, divided by `restored_per_second` is longer than the tier's `rto`.
    /// ja: `size` ÷ `restored_per_second` が層の `rto` を超えるバックアップ。
    /// # Why
    /// When the data are lost, copying them back alone breaks the promise.
    /// ja: データを失ったとき、書き戻すだけで約束が破れます。
    /// # Source
    /// No number of ours: size divided by rate.
    /// ja: 独自の数値はありません。容量 ÷ 速度です。
    /// # Example
    /// `500 GB ÷ 100 MB/s = 5000 s > RTO 300 s`
    /// ja: `500 GB ÷ 100 MB/s = 5000 s > RTO 300 s`
    /// # Fix
    /// Keep a replica to fail over to, restore faster, or promise a longer recovery time for lost data.
    /// ja: 切り替え先の複製を用意するか、復元を速めるか、データ消失時の復旧時間を別に約束します。
    "restore-slower-than-rto": Error, needs ["service", "continuity", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, backup) in &sight.spec.design.continuity.backups {
        // What is restored is what is backed up, where nothing else is said.
        let of = backup.of.as_ref().and_then(|of| Some((of, sight.spec.design.infrastructure.databases.get(of)?.size?)));
        let (size, at) = match (backup.size, of) {
            (Some(size), _) => (size, ["continuity", "backups", name.as_str(), "size"]),
            (None, Some((of, size))) => (size, ["infrastructure", "databases", of.as_str(), "size"]),
            (None, None) => continue,
        };
        // Where there is one tier only, it is that, unless something else takes over.
        let continuity = &sight.spec.design.continuity;
        let takes_over = !continuity.failover.is_empty() || !continuity.replication.is_empty();
        let tiers = &sight.spec.service.tiers;
        let only = tiers.keys().next().filter(|_| tiers.len() == 1 && !takes_over);
        let (Some(rate), Some(tier)) = (backup.restored_per_second, backup.tier.as_ref().or(only)) else { continue };
        let Some(rto) = sight.spec.service.tiers.get(tier).and_then(|it| it.rto) else { continue };
        let takes = Span(Duration::from_secs(size.0 / rate.0.max(1)));
        if takes <= rto {
            continue;
        }
        found
            .note(
                sight.places.at(&at),
                say!("{size} ÷ {rate}/s = {takes} > RTO {rto} of `{tier}`", "{size} ÷ {rate}/秒 = {takes} > `{tier}` の RTO {rto}"),
            )
            .also(sight.places.at(&["service", "tiers", tier, "rto"]), say!("the recovery time that is promised", "約束した復旧時間"))
            .also(sight.places.at(&["continuity", "backups", name, "restored_per_second"]), say!("the rate", "速度"));
    }
}
