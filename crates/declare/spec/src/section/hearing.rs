//! `hearing`: questions that were asked, what was answered, and which promises rest on it.

use promise::record;

record! {
    /// A question of a hearing.
    /// ja: ヒアリングの質問。
    pub struct Question {
        /// The part of the sheet that it stands in.
        /// ja: シートの節。
        section: Option<String>,
        /// What was asked.
        /// ja: 質問。
        text: String,
        /// What was answered.
        /// ja: 回答。
        answer: Option<String>,
        /// The promises that rest on the answer.
        /// ja: 回答に基づく約束。
        promises: Vec<String> = Vec::new(),
    }
}
