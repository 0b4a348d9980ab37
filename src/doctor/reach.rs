//! The way to an OZmap: its name, its addresses, the certificate it shows.

use super::Finding;
use super::certificate::until_its_end;
use crate::config::Tenant;
use crate::ozmap::tls::client_config;
use crate::server::tls::Expiry;
use crate::wording::with_causes;
use rustls::pki_types::ServerName;
use rustls::{CertificateError, Error};
use std::collections::BTreeSet;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use url::Url;

/// What was found on the way, and whether it leads to the end.
pub(super) struct Way {
    pub(super) findings: Vec<Finding>,
    pub(super) is_open: bool,
}

/// Goes as far as it leads. Through an outbound proxy to that: the rest shows when OZmap is asked.
pub(super) async fn walk(tenant: &Tenant) -> Way {
    let patience = tenant.refresh.connect_timeout;
    let (first, through) = match &tenant.outbound_proxy {
        Some(proxy) => (proxy, " (outbound_proxy)"),
        None => (tenant.host.base(), ""),
    };
    let subject = |what: &str| format!("{}: {what}{through}", tenant.name);
    let addresses = match resolve(first, patience).await {
        Ok(addresses) => addresses,
        Err(text) => return Way { findings: vec![Finding::failed(subject("name"), text)], is_open: false },
    };
    let told: BTreeSet<_> = addresses.iter().map(SocketAddr::ip).collect();
    let told: Vec<_> = told.iter().map(ToString::to_string).collect();
    let host = first.host_str().unwrap_or_default();
    let mut findings = vec![Finding::fine(subject("name"), format!("{host} is {}", told.join(", ")))];
    let (reached, connection) = connect(&subject("connection"), &addresses, patience).await;
    findings.push(connection);
    let Some(stream) = reached else { return Way { findings, is_open: false } };
    if tenant.outbound_proxy.is_some() {
        return Way { findings, is_open: true };
    }
    let (shown, is_open) = certificate(tenant, stream, patience).await;
    findings.extend(shown);
    Way { findings, is_open }
}

async fn resolve(url: &Url, patience: Duration) -> Result<Vec<SocketAddr>, String> {
    let host = url.host_str().unwrap_or_default();
    let port = url.port_or_known_default().unwrap_or_default();
    // An address of version 6 stands in brackets there.
    let name = host.trim_start_matches('[').trim_end_matches(']');
    let remedy = "check it, and the name servers in /etc/resolv.conf";
    let found = match timeout(patience, lookup_host((name, port))).await {
        Ok(found) => found.map_err(|error| format!("{host} can't be resolved ({error}): {remedy}"))?,
        Err(_elapsed) => return Err(format!("no name server tells of {host} in time: {remedy}")),
    };
    let found: Vec<_> = found.collect();
    if found.is_empty() { Err(format!("{host} has no address: {remedy}")) } else { Ok(found) }
}

/// Tries each address, as a client does in turn.
async fn connect(
    subject: &str,
    addresses: &[SocketAddr],
    patience: Duration,
) -> (Option<TcpStream>, Finding) {
    let mut reached = None;
    let mut silent = Vec::new();
    for address in addresses {
        match timeout(patience, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => reached = reached.or(Some((stream, address))),
            Ok(Err(error)) => silent.push(format!("{address} ({error})")),
            Err(_elapsed) => silent.push(format!("{address} (no answer in time)")),
        }
    }
    let remedy = "check host with its port, and the firewall (OZmap listens on 9994)";
    let silent = silent.join(", ");
    match reached {
        Some((stream, address)) if silent.is_empty() => {
            (Some(stream), Finding::fine(subject, format!("{address} accepts it")))
        }
        Some((stream, address)) => {
            let text = format!("{address} accepts it, others don't: {silent}");
            (Some(stream), Finding::warning(subject, text))
        }
        None => (None, Finding::failed(subject, format!("nobody accepts one: {silent}: {remedy}"))),
    }
}

/// What is shown in TLS, if the host is spoken to in it, and whether it is believed.
async fn certificate(tenant: &Tenant, stream: TcpStream, patience: Duration) -> (Option<Finding>, bool) {
    let url = tenant.host.base();
    if url.scheme() != "https" {
        return (None, true);
    }
    let subject = format!("{}: certificate", tenant.name);
    let failed = |text: String| (Some(Finding::failed(&subject, text)), false);
    let config = match client_config(tenant.ca_file.as_deref()) {
        Ok(config) => config,
        Err(error) => return failed(with_causes(&error)),
    };
    let host = url.host_str().unwrap_or_default();
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let Ok(name) = ServerName::try_from(name) else {
        return failed(format!("{host} can't be the name in a certificate: check host"));
    };
    let connector = TlsConnector::from(Arc::new(config));
    match timeout(patience, connector.connect(name, stream)).await {
        Ok(Ok(stream)) => {
            let (_, session) = stream.get_ref();
            let expiry = session.peer_certificates().and_then(Expiry::of);
            let what = format!("that of {host}");
            (Some(until_its_end(&subject, &what, expiry, SystemTime::now())), true)
        }
        Ok(Err(error)) => failed(format!("{error}: {}", remedy(&error))),
        Err(_elapsed) => failed(
            "no TLS in time: check the port; host begins with http:// where OZmap speaks no TLS".to_owned(),
        ),
    }
}

fn remedy(error: &io::Error) -> &'static str {
    let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<Error>());
    match cause {
        Some(Error::InvalidCertificate(fault)) => match fault {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "have it renewed at OZmap, or set this machine's clock"
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "set this machine's clock"
            }
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "host has to be a name that the certificate has"
            }
            CertificateError::UnknownIssuer => {
                "name a file with its authority in ca_file, or install ca-certificates"
            }
            _ => "have it mended at OZmap, or name a file with its authority in ca_file",
        },
        Some(Error::InvalidMessage(_)) => "host begins with http:// where OZmap speaks no TLS",
        _ => "check host with its port, and what stands between",
    }
}
