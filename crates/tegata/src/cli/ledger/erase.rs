//! `tegata ledger erase`: a person asks to be forgotten.

use std::process::ExitCode;

use clap::Args;
use console::{
    access::{Who, names},
    door::Deed,
};
use ledger::Ledger;
use promise::{Clock as _, Lang, Say, say};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

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
/// incidents, silences, checklists, the inbox and what rules on logs remember, the name alone is replaced. What was erased
/// cannot come back. An entry says how many fields, by whom and why; it does not say whose. Log records that hold the name
/// are counted and left, or deleted with `--logs`. Where something under way needs the name (an open alert, a start that
/// waits for its end), the answer names the table. The spec, metrics, exported files, messages that were sent and backups
/// are not searched.
#[derive(Debug, Args)]
pub(crate) struct Erase {
    /// The name or address, exactly as it stands in the ledger.
    #[arg(value_name = "WHO")]
    who: String,
    /// Delete the log records in which it stands, too: the ledger keeps how many. Takes `console.deletes: true`.
    #[arg(long)]
    logs: bool,
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
fn left(answer: &Value) -> Vec<Say> {
    let held = answer["deleted"]["held"].as_u64().unwrap_or_default();
    let logs = match answer["logs"].as_u64() {
        Some(0) => None,
        Some(count) if held > 0 => Some(say!(
            "NOT erased: {count} log records hold it; a legal hold keeps {held}",
            "未消去: ログ {count} 件に残っています(証拠保全の対象 {held} 件を含む)"
        )),
        Some(count) => Some(say!(
            "NOT erased: {count} log records hold it. Ask once more with `--logs`: they go, and the ledger says how many",
            "未消去: ログ {count} 件に残っています。`--logs` を付けてもう一度実行すると削除され、件数が台帳に残ります"
        )),
        None => Some(say!(
            "NOT searched: the logs could not be counted. See with `tegata logs '\"NAME\"' --since 400d`",
            "未確認: ログを数えられませんでした。`tegata logs '\"名前\"' --since 400d` で確認してください"
        )),
    };
    let tables = answer["state"].as_array().into_iter().flatten();
    let kept = tables.filter_map(|one| {
        let (kept, table) = (one["kept"].as_u64()?, one["table"].as_str()?);
        let what = |lang: &str| one["what"][lang].as_str().unwrap_or_default();
        let (en, ja) = (what("en"), what("ja"));
        (kept > 0).then(|| Say::new(
            format!("NOT erased: {kept} kept in the table {table} ({en}): what is still under way needs it, and it goes when that ends"),
            format!("未消去: 表 {table}({ja})の {kept} 件。進行中のため残し、終わりしだい消えます"),
        ))
    });
    let elsewhere = say!(
        "NOT searched: the spec, labels of metrics, fields of logs that are tokenised or encrypted, exported files, messages that were sent, and backups",
        "対象外: 仕様、メトリクスのラベル、トークン化・暗号化されたログの項目、書き出したファイル、送信済みの通知、バックアップ"
    );
    logs.into_iter().chain(kept).chain([elsewhere]).collect()
}

/// What went, where a running instance was asked.
fn gone(answer: &Value) -> Vec<Say> {
    let number = |value: &Value| value.as_u64().unwrap_or_default();
    let (fields, places) = (number(&answer["fields"]), number(&answer["places"]));
    let mut said = vec![say!(
        "{fields} fields of the ledger erased, and the name in {places} incidents, silences, checklists and messages of the inbox",
        "台帳の {fields} 個の項目と、インシデント、サイレンス、チェックリスト、受信箱の計 {places} 件の中の名前を消去しました"
    )];
    if let Some(deleted) = answer.get("deleted").filter(|it| !it.is_null()) {
        let (records, entry) = (number(&deleted["records"]), number(&deleted["entry"]));
        said.push(say!(
            "{records} log records deleted; entry {entry} of the ledger",
            "ログ {records} 件を削除しました(台帳 {entry})"
        ));
    }
    let tables = answer["state"].as_array().into_iter().flatten();
    let rules: u64 = tables.map(|one| number(&one["erased"])).sum();
    if rules > 0 {
        said.push(say!(
            "{rules} rules on logs have forgotten it",
            "ログのルール {rules} 個の記憶から消去しました"
        ));
    }
    said
}

impl Erase {
    pub(super) fn run(self, common: &Common) -> anyhow::Result<ExitCode> {
        let lang = common.lang();
        let runtime = runtime()?;
        let Some(instance) = Instance::running(&self.data.dir) else {
            return self.at_rest(&runtime, lang);
        };
        let body =
            json!({ "value": self.who, "logs": self.logs, "by": self.by, "reason": self.reason });
        let answer = runtime.block_on(instance.ask("/api/v1/ledger/erase", &body))?;
        if self.json {
            outln!(
                "{}",
                json!({
                    "version": 1, "fields": answer["fields"], "places": answer["places"], "deleted": answer["deleted"],
                    "logs": answer["logs"], "state": answer["state"], "not_searched": NOT_SEARCHED,
                })
            );
            return Ok(ExitCode::SUCCESS);
        }
        for said in gone(&answer) {
            outln!("{}", said.get(lang));
        }
        for said in left(&answer) {
            eprintln!("{}", said.get(lang));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Where nothing runs, the ledger alone is reached.
    fn at_rest(&self, runtime: &Runtime, lang: Lang) -> anyhow::Result<ExitCode> {
        if self.logs {
            let why = say!(
                "nothing runs here, and `--logs` needs it: start it and ask again",
                "`--logs` には稼働中のインスタンスが必要です。起動してもう一度実行してください"
            );
            return Err(Stop::missing(why.get(lang)).into());
        }
        let fields = runtime.block_on(self.alone(lang))?;
        if self.json {
            outln!(
                "{}",
                json!({ "version": 1, "fields": fields, "places": null, "logs": null, "not_searched": NOT_SEARCHED })
            );
        } else {
            let said = say!(
                "{fields} fields of the ledger erased; nothing runs here, so incidents, silences, checklists, the inbox and logs may still hold the name: start it and ask again",
                "台帳の {fields} 個の項目を消去しました。動いていないため、インシデント、サイレンス、チェックリスト、受信箱、ログには名前が残っている可能性があります。起動してもう一度実行してください"
            );
            outln!("{}", said.get(lang));
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
