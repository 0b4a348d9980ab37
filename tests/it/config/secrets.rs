//! Secrets: compared by what they are, shown by where they stand.

use super::{TENANT, load, load_in};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn a_secret_that_only_moved_has_not_changed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("key"), "raw-key").unwrap();
    let before = load_in(folder.path(), TENANT, &[]).unwrap();
    let moved = TENANT.replace("key_env = \"K\"", "key_file = \"key\"");
    let after = load_in(folder.path(), &moved, &[]).unwrap();
    assert_eq!(before.changed_keys(&after), BTreeSet::new());
    fs::write(folder.path().join("key"), "another").unwrap();
    let after = load_in(folder.path(), &moved, &[]).unwrap();
    // By the key that tells where it stands now, as the operator wrote it.
    assert_eq!(before.changed_keys(&after), BTreeSet::from(["tenants.cliente.key_file".to_owned()]));
    assert_eq!(after.changed_keys(&before), BTreeSet::from(["tenants.cliente.key_env".to_owned()]));
}

#[test]
fn a_token_that_came_or_went_is_named_as_the_file_names_or_named_it() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("token"), "a-token").unwrap();
    let without = load_in(folder.path(), TENANT, &[]).unwrap();
    let with = load_in(folder.path(), &format!("[admin]\ntoken_file = \"token\"\n{TENANT}"), &[]).unwrap();
    let named = BTreeSet::from(["admin.token_file".to_owned()]);
    assert_eq!((without.changed_keys(&with), with.changed_keys(&without)), (named.clone(), named));
}

#[test]
fn a_secret_is_neither_in_debug_nor_in_the_redacted_configuration() {
    let text = format!("[admin]\ntoken_env = \"TOKEN\"\n{TENANT}");
    let config = load(&text, &[("K", "Bearer hunter2-key"), ("TOKEN", "hunter2-token")]).unwrap();
    let shown = format!("{config:?}\n{config:#?}\n{}", config.to_toml_redacted());
    assert!(!shown.contains("hunter2"), "{shown}");
    assert!(shown.contains("[redacted]"));
    assert!(shown.contains("token_env = \"TOKEN\"") && shown.contains("key_env = \"K\""), "{shown}");
    assert_eq!(config.tenants[0].key.header_value(), "Bearer hunter2-key");
}

#[test]
fn a_secret_in_the_wrong_place_is_in_no_fault() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two-words"), "hunter2 hunter2").unwrap();
    fs::write(folder.path().join("binary"), b"hunter2\xff").unwrap();
    let host = "[tenants.a]\nhost = \"https://a.example\"\n";
    let texts = [
        format!("{host}key = \"hunter2\""),
        format!("{host}key_file = \"eyJhunter2\""),
        format!("{host}key_file = \"Bearer hunter2\""),
        format!("{host}key_file = [\"hunter2\"]"),
        format!("{host}key_file = \"two-words\""),
        format!("{host}key_file = \"binary\""),
        format!("{host}key_env = \"eyJhunter2\""),
        format!("{host}key_env = \"can.hunter2\""),
        format!("{host}key_env = \"SPACED\""),
        format!("{host}key = hunter2"),
        format!("{host}key_env = \"hunter2"),
        format!("{TENANT}outbound_proxy = \"http://user:hunter2@proxy.example\""),
        "[admin]\ntoken_env = \"SPACED\"".to_owned(),
        "[admin]\ntoken = \"hunter2\"".to_owned(),
        "tenants.a = \"hunter2\"".to_owned(),
        "[tenants.a]\nhost = \"https://user:hunter2@a.example\"\nkey_env = \"K\"".to_owned(),
        "[tenants.a]\nhost = \"https://a.example/?authorization=hunter2\"\nkey_env = \"K\"".to_owned(),
    ];
    assert_eq!(texts.len(), 17);
    for text in texts {
        let env = [
            ("SPACED", "hunter2 hunter2"),
            ("VIABILITY__TENANTS__A__SECRET", "hunter2"),
            ("VIABILITY__ADMIN", "hunter2"),
        ];
        let errors = load_in(folder.path(), &text, &env).unwrap_err();
        assert!(!format!("{errors} {errors:?}").contains("hunter2"), "{text}\n{errors}");
    }
}
