//! Receivers that wake a person: a paging service, a phone.

use promise::{record, unit::Span};

use super::Secret;

record! {
    /// PagerDuty, by its Events API v2: one alert there for each incident here, resolved with it.
    /// ja: PagerDuty(Events API v2)。インシデントごとに一つの警報となり、解消も伝えます。
    pub struct PagerDuty {
        /// The integration's routing key.
        /// ja: 連携のルーティングキー。
        key: Secret,
        /// Where the Events API answers; `https://events.eu.pagerduty.com` in the EU.
        /// ja: Events API の場所。EU では `https://events.eu.pagerduty.com`。
        api: String = "https://events.pagerduty.com".to_owned(),
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(5),
    }
}

record! {
    /// ntfy: a notification on a phone.
    /// ja: ntfy(スマートフォンへの通知)。
    pub struct Ntfy {
        /// The topic. Whoever knows it can read along, so it is a secret.
        /// ja: トピック。知る人は誰でも読めるため、秘密として扱います。
        topic: Secret,
        /// The server.
        /// ja: サーバー。
        server: String = "https://ntfy.sh".to_owned(),
        /// An access token.
        /// ja: アクセストークン。
        token: Option<Secret>,
        /// How long one try may take.
        /// ja: 一度の送信で待つ時間。
        timeout: Span = Span::secs(5),
    }
}
