//! Input types: conditions and data.

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind, Kind};
use indexmap::IndexMap;

use super::super::naming;
use super::super::schema::{InputValue, TypeKind, TypeRef};
use super::{Describer, Holder, plugins, scalar_of, type_of_enum};

/// Scalars that conditions can be put on.
const FILTERED: [&str; 10] =
    ["ID", "Boolean", "String", "Int", "Long", "Float", "Date", "Time", "DateTime", "JSON"];

/// Words for operators, in the order in which they stand, and whether a list is compared with.
pub(in super::super) const OPERATORS: [(&str, bool); 22] = [
    ("and", true),
    ("or", true),
    ("not", false),
    ("eq", false),
    ("eqi", false),
    ("ne", false),
    ("nei", false),
    ("startsWith", false),
    ("endsWith", false),
    ("contains", false),
    ("notContains", false),
    ("containsi", false),
    ("notContainsi", false),
    ("gt", false),
    ("gte", false),
    ("lt", false),
    ("lte", false),
    ("null", false),
    ("notNull", false),
    ("in", true),
    ("notIn", true),
    ("between", true),
];

type Fields = IndexMap<String, InputValue>;

fn scalar_filter(scalar: &str) -> TypeRef {
    TypeRef::named(format!("{scalar}FilterInput"))
}

impl Describer<'_> {
    pub(super) fn filters(&mut self, holder: Holder<'_>) {
        if holder.uid == plugins::LOCALE {
            for scalar in FILTERED {
                self.scalar_filters(scalar);
            }
        }
        let name = format!("{}FiltersInput", holder.name());
        let mut fields = Fields::new();
        let mut add = |name: &str, ty: TypeRef| {
            fields.insert(name.to_owned(), InputValue::new(ty));
        };
        if holder.ty.is_some_and(|ty| ty.kind == Kind::Collection) {
            add("documentId", scalar_filter("ID"));
        }
        for (name, attribute) in holder.attributes.iter().filter(|(_, known)| !known.private) {
            if let Some(ty) = self.condition(attribute) {
                add(name, ty);
            }
        }
        if let Some(ty) = holder.ty {
            ["createdAt", "updatedAt", "publishedAt"]
                .iter()
                .for_each(|name| add(name, scalar_filter("DateTime")));
            if ty.localized {
                add("locale", scalar_filter("String"));
                add("localizations", TypeRef::named(&name));
            }
        }
        add("and", TypeRef::named(&name).list());
        add("or", TypeRef::named(&name).list());
        add("not", TypeRef::named(&name));
        self.types.add(name, TypeKind::Input(fields));
    }

    fn scalar_filters(&mut self, scalar: &str) {
        let fields = OPERATORS.iter().map(|(word, list)| {
            let ty = match (*word, *list) {
                ("not", _) => scalar_filter(scalar),
                ("null" | "notNull", _) => TypeRef::named("Boolean"),
                (_, true) => TypeRef::named(scalar).list(),
                (_, false) => TypeRef::named(scalar),
            };
            ((*word).to_owned(), InputValue::new(ty))
        });
        self.types.add(format!("{scalar}FilterInput"), TypeKind::Input(fields.collect()));
    }

    /// The type of conditions on an attribute.
    fn condition(&self, attribute: &Attribute) -> Option<TypeRef> {
        match &attribute.kind {
            AttributeKind::Media { .. } | AttributeKind::DynamicZone { .. } => None,
            AttributeKind::Relation(relation) => {
                let target = self.kind(&relation.target)?;
                Some(TypeRef::named(format!("{}FiltersInput", naming::type_name(target))))
            }
            AttributeKind::Component { component, .. } => {
                let name = naming::component_name(component);
                Some(TypeRef::named(format!("{name}FiltersInput")))
            }
            scalar => Some(scalar_filter(scalar_of(scalar))),
        }
    }

    /// What a create or an update may say.
    pub(super) fn input(&mut self, holder: Holder<'_>) {
        let mut fields = Fields::new();
        let mut add = |name: &str, ty: TypeRef| {
            fields.insert(name.to_owned(), InputValue::new(ty));
        };
        if holder.ty.is_none() {
            add("id", TypeRef::named("ID"));
        }
        for (name, attribute) in holder.attributes.iter().filter(|(_, known)| known.writable) {
            if let Some(ty) = self.data(holder, name, attribute) {
                add(name, ty);
            }
        }
        if let Some(ty) = holder.ty {
            add("publishedAt", TypeRef::named("DateTime"));
            if !ty.localized {
                add("locale", TypeRef::named("String"));
            }
        }
        self.types.add(format!("{}Input", holder.name()), TypeKind::Input(fields));
    }

    fn data(&self, holder: Holder<'_>, name: &str, attribute: &Attribute) -> Option<TypeRef> {
        let id = |many: bool| {
            let id = TypeRef::named("ID");
            if many { id.list() } else { id }
        };
        match &attribute.kind {
            AttributeKind::Enumeration { values } => Some(type_of_enum(holder, name, values)),
            AttributeKind::Media { multiple, .. } => {
                self.kind(builtin::FILE).map(|_| id(*multiple))
            }
            AttributeKind::Relation(relation) => {
                self.kind(&relation.target).map(|_| id(relation.kind.is_to_many()))
            }
            AttributeKind::Component { component, repeatable } => {
                let part = TypeRef::named(format!("{}Input", naming::component_name(component)));
                Some(if *repeatable { part.list() } else { part })
            }
            AttributeKind::DynamicZone { .. } => {
                let zone = naming::zone_name(&holder.name(), name);
                Some(TypeRef::named(format!("{zone}Input")).required().list())
            }
            scalar => Some(TypeRef::named(scalar_of(scalar))),
        }
    }
}
