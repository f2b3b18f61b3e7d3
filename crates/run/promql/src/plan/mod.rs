//! A query as a tree in which every name is resolved: nothing is left to look up or to mistype while it runs.

mod lower;

use promise::signal::Matcher;

use crate::{ParseError, function::Function, query::LOOK_BACK};

/// The tree and the selectors in it.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub root: Node,
    pub selectors: Vec<Selector>,
}

#[derive(Debug, Clone)]
pub(crate) struct Selector {
    pub matchers: Vec<Matcher>,
    pub when: When,
}

/// `@` and `offset`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct When {
    pub at: Option<Fixed>,
    pub offset: i64,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Fixed {
    Start,
    End,
    At(i64),
}

impl When {
    /// The instant that is meant when the query stands at `at`.
    pub fn instant(self, at: i64, start: i64, end: i64) -> i64 {
        let at = match self.at {
            None => at,
            Some(Fixed::Start) => start,
            Some(Fixed::End) => end,
            Some(Fixed::At(fixed)) => fixed,
        };
        at.saturating_sub(self.offset)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Node {
    Number(f64),
    Text(String),
    /// An instant vector selector: its place in [`Plan::selectors`].
    Vector(usize),
    Matrix {
        selector: usize,
        range: i64,
    },
    Subquery {
        of: Box<Node>,
        range: i64,
        step: i64,
        when: When,
    },
    Negate(Box<Node>),
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    Call {
        function: Function,
        args: Vec<Node>,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct Binary {
    pub op: Op,
    pub left: Node,
    pub right: Node,
    pub returns_bool: bool,
    pub matching: Grouping,
    pub many: Many,
}

/// Which side may have several series for one of the other, and the labels taken from the one side.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Many {
    Neither,
    Left(Vec<String>),
    Right(Vec<String>),
}

/// `by`/`on` or `without`/`ignoring`.
#[derive(Debug, Clone)]
pub(crate) enum Grouping {
    By(Vec<String>),
    Without(Vec<String>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    And,
    Or,
    Unless,
}

#[derive(Debug, Clone)]
pub(crate) struct Aggregate {
    pub op: Fold,
    pub of: Node,
    pub param: Option<Node>,
    pub grouping: Grouping,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fold {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    TopK,
    BottomK,
    Quantile,
    CountValues,
}

impl Plan {
    pub fn of(text: &str) -> Result<Self, ParseError> {
        lower::plan(text)
    }

    /// For each selector, the stretch of samples that a run over `[from, to]` may look at.
    pub fn stretches(&self, from: i64, to: i64) -> Vec<(usize, i64, i64)> {
        let mut found = Vec::new();
        self.walk(&self.root, (from, to), (from, to), &mut found);
        found
    }

    fn walk(
        &self,
        node: &Node,
        span: (i64, i64),
        run: (i64, i64),
        found: &mut Vec<(usize, i64, i64)>,
    ) {
        let seen = |when: When, back: i64| {
            let from = when.instant(span.0, run.0, run.1).saturating_sub(back);
            (from, when.instant(span.1, run.0, run.1))
        };
        match node {
            Node::Number(_) | Node::Text(_) => {}
            Node::Vector(selector) => {
                let back = i64::try_from(LOOK_BACK.as_millis()).unwrap_or(i64::MAX);
                let (from, to) = seen(self.selectors[*selector].when, back);
                found.push((*selector, from, to));
            }
            Node::Matrix { selector, range } => {
                let (from, to) = seen(self.selectors[*selector].when, *range);
                found.push((*selector, from, to));
            }
            Node::Subquery {
                of, range, when, ..
            } => self.walk(of, seen(*when, *range), run, found),
            Node::Negate(of) => self.walk(of, span, run, found),
            Node::Binary(binary) => {
                self.walk(&binary.left, span, run, found);
                self.walk(&binary.right, span, run, found);
            }
            Node::Aggregate(fold) => {
                self.walk(&fold.of, span, run, found);
                if let Some(param) = &fold.param {
                    self.walk(param, span, run, found);
                }
            }
            Node::Call { args, .. } => args.iter().for_each(|arg| self.walk(arg, span, run, found)),
        }
    }
}
