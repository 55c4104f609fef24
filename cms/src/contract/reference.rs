//! Reference pages in Markdown: the content model, the settings, the errors.
//!
//! Each is made of what the program itself goes by, so that it cannot tell anything else.

mod content_model;
mod errors;
mod settings;

use cms_api::model::ContentModel;

/// Names of files and their text.
#[must_use]
pub fn pages(model: &ContentModel, command: &clap::Command) -> [(&'static str, String); 3] {
    [
        ("content-model.md", content_model::page(model)),
        ("settings.md", settings::page(command)),
        ("errors.md", errors::page()),
    ]
}

/// A cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}
