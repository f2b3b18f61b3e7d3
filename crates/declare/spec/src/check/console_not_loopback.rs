//! Consoles that others on the network could open.

use promise::say;

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A `console.listen` beyond this machine's loopback without `console.tls`, without people under `access`, or, where
    /// it listens on every address, without the `console.url` that says by which name people ask.
    /// ja: ループバックでない `console.listen` に、`console.tls`、`access` の利用者、または(全アドレスで待ち受ける場合)`console.url` がないもの。
    /// # Why
    /// The console can acknowledge incidents; without TLS and tokens anyone on the network could.
    /// ja: 画面からは障害への応答ができます。TLS とトークンなしでは、ネットワーク上の誰にでもできてしまいます。
    /// # Source
    /// 127.0.0.0/8 and ::1 (RFC 1122, RFC 4291); PCI DSS 4.0.1, 2.2.7 and 8.3.1.
    /// ja: 127.0.0.0/8 と ::1(RFC 1122、RFC 4291)、PCI DSS 4.0.1 の 2.2.7 と 8.3.1。
    /// # Example
    /// `listen: 0.0.0.0:8400`
    /// ja: `listen: 0.0.0.0:8400`
    /// # Fix
    /// Listen on `127.0.0.1`, or give `console.tls` a certificate and `access.people` those who may ask.
    /// ja: `127.0.0.1` で待ち受けるか、`console.tls` に証明書を、`access.people` に利用者を書きます。
    "console-not-loopback": Error, needs ["console"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let console = &sight.spec.console;
    let Some((host, port)) = lookup::host_and_port(&console.listen) else { return };
    if lookup::is_loopback(host) {
        return;
    }
    let at = || sight.places.at(&["console", "listen"]);
    if console.tls.is_none() || !sight.spec.access.is_asked() {
        found
            .note(at(), say!("`{host}` can be reached from outside this machine", "`{host}` はこの機械の外から到達できます"))
            .hint(say!(
                "write `127.0.0.1:{port}`, or `console.tls` with a certificate and `access.people` with those who may ask",
                "`127.0.0.1:{port}` と書くか、`console.tls` に証明書を、`access.people` に利用者を書いてください"
            ));
    } else if ["0.0.0.0", "[::]"].contains(&host) && console.url.is_none() {
        found
            .note(at(), say!("nobody knows by which name this console is asked", "この画面を開く名前が決まっていません"))
            .hint(say!(
                "write `console.url`, such as `https://tegata.example.jp:{port}`; other names are refused",
                "`https://tegata.example.jp:{port}` のように `console.url` を書いてください。他の名前での要求は拒まれます"
            ));
    }
}
