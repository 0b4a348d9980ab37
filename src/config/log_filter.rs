//! What the log is to tell: `EnvFilter` takes nearly every text, and not for what was meant.

use std::str::FromStr;
use tracing::Level;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{LevelFilter, Targets};

/// What this program's lines of the log come from.
const PROGRAM: &str = "viability_proxy";
/// So few characters changed make it the same name.
const SLIPS: usize = 3;
/// The most characters of a word that a fault shows.
const SHOWN: usize = 40;

/// Why a text can't filter the log.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FilterFault {
    /// Nothing, or no directives.
    #[error("not levels")]
    NotAFilter,
    /// To `EnvFilter` it would be a part of the program, and everything else would be silent.
    #[error(
        "{word:?} is no level: write error, warn, info, debug, trace or off, or a part of the program with its level such as \"viability_proxy=debug\""
    )]
    NotALevel {
        /// The word that stands where a level was meant.
        word: String,
    },
}

/// The directives, each a level or `target=level`, without white space: it would count as part of a target's name.
pub(super) fn parse(text: &str) -> Result<String, FilterFault> {
    let directives: Vec<&str> =
        text.split(',').map(str::trim).filter(|directive| !directive.is_empty()).collect();
    for directive in &directives {
        match directive.rsplit_once('=') {
            Some((target, level)) if is_level(level) && !has_white_space(target) => {}
            Some(_) => return Err(FilterFault::NotAFilter),
            None if is_level(directive) => {}
            None => {
                return Err(FilterFault::NotALevel { word: directive.chars().take(SHOWN).collect() });
            }
        }
    }
    let filter = directives.join(",");
    if filter.is_empty() || EnvFilter::try_new(&filter).is_err() {
        return Err(FilterFault::NotAFilter);
    }
    Ok(filter)
}

/// What of a filter is perhaps not what was meant.
pub(super) fn doubt(filter: &str) -> Option<String> {
    // Directives for spans only add to what the others let through.
    let plain: Vec<_> = filter.split(',').filter(|directive| !directive.contains('[')).collect();
    let targets = plain.iter().filter_map(|directive| directive.rsplit_once('=')).map(|(target, _)| target);
    if let Some(other) = targets.into_iter().find(|target| !is_path(target)) {
        return Some(format!("no part of a program is called {other:?}: this one is {PROGRAM}"));
    }
    let lets_through = plain.join(",").parse::<Targets>().ok()?;
    let is_silent = plain.is_empty() || !lets_through.would_enable(PROGRAM, &Level::ERROR);
    is_silent.then(|| {
        "not even errors of this program are logged: begin it with a level, as in \"info,viability_proxy=debug\""
            .to_owned()
    })
}

/// Whether a module can be called so, and isn't one of this program's but for a slip of the pen.
fn is_path(target: &str) -> bool {
    let program = target.split(':').next().unwrap_or_default();
    let is_slip = program != PROGRAM && strsim::damerau_levenshtein(program, PROGRAM) <= SLIPS;
    !is_slip && target.chars().all(|character| character.is_alphanumeric() || "_:".contains(character))
}

/// In a target, before the span and its fields that may follow.
fn has_white_space(target: &str) -> bool {
    target.split('[').next().unwrap_or_default().contains(char::is_whitespace)
}

fn is_level(word: &str) -> bool {
    !word.is_empty() && LevelFilter::from_str(word).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_parts_with_levels_are_filters() {
        for (text, filter) in [
            ("info", "info"),
            ("WARN", "WARN"),
            ("off", "off"),
            ("info, viability_proxy=debug ,", "info,viability_proxy=debug"),
            ("viability_proxy::ozmap=trace", "viability_proxy::ozmap=trace"),
            ("warn,viability_proxy[query]=debug", "warn,viability_proxy[query]=debug"),
        ] {
            assert_eq!(parse(text).as_deref(), Ok(filter));
        }
    }

    #[test]
    fn what_silences_the_log_is_doubted() {
        for filter in
            ["info", "error", "info,viability_proxy=debug", "viability_proxy=warn", "info,hyper=off"]
        {
            assert_eq!(doubt(filter), None, "{filter}");
        }
        for filter in [
            "off",
            "hyper=debug",
            "info,viability_proxy=off",
            "viability_proxy::ozmap=trace",
            "viability_proxy[query]=debug",
        ] {
            assert!(doubt(filter).unwrap().contains("not even errors"), "{filter}");
        }
        for other in ["viability-proxy", "viabilty_proxy::ozmap", "a b"] {
            let misspelt = doubt(&format!("info,{other}=debug")).unwrap();
            assert!(misspelt.contains(&format!("{other:?}")), "{misspelt}");
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_named() {
        for (text, word) in [
            ("infoo", "infoo"),
            ("info,viability_proxy", "viability_proxy"),
            ("info debug", "info debug"),
            ("[query]", "[query]"),
        ] {
            assert_eq!(parse(text), Err(FilterFault::NotALevel { word: word.to_owned() }));
        }
        let long = parse(&"x".repeat(1_000)).unwrap_err().to_string();
        assert!(long.len() < 300, "{long}");
    }

    #[test]
    fn what_is_no_directive_is_no_filter() {
        for text in [
            "",
            " ",
            ",",
            "viability_proxy=",
            "viability_proxy=loud",
            "=",
            "[query=debug",
            "a b=debug{",
            "viability_proxy =debug",
            "info debug=trace",
        ] {
            assert_eq!(parse(text), Err(FilterFault::NotAFilter), "{text}");
        }
    }
}
