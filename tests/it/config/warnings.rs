//! What is sound and perhaps not what was meant.

use super::{TENANT, load};

fn told(text: &str, env: &[(&str, &str)]) -> Vec<String> {
    let config = load(text, env).unwrap_or_else(|faults| panic!("{text}: {faults}"));
    config.warnings.iter().map(ToString::to_string).collect()
}

#[test]
fn a_variable_that_looks_like_a_key_is_told_with_the_key_that_was_meant() {
    for (variable, meant) in [
        ("VIABILITY_LIVE_DEADLINE", "VIABILITY__LIVE__DEADLINE"),
        ("VIABILITY_LIVE__DEADLINE", "VIABILITY__LIVE__DEADLINE"),
        ("VIABILITY_LIVE_DEDLINE", "VIABILITY__LIVE__DEADLINE"),
        ("viability__live__deadline", "VIABILITY__LIVE__DEADLINE"),
        ("Viability_Server_Listen", "VIABILITY__SERVER__LISTEN"),
        ("VIABILITY_ADMIN_TOKEN_FILE", "VIABILITY__ADMIN__TOKEN_FILE"),
        ("VIABILITY_TENANT_DEFAULTS_FORWARD", "VIABILITY__TENANT_DEFAULTS__FORWARD"),
        ("VIABILITY_VIABILITY_MAX_BOXES", "VIABILITY__VIABILITY__MAX_BOXES"),
        ("VIABILITY_TENANTS_CLIENTE_HOST", "VIABILITY__TENANTS__CLIENTE__HOST"),
        ("VIABILITY_TENANTS_REDE_SUL_KEY_FILE", "VIABILITY__TENANTS__REDE_SUL__KEY_FILE"),
        ("VIABILITY_TENANTS_SUL_LIVE_DEADLINE", "VIABILITY__TENANTS__SUL__LIVE__DEADLINE"),
    ] {
        let expected = format!("environment {variable}: is passed over: did you mean {meant}?");
        assert_eq!(told(TENANT, &[(variable, "a-canary")]), [expected]);
    }
}

#[test]
fn a_variable_that_looks_like_none_is_anybodys() {
    // What Kubernetes sets for Services called viability-proxy and viability, what an image may, and our own example.
    let env: Vec<_> = [
        "VIABILITY_PROXY_SERVICE_HOST",
        "VIABILITY_PROXY_SERVICE_PORT",
        "VIABILITY_PROXY_SERVICE_PORT_ADMIN",
        "VIABILITY_PROXY_PORT",
        "VIABILITY_PROXY_PORT_9994_TCP",
        "VIABILITY_PROXY_PORT_9994_TCP_ADDR",
        "VIABILITY_PROXY_PORT_9994_TCP_PORT",
        "VIABILITY_PROXY_PORT_9994_TCP_PROTO",
        "VIABILITY_PORT",
        "VIABILITY_SERVICE_HOST",
        "VIABILITY_SERVICE_PORT",
        "VIABILITY_PROXY_VERSION",
        "VIABILITY_ADMIN_TOKEN",
        "VIABILITY_",
        "VIABILITY_TENANTS_HOST",
        "VIABILITY_LIVE\nDEADLINE",
        "VIABILITY",
        "LIVE_DEADLINE",
    ]
    .map(|variable| (variable, "tcp://10.0.0.1:9994"))
    .into();
    assert_eq!(told(TENANT, &env), Vec::<String>::new());
    // Nor is one that the configuration itself names.
    let named = TENANT.replace("\"K\"", "\"VIABILITY_TENANTS_CLIENTE_KEY_FILE\"");
    assert_eq!(told(&named, &[("VIABILITY_TENANTS_CLIENTE_KEY_FILE", "a-key")]), Vec::<String>::new());
}

#[test]
fn where_something_else_is_wrong_such_a_variable_is_told_too() {
    let env = [("VIABILITY_TENANTS_CLIENTE_HOST", "https://cliente.example")];
    let told = load("[tenants.cliente]\nkey_env = \"K\"", &env).unwrap_err().to_string();
    let lines: Vec<_> = told.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].starts_with("config.toml:1: tenants.cliente.host: is missing"),
        "{told}"
    );
    assert!(lines[1].ends_with("did you mean VIABILITY__TENANTS__CLIENTE__HOST?"), "{told}");
}

#[test]
fn of_several_tenants_each_without_hosts_is_told() {
    let named = format!("{TENANT}hosts = [\"cliente.example\"]\n");
    for alone in [TENANT, &named] {
        assert_eq!(told(alone, &[]), Vec::<String>::new());
    }
    let sul = "[tenants.sul]\nhost = \"https://sul.example\"\nkey_env = \"K\"\n";
    let by_path = |place: &str, tenant: &str| {
        format!(
            "{place}: tenants.{tenant}: is one of several and has no hosts: it is found below /{tenant}/api/v2 only, \
            not at /api/v2; give it hosts if clients are to find it by name"
        )
    };
    assert_eq!(
        told(&format!("{TENANT}{sul}"), &[]),
        [by_path("config.toml:1", "cliente"), by_path("config.toml:4", "sul")]
    );
    assert_eq!(told(&format!("{named}{sul}"), &[]), [by_path("config.toml:5", "sul")]);
    let env =
        [("VIABILITY__TENANTS__SUL__HOST", "https://sul.example"), ("VIABILITY__TENANTS__SUL__KEY_ENV", "K")];
    let told = told(&named, &env);
    assert!(
        told.len() == 1 && told[0].starts_with("environment VIABILITY__TENANTS__SUL__HOST: "),
        "{told:?}"
    );
    assert!(told[0].contains("/sul/api/v2"), "{told:?}");
}
