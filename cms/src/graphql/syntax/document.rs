//! What a document consists of.

/// Where something begins: line and column, both from 1, columns in UTF-16 units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Position {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) text: String,
    pub(crate) at: Position,
}

/// Operations and fragments, each in the order they are written in.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Document {
    pub(crate) operations: Vec<Operation>,
    pub(crate) fragments: Vec<Fragment>,
    /// The order of both: whether it is an operation, and which.
    pub(crate) order: Vec<(bool, usize)>,
}

impl Document {
    pub(crate) fn fragment(&self, name: &str) -> Option<&Fragment> {
        self.fragments.iter().find(|fragment| fragment.name.text == name)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OperationKind {
    Query,
    Mutation,
    Subscription,
}

impl OperationKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Mutation => "mutation",
            Self::Subscription => "subscription",
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Operation {
    pub(crate) kind: OperationKind,
    pub(crate) name: Option<Name>,
    pub(crate) variables: Vec<VariableDefinition>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: SelectionSet,
    pub(crate) at: Position,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VariableDefinition {
    /// Where the `$` stands.
    pub(crate) at: Position,
    pub(crate) name: Name,
    pub(crate) ty: TypeNode,
    pub(crate) default: Option<Value>,
    pub(crate) directives: Vec<Directive>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeNode {
    Named(Name),
    List(Box<TypeNode>, Position),
    NonNull(Box<TypeNode>),
}

impl TypeNode {
    pub(crate) fn name(&self) -> &Name {
        match self {
            Self::Named(name) => name,
            Self::List(inner, _) | Self::NonNull(inner) => inner.name(),
        }
    }

    pub(crate) fn at(&self) -> Position {
        match self {
            Self::Named(name) => name.at,
            Self::List(_, at) => *at,
            Self::NonNull(inner) => inner.at(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Directive {
    pub(crate) at: Position,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Argument {
    pub(crate) name: Name,
    pub(crate) value: Value,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct SelectionSet(pub(crate) Vec<Selection>);

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Selection {
    Field(Field),
    Spread(Spread),
    Inline(InlineFragment),
}

impl Selection {
    pub(crate) fn at(&self) -> Position {
        match self {
            Self::Field(field) => field.at,
            Self::Spread(spread) => spread.at,
            Self::Inline(inline) => inline.at,
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) at: Position,
    pub(crate) alias: Option<Name>,
    pub(crate) name: Name,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: Option<SelectionSet>,
    /// Where its `{` stands.
    pub(crate) selection_at: Option<Position>,
}

impl Field {
    /// The key it has in the answer.
    pub(crate) fn key(&self) -> &str {
        &self.alias.as_ref().unwrap_or(&self.name).text
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Spread {
    pub(crate) at: Position,
    pub(crate) name: Name,
    pub(crate) directives: Vec<Directive>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InlineFragment {
    pub(crate) at: Position,
    pub(crate) on: Option<Name>,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: SelectionSet,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fragment {
    pub(crate) at: Position,
    pub(crate) name: Name,
    pub(crate) on: Name,
    pub(crate) directives: Vec<Directive>,
    pub(crate) selection: SelectionSet,
}

/// A value as it is written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Value {
    pub(crate) at: Position,
    pub(crate) literal: Literal,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    Variable(String),
    /// Digits as they are written.
    Int(String),
    Float(String),
    Text {
        text: String,
        block: bool,
    },
    Boolean(bool),
    Null,
    Enum(String),
    List(Vec<Value>),
    Object(Vec<(Name, Value)>),
}
