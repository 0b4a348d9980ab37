//! How long certificates are good for.

use super::{Finding, Verdict};
use crate::config::Config;
use crate::server::tls::{self, Expiry, Validity};
use crate::wording::with_causes;
use std::time::SystemTime;

/// The listeners' own, of those that have some.
pub fn of_listeners(config: &Config) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (section, files) in [("server", &config.server.tls), ("admin", &config.admin.tls)] {
        let Some(files) = files else { continue };
        let what = format!("the certificate in {}", files.cert.display());
        findings.push(match tls::check(files) {
            Ok(expiry) => until_its_end(section, &what, expiry, SystemTime::now()),
            Err(error) => Finding::failed(section, with_causes(&error)),
        });
    }
    findings
}

/// What there is to tell of a certificate's end; `None`: it can't be read.
pub(super) fn until_its_end(subject: &str, what: &str, expiry: Option<Expiry>, now: SystemTime) -> Finding {
    let Some(expiry) = expiry else {
        return Finding::warning(subject, format!("when {what} ends can't be read"));
    };
    let (verdict, text) = match expiry.validity(now) {
        Validity::Good => (Verdict::Fine, format!("{what} is good until {expiry}")),
        Validity::Near => (Verdict::Warning, format!("{what} ends soon, at {expiry}: renew it")),
        Validity::Over => (Verdict::Failed, format!("{what} has expired, at {expiry}: renew it")),
    };
    Finding { subject: subject.to_owned(), verdict, text }
}
