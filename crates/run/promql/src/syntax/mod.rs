//! The text of a query as a tree, checked and able to be written again. Our own parser: an answer's notes name
//! lines and columns, which need places that parser libraries do not keep.

mod ast;
mod check;
mod duration;
mod parse;
mod print;
mod ratio;
mod selector;
mod text;
mod token;
mod tree;

pub(crate) use ast::ast;
pub(crate) use duration::{parse as parse_duration, show as show_duration};
pub(crate) use parse::{expression, series};
pub(crate) use print::pretty;
pub(crate) use ratio::ratio;
pub(crate) use text::{has_bytes, quote};
pub(crate) use tree::{
    Aggregate, Binary, Cards, Expr, Fold, Grouping, Kind, Matching, Op, Selector, Type, When,
};
