//! `tegata ledger erase`: a person asks to be forgotten.

use std::process::ExitCode;

use clap::Args;
use console::{
    access::{Who, names},
    door::Deed,
};
use ledger::Ledger;
use promise::{Clock as _, Lang, Say, say};
use serde_json::json;

use crate::{
    book::Book,
    cli::{Common, Data, instance::Instance, runtime},
    clock::SystemClock,
    deeds,
    exit::Stop,
};

/// Erase somebody's name or address from the ledger's personal fields.
///
/// Entries hold such values only as salted commitments; what is erased is what lies beside them, so every proof and
/// signature holds as before, and the entry reads "(erased)". A note or reason in which the name stands goes as a whole. In
/// incidents, silences, checklists and the inbox the name alone is replaced. What was erased cannot come back. An entry says
/// how many fields, by whom and why; it does not say whose. Log records that hold the name are counted and left: they go by
/// `tegata logs delete`. The spec, metrics, exported files, messages that were sent and backups are not searched.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The name or address, exactly as it stands in the ledger.
    #[arg(value_name = "WHO")]
    who: String,
    /// Why: the ledger keeps it.
    #[arg(long)]
    reason: String,
    /// Who asks for it: the ledger keeps that, too.
    #[arg(long)]
    by: String,
    #[command(flatten)]
    data: Data,
    /// Print the outcome as JSON.
    #[arg(long)]
    json: bool,
}

/// Where nothing is looked for.
const NOT_SEARCHED: [&str; 5] = ["spec", "metrics", "exports", "messages_sent", "backups"];

/// What the name may still stand in, and what to do about it.
fn left(logs: Option<u64>) -> Vec<Say> {
    let logs = match logs {
        Some(0) => None,
        Some(count) => Some(say!(
            "NOT erased: {count} log records hold it. Delete them with `tegata logs delete '\"NAME\"' --reason …`, and then ask for this once more: the entry about the deletion holds the query",
            "未消去: ログ {count} 件に残っています。`tegata logs delete '\"名前\"' --reason …` で削除し、その後もう一度この消去を実行してください(削除の記録に検索条件が残るため)"
        )),
        None => Some(say!(
            "NOT searched: the logs could not be counted. See with `tegata logs '\"NAME\"' --since 400d`",
            "未確認: ログを数えられませんでした。`tegata logs '\"名前\"' --since 400d` で確認してください"
        )),
    };
    let elsewhere = say!(
        "NOT searched: the spec, labels of metrics, fields of logs that are tokenised or encrypted, exported files, messages that were sent, and backups",
        "対象外: 仕様、メトリクスのラベル、トークン化・暗号化されたログの項目、書き出したファイル、送信済みの通知、バックアップ"
    );
    logs.into_iter().chain([elsewhere]).collect()
}

impl Erase {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let runtime = runtime()?;
        let (fields, places, logs) = match Instance::running(&self.data.dir) {
            Some(instance) => {
                let body = json!({ "value": self.who, "by": self.by, "reason": self.reason });
                let answer = runtime.block_on(instance.ask("/api/v1/ledger/erase", &body))?;
                let number = |name: &str| answer[name].as_u64().unwrap_or_default();
                (
                    number("fields"),
                    Some(number("places")),
                    answer["logs"].as_u64(),
                )
            }
            None => (runtime.block_on(self.alone(lang))?, None, None),
        };
        if self.json {
            outln!(
                "{}",
                json!({ "version": 1, "fields": fields, "places": places, "logs": logs, "not_searched": NOT_SEARCHED })
            );
        } else {
            let said = match places {
                Some(places) => say!(
                    "{fields} fields of the ledger erased, and the name in {places} incidents, silences, checklists and messages of the inbox",
                    "台帳の {fields} 個の項目と、インシデント、サイレンス、チェックリスト、受信箱の計 {places} 件の中の名前を消去しました"
                ),
                None => say!(
                    "{fields} fields of the ledger erased; nothing runs here, so incidents, silences, checklists, the inbox and logs may still hold the name: start it and ask again",
                    "台帳の {fields} 個の項目を消去しました。動いていないため、インシデント、サイレンス、チェックリスト、受信箱、ログには名前が残っている可能性があります。起動してもう一度実行してください"
                ),
            };
            outln!("{}", said.get(lang));
            if places.is_some() {
                left(logs)
                    .iter()
                    .for_each(|say| eprintln!("{}", say.get(lang)));
            }
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Where nothing runs, the ledger is opened here.
    async fn alone(&self, lang: Lang) -> anyhow::Result<u64> {
        let dir = self.data.dir.join("ledger");
        if !dir.is_dir() {
            let dir = dir.display();
            let why = say!("{dir} is no ledger", "{dir} は台帳ではありません");
            return Err(Stop::missing(why.get(lang)).into());
        }
        let opened = Ledger::open(&dir, "tegata");
        let (ledger, _) = opened.map_err(|error| Stop::missing(error.to_string()))?;
        let clock = std::sync::Arc::new(SystemClock);
        let now = clock.now();
        let book = Book::new(std::sync::Arc::new(ledger), clock);
        let erased = book.ledger().erase(&self.who, |fields| {
            deeds::erasure(now, fields, &self.by, &self.reason)
        })?;
        let deed = Deed {
            who: Who::local(),
            event: names::ERASE,
            done: true,
            status: 200,
            from: "local".to_owned(),
            on: "tegata ledger erase".to_owned(),
            unwritten: 0,
        };
        deeds::record(&book, &deed).await?;
        Ok(erased.map_or(0, |(fields, _)| fields))
    }
}
