//! The sections of a spec, one file each, in the order in which a person writes them.

pub mod on_call;
pub mod receiver;
pub mod retention;
pub mod route;
pub mod service;
pub mod severity;
pub mod source;

use std::collections::BTreeMap;

use promise::Promise;
use serde::{Deserialize, Serialize};

/// A whole spec without a mistake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    pub service: service::Service,
    pub console: service::Console,
    pub sources: source::Sources,
    pub promises: Vec<Promise>,
    pub severities: BTreeMap<String, severity::Severity>,
    pub routes: Vec<route::Route>,
    pub receivers: BTreeMap<String, receiver::Receiver>,
    pub on_call: Option<on_call::OnCall>,
    pub retention: retention::Retention,
}
