//! What a sentence states of one part, by words that nothing else is called by: `max_connections is 500`, `複製の遅延は
//! 最大 15 分`. To read another such statement, add its line below.

use serde_json::{Value, json};

use super::{
    Reader,
    figures::{Figure, Kind, figures},
    mentions::tls_accepted,
    words,
};

/// Where a statement goes.
enum To {
    /// The part of that section that is spoken of, and its field.
    Part(&'static str, &'static str),
    Path(&'static [&'static str]),
}

/// A statement: words of which one of each group stands in the sentence, and the kind of its figure. The figure is the
/// one nearest to a word of the first group.
struct Statement {
    says: &'static [&'static [&'static str]],
    kind: Kind,
    to: To,
}

const POOL: [&str; 2] = ["pool", "プール"];
const REPLICA: &[&str] = &["replica", "replicat", "複製", "レプリ"];
const STORAGE: &[&str] = &["storage", "disk", "ストレージ", "ディスク"];
const BACKUP: &[&str] = &["backup", "バックアップ"];

const STATEMENTS: [Statement; 15] = [
    Statement {
        says: &[&["オブジェクトロック", "object lock", "retention lock"]],
        kind: Kind::Time,
        to: To::Part("buckets", "locked_for"),
    },
    Statement {
        says: &[
            &["ライフサイクル", "lifecycle"],
            &["削除", "delete", "expire"],
        ],
        kind: Kind::Time,
        to: To::Part("buckets", "expires_after"),
    },
    Statement {
        says: &[&[
            "max_connections",
            "max connections",
            "最大同時接続数",
            "最大接続数",
        ]],
        kind: Kind::Count,
        to: To::Part("databases", "connections_max"),
    },
    Statement {
        says: &[&POOL, &["connection", "コネクション", "接続"]],
        kind: Kind::Count,
        to: To::Part("compute", "connections_each"),
    },
    Statement {
        says: &[
            &["each", "per pod", "per instance", "あたり"],
            &[
                "pod",
                "instance",
                "server",
                "task",
                "台",
                "サーバ",
                "タスク",
            ],
        ],
        kind: Kind::Rate,
        to: To::Part("compute", "rate_each"),
    },
    Statement {
        says: &[&["autoscal", "auto-scal", "オートスケール"], &["cpu"]],
        kind: Kind::Share,
        to: To::Part("compute", "target_cpu"),
    },
    Statement {
        says: &[
            &["a day", "per day", "/day", "1日", "日次"],
            &["grow", "増加"],
        ],
        kind: Kind::Size,
        to: To::Part("databases", "growth_per_day"),
    },
    Statement {
        says: &[&["capped at", "上限"], STORAGE],
        kind: Kind::Size,
        to: To::Part("databases", "storage_max"),
    },
    Statement {
        says: &[&["データ量", "data size", "amount of data"]],
        kind: Kind::Size,
        to: To::Part("databases", "size"),
    },
    Statement {
        says: &[&[
            "acknowledgement deadline",
            "ack deadline",
            "visibility timeout",
            "lock duration",
            "可視性タイムアウト",
        ]],
        kind: Kind::Time,
        to: To::Part("queues", "visibility_timeout"),
    },
    Statement {
        says: &[
            &["needs", "takes", "処理時間", "handling", "要する"],
            &["batch", "message", "メッセージ", "1件"],
        ],
        kind: Kind::Time,
        to: To::Part("queues", "handled_within"),
    },
    Statement {
        says: &[&["lag", "遅延", "遅れ"], REPLICA],
        kind: Kind::Time,
        to: To::Path(&["continuity", "replication", "replica", "lag_max"]),
    },
    Statement {
        says: &[&["every", "毎", "daily", "日次", "nightly"], BACKUP],
        kind: Kind::Time,
        to: To::Path(&["continuity", "backups", "database", "every"]),
    },
    Statement {
        says: &[
            &["毎秒", "per second", "/s"],
            &["restor", "リストア", "復元"],
        ],
        kind: Kind::Size,
        to: To::Path(&["continuity", "backups", "database", "restored_per_second"]),
    },
    Statement {
        says: &[&["訓練", "演習", "drill", "exercise"]],
        kind: Kind::Time,
        to: To::Path(&["continuity", "drills", "failover", "every"]),
    },
];

/// What is on or off, and where a spec says so.
const SWITCHES: [(&[&str], To); 4] = [
    (
        &["high availability", "高可用"],
        To::Part("databases", "multi_az"),
    ),
    (
        &["point-in-time", "pitr", "ポイントインタイム"],
        To::Path(&["continuity", "backups", "database", "point_in_time"]),
    ),
    (
        &["自動フェイルオーバー", "automatic failover"],
        To::Part("caches", "automatic_failover"),
    ),
    (
        &["deletion protection", "削除保護"],
        To::Part("databases", "deletion_protection"),
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
    ("audit", true, &["監査ログ", "監査証跡", "audit"]),
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
        self.doors_in(text, line);
        if let Some(tls) = tls_accepted(text) {
            let id = self.spoken_part("load_balancers");
            self.once(
                &["infrastructure", "load_balancers", &id, "tls_min"],
                tls,
                line,
            );
        }
        self.amounts(&mut left, line);
        self.kept_logs(&mut left, line);
        self.recovery(&mut left, line);
        self.restored(&mut left, line);
        let lower = text.to_lowercase();
        for statement in &STATEMENTS {
            let has = |words: &&[&str]| words.iter().any(|word| lower.contains(word));
            if !statement.says.iter().all(has) {
                continue;
            }
            let Some((figure, value)) = nearest(&left, statement.says[0], statement.kind) else {
                continue;
            };
            self.state(&statement.to, value, line);
            blank(&mut left, &figure);
        }
        if REPLICA.iter().any(|word| lower.contains(word)) {
            let modes = [
                ("async", ["async", "非同期"]),
                ("sync", ["synchron", "同期"]),
            ];
            let mode = modes
                .iter()
                .find(|(_, words)| words.iter().any(|word| lower.contains(word)));
            if let Some((mode, _)) = mode {
                self.state(
                    &To::Path(&["continuity", "replication", "replica", "mode"]),
                    json!(mode),
                    line,
                );
            }
        }
        for clause in lower.split(['、', '。', ',', ';']) {
            let says = |words: &[&str]| words.iter().any(|word| clause.contains(word));
            let (off, on) = (says(&OFF), says(&ON));
            for (_, to) in SWITCHES
                .iter()
                .filter(|(words, _)| (off || on) && says(words))
            {
                self.state(to, json!(!off), line);
            }
        }
        left
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
        const TRIED: [&str; 7] = [
            "rehearse the restore",
            "restore is rehearsed",
            "リストア試験",
            "復元試験",
            "リストアテスト",
            "restore test",
            "restore drill",
        ];
        let lower = left.to_lowercase();
        if TRIED.iter().any(|word| lower.contains(word)) {
            if let Some((figure, value)) = nearest(left, &TRIED, Kind::Time) {
                self.restore_tried = value.as_str().map(|every| (every.to_owned(), line));
                blank(left, &figure);
            }
        } else if (self.is_under(BACKUP) && KEPT.iter().any(|word| lower.starts_with(word))
            || SAVED.iter().any(|word| lower.contains(word))
                && KEPT.iter().any(|word| lower.contains(word)))
            && let Some((figure, value)) = nearest(left, &KEPT, Kind::Time)
        {
            self.state(
                &To::Path(&["continuity", "backups", "database", "retention"]),
                value,
                line,
            );
            blank(left, &figure);
        }
    }

    fn state(&mut self, to: &To, value: Value, line: usize) {
        match to {
            To::Path(path) => self.once(path, value, line),
            To::Part(section, field) => {
                let id = self.spoken_part(section);
                self.once(
                    &["infrastructure", section, id.as_str(), field],
                    value,
                    line,
                );
            }
        }
    }

    /// The part of a section that a sentence without its name speaks of.
    fn spoken_part(&mut self, section: &'static str) -> String {
        let above = self.subject.iter().chain(&self.part);
        let mut own = above
            .filter(|(of, _)| *of == section)
            .map(|(_, id)| id.clone());
        own.next()
            .or_else(|| self.draft.only_in(&["infrastructure", section]))
            .unwrap_or_else(|| "main".to_owned())
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
            (lower.contains("log") || lower.contains("ログ") || lower.contains("証跡"))
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
        // A rhythm is how often something happens, not how long it is kept.
        if figure.end == 0 || self.draft.has(&["log_analysis", name, "retention"]) {
            return;
        }
        self.once(&["log_analysis", name, "retention"], value, line);
        self.once(&["log_analysis", name, "audit"], audit, line);
        blank(left, &figure);
    }
}

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

/// Whether a number is how many machines there are: `1 Pod あたり 25 本`.
fn counts_machines(text: &str, figure: &Figure) -> bool {
    let after = text[figure.end..].trim_start().to_lowercase();
    ["pod", "task", "タスク", "台", "instance", "インスタンス"]
        .iter()
        .any(|word| after.starts_with(word))
}

/// Whether the words right before a figure say that it is the most.
fn is_most(text: &str, figure: &Figure) -> bool {
    let before = text[..figure.start].trim_end().to_lowercase();
    ["最大", "up to", "at most", "at worst", "maximum"]
        .iter()
        .any(|word| before.ends_with(word))
}

/// Puts blanks in the place of a figure.
pub(super) fn blank(text: &mut String, figure: &Figure) {
    let length = figure.end - figure.start;
    if text.get(figure.start..figure.end).is_some() {
        text.replace_range(figure.start..figure.end, &" ".repeat(length));
    }
}
