//! Wrong values and wrong tenants, each with the whole message.

/// Before a tenant that is right.
pub(super) const KEYS: [(&str, &str); 48] = [
    (
        "[server]\nlisten = \"localhost\"",
        "config.toml:2: server.listen: expected an address and port such as \"0.0.0.0:9994\", got \"localhost\"",
    ),
    (
        "[server]\nlisten = 9994",
        "config.toml:2: server.listen: expected an address and port such as \"0.0.0.0:9994\", got 9994",
    ),
    (
        "[server]\ndrain = \"soon\"",
        "config.toml:2: server.drain: expected a duration such as \"25m\", got \"soon\": write a number and a unit (ms, s, m, h, d) in quotes",
    ),
    (
        "[server]\nmax_connections = 0",
        "config.toml:2: server.max_connections: expected a whole number from 1 to 1000000, got 0",
    ),
    (
        "[server]\nmax_connections_per_address = 2.5",
        "config.toml:2: server.max_connections_per_address: expected a whole number from 1 to 1000000, got 2.5",
    ),
    (
        "[server]\nheader_timeout = \"0s\"",
        "config.toml:2: server.header_timeout: expected a duration such as \"25m\", got \"0s\": it must be above zero",
    ),
    (
        "[server]\nwrite_timeout = 10",
        "config.toml:2: server.write_timeout: expected a duration such as \"25m\", got 10: write a number and a unit (ms, s, m, h, d) in quotes",
    ),
    (
        "[server]\nqueue_timeout = \"0s\"",
        "config.toml:2: server.queue_timeout: expected a duration such as \"25m\", got \"0s\": it must be above zero",
    ),
    (
        "[server]\nmax_in_flight = \"many\"",
        "config.toml:2: server.max_in_flight: expected a whole number from 1 to 1000000, got \"many\"",
    ),
    (
        "[server]\nrequests_per_second_per_key = 0",
        "config.toml:2: server.requests_per_second_per_key: expected a number above 0, at most 1000000, got 0",
    ),
    (
        "[server]\ntls_key_file = \"Cargo.toml\"\ntls_cert_file = \"no-such-file\"",
        "config.toml:2: server.tls_key_file: the file Cargo.toml holds no private key: expected PEM\nconfig.toml:3: server.tls_cert_file: can't read the file no-such-file (entity not found): put the certificates there, readable by this process",
    ),
    (
        "[admin]\nhosts = [\"https://proxy.example\"]",
        "config.toml:2: admin.hosts: expected a list of host names without scheme and port, such as [\"proxy.example.com.br\"], got [\"https://proxy.example\"]",
    ),
    (
        "[admin]\nrefresh_gap = 10",
        "config.toml:2: admin.refresh_gap: expected a duration such as \"25m\", got 10: write a number and a unit (ms, s, m, h, d) in quotes",
    ),
    (
        "[admin]\nlisten = \"0.0.0.0:9994\"",
        "config.toml:2: admin.listen: server.listen and admin.listen are both 0.0.0.0:9994: choose another port for one",
    ),
    (
        "[server]\nlisten = \"127.0.0.1:9995\"",
        "config.toml:2: server.listen: server.listen and admin.listen are both 127.0.0.1:9995: choose another port for one",
    ),
    (
        "[admin]\ntoken_file = \"no-such-file\"",
        "config.toml:2: admin.token_file: can't read the file no-such-file (entity not found): put the token there, readable by this process",
    ),
    (
        "[admin]\ntoken_env = \"NOT_SET\"",
        "config.toml:2: admin.token_env: the environment variable NOT_SET is not set: set it to the token, or use token_file",
    ),
    (
        "[admin]\ntoken_env = \"EMPTY\"",
        "config.toml:2: admin.token_env: the environment variable EMPTY is empty: put the token there",
    ),
    (
        "[admin]\ntoken_file = \"a\"\ntoken_env = \"K\"",
        "config.toml:3: admin.token_env: token_file and token_env are both given: remove one",
    ),
    (
        "[log]\nfilter = \"viability_proxy=loud\"",
        "config.toml:2: log.filter: expected levels such as \"info\" or \"info,viability_proxy=debug\", got \"viability_proxy=loud\"",
    ),
    (
        "[log]\nfilter = \"\"",
        "config.toml:2: log.filter: expected levels such as \"info\" or \"info,viability_proxy=debug\", got \"\"",
    ),
    ("[log]\nformat = \"xml\"", "config.toml:2: log.format: expected \"text\" or \"json\", got \"xml\""),
    (
        "[tenant_defaults]\nforward = \"write\"",
        "config.toml:2: tenant_defaults.forward: expected \"off\" or \"read\" or \"all\", got \"write\"",
    ),
    (
        "[tenant_defaults]\nforwards_at_once = 0",
        "config.toml:2: tenant_defaults.forwards_at_once: expected a whole number from 1 to 1024, got 0",
    ),
    (
        "[viability]\ndefault_radius_m = 0",
        "config.toml:2: viability.default_radius_m: expected metres above 0, at most 20040000, or \"none\", got 0",
    ),
    (
        "[viability]\ndefault_radius_m = \"no\"",
        "config.toml:2: viability.default_radius_m: expected metres above 0, at most 20040000, or \"none\", got \"no\"",
    ),
    (
        "[viability]\nmax_radius_m = nan",
        "config.toml:2: viability.max_radius_m: expected metres above 0, at most 20040000, got nan",
    ),
    (
        "[viability]\nmax_boxes = 100.5",
        "config.toml:2: viability.max_boxes: expected a whole number from 1 to 10000, got 100.5",
    ),
    (
        "[viability]\nblocked_ports_are_free = \"yes\"",
        "config.toml:2: viability.blocked_ports_are_free: expected true or false, got \"yes\"",
    ),
    (
        "[viability]\nearth_radius_m = 6378",
        "config.toml:2: viability.earth_radius_m: expected metres from 6000000 to 7000000, got 6378",
    ),
    (
        "[viability]\ndefault_radius_m = 3000",
        "config.toml:2: viability.default_radius_m: default_radius_m = 3000 is above max_radius_m = 2000: lower the one or raise the other",
    ),
    (
        "[viability]\nmax_radius_m = 100",
        "config.toml:2: viability.max_radius_m: default_radius_m = 150 is above max_radius_m = 100: lower the one or raise the other",
    ),
    (
        "[refresh]\nfull = \"*/10 * * * *\"",
        "config.toml:2: refresh.full: expected a cron schedule with seconds such as \"0 */10 * * * *\", got \"*/10 * * * *\"",
    ),
    (
        "[refresh]\npage_size = 4294967296",
        "config.toml:2: refresh.page_size: expected a whole number from 1 to 10000, got 4294967296",
    ),
    (
        "[refresh]\npages_at_once = 65",
        "config.toml:2: refresh.pages_at_once: expected a whole number from 1 to 64, got 65",
    ),
    (
        "[refresh]\nread_timeout = \"0s\"",
        "config.toml:2: refresh.read_timeout: expected a duration such as \"25m\", got \"0s\": it must be above zero",
    ),
    (
        "[freshness]\nstale_after = 25",
        "config.toml:2: freshness.stale_after: expected a duration such as \"25m\", got 25: write a number and a unit (ms, s, m, h, d) in quotes",
    ),
    (
        "[freshness]\nstale_after = \"73h\"",
        "config.toml:2: freshness.stale_after: stale_after = \"73h\" is longer than max_stale = \"72h\": shorten the one or lengthen the other",
    ),
    (
        "[freshness]\nmax_stale = \"2years\"",
        "config.toml:2: freshness.max_stale: expected a duration such as \"25m\", got \"2years\": it must be at most \"365d\"",
    ),
    (
        "[freshness]\nwhen_expired = true",
        "config.toml:2: freshness.when_expired: expected \"serve\" or \"refuse\", got true",
    ),
    (
        "[live]\ncalls_per_second = 0",
        "config.toml:2: live.calls_per_second: expected a number above 0, at most 1000, got 0",
    ),
    (
        "[live]\ncalls_per_second = inf",
        "config.toml:2: live.calls_per_second: expected a number above 0, at most 1000, got inf",
    ),
    (
        "[live]\ndeadline = \"11s\"",
        "config.toml:2: live.deadline: deadline = \"11s\" is longer than timeout = \"10s\": shorten the one or lengthen the other",
    ),
    (
        "[live]\ncache_bytes = \"16MB\"",
        "config.toml:2: live.cache_bytes: expected bytes such as 1048576 or \"16MiB\" (KiB, MiB, GiB), got \"16MB\"",
    ),
    (
        "[live]\ncache_bytes = -1",
        "config.toml:2: live.cache_bytes: expected bytes such as 1048576 or \"16MiB\" (KiB, MiB, GiB), got -1",
    ),
    (
        "[live]\ncache_bytes = \"99999999GiB\"",
        "config.toml:2: live.cache_bytes: expected bytes such as 1048576 or \"16MiB\" (KiB, MiB, GiB), got \"99999999GiB\"",
    ),
    (
        "[access]\nmax_keys = 0",
        "config.toml:2: access.max_keys: expected a whole number from 1 to 10000000, got 0",
    ),
    (
        "[access]\nscope_ttl = 1979-05-27",
        "config.toml:2: access.scope_ttl: expected a duration such as \"25m\", got 1979-05-27: write a number and a unit (ms, s, m, h, d) in quotes",
    ),
];

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
pub(super) const WHOLE_FILES: [(&str, &str); 14] = [
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
        "config.toml:1: tenants.admin: not a name for a tenant: expected up to 40 lower-case letters, digits and \"-\", and not api, admin, metrics, healthz, readyz",
    ),
    (
        "[tenants.rede_sul]\nhost = \"https://a.example\"\nkey_env = \"K\"",
        "config.toml:1: tenants.rede_sul: not a name for a tenant: expected up to 40 lower-case letters, digits and \"-\", and not api, admin, metrics, healthz, readyz",
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
        "config.toml: tenants: expected at least one section [tenants.<name>] with host and key_file or key_env\nconfig.toml:1: tenants: expected a section, got a value: write its keys below [tenants]",
    ),
];
