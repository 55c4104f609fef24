//! What the site is: site.toml, its routes, and the pages they make of the content.

mod check;
pub mod config;
pub mod contents;
mod error;
pub mod folder;
mod gate;
pub mod grouping;
mod guard;
pub mod i18n;
pub mod images;
pub mod made;
mod markdown;
pub mod page;
pub mod path_pattern;
pub mod period;
pub mod plan;
pub mod proxy;
pub mod public_url;
mod publishing;
pub mod search;
pub mod sitemap;
pub mod strings;
pub mod table;
pub mod title;
mod toml_reader;
mod typed;

pub use check::{CheckTable, ContrastPair};
pub use config::{Paginate, Route, Site};
pub use contents::Contents;
pub use error::{SiteError, SiteErrors};
pub use grouping::{Group, Grouping};
pub use page::{Alternate, Made, Page, PageEntry, PageFormat, PageGroup, PageList};
pub use path_pattern::{FillError, PathPattern};
pub use plan::PlanProblem;
pub use publishing::Publishing;
pub use table::{PageRef, RouteTable, TableChange};
