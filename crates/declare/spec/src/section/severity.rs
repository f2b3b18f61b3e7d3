//! `severities`: how bad a broken promise is, and how fast a person must answer.

use promise::{Name, record, unit::Span};

use super::escalation::Escalation;

record! {
    /// How bad it is, and how fast a person must answer.
    /// ja: 重大度と、人が応答すべき時間。
    pub struct Severity: Default {
        /// What people call it.
        /// ja: 人が呼ぶ名前。
        name: Option<Name>,
        /// 1 is the worst.
        /// ja: 1 が最も重い。
        level: u64,
        /// A page must have left within this time of the first bad evidence.
        /// ja: 最初の悪い証拠からこの時間内に通知します。
        page_within: Option<Span>,
        /// A person must have acknowledged within this time.
        /// ja: この時間内に人が応答します。
        answer_within: Option<Span>,
        /// How long an acknowledgement holds while nothing else happens; then people are told again. For ever where it is left out.
        /// ja: 応答の後、何も起きないまま待つ時間。過ぎると改めて知らせます。省略すると知らせません。
        acknowledged_for: Option<Span>,
        /// The escalation by which people are told, by name. Without one, whoever is on call in any schedule is told at once.
        /// ja: 連絡の順の名前。なければ、すべての当番表の当番にすぐ知らせます。
        escalation: Option<String>,
        /// Whether being at risk or unproven pages too, and not only being broken.
        /// ja: 危うい・証拠なしの状態でも通知するか。
        page_at_risk: bool = false,
        /// How long it must be so before anybody is told.
        /// ja: 通知するまでに、その状態が続くべき時間。
        r#for: Span = Span::default(),
        /// How long an alert goes on after its condition ended.
        /// ja: 条件が解消してから警報を続ける時間。
        keep_firing_for: Span = Span::default(),
        /// How long an alert fires at least once it was raised.
        /// ja: 発報した警報が最低限続く時間。
        fire_at_least: Span = Span::default(),
        /// When an alert that comes and goes is told as one that flaps.
        /// ja: 発報と解消を繰り返す警報を、一つにまとめる条件。
        flapping: Option<Flapping>,
        /// What belongs to it, in words.
        /// ja: 定義。
        definition: Option<String>,
        /// Older spelling of an `escalation`: the roles of its second step.
        /// ja: `escalation` の古い書き方(2 段階目の役割)。
        escalate_to: Vec<String> = Vec::new(),
        /// Older spelling of an `escalation`: when its second step comes.
        /// ja: `escalation` の古い書き方(2 段階目までの時間)。
        escalate_after: Option<Span>,
        /// What is done about it, in this order.
        /// ja: 対応の手順(この順)。
        response: Vec<String> = Vec::new(),
        /// Whether an answer is owed at every hour of every day.
        /// ja: 24 時間 365 日、対応を約束しているか。
        around_the_clock: Option<bool>,
    }
}

record! {
    /// When an alert that comes and goes is told once, as flapping.
    /// ja: 発報と解消を繰り返す警報を「ばたつき」として一度だけ知らせる条件。
    pub struct Flapping {
        /// So many changes, raised and ended counted each, …
        /// ja: 変化(発報と解消をそれぞれ数える)の回数。
        transitions: u64 = 6,
        /// … within this time. It ends when nothing has changed for as long.
        /// ja: 数える期間。同じ長さだけ変化がなければ収まったとみなします。
        within: Span = Span::secs(600),
    }
}

/// When the next person is told where an older spec does not say it, nor when somebody must have answered.
const ESCALATE_AFTER: Span = Span::secs(15 * 60);

impl Severity {
    /// Turns the older spelling into an escalation, which stands under a name of its own; `None` where nothing is
    /// written that way, or the newer way says it already.
    pub(super) fn take_escalation(&mut self) -> Option<Escalation> {
        let (roles, after) = (
            std::mem::take(&mut self.escalate_to),
            self.escalate_after.take(),
        );
        if self.escalation.is_some() || (roles.is_empty() && after.is_none()) {
            return None;
        }
        let after = after.or(self.answer_within).unwrap_or(ESCALATE_AFTER);
        Some(Escalation::of_roles(after, roles))
    }
}
