//! What a sentence states beside its figures: what is on or off, how logs are kept, how a recovery runs.

use promise::{record::Scalar as _, say, unit::Span};
use serde_json::{Value, json};

use super::{
    Reader,
    figures::{Figure, Kind, figures},
    leaf::STORES,
    mentions::tls_accepted,
    row::is_of_machines,
    stating::{blank, counts_machines, is_most},
    words,
};

const REPLICA: &[&str] = &["replica", "replicat", "複製", "レプリ"];
/// A copy of data that is kept up with, where its mode is not told.
const COPIED: [&str; 5] = [
    "replication",
    "replicas",
    "replicated",
    "複製し",
    "レプリケーション",
];
/// Copies that are not there.
const NONE_KEPT: [&str; 7] = [
    "置かない",
    "行わない",
    "使わない",
    "設けない",
    "no replica",
    "without replica",
    "not replicated",
];
const OF_DATA: [&str; 5] = ["database", "data", "region", "データ", "リージョン"];
/// Copies that answer questions, and that nobody recovers from.
const FOR_READING: [&str; 5] = [
    "read replica",
    "read-replica",
    "リードレプリカ",
    "読み取り",
    "scaling",
];
const NOT_DATA: [&str; 13] = [
    "image",
    "secret",
    "ecr",
    "bus",
    "redis",
    "cache",
    "キャッシュ",
    "index",
    "kafka",
    "pod",
    "bucket",
    "s3",
    "backup",
];
const BACKUP: &[&str] = &["backup", "バックアップ"];

/// What is on or off, and where a spec says so.
const SWITCHES: [(&[&str], &str, &str); 4] = [
    (&["high availability", "高可用"], "databases", "multi_az"),
    (
        &["point-in-time", "pitr", "ポイントインタイム"],
        "continuity.backups.database",
        "point_in_time",
    ),
    (
        &["自動フェイルオーバー", "automatic failover"],
        "caches",
        "automatic_failover",
    ),
    (
        &["deletion protection", "削除保護"],
        "databases",
        "deletion_protection",
    ),
];
const OFF: [&str; 9] = [
    "switched off",
    "disabled",
    "turned off",
    "not enabled",
    "is off",
    "無効",
    "しない",
    "使用しない",
    "オフ",
];
const ON: [&str; 6] = [
    "enabled",
    "switched on",
    "turned on",
    "is on",
    "有効",
    "オン",
];

/// Kinds of logs, whether they show who did what, and what documents call them.
pub(super) const LOGS: [(&str, bool, &[&str]); 8] = [
    ("transaction", false, &["取引ログ", "transaction log"]),
    ("entry", true, &["入退室"]),
    (
        "audit",
        true,
        &[
            "監査ログ",
            "監査証跡",
            "閲覧ログ",
            "閲覧記録",
            "audit",
            "who opened",
            "who looked",
            "viewed",
        ],
    ),
    ("access", true, &["アクセスログ", "access log"]),
    ("operation", true, &["操作ログ", "operation log"]),
    (
        "authorisation",
        true,
        &["authorisation log", "authorization log"],
    ),
    (
        "application",
        false,
        &["アプリケーションログ", "application log"],
    ),
    ("flow", false, &["フローログ", "flow log"]),
];

impl Reader<'_> {
    /// Reads what a sentence states, and answers it with blanks in the place of the figures that were read.
    pub(super) fn statements(&mut self, text: &str, line: usize) -> String {
        let mut left = text.to_owned();
        self.time_zone(text, line);
        self.clocks(text, line);
        self.runbooks(text, line);
        self.doors_in(text, line);
        if let Some(tls) = tls_accepted(text) {
            let id = self.spoken_part("load_balancers", text);
            self.once(
                &["infrastructure", "load_balancers", &id, "tls_min"],
                tls,
                line,
            );
        }
        self.noticed(&mut left, line);
        self.amounts(&mut left, line);
        self.load_tested(&mut left, line);
        self.kept_logs(&mut left, line);
        self.recovery(&mut left, line);
        self.restored(&mut left, line);
        self.stated(&mut left, line);
        self.replicated(text, line);
        let lower = text.to_lowercase();
        self.logged(&lower, line);
        for clause in lower.split(['、', '。', ',', ';']) {
            let says = |words: &[&str]| words.iter().any(|word| clause.contains(word));
            let (off, on) = (says(&OFF), says(&ON));
            for (_, section, field) in SWITCHES
                .iter()
                .filter(|(words, ..)| (off || on) && says(words))
            {
                self.state(section, field, json!(!off), clause, line);
            }
        }
        left
    }

    /// A copy of data that is kept up with, and whether it waits for what is copied.
    fn replicated(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        if REPLICA.iter().any(|word| lower.contains(word)) {
            let modes = [
                ("async", ["async", "非同期"]),
                ("sync", ["synchron", "同期"]),
            ];
            let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
            let mode = modes.iter().find(|(_, words)| says(words));
            let path = ["continuity", "replication", "replica", "mode"];
            if let Some((mode, _)) = mode {
                self.once(&path, *mode, line);
            } else if says(&COPIED)
                && !says(&NONE_KEPT)
                && says(&OF_DATA)
                && !says(&NOT_DATA)
                && !says(&FOR_READING)
                && self
                    .headings
                    .last()
                    .is_none_or(|(_, heading)| heading != text)
                && figures(text).is_empty()
                && !self.draft.has(&path)
            {
                let why = say!(
                    "a copy is named, and not whether it waits: most do not",
                    "複製の方式が書かれていない(多くは非同期)"
                );
                self.draft.guess(&path, "async", line, why);
            }
        }
    }

    /// A log that is kept beside the backups leads to any point in time: `WAL archiving for PITR`.
    pub(super) fn logged(&mut self, lower: &str, line: usize) {
        const LOGGED: [&str; 12] = [
            "continuous backup",
            "continuous archiv",
            "continuous for ",
            "point-in-time recovery",
            "point in time recovery",
            "pitr",
            "ポイントインタイム",
            "wal archiv",
            "walアーカイブ",
            "wal アーカイブ",
            "transaction log backup",
            "トランザクションログのバックアップ",
        ];
        const DENIED: [&str; 12] = [
            "not ", "no ", "without", "consider", "plan", "future", "なし", "未", "検討", "予定",
            "不可", "ない",
        ];
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if has(&LOGGED) && !has(&DENIED) && !has(&OFF) {
            self.logged.get_or_insert(line);
        }
    }

    /// Where the clocks of all machines come from.
    pub(super) fn clocks(&mut self, text: &str, line: usize) {
        const CLOCKS: [(&str, &str); 5] = [
            ("time sync", "amazon_time_sync"),
            ("ntp", "ntp"),
            ("chrony", "ntp"),
            ("時刻同期", "ntp"),
            ("時刻を同期", "ntp"),
        ];
        let lower = text.to_lowercase();
        if let Some((_, clock)) = CLOCKS.iter().find(|(word, _)| lower.contains(word)) {
            self.clock.get_or_insert((clock, line));
        }
    }

    /// Where the runbooks of all alerts lie: `each paging alert links to its runbook under runbooks/`.
    fn runbooks(&mut self, text: &str, line: usize) {
        let lower = text.to_lowercase();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let of_all = speaks(&["each", "every", "all ", "各", "すべて", "全て"]);
        if of_all
            && speaks(&["runbook", "手順書"])
            && speaks(&["alert", "page", "アラート", "警報"])
        {
            let mut words = text
                .split_whitespace()
                .map(|word| word.trim_end_matches(['.', ',', '。']));
            let at = words.find(|word| word.contains('/')).unwrap_or("runbooks");
            self.runbook.get_or_insert((at.to_owned(), line));
        }
    }

    /// How long each part of a failover takes, where a sentence or a drawn flow lists them.
    pub(super) fn recovery(&mut self, left: &mut String, line: usize) {
        const SWITCHED: [&str; 6] = [
            "切替",
            "切り替え",
            "フェイルオーバー",
            "failover",
            "fail over",
            "switch",
        ];
        const PARTS: [&str; 8] = [
            "検知", "昇格", "承認", "判断", "promot", "detect", "approv", "切替",
        ];
        let lower = left.to_lowercase();
        let pieces: Vec<&str> = left
            .split(['、', '→', ';', '[', ']', '+'])
            .flat_map(|it| it.split(", "))
            .collect();
        let timed = |piece: &&str| {
            let is_ttl = piece.to_lowercase().contains("ttl");
            figures(piece)
                .iter()
                .any(|it| it.kind == Kind::Time || is_ttl)
        };
        let steps: Vec<String> = pieces
            .into_iter()
            .filter(timed)
            .map(|it| it.trim().to_owned())
            .collect();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        let named = steps
            .iter()
            .filter(|step| PARTS.iter().any(|part| step.to_lowercase().contains(part)));
        if !speaks(&SWITCHED) || named.count() < 2 {
            return;
        }
        for step in &steps {
            let step = step.rsplit(['。', ':', '：']).next().unwrap_or(step).trim();
            self.step(step.trim_end_matches(['。', '.']), line);
        }
        for figure in figures(left) {
            blank(left, &figure);
        }
    }

    /// How often a restore is tried, of whatever is backed up, and how long backups are kept.
    pub(super) fn restored(&mut self, left: &mut String, line: usize) {
        const SAVED: [&str; 2] = ["snapshot", "スナップショット"];
        const RESTORED: [&str; 3] = ["restor", "リストア", "復元"];
        const TRIED: [&str; 13] = [
            "compared",
            "drawn by lot",
            "is restored",
            "rehears",
            "test",
            "drill",
            "tried",
            "practis",
            "verif",
            "試験",
            "確認",
            "テスト",
            "訓練",
        ];
        let lower = left.to_lowercase();
        let speaks = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        if speaks(&RESTORED) && speaks(&TRIED) {
            // How often is a rhythm; a length of time is how long the last one took.
            if let Some(every) = words::rhythm(left) {
                self.restore_tried = Some((every.to_owned(), line));
            } else if let Some((figure, value)) = nearest(left, &OFTEN, Kind::Time) {
                self.restore_tried = value.as_str().map(|every| (every.to_owned(), line));
                blank(left, &figure);
            }
        } else if (self.is_under(BACKUP) && KEPT.iter().any(|word| lower.starts_with(word))
            || SAVED.iter().any(|word| lower.contains(word))
                && KEPT.iter().any(|word| lower.contains(word)))
            && let Some((figure, value)) = nearest(left, &KEPT, Kind::Time)
        {
            self.once(
                &["continuity", "backups", "database", "retention"],
                value,
                line,
            );
            blank(left, &figure);
        }
    }

    /// How long each kind of logs is kept.
    fn kept_logs(&mut self, left: &mut String, line: usize) {
        let lower = left.to_lowercase();
        let is_kept = |word: &str| {
            let kept = KEPT
                .iter()
                .chain(&["deleted", "trail"])
                .any(|kept| lower.contains(kept));
            kept || lower.trim_start().starts_with(word)
        };
        let mut named = LOGS.iter().filter_map(|(name, audit, words)| {
            let word = words.iter().find(|word| lower.contains(**word))?;
            (lower.contains("log")
                || lower.contains("ログ")
                || lower.contains("証跡")
                || lower.contains("trail"))
            .then_some((*name, *audit, *word))
        });
        let Some((name, audit, word)) = named.next().filter(|(.., word)| is_kept(word)) else {
            return;
        };
        let Some((figure, value)) =
            nearest(left, &KEPT, Kind::Time).or_else(|| nearest(left, &[word], Kind::Time))
        else {
            return;
        };
        // `30 days: audit trail reporting`: when it is done, where nothing says that it is kept.
        let is_said = KEPT
            .iter()
            .chain(&["deleted"])
            .any(|kept| lower.contains(kept));
        if !is_said && lower.find(word).is_some_and(|at| figure.end <= at) {
            return;
        }
        // A rhythm is how often something happens, not how long it is kept.
        if figure.end == 0 || self.draft.has(&["log_analysis", name, "retention"]) {
            return;
        }
        // `CloudWatch に 120 日、S3 に 6 年`: one log in two places, at hand in the first of them.
        let times = figures(left)
            .into_iter()
            .filter(|it| it.kind == Kind::Time)
            .filter_map(|it| Some((Span::parse(&it.text).ok()?, it)));
        let times: Vec<_> = times.collect();
        let places = STORES.iter().filter(|store| lower.contains(*store));
        const NEWEST: [&str; 7] = [
            "直近",
            "すぐに検索",
            "直ちに検索",
            "most recent",
            "immediately available",
            "at hand",
            "online for",
        ];
        // `12 か月保存し、直近 3 か月分はすぐに検索できる`: the newest of it.
        let is_newest = NEWEST.iter().any(|word| lower.contains(word));
        let mut times = times;
        if is_newest && times.len() == 2 {
            times.sort_by_key(|(span, _)| *span);
        }
        if let [(hand, first), (whole, second)] = times.as_slice()
            && hand < whole
            && (places.count() > 1 || is_newest)
        {
            self.once(
                &["log_analysis", name, "at_hand"],
                first.text.as_str(),
                line,
            );
            self.once(
                &["log_analysis", name, "retention"],
                second.text.as_str(),
                line,
            );
            blank(left, first);
            blank(left, second);
        } else {
            self.once(&["log_analysis", name, "retention"], value, line);
        }
        // Below the heading of a balancer, the log is the balancer's.
        let above = self.headings.last();
        let is_of_machine =
            is_of_machines(&lower) || above.is_some_and(|(_, it)| is_of_machines(it));
        let audit = audit && !is_of_machine;
        self.once(&["log_analysis", name, "audit"], audit, line);
        blank(left, &figure);
    }
}

/// What stands beside the length of time after which something is done again.
const OFTEN: [&str; 6] = ["every", "each", "once", "ごと", "に1回", "に一度"];

/// Words for how long something is kept.
pub(super) const KEPT: [&str; 9] = [
    "保存",
    "保持",
    "保管",
    "retain",
    "retention",
    "kept",
    "keep",
    "stored for",
    "locked for",
];

/// The figure of a kind that is nearest to one of the words, and its value; a rhythm where there is none.
pub(super) fn nearest(text: &str, words: &[&str], kind: Kind) -> Option<(Figure, Value)> {
    let lower = text.to_lowercase();
    let places: Vec<usize> = words
        .iter()
        .flat_map(|word| {
            lower
                .match_indices(word)
                .map(|(at, word)| at + word.len())
                .collect::<Vec<_>>()
        })
        .collect();
    let far = |figure: &Figure| places.iter().map(|at| at.abs_diff(figure.start)).min();
    let mut all = figures(text);
    all.retain(|figure| {
        figure.kind == kind && !(kind == Kind::Count && counts_machines(text, figure))
    });
    let near = all.iter().min_by_key(|figure| far(figure)).cloned();
    // Of what is usual and what is the most, the most is what others must bear.
    let figure = near.map(|near| {
        let beside = |figure: &&Figure| {
            let between = text.get(near.end..figure.start).unwrap_or(";");
            is_most(text, figure) && !between.contains([';', '。', '；'])
        };
        all.iter().find(beside).cloned().unwrap_or(near.clone())
    });
    let value = match (&figure, kind) {
        (Some(figure), Kind::Count) => json!(figure.text.parse::<u64>().ok()?),
        (Some(figure), _) => json!(figure.text),
        (None, Kind::Time) => json!(words::rhythm(text)?),
        (None, _) => return None,
    };
    let none = || Figure {
        start: 0,
        end: 0,
        kind,
        text: String::new(),
    };
    Some((figure.unwrap_or_else(none), value))
}
