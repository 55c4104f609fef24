//! The types clients see, as plain data.
//!
//! [`super::describe`] makes them from a content model; validation, planning and answering read
//! them; [`super::dynamic`] shows them to those who ask for the schema itself.

use std::fmt;

use indexmap::IndexMap;
use serde_json::Value;

use super::scalar::Scalar;

/// How a type is written where it is used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TypeRef {
    Named(String),
    List(Box<TypeRef>),
    NonNull(Box<TypeRef>),
}

impl TypeRef {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self::Named(name.into())
    }

    pub(crate) fn list(self) -> Self {
        Self::List(Box::new(self))
    }

    pub(crate) fn required(self) -> Self {
        Self::NonNull(Box::new(self))
    }

    /// The type inside lists and exclamation marks.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Named(name) => name,
            Self::List(inner) | Self::NonNull(inner) => inner.name(),
        }
    }

    pub(crate) fn is_required(&self) -> bool {
        matches!(self, Self::NonNull(_))
    }

    /// Without an outer exclamation mark.
    pub(crate) fn nullable(&self) -> &Self {
        match self {
            Self::NonNull(inner) => inner,
            other => other,
        }
    }

    /// The type of a list's items.
    pub(crate) fn item(&self) -> Option<&Self> {
        match self.nullable() {
            Self::List(inner) => Some(inner),
            _ => None,
        }
    }
}

impl fmt::Display for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(name) => f.write_str(name),
            Self::List(inner) => write!(f, "[{inner}]"),
            Self::NonNull(inner) => write!(f, "{inner}!"),
        }
    }
}

/// A named type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Type {
    pub(crate) name: String,
    pub(crate) description: Option<&'static str>,
    pub(crate) kind: TypeKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TypeKind {
    Scalar(Scalar),
    /// Names, each with the value it stands for.
    Enum(IndexMap<String, String>),
    Input(IndexMap<String, InputValue>),
    Object(Object),
    /// Names of object types.
    Union(Vec<String>),
}

#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object {
    pub(crate) fields: IndexMap<String, Field>,
    /// The content type or component it shows.
    pub(crate) uid: Option<String>,
}

/// An argument, or a field of an input type.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct InputValue {
    pub(crate) ty: TypeRef,
    pub(crate) default: Option<Value>,
    pub(crate) description: Option<&'static str>,
}

impl InputValue {
    pub(crate) fn new(ty: TypeRef) -> Self {
        Self { ty, default: None, description: None }
    }

    /// Whether it must be given.
    pub(crate) fn is_required(&self) -> bool {
        self.ty.is_required() && self.default.is_none()
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(crate) ty: TypeRef,
    pub(crate) args: IndexMap<String, InputValue>,
    pub(crate) description: Option<&'static str>,
    pub(crate) role: Role,
}

impl Field {
    pub(crate) fn new(ty: TypeRef, role: Role) -> Self {
        Self { ty, args: IndexMap::new(), description: None, role }
    }

    pub(crate) fn with(mut self, name: &str, ty: TypeRef) -> Self {
        self.args.insert(name.to_owned(), InputValue::new(ty));
        self
    }
}

/// How a field is answered.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Role {
    /// By the member of that name.
    Member,
    /// By a password, which is never shown.
    Secret,
    /// By a component of the document, or several.
    Part,
    /// By the items of a dynamic zone.
    Zone,
    /// By the documents an attribute leads to.
    Link(Link),
    /// By documents of no particular type.
    Morph,
    /// By what its parent stands for.
    Nodes,
    PageInfo,
    Root(Root),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) attribute: String,
    /// uid of the documents.
    pub(crate) target: String,
    pub(crate) many: bool,
    /// Whether the documents are wrapped, as `{ nodes }`.
    pub(crate) connection: bool,
    /// Whether those who may not find the documents are refused.
    pub(crate) guarded: bool,
}

/// Fields of `Query` and `Mutation`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Root {
    List(String),
    Connection(String),
    One(String),
    Single(String),
    Create(String),
    Update(String),
    Delete(String),
    Account(Account),
    /// Of the introspection.
    Schema,
    TypeByName,
}

/// Fields that are answered as the REST routes of accounts and files answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Account {
    Me,
    Login,
    Register,
    ForgotPassword,
    ResetPassword,
    ChangePassword,
    EmailConfirmation,
    CreateUser,
    UpdateUser,
    DeleteUser,
    CreateRole,
    UpdateRole,
    DeleteRole,
    UpdateFile,
    DeleteFile,
}

/// All types by name.
#[derive(Debug, Default)]
pub(crate) struct Types(IndexMap<String, Type>);

pub(crate) const QUERY: &str = "Query";
pub(crate) const MUTATION: &str = "Mutation";
pub(crate) const TYPENAME: &str = "__typename";

impl Types {
    pub(crate) fn add(&mut self, name: impl Into<String>, kind: TypeKind) {
        let name = name.into();
        self.0.insert(name.clone(), Type { name, description: None, kind });
    }

    pub(crate) fn describe(&mut self, name: &str, description: &'static str) {
        if let Some(ty) = self.0.get_mut(name) {
            ty.description = Some(description);
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Type> {
        self.0.get(name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Type> {
        self.0.values()
    }

    pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| keep(name));
    }

    pub(crate) fn object(&self, name: &str) -> Option<&Object> {
        match &self.get(name)?.kind {
            TypeKind::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn object_mut(&mut self, name: &str) -> Option<&mut Object> {
        match &mut self.0.get_mut(name)?.kind {
            TypeKind::Object(object) => Some(object),
            _ => None,
        }
    }

    pub(crate) fn input(&self, name: &str) -> Option<&IndexMap<String, InputValue>> {
        match &self.get(name)?.kind {
            TypeKind::Input(fields) => Some(fields),
            _ => None,
        }
    }

    pub(crate) fn is_input(&self, name: &str) -> bool {
        self.get(name).is_some_and(|ty| {
            matches!(ty.kind, TypeKind::Scalar(_) | TypeKind::Enum(_) | TypeKind::Input(_))
        })
    }

    pub(crate) fn is_leaf(&self, name: &str) -> bool {
        self.get(name).is_some_and(|ty| matches!(ty.kind, TypeKind::Scalar(_) | TypeKind::Enum(_)))
    }

    /// Objects and unions.
    pub(crate) fn is_composite(&self, name: &str) -> bool {
        self.get(name).is_some_and(|ty| matches!(ty.kind, TypeKind::Object(_) | TypeKind::Union(_)))
    }

    /// The object types that a value of this type may be of.
    pub(crate) fn possible<'t>(&'t self, name: &'t str) -> Vec<&'t str> {
        match self.get(name).map(|ty| &ty.kind) {
            Some(TypeKind::Object(_)) => vec![name],
            Some(TypeKind::Union(members)) => members.iter().map(String::as_str).collect(),
            _ => Vec::new(),
        }
    }

    /// The object type that shows a content type or component.
    pub(crate) fn showing(&self, uid: &str) -> Option<&str> {
        self.0
            .values()
            .find(|ty| {
                matches!(&ty.kind, TypeKind::Object(object) if object.uid.as_deref() == Some(uid))
            })
            .map(|ty| ty.name.as_str())
    }
}
