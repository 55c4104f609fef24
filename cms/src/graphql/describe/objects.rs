//! Object types: what documents and components show.

use cms_api::builtin;
use cms_api::content_type::{Attribute, AttributeKind, ContentType, Kind};
use indexmap::IndexMap;
use serde_json::json;

use super::super::naming;
use super::super::schema::{Field, InputValue, Link, Object, Role, TypeKind, TypeRef};
use super::{Describer, Holder, scalar_of, type_of_enum};

/// What a dynamic zone without components holds.
pub(super) const ERROR: &str = "Error";
pub(super) const PAGINATION: &str = "Pagination";

type Fields = IndexMap<String, Field>;

impl Describer<'_> {
    pub(super) fn shared(&mut self) {
        let member = |ty: TypeRef| Field::new(ty, Role::Member);
        let int = || member(TypeRef::named("Int").required());
        let text = || TypeRef::named("String");
        self.plain(ERROR, [("code", member(text().required())), ("message", member(text()))]);
        let names = ["total", "page", "pageSize", "pageCount"];
        self.plain(PAGINATION, names.map(|name| (name, int())));
        let id = member(TypeRef::named("ID").required());
        self.plain("DeleteMutationResponse", [("documentId", id)]);
        let page =
            names_of_page().map(|name| (name.to_owned(), InputValue::new(TypeRef::named("Int"))));
        self.types.add("PaginationArg", TypeKind::Input(page.into_iter().collect()));
        let status = [("DRAFT", "draft"), ("PUBLISHED", "published")];
        self.words("PublicationStatus", &status);
        let filters: Vec<_> = cms_api::query::Publication::ALL
            .iter()
            .map(|(word, _)| (word.to_uppercase().replace('-', "_"), (*word).to_owned()))
            .collect();
        let filters = filters.into_iter().collect();
        self.types.add("PublicationFilter", TypeKind::Enum(filters));
    }

    fn words(&mut self, name: &str, words: &[(&str, &str)]) {
        let words = words.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.types.add(name, TypeKind::Enum(words.collect()));
    }

    /// An object type that shows no documents.
    pub(super) fn plain<'f>(
        &mut self,
        name: &str,
        fields: impl IntoIterator<Item = (&'f str, Field)>,
    ) {
        let fields = fields.into_iter().map(|(name, field)| (name.to_owned(), field)).collect();
        self.types.add(name, TypeKind::Object(Object { fields, uid: None }));
    }

    pub(super) fn object(&mut self, holder: Holder<'_>) {
        let id = TypeRef::named("ID").required();
        let mut fields = Fields::new();
        let key = if holder.ty.is_some() { "documentId" } else { "id" };
        fields.insert(key.into(), Field::new(id, Role::Member));
        for (name, attribute) in holder.attributes {
            if !attribute.private {
                self.attribute(holder, name, attribute, &mut fields);
            }
        }
        if let Some(ty) = holder.ty {
            self.system(ty, &mut fields);
        }
        let uid = Some(holder.uid.to_owned());
        let name = holder.name();
        self.types.add(name.clone(), TypeKind::Object(Object { fields, uid }));
        if holder.ty.is_some() {
            self.collections(&name);
        }
    }

    /// `…EntityResponseCollection` and `…RelationResponseCollection`.
    fn collections(&mut self, name: &str) {
        let nodes = || {
            let ty = TypeRef::named(name).required().list().required();
            ("nodes", Field::new(ty, Role::Nodes))
        };
        let info = Field::new(TypeRef::named(PAGINATION).required(), Role::PageInfo);
        self.plain(&format!("{name}EntityResponseCollection"), [nodes(), ("pageInfo", info)]);
        self.plain(&format!("{name}RelationResponseCollection"), [nodes()]);
    }

    fn system(&self, ty: &ContentType, fields: &mut Fields) {
        for name in ["createdAt", "updatedAt", "publishedAt"] {
            let time = Field::new(TypeRef::named("DateTime"), Role::Member);
            fields.insert(name.into(), time);
        }
        if ty.localized {
            fields.insert("locale".into(), Field::new(TypeRef::named("String"), Role::Member));
            self.link("localizations", ty, true, true, false, fields);
        }
    }

    fn attribute(
        &self,
        holder: Holder<'_>,
        name: &str,
        attribute: &Attribute,
        fields: &mut Fields,
    ) {
        let wrapped = |ty: TypeRef| if attribute.required { ty.required() } else { ty };
        let field = match &attribute.kind {
            AttributeKind::Enumeration { values } => {
                Field::new(wrapped(type_of_enum(holder, name, values)), Role::Member)
            }
            AttributeKind::Component { component, repeatable } => {
                self.part(component, *repeatable, wrapped)
            }
            AttributeKind::DynamicZone { .. } => {
                let zone = TypeRef::named(naming::zone_name(&holder.name(), name)).list();
                Field::new(wrapped(zone), Role::Zone)
            }
            AttributeKind::Media { multiple, .. } => {
                let Some(file) = self.kind(builtin::FILE) else { return };
                return self.link(name, file, *multiple, false, attribute.required, fields);
            }
            AttributeKind::Relation(relation) if relation.target.is_empty() => {
                let morph = TypeRef::named("GenericMorph");
                let many = relation.kind.is_to_many();
                Field::new(wrapped(if many { morph.list() } else { morph }), Role::Morph)
            }
            AttributeKind::Relation(relation) => {
                let Some(target) = self.kind(&relation.target) else { return };
                let many = relation.kind.is_to_many();
                return self.link(name, target, many, true, attribute.required, fields);
            }
            AttributeKind::Password => {
                // Required, yet never shown.
                Field::new(TypeRef::named("String"), Role::Secret)
            }
            scalar => Field::new(wrapped(TypeRef::named(scalar_of(scalar))), Role::Member),
        };
        fields.insert(name.to_owned(), field);
    }

    fn part(&self, uid: &str, repeatable: bool, wrapped: impl Fn(TypeRef) -> TypeRef) -> Field {
        let name = naming::component_name(uid);
        let one = TypeRef::named(&name);
        let mut field = Field::new(wrapped(if repeatable { one.list() } else { one }), Role::Part);
        if repeatable {
            field.args = list_arguments(&name);
        }
        field
    }

    /// A relation or media attribute; several documents can be had in two ways.
    fn link(
        &self,
        name: &str,
        target: &ContentType,
        many: bool,
        guarded: bool,
        required: bool,
        fields: &mut Fields,
    ) {
        let wrapped = |ty: TypeRef| if required { ty.required() } else { ty };
        let type_name = naming::type_name(target);
        let link = |connection| {
            Role::Link(Link {
                attribute: name.to_owned(),
                target: target.uid.clone(),
                many,
                connection,
                guarded,
            })
        };
        if !many {
            let field = Field::new(wrapped(TypeRef::named(type_name)), link(false));
            fields.insert(name.to_owned(), field);
            return;
        }
        let args = match target.kind {
            Kind::Collection => list_arguments(&type_name),
            Kind::Single => IndexMap::new(),
        };
        let collection = TypeRef::named(format!("{type_name}RelationResponseCollection"));
        let mut connection = Field::new(wrapped(collection), link(true));
        connection.args = args.clone();
        fields.insert(format!("{name}_connection"), connection);
        let mut list = Field::new(TypeRef::named(type_name).list().required(), link(false));
        list.args = args;
        fields.insert(name.to_owned(), list);
    }
}

pub(super) fn names_of_page() -> [&'static str; 4] {
    ["page", "pageSize", "start", "limit"]
}

/// Which items of a list, and in which order.
pub(super) fn list_arguments(type_name: &str) -> IndexMap<String, InputValue> {
    let filters = TypeRef::named(format!("{type_name}FiltersInput"));
    let pagination =
        InputValue { default: Some(json!({})), ..InputValue::new(TypeRef::named("PaginationArg")) };
    let sort =
        InputValue { default: Some(json!([])), ..InputValue::new(TypeRef::named("String").list()) };
    IndexMap::from([
        ("filters".to_owned(), InputValue::new(filters)),
        ("pagination".to_owned(), pagination),
        ("sort".to_owned(), sort),
    ])
}
