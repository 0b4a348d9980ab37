//! Reloads of an app within the test: what counts when, and who may leave meanwhile.

use crate::harness::{JsonBody, PATIENCE, http_client};
use reqwest::StatusCode;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use viability_proxy::app::{App, Surroundings};
use viability_proxy::config::Config;
use viability_proxy::config::load::{Source, load};
use viability_proxy::server::reload::{ConfigSource, SourceError};

/// A folder with a configuration, and the files that it names.
struct Folder(TempDir);

impl ConfigSource for Folder {
    fn read(&self) -> Result<Config, SourceError> {
        let source = Source::read(&self.0.path().join("config.toml"))?;
        Ok(load(&source, &BTreeMap::new())?)
    }

    fn filter_log(&self, _directives: &str) -> Result<(), SourceError> {
        Err("the tests have no log".into())
    }
}

impl Folder {
    /// One whose operators' token is "before", and the file that holds it.
    fn with_token() -> (Self, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let listen = "listen = \"127.0.0.1:0\"";
        let text = format!(
            "[server]\n{listen}\n[admin]\n{listen}\ntoken_file = \"token\"\n\
            [tenants.demo]\nhost = \"http://127.0.0.1:1\"\nkey_file = \"key\"\n"
        );
        for (file, text) in [("config.toml", text.as_str()), ("token", "before"), ("key", "a-key")] {
            fs::write(folder.path().join(file), text).unwrap();
        }
        let token = folder.path().join("token");
        (Self(folder), token)
    }
}

#[tokio::test]
async fn a_new_admin_token_counts_at_once_and_is_named_by_the_key_of_its_file() {
    let (folder, token) = Folder::with_token();
    let source: Arc<dyn ConfigSource> = Arc::new(folder);
    let surroundings = Surroundings { source: Some(Arc::clone(&source)), ..Surroundings::default() };
    let app = App::start(source.read().unwrap(), surroundings).await.unwrap();
    fs::write(token, "after").unwrap();
    let url = format!("http://{}/admin/reload", app.admin_address());
    let order = async |token: &str| {
        let response = http_client().post(&url).bearer_auth(token).send().await.unwrap();
        (response.status(), response.json_body().await)
    };
    let applied = json!({ "applied": ["admin.token_file"], "needs_restart": [] });
    assert_eq!(order("before").await, (StatusCode::OK, applied));
    assert_eq!(order("before").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(order("after").await, (StatusCode::OK, json!({ "applied": [], "needs_restart": [] })));
}

/// A folder on a disk that hangs: every reading is told, and goes on when it is let.
struct Hanging {
    folder: Folder,
    begun: UnboundedSender<()>,
    let_go_on: Mutex<mpsc::Receiver<()>>,
}

impl ConfigSource for Hanging {
    fn read(&self) -> Result<Config, SourceError> {
        self.begun.send(())?;
        self.let_go_on.lock().unwrap().recv()?;
        self.folder.read()
    }

    fn filter_log(&self, directives: &str) -> Result<(), SourceError> {
        self.folder.filter_log(directives)
    }
}

#[tokio::test]
async fn a_reload_goes_on_though_whoever_ordered_it_has_left() {
    let (folder, token) = Folder::with_token();
    let config = folder.read().unwrap();
    let ((begun, mut begins), (go_on, let_go_on)) = (unbounded_channel(), mpsc::channel());
    let source = Arc::new(Hanging { folder, begun, let_go_on: Mutex::new(let_go_on) });
    let app =
        App::start(config, Surroundings { source: Some(source), ..Surroundings::default() }).await.unwrap();
    fs::write(token, "after").unwrap();
    tokio::select! {
        reloaded = app.reload() => panic!("{reloaded:?}"),
        begins = begins.recv() => begins.unwrap(),
    }
    go_on.send(()).unwrap();
    let url = format!("http://{}/admin/status", app.admin_address());
    let status = async || http_client().get(&url).send().await.unwrap().json_body().await;
    let reloading = async { while status().await["configuration"]["last_reload"]["result"] != "ok" {} };
    tokio::time::timeout(PATIENCE, reloading).await.expect("it goes on");
    let order = http_client().post(url.replace("status", "refresh")).bearer_auth("after");
    assert_eq!(order.send().await.unwrap().status(), StatusCode::ACCEPTED);
}
