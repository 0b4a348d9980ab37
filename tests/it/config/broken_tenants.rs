//! Wrong tenants and wrong files, each with the whole message.

/// Below the tenant, from line 4 on.
pub(super) const TENANT_KEYS: [(&str, &str); 19] = [
    (
        "key_file = \"Cargo.toml\"",
        "config.toml:4: tenants.cliente.key_file: key_file and key_env are both given: remove one",
    ),
    (
        "ca_file = \"no-such-file\"",
        "config.toml:4: tenants.cliente.ca_file: can't read the file no-such-file (entity not found): put the certificates there, readable by this process",
    ),
    (
        "ca_file = \"Cargo.toml\"",
        "config.toml:4: tenants.cliente.ca_file: the file Cargo.toml holds no certificate: expected PEM",
    ),
    (
        "outbound_proxy = \"socks5://a.example\"",
        "config.toml:4: tenants.cliente.outbound_proxy: expected an HTTP proxy such as \"http://proxy.cliente.com.br:3128\", without user, password and path",
    ),
    (
        "hosts = \"a.example\"",
        "config.toml:4: tenants.cliente.hosts: expected a list of host names without scheme and port, such as [\"viability.cliente.com.br\"], got \"a.example\"",
    ),
    (
        "hosts = [\"https://a.example\"]",
        "config.toml:4: tenants.cliente.hosts: expected a list of host names without scheme and port, such as [\"viability.cliente.com.br\"], got [\"https://a.example\"]",
    ),
    (
        "hosts = [\"a.example:80\"]",
        "config.toml:4: tenants.cliente.hosts: expected a list of host names without scheme and port, such as [\"viability.cliente.com.br\"], got [\"a.example:80\"]",
    ),
    (
        "hosts = [25]",
        "config.toml:4: tenants.cliente.hosts: expected a list of host names without scheme and port, such as [\"viability.cliente.com.br\"], got [25]",
    ),
    (
        "forward = \"post\"",
        "config.toml:4: tenants.cliente.forward: expected \"off\" or \"read\" or \"all\", got \"post\"",
    ),
    (
        "hosts = [\"a.example\"]\n[tenants.b]\nhost = \"https://b.example\"\nkey_env = \"K\"\nhosts = [\"A.example\"]",
        "config.toml:4: tenants.cliente.hosts: \"a.example\" means tenant b already: give every name to one tenant only",
    ),
    (
        "[tenants.cliente.live]\ntimeout = \"500ms\"",
        "config.toml:5: tenants.cliente.live.timeout: deadline = \"800ms\" is longer than timeout = \"500ms\": shorten the one or lengthen the other",
    ),
    (
        "[tenants.cliente.live]\ndeadline = \"1m\"",
        "config.toml:5: tenants.cliente.live.deadline: deadline = \"1m\" is longer than timeout = \"10s\": shorten the one or lengthen the other",
    ),
    (
        "[tenants.cliente.freshness]\nmax_stale = \"1m\"",
        "config.toml:5: tenants.cliente.freshness.max_stale: stale_after = \"25m\" is longer than max_stale = \"1m\": shorten the one or lengthen the other",
    ),
    (
        "[tenants.cliente.viability]\nmax_radius_m = 100",
        "config.toml:5: tenants.cliente.viability.max_radius_m: default_radius_m = 150 is above max_radius_m = 100: lower the one or raise the other",
    ),
    (
        "key = \"x\"",
        "config.toml:4: tenants.cliente.key: unknown key: did you mean tenants.cliente.key_env or tenants.cliente.key_file?",
    ),
    ("Host = \"x\"", "config.toml:4: tenants.cliente.Host: unknown key: did you mean tenants.cliente.host?"),
    (
        "deadline = \"1s\"",
        "config.toml:4: tenants.cliente.deadline: unknown key: did you mean tenants.cliente.live.deadline?",
    ),
    (
        "[tenants.cliente.refesh]\nfull = \"x\"",
        "config.toml:4: tenants.cliente.refesh: unknown section: did you mean tenants.cliente.refresh?",
    ),
    (
        "[tenants.cliente.server]\nlisten = \"x\"",
        "config.toml:4: tenants.cliente.server: unknown section: did you mean server?",
    ),
];

/// Files of their own.
pub(super) const WHOLE_FILES: [(&str, &str); 15] = [
    (
        "[tenant.a]\nhost = \"https://a.example\"\nkey_env = \"K\"",
        "config.toml: tenants: expected at least one section [tenants.<name>] with host and key_file or key_env\nconfig.toml:1: tenant: unknown section: did you mean tenants?",
    ),
    (
        "",
        "config.toml: tenants: expected at least one section [tenants.<name>] with host and key_file or key_env",
    ),
    (
        "[tenants.a]",
        "config.toml:1: tenants.a.host: is missing: expected the OzMap Host, such as \"https://cliente.ozmap.com.br:9994/api/v2\"\nconfig.toml:1: tenants.a.key_file: is missing: expected key_file = \"/path/of/a/file\" or key_env = \"VARIABLE\" with the OzMap Key",
    ),
    (
        "[tenants.a]\nhost = \"https://a.example\"",
        "config.toml:1: tenants.a.key_file: is missing: expected key_file = \"/path/of/a/file\" or key_env = \"VARIABLE\" with the OzMap Key",
    ),
    (
        "[tenants.a]\nkey_env = \"K\"",
        "config.toml:1: tenants.a.host: is missing: expected the OzMap Host, such as \"https://cliente.ozmap.com.br:9994/api/v2\"",
    ),
    (
        "[tenants.a]\nhost = \"a.example\"\nkey_env = \"K\"",
        "config.toml:2: tenants.a.host: not an address; expected an address such as https://cliente.ozmap.com.br:9994/api/v2",
    ),
    (
        "[tenants.a]\nhost = \"https://a.example/api/v1\"\nkey_env = \"K\"",
        "config.toml:2: tenants.a.host: a path that does not end in /api/v2; expected an address such as https://cliente.ozmap.com.br:9994/api/v2",
    ),
    (
        "[tenants.a]\nhost = \"https://a.example?x=1\"\nkey_env = \"K\"",
        "config.toml:2: tenants.a.host: a query or fragment in the address; expected an address such as https://cliente.ozmap.com.br:9994/api/v2",
    ),
    (
        "[tenants.a]\nhost = 25\nkey_env = \"K\"",
        "config.toml:2: tenants.a.host: not an address; expected an address such as https://cliente.ozmap.com.br:9994/api/v2",
    ),
    (
        "[tenants.admin]\nhost = \"https://a.example\"\nkey_env = \"K\"",
        "config.toml:1: tenants.admin: not a name for a tenant: expected up to 40 lower-case letters, digits and \"-\", and not api, admin, metrics, healthz, readyz, viability",
    ),
    (
        "[tenants.rede_sul]\nhost = \"https://a.example\"\nkey_env = \"K\"",
        "config.toml:1: tenants.rede_sul: not a name for a tenant: expected up to 40 lower-case letters, digits and \"-\", and not api, admin, metrics, healthz, readyz, viability",
    ),
    (
        "[tenants.a]\nhost = \"https://a.example\"\nkey_file = \"no-such-file\"",
        "config.toml:3: tenants.a.key_file: can't read the file no-such-file (entity not found): put the key there, readable by this process",
    ),
    (
        "[tenants.a]\nhost = \"https://a.example\"\nkey_file = \"Cargo.toml\"",
        "config.toml:3: tenants.a.key_file: the file Cargo.toml holds no key: expected one key of OZmap, raw or \"Bearer <key>\"",
    ),
    (
        "[tenants.a]\nhost = \"https://a.example\"\nkey_env = \"not a name\"",
        "config.toml:3: tenants.a.key_env: expected the name of an environment variable such as \"OZMAP_KEY\", not what it should hold",
    ),
    (
        "tenants = 3",
        "config.toml:1: tenants: expected a section, got a value: write its keys below [tenants]\nconfig.toml:1: tenants: expected at least one section [tenants.<name>] with host and key_file or key_env",
    ),
];
