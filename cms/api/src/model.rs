//! The content model: every content type and component of a site, checked as a whole.
//!
//! A model is immutable; a changed schema makes a new one.

use indexmap::IndexMap;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::builtin;
use crate::content_type::{
    Attribute, AttributeKind, Component, ContentType, Kind, Relation, SchemaError,
};

/// All content types and components, in a stable order (by uid).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ContentModel {
    types: IndexMap<String, ContentType>,
    components: IndexMap<String, Component>,
    fingerprint: [u8; 32],
}

/// A rule between schemas that is broken, and the schema that breaks it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{uid}: {error}")]
pub struct ModelError {
    pub uid: String,
    pub error: SchemaError,
}

impl ContentModel {
    /// Builds a model from the site's own schemas; the built-in types are added.
    ///
    /// # Errors
    /// Every reference to a type, component or attribute that does not exist, and every
    /// route name taken twice: all of them, not the first.
    pub fn new(
        types: impl IntoIterator<Item = ContentType>,
        components: impl IntoIterator<Item = Component>,
    ) -> Result<Self, Vec<ModelError>> {
        let mut all: Vec<_> = builtin::content_types().into_iter().chain(types).collect();
        all.sort_by(|a, b| a.uid.cmp(&b.uid));
        let mut parts: Vec<_> = components.into_iter().collect();
        parts.sort_by(|a, b| a.uid.cmp(&b.uid));
        let mut model = Self {
            types: all.into_iter().map(|ty| (ty.uid.clone(), ty)).collect(),
            components: parts.into_iter().map(|part| (part.uid.clone(), part)).collect(),
            fingerprint: [0; 32],
        };
        model.fingerprint = Sha256::digest(model.to_json().to_string().as_bytes()).into();
        let errors = model.check();
        if errors.is_empty() { Ok(model) } else { Err(errors) }
    }

    /// A digest of the site's own schemas: equal for equal models.
    #[must_use]
    pub fn fingerprint(&self) -> &[u8; 32] {
        &self.fingerprint
    }

    #[must_use]
    pub fn get(&self, uid: &str) -> Option<&ContentType> {
        self.types.get(uid)
    }

    #[must_use]
    pub fn component(&self, uid: &str) -> Option<&Component> {
        self.components.get(uid)
    }

    pub fn types(&self) -> impl Iterator<Item = &ContentType> {
        self.types.values()
    }

    pub fn components(&self) -> impl Iterator<Item = &Component> {
        self.components.values()
    }

    /// The types an editor defines, without the built-in ones.
    pub fn api_types(&self) -> impl Iterator<Item = &ContentType> {
        self.types.values().filter(|ty| ty.uid.starts_with("api::"))
    }

    /// The `api::` type served below `/api/<name>`; the name's case does not matter.
    #[must_use]
    pub fn by_route(&self, name: &str) -> Option<&ContentType> {
        self.api_types().find(|ty| ty.route_name().eq_ignore_ascii_case(name))
    }

    /// Attributes of a content type or a component.
    #[must_use]
    pub fn attributes(&self, uid: &str) -> Option<&IndexMap<String, Attribute>> {
        let of_type = self.types.get(uid).map(|ty| &ty.attributes);
        of_type.or_else(|| self.components.get(uid).map(|part| &part.attributes))
    }

    /// The owning attribute behind a `mappedBy` side: `(owner type, attribute name, relation)`.
    #[must_use]
    pub fn owner_of<'a>(
        &'a self,
        relation: &'a Relation,
    ) -> Option<(&'a ContentType, &'a str, &'a Relation)> {
        let name = relation.mapped_by.as_deref()?;
        let owner = self.types.get(&relation.target)?;
        match &owner.attributes.get(name)?.kind {
            AttributeKind::Relation(owning) => Some((owner, name, owning)),
            _ => None,
        }
    }

    /// The schemas as they were read, for the change feed: `{types, components}` by uid,
    /// without the built-in types.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let types = self.api_types().map(|ty| (ty.uid.clone(), ty.source.clone()));
        let components = self.components.values().map(|c| (c.uid.clone(), c.source.clone()));
        serde_json::json!({
            "types": types.collect::<serde_json::Map<_, _>>(),
            "components": components.collect::<serde_json::Map<_, _>>(),
        })
    }

    /// The inverse of [`ContentModel::to_json`].
    ///
    /// # Errors
    /// As [`ContentModel::new`], and when a schema itself is not valid.
    pub fn from_json(value: &Value) -> Result<Self, Vec<ModelError>> {
        let schemas = |key: &str| {
            value.get(key).and_then(Value::as_object).into_iter().flatten().collect::<Vec<_>>()
        };
        let mut errors = Vec::new();
        let mut types = Vec::new();
        for (uid, source) in schemas("types") {
            match crate::content_type::parse_content_type(uid, source) {
                Ok(ty) => types.push(ty),
                Err(error) => errors.push(ModelError { uid: uid.clone(), error }),
            }
        }
        let mut components = Vec::new();
        for (uid, source) in schemas("components") {
            match crate::content_type::parse_component(uid, source) {
                Ok(part) => components.push(part),
                Err(error) => errors.push(ModelError { uid: uid.clone(), error }),
            }
        }
        if errors.is_empty() { Self::new(types, components) } else { Err(errors) }
    }

    fn check(&self) -> Vec<ModelError> {
        let mut errors = Vec::new();
        let all = self.types.values().map(|ty| (&ty.uid, &ty.attributes));
        let parts = self.components.values().map(|part| (&part.uid, &part.attributes));
        for (uid, attributes) in all.chain(parts) {
            for (name, attribute) in attributes {
                if let Err((key, message)) = self.check_references(uid, name, attribute) {
                    let error = SchemaError::new(message, &["attributes", name, key]);
                    errors.push(ModelError { uid: uid.clone(), error });
                }
            }
        }
        errors.extend(self.check_route_names());
        errors
    }

    fn check_references(
        &self,
        uid: &str,
        name: &str,
        attribute: &Attribute,
    ) -> Result<(), (&'static str, String)> {
        let unknown = |component: &str| format!("unknown component `{component}`");
        match &attribute.kind {
            AttributeKind::Component { component, .. } => {
                self.component(component).ok_or(("component", unknown(component)))?;
            }
            AttributeKind::DynamicZone { components } => {
                if let Some(missing) = components.iter().find(|c| self.component(c).is_none()) {
                    return Err(("components", unknown(missing)));
                }
            }
            AttributeKind::Relation(relation) => self.check_relation(uid, name, relation)?,
            _ => {}
        }
        Ok(())
    }

    fn check_relation(
        &self,
        uid: &str,
        name: &str,
        relation: &Relation,
    ) -> Result<(), (&'static str, String)> {
        if relation.target.is_empty() || relation.target.starts_with("admin::") {
            return Ok(());
        }
        let Some(target) = self.types.get(&relation.target) else {
            return Err(("target", format!("unknown content type `{}`", relation.target)));
        };
        for (key, other) in
            [("inversedBy", &relation.inversed_by), ("mappedBy", &relation.mapped_by)]
        {
            let Some(other) = other else { continue };
            let Some(mirror) = target.attributes.get(other) else {
                return Err((key, format!("`{}` has no attribute `{other}`", target.uid)));
            };
            if !matches!(&mirror.kind, AttributeKind::Relation(r) if r.target == uid || r.target.is_empty())
            {
                return Err((
                    key,
                    format!(
                        "`{}.{other}` is not a relation to `{uid}`, which `{name}` needs",
                        target.uid
                    ),
                ));
            }
        }
        Ok(())
    }

    fn check_route_names(&self) -> Vec<ModelError> {
        let mut seen: IndexMap<String, &str> = IndexMap::new();
        let mut errors = Vec::new();
        for ty in self.api_types() {
            let name = ty.route_name().to_ascii_lowercase();
            if let Some(first) = seen.insert(name.clone(), &ty.uid) {
                let key = if ty.kind == Kind::Single { "singularName" } else { "pluralName" };
                let message = format!("the route `/api/{name}` is already taken by `{first}`");
                let error = SchemaError::new(message, &["info", key]);
                errors.push(ModelError { uid: ty.uid.clone(), error });
            }
        }
        errors
    }
}
