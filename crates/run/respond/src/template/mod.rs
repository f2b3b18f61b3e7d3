//! Templates: texts and requests that people write in the spec, filled in from a page.
//!
//! The language is Jinja's, by minijinja. A template can read a page and nothing else: no file, no clock, no variable of the
//! environment, and no secret, for none is ever handed to it. What it may cost is bounded in each direction: its length
//! and its operators ([`guard`]) before it runs, its steps and its output while it runs.

mod guard;
mod sight;

use std::fmt::{self, Write as _};

use minijinja::{
    Environment, Error, ErrorKind, UndefinedBehavior, Value,
    value::{Serde, ValueKind},
};
use serde::Serialize;

pub use sight::Sight;

/// A template is a message and not a program.
pub const SOURCE_MAX: usize = 16 << 10;
/// Steps of one rendering: a page with a hundred labels takes about two thousand.
const FUEL: u64 = 20_000;
/// Output, and the result of each filter. The largest thing that any receiver here takes is an issue of 65,536 characters.
pub const OUTPUT_MAX: usize = 256 << 10;

/// How what is put in for `{{ … }}` is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escape {
    /// As it is.
    Plain,
    /// As a JSON value, quotes and all.
    Json,
    /// Percent-encoded, for a path or a form.
    Url,
}

/// Why a template cannot be used, or not with this page. Says where, and nothing of what the page holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub struct TemplateError {
    why: String,
}

impl TemplateError {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }

    fn of(error: &Error) -> Self {
        let line = error
            .line()
            .map_or_else(String::new, |line| format!("line {line}: "));
        let what = match error.kind() {
            ErrorKind::OutOfFuel => "it takes too many steps; it may not end".to_owned(),
            ErrorKind::WriteFailure => format!("it writes more than {OUTPUT_MAX} bytes"),
            ErrorKind::UndefinedError => "it reads something that a page does not have".to_owned(),
            kind => match error.detail() {
                Some(detail) => format!("{kind}: {detail}"),
                None => kind.to_string(),
            },
        };
        Self::new(format!("{line}{what}"))
    }
}

/// A template that was read.
pub struct Template(Environment<'static>);

const NAME: &str = "template";

impl Template {
    pub fn read(source: &str, escape: Escape) -> Result<Self, TemplateError> {
        guard::check(source)?;
        let mut environment = Environment::empty();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(move |out, _, value| write(out, value, escape));
        environment.add_filter("cut", |text: &str, most: usize| {
            crate::notify::cut::chars(text, most)
        });
        environment.add_filter("upper", |text: &str| bounded(text.to_uppercase()));
        environment.add_filter("lower", |text: &str| bounded(text.to_lowercase()));
        environment.add_filter("url", |text: &str| bounded(percent(text)));
        environment.add_filter("json", |value: Value| bounded(json(&value)?));
        environment.add_filter("default", |value: Value, other: Value| {
            let is_nothing = matches!(value.kind(), ValueKind::None | ValueKind::Undefined);
            if is_nothing { other } else { value }
        });
        let added = environment.add_template_owned(NAME, source.to_owned());
        added.map_err(|error| TemplateError::of(&error))?;
        Ok(Self(environment))
    }

    /// Fills it in.
    pub fn render(&self, context: &impl Serialize) -> Result<String, TemplateError> {
        let template = self.0.get_template(NAME);
        let template = template.map_err(|error| TemplateError::of(&error))?;
        let mut out = Bounded(Vec::new());
        match template.render_captured_to(Value::from(Serde(context)), &mut out) {
            Ok(_) => {}
            Err(error) => return Err(TemplateError::of(&error)),
        }
        String::from_utf8(out.0).map_err(|_| TemplateError::new("it writes no text"))
    }
}

/// Takes no more than [`OUTPUT_MAX`].
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > OUTPUT_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn write(out: &mut minijinja::Output<'_>, value: &Value, escape: Escape) -> Result<(), Error> {
    if value.is_undefined() {
        return Err(ErrorKind::UndefinedError.into());
    }
    let text = match escape {
        Escape::Json => json(value)?,
        Escape::Plain => plain(value),
        Escape::Url => percent(&plain(value)),
    };
    out.write_str(&text)
        .map_err(|fmt::Error| ErrorKind::WriteFailure.into())
}

fn plain(value: &Value) -> String {
    if value.is_none() {
        String::new()
    } else {
        value.to_string()
    }
}

fn json(value: &Value) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|_| Error::new(ErrorKind::BadSerialization, "it cannot be written as JSON"))
}

fn bounded(text: String) -> Result<String, Error> {
    if text.len() > OUTPUT_MAX {
        return Err(ErrorKind::WriteFailure.into());
    }
    Ok(text)
}

/// Everything but the unreserved characters of RFC 3986, 2.3.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn render(source: &str, escape: Escape) -> Result<String, TemplateError> {
        let page = json!({ "name": "決済 \"A\"", "none": null, "list": [1, 2], "long": "x".repeat(20_000) });
        Template::read(source, escape)?.render(&page)
    }

    #[test]
    fn a_value_is_written_as_its_place_asks() {
        let text = |escape| render("{{ name }}", escape);
        assert_eq!(text(Escape::Plain), Ok("決済 \"A\"".to_owned()));
        assert_eq!(text(Escape::Json), Ok("\"決済 \\\"A\\\"\"".to_owned()));
        // 決 is E6 B1 BA and 済 E6 B8 88 in UTF-8.
        assert_eq!(
            text(Escape::Url),
            Ok("%E6%B1%BA%E6%B8%88%20%22A%22".to_owned())
        );
        assert_eq!(render("[{{ none }}]", Escape::Plain), Ok("[]".to_owned()));
        assert_eq!(
            render("[{{ none }}]", Escape::Json),
            Ok("[null]".to_owned())
        );
        assert_eq!(
            render(
                "{% for n in list %}{{ n }};{% endfor %}{{ name|cut(3) }}",
                Escape::Plain
            ),
            Ok("1;2;決済…".to_owned())
        );
    }

    #[test]
    fn a_template_that_loops_meets_its_bound() {
        // 20,000 letters in a loop within a loop are 400 million steps.
        let loops = "{% for a in long %}{% for b in long %}{% endfor %}{% endfor %}";
        let why = render(loops, Escape::Plain).map_err(|error| error.to_string());
        assert!(why.is_err_and(|why| why.contains("too many steps")));
        // 100 times 20,000 letters.
        let writes = "{{ long }}".repeat(100);
        let why = render(&writes, Escape::Plain).map_err(|error| error.to_string());
        assert!(why.is_err_and(|why| why.contains("more than 262144 bytes")));
        // Each `json` doubles the backslashes of the one before.
        let escapes = format!("{{{{ name{} }}}}", "|json".repeat(60));
        assert!(render(&escapes, Escape::Plain).is_err());
    }

    #[test]
    fn nothing_but_the_page_can_be_read() {
        for source in [
            "{{ env }}",
            "{{ HOME }}",
            "{{ secrets }}",
            "{% include 'a' %}",
            "{{ now() }}",
            "{{ name.__class__ }}",
        ] {
            assert!(render(source, Escape::Plain).is_err(), "{source}");
        }
    }

    proptest! {
        #[test]
        fn no_template_is_a_panic(source in r"(\{\{|\}\}|\{%|%\}|\{#|#\}|if |for |in |endfor|endif|name|list|long|[ a-z|()\[\]'.,+*~-]){0,24}") {
            let _ = render(&source, Escape::Json);
        }
    }
}
