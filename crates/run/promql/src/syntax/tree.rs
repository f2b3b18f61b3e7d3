//! The tree of a query. Every node knows where its text begins, because that is what notes point to.

use promise::signal::Matcher;

use super::duration::Length;
use crate::function::Function;

#[derive(Debug, Clone)]
pub(crate) struct Expr {
    /// Byte offset into the text.
    pub start: usize,
    /// Levels below and including this one.
    pub depth: usize,
    pub kind: Kind,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Number {
        value: f64,
        is_duration: bool,
    },
    Text(String),
    Vector(Selector),
    Matrix {
        selector: Selector,
        range: Length,
    },
    Subquery {
        of: Box<Expr>,
        range: Length,
        step: Option<Length>,
        when: When,
    },
    Paren(Box<Expr>),
    Unary {
        is_minus: bool,
        of: Box<Expr>,
    },
    Binary(Box<Binary>),
    Aggregate(Box<Aggregate>),
    Call {
        function: &'static Function,
        args: Vec<Expr>,
    },
}

/// What a node gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Type {
    Scalar,
    Vector,
    Matrix,
    Text,
}

impl Type {
    pub fn name(self) -> &'static str {
        match self {
            Self::Scalar => "scalar",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
            Self::Text => "string",
        }
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Selector {
    /// Its number in the order of the text.
    pub id: usize,
    pub name: Option<String>,
    /// As written; the name, when it stands before the braces, is the last.
    pub matchers: Vec<Matcher>,
    pub when: When,
}

/// `@` and `offset`.
#[derive(Debug, Clone, Default)]
pub(crate) struct When {
    pub at: Option<Fixed>,
    pub offset: Option<Length>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fixed {
    Start,
    End,
    At(i64),
}

impl When {
    pub fn offset_millis(&self) -> i64 {
        self.offset.as_ref().map_or(0, |offset| offset.millis)
    }

    /// The instant that is meant when the query stands at `at` of a run from `start` to `end`.
    pub fn instant(&self, at: i64, (start, end): (i64, i64)) -> i64 {
        let at = match self.at {
            None => at,
            Some(Fixed::Start) => start,
            Some(Fixed::End) => end,
            Some(Fixed::At(fixed)) => fixed,
        };
        at.saturating_sub(self.offset_millis())
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Binary {
    pub op: Op,
    pub left: Expr,
    pub right: Expr,
    pub returns_bool: bool,
    pub matching: Matching,
}

/// How the series of two vectors find each other.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matching {
    /// `on` instead of `ignoring`.
    pub is_on: bool,
    pub labels: Vec<String>,
    pub cards: Cards,
    /// Labels that `group_left` and `group_right` take from the one side.
    pub include: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Cards {
    #[default]
    OneToOne,
    ManyToOne,
    OneToMany,
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

impl Op {
    pub fn sign(self) -> &'static str {
        match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterEqual => ">=",
            Self::LessEqual => "<=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }

    pub fn named(sign: &str) -> Option<Self> {
        const ALL: [Op; 16] = [
            Op::Add,
            Op::Sub,
            Op::Mul,
            Op::Div,
            Op::Mod,
            Op::Pow,
            Op::Atan2,
            Op::Equal,
            Op::NotEqual,
            Op::Greater,
            Op::Less,
            Op::GreaterEqual,
            Op::LessEqual,
            Op::And,
            Op::Or,
            Op::Unless,
        ];
        ALL.into_iter()
            .find(|op| op.sign().eq_ignore_ascii_case(sign))
    }

    /// The higher binds tighter.
    pub fn precedence(self) -> u8 {
        match self {
            Self::Or => 1,
            Self::And | Self::Unless => 2,
            op if op.is_comparison() => 3,
            Self::Add | Self::Sub => 4,
            Self::Pow => 6,
            _ => 5,
        }
    }

    pub fn is_comparison(self) -> bool {
        matches!(
            self,
            Self::Equal
                | Self::NotEqual
                | Self::Greater
                | Self::Less
                | Self::GreaterEqual
                | Self::LessEqual
        )
    }

    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Aggregate {
    pub fold: Fold,
    pub of: Expr,
    pub param: Option<Expr>,
    pub grouping: Grouping,
}

/// `by` or `without`.
#[derive(Debug, Clone)]
pub(crate) struct Grouping {
    pub is_without: bool,
    pub labels: Vec<String>,
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
    LimitK,
    LimitRatio,
    Quantile,
    CountValues,
}

impl Fold {
    pub const ALL: [(&str, Self); 14] = [
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
        ("count", Self::Count),
        ("group", Self::Group),
        ("stddev", Self::Stddev),
        ("stdvar", Self::Stdvar),
        ("topk", Self::TopK),
        ("bottomk", Self::BottomK),
        ("limitk", Self::LimitK),
        ("limit_ratio", Self::LimitRatio),
        ("quantile", Self::Quantile),
        ("count_values", Self::CountValues),
    ];

    pub fn named(word: &str) -> Option<Self> {
        let found = Self::ALL
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(word));
        found.map(|(_, fold)| *fold)
    }

    pub fn name(self) -> &'static str {
        let found = Self::ALL.iter().find(|(_, fold)| *fold == self);
        found.map_or("", |(name, _)| name)
    }

    pub fn has_param(self) -> bool {
        self.selects() || matches!(self, Self::Quantile | Self::CountValues)
    }

    /// Whether it hands on some of the series as they are.
    pub fn selects(self) -> bool {
        matches!(
            self,
            Self::TopK | Self::BottomK | Self::LimitK | Self::LimitRatio
        )
    }
}

impl Expr {
    pub fn new(start: usize, kind: Kind) -> Self {
        let below = match &kind {
            Kind::Number { .. } | Kind::Text(_) | Kind::Vector(_) | Kind::Matrix { .. } => 0,
            Kind::Subquery { of, .. } | Kind::Paren(of) | Kind::Unary { of, .. } => of.depth,
            Kind::Binary(binary) => binary.left.depth.max(binary.right.depth),
            Kind::Aggregate(fold) => {
                let param = fold.param.as_ref().map_or(0, |param| param.depth);
                fold.of.depth.max(param)
            }
            Kind::Call { args, .. } => args.iter().map(|arg| arg.depth).max().unwrap_or(0),
        };
        Self {
            start,
            depth: below + 1,
            kind,
        }
    }

    pub fn gives(&self) -> Type {
        match &self.kind {
            Kind::Number { .. } => Type::Scalar,
            Kind::Text(_) => Type::Text,
            Kind::Vector(_) | Kind::Aggregate(_) => Type::Vector,
            Kind::Matrix { .. } | Kind::Subquery { .. } => Type::Matrix,
            Kind::Paren(of) | Kind::Unary { of, .. } => of.gives(),
            Kind::Binary(binary) => match (binary.left.gives(), binary.right.gives()) {
                (Type::Scalar, Type::Scalar) => Type::Scalar,
                _ => Type::Vector,
            },
            Kind::Call { function, .. } => function.gives,
        }
    }

    /// Without the parentheses around it.
    pub fn bare(&self) -> &Self {
        match &self.kind {
            Kind::Paren(of) => of.bare(),
            _ => self,
        }
    }

    /// The nodes directly below.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Number { .. } | Kind::Text(_) | Kind::Vector(_) | Kind::Matrix { .. } => {
                Vec::new()
            }
            Kind::Subquery { of, .. } | Kind::Paren(of) | Kind::Unary { of, .. } => vec![of],
            Kind::Binary(binary) => vec![&binary.left, &binary.right],
            Kind::Aggregate(fold) => fold.param.iter().chain([&fold.of]).collect(),
            Kind::Call { args, .. } => args.iter().collect(),
        }
    }
}
