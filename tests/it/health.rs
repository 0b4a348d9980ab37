//! `viability-proxy health`, as a container engine runs it, and what is made of the command line's own definition.

use crate::cli::{program, text};
use crate::harness::{PATIENCE, Plan, World};
use crate::tls::{Pki, tls_world};
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

/// Asks the proxy whose operators' listener is there.
async fn health(arguments: &[&str], admin: SocketAddr, certificates: Option<&Pki>) -> Output {
    let mut command = program(&["health"]);
    command
        .args(arguments)
        .current_dir("/")
        .env("VIABILITY__ADMIN__LISTEN", admin.to_string())
        .env("VIABILITY__TENANTS__CLIENTE__HOST", "https://cliente.example")
        .env("VIABILITY__TENANTS__CLIENTE__KEY_ENV", "K")
        .env("K", "a-key");
    if let Some(pki) = certificates {
        command
            .env("VIABILITY__ADMIN__TLS_CERT_FILE", pki.cert())
            .env("VIABILITY__ADMIN__TLS_KEY_FILE", pki.key());
    }
    tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap()
}

#[tokio::test]
async fn health_is_the_process_and_readiness_the_data() {
    let world = World::cold(Plan { broken: Some("/boxes"), ..Plan::default() }).await;
    let admin = world.app.admin_address();
    let output = health(&[], admin, None).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "{\"status\":\"ok\"}\n"));
    let output = health(&["--ready"], admin, None).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("/readyz answers 503"), "{output:?}");
    world.simulator.faults().clear();
    world.refresh().await;
    assert_eq!(health(&["--ready"], admin, None).await.status.code(), Some(0));
    world.app.stop().await;
    let output = health(&[], admin, None).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains(&format!("http://{admin} doesn't answer")), "{output:?}");
    let output = health(&[], "127.0.0.1:0".parse().unwrap(), None).await;
    assert!(text(&output.stderr).contains("has no port by which it could be asked"), "{output:?}");
}

#[tokio::test]
async fn only_the_listeners_own_certificate_is_believed() {
    let pki = Pki::new();
    let world = tls_world(&pki, "").await;
    let admin = world.app.admin_address();
    assert_eq!(health(&[], admin, Some(&pki)).await.status.code(), Some(0));
    // Of the same name, by another authority.
    let output = health(&[], admin, Some(&Pki::new())).await;
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("it shows another certificate than that of tls_cert_file"),
        "{output:?}"
    );
}

async fn printed(arguments: &[&str]) -> String {
    let output = program(arguments).output().await.unwrap();
    assert!(output.status.success(), "{arguments:?}");
    text(&output.stdout).to_owned()
}

#[tokio::test]
async fn shells_and_man_know_every_command() {
    let commands = [
        "serve",
        "demo",
        "check",
        "calibrate",
        "coverage",
        "batch",
        "explain",
        "config",
        "doctor",
        "health",
        "completions",
        "man",
    ];
    let help = printed(&["--help"]).await;
    for shell in ["bash", "zsh", "fish"] {
        let script = printed(&["completions", shell]).await;
        for command in commands {
            assert!(script.contains(command) && help.contains(command), "{shell}: {command}");
        }
    }
    let page = printed(&["man"]).await;
    assert!(page.contains(".TH viability-proxy 1"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(printed(&["man", "--directory", folder.path().to_str().unwrap()]).await, "");
    for command in commands {
        let file = folder.path().join(format!("viability-proxy-{command}.1"));
        let page = std::fs::read_to_string(file).unwrap();
        assert!(page.contains(&format!("viability\\-proxy\\-{command}")), "{command}");
    }
    assert!(Path::new(&folder.path().join("viability-proxy.1")).exists());
}
