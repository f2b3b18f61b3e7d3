//! Figures of a sentence, each by the words around it.

use promise::{Say, say};

use super::{
    Objective, PAYMENTS, Reader,
    figures::{Figure, Kind, direction, figures, share_within, signed},
    place,
    stated::KEPT,
    words::{self, plain},
};

impl Reader<'_> {
    /// Every figure of a sentence, by the words around it.
    pub(super) fn prose(&mut self, text: &str, line: usize) {
        self.regions(text, line);
        if let Some(why) = unpromised(text) {
            return self.explained(text, why, line);
        }
        if let Some((time, quantile)) = share_within(text) {
            let bound = format!("<= {}", time.text);
            self.measured(text, "latency", Some(quantile), &bound, &time, line);
            return;
        }
        let left = self.statements(text, line);
        let left = self.part_sentence(&left, line).unwrap_or(left);
        let text = left.as_str();
        let mut from = 0;
        for figure in figures(text) {
            let clause_start = text[from..figure.start]
                .rfind(['、', '。', '；', ';', '（', '('])
                .map_or(from, |at| from + at);
            let before = text[clause_start..figure.start]
                .trim_start_matches(['、', '。', '；', ';', '（', '(', ' ', ',']);
            let after: String = text[figure.end..]
                .chars()
                .take_while(|c| !['、', '。', ';', '；', '（', '('].contains(c))
                .take(16)
                .collect();
            from = figure.end;
            if figure.kind == Kind::Count && !self.counts(before, &after) {
                continue;
            }
            self.figure(before, &after, text, &figure, line);
        }
        if let Some((id, _)) = self.dependency.clone().filter(|(_, at)| *at == line) {
            let lower = text.to_lowercase();
            let says = ["idempotent", "冪等"]
                .iter()
                .any(|word| lower.contains(word));
            let denied = ["not idempotent", "冪等でない", "冪等ではない"]
                .iter()
                .any(|word| lower.contains(word));
            if says {
                self.once(&["dependencies", &id, "idempotent"], !denied, line);
            }
        }
    }

    /// Figures that stand there and owe nothing, told as what they are.
    fn explained(&mut self, text: &str, why: Say, line: usize) {
        if figures(text).iter().any(|it| it.kind != Kind::Count) {
            self.draft.lost(line, text, why);
        }
    }

    /// Whether a bare number is one that a design owes: dates, versions and headings have numbers too.
    fn counts(&self, before: &str, after: &str) -> bool {
        let before = before.to_lowercase();
        let loses = ["rpo", "目標復旧時点"]
            .iter()
            .any(|word| before.contains(word));
        loses || after.starts_with('回') || RETRIED.iter().any(|word| before.contains(word))
    }

    fn figure(&mut self, before: &str, after: &str, text: &str, figure: &Figure, line: usize) {
        let near = format!("{before} {after}").to_lowercase();
        let whole = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| near.contains(word));
        let speaks = |words: &[&str]| words.iter().any(|word| whole.contains(word));
        let value = figure.text.as_str();
        // What the sentence turned to last, before this figure.
        let topic = topic(&text[..figure.start]);
        match figure.kind {
            Kind::Count if value == "0" && has(&["rpo", "目標復旧時点"]) => {
                self.objective("rpo", "0s", text, line);
            }
            Kind::Time if has(&["rto", "目標復旧時間"]) => {
                self.objective("rto", value, text, line)
            }
            Kind::Time if has(&["rpo", "目標復旧時点"]) => {
                self.objective("rpo", value, text, line)
            }
            Kind::Share if has(&OFFERED) => {
                self.objective("availability", value, text, line);
            }
            Kind::Time if is_of_logs(&whole) && has(&KEPT) => {
                self.once(&["monitoring", "log_retention"], value, line);
            }
            Kind::Time if before.trim_end().to_lowercase().ends_with("ttl") && speaks(&DNS) => {
                self.once(&["infrastructure", "dns", "main", "ttl"], value, line);
            }
            Kind::Time | Kind::Count if topic == Some(Topic::Checked) => {
                self.checked(&near, text, figure, line);
            }
            Kind::Time if topic == Some(Topic::Balancer) && has(&WAITED) => {
                let id = self.balancer(text, line);
                let drains = ["登録解除", "draining", "deregistration"]
                    .iter()
                    .any(|word| before.to_lowercase().contains(word));
                let field = if drains {
                    "deregistration_delay"
                } else {
                    "idle_timeout"
                };
                self.once(
                    &["infrastructure", "load_balancers", &id, field],
                    value,
                    line,
                );
            }
            Kind::Time if has(&["タイムアウト", "timeout"]) => {
                match self.waited_for(before, text, line) {
                    Some(id) => self.once(&["dependencies", &id, "timeout"], value, line),
                    None => self.draft.lost(
                        line,
                        text,
                        say!(
                            "whose timeout it is, nothing says",
                            "何のタイムアウトか書かれていません"
                        ),
                    ),
                }
            }
            Kind::Count if has(&RETRIED) => match self.waited_for(before, text, line) {
                Some(id) => {
                    let count = value.parse::<u64>().unwrap_or_default();
                    self.once(&["dependencies", &id, "retries"], count, line);
                }
                None => self.draft.lost(
                    line,
                    text,
                    say!(
                        "what is tried again, nothing says",
                        "何を再試行するか書かれていません"
                    ),
                ),
            },
            Kind::Time if self.is_waiting(line) && has(&PAUSED) => {
                if let Some((id, _)) = self.dependency.clone() {
                    self.once(&["dependencies", &id, "backoff"], value, line);
                }
            }
            Kind::Share if self.is_waiting(line) && has(&["sla", "可用性", "availability"]) => {
                if let Some((id, _)) = self.dependency.clone() {
                    self.once(&["dependencies", &id, "availability"], value, line);
                }
            }
            Kind::Time if has(&["間隔", "interval", "every"]) && speaks(&MEASURED) => {
                self.once(&["monitoring", "interval"], value, line);
            }
            Kind::Time if has(&ANSWERED) && words::severity(text).is_some() => {
                if let Some((severity, _)) = words::severity(text) {
                    self.severity(severity, line);
                    self.once(&["severities", severity, "answer_within"], value, line);
                }
            }
            Kind::Time if speaks(&TOLD) && words::severity(before).is_some() => {
                if let Some((severity, _)) = words::severity(before) {
                    self.severity(severity, line);
                    self.once(&["severities", severity, "page_within"], value, line);
                }
            }
            Kind::Time
                if has(&["証明書", "certificate", "ssl"])
                    || (whole.contains("証明書") && after.starts_with('前')) =>
            {
                self.once(
                    &["security", "certificates", "site", "told_before"],
                    value,
                    line,
                );
            }
            Kind::Share | Kind::Time | Kind::Rate if self.is_owed(text, figure) => {
                self.declare(before, after, text, figure, line);
            }
            Kind::Share | Kind::Time | Kind::Rate => self.draft.lost(
                line,
                text,
                say!(
                    "{value} is told, and not owed: no bound stands with it",
                    "{value} は説明の数値とみなしました(上限も下限も書かれていません)"
                ),
            ),
            _ => self.draft.lost(
                line,
                text,
                say!(
                    "a figure that nothing in a spec says: {value}",
                    "仕様に書くところのない数値です: {value}"
                ),
            ),
        }
    }

    /// Whether this line has spoken of a dependency.
    fn is_waiting(&self, line: usize) -> bool {
        self.dependency.as_ref().is_some_and(|(_, at)| *at == line)
    }

    /// What a health check is said to be.
    fn checked(&mut self, near: &str, text: &str, figure: &Figure, line: usize) {
        let field = match figure.kind {
            Kind::Count => "failures",
            _ if near.contains("タイムアウト") || near.contains("timeout") => "timeout",
            _ => "interval",
        };
        let is_ours = BALANCERS
            .iter()
            .any(|word| text.to_lowercase().contains(word))
            || self
                .part
                .as_ref()
                .is_some_and(|(of, _)| *of == "load_balancers");
        if !is_ours {
            let why = say!(
                "what is checked, nothing says",
                "何の確認か書かれていません"
            );
            return self.draft.lost(line, text, why);
        }
        let id = self.balancer(text, line);
        let path = [
            "infrastructure",
            "load_balancers",
            &id,
            "health_check",
            field,
        ];
        match figure.text.parse::<u64>() {
            Ok(count) => self.once(&path, count, line),
            Err(_) => self.once(&path, figure.text.as_str(), line),
        }
    }

    /// The load balancer that a text speaks of.
    fn balancer(&mut self, text: &str, line: usize) -> String {
        let known = self.draft.only_in(&["infrastructure", "load_balancers"]);
        let product = place::product_in(text).filter(|(section, _)| *section == "load_balancers");
        let own = self
            .part
            .clone()
            .filter(|(of, _)| *of == "load_balancers")
            .map(|(_, id)| id);
        let id = own
            .or(known)
            .unwrap_or_else(|| product.map_or("front", |(_, product)| product).to_owned());
        let path = ["infrastructure", "load_balancers", &id, "product"];
        if let Some((_, product)) = product.filter(|_| !self.draft.has(&path)) {
            self.draft.guess(
                &path,
                product,
                line,
                say!("the text names it", "文中に名前がある"),
            );
        }
        id
    }

    /// The dependency that a sentence waits for, where it speaks of one.
    fn waited_for(&mut self, before: &str, text: &str, line: usize) -> Option<String> {
        let lower = text.to_lowercase();
        // `Bankgirot: timeout 30 s, …` names whom it is about.
        let label = text.split_once([':', '：']).map(|(name, _)| name.trim());
        let label = label.filter(|name| name.chars().count() <= NAME_MAX && !name.contains(' '));
        let speaks = OTHERS.iter().any(|word| lower.contains(word))
            || self.is_under(&OTHERS)
            || self.dependency.as_ref().is_some_and(|(_, at)| *at == line);
        let name = few_words(before);
        let name = label.unwrap_or(if name.is_empty() { "provider" } else { &name });
        speaks.then(|| self.depends_on(text, name, line))
    }

    /// Whether a figure is a bound of something: a sign or a word says so, or the heading.
    fn is_owed(&self, text: &str, figure: &Figure) -> bool {
        const NORMS: [&str; 17] = [
            "must",
            "goal",
            "shall",
            "target",
            "objective",
            "promise",
            "guarantee",
            "slo",
            "sla",
            "目標",
            "とする",
            "保証",
            "約束",
            "要件",
            "維持",
            "合意",
            "基準",
        ];
        let lower = text.to_lowercase();
        // `5 年後`, `90 日経過後`: when, and not how long.
        if ["後", "経過"]
            .iter()
            .any(|word| text[figure.end..].trim_start().starts_with(word))
        {
            return false;
        }
        signed(text, figure).is_some()
            || NORMS.iter().any(|word| lower.contains(word))
            || self.is_under(&[
                "goal",
                "slo",
                "objective",
                "目標",
                "要件",
                "requirement",
                "サービスレベル",
                "monitor",
                "監視",
            ])
    }

    /// The standards that a document says it follows.
    pub(super) fn profiles(&mut self, text: &str, line: usize) {
        const PROFILES: [(&str, &[&str]); 3] = [
            ("pci", &["pci dss", "pci-dss", "pcidss"]),
            ("hipaa", &["hipaa"]),
            (
                "jp-medical",
                &[
                    "医療情報システムの安全管理",
                    "3省2ガイドライン",
                    "3省ガイドライン",
                ],
            ),
        ];
        let lower = text.to_lowercase();
        for (profile, words) in PROFILES {
            if words.iter().any(|word| lower.contains(word)) && !self.named.contains(&profile) {
                self.named.push(profile);
                let why = say!("the document names the standard", "文書が挙げる基準");
                self.draft.push_guess(&["profiles"], profile, line, why);
            }
        }
    }

    /// Sets what several sentences may say alike.
    pub(super) fn once(&mut self, path: &[&str], value: impl Into<serde_json::Value>, line: usize) {
        self.draft.guess(
            path,
            value,
            line,
            say!("told by the words around it", "前後の語による"),
        );
    }

    /// An objective whose tier is told by the words beside it, when all tiers are known.
    pub(super) fn objective(&mut self, field: &'static str, value: &str, about: &str, line: usize) {
        let (value, about) = (value.to_owned(), about.to_owned());
        self.objectives.push(Objective {
            field,
            value,
            about,
            line,
        });
    }

    /// A promise in words: owed, and without a source of evidence.
    fn declare(&mut self, before: &str, after: &str, text: &str, figure: &Figure, line: usize) {
        let said = signed(text, figure);
        let is_kept = figure.kind == Kind::Time
            && KEPT
                .iter()
                .any(|word| format!("{before} {after}").to_lowercase().contains(word));
        let sign = match &said {
            Some(said) => said.sign,
            None if is_kept => ">=",
            None => direction(text, figure),
        };
        let bound = format!("{sign} {}", figure.text);
        let about = if before.trim().is_empty() {
            text
        } else {
            before.trim()
        };
        let about = about.rsplit([':', '：']).next().unwrap_or(about);
        let about =
            about.trim_matches(|c: char| c.is_whitespace() || "<>=≤≥\"'“”「」(".contains(c));
        let about = about.trim_end_matches(['は', 'が', 'を', 'も']);
        // Between two figures often stands nothing but a sign.
        let about = if about.chars().any(char::is_alphabetic) {
            about
        } else {
            text
        };
        let measures = words::measures(about);
        let kind = measures.unwrap_or("promise");
        // The same bound of another thing is another promise.
        let quantile = words::quantile(before);
        let of = measures.map_or_else(|| plain(about), str::to_owned);
        let key = format!("{of} {} {bound}", quantile.as_deref().unwrap_or_default());
        if self.stated.contains(&key) {
            return self
                .draft
                .noted(line, text, say!("it was said before", "前に書かれています"));
        }
        self.stated.push(key);
        if self.measured(about, kind, quantile, &bound, figure, line) {
            return;
        }
        let id = self
            .draft
            .id("promises", &format!("{} {kind}", few_words(about)));
        let why = || say!("nothing says how it is measured", "測り方が書かれていない");
        self.draft
            .guess(&["promises", &id, "kind"], "declared", line, why());
        self.draft.guess(
            &["promises", &id, "text"],
            if about.is_empty() { text } else { about },
            line,
            why(),
        );
        self.draft
            .guess(&["promises", &id, "bound"], bound, line, why());
    }

    /// A bound on what is measured of every service is a metric with its threshold, which rules hold against the rest.
    pub(super) fn measured(
        &mut self,
        about: &str,
        measures: &str,
        quantile: Option<String>,
        bound: &str,
        figure: &Figure,
        line: usize,
    ) -> bool {
        let is_latency = figure.kind == Kind::Time && quantile.is_some() && bound.starts_with('<');
        let is_success =
            figure.kind == Kind::Share && measures == "success" && bound.starts_with('>');
        if !is_latency && !is_success {
            return false;
        }
        let measures = if is_latency { "latency" } else { measures };
        let name = format!(
            "{} {}",
            few_words(about),
            quantile.as_deref().unwrap_or(measures)
        );
        let id = self.draft.id("metrics", &name);
        let why = || say!("told by the words around it", "前後の語による");
        let at = |field| ["monitoring", "metrics", id.as_str(), field];
        self.draft.guess(&at("bound"), bound, line, why());
        self.draft.guess(&at("measures"), measures, line, why());
        if let Some(quantile) = quantile {
            self.draft.guess(&at("statistic"), quantile, line, why());
        }
        self.watch("metrics", &id, about.to_owned(), line);
        true
    }

    /// The dependency that a text speaks of: a product, or what it does for us.
    pub(super) fn depends_on(&mut self, text: &str, name: &str, line: usize) -> String {
        let lower = text.to_lowercase();
        const PRODUCTS: [&str; 8] = [
            "stripe",
            "paypal",
            "adyen",
            "braintree",
            "square",
            "gmo",
            "sendgrid",
            "twilio",
        ];
        let named = PRODUCTS.into_iter().find(|product| lower.contains(product));
        let is_payment = PAYMENTS.iter().any(|word| lower.contains(word));
        let implied = PRODUCTS
            .into_iter()
            .find(|product| is_payment && self.whole.contains(product));
        let id = match named.or(implied) {
            Some(product) => product.to_owned(),
            None if is_payment => "payment_provider".to_owned(),
            // The next figure of the same line speaks of the same one.
            None => match self.dependency.clone().filter(|(_, at)| *at == line) {
                Some((id, _)) => id,
                None => plain(super::short(name, "provider")),
            },
        };
        if let Some(product) = named
            .or(implied)
            .filter(|_| !self.draft.has(&["dependencies", &id, "product"]))
        {
            self.draft.guess(
                &["dependencies", &id, "product"],
                product,
                line,
                say!("the document names it", "文書で挙げられている"),
            );
        }
        self.dependency = Some((id.clone(), line));
        if is_payment {
            self.payer = Some(id.clone());
        }
        id
    }
}

/// What a sentence speaks of, where its figures alone do not say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Topic {
    Balancer,
    Checked,
}

/// The topic that a text turned to last.
fn topic(text: &str) -> Option<Topic> {
    let lower = text.to_lowercase();
    let last = |words: &[&str]| words.iter().filter_map(|word| lower.rfind(word)).max();
    let (balancer, checked) = (last(&BALANCERS), last(&CHECKED));
    match (balancer, checked) {
        (_, Some(checked)) if balancer.is_none_or(|balancer| balancer < checked) => {
            Some(Topic::Checked)
        }
        (Some(_), _) => Some(Topic::Balancer),
        _ => None,
    }
}

const BALANCERS: [&str; 9] = [
    "alb",
    "nlb",
    "load balancer",
    "loadbalancer",
    "ロードバランサ",
    "big-ip",
    "haproxy",
    "idle timeout",
    "アイドルタイムアウト",
];
const CHECKED: [&str; 5] = [
    "ヘルスチェック",
    "health check",
    "死活監視",
    "外形監視",
    "health probe",
];
const WAITED: [&str; 7] = [
    "アイドル",
    "idle",
    "timeout",
    "タイムアウト",
    "登録解除",
    "draining",
    "deregistration",
];
const PAUSED: [&str; 6] = [
    "wait",
    "backoff",
    "back-off",
    "再送間隔",
    "リトライ間隔",
    "between tries",
];
const RETRIED: [&str; 4] = ["retr", "リトライ", "再試行", "再送"];
const DNS: [&str; 3] = ["dns", "route 53", "名前解決"];
const MEASURED: [&str; 6] = ["メトリクス", "監視", "収集", "metric", "scrape", "collect"];
const ANSWERED: [&str; 6] = [
    "一次対応",
    "初動",
    "応答を開始",
    "acknowledg",
    "first response",
    "answer within",
];
const TOLD: [&str; 8] = [
    "phoned",
    "called",
    "message",
    "通知",
    "アラート",
    "alert",
    "notif",
    "page",
];
/// A name is no longer than this.
const NAME_MAX: usize = 24;
/// Words for those who answer us over a network.
const OTHERS: [&str; 18] = [
    "integration",
    "api",
    "連携",
    "外部",
    "接続",
    "カード会社",
    "provider",
    "partner",
    "upstream",
    "third part",
    "サードパーティ",
    "依存",
    "dependenc",
    "決済",
    "payment",
    "acquirer",
    "stripe",
    "webhook",
];

/// Why the figures of a sentence bind nobody, where it says so itself.
fn unpromised(text: &str) -> Option<Say> {
    const ELSEWHERE: [&str; 6] = [
        "検証環境",
        "開発環境",
        "ステージング",
        "staging",
        "development environment",
        "test environment",
    ];
    const HERE: [&str; 2] = ["本番", "production"];
    const UNBOUND: [&str; 5] = [
        "目安",
        "保証しない",
        "保証するものではない",
        "best effort",
        "not guaranteed",
    ];
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    if has(&UNBOUND) {
        return Some(say!(
            "the document says that it is no promise",
            "約束ではないと書かれています"
        ));
    }
    (has(&ELSEWHERE) && !has(&HERE)).then(|| {
        say!(
            "it is of another environment than production",
            "本番ではない環境の記述です"
        )
    })
}

/// Words for the share of time in which a service answers.
pub(super) const OFFERED: [&str; 5] = ["nines", "稼働率", "可用性", "availability", "uptime"];

fn is_of_logs(text: &str) -> bool {
    ["ログ", "log ", "logs", "証跡"]
        .iter()
        .any(|word| text.contains(word))
}

/// The first words of a sentence, for an id.
fn few_words(text: &str) -> String {
    const WORDS_MAX: usize = 3;
    let words = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| word.len() > 1);
    words.take(WORDS_MAX).collect::<Vec<_>>().join(" ")
}
