//! What programs ask: the same knowledge as the pages', as JSON. Errors are RFC 9457 problems in both languages.

pub(crate) mod alertmanager;
pub(crate) mod cases;
pub(crate) mod clear;
pub(crate) mod drills;
pub(crate) mod elastic;
pub(crate) mod incidents;
pub(crate) mod ingest;
pub(crate) mod jaeger;
pub(crate) mod ledger;
pub(crate) mod logs;
pub(crate) mod loki;
pub(crate) mod openapi;
pub(crate) mod otlp;
pub(crate) mod packed;
pub(crate) mod prometheus;
pub(crate) mod promises;
pub(crate) mod push;
pub(crate) mod status;
pub(crate) mod write;
