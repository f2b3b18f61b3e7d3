//! Hops that do not have the TLS that is promised everywhere.

use promise::say;

use super::{Found, Sight, design};

rule! {
    /// # Finds
    /// A hop, load balancer or CDN that accepts less, or can do only less, than `security.tls_min`.
    /// ja: `security.tls_min` より低い TLS を受け付ける、またはそこまでしか対応しない区間・ロードバランサー・CDN。
    /// # Why
    /// One weak hop is where the traffic is read.
    /// ja: 弱い区間が一つあれば、そこで読まれます。
    /// # Source
    /// No number of ours: both figures are in the spec.
    /// ja: 独自の数値はありません。両方とも仕様の値です。
    /// # Example
    /// `tls_min: "1.3"` with a hop whose `tls_max` is `"1.2"`
    /// ja: `tls_min: "1.3"` with a hop whose `tls_max` is `"1.2"`
    /// # Fix
    /// Promise what every hop can keep.
    /// ja: すべての区間で守れる値を約束します。
    "tls-below-promise": Error, needs ["security", "infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let Some(promised) = sight.spec.design.security.tls_min.as_deref() else { return };
    for (path, tls) in design::tls(sight) {
        if design::tls_rank(tls) >= design::tls_rank(promised) {
            continue;
        }
        found
            .note(sight.places.at(&path), say!("TLS {tls} here, and {promised} is promised everywhere", "ここは TLS {tls} ですが、全区間で {promised} を約束しています"))
            .also(sight.places.at(&["security", "tls_min"]), say!("the promise", "約束"));
    }
}
