//! Log lines that others could read, or write, on their way.

use promise::say;

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// Syslog over UDP or plain TCP that listens beyond this machine's loopback.
    /// ja: ループバックの外で待ち受ける、UDP または平文 TCP の syslog。
    /// # Why
    /// Anyone on the network can read such lines, and write lines of their own that look like evidence.
    /// ja: ネットワーク上の誰にでもログを読まれ、証拠に見える偽の行を書き込まれます。
    /// # Source
    /// RFC 5425, section 2: the threats that TLS answers.
    /// ja: RFC 5425 第 2 節(TLS が対処する脅威)。
    /// # Example
    /// `syslog: { edge: { udp: 0.0.0.0:514 } }`
    /// ja: `syslog: { edge: { udp: 0.0.0.0:514 } }`
    /// # Fix
    /// Use `tls` with `client_ca_file`, or let a relay on this machine forward to `127.0.0.1`.
    /// ja: `client_ca_file` 付きの `tls` を使うか、この機械の中継から `127.0.0.1` へ転送します。
    "syslog-in-clear": Warning, needs ["sources"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, syslog) in &sight.spec.sources.receive.syslog {
        for (way, listen) in [("udp", &syslog.udp), ("tcp", &syslog.tcp)] {
            let Some((host, _)) = listen.as_deref().and_then(lookup::host_and_port) else { continue };
            if lookup::is_loopback(host) {
                continue;
            }
            found
                .note(
                    sight.places.at(&["sources", "receive", "syslog", name, way]),
                    say!("syslog from outside would cross the network in clear text", "外からの syslog が平文で流れます"),
                )
                .hint(say!(
                    "use `tls`, or listen on `127.0.0.1` behind a relay",
                    "`tls` を使うか、中継の後ろで `127.0.0.1` で待ち受けます"
                ));
        }
    }
}
