//! A calibration as one HTML page that asks nobody for anything: it can be sent to a colleague.

mod map;

use super::Calibration;
use super::fit::{Finding, Tried};
use super::left::Group;
use super::verdict::{Conclusion, settings};
use std::fmt::{self, Display, Write};
use std::time::SystemTime;

const STYLE: &str = include_str!("report/page.css");

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
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{tenant}: {verdict}</title>\n<style>\n{STYLE}</style>\n<main>\n{}</main>\n</html>\n",
        sections.concat(),
        tenant = Escaped(tenant),
        verdict = calibration.verdict.conclusion.as_str(),
    )
}

/// Text that may hold anything, inside of HTML.
struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        text.chars().try_for_each(|c| match c {
            '&' => f.write_str("&amp;"),
            '<' => f.write_str("&lt;"),
            '>' => f.write_str("&gt;"),
            '"' => f.write_str("&quot;"),
            '\'' => f.write_str("&#39;"),
            c => f.write_char(c),
        })
    }
}

/// A heading in both languages.
fn heading(english: &str, portuguese: &str) -> String {
    format!("<h2>{english} <span lang=\"pt-BR\">{portuguese}</span></h2>\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_name_is_html() {
        let name = "<script>alert('1')</script> & \"co\"";
        assert_eq!(
            Escaped(name).to_string(),
            "&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt; &amp; &quot;co&quot;"
        );
    }
}
