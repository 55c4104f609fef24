//! Declared endpoints: addresses of the site that have no page.

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header},
    web,
};

use super::{Proxy, failure, key, live::Loaded, request_id};
use crate::site::proxy::{Endpoint, Reply, Rule};

/// Fixed, and none the less the owner's to change at any time.
const REVALIDATE: &str = "no-cache";

pub(super) async fn answer(
    proxy: &Arc<Proxy>,
    request: &HttpRequest,
    payload: web::Payload,
    loaded: &Arc<Loaded>,
    endpoint: &Endpoint,
) -> HttpResponse {
    let id = request_id::of(request);
    if !endpoint.methods.contains(&request.method().as_str()) {
        return failure::not_allowed(&endpoint.methods.join(", "), &id);
    }
    match &endpoint.reply {
        Reply::Redirect { to, status } => HttpResponse::build(code(*status))
            .insert_header((header::LOCATION, to.as_str()))
            .insert_header((header::CACHE_CONTROL, REVALIDATE))
            .insert_header((request_id::HEADER, id))
            .finish(),
        Reply::Json { body, status } => HttpResponse::build(code(*status))
            .insert_header((header::CACHE_CONTROL, REVALIDATE))
            .insert_header((request_id::HEADER, id))
            .json(body),
        Reply::Upstream { path, query, rule } => {
            let query = joined(query.as_deref(), request.query_string(), rule.query.as_deref());
            let (rule, loaded) = (Rule::clone(rule), Arc::clone(loaded));
            let question = super::question(request, rule, loaded, path.clone(), query, id);
            super::follow(proxy, request, payload, question).await
        }
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::OK)
}

/// The fixed parameters, and those of the visitor's that are allowed and not fixed.
fn joined(fixed: Option<&str>, visitor: &str, allowed: Option<&[String]>) -> String {
    let fixed = fixed.unwrap_or_default();
    let taken = key::roots(fixed);
    let free: Vec<String> =
        key::roots(visitor).into_iter().filter(|root| !taken.contains(root)).collect();
    let free: Vec<String> = match allowed {
        Some(allowed) => free.into_iter().filter(|root| allowed.contains(root)).collect(),
        None => free,
    };
    let visitor = key::normalised(visitor, Some(&free));
    key::normalised(&format!("{fixed}&{visitor}"), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_fixed_cannot_be_changed_by_a_visitor() {
        let allowed = ["page".to_owned(), "sort".to_owned()];
        let made = joined(Some("sort=title"), "page=2&so%72t=x&sort[0]=y&utm=1", Some(&allowed));
        assert_eq!(made, "page=2&sort=title");
        assert_eq!(joined(None, "a=1&a=2", None), "a=1&a=2");
    }
}
