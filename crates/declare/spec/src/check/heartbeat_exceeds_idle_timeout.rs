//! Connections that are cut before they say that they live.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A load balancer whose `heartbeat` is not shorter than its `idle_timeout`.
    /// ja: `heartbeat` が `idle_timeout` より短くないロードバランサー。
    /// # Why
    /// A connection on which nothing else is said is closed before its first ping, and everybody who waits is thrown out.
    /// ja: ほかに何も流れない接続は最初の ping より前に切られ、待っている利用者が外れます。
    /// # Source
    /// Arithmetic.
    /// ja: 計算のみ。
    /// # Example
    /// `load_balancers: { front: { idle_timeout: 60s, heartbeat: 90s } }`
    /// ja: `load_balancers: { front: { idle_timeout: 60s, heartbeat: 90s } }`
    /// # Fix
    /// Ping more often than half the idle timeout, or wait longer.
    /// ja: アイドルタイムアウトの半分より短い間隔にするか、タイムアウトを延ばします。
    "heartbeat-exceeds-idle-timeout": Error, needs ["infrastructure"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, it) in &sight.spec.design.infrastructure.load_balancers {
        let (Some(idle), Some(heartbeat)) = (it.idle_timeout, it.heartbeat) else { continue };
        if heartbeat < idle {
            continue;
        }
        found
            .note(sight.places.at(&["infrastructure", "load_balancers", name, "heartbeat"]), say!("a ping each {heartbeat}, and a silent connection is closed after {idle}", "ping は {heartbeat} ごとですが、無通信の接続は {idle} で切られます"))
            .also(sight.places.at(&["infrastructure", "load_balancers", name, "idle_timeout"]), say!("closed after this", "切られるまでの時間"));
    }
}
