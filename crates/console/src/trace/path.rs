//! The critical path: which span the root waited for at each instant. Shortening anything else makes it no faster.
//!
//! As in CRISP (Zhang et al., "CRISP: Critical Path Analysis of Large-Scale Microservice Architectures", USENIX ATC
//! 2022): walk back from a span's end; the child that ended last before there is what was waited for, up to its start,
//! and the span itself is where no child ran. A child that outlives its parent counts as far as the parent lasts.

use super::{Placed, Trace};

/// A stretch of time, in microseconds since 1970, and the place of the span that it went into.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Section {
    pub span: usize,
    pub from: u64,
    pub to: u64,
}

/// In order of time; together they are as long as the root.
pub(super) fn critical(trace: &Trace) -> Vec<Section> {
    let mut children: Vec<Vec<usize>> = vec![Vec::new(); trace.spans.len()];
    for (i, placed) in trace.spans.iter().enumerate() {
        if let Some(parent) = placed.parent {
            children[parent].push(i);
        }
    }
    let end = |i: &usize| trace.spans[*i].span.end();
    for below in &mut children {
        below.sort_by_key(|i| std::cmp::Reverse(end(i)));
    }
    let mut sections = Vec::new();
    let root = &trace.root().span;
    // A span, and from where back its time is looked at.
    let mut open = vec![Step::Into(0, root.start, root.end())];
    while let Some(step) = open.pop() {
        match step {
            Step::Own(section) => {
                if section.to > section.from {
                    sections.push(section);
                }
            }
            Step::Into(span, from, to) => {
                // Back to front; pushed so that what comes first in time is popped last.
                for step in walk(&trace.spans, span, &children[span], from, to) {
                    open.push(step);
                }
            }
        }
    }
    sections.sort_by_key(|section| section.from);
    sections
}

enum Step {
    Own(Section),
    Into(usize, u64, u64),
}

fn walk(spans: &[Placed], span: usize, children: &[usize], from: u64, to: u64) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut cursor = to;
    for child in children {
        let one = &spans[*child].span;
        let (start, end) = (one.start.max(from), one.end().min(cursor));
        // It ran beside one that was waited for longer, or not within this span at all.
        if start >= end || one.end() > cursor && cursor != to {
            continue;
        }
        steps.push(Step::Own(Section {
            span,
            from: end,
            to: cursor,
        }));
        steps.push(Step::Into(*child, start, end));
        cursor = start;
    }
    steps.push(Step::Own(Section {
        span,
        from,
        to: cursor,
    }));
    steps
}
