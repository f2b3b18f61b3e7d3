//! The sections of a spec, one file each, in the order in which a person writes them.

pub mod access;
pub mod alerting;
pub mod calendar;
pub mod canary;
pub mod correction;
pub mod engine;
pub mod escalation;
pub mod incident;
pub mod ledger;
pub mod on_call;
pub mod profile;
pub mod promises;
pub mod receive;
pub mod receiver;
pub mod redact;
pub mod retention;
pub mod route;
pub mod rules;
pub mod service;
pub mod severity;
pub mod source;
pub mod state;
pub mod suppression;
pub mod unsettled;

pub mod scrape;

pub mod discovery;
pub mod relabel;

pub mod checklist;
pub mod compliance;
pub mod continuity;
pub mod cost;
pub mod delivery;
pub mod dependency;
pub mod duty;
pub mod hearing;
pub mod infrastructure;
pub mod load_plan;
pub mod log_analysis;
pub mod log_engine;
pub mod monitoring;
pub mod security;

use std::collections::BTreeMap;

use promise::{Promise, record};
use serde::{Deserialize, Serialize};

/// A whole spec without a mistake.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    pub service: service::Service,
    pub profiles: Vec<profile::Profile>,
    pub console: service::Console,
    pub access: access::Access,
    pub sources: source::Sources,
    pub promises: Vec<Promise>,
    pub rules: rules::Rules,
    pub severities: BTreeMap<String, severity::Severity>,
    pub routes: Vec<route::Route>,
    pub alerting: alerting::Alerting,
    pub receivers: BTreeMap<String, receiver::Receiver>,
    pub on_call: Option<on_call::OnCall>,
    pub escalations: BTreeMap<String, escalation::Escalation>,
    pub incidents: incident::Incidents,
    pub retention: retention::Retention,
    pub ledger: ledger::Ledger,
    pub corrections: BTreeMap<String, correction::Correction>,
    pub canary: Option<canary::Canary>,
    pub metrics: Option<engine::Engine>,
    pub logs: Option<log_engine::LogEngine>,
    pub state: Option<state::State>,
    pub suppressions: BTreeMap<String, suppression::Suppression>,
    pub design: Design,
}

/// What a design says about the service beyond what is run from the spec.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Design {
    pub infrastructure: infrastructure::Infrastructure,
    pub dependencies: BTreeMap<String, dependency::Dependency>,
    pub deliveries: BTreeMap<String, delivery::Delivery>,
    pub monitoring: monitoring::Monitoring,
    pub log_analysis: BTreeMap<String, log_analysis::Stream>,
    pub security: security::Security,
    pub compliance: compliance::Compliance,
    pub continuity: continuity::Continuity,
    pub load: load_plan::Load,
    pub checklists: BTreeMap<String, checklist::Checklist>,
    pub costs: cost::Costs,
    pub hearing: BTreeMap<String, hearing::Question>,
    pub unsettled: Vec<unsettled::Unsettled>,
}

/// The names of the sections in a file.
pub const SECTIONS: [&str; 36] = [
    "include",
    "service",
    "profiles",
    "console",
    "access",
    "sources",
    "promises",
    "rules",
    "severities",
    "routes",
    "alerting",
    "receivers",
    "on_call",
    "escalations",
    "incidents",
    "retention",
    "ledger",
    "corrections",
    "canary",
    "metrics",
    "logs",
    "state",
    "suppressions",
    "infrastructure",
    "dependencies",
    "deliveries",
    "monitoring",
    "log_analysis",
    "security",
    "compliance",
    "continuity",
    "load",
    "checklists",
    "costs",
    "hearing",
    "unsettled",
];

record! {
    /// Everything that a service promises and how it is watched.
    /// ja: サービスの約束と、その見守り方のすべて。
    pub struct Document {
        /// Other files of this spec, seen from this one; `*` stands for any text within a folder or file name.
        /// ja: この仕様の続きのファイル(このファイルから見たパス)。`*` はフォルダー名やファイル名の中の任意の文字列です。
        include: Vec<String> = Vec::new(),
        /// The service that owes the promises.
        /// ja: 約束を負うサービス。
        service: service::Service,
        /// The standards that it is held to: `pci`, `hipaa`, `jp-medical`. Some rules run only for them.
        /// ja: 準拠する基準(`pci`、`hipaa`、`jp-medical`)。基準ごとの規則が加わります。
        profiles: Vec<profile::Profile> = Vec::new(),
        /// The pages and the API.
        /// ja: 画面と API。
        console: service::Console = service::Console::default(),
        /// Who may open the console and its API, and what for.
        /// ja: 画面と API を使える人と、その役割。
        access: access::Access = access::Access::default(),
        /// Where evidence comes from.
        /// ja: 証拠の出どころ。
        sources: source::Sources = source::Sources::default(),
        /// What is owed, by id.
        /// ja: 約束(id ごと)。
        promises: promises::Promises,
        /// Prometheus rule files.
        /// ja: Prometheus のルールファイル。
        rules: rules::Rules = rules::Rules::default(),
        /// How bad a broken promise is, by name.
        /// ja: 重大度(名前ごと)。
        severities: BTreeMap<String, severity::Severity> = BTreeMap::new(),
        /// Which pages go where; every route that fits is used.
        /// ja: どの通知をどこへ送るか。当てはまる経路はすべて使われます。
        routes: Vec<route::Route> = Vec::new(),
        /// When pages are held back, and how alerts of others are taken.
        /// ja: 通知を控える条件と、外部から届く警報の扱い。
        alerting: alerting::Alerting = alerting::Alerting::default(),
        /// Where pages go, by name.
        /// ja: 通知の宛先(名前ごと)。
        receivers: BTreeMap<String, receiver::Receiver> = BTreeMap::new(),
        /// Who answers now.
        /// ja: 当番。
        on_call: Option<on_call::OnCall>,
        /// Who is told after how long while nobody answers, by name.
        /// ja: 応答がないときの連絡の順(名前ごと)。
        escalations: BTreeMap<String, escalation::Escalation> = BTreeMap::new(),
        /// How incidents are worked on: runbooks, answers that are owed.
        /// ja: インシデントの進め方(手順書、応答の約束)。
        incidents: incident::Incidents = incident::Incidents::default(),
        /// How long evidence is kept; the ledger has its own `ledger.keep`.
        /// ja: 証拠の保存期間。台帳は `ledger.keep` で決めます。
        retention: retention::Retention = retention::Retention::default(),
        /// The ledger: who outside witnesses that it only grew.
        /// ja: 台帳と、それを外部で見届ける証人。
        ledger: ledger::Ledger = ledger::Ledger::default(),
        /// Stretches that do not count, by name. Each is an entry of the ledger, and verdicts say what they hide.
        /// ja: 計算から除く時間帯(名前ごと)。台帳に記録され、判定には除かない場合の値も示されます。
        corrections: BTreeMap<String, correction::Correction> = BTreeMap::new(),
        /// A made-up alert that travels the whole way again and again.
        /// ja: 全経路を定期的に通る試験用の警報。
        canary: Option<canary::Canary>,
        /// An engine elsewhere that holds the samples.
        /// ja: サンプルを保持する外部のエンジン。
        metrics: Option<engine::Engine>,
        /// An engine elsewhere that holds the log records.
        /// ja: ログを保持する外部のエンジン。
        logs: Option<log_engine::LogEngine>,
        /// Where alerts and incidents are kept, when two instances share them.
        /// ja: 警報とインシデントの置き場所(複数のインスタンスで共有する場合)。
        state: Option<state::State>,
        /// Findings that are borne for a while, by name, each with a reason and a last day.
        /// ja: しばらく受け入れる指摘(名前ごと)。理由と期日を書きます。
        suppressions: BTreeMap<String, suppression::Suppression> = BTreeMap::new(),
        /// What the service stands on.
        /// ja: サービスを支える基盤。
        infrastructure: infrastructure::Infrastructure = infrastructure::Infrastructure::default(),
        /// What others do for the service, by name.
        /// ja: 依存先(名前ごと)。
        dependencies: BTreeMap<String, dependency::Dependency> = BTreeMap::new(),
        /// What is sent again until it is answered, such as webhooks, by name.
        /// ja: 応答があるまで再送されるもの(Webhook など)。
        deliveries: BTreeMap<String, delivery::Delivery> = BTreeMap::new(),
        /// What a design wants to be watched.
        /// ja: 設計で定めた監視。
        monitoring: monitoring::Monitoring = monitoring::Monitoring::default(),
        /// Which logs a design keeps and what follows from them, by name.
        /// ja: 設計で定めたログと、その条件と動作。
        log_analysis: BTreeMap<String, log_analysis::Stream> = BTreeMap::new(),
        /// How the service is defended.
        /// ja: サービスの守り。
        security: security::Security = security::Security::default(),
        /// Standards and the duties that follow from them.
        /// ja: 満たすべき基準と義務。
        compliance: compliance::Compliance = compliance::Compliance::default(),
        /// How the service comes back after a disaster.
        /// ja: 災害からの復旧。
        continuity: continuity::Continuity = continuity::Continuity::default(),
        /// Load scenarios and what they must show.
        /// ja: 負荷試験と合格の条件。
        load: load_plan::Load = load_plan::Load::default(),
        /// What people look at, by name.
        /// ja: チェックリスト。
        checklists: BTreeMap<String, checklist::Checklist> = BTreeMap::new(),
        /// What may be spent in a month.
        /// ja: 1 か月の予算。
        costs: cost::Costs = cost::Costs::default(),
        /// What was asked and answered, by name.
        /// ja: ヒアリングの質問と回答。
        hearing: BTreeMap<String, hearing::Question> = BTreeMap::new(),
        /// What the documents behind this spec say of one thing differently, until somebody decides.
        /// ja: 元の文書の間で食い違い、まだ決まっていない値。
        unsettled: Vec<unsettled::Unsettled> = Vec::new(),
    }
}

impl From<Document> for Spec {
    /// Promises take the service's time zone, and its owner where they name none.
    fn from(document: Document) -> Self {
        let service = document.service;
        let mut promises = document.promises.0;
        let design = Design {
            infrastructure: document.infrastructure,
            dependencies: document.dependencies,
            deliveries: document.deliveries,
            monitoring: document.monitoring,
            log_analysis: document.log_analysis,
            security: document.security,
            compliance: document.compliance,
            continuity: document.continuity,
            load: document.load,
            checklists: document.checklists,
            costs: document.costs,
            hearing: document.hearing,
            unsettled: document.unsettled,
        };
        promises.extend(duty::unproven(&service, &design, &promises));
        let (severities, escalations) = escalated(document.severities, document.escalations);
        let worst = severities
            .iter()
            .min_by_key(|(_, it)| it.level)
            .map(|(name, _)| name);
        let canary = document.canary.as_ref().and_then(|it| it.promise(worst));
        promises.extend(canary.filter(|it| !promises.iter().any(|known| known.id == it.id)));
        let lists = design.checklists.values();
        let mut built_in = document.incidents.promises(severities.iter(), lists);
        let mildest = severities
            .iter()
            .max_by_key(|(_, it)| it.level)
            .map(|(name, _)| name);
        built_in.extend(document.ledger.promises(mildest));
        for promise in built_in {
            if !promises.iter().any(|known| known.id == promise.id) {
                promises.push(promise);
            }
        }
        for promise in &mut promises {
            promise.time_zone.clone_from(&service.time_zone);
            promise
                .terms
                .owner
                .get_or_insert_with(|| service.owner.clone());
            let corrections = document.corrections.iter();
            promise.corrections = corrections
                .filter(|(_, correction)| correction.is_for(&promise.id))
                .map(|(name, correction)| promise::Correction {
                    id: name.clone(),
                    from: correction.from,
                    to: correction.to,
                    why: correction.why.clone(),
                    who: correction.who.clone(),
                })
                .collect();
            let maintenances = document.alerting.maintenances.iter();
            promise
                .corrections
                .extend(maintenances.filter_map(|(name, work)| work.correction(name, &promise.id)));
        }
        Self {
            service,
            profiles: document.profiles,
            console: document.console,
            access: document.access,
            sources: document.sources,
            promises,
            rules: document.rules,
            severities,
            routes: document.routes,
            alerting: document.alerting,
            receivers: document.receivers,
            on_call: document.on_call,
            escalations,
            incidents: document.incidents,
            retention: document.retention,
            ledger: document.ledger,
            corrections: document.corrections,
            canary: document.canary,
            metrics: document.metrics,
            logs: document.logs,
            state: document.state,
            suppressions: document.suppressions,
            design,
        }
    }
}

/// One notion of who is told next: what severities say the older way becomes an escalation of their name.
fn escalated(
    mut severities: BTreeMap<String, severity::Severity>,
    mut escalations: BTreeMap<String, escalation::Escalation>,
) -> (
    BTreeMap<String, severity::Severity>,
    BTreeMap<String, escalation::Escalation>,
) {
    for (name, severity) in &mut severities {
        let Some(escalation) = severity.take_escalation() else {
            continue;
        };
        let mut own = name.clone();
        while escalations.contains_key(&own) {
            own.push('_');
        }
        severity.escalation = Some(own.clone());
        escalations.insert(own, escalation);
    }
    (severities, escalations)
}
