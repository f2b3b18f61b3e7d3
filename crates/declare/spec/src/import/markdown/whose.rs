//! Whose a figure is, once all tiers are known: what watches which tier, and which tier a backup is of.

use promise::say;
use serde_json::Value;

use super::{PAYMENTS, Reader, lost::Saved};

/// Words that stand in the names of many things and tell none apart.
const COMMON: [&str; 9] = [
    "system",
    "service",
    "services",
    "general",
    "application",
    "monitoring",
    "rate",
    "time",
    "the",
];

impl Reader<'_> {
    /// The tier whose name shares a word with a text.
    pub(super) fn tier_in(&self, text: &str) -> Option<String> {
        let about = words_of(text);
        let tier = |tier: &&(String, Option<String>)| {
            let name = self.draft.says(&["service", "tiers", &tier.0, "name"]);
            let name = name.and_then(Value::as_str).unwrap_or_default();
            let is_named = !name.is_empty() && text.contains(name);
            is_named || words_of(&tier.0).iter().any(|word| about.contains(word))
        };
        let written = |it: &&(String, Option<String>)| self.draft.has(&["service", "tiers", &it.0]);
        let mut tiers = self.tiers.iter().filter(written);
        tiers.find(tier).map(|(tier, _)| tier.clone())
    }

    pub(super) fn tiers_of_what_is_watched(&mut self) {
        for watched in std::mem::take(&mut self.watched) {
            let about = words_of(&watched.words);
            let pays = PAYMENTS
                .iter()
                .any(|word| about.iter().any(|it| it == word));
            let Some(tier) = self.tier_in(&watched.words) else {
                const CARRY: [&str; 5] = ["stripe", "adyen", "braintree", "square", "gmo"];
                let known = self.draft.names(&["dependencies"]);
                let carries = known
                    .into_iter()
                    .find(|name| CARRY.contains(&name.as_str()));
                let payer = self.payer.clone().or(carries);
                let payer = payer.filter(|_| pays && watched.section == "metrics");
                if let Some(payer) = payer.filter(|payer| self.draft.has(&["dependencies", payer]))
                {
                    let path = ["dependencies", payer.as_str(), "needed_by"];
                    let why = say!("both speak of payments", "どちらも決済についての記述");
                    self.draft
                        .push_guess(&path, watched.id.as_str(), watched.line, why);
                }
                continue;
            };
            let why = say!("their names share a word", "名前に同じ語がある");
            self.draft.guess(
                &["monitoring", watched.section, &watched.id, "tier"],
                tier.as_str(),
                watched.line,
                why,
            );
            // Payments wait for whoever carries them out, and so does the only tier that there is.
            let payer = self.payer.clone().filter(|_| pays || self.tiers.len() == 1);
            if let Some(payer) = payer.filter(|payer| self.draft.has(&["dependencies", payer])) {
                self.draft
                    .push(&["dependencies", &payer, "needed_by"], tier, watched.line);
            }
        }
    }

    /// Whether tiers are named anywhere, in what was read so far.
    pub(super) fn has_tiers(&self) -> bool {
        self.whole.contains("rto") || self.whole.contains("目標復旧") || !self.tiers.is_empty()
    }

    /// A backup is of the tier whose row names what is backed up.
    pub(super) fn tiers_of_backups(&mut self) {
        for Saved { id, name, line, .. } in &self.backed_up {
            let mut tiers = self.tier_rows.iter().filter(|(_, row)| row.contains(name));
            let path = ["continuity", "backups", id, "tier"];
            if let (Some((tier, _)), None) = (tiers.next(), tiers.next())
                && !self.draft.has(&path)
            {
                let why = say!("the row of the tier names it", "業務区分の行に名前がある");
                self.draft.guess(&path, tier.as_str(), *line, why);
            }
        }
    }
}

/// The words of a text that tell it from others.
pub(super) fn words_of(text: &str) -> Vec<String> {
    let text = text.to_lowercase();
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| word.len() > 2 && !COMMON.contains(word))
        .map(str::to_owned)
        .collect()
}
