//! When a listener's certificates end, and saying so in time.

use rustls::pki_types::CertificateDer;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use yasna::tags::TAG_UTCTIME;
use yasna::{ASN1Result, BERReader, BERReaderSeq, Tag, parse_der};

/// Renewals that work by themselves are done long before so little is left.
const NEAR: Duration = Duration::from_hours(14 * 24);
/// How often the same is told again.
const TELL_EVERY: Duration = Duration::from_hours(24);
/// The end of 9999, beyond which no certificate goes.
const LAST: u64 = 253_402_300_799;

/// When a certificate ends. Prints as a time in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiry {
    ends: i64,
}

/// What an [`Expiry`] means at some moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// There is time.
    Good,
    /// Less than 14 days are left.
    Near,
    /// It is over: clients refuse the certificates.
    Over,
}

impl Expiry {
    /// Of the listener's own certificate, the first of its chain; `None` when it can't be read. Those behind it outlive
    /// it, but for old ones that clients have long had no need of.
    pub fn of(chain: &[CertificateDer<'_>]) -> Option<Self> {
        let ends = parse_der(chain.first()?, not_after).ok()?;
        Some(Self { ends })
    }

    /// Seconds since the epoch.
    pub fn timestamp(self) -> i64 {
        self.ends
    }

    /// What it means at `now`.
    pub fn validity(self, now: SystemTime) -> Validity {
        match self.moment().duration_since(now) {
            Ok(left) if left >= NEAR => Validity::Good,
            Ok(left) if !left.is_zero() => Validity::Near,
            _ => Validity::Over,
        }
    }

    fn moment(self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(u64::try_from(self.ends).unwrap_or(0).min(LAST))
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        humantime::format_rfc3339_seconds(self.moment()).fmt(f)
    }
}

/// The end of a certificate's validity (RFC 5280, 4.1), in seconds since the epoch.
fn not_after(certificate: BERReader<'_, '_>) -> ASN1Result<i64> {
    certificate.read_sequence(|certificate| {
        let end = certificate.next().read_sequence(|fields| {
            fields.read_optional(|version| version.read_tagged(Tag::context(0), skip))?;
            for _ in ["serialNumber", "signature", "issuer"] {
                skip(fields.next())?;
            }
            let end = fields.next().read_sequence(|validity| {
                skip(validity.next())?; // notBefore
                time(validity.next())
            })?;
            skip_rest(fields)?;
            Ok(end)
        })?;
        skip_rest(certificate)?;
        Ok(end)
    })
}

fn time(time: BERReader<'_, '_>) -> ASN1Result<i64> {
    if time.lookahead_tag()? == TAG_UTCTIME {
        Ok(time.read_utctime()?.datetime().unix_timestamp())
    } else {
        Ok(time.read_generalized_time()?.datetime().unix_timestamp())
    }
}

fn skip(field: BERReader<'_, '_>) -> ASN1Result<()> {
    field.read_der().map(drop)
}

fn skip_rest(fields: &mut BERReaderSeq<'_, '_>) -> ASN1Result<()> {
    while fields.read_optional(skip)?.is_some() {}
    Ok(())
}

/// What has been told of an expiry.
#[derive(Debug)]
pub(super) struct Reminder {
    expiry: Option<Expiry>,
    told: Option<(Validity, SystemTime)>,
}

impl Reminder {
    /// Of certificates that have just been loaded: nothing.
    pub(super) fn new(expiry: Option<Expiry>) -> Self {
        Self { expiry, told: None }
    }

    /// What is to be told now, and counts as told then: at once, when it gets worse, and daily.
    pub(super) fn due(&mut self, now: SystemTime) -> Option<(Expiry, Validity)> {
        let expiry = self.expiry?;
        let validity = expiry.validity(now);
        let lately = |at: SystemTime| now.duration_since(at).is_ok_and(|ago| ago < TELL_EVERY);
        let is_told = self.told.is_some_and(|(before, at)| before == validity && lately(at));
        if validity == Validity::Good || is_told {
            return None;
        }
        self.told = Some((validity, now));
        Some((expiry, validity))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    #[test]
    fn the_end_is_near_for_fourteen_days_and_then_over() {
        let expiry = Expiry { ends: 1_800_000_000 };
        let end = UNIX_EPOCH + Duration::from_hours(500_000);
        for (now, validity) in [
            (end - 15 * DAY, Validity::Good),
            (end - 14 * DAY, Validity::Good),
            (end - 14 * DAY + Duration::from_secs(1), Validity::Near),
            (end - Duration::from_secs(1), Validity::Near),
            (end, Validity::Over),
            (end + DAY, Validity::Over),
        ] {
            assert_eq!(expiry.validity(now), validity);
        }
        assert_eq!(expiry.to_string(), "2027-01-15T08:00:00Z");
        for ends in [i64::MIN, i64::MAX] {
            assert!(!Expiry { ends }.to_string().is_empty());
        }
    }

    #[test]
    fn it_is_told_at_once_then_daily_and_at_once_when_it_is_over() {
        let end = UNIX_EPOCH + Duration::from_hours(500_000);
        let mut reminder = Reminder::new(Some(Expiry { ends: 1_800_000_000 }));
        let mut told = |now| reminder.due(now).map(|(_, validity)| validity);
        assert_eq!(told(end - 20 * DAY), None);
        let first = end - 3 * DAY / 2;
        assert_eq!(told(first), Some(Validity::Near));
        assert_eq!(told(first + DAY / 2), None);
        assert_eq!(told(first + DAY), Some(Validity::Near));
        assert_eq!(told(first + DAY), None);
        assert_eq!(told(end), Some(Validity::Over), "half a day later");
        assert_eq!(told(end + DAY / 2), None);
        assert_eq!(told(end + DAY), Some(Validity::Over));
        assert_eq!(Reminder::new(None).due(end), None);
    }

    #[test]
    fn what_is_no_certificate_has_no_end() {
        assert_eq!(Expiry::of(&[CertificateDer::from(vec![0x30, 0x80])]), None);
        assert_eq!(Expiry::of(&[]), None);
    }
}
