//! A calibration as one HTML page that asks nobody for anything: it can be sent to a colleague.

mod map;

use super::Calibration;
use super::fit::{Finding, Tried};
use super::left::Group;
use super::verdict::{Conclusion, settings};
use crate::picture::{self, Escaped, heading};
use std::fmt::Display;
use std::time::SystemTime;

/// The page. It tells names of boxes and where they hang, no key and no host.
pub fn page(calibration: &Calibration, tenant: &str, at: SystemTime) -> String {
    let sections = [
        verdict(calibration, tenant, at),
        table(calibration),
        configuration(calibration, tenant),
        examples(
            "What differs as configured",
            "O que difere com a configuração atual",
            &calibration.as_configured,
        ),
        if calibration.left.is_empty() {
            String::new()
        } else {
            examples("What no setting mends", "O que nenhuma configuração resolve", &calibration.left)
        },
        fields(calibration),
        map::section(calibration),
    ];
    let title = format!("{}: {}", Escaped(tenant), calibration.verdict.conclusion.as_str());
    picture::page(&title, &sections.concat())
}

fn verdict(calibration: &Calibration, tenant: &str, at: SystemTime) -> String {
    let verdict = &calibration.verdict;
    let (class, portuguese) = match verdict.conclusion {
        Conclusion::Safe => ("safe", "pode trocar"),
        Conclusion::NotTold => ("settings", "nada difere, mas nem toda configuração foi confirmada"),
        Conclusion::SafeWithSettings => ("settings", "ainda não: pode trocar com a configuração abaixo"),
        Conclusion::NotSafe => ("unsafe", "não troque"),
    };
    let reasons = items(&verdict.reasons);
    let seconds = humantime::format_rfc3339_seconds(at).to_string();
    let minute = seconds.get(..16).unwrap_or_default().replace('T', " ");
    format!(
        "<header class=\"{class}\">\n<p>{tenant}, {minute} UTC: {} answers of OZmap compared, {} boxes of {} projects read, seed {}, viability-proxy {}</p>\n\
         <h1>{} <span lang=\"pt-BR\">{portuguese}</span></h1>\n<ul>\n{reasons}{}</ul>\n</header>\n",
        calibration.points.len(),
        calibration.read.boxes,
        calibration.read.projects,
        calibration.seed,
        env!("CARGO_PKG_VERSION"),
        sentence(verdict.conclusion.as_str()),
        notes(calibration),
        tenant = Escaped(tenant),
    )
}

/// What a reader should know of how it came about.
fn notes(calibration: &Calibration) -> String {
    let Calibration { read, unanswered, changed, .. } = calibration;
    let mut notes = Vec::new();
    if read.set_aside > 0 {
        notes.push(format!("{} rows could not be read: what they are about may differ", read.set_aside));
    }
    if unanswered.exact > 0 {
        notes.push(
            "OZmap refuses a radius of 0 or takes it for none: the edge of the radius can't be told"
                .to_owned(),
        );
    }
    if *changed > 0 {
        notes.push(format!("{changed} points were sold or edited meanwhile, and agree since that was read"));
    }
    items(&notes)
}

fn items<T: Display>(all: &[T]) -> String {
    all.iter().map(|one| format!("<li>{}</li>\n", Escaped(one))).collect::<Vec<_>>().concat()
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn table(calibration: &Calibration) -> String {
    let of = calibration.points.len();
    let rows: String = calibration.fit.findings.iter().map(|finding| row(finding, of)).collect();
    format!(
        "{}<table>\n<tr><th>setting<th>fits best<th>points of {of}<th>configured<th>other values<th>not told apart</tr>\n{rows}</table>\n",
        heading("What fits", "O que combina")
    )
}

fn row(Finding { dimension, chosen, configured, others }: &Finding, of: usize) -> String {
    let counts = |tried: &Tried| format!("{}: {}", Escaped(&tried.value), tried.fits);
    let (told, open): (Vec<_>, Vec<_>) = others.iter().partition(|other| other.is_told_apart);
    let told: Vec<_> = told.into_iter().map(counts).collect();
    let open: Vec<_> = open.iter().map(|other| Escaped(&other.value).to_string()).collect();
    let share = (chosen.fits * 100).checked_div(of).unwrap_or_default();
    format!(
        "<tr{}><th scope=\"row\">{}<td>{}<td><meter max=\"100\" value=\"{share}\"></meter> {}<td>{}<td>{}<td>{}</tr>\n",
        if configured.is_some() { " class=\"new\"" } else { "" },
        Escaped(dimension.name),
        Escaped(&chosen.value),
        chosen.fits,
        configured.as_ref().map_or("the same".to_owned(), counts),
        told.join(", "),
        open.join(", "),
    )
}

fn configuration(calibration: &Calibration, tenant: &str) -> String {
    let lines = settings(&calibration.fit);
    if lines.is_empty() {
        return String::new();
    }
    let lines = Escaped(lines.join("\n"));
    let title = heading("For the configuration", "Para a configuração");
    format!("{title}<pre>[tenants.{}.viability]\n{lines}</pre>\n", Escaped(tenant))
}

fn examples(english: &str, portuguese: &str, groups: &[Group]) -> String {
    if groups.is_empty() {
        return String::new();
    }
    let told = groups.iter().map(|Group { kind, points, example, query }| {
        let (kind, example, query) = (Escaped(kind), Escaped(example), Escaped(query));
        format!("<dt>{kind}, at {points} points</dt>\n<dd>{example}<br><code>{query}</code></dd>\n")
    });
    let told: Vec<_> = told.collect();
    format!("{}<dl>\n{}</dl>\n", heading(english, portuguese), told.concat())
}

fn fields(calibration: &Calibration) -> String {
    if calibration.fields.is_empty() {
        return String::new();
    }
    let fields = items(&calibration.fields);
    format!(
        "{}<ul>\n{fields}</ul>\n",
        heading("Fields that only one of both has", "Campos que só um dos dois tem")
    )
}
