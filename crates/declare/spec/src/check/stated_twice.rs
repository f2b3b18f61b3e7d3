//! Figures that the documents behind the spec say twice, and differently.

use promise::say;

use super::{Found, Sight};

rule! {
    /// # Finds
    /// An entry of `unsettled`: another figure for something that the spec says already.
    /// ja: `unsettled` の項目(仕様の値と食い違う別の記述)。
    /// # Why
    /// Whoever reads the one place keeps another promise than whoever reads the other.
    /// ja: 読む場所によって、守る約束が変わります。
    /// # Source
    /// No number of ours: both figures are the documents'.
    /// ja: 独自の数値はありません。どちらも元の文書の値です。
    /// # Example
    /// `unsettled: [{ of: severities.sev1.answer_within, also: 15m }]`
    /// ja: `unsettled: [{ of: severities.sev1.answer_within, also: 15m }]`
    /// # Fix
    /// Decide which holds, correct the document and remove the entry.
    /// ja: どちらが正しいか決め、文書を直して項目を消します。
    "stated-twice": Error, needs ["unsettled"], check
}

fn check(sight: &Sight<'_>, found: &mut Found<'_>) {
    for (at, it) in sight.spec.design.unsettled.iter().enumerate() {
        let place = at.to_string();
        let (of, also) = (&it.of, &it.also);
        let path: Vec<&str> = of.split('.').collect();
        found
            .note(sight.places.at(&["unsettled", &place, "also"]), say!("`{of}` is {also} here, and something else there", "`{of}` はここでは {also} ですが、別の値もあります"))
            .also(sight.places.at(&path), say!("the other figure", "もう一つの値"))
            .hint(say!("decide which holds and remove the entry", "どちらかに決めて、この項目を消します"));
    }
}
