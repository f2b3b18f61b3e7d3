//! Declared: something is owed, and nothing that could prove it is named yet.
//!
//! A duty from a standard, a recovery time, a line of a design. It stands on the board beside all else, as
//! *unproven*, until a promise of another kind takes its place: what nobody measures is never kept.

use std::time::Duration;

use super::{At, Judge};
use crate::{Amount, Evidence, Measured, Reason, Signal, State, Verdict, Window, quantity::Bound, verdict::Saying};

record! {
    /// Something owed of which no evidence is collected yet; always *unproven*.
    /// ja: まだ証拠を集めていない約束。常に「証拠なし」と判定します。
    pub struct Declared {
        /// What is owed, in words.
        /// ja: 約束の内容。
        text: String,
        /// The figure that is owed, such as `>= 99.5 %`.
        /// ja: 約束の数値(`>= 99.5 %` など)。
        bound: Option<Bound>,
        /// Where it was declared, when not here.
        /// ja: 宣言された場所(ここ以外の場合)。
        of: Option<String>,
    }
}

pub(super) const SAYINGS: &[Saying] = &[
    Saying {
        code: "no-source",
        en: "no source of evidence is declared for it",
        ja: "証拠の出どころが宣言されていません",
    },
    Saying {
        code: "no-source-of",
        en: "declared under `{of}`; no promise with a source of evidence stands for it",
        ja: "`{of}` で宣言されていますが、証拠の出どころを持つ約束がありません",
    },
];

/// It cannot grow old, for there is none.
const FRESH_FOR: Duration = Duration::from_secs(86_400);

impl Judge for Declared {
    fn signals(&self) -> Vec<Signal> {
        Vec::new()
    }

    fn window(&self) -> Option<Window> {
        None
    }

    fn fresh_for(&self) -> Duration {
        FRESH_FOR
    }

    fn judge(&self, _evidence: &Evidence, at: &At<'_>) -> Verdict {
        let reason = match &self.of {
            Some(of) => Reason::new("no-source-of", [("of", Amount::Text(of.clone()))]),
            None => Reason::new("no-source", []),
        };
        Verdict {
            state: State::Unproven,
            reason,
            measured: self.bound.map(|bound| Measured {
                value: Amount::Text("–".to_owned()),
                target: Amount::Text(bound.to_string()),
            }),
            budget: None,
            severity: None,
            corrected: None,
            newest: None,
            due: None,
            at: at.now,
        }
    }
}
