//! How many requests a second each key may make.

use crate::config::key::KeyDigest;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Keys remembered in each of two generations. Made-up keys push others out, whose buckets then begin full: nobody is
/// refused for what others do.
const KEYS: usize = 10_000;

/// A token bucket for every key that has asked lately.
pub(super) struct RateLimit {
    per_second: f64,
    burst: f64,
    keys: Mutex<Generations>,
}

#[derive(Default)]
struct Generations {
    young: HashMap<KeyDigest, Bucket>,
    old: HashMap<KeyDigest, Bucket>,
}

#[derive(Clone, Copy)]
struct Bucket {
    tokens: f64,
    filled: Instant,
}

impl RateLimit {
    /// One second's worth of requests, at least one, may come at a stroke.
    pub(super) fn new(per_second: f64) -> Self {
        Self { per_second, burst: per_second.max(1.0), keys: Mutex::default() }
    }

    /// Lets a request of this key pass, or tells when the next one may.
    pub(super) fn take(&self, key: KeyDigest) -> Result<(), Duration> {
        let now = Instant::now();
        let mut keys = self.keys.lock().unwrap_or_else(PoisonError::into_inner);
        let known = keys.young.get(&key).or_else(|| keys.old.get(&key)).copied();
        let bucket = known.unwrap_or(Bucket { tokens: self.burst, filled: now });
        let earned = now.duration_since(bucket.filled).as_secs_f64() * self.per_second;
        let tokens = (bucket.tokens + earned).min(self.burst);
        let (left, verdict) = if tokens < 1.0 {
            (tokens, Err(Duration::from_secs_f64((1.0 - tokens) / self.per_second)))
        } else {
            (tokens - 1.0, Ok(()))
        };
        if keys.young.len() >= KEYS && !keys.young.contains_key(&key) {
            keys.old = std::mem::take(&mut keys.young);
        }
        keys.young.insert(key, Bucket { tokens: left, filled: now });
        verdict
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(number: u32) -> KeyDigest {
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&number.to_be_bytes());
        KeyDigest(digest)
    }

    #[tokio::test(start_paused = true)]
    async fn each_key_has_its_own_rate() {
        let limit = RateLimit::new(2.0);
        assert_eq!([limit.take(key(1)), limit.take(key(1))], [Ok(()), Ok(())]);
        assert_eq!(limit.take(key(1)), Err(Duration::from_millis(500)));
        assert_eq!(limit.take(key(2)), Ok(()));
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(limit.take(key(1)), Ok(()));
        assert!(limit.take(key(1)).is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_million_keys_take_no_more_memory_than_two_generations() {
        let limit = RateLimit::new(1.0);
        for number in 0..1_000_000 {
            assert_eq!(limit.take(key(number)), Ok(()));
        }
        let keys = limit.keys.lock().unwrap();
        assert!(keys.young.len() <= KEYS && keys.old.len() <= KEYS);
    }
}
