//! The fields of `Query` and `Mutation` that each content type has.

use cms_api::builtin;
use cms_api::content_type::{ContentType, Kind};
use indexmap::IndexMap;
use serde_json::json;

use super::super::naming;
use super::super::schema::{
    Field, InputValue, MUTATION, Object, QUERY, Role, Root, TypeKind, TypeRef,
};
use super::objects::list_arguments;
use super::{Describer, plugins};

type Args = IndexMap<String, InputValue>;

impl Describer<'_> {
    pub(super) fn roots(&mut self) {
        let mut queries = IndexMap::new();
        let mut mutations = IndexMap::new();
        for ty in self.kinds.iter().filter(|ty| ty.uid != plugins::PERMISSION) {
            for (name, field) in queries_of(ty) {
                queries.insert(name, field);
            }
            let elsewhere = [builtin::FILE, builtin::ROLE, builtin::USER, plugins::LOCALE];
            if !elsewhere.contains(&ty.uid.as_str()) {
                for (name, field) in mutations_of(ty) {
                    mutations.insert(name, field);
                }
            }
        }
        self.account_roots(&mut queries, &mut mutations);
        let mut add = |name: &str, fields| {
            self.types.add(name, TypeKind::Object(Object { fields, uid: None }));
        };
        add(QUERY, queries);
        add(MUTATION, mutations);
    }
}

fn root(ty: TypeRef, root: Root, args: Args) -> Field {
    Field { args, ..Field::new(ty, Role::Root(root)) }
}

fn status() -> InputValue {
    InputValue {
        default: Some(json!("published")),
        ..InputValue::new(TypeRef::named("PublicationStatus"))
    }
}

fn locale(ty: &ContentType) -> Args {
    let locale = InputValue {
        description: Some("The locale to use for the query"),
        ..InputValue::new(TypeRef::named("I18NLocaleCode"))
    };
    if ty.localized { IndexMap::from([("locale".to_owned(), locale)]) } else { IndexMap::new() }
}

/// Which edition of a document.
fn edition(ty: &ContentType) -> Args {
    let mut args = IndexMap::from([
        ("status".to_owned(), status()),
        ("hasPublishedVersion".to_owned(), InputValue::new(TypeRef::named("Boolean"))),
        ("publicationFilter".to_owned(), InputValue::new(TypeRef::named("PublicationFilter"))),
    ]);
    args.extend(locale(ty));
    args
}

fn document_id() -> Args {
    let id = InputValue::new(TypeRef::named("ID").required());
    IndexMap::from([("documentId".to_owned(), id)])
}

fn together(parts: impl IntoIterator<Item = Args>) -> Args {
    parts.into_iter().flatten().collect()
}

fn queries_of(ty: &ContentType) -> Vec<(String, Field)> {
    let (name, uid) = (naming::type_name(ty), ty.uid.clone());
    let shown = TypeRef::named(&name);
    let one = naming::lower_first(&name);
    if ty.kind == Kind::Single {
        return vec![(one, root(shown, Root::Single(uid), edition(ty)))];
    }
    let many = naming::lower_first(&naming::plural_name(ty));
    let of_one = together([document_id(), edition(ty)]);
    let of_many = || together([list_arguments(&name), edition(ty)]);
    let connection = TypeRef::named(format!("{name}EntityResponseCollection"));
    vec![
        (one, root(shown.clone(), Root::One(uid.clone()), of_one)),
        (format!("{many}_connection"), root(connection, Root::Connection(uid.clone()), of_many())),
        (many, root(shown.list().required(), Root::List(uid), of_many())),
    ]
}

fn mutations_of(ty: &ContentType) -> Vec<(String, Field)> {
    let (name, uid) = (naming::type_name(ty), ty.uid.clone());
    let shown = || TypeRef::named(&name);
    let deleted = TypeRef::named("DeleteMutationResponse");
    let data = || {
        let data = InputValue::new(TypeRef::named(format!("{name}Input")).required());
        let args = [("status".to_owned(), status()), ("data".to_owned(), data)];
        IndexMap::from(args)
    };
    let id = || if ty.kind == Kind::Single { Args::new() } else { document_id() };
    let create = root(shown(), Root::Create(uid.clone()), together([data(), locale(ty)]));
    let update = root(shown(), Root::Update(uid.clone()), together([id(), data(), locale(ty)]));
    let delete = root(deleted, Root::Delete(uid), together([id(), locale(ty)]));
    let mut fields = vec![(format!("update{name}"), update), (format!("delete{name}"), delete)];
    if ty.kind == Kind::Collection {
        fields.insert(0, (format!("create{name}"), create));
    }
    fields
}
