//! The tree of a template.

/// One piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    Text(String),
    /// A pipeline whose value is written, unless it only sets a variable.
    Action(Pipeline),
    If(Vec<(Pipeline, Vec<Node>)>, Vec<Node>),
    With(Vec<(Pipeline, Vec<Node>)>, Vec<Node>),
    Range(Pipeline, Vec<Node>, Vec<Node>),
    Define(String, Vec<Node>),
    /// A call of a definition, with what is to be its dot.
    Template(String, Option<Pipeline>),
    Break,
    Continue,
}

/// Commands that hand their values on, and the variables that take the last.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Pipeline {
    pub variables: Vec<String>,
    /// `=` and not `:=`.
    pub assigns: bool,
    pub commands: Vec<Command>,
}

/// A function or value and its arguments.
pub(super) type Command = Vec<Operand>;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Operand {
    pub head: Head,
    /// `.Labels.job` behind it.
    pub fields: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Head {
    Dot,
    /// Without its `$`; the empty one is the root.
    Variable(String),
    Function(String),
    Text(String),
    Int(i64),
    Float(f64),
    Bool(bool),
    Nil,
    Parens(Pipeline),
}
