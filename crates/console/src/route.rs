//! Every address of the console: one line each. The router and `/openapi.json` are both made from this table, so
//! neither can know an address that the other does not.

use std::sync::Arc;

use axum::{
    Router,
    extract::DefaultBodyLimit,
    middleware,
    routing::{MethodRouter, get, post},
};
use promise::{Say, say};
use tower_http::compression::CompressionLayer;

use crate::{
    Desk, api, asset, guard,
    live::{self, Hub},
    page,
    reply::{Room, Shared},
};

/// A form holds a name and a note; whoever sends more means something else. Log intake has its own bound.
const FORM_BYTES_MAX: usize = 16 << 10;

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
        get "/incidents" Page page::incidents::show, "Incidents", "インシデントの一覧";
        get "/incidents/{id}" Page page::incident::show, "One incident", "インシデントの詳細";
        post "/incidents/{id}/acknowledge" Page page::incident::acknowledge, "Take an incident on (form)", "インシデントへの応答(フォーム)";
        get "/inbox" Page page::inbox::show, "Pages sent to the console itself", "画面宛ての通知";
        get "/ledger" Page page::ledger::list, "The newest entries of the ledger", "台帳の最新の記録";
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
        get "/api/v1/ledger/checkpoint" Json api::ledger::checkpoint, "The newest signed checkpoint", "最新の署名付きチェックポイント";
        get "/api/v1/ledger/entries" Json api::ledger::entries, "Entries, newest first; `before`, `kind` and `limit` choose", "記録(新しい順)。`before`、`kind`、`limit` で絞る";
        get "/api/v1/ledger/entries/{index}" Json api::ledger::entry, "One entry", "台帳の記録";
        get "/api/v1/ledger/entries/{index}/inclusion" Json api::ledger::inclusion, "The proof that an entry is in the ledger", "記録が台帳に含まれることの証明";
        get "/api/v1/query" Json api::prometheus::query, "A PromQL expression at one instant (`query`, `time`), as Prometheus answers", "ある時刻での PromQL の値(`query`、`time`)。Prometheus と同じ形式";
        post "/api/v1/query" Json api::prometheus::query, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/query_range" Json api::prometheus::query_range, "A PromQL expression along a stretch of time (`query`, `start`, `end`, `step`)", "ある期間の PromQL の値(`query`、`start`、`end`、`step`)";
        post "/api/v1/query_range" Json api::prometheus::query_range, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/series" Json api::prometheus::series, "Series seen within five minutes of `end` that `match[]` selects", "`end` までの 5 分間にあり `match[]` に合う系列";
        post "/api/v1/series" Json api::prometheus::series, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/labels" Json api::prometheus::labels, "Names of labels seen within five minutes of `end`", "`end` までの 5 分間にあったラベルの名前";
        post "/api/v1/labels" Json api::prometheus::labels, "The same, asked by a form", "同上(フォームで指定)";
        get "/api/v1/label/{name}/values" Json api::prometheus::values, "Values of one label", "ラベルの値";
        post "/ingest/logs/{stream}" Json api::ingest::logs, "Post log records, as NDJSON or a JSON array", "ログの投稿(NDJSON か JSON 配列)";
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
    });
    live::follow(&room);
    let mut router = Router::new();
    for route in table() {
        router = router.route(route.path, (route.handler)());
    }
    router
        .fallback(page::problem::unknown)
        .method_not_allowed_fallback(page::problem::wrong_method)
        .layer(DefaultBodyLimit::max(FORM_BYTES_MAX))
        .with_state(room)
        .layer(CompressionLayer::new())
        .layer(middleware::from_fn_with_state(hosts, guard::check))
}
