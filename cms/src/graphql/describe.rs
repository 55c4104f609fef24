//! From a content model to the types clients see, by the rules of Strapi's GraphQL plugin.

mod accounts;
mod inputs;
mod meta;
mod objects;
mod plugins;
mod roots;

use std::collections::BTreeSet;

use cms_api::content_type::{Attribute, AttributeKind, ContentType};
use cms_api::model::ContentModel;
use indexmap::IndexMap;

use super::naming;
use super::scalar::Scalar;
use super::schema::{MUTATION, QUERY, TypeKind, TypeRef, Types};

pub(super) use inputs::OPERATORS;
pub(super) use plugins::{LOCALE, PERMISSION, STAGE, WORKFLOW};

/// What some attributes belong to.
#[derive(Clone, Copy)]
struct Holder<'m> {
    uid: &'m str,
    attributes: &'m IndexMap<String, Attribute>,
    /// Absent for components.
    ty: Option<&'m ContentType>,
}

impl<'m> Holder<'m> {
    fn of_type(ty: &'m ContentType) -> Self {
        Self { uid: &ty.uid, attributes: &ty.attributes, ty: Some(ty) }
    }

    fn name(self) -> String {
        match self.ty {
            Some(ty) => naming::type_name(ty),
            None => naming::component_name(self.uid),
        }
    }
}

/// What is described, and what has been described already.
struct Describer<'m> {
    model: &'m ContentModel,
    /// Content types, those of plugins among them.
    kinds: &'m [ContentType],
    types: Types,
}

/// All types of a model.
pub(super) fn describe(model: &ContentModel) -> Types {
    let kinds = plugins::content_types(model);
    let mut describer = Describer { model, kinds: &kinds, types: Types::default() };
    describer.scalars();
    describer.shared();
    let parts = model.components().map(|part| Holder {
        uid: &part.uid,
        attributes: &part.attributes,
        ty: None,
    });
    let holders: Vec<_> = parts.chain(kinds.iter().map(Holder::of_type)).collect();
    for holder in &holders {
        describer.enums(*holder);
        describer.zones(*holder);
        describer.filters(*holder);
        describer.input(*holder);
        describer.object(*holder);
    }
    let members = holders.iter().map(|holder| holder.name()).collect();
    describer.types.add("GenericMorph", TypeKind::Union(members));
    describer.accounts();
    describer.roots();
    let mut types = describer.types;
    prune(&mut types);
    meta::add(&mut types);
    types
}

impl Describer<'_> {
    fn kind(&self, uid: &str) -> Option<&ContentType> {
        self.kinds.iter().find(|ty| ty.uid == uid)
    }

    fn scalars(&mut self) {
        let scalars = [
            ("ID", Scalar::Id),
            ("Int", Scalar::Int),
            ("Float", Scalar::Float),
            ("String", Scalar::Text),
            ("Boolean", Scalar::Boolean),
            ("JSON", Scalar::Json),
            ("DateTime", Scalar::DateTime),
            ("Date", Scalar::Date),
            ("Time", Scalar::Time),
            ("Long", Scalar::Long),
            ("I18NLocaleCode", Scalar::Locale),
        ];
        for (name, scalar) in scalars {
            self.types.add(name, TypeKind::Scalar(scalar));
        }
        let described = [
            ("JSON", "Any JSON value."),
            ("DateTime", "A moment in UTC, as `2007-12-03T10:15:30Z`."),
            ("Date", "A day, as `2007-12-03`."),
            ("Time", "A time string with format HH:mm:ss.SSS"),
            ("Long", "A whole number of up to 64 bits."),
            ("I18NLocaleCode", "A string used to identify an i18n locale"),
        ];
        for (name, description) in described {
            self.types.describe(name, description);
        }
    }

    fn enums(&mut self, holder: Holder<'_>) {
        for (name, attribute) in holder.attributes {
            let AttributeKind::Enumeration { values } = &attribute.kind else { continue };
            if is_spelled(values) {
                let members = values.iter().map(|value| (naming::enum_value(value), value.clone()));
                self.types.add(enum_of(holder, name), TypeKind::Enum(members.collect()));
            }
        }
    }

    fn zones(&mut self, holder: Holder<'_>) {
        for (name, attribute) in holder.attributes {
            let AttributeKind::DynamicZone { components } = &attribute.kind else { continue };
            let zone = naming::zone_name(&holder.name(), name);
            let parts: Vec<_> =
                components.iter().map(|uid| (naming::component_name(uid), uid.clone())).collect();
            let members = parts.iter().map(|(part, _)| part.clone());
            let members = members.chain([objects::ERROR.to_owned()]).collect();
            // Any component is known by its name, as in Strapi.
            let mut known = parts.clone();
            let others = self.model.components().filter(|part| !components.contains(&part.uid));
            known.extend(others.map(|part| (naming::component_name(&part.uid), part.uid.clone())));
            let item = Scalar::ZoneItem { listed: parts.len(), parts: known };
            self.types.add(format!("{zone}Input"), TypeKind::Scalar(item));
            self.types.add(zone, TypeKind::Union(members));
        }
    }
}

/// Whether each of the values has a name of its own; where one has none, they stay texts.
fn is_spelled(values: &[String]) -> bool {
    let names: BTreeSet<_> = values.iter().map(|value| naming::enum_value(value)).collect();
    let is_name = |name: &String| name.starts_with(|first: char| !first.is_ascii_digit());
    !values.is_empty() && names.len() == values.len() && names.iter().all(is_name)
}

/// The type of an enumeration.
fn type_of_enum(holder: Holder<'_>, attribute: &str, values: &[String]) -> TypeRef {
    match is_spelled(values) {
        true => TypeRef::named(enum_of(holder, attribute)),
        false => TypeRef::named("String"),
    }
}

/// The name a schema may give an enumeration itself, else one made of where it stands.
fn enum_of(holder: Holder<'_>, attribute: &str) -> String {
    let source = holder.ty.and_then(|ty| ty.source.pointer(&format!("/attributes/{attribute}")));
    let given = source.and_then(|source| source.get("enumName")?.as_str());
    given.map_or_else(|| naming::enum_name(&holder.name(), attribute), str::to_owned)
}

/// The scalar that shows a scalar attribute.
fn scalar_of(kind: &AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Boolean => "Boolean",
        AttributeKind::Integer => "Int",
        AttributeKind::BigInteger => "Long",
        AttributeKind::Float | AttributeKind::Decimal => "Float",
        AttributeKind::Json | AttributeKind::Blocks => "JSON",
        AttributeKind::Date => "Date",
        AttributeKind::Time => "Time",
        AttributeKind::DateTime | AttributeKind::Timestamp => "DateTime",
        _ => "String",
    }
}

/// Takes away what cannot be reached from the roots.
fn prune(types: &mut Types) {
    let mut reached = BTreeSet::new();
    let mut open = vec![QUERY.to_owned(), MUTATION.to_owned()];
    open.extend(["ID", "Int", "Float", "String", "Boolean"].map(str::to_owned));
    while let Some(name) = open.pop() {
        let Some(ty) = types.get(&name) else { continue };
        if !reached.insert(name) {
            continue;
        }
        let add = |ty: &TypeRef| ty.name().to_owned();
        match &ty.kind {
            TypeKind::Scalar(_) | TypeKind::Enum(_) => {}
            TypeKind::Input(fields) => open.extend(fields.values().map(|field| add(&field.ty))),
            TypeKind::Union(members) => open.extend(members.iter().cloned()),
            TypeKind::Object(object) => {
                for field in object.fields.values() {
                    open.push(add(&field.ty));
                    open.extend(field.args.values().map(|arg| add(&arg.ty)));
                }
            }
        }
    }
    types.retain(|name| reached.contains(name));
}
