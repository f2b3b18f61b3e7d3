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
        /// Roles of a design that nobody has yet, such as engineering lead. A step that names nobody else tells whoever is on call.
        /// ja: まだ担当者のいない設計上の役割(技術責任者など)。ほかに宛先のない段階では、その時の当番に知らせます。
        roles: Vec<String> = Vec::new(),
    }
}

impl Step {
    /// Whether no schedule, person or receiver stands in it: whoever is on call is told then.
    #[must_use]
    pub fn names_nobody(&self) -> bool {
        self.schedules.is_empty() && self.people.is_empty() && self.receivers.is_empty()
    }
}

impl Escalation {
    /// Whoever is on call at once, and after a while those who have these roles.
    #[must_use]
    pub fn of_roles(after: Span, roles: Vec<String>) -> Self {
        let step = |after, roles| Step {
            after,
            schedules: Vec::new(),
            people: Vec::new(),
            receivers: Vec::new(),
            roles,
        };
        Self {
            steps: vec![step(Span::secs(0), Vec::new()), step(after, roles)],
            again: 0,
            pause: Span::secs(300),
            fallback: Vec::new(),
        }
    }

    /// After which time somebody is told besides those who were told at once.
    #[must_use]
    pub fn widens_after(&self) -> Option<Span> {
        let later = self.steps.iter().map(|step| step.after);
        later.filter(|after| !after.0.is_zero()).min()
    }
}
