//! Keys and the projects they open.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::city::dice::Dice;

/// The user that `POST /users/login` knows.
pub const LOGIN: &str = "integracao";
/// That user's password.
pub const PASSWORD: &str = "ozmap";

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The projects that a key may see.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Scope {
    /// Also those which are yet to come.
    All,
    /// By index.
    Some(BTreeSet<u16>),
}

impl Scope {
    pub(crate) fn sees(&self, project: u16) -> bool {
        match self {
            Self::All => true,
            Self::Some(projects) => projects.contains(&project),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Keys {
    scopes: HashMap<String, Arc<Scope>>,
    full: String,
    issued: u32,
    dice: Dice,
}

impl Keys {
    pub(crate) fn new(seed: u64) -> Self {
        let mut keys =
            Self { scopes: HashMap::new(), full: String::new(), issued: 0, dice: Dice::new(seed, 2) };
        keys.full = keys.issue(Scope::All);
        keys
    }

    /// What the key opens; a key that was never issued or is revoked opens nothing.
    pub(crate) fn scope(&self, key: &str) -> Option<Arc<Scope>> {
        self.scopes.get(key).cloned()
    }

    pub(crate) fn full(&self) -> String {
        self.full.clone()
    }

    /// A full key that works: a new one if the last was revoked.
    pub(crate) fn log_in(&mut self) -> String {
        if !self.scopes.contains_key(&self.full) {
            self.full = self.issue(Scope::All);
        }
        self.full()
    }

    /// A working key with this scope: the one issued before, or a new one.
    pub(crate) fn limited(&mut self, projects: BTreeSet<u16>) -> String {
        let scope = Scope::Some(projects);
        let known = self.scopes.iter().find(|(_, known)| ***known == scope).map(|(key, _)| key.clone());
        known.unwrap_or_else(|| self.issue(scope))
    }

    pub(crate) fn revoke(&mut self, key: &str) {
        self.scopes.remove(key);
    }

    /// Looks like a JSON web token, because clients may look.
    fn issue(&mut self, scope: Scope) -> String {
        self.issued += 1;
        let claims = format!("{{\"module\":\"api\",\"user\":\"{LOGIN}{}\",\"iat\":1751371200}}", self.issued);
        let secret: Vec<u8> = (0..4).flat_map(|_| self.dice.bits().to_be_bytes()).collect();
        let parts = [b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}".as_slice(), claims.as_bytes(), &secret];
        let key = parts.map(base64url).join(".");
        self.scopes.insert(key.clone(), Arc::new(scope));
        key
    }
}

/// Base64 with the alphabet for URLs, unpadded.
fn base64url(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let bits = (0..3)
            .fold(0, |bits: usize, place| bits << 8 | group.get(place).map_or(0, |byte| usize::from(*byte)));
        for sixth in 0..=group.len() {
            text.push(char::from(ALPHABET[bits >> (18 - 6 * sixth) & 63]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_starts_as_every_token_does() {
        assert_eq!(base64url(b"{\"alg\":\"HS256\",\"typ\":\"JWT\"}"), "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9");
        assert_eq!(base64url(b"a"), "YQ");
    }

    #[test]
    fn revoking_the_full_key_makes_the_next_login_issue_another() {
        let mut keys = Keys::new(1);
        let first = keys.full();
        assert_eq!(keys.log_in(), first);
        keys.revoke(&first);
        let second = keys.log_in();
        assert_ne!(second, first);
        assert!(keys.scope(&first).is_none() && keys.scope(&second).is_some());
    }
}
