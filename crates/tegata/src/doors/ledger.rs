//! The console's door onto the ledger.

use std::sync::Arc;

use async_trait::async_trait;
use console::{
    access::Who,
    door::{self, Asked, Drill, Erased, Refused},
};
use ledger::{Find, Ledger};
use promise::{Say, Timestamp, say};
use serde_json::json;

use super::internal;
use crate::{app::House, book::kind, deeds, tasks};

pub(super) struct Door {
    pub(super) ledger: Arc<Ledger>,
    pub(super) house: Arc<House>,
}

impl Door {
    /// Reading may touch the disk, so it happens off the runtime's threads.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Ledger) -> Result<T, ledger::Error> + Send + 'static,
    ) -> Result<T, Refused> {
        let ledger = self.ledger.clone();
        let read = tokio::task::spawn_blocking(move || read(&ledger)).await;
        read.map_err(|error| internal("ledger", &error))?
            .map_err(|error| internal("ledger", &error))
    }
}

fn show(ledger: &Ledger, entry: ledger::Entry) -> Result<door::Entry, ledger::Error> {
    let leaf = ledger.leaf_hash(entry.index)?.to_string();
    Ok(door::Entry {
        index: entry.index,
        at: entry.at.parse().unwrap_or_default(),
        kind: entry.kind,
        about: Some(entry.about).filter(|about| !about.is_empty()),
        leaf,
        body: entry.body,
    })
}

/// One whose body went: what is left is its hash.
fn pruned(ledger: &Ledger, index: u64, kept_from: u64) -> Result<door::Entry, ledger::Error> {
    Ok(door::Entry {
        index,
        at: Timestamp::EPOCH,
        kind: ledger::PRUNED.to_owned(),
        about: None,
        leaf: ledger.leaf_hash(index)?.to_string(),
        body: json!({ "pruned": true, "kept_from": kept_from }),
    })
}

#[async_trait]
impl door::Ledger for Door {
    async fn checkpoint(&self) -> Result<door::Checkpoint, Refused> {
        self.read(|ledger| {
            let checkpoint = ledger.checkpoint();
            let newest = checkpoint
                .size
                .checked_sub(1)
                .map(|last| ledger.entry(last))
                .transpose()?;
            Ok(door::Checkpoint {
                origin: checkpoint
                    .note
                    .lines()
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
                size: checkpoint.size,
                kept_from: ledger.kept_from(),
                root: checkpoint.root.to_string(),
                at: newest.and_then(|entry| entry.at.parse().ok()),
                note: checkpoint.note,
            })
        })
        .await
    }

    async fn entries(
        &self,
        before: Option<u64>,
        kind: Option<&str>,
        limit: usize,
    ) -> Result<Vec<door::Entry>, Refused> {
        let find = Find {
            kind: kind.map(str::to_owned),
            about: None,
            before,
            limit,
        };
        self.read(move |ledger| {
            ledger
                .find(&find)?
                .into_iter()
                .map(|entry| show(ledger, entry))
                .collect()
        })
        .await
    }

    async fn entry(&self, index: u64) -> Result<Option<door::Entry>, Refused> {
        self.read(move |ledger| {
            if index >= ledger.len() {
                return Ok(None);
            }
            match ledger.entry(index) {
                Err(ledger::Error::Pruned { kept_from, .. }) => {
                    pruned(ledger, index, kept_from).map(Some)
                }
                entry => show(ledger, entry?).map(Some),
            }
        })
        .await
    }

    async fn inclusion(&self, index: u64, size: u64) -> Result<Vec<String>, Refused> {
        self.read(move |ledger| {
            Ok(ledger
                .inclusion(index, size)?
                .iter()
                .map(ToString::to_string)
                .collect())
        })
        .await
    }

    async fn erase(&self, value: &str, logs: bool, asked: &Asked) -> Result<Erased, Refused> {
        super::erasure::erase(&self.house, value, logs, asked).await
    }

    async fn prune(&self, asked: &Asked) -> Result<u64, Refused> {
        let keep = self
            .house
            .spec
            .load()
            .as_ref()
            .and_then(|spec| spec.ledger.keep);
        let Some(keep) = keep else {
            return Err(Refused::Conflict(say!(
                "the spec keeps every entry for good; say `ledger.keep` there first",
                "仕様では台帳を消さないことになっています。先に `ledger.keep` を書いてください"
            )));
        };
        let why = json!({ "keep_secs": keep.0.as_secs(), "by": asked.by, "reason": asked.reason });
        tasks::prune::pruned(&self.house, keep.0, why).await
    }

    async fn drill(&self, drill: &Drill, who: &Who, from: &str) -> Result<u64, Refused> {
        let noted = deeds::drill(&self.house.book, drill, who, from).await;
        noted.map_err(|error| internal("the ledger could not be written", &error))
    }

    fn witnesses(&self) -> Vec<door::Witness> {
        self.house.witnesses.load().as_ref().clone()
    }

    fn kinds(&self) -> Vec<(&'static str, Say)> {
        vec![
            (kind::VERDICT, say!("verdict", "判定")),
            (kind::PROMISE, say!("promise", "約束")),
            (
                kind::PROMISE_CARRIED,
                say!("promise carried over", "約束の引き継ぎ"),
            ),
            (ledger::PRUNED, say!("entries pruned", "記録の間引き")),
            (
                kind::PROMISE_WITHDRAWN,
                say!("promise withdrawn", "約束の取り下げ"),
            ),
            ("alert_raised", say!("alert", "アラート")),
            ("alert_resolved", say!("alert resolved", "アラートの解消")),
            ("page_intended", say!("page due", "通知の予定")),
            ("page_sent", say!("page accepted", "通知の受理")),
            ("page_failed", say!("page given up", "届かなかった通知")),
            ("page_fell_over", say!("page passed on", "次の宛先への通知")),
            ("incident_opened", say!("incident", "インシデント")),
            ("incident_acknowledged", say!("answer", "応答")),
            ("answer_missed", say!("no answer in time", "応答の遅れ")),
            (
                "incident_resolved",
                say!("incident resolved", "インシデントの解決"),
            ),
            (kind::CORRECTION, say!("correction", "補正")),
            (
                kind::CORRECTIONS,
                say!("corrections in force", "有効な補正"),
            ),
            (
                kind::SUPPRESSIONS,
                say!("findings that are borne", "受け入れた指摘"),
            ),
            (kind::MAINTENANCES, say!("announced work", "予告した作業")),
            ("silence_set", say!("silence", "サイレンス")),
            (
                "silence_changed",
                say!("silence changed", "サイレンスの変更"),
            ),
            ("silence_ended", say!("silence over", "サイレンスの終了")),
            ("page_hushed", say!("page held back", "控えた通知")),
            ("alert_flapping", say!("alert flaps", "警報のばたつき")),
            ("alerts_posted", say!("alerts of others", "外部の警報")),
            ("alerts_refused", say!("alerts refused", "拒んだ警報")),
            (kind::SPEC, say!("spec", "仕様")),
            (kind::SPEC_REFUSED, say!("spec refused", "拒まれた仕様")),
            (kind::STARTED, say!("start", "起動")),
            (kind::STOPPED, say!("stop", "停止")),
            (kind::CLOCK_JUMPED, say!("clock jumped", "時計の飛び")),
            (kind::RECOVERED, say!("recovery", "復旧")),
            (kind::CONSOLE, say!("console action", "画面での操作")),
            (
                ledger::ERASED,
                say!("personal fields erased", "個人項目の消去"),
            ),
            (
                kind::WITNESSED,
                say!("witnessed from outside", "外部の証人の確認"),
            ),
            (
                kind::WITNESS_MISSED,
                say!("witness missing", "途切れた証人の確認"),
            ),
            (kind::DRILL, say!("drill", "訓練")),
            (kind::DEED, say!("who did what", "誰が何をしたか")),
            (kind::LOGS_SEALED, say!("logs sealed", "ログの封印")),
            (
                kind::LOGS_DELETE_ASKED,
                say!("deletion of logs asked", "ログ削除の要求"),
            ),
            (kind::LOGS_DELETED, say!("logs deleted", "ログの削除")),
            (kind::LOGS_HOLD, say!("legal hold", "証拠保全")),
            (
                kind::LOGS_UNMASKED,
                say!("masked logs shown", "伏せた項目の表示"),
            ),
            (kind::LOGS_EXPORTED, say!("logs exported", "ログの書き出し")),
            (kind::LOGS_COPIED, say!("logs copied", "ログの複製")),
        ]
    }
}
