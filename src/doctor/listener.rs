//! Whether the listeners' addresses are free, or the proxy's own.

use super::door::Door;
use super::{Finding, Verdict};
use crate::config::Config;
use crate::config::certificates::TlsFiles;
use crate::server::side::Side;
use crate::wording::with_causes;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// Of clients and of operators.
pub async fn examine(config: &Config) -> Vec<Finding> {
    let (server, admin) = (&config.server, &config.admin);
    vec![
        of(Side::Public, server.listen, server.tls.as_ref()).await,
        of(Side::Admin, admin.listen, admin.tls.as_ref()).await,
    ]
}

async fn of(side: Side, listen: SocketAddr, tls: Option<&TlsFiles>) -> Finding {
    let (verdict, text) = match TcpListener::bind(listen).map_err(|error| (error.kind(), error)) {
        Ok(_) => (Verdict::Fine, format!("{listen} is free")),
        Err((ErrorKind::AddrInUse, _)) => taken(listen, tls).await,
        Err((ErrorKind::AddrNotAvailable, _)) => {
            let text = format!("{listen} is no address of this machine: name one, or 0.0.0.0 for all");
            (Verdict::Failed, text)
        }
        Err((ErrorKind::PermissionDenied, _)) => {
            let remedy =
                "name one from 1024 on, or let systemd open it (ListenStream= in viability-proxy.socket)";
            (Verdict::Failed, format!("{listen}: this user may not take such a port: {remedy}"))
        }
        Err((_, error)) => (Verdict::Failed, format!("{listen} can't be listened on: {error}")),
    };
    let section = match side {
        Side::Public => "server.listen",
        Side::Admin => "admin.listen",
    };
    Finding { subject: section.to_owned(), verdict, text }
}

async fn taken(listen: SocketAddr, tls: Option<&TlsFiles>) -> (Verdict, String) {
    let asked = match Door::to(listen, tls) {
        // Any path will do: what counts is how it answers.
        Ok(door) => door.get("/healthz").await,
        Err(error) => Err(error),
    };
    match asked {
        Ok(answer) if answer.is_ours => (Verdict::Fine, format!("{listen} is taken by a running proxy")),
        Ok(_) => {
            (Verdict::Failed, format!("{listen} is taken by another program: stop it, or name another port"))
        }
        Err(error) => {
            let why = with_causes(&error);
            let text =
                format!("{listen} is taken, and not by such a proxy ({why}): stop it, or name another port");
            (Verdict::Failed, text)
        }
    }
}
