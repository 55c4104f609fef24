//! The names of errors, which clients branch by.

use cms_api::change::{FILTER_MISMATCH, TOKEN_EXPIRED};
use cms_api::error::ErrorName;
use cms_api::pairing::BAD_CODE;

/// With what they mean.
const ERRORS: [(ErrorName, &str); 18] = [
    (
        ErrorName::ValidationError,
        "a value or a parameter breaks a rule; `details.errors` names each place",
    ),
    (ErrorName::PaginationError, "pages that cannot be"),
    (ErrorName::BadRequestError, "the request makes no sense"),
    (ErrorName::SyntaxError, "the body is no JSON"),
    (
        ErrorName::ApplicationError,
        "it is not possible as things are, as with an account that is blocked",
    ),
    (
        ErrorName::Other(FILTER_MISMATCH, 400),
        "a feed token of another listing, or of another server",
    ),
    (ErrorName::UnauthorizedError, "the credential is missing, unknown or expired"),
    (ErrorName::Other(BAD_CODE, 403), "a pairing code that is unknown, used or too old"),
    (ErrorName::ForbiddenError, "the caller may not do this"),
    (ErrorName::NotFoundError, "there is no such route, entry or file, or none that may be seen"),
    (ErrorName::MethodNotAllowedError, "the path does not know the method"),
    (ErrorName::ConflictError, "somebody else was faster"),
    (
        ErrorName::Other(TOKEN_EXPIRED, 410),
        "the place in the feed is no longer known: begin with `initial=true`",
    ),
    (ErrorName::PreconditionFailedError, "the edition named by `If-Match` is not the current one"),
    (
        ErrorName::PayloadTooLargeError,
        "the body is larger than `CMS_BODY_LIMIT` or `CMS_UPLOAD_LIMIT`",
    ),
    (ErrorName::RateLimitError, "too many attempts; `Retry-After` tells when the next may come"),
    (ErrorName::InternalServerError, "a fault of the server, which its log tells"),
    (ErrorName::ServiceUnavailableError, "not now: the database is busy or the server stops"),
];

pub(super) fn page() -> String {
    let mut out = "# Errors\n\nWritten by `cms docs`. Every refusal of the API is \
                   `{\"data\": null, \"error\": {\"status\", \"name\", \"message\", \"details\"}}`; \
                   the names are Strapi's where it has one.\n\n\
                   | status | name | meaning |\n|---|---|---|\n"
        .to_owned();
    for (name, meaning) in &ERRORS {
        out.push_str(&format!("| {} | `{}` | {meaning} |\n", name.status(), name.as_str()));
    }
    out
}
