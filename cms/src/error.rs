//! The one edge where errors become answers.
//!
//! Everything a handler returns ends here: known errors keep Strapi's status, name and
//! message; anything unknown is a bare 500 whose cause goes to the log and never to the client.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use cms_api::error::{ApiError, ErrorName};

use crate::media::storage::bucket::Trouble;
use crate::store::{StoreError, Transient};

/// What a handler may fail with.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// An answer the client can act on.
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

pub type AppResult<T> = Result<T, AppError>;

/// Seconds after which a client may try again when the database was not available.
const RETRY_AFTER_SECONDS: &str = "1";

impl AppError {
    /// Whether there is nothing more to say than that.
    pub(crate) fn is_not_found(&self) -> bool {
        matches!(self, Self::Api(error) if *error == ApiError::not_found())
    }

    fn to_api(&self) -> ApiError {
        match self {
            Self::Api(error) => error.clone(),
            Self::Store(StoreError::Conflict(_)) => {
                ApiError::new(ErrorName::ConflictError, "The write conflicts with another one")
            }
            Self::Store(error) if may_pass(error) => {
                ApiError::new(ErrorName::ServiceUnavailableError, "Service Unavailable")
            }
            Self::Internal(error) if error.is::<Trouble>() => {
                let message = "The store of uploaded files does not answer; try again later";
                ApiError::new(ErrorName::ServiceUnavailableError, message)
            }
            Self::Internal(error) if error.downcast_ref().is_some_and(may_pass) => {
                ApiError::new(ErrorName::ServiceUnavailableError, "Service Unavailable")
            }
            Self::Store(_) | Self::Internal(_) => {
                ApiError::new(ErrorName::InternalServerError, "Internal Server Error")
            }
        }
    }
}

/// Whether the same request may succeed later.
fn may_pass(error: &StoreError) -> bool {
    matches!(error, StoreError::Unavailable(_)) || error.is_transient()
}

impl Transient for AppError {
    fn is_transient(&self) -> bool {
        match self {
            Self::Api(_) => false,
            Self::Store(error) => error.is_transient(),
            Self::Internal(error) => error.is_transient(),
        }
    }
}

impl From<actix_web::error::BlockingError> for AppError {
    fn from(error: actix_web::error::BlockingError) -> Self {
        Self::Internal(error.into())
    }
}

impl ResponseError for AppError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.to_api().status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let error = self.to_api();
        if error.status() >= 500 {
            tracing::error!(error = ?self, "a request failed");
        }
        let mut response = HttpResponse::build(self.status_code());
        if error.status() == 503 {
            response.insert_header((header::RETRY_AFTER, RETRY_AFTER_SECONDS));
        }
        response.content_type("application/json; charset=utf-8").body(error.body().to_string())
    }
}
