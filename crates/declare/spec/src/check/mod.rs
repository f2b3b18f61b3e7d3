//! The rules: what a spec can say wrongly although every word of it is right. One rule a file.
//!
//! To add one, write its file beside these and name it in `rules!` below. Its doc comment has the fixed
//! headings `Finds`, `Why`, `Source` (of its number), `Example` and `Fix`, in English and, after `ja:`,
//! in Japanese; it *is* the rule's page in the reference.

use promise::{Lang, Say, document::Span, record::Doc, say};

use crate::{
    diagnostic::{Diagnostic, Level},
    facts::Facts,
    load::{Suppressed, World},
    places::Places,
    reference::{headings, title},
    section::{Spec, profile::Profile},
    texts::Texts,
};

pub(crate) mod cidr;
mod design;
mod hours;
pub(crate) mod lookup;
mod suppress;
mod words;

use suppress::Excuses;

pub(crate) use bad_id::PATTERN as ID_PATTERN;

/// Declares a rule; its doc comment becomes its page:
///
/// `"code": Level, needs ["section"], check`, where
/// - `for [Pci, Hipaa],` before `needs` lets it run only for specs of one of these profiles;
/// - `, always` at the end means that nobody can suppress it: without it the spec could not run.
macro_rules! rule {
    (
        $(#[doc = $doc:literal])*
        $code:literal: $level:ident, $(for [$($profile:ident),*],)? needs [$($need:literal),*], $check:ident $(, $always:ident)?
    ) => {
        $(#[doc = $doc])*
        pub(super) const RULE: $crate::check::Rule = $crate::check::Rule {
            code: $code,
            level: $crate::Level::$level,
            profiles: &[$($($crate::section::profile::Profile::$profile),*)?],
            needs: &[$($need),*],
            is_always: { let words: &[&str] = &[$(stringify!($always))?]; !words.is_empty() },
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
    not_a_record_type,
    not_a_glob,
    bad_query,
    timeout_exceeds_interval,
    interval_too_short,
    duplicate_target,
    no_targets,
    bad_relabel,
    window_exceeds_metrics,
    window_exceeds_retention,
    stale_before_next,
    impossible_objective,
    rto_against_availability,
    downtime_against_availability,
    page_too_late,
    idle_correction,
    nobody_told,
    route_without_receivers,
    unused_receiver,
    empty_rotation,
    turn_too_short,
    turns_too_often,
    repeat_too_short,
    answer_before_page,
    console_not_loopback,
    syslog_in_clear,
    redact_without_key,
    mail_in_clear,
    bad_suppression,
    recovery_exceeds_rto,
    person_slower_than_rto,
    grace_exceeds_rto,
    dns_slower_than_rto,
    restore_slower_than_rto,
    backup_exceeds_rpo,
    lag_exceeds_rpo,
    lag_unbounded,
    bucket_copy_exceeds_rpo,
    retries_exceed_promise,
    retries_exceed_idle_timeout,
    retry_not_idempotent,
    period_exceeds_page,
    log_window_exceeds_page,
    period_too_short,
    check_timeout_exceeds_interval,
    certificate_told_too_late,
    restore_never_tried,
    failover_never_drilled,
    retention_beyond_product,
    timeout_beyond_product,
    backup_kept_too_short,
    retention_stated_twice,
    escalates_after_answer,
    escalation_too_late,
    older_escalation,
    queue_redelivers,
    queue_grows,
    lock_outlives_object,
    lock_outlives_erasure,
    composed_availability,
    stricter_than_dependency,
    errors_beyond_promise,
    acceptance_looser_than_promise,
    accepted_errors_beyond_promise,
    statistic_against_unit,
    bound_never_crossed,
    alert_after_promise,
    utilization_unwatched,
    scaling_above_alert,
    maximum_never_tried,
    spike_below_peak,
    minimum_never_offered,
    users_cannot_make_rate,
    figures_out_of_order,
    rate_limit_exceeded,
    load_reaches_provider,
    capacity_below_peak,
    standby_too_small,
    zone_loss,
    connections_exceed_database,
    storage_runs_out,
    checked_against_accepted,
    not_a_cidr,
    subnet_outside_network,
    ranges_overlap,
    subnet_too_small,
    zones_without_subnets,
    single_point,
    sla_overstated,
    engine_not_offered,
    past_end_of_life,
    burstable_over_baseline,
    unfit_instance,
    instance_of_other_product,
    parameter_group_unknown,
    even_masters,
    machine_without_machines,
    waf_group_unknown,
    waf_region,
    waf_body_uninspected,
    cdn_behind_cdn,
    tls_below_promise,
    tls_outdated,
    open_to_everyone,
    store_public,
    cdn_keeps_personal,
    purges_nothing,
    stale_after_release,
    card_field_in_logs,
    card_data_kept,
    personal_field_in_clear,
    immutable_by_nothing,
    audit_kept_too_short,
    kept_shorter_than_design,
    ledger_kept_too_short,
    logs_without_clock,
    data_abroad,
    never_rotated,
    key_not_in_standby,
    key_of_the_provider,
    default_user,
    sign_in_too_weak,
    protocol_withdrawn,
    copied_after_retention,
    duty_too_seldom,
    duty_too_late,
    stops_exceed_availability,
    nobody_at_night,
    line_does_not_multiply,
    stated_twice,
    hidden_beyond_product,
    heartbeat_exceeds_idle_timeout,
    alarm_stated_twice,
    stream_throttles,
    records_kept_too_short,
    requirement_missing,
    store_not_encrypted,
    steps_without_executor,
    trigger_without_figure,
    nothing_to_promote,
    nobody_on_call,
    warning_after_critical,
    alert_without_severity,
    alert_without_runbook,
    unknown_part,
    checklist_unanswered,
    total_does_not_add_up,
    shares_exceed_latency,
    budgets_exceed_ceiling,
    subscription_exceeds_budget,
    budget_without_actuals,
    no_way_back,
    drain_never_ends,
    broker_lost_stops_writes,
    replay_exceeds_retention,
    retry_after_signature,
    repeat_after_memory,
    certificate_of_other_region,
    warned_when_spent,
    deregistration_exceeds_rto,
    sync_slower_than_promise,
    sync_copy_alone,
    windows_overlap,
    maintenance_exceeds_budget,
    log_volume_exceeds_budget,
    untagged,
    one_failure_breaks,
    zone_of_other_region,
    subnet_size_refused,
    database_in_public_subnet,
    instance_unknown,
    waf_over_capacity,
    webhook_answered_too_late,
    scales_slower_than_ramp,
    fallback_repeats,
    cache_cannot_fail_over,
    held_nowhere_else,
    copied_without_versions,
    waf_stops_load_test,
    rotation_too_small,
    card_entry_against_scope,
    refund_without_clock,
    // Last: what all the others found has been covered by then.
    idle_suppression,
}

/// The rule of this code.
#[must_use]
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

/// A rule and its page.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// Stable, kebab-case; what a diagnostic of this rule is called.
    pub code: &'static str,
    pub level: Level,
    /// The profiles of which a spec must have one for the rule to run; empty: it always runs.
    pub profiles: &'static [Profile],
    /// Sections that it must know whole: where one of them holds a mistake the rule does not run, for it
    /// would speak of what is only missing because it could not be read.
    pub needs: &'static [&'static str],
    /// Whether it cannot be suppressed.
    pub is_always: bool,
    /// Its page: the fixed headings, in both languages.
    pub doc: Doc,
    pub(crate) check: fn(&Sight<'_>, &mut Found<'_>),
}

impl Rule {
    /// The text under one heading of its page; empty where the page has none.
    #[must_use]
    pub fn section(&self, heading: &str) -> Say {
        let mut all = headings(self.doc);
        all.find(|(name, _)| *name == heading)
            .map_or_else(|| Say::same(""), |(_, text)| text)
    }

    /// Its whole page, as Markdown.
    #[must_use]
    pub fn page(&self, lang: Lang) -> String {
        let level = self.level.say();
        let mut out = format!("# {} ({})\n", self.code, level.get(lang));
        if !self.profiles.is_empty() {
            let names: Vec<&str> = self
                .profiles
                .iter()
                .map(|profile| profile.as_str())
                .collect();
            let names = names.join(", ");
            let only = say!("Only for {names}.", "{names} の場合だけ。");
            out.push_str(&format!("\n{}\n", only.get(lang)));
        }
        for (heading, text) in headings(self.doc) {
            out.push_str(&format!(
                "\n## {}\n\n{}\n",
                title(heading).get(lang),
                text.get(lang)
            ));
        }
        let suppress = if self.is_always {
            say!("It cannot be suppressed.", "抑制できません。")
        } else {
            let code = self.code;
            say!(
                "To bear it for a while: `suppressions: {{ NAME: {{ rule: {code}, at: PATH, reason: WHY, until: 2027-03-31 }} }}`.",
                "しばらく受け入れるには: `suppressions: {{ 名前: {{ rule: {code}, at: 場所, reason: 理由, until: 2027-03-31 }} }}`"
            )
        };
        out.push_str(&format!("\n{}\n", suppress.get(lang)));
        out
    }

    /// Where its number comes from; `None` for a rule without a number.
    #[must_use]
    pub fn number(&self) -> Option<Say> {
        Some(self.section("Source")).filter(|source| !source.en.starts_with("No number"))
    }

    /// Whether it runs for a spec of these profiles.
    #[must_use]
    pub fn is_for(&self, profiles: &[Profile]) -> bool {
        self.profiles.is_empty()
            || self
                .profiles
                .iter()
                .any(|profile| profiles.contains(profile))
    }
}

/// What a rule sees.
pub(crate) struct Sight<'s> {
    pub(crate) spec: &'s Spec,
    pub(crate) places: Places<'s>,
    pub(crate) texts: &'s Texts,
    pub(crate) world: &'s World<'s>,
    /// Sections in which something could not be read.
    pub(crate) unread: &'s [&'static str],
    excuses: Excuses<'s>,
}

impl<'s> Sight<'s> {
    pub(crate) fn new(
        spec: &'s Spec,
        places: Places<'s>,
        texts: &'s Texts,
        world: &'s World<'s>,
        unread: &'s [&'static str],
    ) -> Self {
        let excuses = Excuses::of(spec, places, world.now);
        Self {
            spec,
            places,
            texts,
            world,
            unread,
            excuses,
        }
    }
}

impl<'s> Sight<'s> {
    /// What providers offer, promise and charge.
    pub(crate) fn facts(&self) -> &'s Facts {
        self.world.facts
    }
}

/// Where a rule puts what it finds.
pub(crate) struct Found<'f> {
    rule: Rule,
    diagnostics: &'f mut Vec<Diagnostic>,
}

impl Found<'_> {
    /// A finding at `span`; add second places, a hint, a source and fixes to what this returns.
    pub(crate) fn note(&mut self, span: Span, message: Say) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic::new(
            self.rule.level,
            self.rule.code,
            span,
            message,
        ));
        &mut self.diagnostics[at]
    }
}

/// Everything that the rules find, and what of it the spec suppresses.
pub(crate) fn run(sight: &Sight<'_>) -> (Vec<Diagnostic>, Vec<Suppressed>) {
    let (mut all, mut suppressed) = (Vec::new(), Vec::new());
    for rule in RULES
        .iter()
        .filter(|rule| rule.is_for(&sight.spec.profiles))
    {
        // Warnings and advice are about the spec as a whole; while it has mistakes they would be noise.
        let wants_all = rule.level != Level::Error;
        if rule.needs.iter().any(|need| sight.unread.contains(need))
            || (wants_all && !sight.unread.is_empty())
        {
            continue;
        }
        let mut diagnostics = Vec::new();
        (rule.check)(
            sight,
            &mut Found {
                rule: *rule,
                diagnostics: &mut diagnostics,
            },
        );
        for mut finding in diagnostics {
            // A figure that nobody has held against its source stops nobody.
            if finding.sources.iter().any(|source| !source.is_compared) {
                finding.level = Level::Advice;
            }
            match sight.excuses.of_finding(rule, &finding) {
                Some(excuse) => suppressed.push(excuse.of(finding)),
                None => all.push(finding),
            }
        }
    }
    (all, suppressed)
}
