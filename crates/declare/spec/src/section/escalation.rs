//! `escalations`: who is told after how long while nobody answers.

use promise::{record, unit::Span};

record! {
    /// Who is told, in which order, while nobody answers.
    /// ja: 応答がない間、誰にどの順で知らせるか。
    pub struct Escalation {
        /// The steps, in order of time.
        /// ja: 段階(時間の順)。
        steps: Vec<Step>,
        /// How many times the steps are walked again while nobody answers.
        /// ja: 応答がないときに最初から繰り返す回数。
        again: u64 = 0,
        /// How long after the last step the first comes again, or the fallback.
        /// ja: 最後の段階から、繰り返しや最終連絡先までの間隔。
        pause: Span = Span::secs(300),
        /// Receivers that are told when every step has passed without an answer.
        /// ja: すべての段階で応答がなかったときの最終連絡先。
        fallback: Vec<String> = Vec::new(),
    }
}

record! {
    /// One step.
    /// ja: 一つの段階。
    pub struct Step {
        /// How long after the incident opened.
        /// ja: 発生からの時間。
        after: Span,
        /// Whoever is on call in these schedules then.
        /// ja: その時の当番(当番表の名前)。
        schedules: Vec<String> = Vec::new(),
        /// These people, on call or not.
        /// ja: 当番かどうかに関わらず知らせる人。
        people: Vec<String> = Vec::new(),
        /// These receivers.
        /// ja: 宛先。
        receivers: Vec<String> = Vec::new(),
    }
}
