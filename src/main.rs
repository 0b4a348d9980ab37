//! viability-proxy: answers OZmap's fibre viability queries from memory.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
