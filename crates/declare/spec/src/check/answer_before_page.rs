//! Answers that are owed before the page has left.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// A severity whose `answer_within` is not longer than its `page_within`.
    /// ja: `answer_within` が `page_within` より長くない重大度。
    /// # Why
    /// Nobody can answer a page that has not come; the promise to answer would break although everybody did their part.
    /// ja: 届いていない通知には応答できません。全員が務めを果たしても約束が破れます。
    /// # Source
    /// Both times begin with the first bad evidence.
    /// ja: どちらの時間も、最初の悪い証拠から数えます。
    /// # Example
    /// `{ page_within: 3m, answer_within: 1m }`
    /// ja: `{ page_within: 3m, answer_within: 1m }`
    /// # Fix
    /// Page sooner, or give people longer.
    /// ja: 通知を早めるか、応答までの時間を延ばします。
    "answer-before-page": Error, needs ["severities"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (name, severity) in &sight.spec.severities {
        let (Some(page), Some(answer)) = (severity.page_within, severity.answer_within) else { continue };
        if answer > page {
            continue;
        }
        let at = |field| sight.places.at(&["severities", name, field]);
        found
            .note(
                at("answer_within"),
                say!(
                    "an answer is owed within {answer}, but the page may take {page}",
                    "{answer} 以内の応答を約束していますが、通知に {page} かかることがあります"
                ),
            )
            .also(at("page_within"), say!("the page", "通知"))
            .hint(say!("write `answer_within` longer than {page}", "`answer_within` を {page} より長くします"));
    }
}
