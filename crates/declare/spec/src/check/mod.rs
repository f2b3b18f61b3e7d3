//! The rules: what a spec can say wrongly although every word of it is right. One rule a file.
//!
//! To add one, write its file beside these and name it in `rules!` below. Its doc comment has the fixed
//! headings `Finds`, `Why`, `Source` (of its number), `Example` and `Fix`, in English and, after `ja:`,
//! in Japanese; it *is* the rule's page in the reference.

use promise::{Say, document::Span, record::Doc};

use crate::{
    diagnostic::{Diagnostic, Level},
    load::World,
    places::Places,
    section::Spec,
};

pub(crate) mod lookup;

pub(crate) use bad_id::PATTERN as ID_PATTERN;

/// Declares a rule; its doc comment becomes its page.
macro_rules! rule {
    ($(#[doc = $doc:literal])* $code:literal: $level:ident, needs [$($need:literal),*], $check:ident) => {
        $(#[doc = $doc])*
        pub(super) const RULE: $crate::check::Rule = $crate::check::Rule {
            code: $code,
            level: $crate::Level::$level,
            needs: &[$($need),*],
            doc: promise::record::Doc(&[$($doc),*]),
            check: $check,
        };
    };
}

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(mod $module;)*

        /// Every rule, in the order of the reference.
        pub const RULES: &[Rule] = &[$($module::RULE),*];
    };
}

rules! {
    unknown_reference,
    bad_id,
    not_an_address,
    not_a_url,
    not_a_time_zone,
    not_an_instant,
    not_a_record_type,
    not_a_glob,
    bad_query,
    timeout_exceeds_interval,
    interval_too_short,
    duplicate_target,
    no_targets,
    bad_relabel,
    window_exceeds_retention,
    stale_before_next,
    impossible_objective,
    rto_against_availability,
    page_too_late,
    idle_correction,
    nobody_told,
    route_without_receivers,
    unused_receiver,
    empty_rotation,
    turn_too_short,
    repeat_too_short,
    answer_before_page,
    console_not_loopback,
    mail_in_clear,
}

/// A rule and its page.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable, kebab-case; what a diagnostic of this rule is called.
    pub code: &'static str,
    pub level: Level,
    /// Sections that it must know whole: where one of them holds a mistake the rule does not run, for it
    /// would speak of what is only missing because it could not be read.
    pub needs: &'static [&'static str],
    /// Its page: the fixed headings, in both languages.
    pub doc: Doc,
    pub(crate) check: fn(&Sight<'_>, &mut Found<'_>),
}

/// What a rule sees.
pub(crate) struct Sight<'s> {
    pub(crate) spec: &'s Spec,
    pub(crate) places: Places<'s>,
    pub(crate) text: &'s str,
    pub(crate) world: &'s World<'s>,
    /// Sections in which something could not be read.
    pub(crate) unread: &'s [&'static str],
}

/// Where a rule puts what it finds.
pub(crate) struct Found<'f> {
    rule: Rule,
    file: &'f str,
    diagnostics: &'f mut Vec<Diagnostic>,
}

impl Found<'_> {
    /// A finding at `span`; add second places and a hint to what this returns.
    pub(crate) fn note(&mut self, span: Span, message: Say) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic {
            level: self.rule.level,
            code: self.rule.code,
            message,
            labels: vec![(span, Say::same(""))],
            hint: None,
            file: self.file.to_owned(),
            masked: Vec::new(),
        });
        &mut self.diagnostics[at]
    }
}

/// Everything that the rules find.
pub(crate) fn run(sight: &Sight<'_>, file: &str) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for rule in RULES {
        // Warnings and advice are about the spec as a whole; while it has mistakes they would be noise.
        let wants_all = rule.level != Level::Error;
        if rule.needs.iter().any(|need| sight.unread.contains(need))
            || (wants_all && !sight.unread.is_empty())
        {
            continue;
        }
        (rule.check)(
            sight,
            &mut Found {
                rule: *rule,
                file,
                diagnostics: &mut diagnostics,
            },
        );
    }
    diagnostics
}
