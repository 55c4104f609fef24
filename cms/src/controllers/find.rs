//! Reads of content: lists, documents, single types.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use arc_swap::ArcSwapOption;
use cms_api::content_type::{ContentType, Kind};
use cms_api::envelope;
use cms_api::error::ApiError;
use cms_api::model::ContentModel;
use cms_api::query::{Link, Locale, Populate, QuerySpec};

use super::{known, version_four};
use crate::documents::cards::{Cards, Desk};
use crate::documents::find::{self, Reading};
use crate::documents::tag::{EntryTag, Question, Touched};
use crate::error::AppResult;
use crate::extract::query::{self, Asked};
use crate::registry::Registry;
use crate::response;
use crate::routes::{ContentCall, Context};
use crate::store::find::Selector;
use crate::store::tallies::State;
use crate::store::{Conn, documents};

/// A question that passed every check.
struct Read {
    model: Arc<ContentModel>,
    registry: Arc<Registry>,
    call: ContentCall,
    asked: Asked,
    spec: QuerySpec,
    drafts: bool,
    cards: Cards,
    /// Of the rows the answer may depend on, as its tag has them.
    states: ArcSwapOption<Vec<State>>,
    /// Whether the client asked for the shape of Strapi 4.
    version_four: bool,
}

/// Answers `GET` on a collection, a document of it, or a single type.
///
/// # Errors
/// 400 for a bad query, 404 when there is no such document.
pub(crate) async fn find(context: Context, call: ContentCall) -> AppResult<HttpResponse> {
    let ty = context.model.get(&call.uid).ok_or_else(ApiError::not_found)?;
    let asked = match (ty.kind, &call.document_id) {
        (Kind::Collection, None) => Asked::List,
        _ => Asked::One,
    };
    let spec = query::query(&context, ty, asked)?;
    let read = Arc::new(Read {
        model: Arc::clone(&context.model),
        registry: Arc::clone(&context.registry),
        call,
        asked,
        spec,
        drafts: query::may_read_drafts(&context),
        cards: context.app.cards.clone(),
        states: ArcSwapOption::empty(),
        version_four: version_four::is_wanted(&context.http),
    });
    let light = read.is_light();
    let question = query::question(&context).part(&[u8::from(read.version_four)]);
    let tagged = Arc::clone(&read);
    known::unless_known(
        &context,
        light,
        move |conn| tagged.tag(conn, &question),
        move |conn| read.answer(conn),
        |text| response::json_text(StatusCode::OK, text),
    )
    .await
}

/// Rows of a list that are read at once.
const MOST_LIGHT_ROWS: u64 = 100;

/// Backwards there may be any number of rows.
fn is_light(wanted: &Populate) -> bool {
    let link = !matches!(wanted.link, Link::Relation { mapped_by: Some(_), .. });
    link && wanted.filter.is_always()
        && wanted.sort.is_empty()
        && wanted.populate.is_empty()
        && wanted.on.is_none()
}

impl Read {
    fn ty(&self) -> AppResult<&ContentType> {
        Ok(self.model.get(&self.call.uid).ok_or_else(ApiError::not_found)?)
    }

    /// Whether the answer is a few look-ups by key: the first rows in the order they are stored
    /// in, or one, and what they lead to themselves.
    fn is_light(&self) -> bool {
        let spec = &self.spec;
        let by_key = spec.filter.is_always()
            && spec.sort.is_empty()
            && spec.search.is_none()
            && spec.publication.is_none();
        let last = spec.page.start.saturating_add(spec.page.limit);
        // Rows of every locale are not stored in one order.
        let near =
            self.asked == Asked::One || (last <= MOST_LIGHT_ROWS && spec.locale != Locale::All);
        by_key && near && spec.populate.iter().all(is_light)
    }

    fn tag(&self, conn: &mut Conn, question: &Question) -> AppResult<String> {
        let ty = self.ty()?;
        let states = Touched::by(ty, &self.spec).states(conn)?;
        let answer = question.clone().of_states(&states);
        self.states.store(Some(Arc::new(states)));
        if self.asked == Asked::List {
            return Ok(answer);
        }
        let document_id = match &self.call.document_id {
            Some(id) => Some(id.clone()),
            None => documents::first_of_type(conn, &ty.uid)?,
        };
        let locale = match &self.spec.locale {
            _ if !ty.localized => "",
            Locale::Code(code) => code,
            Locale::Default | Locale::All => self.registry.default_locale(),
        };
        let id = document_id.unwrap_or_default();
        Ok(EntryTag::of(conn, &ty.uid, &id, locale)?.with(&answer))
    }

    fn answer(&self, conn: &mut Conn) -> AppResult<String> {
        let (ty, spec) = (self.ty()?, &self.spec);
        let default_locale = self.registry.default_locale();
        // Tag and answer are read in one transaction.
        let states = self.states.load_full();
        let cards =
            states.as_deref().map(|states| Desk { cards: &self.cards, model: &self.model, states });
        let (model, drafts) = (&*self.model, self.drafts);
        let mut reading = Reading { conn, model, default_locale, drafts, cards };
        if self.asked == Asked::List {
            let listing = find::list_text(&mut reading, ty, spec)?;
            let entries = listing.entries.into_iter().map(|entry| self.shaped(ty, entry));
            let entries = entries.collect::<AppResult<Vec<_>>>()?;
            return Ok(envelope::list(&entries, spec.page, listing.total));
        }
        let selector = match &self.call.document_id {
            Some(id) => Selector::Document(id),
            None => Selector::All,
        };
        let entry = find::one_text(&mut reading, ty, selector, spec)?;
        let entry = entry.ok_or_else(ApiError::not_found)?;
        Ok(envelope::single(&self.shaped(ty, entry)?))
    }

    /// An entry as the client wants it.
    fn shaped(&self, ty: &ContentType, entry: String) -> AppResult<String> {
        if !self.version_four {
            return Ok(entry);
        }
        let shaped = version_four::entry(&self.model, ty, &entry);
        Ok(shaped.map_err(anyhow::Error::from)?)
    }
}
