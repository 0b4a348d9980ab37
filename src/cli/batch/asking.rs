//! Asking a running proxy, block by block.

use anyhow::{Context, bail};
use reqwest::header::{AGE, AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::time::Duration;
use tokio::time::sleep;
use viability_proxy::batch::asked::Asked;
use viability_proxy::batch::told::Told;
use viability_proxy::config::key::ApiKey;
use viability_proxy::ozmap::tls;
use viability_proxy::viability::geo::Radius;
use viability_proxy::wording::with_causes;

const CONNECTING: Duration = Duration::from_secs(5);
const READING: Duration = Duration::from_secs(30);
/// Between tries, where the proxy doesn't say it itself.
const PAUSES: [Duration; 3] = [Duration::from_millis(500), Duration::from_secs(1), Duration::from_secs(2)];
/// A proxy that wants us to wait for longer had better be asked by another call.
const LONGEST_PAUSE: Duration = Duration::from_mins(1);

/// A running proxy, and the key that it is asked with.
pub(super) struct Proxy {
    http: Client,
    url: String,
    key: ApiKey,
}

/// What it said of a block.
#[derive(Default)]
pub(super) struct Answered {
    pub(super) told: Vec<Told<'static>>,
    /// How old its data were.
    pub(super) age: Duration,
}

/// A row as it is sent: nobody but us needs to know whose home it is.
#[derive(Serialize)]
struct Line {
    lat: f64,
    lng: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    radius: Option<f64>,
}

impl Proxy {
    /// Asks nothing yet.
    pub(super) fn new(url: String, key: ApiKey, ca_file: Option<&Path>) -> anyhow::Result<Self> {
        let http = Client::builder()
            .tls_backend_preconfigured(tls::client_config(ca_file)?)
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("viability-proxy/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECTING)
            .read_timeout(READING)
            .no_proxy()
            .build()
            .context("no HTTP client")?;
        Ok(Self { http, url, key })
    }

    /// Asks about a block; tries again where the proxy is busy, or away for a moment.
    pub(super) async fn ask(&self, rows: &[Asked]) -> anyhow::Result<Answered> {
        if rows.is_empty() {
            return Ok(Answered::default());
        }
        let mut body = Vec::new();
        for Asked { center, radius } in rows {
            let radius = radius.map(Radius::metres);
            serde_json::to_writer(&mut body, &Line { lat: center.lat(), lng: center.lng(), radius })?;
            body.push(b'\n');
        }
        let mut pauses = PAUSES.into_iter();
        loop {
            let (why, wanted) = match self.send(body.clone()).await {
                Ok(answered) if answered.told.len() == rows.len() => return Ok(answered),
                Ok(answered) => {
                    bail!("{} rows of {} came back from {}", answered.told.len(), rows.len(), self.url)
                }
                Err(Failure::ForGood(error)) => return Err(error),
                Err(Failure::ForNow(error, wanted)) => (error, wanted),
            };
            let Some(pause) = pauses.next() else { return Err(why) };
            sleep(wanted.unwrap_or(pause).min(LONGEST_PAUSE)).await;
        }
    }

    async fn send(&self, body: Vec<u8>) -> Result<Answered, Failure> {
        let request = self.http.post(&self.url).header(AUTHORIZATION, self.key.header_value());
        let request = request.header(CONTENT_TYPE, "application/x-ndjson").body(body);
        let lost = |error: reqwest::Error| {
            let why = with_causes(&error.without_url());
            Failure::ForNow(anyhow::anyhow!("{} does not answer: {why}", self.url), None)
        };
        let response = request.send().await.map_err(lost)?;
        if response.status() != StatusCode::OK {
            return Err(self.refused(response).await);
        }
        let age = seconds(&response, AGE).unwrap_or_default();
        let text = response.text().await.map_err(lost)?;
        let told: Result<Vec<_>, _> = text.lines().map(serde_json::from_str).collect();
        let told = told.with_context(|| format!("{} answers something else than a batch", self.url));
        Ok(Answered { told: told.map_err(Failure::ForGood)?, age })
    }

    async fn refused(&self, response: Response) -> Failure {
        #[derive(Deserialize)]
        struct Body {
            message: String,
        }
        let (status, wanted) = (response.status(), seconds(&response, RETRY_AFTER));
        let text = response.text().await.unwrap_or_default();
        let message = serde_json::from_str::<Body>(&text).map(|body| body.message).unwrap_or_default();
        let error = anyhow::anyhow!("{} answers {status}: {message}", self.url);
        match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Failure::ForNow(error, wanted),
            _ => Failure::ForGood(error),
        }
    }
}

/// Why a block has no answer.
enum Failure {
    /// It may have one after so long.
    ForNow(anyhow::Error, Option<Duration>),
    /// It will have none.
    ForGood(anyhow::Error),
}

fn seconds(response: &Response, name: reqwest::header::HeaderName) -> Option<Duration> {
    let seconds = response.headers().get(name)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}
