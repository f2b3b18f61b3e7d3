//! One line with a sample: series, value, and where given a timestamp and an exemplar.

use promise::{Timestamp, say};

use super::{
    Exemplar, Exposed, Format, Limits, Pairs, ParseError,
    cursor::{Cursor, Quoted},
};

pub(super) fn line<'b>(
    mut cursor: Cursor<'b>,
    format: Format,
    kind: &'b str,
    limits: &Limits,
) -> Result<Exposed<'b>, ParseError> {
    let cursor = &mut cursor;
    let mut exposed = Exposed {
        series: checked_series(cursor, limits)?,
        value: 0.0,
        at: None,
        exemplar: None,
        line: cursor.number(),
        kind,
    };
    gap(cursor, format)?;
    exposed.value = number(cursor)?;
    if format == Format::OpenMetrics {
        if !cursor.at_end() {
            space(cursor)?;
            if cursor.peek() != Some(b'#') {
                exposed.at = Some(seconds(cursor)?);
                if !cursor.at_end() {
                    space(cursor)?;
                }
            }
            if cursor.peek() == Some(b'#') {
                exposed.exemplar = Some(exemplar(cursor)?);
            }
        }
    } else {
        cursor.skip_space();
        if !cursor.at_end() {
            exposed.at = Some(millis(cursor)?);
            cursor.skip_space();
        }
    }
    if !cursor.at_end() {
        return Err(cursor.expected("`\\n`"));
    }
    Ok(exposed)
}

/// Reads a series and holds it to the limits; its text can be read again without a mistake.
fn checked_series<'b>(cursor: &mut Cursor<'b>, limits: &Limits) -> Result<&'b str, ParseError> {
    let start = cursor.position();
    let here = cursor.clone();
    let mut names: [&str; 16] = [""; 16];
    let mut many: Vec<&str> = Vec::new();
    let mut count = 0usize;
    series(cursor, &mut |name, value| {
        if value.raw.len() > limits.value_max {
            let max = limits.value_max;
            return Err(here.over(say!(
                "the value of label `{}` is longer than {max} bytes",
                "ラベル `{}` の値が {max} バイトを超えています",
                name.raw
            )));
        }
        if name.raw.len() > limits.name_max {
            let max = limits.name_max;
            return Err(here.over(say!(
                "the name of a label is longer than {max} bytes",
                "ラベルの名前が {max} バイトを超えています"
            )));
        }
        let seen = names[..count.min(names.len())].contains(&name.raw) || many.contains(&name.raw);
        if seen {
            return Err(here.wrong(say!(
                "the label `{}` stands twice in one series",
                "ラベル `{}` が一つの系列に 2 度あります",
                name.raw
            )));
        }
        match names.get_mut(count) {
            Some(slot) => *slot = name.raw,
            None => many.push(name.raw),
        }
        count += 1;
        // The metric's name is no label in the eyes of whoever set the limit.
        if count as u64 > limits.labels_max.saturating_add(1) {
            let max = limits.labels_max;
            return Err(here.over(say!(
                "a series has more than {max} labels (labels_max)",
                "系列のラベルが {max} 個(labels_max)を超えています"
            )));
        }
        Ok(())
    })?;
    Ok(cursor.since(start))
}

type Each<'f, 'b> = &'f mut dyn FnMut(Quoted<'b>, Quoted<'b>) -> Result<(), ParseError>;

/// `name{label="value"}`, or `{"any name",label="value"}`.
pub(super) fn series<'b>(cursor: &mut Cursor<'b>, pair: Each<'_, 'b>) -> Result<(), ParseError> {
    let name = cursor.name(true);
    let mut named = !name.is_empty();
    if named {
        pair(Quoted::plain("__name__"), Quoted::plain(name))?;
    }
    let before = cursor.clone();
    cursor.skip_space();
    if cursor.eat(b'{') {
        labels(cursor, &mut named, pair)?;
    } else {
        *cursor = before;
    }
    if !named {
        return Err(cursor.expected("a metric name"));
    }
    Ok(())
}

fn labels<'b>(
    cursor: &mut Cursor<'b>,
    named: &mut bool,
    pair: Each<'_, 'b>,
) -> Result<(), ParseError> {
    loop {
        cursor.skip_space();
        if cursor.eat(b'}') {
            return Ok(());
        }
        let quoted = cursor.peek() == Some(b'"');
        let name = if quoted {
            cursor.quoted()?
        } else {
            Quoted::plain(cursor.name(false))
        };
        if name.raw.is_empty() {
            return Err(cursor.expected("a label name or `}`"));
        }
        cursor.skip_space();
        if cursor.eat(b'=') {
            cursor.skip_space();
            if name.raw == "__name__" {
                return Err(cursor.wrong(say!(
                    "the metric's name is not written as a label",
                    "メトリクス名はラベルとして書けません"
                )));
            }
            let value = cursor.quoted()?;
            pair(name, value)?;
        } else if quoted && !*named {
            *named = true;
            pair(Quoted::plain("__name__"), name)?;
        } else {
            return Err(cursor.expected("`=`"));
        }
        cursor.skip_space();
        if !cursor.eat(b',') && cursor.peek() != Some(b'}') {
            return Err(cursor.expected("`,` or `}`"));
        }
    }
}

fn gap(cursor: &mut Cursor<'_>, format: Format) -> Result<(), ParseError> {
    if format == Format::OpenMetrics {
        return space(cursor);
    }
    cursor.skip_space();
    Ok(())
}

fn space(cursor: &mut Cursor<'_>) -> Result<(), ParseError> {
    if cursor.eat(b' ') {
        Ok(())
    } else {
        Err(cursor.expected("a space"))
    }
}

fn number(cursor: &mut Cursor<'_>) -> Result<f64, ParseError> {
    let before = cursor.clone();
    let word = cursor.word();
    super::number::value(word).ok_or_else(|| {
        before.wrong(say!(
            "`{}` is not a number",
            "`{}` は数ではありません",
            short(word)
        ))
    })
}

fn millis(cursor: &mut Cursor<'_>) -> Result<Timestamp, ParseError> {
    let before = cursor.clone();
    let word = cursor.word();
    word.parse().map(Timestamp::from_millis).map_err(|_| {
        before.wrong(say!(
            "`{}` is not a timestamp in milliseconds",
            "`{}` はミリ秒の時刻ではありません",
            short(word)
        ))
    })
}

fn seconds(cursor: &mut Cursor<'_>) -> Result<Timestamp, ParseError> {
    let before = cursor.clone();
    let seconds = number(cursor)?;
    // The year 10000 in seconds: beyond it no clock is right, and milliseconds still fit a double exactly.
    if !(-253_402_300_800.0..=253_402_300_800.0).contains(&seconds) {
        return Err(before.wrong(say!(
            "the timestamp is not a time in seconds",
            "時刻が秒として正しくありません"
        )));
    }
    #[allow(clippy::cast_possible_truncation)]
    Ok(Timestamp::from_millis((seconds * 1000.0).round() as i64))
}

/// `# {trace_id="…"} 0.67 1520879607.789`
fn exemplar<'b>(cursor: &mut Cursor<'b>) -> Result<Exemplar<'b>, ParseError> {
    if !cursor.eat_text("# {") {
        return Err(cursor.expected("`# {`"));
    }
    // An exemplar has no metric name; `named` keeps a quoted name from being taken for one.
    let mut pairs = Pairs::new();
    labels(cursor, &mut true, &mut |name, value| {
        pairs.push((name.text(), value.text()));
        Ok(())
    })?;
    space(cursor)?;
    let value = number(cursor)?;
    let mut at = None;
    if !cursor.at_end() {
        space(cursor)?;
        at = Some(seconds(cursor)?);
    }
    Ok(Exemplar {
        labels: pairs,
        value,
        at,
    })
}

/// Enough of a wrong word to find it by.
fn short(word: &str) -> String {
    word.chars().take(40).collect()
}
