//! Figures of a sentence, each by the words around it.

use promise::{Say, say};

use super::{
    Reader,
    aside::unpromised,
    bounds::{is_most_of_all, share_within, signed},
    by_the_words, clock,
    figures::{Figure, Kind, ends_a_span, figures},
    no_home, numbers,
    objectives::recovered,
    owed::OFFERED,
    stated::KEPT,
    waiting::{PAUSED, RETRIED, Topic, WAITED, topic},
    words,
};

/// Words beside the time that is left of a certificate.
const BEFORE_THE_END: [&str; 8] = [
    "before", "prior", "前", "残", "left", "remain", "expir", "ahead",
];

impl Reader<'_> {
    /// Every figure of a sentence, by the words around it.
    pub(super) fn prose(&mut self, text: &str, line: usize) {
        self.regions(text, line);
        let above = self.headings.iter().chain(&self.above);
        let above = above.map(|(_, text)| text.as_str());
        let why = above.chain([text]).find_map(unpromised);
        if let Some(why) = why {
            return self.explained_in_part(text, why, line);
        }
        if let Some((time, quantile)) = share_within(text) {
            let bound = format!("<= {}", time.text);
            self.measured(text, "latency", Some(quantile), &bound, &time, line);
            return;
        }
        self.resides(text, line);
        self.sent_again(text, line);
        self.certified(text, line);
        self.injected(text, line);
        self.erased(text, line);
        self.copied_to("", text, line);
        if self.duty(text, text, line)
            || self.kept_by_rule(text, line)
            || self.read_again(text, line)
            || self.seldom_called(text, line)
            || self.stopped("", text, line)
        {
            return;
        }
        let lower = text.to_lowercase();
        let is_of_calls = |word: &&str| lower.contains(*word);
        let is_of_turns = clock::ON_CALL.iter().any(is_of_calls) || self.is_under(&clock::ON_CALL);
        if is_of_turns && self.called("", text, line) {
            self.manned(text, line);
            return;
        }
        let left = self.statements(text, line);
        let left = self.part_sentence(&left, line).unwrap_or(left);
        self.tried_again(&left, line);
        self.nothing_lost(&left, line);
        self.card_data(text, line);
        self.own_keys(text, line);
        self.dead_letters(text, line);
        self.cards_taken(text, line);
        let text = left.as_str();
        let mut from = 0;
        for figure in figures(text) {
            // A part of a day and a number may lie over each other.
            let clause_start = text
                .get(from..figure.start)
                .and_then(|clause| clause.rfind(['、', '。', '；', ';', '（', '(']))
                .map_or(from.min(figure.start), |at| from + at);
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
        if let Some(id) = self.waiting_for(line) {
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

    /// A recovery point that is told in a word: `the recovery point objective is therefore zero`.
    fn nothing_lost(&mut self, text: &str, line: usize) {
        const NOTHING: [&str; 3] = ["zero", "ゼロ", "nil"];
        let lower = text.to_lowercase();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if speaks(&LOST) && speaks(&NOTHING) && figures(text).iter().all(|it| it.kind != Kind::Time)
        {
            self.objective("rpo", "0s", text, line);
        }
    }

    /// A sentence of which some clauses bind nobody: `the VPC of the standby is …, that of the test environment …`.
    fn explained_in_part(&mut self, text: &str, why: Say, line: usize) {
        let clauses: Vec<&str> = text.split_inclusive(['、', ';', '；']).collect();
        let (bare, bound): (Vec<&str>, Vec<&str>) = clauses
            .iter()
            .partition(|clause| unpromised(clause).is_some());
        let is_mixed = !bare.is_empty() && bound.iter().any(|clause| numbers::says_one(clause));
        if !is_mixed
            || self
                .headings
                .iter()
                .any(|(_, above)| unpromised(above).is_some())
        {
            return self.explained(text, why, line);
        }
        self.explained(&bare.concat(), why, line);
        self.prose(&bound.concat(), line);
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
        let after = after.trim_start().to_lowercase();
        loses
            || after.starts_with('回')
            || RETRIED
                .iter()
                .any(|word| before.contains(word) || after.starts_with(word))
    }

    fn figure(&mut self, before: &str, after: &str, text: &str, figure: &Figure, line: usize) {
        // `RPO（目標復旧時点）: 5 分`: what is named stands before its brackets.
        let label = text.split_once([':', '：']).map(|(name, _)| name);
        let is_first = || {
            figures(text)
                .first()
                .is_some_and(|first| first.start == figure.start)
        };
        let label = label
            .filter(|name| name.len() < figure.start && recovered(name).is_some() && is_first());
        let near = format!("{} {before} {after}", label.unwrap_or_default()).to_lowercase();
        let whole = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| near.contains(word));
        let speaks = |words: &[&str]| words.iter().any(|word| whole.contains(word));
        let value = figure.text.as_str();
        // What the sentence turned to last, before this figure.
        let heading = self.headings.last().map(|(_, text)| text.as_str());
        let topic = topic(&text[..figure.start]).or_else(|| topic(heading?));
        if ends_a_span(text, figure) && signed(text, figure).is_none() {
            let why = say!(
                "a span of values, and no bound",
                "幅のある値であり、上限でも下限でもありません"
            );
            return self.draft.lost(line, text, why);
        }
        if self.answers(text, figure, line) {
            return;
        }
        match figure.kind {
            Kind::Count if value == "0" && has(&["rpo", "目標復旧時点"]) => {
                self.objective("rpo", "0s", text, line);
            }
            Kind::Time if (has(&RECOVERED) || is_recovery(&near)) && !has(&NOT_RECOVERED) => {
                self.objective("rto", value, text, line);
            }
            Kind::Time if is_downtime(text) => {
                self.objective("downtime_allowed", value, text, line);
            }
            Kind::Time if has(&LOST) => self.objective("rpo", value, text, line),
            Kind::Share
                if has(&OFFERED)
                    || (is_most_of_all(figure) && is_alone(text, figure) && speaks(&OFFERED)) =>
            {
                self.objective("availability", value, text, line);
            }
            // What is archived after it is kept longer, and how long nothing says.
            Kind::Time
                if is_of_logs(&near)
                    && has(&KEPT)
                    && speaks(&["with archiv", "then archiv", "以後アーカイブ"]) =>
            {
                self.draft.lost(line, text, no_home());
            }
            Kind::Time if is_of_logs(&near) && has(&KEPT) && !has(&OF_USE) => {
                self.once(&["monitoring", "log_retention"], value, line);
            }
            Kind::Time if names_ttl(before) && speaks(&DNS) => {
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
            Kind::Time if has(&TIMED_OUT) && self.timed_compute(text).is_some() => {
                if let Some(id) = self.timed_compute(text) {
                    self.once(&["infrastructure", "compute", &id, "timeout"], value, line);
                }
            }
            Kind::Time if has(&TIMED_OUT) => match self.waited_for(before, text, line) {
                Some(id) => self.once(&["dependencies", &id, "timeout"], value, line),
                None => self.draft.lost(
                    line,
                    text,
                    say!(
                        "whose timeout it is, nothing says",
                        "何のタイムアウトか書かれていません"
                    ),
                ),
            },
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
            Kind::Time if self.waiting_for(line).is_some() && has(&PAUSED) => {
                if let Some(id) = self.waiting_for(line) {
                    self.once(&["dependencies", &id, "backoff"], value, line);
                }
            }
            // What the service offers itself has been told above.
            Kind::Share if self.waiting_for(line).is_some() && near.contains("sla") => {
                if let Some(id) = self.waiting_for(line) {
                    self.once(&["dependencies", &id, "availability"], value, line);
                }
            }
            Kind::Time if has(&["間隔", "interval", "every"]) && speaks(&MEASURED) => {
                self.once(&["monitoring", "interval"], value, line);
            }
            // `within 15 minutes (P1) or 30 minutes (P2)`
            Kind::Time if speaks(&ANSWERED) && bracketed(text, figure).is_some() => {
                if let Some((severity, _)) = bracketed(text, figure) {
                    self.severity(severity, line);
                    self.once(&["severities", severity, "answer_within"], value, line);
                }
            }
            Kind::Time if has(&ANSWERED) && words::severity(text).is_some() => {
                if let Some((severity, _)) = words::severity(text) {
                    self.severity(severity, line);
                    self.around_the_clock(severity, text, line);
                    let path = ["severities", severity, "answer_within"];
                    let said = self.draft.says(&path).and_then(|it| it.as_str());
                    let elsewhere = self.draft.line_of(&path).abs_diff(line) > 0;
                    if said.is_some_and(|said| said != value)
                        && elsewhere
                        && self.severity.is_none()
                    {
                        self.draft.contest(&path, value, line);
                        return;
                    }
                    self.once(&["severities", severity, "answer_within"], value, line);
                }
            }
            Kind::Time
                if speaks(&TOLD)
                    && words::severity(&text[..figure.start]).is_some()
                    && (words::severity(before).is_some() || speaks(&CALLING))
                    && (has(&["within", "以内", "in under"])
                        || signed(text, figure).is_some_and(|it| it.sign.starts_with('<'))) =>
            {
                if let Some((severity, _)) =
                    words::severity(before).or_else(|| words::severity(&text[..figure.start]))
                {
                    self.severity(severity, line);
                    self.once(&["severities", severity, "page_within"], value, line);
                }
            }
            // Who is called so soon, and for nothing that has a severity of its own, is called for the worst.
            Kind::Time
                if has(&["以内", "within", "no later than"])
                    && (CALLED.iter().any(|word| after.contains(word)) || speaks(&RUNG))
                    && words::severity(text).is_none() =>
            {
                self.severity("sev1", line);
                self.once(&["severities", "sev1", "page_within"], value, line);
            }
            Kind::Time
                if value.ends_with(['d', 'w', 'h', 'y'])
                    && (has(&["証明書", "certificate", "ssl"]) && has(&BEFORE_THE_END)
                        || (whole.contains("証明書") && after.starts_with('前'))) =>
            {
                self.once(
                    &["security", "certificates", "site", "told_before"],
                    value,
                    line,
                );
            }
            // `遅れが30秒を超えたら警告する`: when somebody is told, and no promise.
            Kind::Share | Kind::Time | Kind::Rate if is_warning(text, figure) => {
                let severity = words::severity(text).map(|(severity, _)| severity);
                self.alert(text, severity, line, "");
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

    /// Sets what several sentences may say alike.
    pub(super) fn once(&mut self, path: &[&str], value: impl Into<serde_json::Value>, line: usize) {
        self.draft.guess(path, value, line, by_the_words());
    }
}
const TIMED_OUT: [&str; 6] = [
    "タイムアウト",
    "timeout",
    "time out",
    "times out",
    "deadline",
    "打ち切",
];
/// Logs of how a product is used, which audit nothing.
const OF_USE: [&str; 6] = [
    "行動ログ",
    "利用ログ",
    "検索ログ",
    "behavio",
    "analytics",
    "click",
];
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
const CALLED: [&str; 4] = ["担当者を呼", "当番を呼", "on-call is paged", "we page"];
/// Words for a call that goes out.
const CALLING: [&str; 5] = [
    "呼び出しが",
    "呼び出す",
    "通知が",
    "is paged",
    "page goes out",
];
/// Words for what reaches whoever is on call, in whatever part of the sentence.
const RUNG: [&str; 9] = [
    "端末を鳴ら",
    "当番を鳴ら",
    "当番に届",
    "当番へ届",
    "担当者に届",
    "is paged",
    "are paged",
    "be paged",
    "reaches the on-call",
];
const TOLD: [&str; 9] = [
    "phoned",
    "called",
    "message",
    "通知",
    "呼び出し",
    "アラート",
    "alert",
    "notif",
    "page",
];

/// Words for how much of the newest may be lost.
const LOST: [&str; 3] = ["rpo", "recovery point", "目標復旧時点"];

/// Whether a sentence says how long a service may be down in a month.
fn is_downtime(text: &str) -> bool {
    const DOWN: [&str; 7] = [
        "may be down",
        "downtime allow",
        "allowed downtime",
        "downtime budget",
        "monthly downtime",
        "許容停止",
        "停止してよい",
    ];
    const MONTH: [&str; 5] = ["month", "30 days", "30日", "月間", "月あたり"];
    const YEAR: [&str; 3] = ["year", "年間", "annual"];
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    has(&DOWN) && has(&MONTH) && !has(&YEAR)
}

/// The severity that stands in parentheses behind a figure.
fn bracketed(text: &str, figure: &Figure) -> Option<(&'static str, u64)> {
    let after = text.get(figure.end..)?.trim_start();
    let inner = after.strip_prefix(['(', '（'])?;
    words::severity(inner.split([')', '）']).next()?)
}

/// Whether no other figure of its kind stands in the text.
fn is_alone(text: &str, figure: &Figure) -> bool {
    figures(text)
        .iter()
        .filter(|it| it.kind == figure.kind)
        .count()
        == 1
}

/// Whether somebody is told when a value is beyond the figure.
fn is_warning(text: &str, figure: &Figure) -> bool {
    const WARNED: [&str; 8] = [
        "警告",
        "通知",
        "知らせ",
        "アラート",
        "alert",
        "warn",
        "notif",
        "pages",
    ];
    let lower = text.to_lowercase();
    let is_beyond = signed(text, figure).is_some_and(|said| said.sign.starts_with('>'));
    is_beyond && WARNED.iter().any(|word| lower.contains(word))
}

/// Words for the time in which a service must be there again.
const RECOVERED: [&str; 8] = [
    "rto",
    "目標復旧時間",
    "recovery time",
    "be back within",
    "back in service within",
    "restored within",
    "recovered within",
    "以内に復旧",
];

/// What is done when a service is not there again.
const NOT_RECOVERED: [&str; 4] = [
    "復旧できない",
    "復旧しない",
    "not restored within",
    "not recovered within",
];

fn is_of_logs(text: &str) -> bool {
    ["ログ", "log ", "logs", "証跡"]
        .iter()
        .any(|word| text.contains(word))
}

/// The first words of a sentence, for an id.
pub(super) fn few_words(text: &str) -> String {
    const WORDS_MAX: usize = 3;
    let words = text
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| word.len() > 1);
    words.take(WORDS_MAX).collect::<Vec<_>>().join(" ")
}

/// Whether the last words before a figure are those of a TTL.
fn names_ttl(before: &str) -> bool {
    const NEAR: usize = 10;
    let lower = before.to_lowercase();
    let last: Vec<char> = lower.chars().rev().take(NEAR).collect();
    last.into_iter().rev().collect::<String>().contains("ttl")
}

/// `4 時間以内の復旧を目標とする`, `back within 4 hours`.
fn is_recovery(near: &str) -> bool {
    const BACK: [&str; 5] = [
        "以内の復旧",
        "以内に復旧",
        "で復旧",
        "以内の回復",
        "recovered within",
    ];
    BACK.iter().any(|word| near.contains(word))
}
