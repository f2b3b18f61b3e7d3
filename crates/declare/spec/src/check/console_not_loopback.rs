//! Consoles that others on the network could open.

use promise::say;

use super::{Found, Sight, lookup};

rule! {
    /// # Finds
    /// A `console.listen` that is not an address of this machine's loopback.
    /// ja: ループバックでない `console.listen`。
    /// # Why
    /// The console can acknowledge incidents; without TLS and tokens anyone on the network could.
    /// ja: 画面からは障害への応答ができます。TLS とトークンなしでは、ネットワーク上の誰にでもできてしまいます。
    /// # Source
    /// 127.0.0.0/8 and ::1 (RFC 1122, RFC 4291).
    /// ja: 127.0.0.0/8 と ::1(RFC 1122、RFC 4291)。
    /// # Example
    /// `listen: 0.0.0.0:8400`
    /// ja: `listen: 0.0.0.0:8400`
    /// # Fix
    /// Listen on `127.0.0.1` and put a proxy with TLS and sign-in before it.
    /// ja: `127.0.0.1` で待ち受け、TLS とサインインを備えたプロキシーを前に置きます。
    "console-not-loopback": Error, needs ["console"], check, always
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    let listen = &sight.spec.console.listen;
    let Some((host, port)) = lookup::host_and_port(listen) else { return };
    if !lookup::is_loopback(host) {
        found
            .note(
                sight.places.at(&["console", "listen"]),
                say!("`{host}` can be reached from outside this machine", "`{host}` はこの機械の外から到達できます"),
            )
            .hint(say!(
                "write `127.0.0.1:{port}`; other addresses need TLS and tokens, which cannot be declared yet",
                "`127.0.0.1:{port}` と書いてください。他のアドレスには TLS とトークンが必要ですが、まだ宣言できません"
            ));
    }
}
