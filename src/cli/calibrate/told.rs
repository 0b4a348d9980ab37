//! A calibration as text.

use std::fmt::Write;
use viability_proxy::calibrate::Calibration;
use viability_proxy::calibrate::fit::{Finding, Tried};
use viability_proxy::calibrate::left::Group;
use viability_proxy::calibrate::verdict::settings;

/// All of it, the verdict last.
pub(super) fn report(tenant: &str, calibration: &Calibration) -> String {
    let mut text = String::new();
    asked(&mut text, tenant, calibration);
    line(&mut text, "\nWhat fits:");
    let of = calibration.points.len();
    for finding in &calibration.fit.findings {
        line(&mut text, &fits(finding, of));
    }
    let lines = settings(&calibration.fit);
    if !lines.is_empty() {
        line(&mut text, &format!("\nFor the configuration:\n  [tenants.{tenant}.viability]"));
        for setting in &lines {
            line(&mut text, &format!("  {setting}"));
        }
    }
    groups(&mut text, "What differs as configured:", &calibration.as_configured);
    if !lines.is_empty() {
        groups(&mut text, "What would still differ with these settings:", &calibration.left);
    }
    verdict(&mut text, calibration);
    text
}

fn line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}

fn asked(text: &mut String, tenant: &str, calibration: &Calibration) {
    let Calibration { read, points, unanswered, changed, .. } = calibration;
    let answered = points.len();
    line(
        text,
        &format!(
            "{tenant}: {answered} answers of OZmap compared; {} boxes of {} projects read",
            read.boxes, read.projects
        ),
    );
    if read.set_aside > 0 {
        line(text, &format!("  {} rows could not be read: what they are about may differ", read.set_aside));
    }
    if unanswered.exact > 0 {
        let points = unanswered.exact;
        line(
            text,
            &format!(
                "  {points} questions of radius=0 were refused or misunderstood: the edge of the radius can't be told"
            ),
        );
    }
    if unanswered.count() > 0 {
        let example = unanswered.example.as_deref().unwrap_or("no reason given");
        line(text, &format!("  {} questions had no answer: {example}", unanswered.count()));
    }
    if *changed > 0 {
        line(
            text,
            &format!("  {changed} points were sold or edited meanwhile, and agree since that was read"),
        );
    }
}

fn fits(finding: &Finding, of: usize) -> String {
    let Finding { dimension, chosen, configured, others } = finding;
    let name = format!("{} = {}", dimension.name, chosen.value);
    let mut text = format!("  {name:<44} fits {} of {of} points", chosen.fits);
    let count = |tried: &Tried| format!("{}: {}", tried.value, tried.fits);
    if let Some(configured) = configured {
        let _written = write!(text, " (configured {})", count(configured));
    }
    let (told, open): (Vec<_>, Vec<_>) = others.iter().partition(|other| other.is_told_apart);
    if configured.is_none() && !told.is_empty() {
        let told: Vec<_> = told.into_iter().map(count).collect();
        let _written = write!(text, ", as configured ({})", told.join(", "));
    }
    if !open.is_empty() {
        let open: Vec<_> = open.iter().map(|other| other.value.as_str()).collect();
        let _written = write!(text, "; not told apart by these points: {}", open.join(", "));
    }
    if configured.is_none() && others.is_empty() {
        text.push_str("; nothing else could be tried");
    }
    text
}

fn groups(text: &mut String, title: &str, groups: &[Group]) {
    if groups.is_empty() {
        return;
    }
    line(text, &format!("\n{title}"));
    for Group { kind, points, example, query } in groups {
        line(text, &format!("  {kind}, at {points} points, such as {query}\n    {example}"));
    }
}

fn verdict(text: &mut String, calibration: &Calibration) {
    let verdict = &calibration.verdict;
    line(text, &format!("\nVerdict: {}", verdict.conclusion.as_str()));
    for reason in &verdict.reasons {
        line(text, &format!("  {reason}"));
    }
}
