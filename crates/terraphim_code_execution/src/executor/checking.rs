//! What an executor does before a program is made, where its types are to be checked.

use tokio_util::sync::CancellationToken;

use super::{ExecuteRequest, Executor, cancelled};
use crate::{
    check::{Asked, Checked},
    outcome::RunError,
};

impl Executor {
    /// The type checker that programs are checked with: its name, version and path.
    ///
    /// # Errors
    ///
    /// Why there is none that can be used, and what to do.
    pub async fn type_checker(&self) -> Result<String, String> {
        self.shared.checker.about().await
    }

    /// Checks the types of a program; None where that is not asked for.
    ///
    /// # Errors
    ///
    /// Why the program is not to run.
    pub async fn check_types(
        &self,
        request: &ExecuteRequest,
        cancel: &CancellationToken,
    ) -> Result<Option<Checked>, RunError> {
        if !request.check {
            return Ok(None);
        }
        let asked = Asked {
            gateway: self.shared.catalogue.gateway(),
            source: &request.code,
            language: request.language,
            in_session: request.session.is_some(),
            wait: request.limits.wall * 2 / 3,
        };
        tokio::select! {
            biased;
            () = cancel.cancelled() => Err(cancelled()),
            checked = Box::pin(self.shared.checker.check(&asked)) => checked.map(Some),
        }
    }
}
