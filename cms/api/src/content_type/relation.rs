//! Relations: where one leads, and who keeps its links.

/// A relation, seen from the type that declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    pub kind: RelationKind,
    /// Target uid; empty for polymorphic relations.
    pub target: String,
    /// This side owns the links; the named attribute of the target mirrors them.
    pub inversed_by: Option<String>,
    /// The named attribute of the target owns the links; this side mirrors them.
    pub mapped_by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelationKind {
    OneToOne,
    OneToMany,
    ManyToOne,
    ManyToMany,
    MorphToOne,
    MorphToMany,
    MorphOne,
    MorphMany,
}

impl RelationKind {
    /// Whether this side holds a list.
    #[must_use]
    pub fn is_to_many(self) -> bool {
        matches!(self, Self::OneToMany | Self::ManyToMany | Self::MorphToMany | Self::MorphMany)
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "oneToOne" | "oneWay" => Self::OneToOne,
            "oneToMany" | "manyWay" => Self::OneToMany,
            "manyToOne" => Self::ManyToOne,
            "manyToMany" => Self::ManyToMany,
            "morphToOne" => Self::MorphToOne,
            "morphToMany" => Self::MorphToMany,
            "morphOne" => Self::MorphOne,
            "morphMany" => Self::MorphMany,
            _ => return None,
        })
    }
}

impl Relation {
    /// Whether the links are stored on the documents of the declaring type.
    #[must_use]
    pub fn owns_links(&self) -> bool {
        self.mapped_by.is_none()
            && !matches!(self.kind, RelationKind::MorphOne | RelationKind::MorphMany)
    }
}
