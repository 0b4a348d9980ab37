//! The HTTP client of one tenant's OZmap: lists for the refresh, live viability calls, and what is passed through.

pub mod assemble;
pub mod breaker;
pub mod failure;
pub mod homes;
pub mod pages;
mod probe;
pub mod splitters;
pub mod tls;
mod whole;
pub mod wire;

use crate::config::key::ApiKey;
use crate::config::{Forward, Tenant};
use crate::metrics::Metrics;
use crate::viability::geo::{Point, Radius};
use breaker::{Breaker, BreakerState, Outcome};
use bytes::Bytes;
use failure::{CallError, ClientError};
use http::Response;
use http_body::Body as HttpBody;
use http_body_util::BodyExt;
use http_body_util::combinators::UnsyncBoxBody;
use reqwest::{Method, StatusCode, Url, header};
use std::error::Error;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use whole::{ListPage, Whole};
use wire::List;
use wire::time::OzmapTime;

/// The most bytes of one page, after decompression.
const MAX_PAGE_BYTES: usize = 32 << 20;
/// The most bytes of one live answer.
const MAX_ANSWER_BYTES: usize = 4 << 20;

/// What metrics call the two that read no list.
const VIABILITY: &str = "viability";
const FORWARD: &str = "forward";

/// A viability question as it goes to OZmap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LiveQuery {
    /// The home.
    pub center: Point,
    /// `None`: OZmap's own setting applies.
    pub radius: Option<Radius>,
}

impl LiveQuery {
    fn to_query_string(self) -> String {
        query_string(self.center, self.radius.map(Radius::metres))
    }
}

fn query_string(center: Point, metres: Option<f64>) -> String {
    let mut pairs = form_urlencoded::Serializer::new(String::new());
    pairs.append_pair("lat", &center.lat().to_string());
    pairs.append_pair("lng", &center.lng().to_string());
    if let Some(metres) = metres {
        pairs.append_pair("radius", &metres.to_string());
    }
    pairs.finish()
}

/// OZmap's own answer to a viability question: a verdict (200), or why the client gets none (4xx).
#[derive(Clone, Debug)]
pub struct LiveAnswer {
    /// 200, or a client error.
    pub status: StatusCode,
    /// As OZmap said.
    pub content_type: header::HeaderValue,
    /// As OZmap said, to the byte.
    pub body: Bytes,
    /// The verdict, when there is one.
    pub viable: Option<bool>,
}

/// Everything of a request that is passed through.
#[derive(Debug)]
pub struct Forwarded<B> {
    /// Its method.
    pub method: Method,
    /// What follows `/api/v2`, with query.
    pub path_and_query: String,
    /// Its end-to-end headers.
    pub headers: header::HeaderMap,
    /// Its body.
    pub body: B,
}

/// The body of an answer that is passed through.
pub type PassedBody = UnsyncBoxBody<Bytes, CallError>;

/// One tenant's OZmap.
pub struct Client {
    tenant: String,
    base: Url,
    page_size: u64,
    pages_at_once: usize,
    page_timeout: Duration,
    refreshing: reqwest::Client,
    waiting: reqwest::Client,
    forwarder: reqwest::Client,
    breaker: Breaker,
    metrics: Arc<Metrics>,
}

/// On whose behalf OZmap is asked. Each has connections of its own: those of refreshes are driven by threads that stand
/// back, and nobody who waits may come upon one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A refresh's, for which nobody waits.
    Refresh,
    /// Somebody's who waits for the answer.
    Waiting,
}

impl Client {
    /// Sets up TLS and connections; asks nobody yet.
    pub fn new(tenant: &Tenant, metrics: Arc<Metrics>) -> Result<Self, ClientError> {
        let tls = tls::client_config(tenant.ca_file.as_deref())?;
        let builder = || -> Result<reqwest::ClientBuilder, ClientError> {
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(tls.clone())
                .redirect(reqwest::redirect::Policy::none())
                .user_agent(concat!("viability-proxy/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(tenant.refresh.connect_timeout)
                .read_timeout(tenant.refresh.read_timeout);
            match &tenant.outbound_proxy {
                Some(url) => Ok(builder.proxy(reqwest::Proxy::all(url.clone()).map_err(ClientError::Http)?)),
                None => Ok(builder.no_proxy()),
            }
        };
        metrics.register_upstream(tenant.name.as_str(), &operations(tenant), &CallError::OUTCOMES);
        Ok(Self {
            tenant: tenant.name.to_string(),
            base: tenant.host.base().clone(),
            page_size: u64::from(tenant.refresh.page_size.get()),
            pages_at_once: tenant.refresh.pages_at_once.get(),
            page_timeout: tenant.refresh.page_timeout,
            refreshing: builder()?.build().map_err(ClientError::Http)?,
            waiting: builder()?.build().map_err(ClientError::Http)?,
            // What is passed through keeps its encoding.
            forwarder: builder()?.no_gzip().build().map_err(ClientError::Http)?,
            breaker: Breaker::new(tenant.name.to_string()),
            metrics,
        })
    }

    /// The tenant's name, for logs.
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Whether calls for waiting clients pass.
    pub fn breaker(&self) -> &Breaker {
        &self.breaker
    }

    /// Makes a call for a waiting client, unless OZmap has just failed again and again.
    pub async fn unless_spared<T>(
        &self,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let admitted = self.breaker.admit().ok_or(CallError::Spared)?;
        let result = call.await;
        let failed = result.as_ref().is_err_and(CallError::is_outage);
        admitted.settle(if failed { Outcome::Failed } else { Outcome::Answered });
        result
    }

    fn page_size(&self) -> u64 {
        self.page_size
    }

    fn pages_at_once(&self) -> usize {
        self.pages_at_once
    }

    /// One page of a list, if that is a 200.
    async fn list(&self, list: List, key: &ApiKey, query: &str, lane: Lane) -> Result<ListPage, CallError> {
        self.list_within(list, key, query, lane, self.page_timeout).await
    }

    async fn list_within(
        &self,
        list: List,
        key: &ApiKey,
        query: &str,
        lane: Lane,
        within: Duration,
    ) -> Result<ListPage, CallError> {
        let call = async {
            let response = self.get(lane, list.path(), key, query, within).await?;
            let answer = Whole::read(response, MAX_PAGE_BYTES).await?;
            match answer.status {
                StatusCode::OK if wire::is_web_page(&answer.body) => Err(CallError::WebPage),
                StatusCode::OK => {
                    let date = answer.headers.get(header::DATE).and_then(|date| date.to_str().ok());
                    Ok(ListPage { date: date.and_then(OzmapTime::of_date), body: answer.body })
                }
                StatusCode::UNAUTHORIZED => Err(CallError::Unauthorized),
                _ => Err(answer.as_failure(&self.base)),
            }
        };
        self.observed(list.path(), call).await
    }

    /// Asks OZmap what the caller asked us, with the caller's own key.
    pub async fn viability(
        &self,
        key: &ApiKey,
        query: LiveQuery,
        within: Duration,
    ) -> Result<LiveAnswer, CallError> {
        self.answer(key, &query.to_query_string(), within).await
    }

    async fn answer(&self, key: &ApiKey, query: &str, within: Duration) -> Result<LiveAnswer, CallError> {
        let call = async {
            let response = self.get(Lane::Waiting, "ftth-viability/radius", key, query, within).await?;
            let answer = Whole::read(response, MAX_ANSWER_BYTES).await?;
            let content_type = answer.headers.get(header::CONTENT_TYPE).cloned();
            let content_type =
                content_type.unwrap_or(header::HeaderValue::from_static("application/json; charset=utf-8"));
            let (status, body) = (answer.status, answer.body.clone());
            let viable = wire::answer::verdict(&body);
            match status {
                StatusCode::OK if wire::is_web_page(&body) => Err(CallError::WebPage),
                StatusCode::OK if viable.is_none() => Err(CallError::NoVerdict),
                StatusCode::OK => Ok(LiveAnswer { status, content_type, body, viable }),
                // What is wrong with this client or its question. Any other status is wrong with OZmap, or with `host`.
                StatusCode::BAD_REQUEST
                | StatusCode::UNAUTHORIZED
                | StatusCode::FORBIDDEN
                | StatusCode::UNPROCESSABLE_ENTITY => {
                    Ok(LiveAnswer { status, content_type, body, viable: None })
                }
                _ => Err(answer.as_failure(&self.base)),
            }
        };
        self.observed(VIABILITY, call).await
    }

    /// Passes a request through, to this OZmap's API and nowhere else. `None`: its path leads out of the API.
    ///
    /// The answer's body streams; it may break off later.
    pub async fn forward<B>(&self, request: Forwarded<B>) -> Option<Result<Response<PassedBody>, CallError>>
    where
        B: HttpBody<Data = Bytes> + Send + Sync + 'static,
        B::Error: Into<Box<dyn Error + Send + Sync>>,
    {
        let url = self.below_base(&request.path_and_query)?;
        let body = reqwest::Body::wrap(request.body);
        let send = self.forwarder.request(request.method, url).headers(request.headers).body(body).send();
        let send = self.observed(FORWARD, async { send.await.map_err(CallError::from_http) });
        // What is passed through has no vote: it can fail by the client's own doing, a body that breaks off.
        let spared = self.breaker.state() == BreakerState::Open;
        let response = if spared { Err(CallError::Spared) } else { send.await };
        Some(response.map(|response| {
            Response::from(response).map(|body| body.map_err(CallError::from_http).boxed_unsync())
        }))
    }

    fn below_base(&self, path_and_query: &str) -> Option<Url> {
        if has_dot_segments(path_and_query) {
            return None;
        }
        let url = Url::parse(&format!("{}{path_and_query}", self.base)).ok()?;
        let below = url.path().strip_prefix(self.base.path())?;
        let stays = url.origin() == self.base.origin() && (below.is_empty() || below.starts_with('/'));
        stays.then_some(url)
    }

    async fn get(
        &self,
        lane: Lane,
        path: &str,
        key: &ApiKey,
        query: &str,
        within: Duration,
    ) -> Result<reqwest::Response, CallError> {
        let url = format!("{}/{path}?{query}", self.base);
        let client = match lane {
            Lane::Refresh => &self.refreshing,
            Lane::Waiting => &self.waiting,
        };
        client
            .get(url)
            .header(header::AUTHORIZATION, key.header_value())
            .header(header::ACCEPT, "application/json")
            .timeout(within)
            .send()
            .await
            .map_err(CallError::from_http)
    }

    async fn observed<T>(
        &self,
        operation: &str,
        call: impl Future<Output = Result<T, CallError>>,
    ) -> Result<T, CallError> {
        let started = Instant::now();
        let result = call.await;
        let outcome = result.as_ref().err().map_or("ok", CallError::as_str);
        self.metrics.upstream(&self.tenant, operation, outcome, started.elapsed());
        result
    }
}

/// What a tenant's OZmap may be asked, as metrics name it.
fn operations(tenant: &Tenant) -> Vec<&'static str> {
    let forward = (tenant.forward != Forward::Off).then_some(FORWARD);
    let lists = List::read_by(&tenant.rules).into_iter().map(List::path);
    lists.chain([VIABILITY]).chain(forward).collect()
}

/// Whether a path means another than it says, as `/boxes/../ftth-viability` does: it would lead past what is decided by
/// paths, such as the budget of live calls. Encoded slashes count too, for whoever stands before OZmap may decode them.
fn has_dot_segments(path_and_query: &str) -> bool {
    let path = path_and_query.split('?').next().unwrap_or_default().to_ascii_lowercase();
    let plain = path.replace("%2e", ".").replace("%2f", "/").replace("%5c", "/");
    plain.split(['/', '\\']).any(|segment| matches!(segment, "." | ".."))
}
