//! Links to other sites, each asked once, when somebody wants that.

use std::collections::BTreeMap;

use super::Ask;
use super::diagnostic::Diagnostic;

/// Asks every address; those that do not answer are mistakes of the page that names them.
pub(super) fn check(addresses: BTreeMap<String, Diagnostic>, ask: &Ask<'_>) -> Vec<Diagnostic> {
    let (urls, places): (Vec<String>, Vec<Diagnostic>) = addresses.into_iter().unzip();
    let answers = ask(&urls);
    let wrong = urls.iter().zip(places).zip(answers).filter_map(|((url, place), answer)| {
        let why = answer.err()?;
        Some(Diagnostic { message: format!("`{url}`: {why}"), ..place })
    });
    wrong.collect()
}
