//! What an operator asks about: the tenant, a place or a box, and for whom.

use super::super::body::Body;
use super::super::viability::{BadParameter, Values};
use super::super::{Service, reply};
use crate::tenant::explain::NoRadius;
use crate::tenant::live::Recall;
use crate::tenant::resolve::Request;
use crate::tenant::{Data, Tenant};
use crate::viability::plant::{ObjectId, Scope};
use crate::wording::with_causes;
use hyper::{Response, StatusCode};
use std::borrow::Cow;
use std::sync::Arc;

/// Why an operator's question has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unanswered {
    /// Nobody reads this parameter.
    #[error("nothing here is called {0:?}; GET / lists what can be asked")]
    UnknownParameter(String),
    /// It stands there twice.
    #[error("{0} is given more than once")]
    Repeated(&'static str),
    /// It is needed.
    #[error("{0} is missing")]
    Missing(&'static str),
    /// A place that can't be read.
    #[error(transparent)]
    Place(#[from] BadParameter),
    /// No radius.
    #[error(transparent)]
    NoRadius(#[from] NoRadius),
    /// A radius that takes too long.
    #[error("the radius may be {} m here", .0)]
    TooFar(f64),
    /// Memory can't answer with this radius, so there is nothing to compare.
    #[error("only radii up to viability.max_radius_m are answered from memory: there is nothing to compare")]
    NotFromMemory,
    /// A scope that can't be read.
    #[error("key-scope takes ids of projects, 24 hexadecimal digits each, with commas between")]
    Scope,
    /// No id of a box.
    #[error("box takes the id of a box here: 24 hexadecimal digits")]
    NoId,
    /// No such tile.
    #[error("no such tile: /admin/tiles/<zoom>/<x>/<y> with zoom from 0 to 22")]
    NoTile,
    /// Several tenants.
    #[error("several tenants are configured: name one with tenant=")]
    WhichTenant,
    /// None of this name.
    #[error("no tenant of this name; see /admin/status")]
    UnknownTenant,
    /// Nothing was read yet.
    #[error("nothing was read from OZmap yet; see /admin/status")]
    NoData,
    /// OZmap was not asked.
    #[error(
        "OZmap was not asked: the budget for live calls is used up (live.calls_per_second, live.calls_at_once); try again in some seconds"
    )]
    NotAsked,
    /// It refuses.
    #[error("OZmap refuses the tenant's key, or this question: `viability-proxy check --online` tells more")]
    Refused,
    /// It didn't answer.
    #[error("OZmap did not answer: {0}")]
    OzmapFailed(String),
}

impl Unanswered {
    /// Of what came of asking OZmap.
    pub(super) fn ozmap(error: &(dyn std::error::Error + 'static)) -> Self {
        Self::OzmapFailed(with_causes(error))
    }

    fn status_and_code(&self) -> (StatusCode, &'static str) {
        match self {
            Self::UnknownParameter(_)
            | Self::Repeated(_)
            | Self::Missing(_)
            | Self::Place(_)
            | Self::NoRadius(_)
            | Self::TooFar(_)
            | Self::NotFromMemory
            | Self::Scope
            | Self::NoId
            | Self::WhichTenant => (StatusCode::BAD_REQUEST, "bad_parameter"),
            Self::NoTile => (StatusCode::NOT_FOUND, "no_tile"),
            Self::UnknownTenant => (StatusCode::NOT_FOUND, "unknown_tenant"),
            Self::NoData => (StatusCode::SERVICE_UNAVAILABLE, "no_data"),
            Self::Refused => (StatusCode::SERVICE_UNAVAILABLE, "refused_by_ozmap"),
            Self::NotAsked => (StatusCode::SERVICE_UNAVAILABLE, "not_asked"),
            Self::OzmapFailed(_) => (StatusCode::SERVICE_UNAVAILABLE, "ozmap_failed"),
        }
    }
}

/// The answer, or why there is none.
pub(super) fn answered(answer: Result<Response<Body>, Unanswered>) -> Response<Body> {
    answer.unwrap_or_else(|failure| {
        let (status, code) = failure.status_and_code();
        reply::error(status, code, &failure.to_string())
    })
}

/// The parameters of a question.
#[derive(Default)]
pub(super) struct Asked<'q> {
    tenant: Option<Cow<'q, str>>,
    which_box: Option<Cow<'q, str>>,
    key_scope: Option<Cow<'q, str>>,
    place: Values<'q>,
}

impl<'q> Asked<'q> {
    /// Of `tenant`, `box`, `key-scope`, `lat`, `lng`, `radius` those that are `taken`: each once.
    pub(super) fn parse(query: &'q str, taken: &[&str]) -> Result<Self, Unanswered> {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !taken.contains(&&*name) {
                return Err(Unanswered::UnknownParameter(name.chars().take(40).collect()));
            }
            let (name, slot) = match &*name {
                "tenant" => ("tenant", &mut asked.tenant),
                "box" => ("box", &mut asked.which_box),
                "key-scope" => ("key-scope", &mut asked.key_scope),
                other => {
                    let is_known = asked.place.take(other, value);
                    is_known.ok_or_else(|| Unanswered::UnknownParameter(other.to_owned()))?;
                    continue;
                }
            };
            if slot.replace(value).is_some() {
                return Err(Unanswered::Repeated(name));
            }
        }
        Ok(asked)
    }

    /// Who is asked about: the only one, where none is named.
    pub(super) fn tenant<'s>(&self, service: &'s Service) -> Result<&'s Arc<Tenant>, Unanswered> {
        if let Some(name) = &self.tenant {
            return service.tenants().named(name).ok_or(Unanswered::UnknownTenant);
        }
        let mut all = service.tenants().iter();
        all.next().filter(|_| all.next().is_none()).ok_or(Unanswered::WhichTenant)
    }

    /// The box, by id or name.
    pub(super) fn which_box(&self) -> Option<&str> {
        self.which_box.as_deref()
    }

    /// The box, by id.
    pub(super) fn box_id(&self) -> Result<ObjectId, Unanswered> {
        let text = self.which_box().ok_or(Unanswered::Missing("box"))?;
        ObjectId::parse(text).ok_or(Unanswered::NoId)
    }

    /// For whom: all, where it isn't told.
    pub(super) fn scope(&self) -> Result<Scope, Unanswered> {
        let Some(text) = &self.key_scope else { return Ok(Scope::Everything) };
        let projects = text.split(',').map(|id| ObjectId::parse(id.trim()));
        projects.collect::<Option<_>>().map(Scope::Projects).ok_or(Unanswered::Scope)
    }

    /// Where, and how far around.
    pub(super) fn place(self) -> Result<Request, Unanswered> {
        Ok(self.place.into_request(Recall::Allowed)?)
    }
}

/// What was read of a tenant.
pub(super) fn data_of(tenant: &Tenant) -> Result<Arc<Data>, Unanswered> {
    tenant.data().ok_or(Unanswered::NoData)
}
