//! What follows from the evidence: a state and its reason, in numbers that render in ja and en.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    Lang, Say, Timestamp,
    unit::{Span, trim_zeros},
};

/// The four verdicts. Ordered from the one that most needs a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    Broken,
    Unproven,
    AtRisk,
    Kept,
}

impl State {
    pub const ALL: [Self; 4] = [Self::Broken, Self::Unproven, Self::AtRisk, Self::Kept];

    /// How much good it claims. *Broken* and *unproven* claim none: neither is greener than the other.
    #[must_use]
    pub fn greenness(self) -> u8 {
        match self {
            Self::Kept => 2,
            Self::AtRisk => 1,
            Self::Broken | Self::Unproven => 0,
        }
    }

    #[must_use]
    pub fn say(self) -> Say {
        match self {
            Self::Kept => say!("kept", "守れている"),
            Self::AtRisk => say!("at risk", "危うい"),
            Self::Broken => say!("broken", "破れた"),
            Self::Unproven => say!("unproven", "証拠なし"),
        }
    }

    /// A shape for each, so that colour is never the only sign.
    #[must_use]
    pub fn shape(self) -> char {
        match self {
            Self::Kept => '●',
            Self::AtRisk => '▲',
            Self::Broken => '✕',
            Self::Unproven => '◌',
        }
    }

    /// The exit code of commands that answer with a verdict.
    #[must_use]
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Kept => 0,
            Self::AtRisk => 10,
            Self::Broken => 20,
            Self::Unproven => 30,
        }
    }

    /// The stable name in JSON, metrics and logs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kept => "kept",
            Self::AtRisk => "at_risk",
            Self::Broken => "broken",
            Self::Unproven => "unproven",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A judged promise.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    pub state: State,
    pub reason: Reason,
    /// What was measured over the window, in the unit of the target.
    pub measured: Option<Measured>,
    pub budget: Option<Budget>,
    /// As what it must be told, where that is not the promise's own severity: a burn alert names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What does not count, and what the verdict would be if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corrected: Option<Corrected>,
    /// The end of the newest evidence.
    pub newest: Option<Timestamp>,
    /// When time alone can next change this verdict: evidence goes stale, or a deadline passes.
    pub due: Option<Timestamp>,
    pub at: Timestamp,
}

/// The corrections that a verdict rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Corrected {
    /// Their names in the spec.
    pub by: Vec<String>,
    /// How much of the window they take out.
    pub excluded_millis: u64,
    /// The state without them.
    pub state: State,
    pub reason: Reason,
    pub measured: Option<Measured>,
}

/// A measured figure beside its target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    pub value: Amount,
    pub target: Amount,
}

/// The error budget of a promise that has one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Bad events that the window allows, at the traffic seen so far.
    pub allowed: f64,
    pub spent: f64,
    /// `spent` over `allowed`; 1 is all of it. More than 1 where it is overspent.
    pub spent_share: f64,
    /// The time that the rest would last if everything failed, in ms.
    pub left_millis: u64,
    /// Burn rates by look-back, shortest first: 1 spends exactly the budget in the window.
    pub burn: Vec<Burn>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Burn {
    pub over: Span,
    pub rate: f64,
}

/// A figure with its unit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amount {
    /// A fraction of 1.
    Share(f64),
    Count(f64),
    /// Milliseconds.
    Millis(f64),
    Number(f64),
    Time(Timestamp),
    Text(String),
    /// A sentence of its own.
    Say(Say),
}

impl Amount {
    #[must_use]
    pub fn duration(duration: Duration) -> Self {
        #[allow(clippy::cast_precision_loss)]
        Self::Millis(duration.as_millis() as f64)
    }

    /// A text where both languages read the same.
    #[must_use]
    pub fn said(say: &Say) -> Self {
        if say.en == say.ja {
            Self::Text(say.en.clone())
        } else {
            Self::Say(say.clone())
        }
    }

    /// As a person reads it.
    #[must_use]
    pub fn show(&self, lang: Lang) -> String {
        match self {
            Self::Share(share) => show_share(*share),
            Self::Count(n) => group_thousands(n.round()),
            Self::Millis(ms) => show_millis(*ms, lang),
            Self::Number(n) => trim_zeros(*n, 3),
            Self::Time(at) => at.to_string(),
            Self::Text(text) => text.clone(),
            Self::Say(say) => say.get(lang).to_owned(),
        }
    }
}

/// Enough decimals that 99.95 % does not read as 100 %, and no more.
fn show_share(share: f64) -> String {
    let percent = share * 100.0;
    let decimals = if (99.0..100.0).contains(&percent) || (percent > 0.0 && percent < 1.0) {
        3
    } else if percent.abs() < 10.0 {
        2
    } else {
        1
    };
    // Never rounded up to a promise: 99.9996 % stays below 100 %.
    let scale = 10f64.powi(decimals);
    let shown = if percent < 100.0 {
        (percent * scale + 1e-6).floor() / scale
    } else {
        percent
    };
    format!(
        "{} %",
        trim_zeros(shown, usize::try_from(decimals).unwrap_or(3))
    )
}

fn show_millis(ms: f64, lang: Lang) -> String {
    let (second, minute, hour, day) = match lang {
        Lang::En => (" s", " min", " h", " d"),
        Lang::Ja => (" 秒", " 分", " 時間", " 日"),
    };
    let secs = ms / 1000.0;
    if secs < 1.0 {
        return format!("{} ms", trim_zeros(ms, 0));
    }
    let (value, unit) = if secs < 120.0 {
        (secs, second)
    } else if secs < 7_200.0 {
        (secs / 60.0, minute)
    } else if secs < 172_800.0 {
        (secs / 3_600.0, hour)
    } else {
        (secs / 86_400.0, day)
    };
    format!(
        "{}{unit}",
        trim_zeros(value, if value < 10.0 { 2 } else { 1 })
    )
}

fn group_thousands(n: f64) -> String {
    let digits = format!("{:.0}", n.abs());
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    if n < 0.0 {
        out.push('-');
    }
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Why a verdict is what it is: a code and its figures. [`Reason::say`] makes the sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reason {
    /// Stable, kebab-case: `budget-overspent`, `no-evidence`.
    pub code: String,
    #[serde(default)]
    pub figures: Vec<(String, Amount)>,
}

/// The sentence of a reason code; `{name}` stands for the figure of that name.
#[derive(Debug, Clone, Copy)]
pub struct Saying {
    pub code: &'static str,
    pub en: &'static str,
    pub ja: &'static str,
}

impl Reason {
    #[must_use]
    pub fn new(
        code: &'static str,
        figures: impl IntoIterator<Item = (&'static str, Amount)>,
    ) -> Self {
        Self {
            code: code.to_owned(),
            figures: figures
                .into_iter()
                .map(|(name, amount)| (name.to_owned(), amount))
                .collect(),
        }
    }

    /// The sentence, from the sayings of the kind that made it. A code from a newer version is shown as it is.
    #[must_use]
    pub fn say(&self) -> Say {
        let Some(saying) = crate::kind::saying(&self.code) else {
            return Say::same(self.code.clone());
        };
        Say::new(
            self.fill(saying.en, Lang::En),
            self.fill(saying.ja, Lang::Ja),
        )
    }

    fn fill(&self, template: &str, lang: Lang) -> String {
        self.figures
            .iter()
            .fold(template.to_owned(), |text, (name, amount)| {
                text.replace(&format!("{{{name}}}"), &amount.show(lang))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(amount: &Amount) -> (String, String) {
        (amount.show(Lang::En), amount.show(Lang::Ja))
    }

    #[test]
    fn a_share_is_never_rounded_up_to_its_promise() {
        for (share, text) in [
            (0.999_999, "99.999 %"),
            (0.9995, "99.95 %"),
            (0.995, "99.5 %"),
            (1.0, "100 %"),
            (0.8, "80 %"),
            (0.0, "0 %"),
            (0.001, "0.1 %"),
            (2.5, "250 %"),
        ] {
            assert_eq!(Amount::Share(share).show(Lang::En), text);
        }
    }

    #[test]
    fn amounts_read_naturally_in_both_languages() {
        let both = |en: &str, ja: &str| (en.to_owned(), ja.to_owned());
        assert_eq!(shown(&Amount::Millis(340.0)), both("340 ms", "340 ms"));
        assert_eq!(shown(&Amount::Millis(3_250.0)), both("3.25 s", "3.25 秒"));
        assert_eq!(shown(&Amount::Millis(600_000.0)), both("10 min", "10 分"));
        assert_eq!(
            shown(&Amount::Millis(93_600_000.0)),
            both("26 h", "26 時間")
        );
        assert_eq!(
            shown(&Amount::Millis(2_592_000_000.0)),
            both("30 d", "30 日")
        );
        assert_eq!(
            shown(&Amount::Count(1_234_567.0)),
            both("1,234,567", "1,234,567")
        );
        assert_eq!(shown(&Amount::Number(-0.0001)), both("0", "0"));
    }
}
