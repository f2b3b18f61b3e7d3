//! Every address of the console: one line each. The router and `/openapi.json` are both made from this table, so
//! neither can know an address that the other does not.

use std::sync::Arc;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    middleware,
    response::Response,
    routing::{MethodRouter, delete, get, post, put},
};
use promise::{Say, say};
use tower_http::compression::CompressionLayer;

use crate::{
    Desk, access,
    api::{self, prometheus},
    asset, guard,
    live::{self, Hub},
    page,
    reply::{Room, Shared, Visit},
};

/// A form holds a query of at most 16 KiB, each byte of which may be written as three, and its parameters; whoever
/// sends more means something else. Log intake has its own bound.
const FORM_BYTES_MAX: usize = 64 << 10;

/// What an address answers with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Page,
    Json,
    Text,
    Events,
    File,
}

pub(crate) struct Route {
    pub method: &'static str,
    /// As axum and OpenAPI both write it.
    pub path: &'static str,
    pub answer: Answer,
    pub about: Say,
    handler: fn() -> MethodRouter<Shared>,
}

impl Route {
    /// Whether it answers in Prometheus's shapes.
    pub fn is_of_prometheus(&self) -> bool {
        const OURS: [&str; 6] = [
            "promises",
            "incidents",
            "checklists",
            "drills",
            "ledger",
            "logs",
        ];
        let rest = self.path.strip_prefix("/api/v1/");
        rest.is_some_and(|rest| !OURS.iter().any(|ours| rest.starts_with(ours)))
    }
}

macro_rules! routes {
    ($($method:ident $path:literal $answer:ident $handler:expr, $en:literal, $ja:literal;)*) => {
        vec![$(Route {
            method: stringify!($method),
            path: $path,
            answer: Answer::$answer,
            about: say!($en, $ja),
            handler: || $method($handler),
        }),*]
    };
}

pub(crate) fn table() -> Vec<Route> {
    routes! {
        get "/" Page page::board::show, "The promises, worst first", "約束の一覧(悪い順)";
        get "/promises/{id}" Page page::promise::show, "One promise and what it rests on", "約束の詳細と証拠";
        get "/payments" Page page::payments::show, "Live payments of the demo's shop", "デモ店舗の決済の現況";
        get "/explore" Page page::explore::show, "Any query over the stored metrics", "保存されたメトリクスへの問い合わせ";
        get "/explore/promise" Page page::explore::promise::show, "A promise made from a query, and what its verdict would have been", "クエリから作る約束と、過去に当てはめた判定";
        get "/logs" Page page::logs::show, "Any query over the stored logs, over time", "保存されたログの検索と時系列";
        post "/logs/unmasked" Page page::logs::unmasked, "The same with personal fields in clear; the ledger says who asked and why (form)", "個人情報を伏せずに表示(依頼者と理由は台帳に残る。フォーム)";
        get "/logs/rule" Page page::logs::rule::show, "A rule made from a query, and when it would have fired", "条件から作るルールと、過去に当てはめた発報";
        get "/logs/holds" Page page::logs::holds::show, "Legal holds", "証拠保全";
        post "/logs/holds" Page page::logs::holds::hold, "Set a legal hold (form)", "証拠保全の設定(フォーム)";
        post "/logs/holds/{name}/release" Page page::logs::holds::release, "End a legal hold (form)", "証拠保全の解除(フォーム)";
        post "/logs/seal" Page page::logs::holds::seal, "Seal the stored logs into the ledger now (form)", "保存済みのログを台帳に封印する(フォーム)";
        get "/logs/delete" Page page::logs::delete::show, "How many records a deletion by a query would take", "条件による削除の対象件数";
        post "/logs/delete" Page page::logs::delete::take, "Delete what was counted, for good (form)", "確認した件数のログの削除(フォーム)";
        get "/logs/patterns" Page page::logs::patterns::show, "Kinds of lines among the records that a query means", "条件に合う記録の行の種類";
        get "/logs/fields" Json page::logs::complete, "Fields and their values among the newest records, for completion", "最新のログにある項目と値(入力補完用)";
        get "/traces" Page page::traces::list, "The newest traces", "最新のトレース";
        get "/traces/{id}" Page page::traces::show_one, "One trace with its critical path", "トレースの詳細とクリティカルパス";
        get "/api/services" Json api::jaeger::services, "Services that sent spans, as Jaeger answers", "スパンを送ったサービス(Jaeger の形式)";
        get "/api/services/{service}/operations" Json api::jaeger::operations_of, "Operations of a service", "サービスの処理名";
        get "/api/operations" Json api::jaeger::operations, "The same, as newer clients ask", "同上(新しいクライアント用)";
        get "/api/traces" Json api::jaeger::search, "Traces by service, operation, tags and duration, as Jaeger answers", "サービス、処理名、タグ、所要時間によるトレースの検索(Jaeger の形式)";
        get "/api/traces/{id}" Json api::jaeger::one, "One trace, as Jaeger answers", "トレースの詳細(Jaeger の形式)";
        get "/api/dependencies" Json api::jaeger::dependencies, "Which service calls which", "サービス間の呼び出し関係";
        get "/incidents" Page page::incidents::show, "Incidents", "インシデントの一覧";
        get "/incidents/{id}" Page page::incident::show, "One incident", "インシデントの詳細";
        post "/incidents/{id}/acknowledge" Page page::incident::acknowledge, "Take an incident on (form)", "インシデントへの応答(フォーム)";
        get "/alerts" Page page::alerts::show, "Alerts that fire, and silences", "発報中の警報とサイレンス";
        post "/alerts/silences" Page page::alerts::set, "Set a silence (form)", "サイレンスの設定(フォーム)";
        post "/alerts/silences/{id}/expire" Page page::alerts::expire, "End a silence (form)", "サイレンスの終了(フォーム)";
        post "/incidents" Page page::case::open, "Open an incident by hand (form)", "インシデントの起票(フォーム)";
        get "/incidents/figures" Page page::figures::show, "How fast people answer and mend; `by` groups, `as=csv` exports", "応答と復旧の速さ。`by` で集計の単位、`as=csv` で CSV";
        get "/incidents/{id}/post-mortem" Page page::post_mortem::show, "A draft of the post-mortem; `as=md` exports", "事後検証の下書き。`as=md` で Markdown";
        post "/incidents/{id}/work" Page page::case::act, "Record what was done about an incident (form)", "インシデントへの対応の記録(フォーム)";
        get "/acknowledge/{token}" Page page::acknowledge::show, "Where the link of a message leads; changes nothing", "通知のリンク先。開くだけでは何も変わりません";
        post "/acknowledge/{token}" Page page::acknowledge::take, "Take an incident on by the link of a message", "通知のリンクからの応答";
        get "/checklists" Page page::checklists::show, "Today's checklists", "今日のチェックリスト";
        get "/checklists/{list}" Page page::checklists::one, "A month of a checklist (`month`), or one day (`day`)", "チェックリストの 1 か月(`month`)か 1 日(`day`)";
        post "/checklists/{list}/tick" Page page::checklists::tick, "Answer an item (form)", "項目への回答(フォーム)";
        post "/checklists/{list}/sign" Page page::checklists::sign, "Sign a sheet (form)", "チェックリストへの署名(フォーム)";
        get "/inbox" Page page::inbox::show, "Pages sent to the console itself", "画面宛ての通知";
        get "/login" Page page::login::show, "Where people log in", "ログイン画面";
        post "/login" Page page::login::take, "Log in with a token (form)", "トークンでのログイン(フォーム)";
        post "/logout" Page page::login::leave, "Log out (form)", "ログアウト(フォーム)";
        get "/ledger" Page page::ledger::list, "The newest entries of the ledger", "台帳の最新の記録";
        get "/ledger/deeds" Page page::deeds::show, "Who did what; `who`, `event`, `failed` and `before` choose", "誰が何をしたか。`who`、`event`、`failed`、`before` で絞る";
        get "/ledger/erase" Page page::erase::show, "Erasing a person, and pruning", "個人の消去と記録の間引き";
        post "/ledger/erase" Page page::erase::erase, "Erase a person's name or address; `logs` deletes the log records too (form)", "氏名やアドレスの消去。`logs` でログも削除(フォーム)";
        post "/ledger/prune" Page page::erase::prune, "Drop the bodies of entries that are past their retention (form)", "保存期間を過ぎた記録の間引き(フォーム)";
        get "/ledger/{index}" Page page::ledger::show, "One entry and its proof", "台帳の記録とその証明";
        get "/sources" Page page::sources::show, "Sources of evidence", "証拠の情報源";
        post "/demo/outages/{name}/{to}" Page page::board::outage, "Begin or end an outage of the demo (`start`, `stop`)", "デモの障害を開始・終了する(`start`、`stop`)";
        get "/fragments/board" Page page::board::fragment, "The inside of the board page", "一覧ページの中身";
        get "/events" Events live::events, "Changes of the board as they happen; `Last-Event-ID` or `after` resumes", "一覧の変化の配信。`Last-Event-ID` か `after` で再開";
        get "/assets/{file}" File asset::serve, "Style sheet and modules", "スタイルシートとモジュール";
        get "/api/v1/promises" Json api::promises::list, "The board", "約束の一覧";
        get "/api/v1/promises/{id}" Json api::promises::show, "One promise with its evidence", "約束の詳細と証拠";
        get "/api/v1/incidents" Json api::incidents::list, "Incidents, open ones first", "インシデントの一覧(対応中が先)";
        get "/api/v1/incidents/{id}" Json api::incidents::show, "One incident", "インシデントの詳細";
        post "/api/v1/incidents/{id}/acknowledge" Json api::incidents::acknowledge, "Take an incident on", "インシデントへの応答";
        get "/api/v2/alerts" Json api::alertmanager::alerts::list, "Alerts that fire, as Alertmanager answers; `filter`, `receiver`, `active`, `silenced`, `inhibited` and `muted` choose", "発報中の警報(Alertmanager と同じ形式)。`filter`、`receiver`、`active`、`silenced`、`inhibited`、`muted` で絞る";
        post "/api/v2/alerts" Json api::alertmanager::alerts::post, "Alerts of Prometheus, vmalert and others, as Alertmanager takes them", "Prometheus や vmalert などからの警報の受け取り(Alertmanager と同じ形式)";
        get "/api/v2/alerts/groups" Json api::alertmanager::alerts::groups, "The same by group and receiver", "同上(まとまりと宛先ごと)";
        get "/api/v2/silences" Json api::alertmanager::silences::list, "Silences, active ones first; `filter` chooses", "サイレンスの一覧(有効なものが先)。`filter` で絞る";
        post "/api/v2/silences" Json api::alertmanager::silences::set, "Set or change a silence", "サイレンスの設定・変更";
        get "/api/v2/silence/{id}" Json api::alertmanager::silences::show, "One silence", "サイレンスの詳細";
        delete "/api/v2/silence/{id}" Json api::alertmanager::silences::expire, "End a silence", "サイレンスの終了";
        get "/api/v2/status" Json api::alertmanager::status::show, "About this process, as Alertmanager answers", "このプロセスの情報(Alertmanager と同じ形式)";
        get "/api/v2/receivers" Json api::alertmanager::status::receivers, "Names of receivers", "宛先の名前";
        post "/api/v1/incidents" Json api::cases::open, "Open an incident by hand", "インシデントの起票";
        get "/api/v1/incidents/figures" Json api::cases::figures, "How fast people answer and mend; `by` is severity, month, person or each", "応答と復旧の速さ。`by` は severity、month、person、each";
        get "/api/v1/incidents/{id}/dossier" Json api::cases::dossier, "An incident with all that stands beside it: targets, clocks, changes, runbook, drafts", "インシデントと付随する情報(目標、期限、変更、手順書、下書き)";
        post "/api/v1/incidents/{id}/work" Json api::cases::act, "Record what was done: note, role, link, tick, cause, action, concern, severity, resolve", "対応の記録(メモ、担当、リンク、手順、要因、対策、データ、重大度、解決)";
        get "/api/v1/checklists" Json api::cases::today, "Today's checklists", "今日のチェックリスト";
        get "/api/v1/checklists/{list}" Json api::cases::month, "The sheets of a month", "1 か月分のチェックリスト";
        post "/api/v1/checklists/{list}/tick" Json api::cases::tick, "Answer an item", "項目への回答";
        post "/api/v1/checklists/{list}/sign" Json api::cases::sign, "Sign a sheet", "チェックリストへの署名";
        get "/api/v1/ledger/witnesses" Json api::ledger::witnesses, "Who outside witnesses the ledger, and when they saw it last", "台帳の外部の証人と最後の確認";
        get "/api/v1/ledger/checkpoint" Json api::ledger::checkpoint, "The newest signed checkpoint", "最新の署名付きチェックポイント";
        get "/api/v1/ledger/entries" Json api::ledger::entries, "Entries, newest first; `before`, `kind` and `limit` choose", "記録(新しい順)。`before`、`kind`、`limit` で絞る";
        get "/api/v1/ledger/entries/{index}" Json api::ledger::entry, "One entry", "台帳の記録";
        get "/api/v1/ledger/entries/{index}/inclusion" Json api::ledger::inclusion, "The proof that an entry is in the ledger", "記録が台帳に含まれることの証明";
        post "/api/v1/drills" Json api::drills::record, "Write a drill that was held into the ledger: who, what, when, how it went", "実施した訓練を台帳に記録する(誰が、何を、いつ、結果)";
        post "/api/v1/ledger/prune" Json api::ledger::prune, "Drop the bodies of ledger entries that are older than the spec's `ledger.keep`; hashes and proofs stay", "仕様の `ledger.keep` より古い台帳の記録の本文を消す(ハッシュと証明は残る)";
        post "/api/v1/ledger/erase" Json api::ledger::erase, "Erase a person's name or address from the ledger's personal fields; proofs hold as before", "台帳の個人項目から氏名やアドレスを消去する(証明はそのまま有効)";
        get "/api/v1/query" Json prometheus::query::instant, "A PromQL expression at one instant, as Prometheus answers", "ある時刻での PromQL の値。Prometheus と同じ形式";
        post "/api/v1/query" Json prometheus::query::instant, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/query_range" Json prometheus::query::range, "A PromQL expression along a stretch of time", "ある期間の PromQL の値";
        post "/api/v1/query_range" Json prometheus::query::range, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/query_exemplars" Json prometheus::exemplars::list, "Exemplars of the series that an expression names", "式に現れる系列のエグゼンプラー";
        post "/api/v1/query_exemplars" Json prometheus::exemplars::list, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/format_query" Json prometheus::text::format, "An expression, written well", "整形した式";
        post "/api/v1/format_query" Json prometheus::text::format, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/parse_query" Json prometheus::text::tree, "An expression as a tree", "式の構文木";
        post "/api/v1/parse_query" Json prometheus::text::tree, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/series" Json prometheus::series::list, "Series that `match[]` selects", "`match[]` に合う系列";
        post "/api/v1/series" Json prometheus::series::list, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/labels" Json prometheus::series::names, "Names of labels", "ラベルの名前";
        post "/api/v1/labels" Json prometheus::series::names, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/label/{name}/values" Json prometheus::series::values, "Values of one label", "ラベルの値";
        get "/api/v1/metadata" Json prometheus::metadata::list, "What metrics are", "メトリクスの種類と説明";
        get "/api/v1/targets" Json prometheus::targets::list, "Scrape targets", "収集先";
        get "/api/v1/targets/metadata" Json prometheus::metadata::of_targets, "What the metrics of targets are", "収集先ごとのメトリクスの種類と説明";
        get "/api/v1/scrape_pools" Json prometheus::targets::pools, "Names of scrape jobs", "収集ジョブの名前";
        get "/api/v1/alertmanagers" Json prometheus::targets::alertmanagers, "Alertmanagers: Tegata tells people itself", "Alertmanager の一覧(Tegata は自ら通知します)";
        get "/api/v1/rules" Json prometheus::rules::list, "Recording and alerting rules", "記録ルールと警報ルール";
        get "/api/v1/alerts" Json prometheus::rules::alerts, "Pending and firing alerts", "保留中と発報中の警報";
        get "/api/v1/status/config" Json prometheus::status::config, "What is scraped, as a configuration of Prometheus", "収集の設定(Prometheus の形式)";
        get "/api/v1/status/flags" Json prometheus::status::flags, "Bounds and switches by the names of Prometheus's flags", "上限と設定(Prometheus のフラグ名)";
        get "/api/v1/status/runtimeinfo" Json prometheus::status::runtime, "About this process", "このプロセスの情報";
        get "/api/v1/status/buildinfo" Json prometheus::status::build, "The version of Prometheus whose API is spoken, and our own", "対応する Prometheus のバージョンと Tegata のバージョン";
        get "/api/v1/status/tsdb" Json prometheus::status::store, "Which metrics and labels have most series", "系列の多いメトリクスとラベル";
        get "/api/v1/status/walreplay" Json prometheus::status::replay, "Whether the log is still being read", "ログの再読込の状況";
        post "/api/v1/admin/tsdb/delete_series" Json prometheus::admin::delete, "Delete samples, where the spec allows it", "サンプルの削除(仕様で許可した場合)";
        put "/api/v1/admin/tsdb/delete_series" Json prometheus::admin::delete, "The same", "同上";
        post "/api/v1/admin/tsdb/clean_tombstones" Json prometheus::admin::clean, "Nothing to do: space is freed as blocks are rewritten", "処理は不要(領域はブロックの書き直しで空きます)";
        put "/api/v1/admin/tsdb/clean_tombstones" Json prometheus::admin::clean, "The same", "同上";
        get "/federate" Text prometheus::federate::show, "The newest samples that `match[]` selects, in the text format", "`match[]` に合う最新のサンプル(テキスト形式)";
        get "/-/healthy" Text prometheus::status::healthy, "The process lives", "プロセスの生存";
        get "/-/ready" Text prometheus::status::ready, "It can be asked", "受付の可否";
        post "/api/v1/write" Text api::write::receive, "Samples by remote write 1.0 or 2.0", "remote write 1.0・2.0 によるサンプルの受け取り";
        post "/v1/metrics" Json api::otlp::metrics, "Metrics by OTLP over HTTP, protocol buffers or JSON", "HTTP の OTLP によるメトリクスの受け取り(protobuf・JSON)";
        post "/api/v1/otlp/v1/metrics" Json api::otlp::metrics, "The same, where Prometheus has it", "同上(Prometheus と同じパス)";
        post "/v1/logs" Json api::otlp::logs, "Log records by OTLP over HTTP", "HTTP の OTLP によるログの受け取り";
        post "/v1/traces" Json api::otlp::traces, "Spans by OTLP over HTTP", "HTTP の OTLP によるスパンの受け取り";
        post "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export" Text api::otlp::grpc_metrics, "Metrics by OTLP over gRPC", "gRPC の OTLP によるメトリクスの受け取り";
        post "/opentelemetry.proto.collector.logs.v1.LogsService/Export" Text api::otlp::grpc_logs, "Log records by OTLP over gRPC", "gRPC の OTLP によるログの受け取り";
        post "/opentelemetry.proto.collector.trace.v1.TraceService/Export" Text api::otlp::grpc_traces, "Spans by OTLP over gRPC", "gRPC の OTLP によるスパンの受け取り";
        get "/loki/api/v1/query_range" Json api::loki::read::range, "Lines, or counts of them, by LogQL, as Grafana's Loki data source asks", "LogQL によるログの行や件数(Grafana の Loki データソース用)";
        get "/loki/api/v1/query" Json api::loki::read::instant, "Counts of lines at one instant, by LogQL", "ある時刻での件数(LogQL)";
        get "/loki/api/v1/labels" Json api::loki::read::labels, "Labels that lines have", "行のラベル";
        get "/loki/api/v1/label/{name}/values" Json api::loki::read::values, "Values of one label", "ラベルの値";
        get "/loki/api/v1/series" Json api::loki::read::series, "Sets of labels that `match[]` selects", "`match[]` に合うラベルの組";
        get "/loki/api/v1/index/stats" Json api::loki::read::stats, "How many lines a selector finds, and about how many bytes", "セレクターに合う行の数とおおよそのバイト数";
        post "/loki/api/v1/push" Json api::loki::push, "Lines from the clients of Loki, JSON or protocol buffers", "Loki のクライアントからのログの受け取り(JSON・protobuf)";
        post "/metrics/{*group}" Text api::push::receive, "Metrics that a job pushes, as to a Pushgateway: `job/NAME`, then pairs of label and value", "ジョブがプッシュするメトリクス(Pushgateway と同じ `job/名前` にラベルと値の組が続くパス)";
        put "/metrics/{*group}" Text api::push::receive, "The same, in place of all that the group said", "同上(グループ全体を置き換え)";
        delete "/metrics/{*group}" Text api::push::receive, "Ends all that the group said", "グループのメトリクスを終わらせる";
        post "/api/v1/logs/delete" Json api::logs::delete, "Delete log records by a query, where the spec allows it; the ledger says who and why", "条件に合うログの削除(仕様で許可した場合)。依頼者と理由は台帳に残る";
        post "/api/v1/logs/export" File api::logs::export, "Log records that a query means, as a Parquet file", "条件に合うログを Parquet ファイルで書き出す";
        post "/api/v1/logs/seal" Json api::logs::seal, "Seal the stored logs into the ledger now", "保存済みのログを台帳に封印する";
        get "/api/v1/logs/holds" Json api::logs::holds, "Legal holds", "証拠保全の一覧";
        post "/api/v1/logs/holds" Json api::logs::hold, "Set a legal hold: nothing of it goes", "証拠保全を設定する(対象は消されない)";
        post "/api/v1/logs/holds/{name}/release" Json api::logs::release, "End a legal hold", "証拠保全を解除する";
        post "/ingest/logs/{stream}" Json api::ingest::logs, "Post log records, as NDJSON or a JSON array", "ログの投稿(NDJSON か JSON 配列)";
        post "/ingest/webhooks/{name}" Json api::ingest::webhook, "A signed event of another service", "他のサービスの署名付きイベント";
        get "/elastic" Json api::elastic::answer, "Elasticsearch's API begins here", "Elasticsearch の API の入口";
        get "/elastic/" Json api::elastic::answer, "The same", "同上";
        get "/elastic/{*path}" Json api::elastic::answer, "Elasticsearch's API: search, counts, mappings, cat, cluster", "Elasticsearch の API(検索、件数、マッピング、cat、クラスター)";
        post "/elastic/{*path}" Json api::elastic::answer, "Elasticsearch's API: _bulk, _search, _msearch, scroll", "Elasticsearch の API(_bulk、_search、_msearch、scroll)";
        put "/elastic/{*path}" Json api::elastic::answer, "Elasticsearch's API: documents, indices, templates", "Elasticsearch の API(文書、インデックス、テンプレート)";
        delete "/elastic/{*path}" Json api::elastic::answer, "Elasticsearch's API: delete an index, an alias, a template", "Elasticsearch の API(インデックス、エイリアス、テンプレートの削除)";
        get "/healthz" Text api::status::healthz, "The process lives", "プロセスの生存";
        get "/readyz" Text api::status::readyz, "It can be asked", "受付の可否";
        get "/metrics" Text api::status::metrics, "Tegata's own metrics, in Prometheus's text format", "Tegata 自身のメトリクス(Prometheus 形式)";
        get "/version" Json api::status::version, "The version", "バージョン";
        get "/openapi.json" Json api::openapi::show, "This API, described", "この API の説明";
    }
}

/// The description of every address, as OpenAPI 3.1.
#[must_use]
pub fn openapi(version: &str) -> serde_json::Value {
    api::openapi::document(&table(), version)
}

/// The console. Must be called within a tokio runtime: it follows the snapshots from here on.
pub fn router(desk: Desk) -> Router {
    let board = desk.board.borrow().clone();
    let hub = Arc::new(Hub::new(desk.clock.now().as_millis(), board));
    let hosts = desk.hosts.clone();
    let room: Shared = Arc::new(Room {
        desk,
        hub,
        boards: page::board::Cache::default(),
        turns: api::prometheus::Turns::default(),
        catalog: api::elastic::Shelf::default(),
    });
    live::follow(&room);
    let mut router = Router::new();
    for route in table() {
        router = router.route(route.path, (route.handler)());
    }
    router
        .fallback(elsewhere)
        .method_not_allowed_fallback(page::problem::wrong_method)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(room.clone())
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(room, access::pass))
        .layer(middleware::from_fn_with_state(hosts, guard::check))
}

/// Clients of Elasticsearch that cannot be told a path ask at the root; all else is unknown.
async fn elsewhere(State(room): State<Shared>, visit: Visit, request: Request) -> Response {
    if api::elastic::is_meant(request.uri().path()) {
        return api::elastic::answer(State(room), request).await;
    }
    page::problem::unknown(visit).await
}
