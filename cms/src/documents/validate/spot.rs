//! Where a value that must be unique stands, which also says where a second one is looked for.

/// A place in documents of a type, whatever the indexes of lists on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Spot {
    /// Below the type by these attributes, components on the way.
    Path(Vec<String>),
    /// In components of this kind that a zone holds. An attribute of a component inside those
    /// is looked for as if the zone held that component itself.
    Zone { zone: String, component: String, name: String },
}

/// What holds the attributes whose rules are made.
#[derive(Debug, Clone)]
pub(super) enum Above {
    Path(Vec<String>),
    Zone { zone: String, component: String },
}

impl Above {
    pub(super) fn spot(&self, name: &str) -> Spot {
        match self {
            Self::Path(above) => {
                Spot::Path(above.iter().cloned().chain([name.to_owned()]).collect())
            }
            Self::Zone { zone, component } => Spot::Zone {
                zone: zone.clone(),
                component: component.clone(),
                name: name.to_owned(),
            },
        }
    }
}

impl Spot {
    /// What holds the attributes of a component that stands here.
    pub(super) fn component(&self, component: &str) -> Above {
        match self {
            Self::Path(path) => Above::Path(path.clone()),
            Self::Zone { zone, .. } => {
                Above::Zone { zone: zone.clone(), component: component.to_owned() }
            }
        }
    }

    /// What holds the attributes of such a component in the zone that stands here.
    pub(super) fn zone_item(&self, component: &str) -> Above {
        let zone = match self {
            Self::Path(path) => path.join("."),
            Self::Zone { zone, .. } => zone.clone(),
        };
        Above::Zone { zone, component: component.to_owned() }
    }
}
