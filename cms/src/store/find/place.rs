//! Where in a statement an attribute is looked up: a document, or a component inside one.

use cms_api::content_type::ContentType;

/// SQL for a document or component within reach of a statement.
#[derive(Debug, Clone)]
pub(super) struct Place<'a> {
    /// Alias of the document, or of the one that holds the component.
    pub(super) document: String,
    /// The type of that document.
    pub(super) ty: &'a ContentType,
    /// The JSON object with the attributes.
    pub(super) json: String,
    /// The component, when the place is one.
    pub(super) component: Option<InComponent>,
}

#[derive(Debug, Clone)]
pub(super) struct InComponent {
    /// Names of attributes on the way from the document, as `links.path` has them.
    pub(super) path: String,
}

impl<'a> Place<'a> {
    pub(super) fn document(alias: String, ty: &'a ContentType) -> Self {
        let json = format!("{alias}.data");
        Self { document: alias, ty, json, component: None }
    }

    /// The component that `name` holds, given the SQL of its JSON object.
    pub(super) fn component(&self, name: &str, json: String) -> Self {
        let path = self.path_of(name);
        let component = Some(InComponent { path });
        Self { document: self.document.clone(), ty: self.ty, json, component }
    }

    /// `links.path` of an attribute of this place.
    pub(super) fn path_of(&self, name: &str) -> String {
        match &self.component {
            Some(component) => format!("{}.{name}", component.path),
            None => name.to_owned(),
        }
    }

    /// Whether the name is one of the document's own columns.
    pub(super) fn is_document(&self) -> bool {
        self.component.is_none()
    }
}
