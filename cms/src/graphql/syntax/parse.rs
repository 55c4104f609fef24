//! From tokens to a document.

use super::SyntaxError;
use super::document::{
    Argument, Directive, Document, Field, Fragment, InlineFragment, Literal, Name, Operation,
    OperationKind, Position, Selection, SelectionSet, Spread, TypeNode, Value, VariableDefinition,
};
use super::lexer::{Lexer, Token};

/// Selections, lists and objects inside each other. Every other limit is the schema's; this one
/// keeps the reader's own stack small.
const MOST_NESTED: usize = 200;

type Parsed<T> = Result<T, SyntaxError>;

/// Reads a document.
///
/// # Errors
/// The first mistake, in the words of graphql-js.
pub(crate) fn parse(text: &str) -> Result<Document, SyntaxError> {
    let mut lexer = Lexer::new(text);
    let (at, token) = lexer.token()?;
    let mut parser = Parser { lexer, at, token, nested: 0 };
    let mut document = Document::default();
    loop {
        parser.definition(&mut document)?;
        if parser.token == Token::End {
            return Ok(document);
        }
    }
}

struct Parser {
    lexer: Lexer,
    at: Position,
    token: Token,
    nested: usize,
}

impl Parser {
    fn advance(&mut self) -> Parsed<Token> {
        let (at, token) = self.lexer.token()?;
        self.at = at;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn unexpected<T>(&self) -> Parsed<T> {
        Err(SyntaxError::new(self.at, format!("Unexpected {}.", self.token)))
    }

    fn is(&self, mark: &'static str) -> bool {
        self.token == Token::Mark(mark)
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(&self.token, Token::Name(name) if name == word)
    }

    fn skip(&mut self, mark: &'static str) -> Parsed<bool> {
        let found = self.is(mark);
        if found {
            self.advance()?;
        }
        Ok(found)
    }

    fn expect(&mut self, mark: &'static str) -> Parsed<Position> {
        let at = self.at;
        match self.skip(mark)? {
            true => Ok(at),
            false => {
                let message = format!("Expected \"{mark}\", found {}.", self.token);
                Err(SyntaxError::new(at, message))
            }
        }
    }

    fn name(&mut self) -> Parsed<Name> {
        let at = self.at;
        match &self.token {
            Token::Name(_) => match self.advance()? {
                Token::Name(text) => Ok(Name { text, at }),
                _ => self.unexpected(),
            },
            other => Err(SyntaxError::new(at, format!("Expected Name, found {other}."))),
        }
    }

    /// Runs `part` one level further down.
    fn inside<T>(&mut self, part: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        if self.nested == MOST_NESTED {
            let message = format!("Document nests deeper than {MOST_NESTED} levels.");
            return Err(SyntaxError::new(self.at, message));
        }
        self.nested += 1;
        let parsed = part(self);
        self.nested -= 1;
        parsed
    }

    /// At least one of something between two marks.
    fn many<T>(
        &mut self,
        marks: [&'static str; 2],
        mut part: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        self.expect(marks[0])?;
        let mut parts = vec![part(self)?];
        while !self.skip(marks[1])? {
            parts.push(part(self)?);
        }
        Ok(parts)
    }

    /// As [`Parser::many`], or nothing at all.
    fn some<T>(
        &mut self,
        marks: [&'static str; 2],
        part: impl FnMut(&mut Self) -> Parsed<T>,
    ) -> Parsed<Vec<T>> {
        if self.is(marks[0]) { self.many(marks, part) } else { Ok(Vec::new()) }
    }

    fn definition(&mut self, document: &mut Document) -> Parsed<()> {
        let is_operation =
            ["query", "mutation", "subscription"].iter().any(|word| self.is_word(word));
        if self.is("{") || is_operation {
            let operation = self.operation()?;
            document.order.push((true, document.operations.len()));
            document.operations.push(operation);
        } else if self.is_word("fragment") {
            let fragment = self.fragment()?;
            document.order.push((false, document.fragments.len()));
            document.fragments.push(fragment);
        } else {
            return self.unexpected();
        }
        Ok(())
    }

    fn operation(&mut self) -> Parsed<Operation> {
        let at = self.at;
        if self.is("{") {
            let selection = self.selection_set()?;
            let (variables, directives) = (Vec::new(), Vec::new());
            let kind = OperationKind::Query;
            return Ok(Operation { kind, name: None, variables, directives, selection, at });
        }
        let kind = match self.name()?.text.as_str() {
            "mutation" => OperationKind::Mutation,
            "subscription" => OperationKind::Subscription,
            _ => OperationKind::Query,
        };
        let name = match self.token {
            Token::Name(_) => Some(self.name()?),
            _ => None,
        };
        let variables = self.some(["(", ")"], Self::variable_definition)?;
        let directives = self.directives(false)?;
        let selection = self.selection_set()?;
        Ok(Operation { kind, name, variables, directives, selection, at })
    }

    fn variable_definition(&mut self) -> Parsed<VariableDefinition> {
        let at = self.expect("$")?;
        let name = self.name()?;
        self.expect(":")?;
        let ty = self.type_node()?;
        let default = if self.skip("=")? { Some(self.value(true)?) } else { None };
        let directives = self.directives(true)?;
        Ok(VariableDefinition { at, name, ty, default, directives })
    }

    fn type_node(&mut self) -> Parsed<TypeNode> {
        let at = self.at;
        let ty = if self.skip("[")? {
            let inner = self.inside(Self::type_node)?;
            self.expect("]")?;
            TypeNode::List(Box::new(inner), at)
        } else {
            TypeNode::Named(self.name()?)
        };
        Ok(if self.skip("!")? { TypeNode::NonNull(Box::new(ty)) } else { ty })
    }

    fn directives(&mut self, constant: bool) -> Parsed<Vec<Directive>> {
        let mut directives = Vec::new();
        while self.is("@") {
            let at = self.expect("@")?;
            let name = self.name()?;
            directives.push(Directive { at, name, arguments: self.arguments(constant)? });
        }
        Ok(directives)
    }

    fn arguments(&mut self, constant: bool) -> Parsed<Vec<Argument>> {
        self.some(["(", ")"], |parser| {
            let name = parser.name()?;
            parser.expect(":")?;
            Ok(Argument { name, value: parser.value(constant)? })
        })
    }

    fn selection_set(&mut self) -> Parsed<SelectionSet> {
        self.inside(|parser| Ok(SelectionSet(parser.many(["{", "}"], Self::selection)?)))
    }

    fn selection(&mut self) -> Parsed<Selection> {
        if self.is("...") { self.spread() } else { self.field().map(Selection::Field) }
    }

    fn field(&mut self) -> Parsed<Field> {
        let at = self.at;
        let first = self.name()?;
        let (alias, name) = match self.skip(":")? {
            true => (Some(first), self.name()?),
            false => (None, first),
        };
        let arguments = self.arguments(false)?;
        let directives = self.directives(false)?;
        let selection_at = self.is("{").then_some(self.at);
        let selection = if self.is("{") { Some(self.selection_set()?) } else { None };
        Ok(Field { at, alias, name, arguments, directives, selection, selection_at })
    }

    fn spread(&mut self) -> Parsed<Selection> {
        let at = self.expect("...")?;
        let has_condition = self.is_word("on");
        if has_condition {
            self.advance()?;
        } else if matches!(self.token, Token::Name(_)) {
            let name = self.name()?;
            let directives = self.directives(false)?;
            return Ok(Selection::Spread(Spread { at, name, directives }));
        }
        let on = if has_condition { Some(self.name()?) } else { None };
        let directives = self.directives(false)?;
        let selection = self.selection_set()?;
        Ok(Selection::Inline(InlineFragment { at, on, directives, selection }))
    }

    fn fragment(&mut self) -> Parsed<Fragment> {
        let at = self.at;
        self.advance()?;
        if self.is_word("on") {
            return self.unexpected();
        }
        let name = self.name()?;
        if !self.is_word("on") {
            let message = format!("Expected \"on\", found {}.", self.token);
            return Err(SyntaxError::new(self.at, message));
        }
        self.advance()?;
        let on = self.name()?;
        let directives = self.directives(false)?;
        Ok(Fragment { at, name, on, directives, selection: self.selection_set()? })
    }

    fn value(&mut self, constant: bool) -> Parsed<Value> {
        let at = self.at;
        let literal = match &self.token {
            Token::Mark("[") => self.inside(|parser| parser.list(constant))?,
            Token::Mark("{") => self.inside(|parser| parser.object(constant))?,
            Token::Mark("$") => return self.variable(constant),
            Token::Mark(_) | Token::End => return self.unexpected(),
            _ => match self.advance()? {
                Token::Int(digits) => Literal::Int(digits),
                Token::Float(digits) => Literal::Float(digits),
                Token::Text(text) => Literal::Text { text, block: false },
                Token::Block(text) => Literal::Text { text, block: true },
                Token::Name(word) => match word.as_str() {
                    "true" => Literal::Boolean(true),
                    "false" => Literal::Boolean(false),
                    "null" => Literal::Null,
                    _ => Literal::Enum(word),
                },
                Token::Mark(_) | Token::End => return self.unexpected(),
            },
        };
        Ok(Value { at, literal })
    }

    fn variable(&mut self, constant: bool) -> Parsed<Value> {
        let at = self.expect("$")?;
        if constant {
            return match &self.token {
                Token::Name(name) => {
                    let message = format!("Unexpected variable \"${name}\" in constant value.");
                    Err(SyntaxError::new(at, message))
                }
                _ => Err(SyntaxError::new(at, "Unexpected \"$\".")),
            };
        }
        Ok(Value { at, literal: Literal::Variable(self.name()?.text) })
    }

    fn list(&mut self, constant: bool) -> Parsed<Literal> {
        self.expect("[")?;
        let mut items = Vec::new();
        while !self.skip("]")? {
            items.push(self.value(constant)?);
        }
        Ok(Literal::List(items))
    }

    fn object(&mut self, constant: bool) -> Parsed<Literal> {
        self.expect("{")?;
        let mut members = Vec::new();
        while !self.skip("}")? {
            let name = self.name()?;
            self.expect(":")?;
            members.push((name, self.value(constant)?));
        }
        Ok(Literal::Object(members))
    }
}
