//! Mail that others could read on its way.

use promise::say;

use super::{Found, Sight, lookup};
use crate::section::receiver::{Receiver, Security};

rule! {
    /// # Finds
    /// A mail receiver with `security: none` whose server is not on this machine.
    /// ja: サーバーがこの機械の外にあるのに `security: none` のメールの宛先。
    /// # Why
    /// What breaks, and the password of the mail server, would cross the network in clear text.
    /// ja: 障害の内容とメールサーバーのパスワードが、平文でネットワークを流れます。
    /// # Source
    /// RFC 8314: clear text for mail is obsolete.
    /// ja: RFC 8314(平文でのメール送信は廃止)。
    /// # Example
    /// `{ kind: email, server: mail.example:25, security: none }`
    /// ja: `{ kind: email, server: mail.example:25, security: none }`
    /// # Fix
    /// Write `security: starttls` or `tls`.
    /// ja: `security: starttls` か `tls` にします。
    "mail-in-clear": Error, needs [], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, receiver) in &sight.spec.receivers {
        let Receiver::Email(email) = receiver else { continue };
        let Some((host, _)) = lookup::host_and_port(&email.server) else { continue };
        if email.security == Security::None && !lookup::is_loopback(host) {
            found
                .note(
                    sight.places.at(&["receivers", name, "security"]),
                    say!("mail to `{host}` would be sent in clear text", "`{host}` へのメールが平文で送られます"),
                )
                .also(
                    sight.places.at(&["receivers", name, "server"]),
                    say!("not on this machine", "この機械の外にあります"),
                )
                .hint(say!("write `security: starttls` or `security: tls`", "`security: starttls` か `security: tls` と書きます"));
        }
    }
}
