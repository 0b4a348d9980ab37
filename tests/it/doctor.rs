//! `viability-proxy doctor`: each thing it looks at, as it has to be and not. `upstream` there is what is OZmap's.

mod upstream;

use crate::cli::{program, text};
use crate::harness::{ADMIN_TOKEN, PATIENCE};
use crate::process::Process;
use ozmap_simulator::{Settings, Simulator};
use std::fs;
use std::net::SocketAddr;
use tokio::net::TcpListener;

/// What it said, line by line.
#[derive(Debug)]
struct Told {
    code: Option<i32>,
    lines: Vec<String>,
}

impl Told {
    /// The verdict and the text on this, of which there is one line.
    fn on(&self, subject: &str) -> (&str, &str) {
        let mut found = self.lines.iter().filter_map(|line| {
            let (verdict, rest) = line.split_once(' ')?;
            Some((verdict, rest.trim_start().strip_prefix(subject)?.strip_prefix(": ")?))
        });
        let one = found.next().unwrap_or_else(|| panic!("nothing of {subject}: {self:#?}"));
        assert_eq!(found.next(), None, "{subject} twice: {self:#?}");
        one
    }

    fn verdict(&self, subject: &str) -> &str {
        self.on(subject).0
    }
}

/// With one tenant, `cliente`, at this host, and more in its environment.
async fn doctor_with(arguments: &[&str], host: &str, key: &str, env: &[(&str, &str)]) -> Told {
    let mut doctor = program(&["doctor"]);
    doctor
        .args(arguments)
        .current_dir("/")
        .env("VIABILITY__TENANTS__CLIENTE__HOST", host)
        .env("VIABILITY__TENANTS__CLIENTE__KEY_ENV", "K")
        .env("K", key)
        .env("VIABILITY__SERVER__LISTEN", "127.0.0.1:0")
        .env("VIABILITY__ADMIN__LISTEN", "127.0.0.1:0")
        .envs(env.iter().copied());
    let output = tokio::time::timeout(PATIENCE, doctor.output()).await.expect("it ends").unwrap();
    let told = format!("{}{}", text(&output.stdout), text(&output.stderr));
    Told { code: output.status.code(), lines: told.lines().map(str::to_owned).collect() }
}

async fn doctor(simulator: &Simulator, env: &[(&str, &str)]) -> Told {
    doctor_with(&[], &simulator.host(), &simulator.full_key(), env).await
}

async fn small() -> Simulator {
    Simulator::start(Settings { boxes: 50, ..Settings::default() }).await.unwrap()
}

/// Where a running proxy listens.
fn listening(at: [SocketAddr; 2]) -> [(&'static str, String); 2] {
    let [public, admin] = at.map(|address| address.to_string());
    [("VIABILITY__SERVER__LISTEN", public), ("VIABILITY__ADMIN__LISTEN", admin)]
}

#[tokio::test]
async fn beside_a_proxy_that_is_well_nothing_fails() {
    let simulator = small().await;
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().to_str().unwrap();
    let proxy = Process::start(&simulator, 1_024, &[("VIABILITY__SERVER__MAX_CONNECTIONS", "100")]).await;
    let [public, admin] = listening([proxy.public, proxy.admin]);
    let env = [
        (public.0, public.1.as_str()),
        (admin.0, admin.1.as_str()),
        ("VIABILITY__SERVER__MAX_CONNECTIONS", "100"),
        ("VIABILITY__SNAPSHOT__DIRECTORY", directory),
    ];
    let told = doctor(&simulator, &env).await;
    assert_eq!(told.code, Some(0), "{told:#?}");
    let lines = [
        ("configuration", "sound, tenants: 1"),
        ("snapshot.directory", "can be written to"),
        ("room for snapshots", "MiB are free below"),
        ("server.listen", "is taken by a running proxy"),
        ("admin.listen", "is taken by a running proxy"),
        ("running proxy", concat!("version ", env!("CARGO_PKG_VERSION"))),
        ("demo: data", "fresh, 50 boxes, read "),
        ("open files", "the limit of the running proxy is enough for 100 connections"),
        ("cliente: name", "127.0.0.1 is 127.0.0.1"),
        ("cliente: connection", "accepts it"),
        ("cliente: key", "accepts it"),
        ("cliente: clock", "agrees with OZmap's"),
        ("cliente: projects", "may be read"),
        ("cliente: boxes", "50 may be read"),
        ("cliente: splitters", "may be read"),
        ("cliente: viability", "OZmap answers the query itself"),
    ];
    for (subject, text) in lines {
        let (verdict, said) = told.on(subject);
        assert!(verdict == "ok" && said.contains(text), "{subject}: {verdict} {said}");
    }
    assert_eq!(told.lines.len(), lines.len() + 1, "{told:#?}");
    assert!(told.lines.last().unwrap().starts_with("nothing failed; 0 warnings"), "{told:#?}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing is left there");
}

#[tokio::test]
async fn every_fault_of_a_configuration_is_a_line() {
    let env = [("VIABILITY__LIVE__DEADLINE", "soon"), ("VIABILITY__SNAPSHOT__DIRECTORY", "")];
    let told = doctor_with(&[], "ozmap.example", "a-key", &env).await;
    assert_eq!(told.code, Some(1));
    let faults: Vec<_> =
        told.lines.iter().filter(|line| line.starts_with("failed   configuration: ")).collect();
    assert_eq!(faults.len(), 3, "{told:#?}");
    assert_eq!(told.lines.last().unwrap(), "3 failed, 0 warnings, 0 ok");
}

#[tokio::test]
async fn what_this_machine_lacks_is_told() {
    let simulator = small().await;
    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = other.local_addr().unwrap().to_string();
    // Whoever calls is hung up on.
    tokio::spawn(async move { while other.accept().await.is_ok() {} });
    let env = [
        ("VIABILITY__SNAPSHOT__DIRECTORY", "/proc/viability-proxy"),
        ("VIABILITY__SERVER__LISTEN", taken.as_str()),
        ("VIABILITY__ADMIN__LISTEN", "192.0.2.1:9995"),
        ("VIABILITY__SERVER__MAX_CONNECTIONS", "1000000"),
        ("VIABILITY__ADMIN__TOKEN_ENV", "K"),
    ];
    let told = doctor(&simulator, &env).await;
    assert_eq!(told.code, Some(1), "{told:#?}");
    for (subject, verdict, text) in [
        ("snapshot.directory", "failed", "can't be written to"),
        ("server.listen", "failed", "is taken, and not by such a proxy"),
        ("admin.listen", "failed", "192.0.2.1:9995 is no address of this machine"),
        ("cliente: key", "ok", "accepts it"),
    ] {
        let (found, said) = told.on(subject);
        assert!(found == verdict && said.contains(text), "{subject}: {found} {said}");
    }
    let told = doctor(&simulator, &[]).await;
    assert_eq!(
        told.on("snapshot.directory"),
        ("warning", "none is set, so a restart begins without data: set it")
    );
    assert_eq!(told.on("server.listen"), ("ok", "127.0.0.1:0 is free"));
    assert_eq!(told.code, Some(0), "warnings are no failure");
}

#[tokio::test]
async fn a_running_proxy_tells_its_own_limits_and_troubles() {
    let simulator = small().await;
    let proxy = Process::start(&simulator, 512, &[]).await;
    let [public, admin] = listening([proxy.public, proxy.admin]);
    let env = [(public.0, public.1.as_str()), (admin.0, admin.1.as_str())];
    let told = doctor(&simulator, &env).await;
    let (verdict, said) = told.on("open files");
    assert!(verdict == "warning" && said.starts_with("the limit of the running proxy is 512"), "{said}");
    assert_eq!(told.code, Some(0));

    let sound = fs::read_to_string(proxy.config_file()).unwrap();
    let reload = || async {
        let url = format!("http://{}/admin/reload", proxy.admin);
        crate::harness::http_client().post(url).bearer_auth(ADMIN_TOKEN).send().await.unwrap().status()
    };
    fs::write(proxy.config_file(), format!("{sound}\nforward = \"all\"\n")).unwrap();
    assert!(reload().await.is_success());
    let told = doctor(&simulator, &env).await;
    let waits = "warning  running proxy: changes wait for a restart: tenants.demo.forward";
    assert!(told.lines.iter().any(|line| line == waits), "{told:#?}");

    fs::write(proxy.config_file(), "[server]\nlistne = 1\n").unwrap();
    assert!(!reload().await.is_success());
    let told = doctor(&simulator, &env).await;
    let fault = "warning  running proxy: the configuration was not read again: ";
    assert!(told.lines.iter().any(|line| line.starts_with(fault) && line.contains("listne")), "{told:#?}");
}

#[tokio::test]
async fn the_bundle_tells_all_of_it_and_no_secret() {
    let simulator = small().await;
    let proxy = Process::start(&simulator, 1_024, &[]).await;
    let [public, admin] = listening([proxy.public, proxy.admin]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("bundle.txt");
    let env = [
        (public.0, public.1.as_str()),
        (admin.0, admin.1.as_str()),
        ("VIABILITY__ADMIN__TOKEN_ENV", "T"),
        ("T", ADMIN_TOKEN),
    ];
    let arguments = ["--bundle", file.to_str().unwrap()];
    let told = doctor_with(&arguments, &simulator.host(), &simulator.full_key(), &env).await;
    assert_eq!(told.code, Some(0), "{told:#?}");
    let bundle = fs::read_to_string(&file).unwrap();
    let parts: Vec<_> = bundle.lines().filter_map(|line| line.strip_prefix("=== ")).collect();
    let expected = [
        "viability-proxy doctor",
        "findings",
        "configuration in force",
        "running proxy: /admin/status",
        "running proxy: /readyz",
        "running proxy: /metrics",
    ];
    assert_eq!(parts, expected);
    assert!(bundle.contains("version: ") && bundle.contains("key_env = \"K\""), "{bundle}");
    for line in &told.lines[..told.lines.len() - 1] {
        assert!(bundle.contains(line), "{line}");
    }
    let place = simulator.boxes()[0].clone();
    let (lat, lng) = (format!("{:.3}", place.lat), format!("{:.3}", place.lng));
    for secret in [simulator.full_key().as_str(), ADMIN_TOKEN, &lat, &lng] {
        assert!(!bundle.contains(secret), "{secret}");
    }
    // Where the configuration isn't sound there is one too.
    let arguments = ["--bundle", file.to_str().unwrap()];
    let told = doctor_with(&arguments, "ozmap.example", "hunter2", &[]).await;
    assert_eq!(told.code, Some(1));
    let bundle = fs::read_to_string(&file).unwrap();
    assert!(
        bundle.contains("=== configuration in force\nnot sound: see findings") && !bundle.contains("hunter2")
    );
}
