//! Figures whose sentence says what they are of: the lines of `statements.tsv`, each figure to the line whose word is
//! nearest to it.

use std::sync::LazyLock;

use promise::{quantity::Rate, record::Scalar as _, say, unit::Span};
use serde_json::{Value, json};

use super::{
    Reader,
    bounds::signed,
    figures::{Figure, Kind, ends_a_span, figures},
    pairs::nearest_pairs,
    place, sentence, words,
};

/// A line of the table.
struct Statement {
    section: &'static str,
    field: &'static str,
    kind: Kind,
    /// Whether a rhythm without a figure says it too: `nightly`.
    is_rhythm: bool,
    /// Whether it counts machines, or what else stands behind its number.
    is_of_machines: bool,
    takes_most: bool,
    near: Vec<&'static str>,
    /// Groups of words, of each of which one stands in the sentence or above it.
    asked: Vec<Vec<&'static str>>,
    /// Words of which none stands in the figure's clause.
    barred: Vec<&'static str>,
}

static STATEMENTS: LazyLock<Vec<Statement>> = LazyLock::new(|| {
    let lines = include_str!("statements.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines.filter_map(Statement::read).collect()
});

impl Statement {
    fn read(line: &'static str) -> Option<Self> {
        let mut cells = line.split('\t');
        let [section, field, kind, near, with] =
            std::array::from_fn(|_| cells.next().unwrap_or_default());
        let (kind, most) = kind.split_once(' ').unwrap_or((kind, ""));
        let words = |text: &'static str| text.split(", ").collect::<Vec<_>>();
        let groups = with.split(" & ").filter(|it| !it.is_empty());
        let (barred, asked): (Vec<_>, Vec<_>) = groups.partition(|it| it.starts_with('!'));
        Some(Self {
            section,
            field,
            kind: match kind {
                "time" | "rhythm" => Kind::Time,
                "share" => Kind::Share,
                "size" => Kind::Size,
                "rate" => Kind::Rate,
                "count" | "machines" => Kind::Count,
                _ => return None,
            },
            is_rhythm: kind == "rhythm",
            is_of_machines: kind == "machines",
            takes_most: most == "most",
            near: words(near),
            asked: asked.into_iter().map(words).collect(),
            barred: barred
                .into_iter()
                .flat_map(|it| words(it.trim_start_matches('!')))
                .collect(),
        })
    }

    /// Whether the sentence, or the headings above it, speak of what this is about.
    fn fits(&self, sentence: &str, above: &str) -> bool {
        let mut asked = self.asked.iter();
        asked.all(|words| speaks(sentence, words) || speaks(above, words))
    }

    /// How far a figure is from the words of this, where they are near enough and nothing bars it.
    fn far(&self, sentence: &str, figure: &Figure) -> Option<usize> {
        const ENDS: [char; 5] = [';', '；', '。', '、', ','];
        // Machines are counted in a clause of their own.
        let ends = if self.is_of_machines {
            &ENDS[..]
        } else {
            &ENDS[..3]
        };
        let start = sentence[..figure.start].rfind(ends).unwrap_or(0);
        let end = sentence[figure.end..].find(ends);
        let clause = &sentence[start..end.map_or(sentence.len(), |end| figure.end + end)];
        if speaks(clause, &self.barred) || (self.is_rhythm && !is_often(sentence, figure)) {
            return None;
        }
        let near = distance(sentence, figure, &self.near).filter(|far| *far <= FAR_MAX)?;
        let asked = self.asked.iter();
        let around = asked.map(|words| distance(sentence, figure, words).unwrap_or(ABOVE));
        Some(near * 2 + around.map(|far| far.min(ABOVE)).max().unwrap_or(0))
    }
}

fn speaks(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| places(text, word).next().is_some())
}

/// Beyond this a word speaks of something else. A letter of ours counts one, one of Japanese two.
const FAR_MAX: usize = 56;
/// As far as this is what only a heading says.
const ABOVE: usize = 80;
/// A figure that no word of a statement is near to: further than any that is.
const UNREAD: usize = 2 * FAR_MAX + ABOVE + 1;
/// What a comma between a word and its figure adds, and the end of a clause.
const COMMA: usize = 16;
const CLAUSE: usize = 60;
/// What it adds that a word stands behind its figure.
const BEHIND: usize = 6;

/// Whether a length of time is said to be how often something happens: `every 6 hours`, `6時間ごと`.
pub(super) fn is_often(sentence: &str, figure: &Figure) -> bool {
    const BEFORE: [&str; 6] = ["every", "each", "once in", "once per", "間隔は", "毎"];
    const BEHIND: [&str; 6] = ["ごと", "おき", "毎", "に1回", "に一度", "間隔"];
    let before = sentence[..figure.start].trim_end_matches([' ', ':', '：']);
    let behind = sentence[figure.end..].trim_start();
    BEFORE.iter().any(|word| before.ends_with(word))
        || BEHIND.iter().any(|word| behind.starts_with(word))
        || before.ends_with("間隔")
}

/// How much stands between a figure and the nearest of some words.
fn distance(sentence: &str, figure: &Figure, words: &[&str]) -> Option<usize> {
    let between = |start: usize, end: usize| -> usize {
        let between = if end <= figure.start {
            sentence.get(end..figure.start)
        } else {
            sentence.get(figure.end..start)
        };
        let chars = between.unwrap_or_default().chars();
        let far = chars.map(|c| match c {
            ';' | '；' | '。' => CLAUSE,
            '、' | '，' | ',' | '(' | '（' | '→' => COMMA,
            c if c.is_ascii() => 1,
            _ => 2,
        });
        far.sum()
    };
    // In English what a figure is of mostly stands before it, in Japanese behind it as well.
    let is_behind = |start: usize, word: &str| start >= figure.end && word.is_ascii();
    let far = words.iter().flat_map(|word| {
        places(sentence, word).map(move |at| {
            let behind = if is_behind(at, word) { BEHIND } else { 0 };
            between(at, at + word.len()) + behind
        })
    });
    far.min()
}

/// Where a word stands in a text. Ours begin where no letter stands before them, and short ones end there too: `wal` is
/// no wallet.
fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = usize> + 't {
    const SHORT: usize = 4;
    let is_ours = word.starts_with(|c: char| c.is_ascii_alphanumeric());
    let is_short = word.len() <= SHORT && word.bytes().all(|b| b.is_ascii_alphabetic());
    let goes_on = |text: &str| text.starts_with(|c: char| c.is_ascii_alphabetic());
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let (before, after) = (&text[..*at], &text[at + word.len()..]);
            let begins = !before.ends_with(|c: char| c.is_ascii_alphanumeric());
            let ends = !goes_on(after.strip_prefix('s').unwrap_or(after));
            !is_ours || (begins && (ends || !is_short))
        })
}

impl Reader<'_> {
    /// Reads what the sentence states, and leaves blanks in the place of the figures that were read.
    pub(super) fn stated(&mut self, left: &mut String, line: usize) {
        // What ASCII is in lower case keeps the places of all else.
        let lower = left.to_ascii_lowercase();
        let above: Vec<String> = self
            .headings
            .iter()
            .map(|(_, text)| text.to_lowercase())
            .collect();
        let above = format!("{}\n{}", above.join("\n"), self.before);
        // `RDS MySQL 8.0, backups kept 7 days`: those of the database itself.
        let is_of_database = sentence::describes("databases", left)
            || self
                .subject
                .as_ref()
                .is_some_and(|(of, _)| *of == "databases");
        let is_own = |it: &&Statement| {
            !(is_of_database
                && it.section == "continuity.backups.database"
                && it.field == "retention")
        };
        let fitting: Vec<&Statement> = STATEMENTS
            .iter()
            .filter(|it| it.fits(&lower, &above))
            .filter(is_own)
            .collect();
        let all = figures(left);
        let counted = |statement: &Statement, figure: &Figure| {
            figure.kind != Kind::Count
                || if statement.is_of_machines {
                    // `15 台、3 AZ に`: machines are no zones.
                    counts_machines(left, figure) && statement.field != "zone_count"
                        || is_most_of_machines(&lower, figure)
                } else {
                    !counts_machines(left, figure)
                }
        };
        let far = |statement: &Statement, figure: &Figure| {
            let is_kind = figure.kind == statement.kind
                && counted(statement, figure)
                && !ends_a_span(left, figure);
            let far = is_kind.then(|| statement.far(&lower, figure)).flatten();
            far.unwrap_or(UNREAD)
        };
        let fars: Vec<Vec<usize>> = fitting
            .iter()
            .map(|statement| all.iter().map(|figure| far(statement, figure)).collect())
            .collect();
        let read = nearest_pairs(&fars, UNREAD);
        for (of, at) in read.iter().enumerate() {
            let (statement, Some(at)) = (fitting[of], *at) else {
                continue;
            };
            let mut open = (0..all.len())
                .filter(|other| fars[of][*other] < UNREAD && !read.contains(&Some(*other)));
            let other = if statement.takes_most {
                open.filter(|other| amount(&all[*other]) > amount(&all[at]))
                    .max_by(|a, b| amount(&all[*a]).total_cmp(&amount(&all[*b])))
            } else {
                // Of what is usual and what is the most, the most is what others must bear.
                open.find(|other| *other > at && is_most(left, &all[*other]))
            };
            let figure = &all[other.unwrap_or(at)];
            let value = match figure.kind {
                Kind::Count => figure.text.parse::<u64>().map(|count| json!(count)).ok(),
                _ => Some(json!(figure.text)),
            };
            // When something is done about a lag, and not how far it may fall.
            let is_beyond = statement.field == "lag_max"
                && signed(left, figure).is_some_and(|said| said.sign.starts_with('>'));
            if is_beyond {
                continue;
            }
            if let Some(value) = value.filter(|_| statement.section != "-") {
                self.state(statement.section, statement.field, value, &lower, line);
                blank(left, figure);
            }
        }
        for (of, statement) in fitting.iter().enumerate() {
            if statement.is_rhythm && read[of].is_none() {
                self.rhythm(statement, &lower, line);
            }
        }
    }

    /// A rhythm in words, in the clause that says what it is of.
    fn rhythm(&mut self, statement: &Statement, sentence: &str, line: usize) {
        let own = statement.asked.first().unwrap_or(&statement.near);
        let is_of_it = |clause: &&str| speaks(clause, own) && !speaks(clause, &statement.barred);
        let mut clauses = sentence
            .split(['、', '。', ';', '；', ','])
            .filter(is_of_it);
        if let Some(every) = clauses.find_map(words::rhythm) {
            self.state(
                statement.section,
                statement.field,
                json!(every),
                sentence,
                line,
            );
        }
    }

    /// Sets a field of the part that is spoken of, or of what a path names.
    pub(super) fn state(
        &mut self,
        section: &'static str,
        field: &str,
        value: Value,
        sentence: &str,
        line: usize,
    ) {
        let mut path: Vec<&str> = section.split('.').collect();
        let id;
        if let [section] = path[..]
            && words::is_part(section)
        {
            id = self.spoken_part(section, sentence);
            let said = (
                section.to_owned(),
                id.clone(),
                field.to_owned(),
                sentence.to_owned(),
            );
            self.spoken.push(said);
            path = vec!["infrastructure", section, &id];
            let above = self
                .parts
                .last()
                .filter(|part| part.id == id && part.section == section);
            let product = [path[0], path[1], path[2], "product"];
            let spoken = place::product_in(sentence).filter(|(of, _)| *of == section);
            if let Some(named) = above
                .and_then(|part| part.product)
                .or(spoken.map(|(_, product)| product))
                .filter(|_| !self.draft.has(&product))
            {
                let why = say!("the words beside it name it", "前後に名前がある");
                self.draft.guess(&product, named, line, why);
            }
        }
        path.push(field);
        // Of several warnings the first one tells in time.
        let share = |said: Option<&Value>| {
            said?
                .as_str()?
                .trim_end_matches([' ', '%'])
                .parse::<f64>()
                .ok()
        };
        if field == "warn_at"
            && let (Some(before), Some(now)) = (share(self.draft.says(&path)), share(Some(&value)))
            && now < before
        {
            let why = say!("an earlier warning is told too", "より早い警告もあります");
            self.draft.withdraw(&path, &why);
        }
        // Of backups in full and of what has changed since, the most frequent one is restored.
        let span = |said: Option<&Value>| Span::parse(said?.as_str()?).ok();
        if section.starts_with("continuity.backups")
            && field == "every"
            && let (Some(before), Some(now)) = (span(self.draft.says(&path)), span(Some(&value)))
            && now < before
        {
            let why = say!(
                "a more frequent one is told too",
                "より頻繁なものもあります"
            );
            self.draft.withdraw(&path, &why);
        }
        // A rule of the service that stands in two places stands there alike, or one of them is wrong.
        if section == "service"
            && let (Some(before), Some(now)) = (span(self.draft.says(&path)), span(Some(&value)))
            && before != now
        {
            return self
                .draft
                .contest(&path, value.as_str().unwrap_or_default(), line);
        }
        // Of several loads that are told to come, the largest must be carried.
        let rate = |said: Option<&Value>| Rate::parse(said?.as_str()?).ok();
        if field == "rate_max"
            && let (Some(before), Some(now)) = (rate(self.draft.says(&path)), rate(Some(&value)))
            && now.0 > before.0
        {
            let why = say!("a larger one is told too", "より大きいものもあります");
            self.draft.withdraw(&path, &why);
        }
        self.once(&path, value, line);
    }

    /// The part of a section that a sentence speaks of: by its name, by the sentence or heading before, or the only one.
    pub(super) fn spoken_part(&mut self, section: &str, sentence: &str) -> String {
        let named = named_in(&self.draft.names(&["infrastructure", section]), sentence);
        let above = self.subject.iter().chain(&self.part);
        let mut above = above.filter(|(of, _)| *of == section).map(|(_, id)| id);
        let named = named.or_else(|| above.next().cloned());
        named
            .or_else(|| self.draft.only_in(&["infrastructure", section]))
            .unwrap_or_else(|| NAMELESS.to_owned())
    }
}

/// What a part is called of which nothing says the name.
pub(super) const NAMELESS: &str = "main";

/// The thing that a sentence names, of those that are known; the longest name where several stand in it.
pub(super) fn named_in(known: &[String], sentence: &str) -> Option<String> {
    let is_named = |id: &&String| {
        let words = id.replace(['_', '-'], " ");
        let mut names = [id.as_str(), &words].into_iter();
        id.as_str() != NAMELESS && id.len() > 2 && names.any(|name| speaks(sentence, &[name]))
    };
    known
        .iter()
        .filter(is_named)
        .max_by_key(|id| id.len())
        .cloned()
}

/// How much a figure is, in the unit of its kind.
fn amount(figure: &Figure) -> f64 {
    let digits = figure
        .text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'));
    let (number, unit) = figure.text.split_at(digits.unwrap_or(figure.text.len()));
    let number = number.parse::<f64>().unwrap_or_default();
    match unit {
        "/min" => number / 60.0,
        "/h" => number / 3_600.0,
        "/d" => number / 86_400.0,
        _ => number,
    }
}

/// Whether a number is how many machines there are: `1 Pod あたり 25 本`.
pub(super) fn counts_machines(text: &str, figure: &Figure) -> bool {
    let after = text[figure.end..].trim_start().to_lowercase();
    ["pod", "task", "タスク", "台", "instance", "インスタンス"]
        .iter()
        .any(|word| after.starts_with(word))
}

/// Whether the words right before a number count machines, or those right behind it name what is counted: `タスク最大 60`,
/// `2 AZs`, `1 NAT gateway`, `2 dedicated master nodes`.
fn is_most_of_machines(lower: &str, figure: &Figure) -> bool {
    const OF: [&str; 9] = [
        "タスク",
        "ポッド",
        "pod",
        "pods",
        "task",
        "tasks",
        "台数",
        "インスタンス",
        "タスク数",
    ];
    const ENDS: [&str; 8] = [
        "最大", "上限", "最小", "最低", "max", "min", "maximum", "minimum",
    ];
    const BEHIND: [&str; 9] = [
        "az",
        "nat",
        "dedicated master",
        "master",
        "availability zone",
        "zones",
        "専用マスター",
        "node",
        "server",
    ];
    let before = lower[..figure.start].trim_end_matches([' ', ':', '：', 'は', 'の', '=']);
    let of = ENDS.iter().find_map(|end| before.strip_suffix(end));
    let of = of.map(|it| it.trim_end_matches([' ', '数', 'の', 'は', '_', '.']));
    let after = lower[figure.end..].trim_start();
    of.is_some_and(|it| OF.iter().any(|word| it.ends_with(word)))
        || BEHIND.iter().any(|word| after.starts_with(word))
}

/// Whether the words right before a figure say that it is the most.
pub(super) fn is_most(text: &str, figure: &Figure) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = include_str!("statements.tsv").lines();
        let written = lines.filter(|line| !line.starts_with('#')).count();
        assert_eq!(STATEMENTS.len(), written);
        assert!(
            STATEMENTS
                .iter()
                .all(|it| !it.near.is_empty() && !it.near[0].is_empty())
        );
    }
}
