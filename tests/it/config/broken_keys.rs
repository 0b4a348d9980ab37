//! Wrong values, each with the whole message.

/// Before a tenant that is right.
pub(super) const KEYS: [(&str, &str); 50] = [
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
        "[server]\nqueue_timeout = \"1us\"",
        "config.toml:2: server.queue_timeout: expected a duration such as \"25m\", got \"1us\": it must be at least 10ms",
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
        "[viability]\nservice_connectors = []",
        "config.toml:2: viability.service_connectors: expected a list of at least one of \"splitter\", \"connector\", \"fusion\", \"switch\", got []",
    ),
    (
        "[viability]\nservice_connectors = [\"spliter\"]",
        "config.toml:2: viability.service_connectors: expected a list of at least one of \"splitter\", \"connector\", \"fusion\", \"switch\", got [\"spliter\"]",
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
