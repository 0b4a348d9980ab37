//! `viability-proxy explain`: why the running proxy answers as it does, by its own word.

mod told;

use super::{ConfigFile, Unusable, block_on, say};
use anyhow::{Context, anyhow, bail};
use clap::Args;
use form_urlencoded::Serializer;
use secrecy::ExposeSecret;
use serde_json::Value;
use told::Told;
use viability_proxy::config::listeners::Admin;
use viability_proxy::doctor::door::Door;
use viability_proxy::wording::with_causes;

/// What to explain: an address, or a box.
#[derive(Args)]
pub(super) struct Options {
    #[command(flatten)]
    file: ConfigFile,
    /// The tenant; may be left out where there is only one.
    #[arg(long, value_name = "NAME")]
    tenant: Option<String>,
    /// Latitude of the home, in decimal degrees.
    #[arg(
        long,
        value_name = "DEGREES",
        allow_negative_numbers = true,
        requires = "lng",
        conflicts_with = "which"
    )]
    lat: Option<f64>,
    /// Longitude of the home, in decimal degrees.
    #[arg(long, value_name = "DEGREES", allow_negative_numbers = true, requires = "lat")]
    lng: Option<f64>,
    /// How far around, in metres; without it `viability.default_radius_m`.
    #[arg(long, value_name = "METRES", requires = "lat")]
    radius: Option<f64>,
    /// For a key that sees these projects only: their ids, with commas between.
    #[arg(long, value_name = "IDS", requires = "lat")]
    key_scope: Option<String>,
    /// The box, by id, by name, or by how its name begins.
    #[arg(long = "box", value_name = "ID_OR_NAME", required_unless_present = "lat")]
    which: Option<String>,
    /// Print what the admin listener answers, as it comes.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(options: &Options) -> anyhow::Result<()> {
    let config = options.file.load()?;
    let body = block_on(ask(&config.admin, &options.path()))?;
    if options.json {
        return say(&format!("{body}\n"));
    }
    let told: Told =
        serde_json::from_str(&body).context("the answer can't be read: is the proxy of another version?")?;
    say(&told.to_string())
}

impl Options {
    fn path(&self) -> String {
        let mut query = Serializer::new(String::new());
        let numbers = [("lat", self.lat), ("lng", self.lng), ("radius", self.radius)];
        let numbers = numbers.into_iter().filter_map(|(name, value)| Some((name, value?.to_string())));
        let texts = [("tenant", &self.tenant), ("key-scope", &self.key_scope), ("box", &self.which)];
        let texts = texts.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        query.extend_pairs(numbers.chain(texts));
        format!("/admin/explain?{}", query.finish())
    }
}

/// The process that runs with this configuration.
async fn ask(admin: &Admin, path: &str) -> anyhow::Result<String> {
    let token = admin
        .token
        .as_ref()
        .context("admin.token_file and admin.token_env are not set: without a token nothing is explained")?;
    let door = Door::to(admin.listen, admin.tls.as_ref()).map_err(|error| anyhow!(with_causes(&error)))?;
    let door = door.with_token(token.expose_secret());
    let answer = door.get(path).await;
    let answer = answer.map_err(|error| anyhow!("{}; is the proxy running?", with_causes(&error)))?;
    if answer.status.is_success() {
        return Ok(answer.body);
    }
    let body: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let message = body["message"].as_str().unwrap_or("no reason is told").to_owned();
    if answer.status.as_u16() == 400 {
        return Err(Unusable::Question(message).into());
    }
    bail!("{} answers {}: {message}", door.base(), answer.status);
}
