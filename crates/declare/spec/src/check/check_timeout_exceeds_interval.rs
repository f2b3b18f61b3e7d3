//! Health checks that are still waited for when the next one starts.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A health check whose `timeout` is longer than its `interval`.
    /// ja: `timeout` が `interval` より長いヘルスチェック。
    /// # Why
    /// Providers refuse it, or checks pile up and a sick machine stays in.
    /// ja: 提供者に拒まれるか、確認が重なって異常なサーバーが残ります。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `{ interval: 5s, timeout: 10s }`
    /// ja: `{ interval: 5s, timeout: 10s }`
    /// # Fix
    /// Write a timeout below the interval.
    /// ja: 間隔より短いタイムアウトにします。
    "check-timeout-exceeds-interval": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (path, it) in design::health_checks(sight) {
        let (Some(interval), Some(timeout)) = (it.interval, it.timeout) else { continue };
        if timeout <= interval {
            continue;
        }
        let field = |name| path.iter().copied().chain(["health_check", name]).collect::<Vec<_>>();
        found
            .note(sight.places.at(&field("timeout")), say!("a check may take {timeout}, and the next starts after {interval}", "確認に {timeout} かかりうるのに、次は {interval} 後に始まります"))
            .also(sight.places.at(&field("interval")), say!("the interval", "間隔"));
    }
}
