//! A running proxy in front of a running simulator, and the words that tests use for what people do with them.
//!
//! ```ignore
//! let world = World::start().await;                 // simulator, proxy, first refresh done
//! let home = world.sellable_box();                  // a box with free ports
//! let answer = world.ask(home.lat, home.lng, 150.0).await;
//! assert!(answer.is_viable() && answer.detail() == "index");
//! world.simulator.sell_out(&home.id);               // what happens at OZmap ...
//! world.refresh().await;                            // ... an operator makes known here
//! ```
//!
//! [`World::build`] starts one with other settings, [`World::cold`] without waiting for the first refresh.

use ozmap_simulator::{BoxView, Fault, Settings, Simulator};
use reqwest::{Method, RequestBuilder, StatusCode, header};
use rustls::crypto::ring;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use viability_proxy::app::{App, Surroundings};
use viability_proxy::config::Config;
use viability_proxy::config::load::{Source, load};
use viability_proxy::server::reload::{ConfigSource, SourceError};

pub(crate) const ADMIN_TOKEN: &str = "an-admin-token";
/// How long anything may take before a test gives up waiting for it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// One simulator, one proxy with one tenant called `demo`, one HTTP client.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) app: App,
    pub(crate) http: reqwest::Client,
}

/// How a world is to be.
#[derive(Default)]
pub(crate) struct Plan {
    pub(crate) simulator: Settings,
    /// TOML below `[server]`.
    pub(crate) server: &'static str,
    /// TOML below `[admin]`.
    pub(crate) admin: &'static str,
    /// TOML below `[tenants.demo]` and after it.
    pub(crate) config: &'static str,
    /// A path of OZmap's that answers 500 from the beginning.
    pub(crate) broken: Option<&'static str>,
}

impl World {
    /// A small network, read once.
    pub(crate) async fn start() -> Self {
        Self::build(Plan::default()).await
    }

    /// The network as planned, read once.
    pub(crate) async fn build(plan: Plan) -> Self {
        let world = Self::cold(plan).await;
        world.first_refresh().await;
        world
    }

    /// Nothing waited for.
    pub(crate) async fn cold(plan: Plan) -> Self {
        let simulator = Simulator::start(plan.simulator).await.unwrap();
        if let Some(path) = plan.broken {
            simulator.faults().set(path, Fault::Failure { rate: 1.0, status: 500 });
        }
        let app = start_app_with(&[("demo", &simulator)], plan.server, plan.admin, plan.config).await;
        Self { simulator, app, http: http_client() }
    }

    pub(crate) async fn first_refresh(&self) {
        let report = self.app.refreshers()[0].report_of(1, PATIENCE).await.expect("the first refresh ends");
        report.outcome.expect("the first refresh succeeds");
    }

    /// Forces a refresh as an operator does and returns its report.
    pub(crate) async fn refresh(&self) -> Value {
        self.order_refresh("").await
    }

    /// The same, whatever the guard says.
    pub(crate) async fn refresh_as_read(&self) -> Value {
        self.order_refresh("&accept_shrink=true").await
    }

    async fn order_refresh(&self, more: &str) -> Value {
        let url = format!("http://{}/admin/refresh?wait=60s{more}", self.app.admin_address());
        let response = self.http.post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        let mut body: Value = response.json_body().await;
        body["runs"][0].take()
    }

    /// One of OZmap's lists as a single page, as the simulator gives it.
    pub(crate) async fn list(&self, path: &str) -> Value {
        let url = format!("{}{path}?limit=100000&page=1", self.simulator.host());
        let request = self.http.get(url).header(header::AUTHORIZATION, self.simulator.full_key());
        request.send().await.unwrap().json_body().await
    }

    pub(crate) fn public(&self, path_and_query: &str) -> String {
        format!("http://{}{path_and_query}", self.app.public_address())
    }

    /// GET on the admin listener.
    pub(crate) async fn admin(&self, path: &str) -> (StatusCode, Value) {
        let response =
            self.http.get(format!("http://{}{path}", self.app.admin_address())).send().await.unwrap();
        (response.status(), response.json_body().await)
    }

    /// The whole scrape.
    pub(crate) async fn metrics(&self) -> String {
        let response =
            self.http.get(format!("http://{}/metrics", self.app.admin_address())).send().await.unwrap();
        response.text().await.unwrap()
    }

    /// The value of one counter or gauge, 0 if it isn't there.
    pub(crate) async fn metric(&self, series: &str) -> u64 {
        let page = self.metrics().await;
        let line = page.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.map_or(0, |value| value.parse().unwrap())
    }

    /// Asks with the tenant's own key.
    pub(crate) async fn ask(&self, lat: f64, lng: f64, radius: f64) -> Answer {
        self.ask_as(&self.simulator.full_key(), lat, lng, radius).await
    }

    pub(crate) async fn ask_as(&self, key: &str, lat: f64, lng: f64, radius: f64) -> Answer {
        self.send(self.query(key, &format!("lat={lat}&lng={lng}&radius={radius}"))).await
    }

    /// A viability request that can still be changed.
    pub(crate) fn query(&self, key: &str, query: &str) -> RequestBuilder {
        let url = self.public(&format!("/api/v2/ftth-viability/radius?{query}"));
        self.http.request(Method::GET, url).header(header::AUTHORIZATION, key)
    }

    pub(crate) async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        Answer { status, headers, body: response.json_body().await }
    }

    /// What the simulator itself answers.
    pub(crate) fn oracle(&self, key: &str, lat: f64, lng: f64, radius: f64) -> Value {
        self.simulator.oracle(key, lat, lng, Some(radius))
    }

    /// A box that can be sold, with more than one port free.
    pub(crate) fn sellable_box(&self) -> BoxView {
        self.simulator
            .boxes()
            .into_iter()
            .find(|one| !one.draft && one.free_ports > 1)
            .expect("a box with free ports")
    }

    /// Waits until `holds`, asking over and over; for states that only polling shows.
    pub(crate) async fn until<F: Future<Output = bool>>(&self, what: &str, holds: impl Fn() -> F) {
        let polling = async {
            while !holds().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, polling)
            .await
            .unwrap_or_else(|_| panic!("waited in vain until {what}"));
    }
}

/// A viability answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn is_viable(&self) -> bool {
        self.body["viable"].as_bool().unwrap_or_else(|| panic!("no verdict: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).unwrap_or_else(|| panic!("no {name}: {self:?}")).to_str().unwrap()
    }

    /// `detail` of `Cache-Status`.
    pub(crate) fn detail(&self) -> &str {
        let status = self.header("cache-status");
        status.split("detail=").nth(1).unwrap_or_else(|| panic!("no detail: {status}"))
    }

    /// `ttl` of `Cache-Status`.
    pub(crate) fn ttl(&self) -> i64 {
        let status = self.header("cache-status");
        status.split(';').find_map(|part| part.trim().strip_prefix("ttl=")).expect("a ttl").parse().unwrap()
    }

    pub(crate) fn box_ids(&self, list: &str) -> Vec<&str> {
        self.body[list].as_array().expect("a list").iter().map(|item| item["id"].as_str().unwrap()).collect()
    }
}

/// Starts a proxy with these tenants; `config` continues the last one's section.
pub(crate) async fn start_app(tenants: &[(&str, &Simulator)], config: &str) -> App {
    start_app_with(tenants, "", "", config).await
}

/// The same with more in `[server]` and `[admin]`.
pub(crate) async fn start_app_with(
    tenants: &[(&str, &Simulator)],
    server: &str,
    admin: &str,
    config: &str,
) -> App {
    let tenants: Vec<_> =
        tenants.iter().map(|(name, simulator)| (*name, simulator.host(), simulator.full_key())).collect();
    start_app_at(&tenants, server, admin, config).await
}

/// The same with tenants by name, host and key.
pub(crate) async fn start_app_at(
    tenants: &[(&str, String, String)],
    server: &str,
    admin: &str,
    config: &str,
) -> App {
    // Tests order one refresh after the other.
    let gap = if admin.contains("refresh_gap") { "" } else { "refresh_gap = \"0s\"" };
    let mut text = format!(
        r#"
        [server]
        listen = "127.0.0.1:0"
        {server}
        [admin]
        listen = "127.0.0.1:0"
        token_env = "ADMIN_TOKEN"
        {gap}
        {admin}
        [refresh]
        # Never by itself while a test runs.
        full = "0 0 0 1 1 *"
        changes = "0s"
        [canary]
        every = "0s"
        "#
    );
    let mut env = BTreeMap::from([("ADMIN_TOKEN".to_owned(), ADMIN_TOKEN.to_owned())]);
    if !config.contains("recheck_") {
        // A slow machine has old data soon, and answers would be checked.
        env.insert("VIABILITY__LIVE__RECHECK_AT_MOST".to_owned(), "0".to_owned());
    }
    for (name, host, key) in tenants {
        write!(text, "\n[tenants.{name}]\nhost = \"{host}\"\nkey_env = \"KEY_{name}\"\n").unwrap();
        env.insert(format!("KEY_{name}"), key.clone());
    }
    text += config;
    let source = Given { source: Source { path: PathBuf::from("test.toml"), text }, env };
    let config = source.read().unwrap_or_else(|faults| panic!("{faults}"));
    let surroundings = Surroundings {
        source: Some(Arc::new(source)),
        // What stops a test's runtime, or listens to its log, meets refreshes too.
        refreshes: Some(Handle::current()),
        ..Surroundings::default()
    };
    App::start(config, surroundings).await.unwrap()
}

/// A configuration that stays the same; the files that it names may change.
struct Given {
    source: Source,
    env: BTreeMap<String, String>,
}

impl ConfigSource for Given {
    fn read(&self) -> Result<Config, SourceError> {
        Ok(load(&self.source, &self.env)?)
    }

    fn filter_log(&self, _directives: &str) -> Result<(), SourceError> {
        Err("the tests have no log".into())
    }
}

pub(crate) fn http_client() -> reqwest::Client {
    http_client_builder().build().unwrap()
}

pub(crate) fn http_client_builder() -> reqwest::ClientBuilder {
    // Loopback over http: no authority is ever needed.
    let tls = rustls::ClientConfig::builder_with_provider(ring::default_provider().into())
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(rustls::RootCertStore::empty())
        .with_no_client_auth();
    reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().timeout(PATIENCE)
}

/// reqwest's own `json` feature isn't on.
pub(crate) trait JsonBody {
    async fn json_body(self) -> Value;
}

impl JsonBody for reqwest::Response {
    async fn json_body(self) -> Value {
        let text = self.text().await.unwrap();
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
    }
}
