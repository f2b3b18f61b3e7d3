//! `continuity`: how the service comes back. The objectives stand with the tiers of `service`.

use std::collections::BTreeMap;

use promise::{
    quantity::Bound,
    record,
    unit::{Bytes, Span},
};

record! {
    /// How the service comes back after a disaster.
    /// ja: 災害からの復旧。
    pub struct Continuity: Default {
        /// Backups, by name.
        /// ja: バックアップ。
        backups: BTreeMap<String, Backup> = BTreeMap::new(),
        /// Copies that follow, by name.
        /// ja: 複製。
        replication: BTreeMap<String, Replication> = BTreeMap::new(),
        /// Failovers, by name.
        /// ja: 切り替え。
        failover: BTreeMap<String, Failover> = BTreeMap::new(),
        /// Exercises, by name.
        /// ja: 訓練。
        drills: BTreeMap<String, Drill> = BTreeMap::new(),
        /// How releases are made and taken back, in words, by name.
        /// ja: リリースと切り戻しの方針。
        releases: BTreeMap<String, String> = BTreeMap::new(),
    }
}

record! {
    /// A backup.
    /// ja: バックアップ。
    pub struct Backup: Default {
        /// Of what: the name of a database or bucket.
        /// ja: 対象。
        of: Option<String>,
        /// How often.
        /// ja: 間隔。
        every: Option<Span>,
        /// When in the day, such as 03:00-04:00 UTC.
        /// ja: 時間帯。
        window: Option<String>,
        /// How long each is kept.
        /// ja: 保存期間。
        retention: Option<Span>,
        /// Whether it happens by itself.
        /// ja: 自動か。
        automatic: Option<bool>,
        /// Whether any moment can be restored.
        /// ja: 任意時点に戻せるか(PITR)。
        point_in_time: Option<bool>,
        /// How much of the newest may be missing when it is restored.
        /// ja: 復元時に失われうる直近の長さ。
        loses_at_most: Option<Span>,
        /// Whether a copy lies in another region.
        /// ja: 別リージョンにもあるか。
        cross_region: Option<bool>,
        /// Whether a copy lies at another site or account.
        /// ja: 別の拠点・アカウントにもあるか。
        off_site: Option<bool>,
        /// Whether nobody can change or delete it.
        /// ja: 変更・削除できないか。
        immutable: Option<bool>,
        /// For how long nobody can delete one, as a vault lock has it.
        /// ja: 誰も削除できない期間(保管庫のロックなど)。
        locked_for: Option<Span>,
        /// How much there is to restore.
        /// ja: 復元する量。
        size: Option<Bytes>,
        /// How much is restored in a second.
        /// ja: 1 秒に復元できる量。
        restored_per_second: Option<Bytes>,
        /// How often a restore is tried.
        /// ja: 復元試験の間隔。
        restore_tested_every: Option<Span>,
        /// After which time it moves to an archive.
        /// ja: アーカイブへ移すまでの期間。
        archive_after: Option<Span>,
        /// The regions that it is copied to.
        /// ja: 複製先のリージョン。
        copied_to: Vec<String> = Vec::new(),
        /// The tier that is recovered from it.
        /// ja: これから復旧する層。
        tier: Option<String>,
        /// The promise that proves it.
        /// ja: これを証明する約束。
        promise: Option<String>,
    }
}

record! {
    /// A copy that follows.
    /// ja: 複製。
    pub struct Replication: Default {
        /// Of what: the name of a database or bucket.
        /// ja: 対象。
        of: Option<String>,
        /// To which region or site.
        /// ja: 複製先。
        to: Option<String>,
        /// `sync` or `async`.
        /// ja: `sync`(同期)か `async`(非同期)。
        mode: Option<String>,
        /// How far it may fall behind before somebody is told.
        /// ja: 知らせるまでに許す遅れ。
        lag_max: Option<Span>,
        /// The tier that is recovered from it.
        /// ja: これから復旧する層。
        tier: Option<String>,
    }
}

record! {
    /// From a fault to a service that runs elsewhere.
    /// ja: 障害から、別の場所での再開まで。
    pub struct Failover: Default {
        /// The tiers whose recovery it is; all of them where it is left out.
        /// ja: 対象の層(省略時はすべて)。
        tiers: Vec<String> = Vec::new(),
        /// `automatic` or `manual`.
        /// ja: `automatic`(自動)か `manual`(手動)。
        mode: Option<String>,
        /// From where.
        /// ja: 切り替え元。
        from: Option<String>,
        /// To where.
        /// ja: 切り替え先。
        to: Option<String>,
        /// What starts it, by name.
        /// ja: 開始の条件。
        triggers: BTreeMap<String, Trigger> = BTreeMap::new(),
        /// How long a person takes to agree to it.
        /// ja: 承認にかかる時間。
        approved_within: Option<Span>,
        /// What is done, in this order.
        /// ja: 手順(この順)。
        steps: Vec<Step> = Vec::new(),
        /// How often it is looked whether it has worked.
        /// ja: 完了を確かめる間隔。
        checked_every: Option<Span>,
        /// How many machines the other place starts with.
        /// ja: 切り替え先の台数。
        instances: Option<u64>,
        /// How the way back is, in words.
        /// ja: 切り戻しの方法。
        failback: Option<String>,
        /// How long after it none follows.
        /// ja: 次の切り替えまでの間隔。
        cool_down: Option<Span>,
    }
}

record! {
    /// What starts a failover.
    /// ja: 切り替えの条件。
    pub struct Trigger {
        /// In words.
        /// ja: 内容。
        text: String,
        /// How long it must last.
        /// ja: 継続時間。
        after: Option<Span>,
        /// The figure that it is about.
        /// ja: 数値の条件。
        when: Option<Bound>,
        /// How often it is looked.
        /// ja: 確認の間隔。
        interval: Option<Span>,
        /// How many looks in a row.
        /// ja: 連続回数。
        failures: Option<u64>,
    }
}

impl Trigger {
    /// How long a fault lasts before this starts anything, when that is said.
    #[must_use]
    pub fn waits(&self) -> Option<Span> {
        let looks = || {
            let failures = u32::try_from(self.failures?).ok()?;
            Some(Span(self.interval?.0.checked_mul(failures)?))
        };
        self.after.or_else(looks)
    }
}

record! {
    /// One step of a failover.
    /// ja: 手順の一つ。
    pub struct Step {
        /// What is done.
        /// ja: 内容。
        text: String,
        /// What kind of step it is: `dns`, `promote`, `scale`, `redirect`, `restore`, `verify`, `notify`.
        /// ja: 種類。
        r#do: Option<String>,
        /// Who or what does it.
        /// ja: 実行者。
        by: Option<String>,
        /// How long it takes at most.
        /// ja: 所要時間の上限。
        takes: Option<Span>,
        /// What it acts on.
        /// ja: 対象。
        of: Option<String>,
    }
}

record! {
    /// An exercise.
    /// ja: 訓練。
    pub struct Drill: Default {
        /// Of which failover, backup or tier.
        /// ja: 対象。
        of: Option<String>,
        /// How often.
        /// ja: 間隔。
        every: Option<Span>,
        /// When in the day or week.
        /// ja: 時間帯。
        window: Option<String>,
        /// The promise that proves it.
        /// ja: これを証明する約束。
        promise: Option<String>,
    }
}
