//! What a sentence owes: a figure that binds, in which direction, and of what.

use promise::say;

use super::{
    Objective, Reader,
    bounds::{direction, signed},
    figures::{Figure, Kind, figures},
    named,
    stated::KEPT,
    worded::few_words,
    words::{self, plain},
};

impl Reader<'_> {
    /// Whether a figure is a bound of something: a sign or a word says so, or the heading.
    pub(super) fn is_owed(&self, text: &str, figure: &Figure) -> bool {
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
        const TURNS: [&str; 8] = [
            "当番",
            "交代",
            "持ち回",
            "on call",
            "on-call",
            "rotation",
            "shift",
            "a week at a time",
        ];
        let lower = text.to_lowercase();
        // How a release is rolled out, and how fast an error budget burns until somebody is told, binds nobody.
        const STAGED: [&str; 6] = [
            "canary",
            "traffic split",
            "rollout:",
            "budget burn",
            "カナリア",
            "段階的に",
        ];
        if STAGED.iter().any(|word| lower.contains(word)) && signed(text, figure).is_none() {
            return false;
        }
        // How long somebody's turn is binds nobody.
        if figure.kind == Kind::Time
            && TURNS.iter().any(|word| lower.contains(word))
            && signed(text, figure).is_none()
        {
            return false;
        }
        // `5 年後`, `90 日経過後`: when, and not how long.
        if ["後", "経過"]
            .iter()
            .any(|word| text[figure.end..].trim_start().starts_with(word))
        {
            return false;
        }
        // What is assumed of others, and what nobody has decided, binds nobody; neither does what is reckoned from a figure.
        let nearest = self.headings.last().map(|(_, text)| text.to_lowercase());
        let nearest = nearest.unwrap_or_default();
        let is_assumed = ASSUMED.iter().any(|word| nearest.contains(word));
        let is_condition = IF
            .iter()
            .any(|word| after_in_clause(text, figure).contains(word));
        if (is_assumed && signed(text, figure).is_none())
            || OPEN.iter().any(|word| nearest.contains(word))
            || is_condition
        {
            return false;
        }
        // `CPU > 70 %`: beyond it something is done; nobody promises to be worse than that.
        let is_beyond = signed(text, figure).is_some_and(|said| said.sign.starts_with('>'));
        let is_trigger = self.is_under(&[
            "trigger",
            "autoscal",
            "auto-scal",
            "スケール条件",
            "発動条件",
        ]);
        let is_lasting = LASTING.iter().chain(&KEPT).any(|word| lower.contains(word));
        if is_beyond && (is_trigger || (direction(text, figure) == "<=" && !is_lasting)) {
            return false;
        }
        // What was found, and from when something is looked back at, binds nobody.
        let before = text[..figure.start].trim_end().to_lowercase();
        let is_found = FOUND.iter().any(|word| lower.contains(word));
        let is_bound = BINDING.iter().any(|word| lower.contains(word));
        let is_when = ["過去", "past", "after"]
            .iter()
            .any(|word| before.ends_with(word));
        // `> 70 % for 5 minutes`: how long it must last until something is done.
        let is_held = figure.kind == Kind::Time
            && before.ends_with("for")
            && figures(text).iter().any(|it| {
                signed(text, it)
                    .is_some_and(|said| it.start < figure.start && said.sign.starts_with('>'))
            });
        if (is_found && !is_bound) || is_when || is_held {
            return false;
        }
        // What the heading alone says to be owed is a name and its value, and no story.
        let is_short = text.chars().count() <= LABEL_MAX;
        signed(text, figure).is_some()
            || NORMS.iter().any(|word| lower.contains(word))
            || is_short
                && self.is_under(&[
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

    /// An objective whose tier is told by the words beside it, when all tiers are known.
    pub(super) fn objective(&mut self, field: &'static str, value: &str, about: &str, line: usize) {
        // Nobody promises to be there for less than half of the time: it says when a minute counts as lost.
        let share = value.trim_end_matches(['%', ' ']).parse::<f64>();
        if field == "availability" && share.is_ok_and(|share| share < 50.0) {
            let why = say!(
                "it is no availability that is owed",
                "約束する可用性ではありません"
            );
            return self.draft.lost(line, &format!("{about}: {value}"), why);
        }
        if field == "availability" && is_of_a_year(about) {
            self.objective("availability_window", "365d", about, line);
        }
        let (value, about) = (value.to_owned(), about.to_owned());
        let heading = self.headings.last().map(|(_, text)| text.to_lowercase());
        self.objectives.push(Objective {
            field,
            value,
            about,
            heading: heading.unwrap_or_default(),
            line,
        });
    }

    /// A promise in words: owed, and without a source of evidence.
    pub(super) fn declare(
        &mut self,
        before: &str,
        after: &str,
        text: &str,
        figure: &Figure,
        line: usize,
    ) {
        // `not a five-year plan`
        let denied = text[..figure.start].trim_end().to_lowercase();
        if [" not a", " not an"]
            .iter()
            .any(|word| denied.ends_with(word))
        {
            let why = say!("it is what is not promised", "約束しないと書かれています");
            return self.draft.lost(line, text, why);
        }
        let said = signed(text, figure);
        let near = format!("{before} {after}").to_lowercase();
        let is_kept = figure.kind == Kind::Time && KEPT.iter().any(|word| near.contains(word));
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
        let words = few_words(about);
        let name = match named::english(about) {
            Some(english) if words.is_empty() => english,
            _ => format!("{words} {kind}"),
        };
        let id = self.draft.id("promises", &name);
        let why = || say!("nothing says how it is measured", "測り方が書かれていない");
        self.draft
            .guess(&["promises", &id, "kind"], "declared", line, why());
        let about = if about.is_empty() { text } else { about };
        self.draft.set(&["promises", &id, "text"], about, line);
        let path = ["promises", &id, "bound"];
        if said.is_some() {
            self.draft.set(&path, bound, line);
        } else {
            let why = say!("the direction is told by what it is of", "向きは内容による");
            self.draft.guess(&path, bound, line, why);
        }
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
        let words = match (few_words(about), named::english(about)) {
            (words, Some(english)) if words.is_empty() => english,
            (words, _) => words,
        };
        let name = format!("{words} {}", quantile.as_deref().unwrap_or(measures));
        let id = self.draft.id("metrics", &name);
        let at = |field| ["monitoring", "metrics", id.as_str(), field];
        self.once(&at("bound"), bound, line);
        self.once(&at("measures"), measures, line);
        if let Some(quantile) = quantile {
            self.once(&at("statistic"), quantile, line);
        }
        self.watch("metrics", &id, about.to_owned(), line);
        true
    }
}

/// What follows a figure, to the end of its clause.
fn after_in_clause<'t>(text: &'t str, figure: &Figure) -> &'t str {
    let after = text.get(figure.end..).unwrap_or_default();
    after
        .split(['、', '。', ',', ';'])
        .next()
        .unwrap_or_default()
}

/// Headings of what others bring: so much of it is expected.
const ASSUMED: [&str; 9] = [
    "前提",
    "想定",
    "トラフィック",
    "traffic",
    "assumption",
    "volume",
    "workload",
    "規模感",
    "sizing",
];
/// Headings of what is not decided.
const OPEN: [&str; 12] = [
    "未決",
    "未定",
    "宿題",
    "検討事項",
    "残件",
    "残課題",
    "要確認",
    "open question",
    "open point",
    "open issue",
    "to decide",
    "todo",
];
/// What makes a condition of the figure before it.
const IF: [&str; 8] = [
    "なければ",
    "なかった",
    "ない場合",
    "ないとき",
    "ないと",
    "なら",
    "であれば",
    "だと",
];
/// Times of which more is better.
const LASTING: [&str; 8] = [
    "mtbf",
    "between failures",
    "uptime",
    "notice",
    "valid",
    "lifetime",
    "平均故障間隔",
    "有効",
];
/// Words of what was seen or reckoned.
const FOUND: [&str; 14] = [
    " showed",
    " shows that",
    " found that",
    " was ",
    " were ",
    "it means",
    "measured at",
    "observed",
    "でした",
    "ました",
    "だった",
    "実績",
    "実測",
    "composition",
];
/// Words that bind even what was seen before.
const BINDING: [&str; 6] = ["must", "shall", "promise", "guarantee", "こと。", "とする"];
/// A name and its value; a longer text tells a story.
const LABEL_MAX: usize = 80;

/// Whether a share of time is that of a year: `年間稼働率`.
fn is_of_a_year(text: &str) -> bool {
    const YEAR: [&str; 6] = ["年間", "per year", "annual", "yearly", "a year", "/year"];
    const MONTH: [&str; 3] = ["月間", "month", "月次"];
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    has(&YEAR) && !has(&MONTH)
}

/// Words for the share of time in which a service answers.
pub(super) const OFFERED: [&str; 9] = [
    "nines",
    "稼働率",
    "可用性",
    "availability",
    "uptime",
    "be available",
    "is available",
    "利用できる",
    "利用可能",
];
