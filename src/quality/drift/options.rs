//! The options of the drift functions.

use serde::Deserialize;
use serde_json::Value as Json;

use super::hours;
use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_COLUMN};
use crate::pg::options::parse;
use algo::drift::{BinChoice, Compat, Method, Scale, Settings};

/// The options as JSON has them.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct OptionsJson {
    method: Option<Method>,
    numeric_method: Option<Method>,
    categorical_method: Option<Method>,
    bins: Option<Json>,
    smoothing: Option<f64>,
    log_base: Option<Json>,
    compat: Option<Compat>,
    threshold: Option<f64>,
    null_threshold: Option<f64>,
    alpha: Option<f64>,
    columns: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    group_by: Option<Vec<String>>,
    model: Option<String>,
    correlations: Option<bool>,
}

/// What is compared, and how.
#[derive(Default)]
pub struct Options {
    /// How columns are compared.
    pub settings: Settings,
    /// Only these columns.
    pub columns: Option<Vec<String>>,
    /// Not these.
    pub exclude: Vec<String>,
    /// The columns whose values make the segments.
    pub group_by: Vec<String>,
    /// Whether points in time are compared that are not named.
    pub times: bool,
    /// Whether numbers come with both distributions in the same bins, for people to look at; no option of a user's.
    pub histograms: bool,
    /// The model whose importance ranks the columns.
    pub model: Option<String>,
    /// Whether the correlations of columns of numbers are compared.
    pub correlations: bool,
}

impl Options {
    /// Reads and checks them. Returns an error with 22023.
    pub fn parse(json: Json) -> Result<Options> {
        let json: OptionsJson = parse("options", json)?;
        let settings = Settings {
            compat: json.compat,
            numbers: json.numeric_method.or(json.method),
            categories: json.categorical_method.or(json.method),
            bins: json.bins.filter(|bins| !bins.is_null()).map(bins).transpose()?,
            smoothing: json.smoothing,
            log_base: json.log_base.filter(|base| !base.is_null()).map(log_base).transpose()?,
            threshold: json.threshold,
            null_threshold: json.null_threshold,
            alpha: json.alpha,
        };
        settings.check()?;
        let scales = [Scale::Numbers, Scale::Categories];
        require_suited("method", json.method, json.compat, &scales)?;
        require_suited("numeric_method", json.numeric_method, json.compat, &scales[..1])?;
        require_suited("categorical_method", json.categorical_method, json.compat, &scales[1..])?;
        Ok(Options {
            settings,
            columns: json.columns,
            exclude: json.exclude.unwrap_or_default(),
            group_by: json.group_by.unwrap_or_default(),
            times: false,
            histograms: false,
            model: json.model,
            correlations: json.correlations.unwrap_or(false),
        })
    }

    /// Whether a column is to be compared.
    pub fn wants(&self, column: &str) -> bool {
        let among = |names: &[String]| names.iter().any(|name| name == column);
        self.columns.as_deref().is_none_or(among) && !among(&self.exclude)
    }

    /// Whether the hours of the day of a column are to be compared: where it is itself, or they are named. Other tools know no such thing.
    pub fn wants_hours(&self, column: &str) -> bool {
        let hours = hours::name(column);
        let are_named = self.columns.iter().flatten().any(|name| *name == hours);
        self.settings.compat.is_none() && (self.wants(column) || are_named) && !self.exclude.contains(&hours)
    }

    /// Returns an error with 22023 where correlations are asked for that are not known.
    pub fn refuse_correlations(&self, of: &str) -> Result<()> {
        if !self.correlations {
            return Ok(());
        }
        Err(
            Error::new(INVALID_PARAMETER, format!("options: {of} does not keep correlations"))
                .hint("assay.drift(reference, current, options) compares those of two queries."),
        )
    }

    /// Returns an error with 42703 when `columns` names one that neither side has.
    pub fn require_known<'a>(&self, mut known: impl Iterator<Item = &'a str> + Clone) -> Result<()> {
        let Some(name) = self.columns.iter().flatten().find(|&name| {
            let is_known = |name: &str| known.clone().any(|known| known == name);
            !is_known(name) && !hours::column_of(name).is_some_and(is_known)
        }) else {
            return Ok(());
        };
        let all = known.by_ref().collect::<Vec<_>>().join(", ");
        Err(Error::new(
            UNDEFINED_COLUMN,
            format!("column \"{name}\" of \"columns\" is on neither side"),
        )
        .hint(format!("Name some of: {all}.")))
    }

    /// Whether a column is compared even if it holds points in time.
    pub fn wants_times(&self, column: &str) -> bool {
        self.times || self.columns.iter().flatten().any(|name| name == column)
    }
}

/// Returns an error with 22023 when a method suits none of these scales by the tool's conventions.
fn require_suited(key: &str, method: Option<Method>, compat: Option<Compat>, scales: &[Scale]) -> Result<()> {
    let suits = |method: Method| scales.iter().any(|&scale| method.suits(compat, scale));
    let Some(method) = method.filter(|&method| !suits(method)) else {
        return Ok(());
    };
    let known: Vec<&str> = Method::ALL
        .into_iter()
        .filter(|&method| suits(method))
        .map(Method::name)
        .collect();
    let of = match (compat, scales) {
        (Some(compat), _) => format!("by the conventions of {}", compat.name()),
        (None, _) => "for categories, which have no order".to_string(),
    };
    Err(Error::new(
        INVALID_PARAMETER,
        format!("options: {key} \"{}\" is not defined {of}", method.name()),
    )
    .hint(format!("Expected is one of: {}.", known.join(", "))))
}

fn bins(bins: Json) -> Result<BinChoice> {
    if let Some(count) = bins.as_u64() {
        return Ok(BinChoice::Count(usize::try_from(count).unwrap_or(usize::MAX)));
    }
    let edges: Option<Vec<f64>> = bins
        .as_array()
        .and_then(|edges| edges.iter().map(Json::as_f64).collect());
    edges.map(BinChoice::Edges).ok_or_else(|| {
        Error::new(
            INVALID_PARAMETER,
            "options: \"bins\" is neither a whole number nor an array of numbers",
        )
        .detail(format!("It is {bins}."))
        .hint("Give the number of bins, such as 10, or the edges between them, such as [0, 100, 1000].")
    })
}

fn log_base(base: Json) -> Result<f64> {
    match &base {
        Json::String(name) if name == "e" => Ok(std::f64::consts::E),
        Json::Number(number) => Ok(number.as_f64().unwrap_or(f64::NAN)),
        _ => Err(
            Error::new(INVALID_PARAMETER, "options: \"log_base\" is no base of logarithms")
                .detail(format!("It is {base}."))
                .hint("Give a number, such as 2 or 10, or \"e\"."),
        ),
    }
}
