//! `deliveries`: what is sent again until it is answered, such as webhooks, and what the other side makes of it.

use promise::{record, unit::Span};

record! {
    /// Something that is sent again until it is answered.
    /// ja: 応答があるまで再送されるもの(Webhook など)。
    pub struct Delivery: Default {
        /// How long after the first try it is sent again for the first time.
        /// ja: 最初の再送までの時間。
        first_retry: Option<Span>,
        /// How long after the first try it is sent again for the last time.
        /// ja: 最後の再送までの時間。
        retried_for: Option<Span>,
        /// How long the receiver knows what it has taken already, and drops a second one.
        /// ja: 受信済みを覚えていて、重複を捨てられる期間。
        remembered_for: Option<Span>,
        /// How old a signature, or the time in it, may be when it arrives.
        /// ja: 署名(の時刻)の許容される古さ。
        signature_max_age: Option<Span>,
        /// Whether it is signed once, and sent again with the signature of the first try.
        /// ja: 最初に一度だけ署名し、再送でも同じ署名を使うか。
        signed_once: Option<bool>,
    }
}
