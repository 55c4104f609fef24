//! The query language: from text to a document in which everything knows where it stands.
//!
//! Positions and wording of errors are those of graphql-js, which clients know. Nothing here
//! knows a schema.

mod document;
mod lexer;
mod parse;
mod print;

pub(crate) use document::{
    Argument, Directive, Document, Field, Fragment, InlineFragment, Literal, Name, Operation,
    OperationKind, Position, Selection, SelectionSet, Spread, TypeNode, Value, VariableDefinition,
};
pub(crate) use parse::parse;
pub(crate) use print::print;

/// A text that is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    pub(crate) message: String,
    pub(crate) at: Position,
}

impl SyntaxError {
    fn new(at: Position, message: impl std::fmt::Display) -> Self {
        Self { message: format!("Syntax Error: {message}"), at }
    }
}

#[cfg(test)]
mod tests;
