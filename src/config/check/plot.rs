//! The check of `[plot]`.

use toml::Value;

use crate::config::error_text::type_problem;
use crate::config::raw;
use crate::config::source::ConfigFile;
use crate::config::spec::Plot;
use crate::settings::{FIELDS, Form, field};
use crate::support::error::ConfigError;
use crate::support::text::{nearest, unknown};

/// The allowed widths in inches.
const WIDTHS: std::ops::RangeInclusive<f64> = 2.0..=20.0;

/// Checks the choices for figures.
///
/// # Errors
/// The first key with a wrong value.
pub fn plot(file: &ConfigFile, raw: Option<&raw::Plot>) -> Result<Plot, ConfigError> {
    let Some(raw) = raw else { return Ok(Plot::default()) };
    let setting = |key: &str, name: &Option<String>| {
        let name = name.as_deref();
        name.map(|name| setting(file, &format!("plot.{key}"), name)).transpose()
    };
    let plot = Plot {
        colour: setting("colour", &raw.colour)?,
        facet: setting("facet", &raw.facet)?,
        x: setting("x", &raw.x)?,
        width: raw.width.as_ref().map_or(Ok(Plot::PAGE), |value| width(file, value))?,
        title: raw.title.unwrap_or(true),
    };
    if let Some(x) = plot.x.filter(|x| field(x).is_some_and(|f| f.form == Form::Word) && *x != "init") {
        let problem = format!("expected a setting with numbers, or `init`, found `{x}`");
        return Err(file.error("plot.x", problem));
    }
    for (key, name, other) in
        [("facet", plot.facet, plot.colour), ("x", plot.x, plot.colour), ("x", plot.x, plot.facet)]
    {
        if let Some(name) = name.filter(|_| name == other) {
            let problem = format!("expected another setting than `colour` and `facet`, found `{name}` twice");
            return Err(file.error(&format!("plot.{key}"), problem));
        }
    }
    Ok(plot)
}

/// A setting that figures can tell apart.
fn setting(file: &ConfigFile, key: &str, name: &str) -> Result<&'static str, ConfigError> {
    let known = FIELDS.iter().map(|field| field.name).filter(|name| !["kind", "seed"].contains(name));
    let found = known.clone().find(|other| *other == name);
    found.ok_or_else(|| file.error(key, unknown("setting", name, known)))
}

fn width(file: &ConfigFile, value: &Value) -> Result<f64, ConfigError> {
    let problem = |text: String| Err(file.error("plot.width", text));
    const EXPECTED: &str = "`\"page\"`, `\"column\"` or a number of inches from 2 to 20";
    let inches = match value {
        Value::String(name) => match name.as_str() {
            "page" => return Ok(Plot::PAGE),
            "column" => return Ok(Plot::COLUMN),
            other => {
                let hint = nearest(other, ["page", "column"].into_iter());
                let hint = hint.map_or(String::new(), |word| format!("; did you mean `{word}`?"));
                return problem(format!("expected {EXPECTED}, found `{other}`{hint}"));
            }
        },
        Value::Integer(number) => *number as f64,
        Value::Float(number) => *number,
        other => return problem(type_problem(EXPECTED, other)),
    };
    if WIDTHS.contains(&inches) {
        Ok(inches)
    } else {
        problem(format!("expected {EXPECTED}, found {inches}"))
    }
}
