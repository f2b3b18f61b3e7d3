//! `compliance`: what the standards under `profiles` ask of the service, and other duties.

use std::collections::BTreeMap;

use promise::{record, unit::Span};

record! {
    /// What standards ask of the service.
    /// ja: 基準から生じる義務。
    pub struct Compliance: Default {
        /// What is owed, by name.
        /// ja: 義務(名前ごと)。
        duties: BTreeMap<String, Duty> = BTreeMap::new(),
        /// Where data that the law protects may rest, by country, such as JP.
        /// ja: 保護すべきデータを置ける国。
        data_in: Vec<String> = Vec::new(),
        /// Within which time the data of a person who asks for it is gone, in backups too.
        /// ja: 本人のデータをバックアップからも消去するまでの期限。
        erased_within: Option<Span>,
        /// Whether it is erased by destroying a key of that person's own, which backups need too.
        /// ja: 本人ごとの鍵を壊して消去するか(バックアップも読めなくなります)。
        erased_by_key: Option<bool>,
        /// The self-assessment questionnaire of PCI DSS that is filled in, such as `A`, `A-EP` or `D`.
        /// ja: PCI DSS の自己問診票の種別(`A`、`A-EP`、`D` など)。
        saq: Option<String>,
        /// Requirements that do not apply, and why, by clause.
        /// ja: 対象外とする要件と理由。
        not_applicable: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// Something that a standard asks for.
    /// ja: 基準が求めること。
    pub struct Duty {
        /// In words.
        /// ja: 内容。
        text: String,
        /// The clauses that it serves, such as `pci_dss:10.5.1`.
        /// ja: 根拠となる条項。
        clauses: Vec<String> = Vec::new(),
        /// How often it is done.
        /// ja: 実施の間隔。
        every: Option<Span>,
        /// How soon it is done, counted from what calls for it.
        /// ja: 求められてから実施するまでの期限。
        within: Option<Span>,
        /// How long what it is about is kept.
        /// ja: 対象の記録の保存期間。
        kept: Option<Span>,
        /// Who answers for it.
        /// ja: 責任者。
        owner: Option<String>,
        /// The promises that prove it.
        /// ja: これを証明する約束。
        promises: Vec<String> = Vec::new(),
    }
}
