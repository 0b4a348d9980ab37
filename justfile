# The recipes; `.ci/run` is what has to pass.

_default:
    @just --list

# Run the proxy with ./config.toml
run *ARGS:
    cargo run --release -- serve {{ARGS}}

# Simulated OZmap and proxy in one process
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# All tests that need only Rust
test:
    cargo test --workspace

# Formatting and lints as CI has them
lint:
    cargo fmt --check
    cargo clippy --workspace --all-targets -- -D warnings

# Format
fmt:
    cargo fmt

# The documentation, private items too
doc:
    cargo doc --workspace --no-deps --document-private-items

# OZmap's SDK against the proxy (needs node)
sdk:
    .ci/sdk

# The operators' console in Chromium (needs node); `--boxes 300000` measures its map
console *ARGS:
    .ci/console {{ARGS}}

# A Prometheus that must have data for every panel and alert, and the alerts' tests (needs prometheus, jq, openssl, python3-yaml)
metrics:
    .ci/metrics

# Every fuzz target for so many seconds (needs a nightly toolchain)
fuzz SECONDS="20":
    .ci/fuzz {{SECONDS}}

# Licences, sources, bans, known vulnerabilities
supply-chain:
    .ci/supply-chain

# Outages, attacks and restarts at length, beside nginx, Varnish and Envoy (about an hour; root, for what it installs)
chaos:
    tests/chaos/run long

# One answer and one refresh in process (criterion); `--quick` for a look
bench *ARGS:
    cargo bench --bench answer --bench cache --bench refresh -- {{ARGS}}

# Whether one answer takes more instructions than the last that was accepted (`--accept` accepts this one)
instructions *ARGS:
    .ci/instructions {{ARGS}}

# The proxy as a whole beside a bare server, nginx, Redis and PostGIS (about half an hour on two idle cores; `smoke` for a look)
bench-http *ARGS:
    benches/http/run {{ARGS}}

# A build to ship: slower to make, some percent faster
dist:
    cargo build --profile dist

# The Debian package and the static program, of that build
packages:
    packaging/build-deb
    packaging/build-static

# Package and static program in clean roots, under a systemd of their own (root; of a release build)
install:
    .ci/install

# Everything
ci:
    .ci/run
