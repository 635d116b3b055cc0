//! How each kind of check is answered: by a question to the pass that all share, by a second pass whose bounds the first one gives, by
//! a statement of its own, or by the relation's columns alone.

use serde_json::Value as Json;

use crate::pg::error::{Error, INVALID_PARAMETER, Result, UNDEFINED_COLUMN};
use crate::pg::intake;
use crate::pg::query::{OutputColumn, Query};
use crate::quality::finding::Finding;
use crate::quality::grouping::Grouping;
use crate::quality::kinds::anomaly;
use crate::quality::kinds::condition;
use crate::quality::kinds::near_duplicates;
use crate::quality::kinds::proof;
use crate::quality::kinds::rule::{Between, ColumnList, ColumnMatch, Rule, Similarity, Types};
use crate::quality::kinds::statement;
use crate::quality::pass::{Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::check::Check;
use algo::block::{Form, Kind};
use algo::quality::valid_format::Format;
use algo::scan::{self, Bound, Constant, Test};

/// How a check will be answered.
pub enum Work {
    /// It is answered.
    Found(Vec<Finding>),
    /// By the rows of the shared pass, one by one.
    Rows(usize),
    /// By a figure of the shared pass.
    Figure(usize, Figure),
    /// By comparing what the shared pass found in each segment.
    Segments(usize),
    /// By a second pass, for the values outside of bounds that the first one gives.
    Bounds(usize, Spread),
    /// By a statement of its own, beside what the shared pass counts.
    Statement(usize),
    /// By comparing texts that a statement of its own reads, beside what the shared pass counts.
    NearDuplicates(usize, Similarity),
    /// By comparing a figure of the shared pass with its past.
    Anomaly(usize, Box<anomaly::Plan>),
}

/// A figure of a column.
#[derive(Debug, Clone)]
pub enum Figure {
    /// Rows.
    Rows(Between),
    /// The share of values that are not NULL.
    Present(Between),
    Mean(Between),
    Sum(Between),
    Stddev(Between),
    Distinct(Between),
    Quantile(f64, Between),
    /// The values that occur most, by their number, and those that they may be.
    MostCommon(usize, Vec<Constant>),
    /// The latest point in time, and the interval that it may lie back, in SQL.
    Latest(String),
}

/// What gives the bounds of a second pass.
#[derive(Debug, Clone, Copy)]
pub enum Spread {
    /// So many standard deviations around the mean.
    Deviations(f64),
    /// So many distances between the quartiles around them.
    Quartiles(f64),
}

/// The column that a check names. Errs with 42703.
pub fn column<'s>(check: &Check, source: &'s Source) -> Result<&'s OutputColumn> {
    named(check.column.as_deref().unwrap_or_default(), source)
}

/// A column by its name. Errs with 42703.
pub fn named<'s>(name: &str, source: &'s Source) -> Result<&'s OutputColumn> {
    source.column(name).ok_or_else(|| {
        let names: Vec<&str> = source.columns().iter().map(|column| column.name.as_str()).collect();
        Error::new(UNDEFINED_COLUMN, format!("column \"{name}\" does not exist")).hint(match names.as_slice() {
            [] => "There are no columns.".to_string(),
            names => format!("The columns are: {}.", names.join(", ")),
        })
    })
}

/// Plans a check, adding what it asks to the pass. Errs where the check does not suit the source.
pub fn compile(check: &Check, source: &Source, pass: &mut Pass) -> Result<Work> {
    match &check.rule {
        Rule::ColumnsMatch(list) => {
            source.require_rights()?;
            return Ok(Work::Found(vec![columns_match(list, source)]));
        }
        Rule::TypeIs(types) => {
            source.require_rights()?;
            return Ok(Work::Found(vec![type_is(types, column(check, source)?)]));
        }
        _ => {}
    }
    let asked = match check.column {
        Some(_) => Some(column(check, source)?),
        None => None,
    };
    let kind = asked.map(|column| intake::kind_of(column.type_oid));
    let work = |question: usize| -> Work {
        match &check.rule {
            Rule::NotNullProportion(share) => Work::Figure(
                question,
                Figure::Present(Between {
                    min_value: Some(share.at_least),
                    max_value: Some(share.at_most),
                }),
            ),
            Rule::NotEmpty if check.column.is_none() => Work::Figure(
                question,
                Figure::Rows(Between {
                    min_value: Some(1.0),
                    max_value: None,
                }),
            ),
            Rule::RowCountBetween(between) => Work::Figure(question, Figure::Rows(between.clone())),
            Rule::MeanBetween(between) => Work::Figure(question, Figure::Mean(between.clone())),
            Rule::SumBetween(between) => Work::Figure(question, Figure::Sum(between.clone())),
            Rule::StddevBetween(between) => Work::Figure(question, Figure::Stddev(between.clone())),
            Rule::DistinctCountBetween(between) => Work::Figure(question, Figure::Distinct(between.clone())),
            Rule::QuantileBetween(quantile) => {
                Work::Figure(question, Figure::Quantile(quantile.quantile, quantile.between()))
            }
            Rule::WithinNStdevs(sigma) => Work::Bounds(question, Spread::Deviations(sigma.sigma_threshold)),
            Rule::Outliers(outliers) => Work::Bounds(question, Spread::Quartiles(outliers.multiplier)),
            Rule::MixedFormats(_) | Rule::ScaleShift(_) | Rule::NullShareBySegment(_) => Work::Segments(question),
            _ => Work::Rows(question),
        }
    };
    let test = match (&check.rule, asked) {
        (Rule::MostCommonValue(most), Some(column)) => {
            let values = constants(&most.value_set, column)?;
            let question = ask(check, source, pass, asked, Test::Profile)?;
            return Ok(Work::Figure(question, Figure::MostCommon(most.top_n, values)));
        }
        (Rule::Recency(age), Some(column)) => {
            let interval = statement::interval(age.datepart.as_deref(), &age.interval)?;
            suits(check, column, kind.is_some_and(Kind::is_time), "a date or timestamp")?;
            let question = ask(check, source, pass, asked, Test::Latest)?;
            return Ok(Work::Figure(question, Figure::Latest(interval)));
        }
        (Rule::Anomaly(args), _) => {
            let (question, plan) = anomaly::plan(args, check, source, pass)?;
            return Ok(Work::Anomaly(pass.ask(question), Box::new(plan)));
        }
        (Rule::NearDuplicates(similarity), asked) => {
            if let Some(column) = asked {
                suits(check, column, kind.is_some_and(is_text), "text")?;
            }
            near_duplicates::sql(check, source, similarity)?;
            let question = ask(check, source, pass, asked, present(asked))?;
            return Ok(Work::NearDuplicates(question, similarity.clone()));
        }
        _ if statement::answers(&check.rule) => {
            // What a statement cannot be made of is an error with or without a proof.
            let sql = statement::sql(check, source)?;
            let proof = if check.group_by.is_empty() {
                proof::of(check, source)?
            } else {
                None
            };
            if let Some(proof) = proof {
                // It tells what reading would tell, so it takes the same rights.
                Query::new(&sql)?.require_rights()?;
                return Ok(Work::Found(vec![statement::proved(check, &proof)]));
            }
            return Ok(Work::Statement(ask(check, source, pass, asked, present(asked))?));
        }
        (rule, asked) => test(check, rule, asked, kind)?,
    };
    ask(check, source, pass, asked, test).map(work)
}

/// What the shared pass counts for a check that is answered beside it: rows, and NULLs in its column.
fn present(asked: Option<&OutputColumn>) -> Test {
    if asked.is_some() { Test::NotNull } else { Test::Rows }
}

fn is_text(kind: Kind) -> bool {
    kind.form() == Form::Texts
}

/// What a rule asks of its column in the shared pass.
fn test(check: &Check, rule: &Rule, asked: Option<&OutputColumn>, kind: Option<Kind>) -> Result<Test> {
    if condition::of(rule, asked).is_some() {
        return Ok(Test::True);
    }
    let Some(column) = asked else { return Ok(Test::Rows) };
    let text = || suits(check, column, kind.is_some_and(is_text), "text");
    let number = || suits(check, column, kind.is_some_and(Kind::is_number), "a number");
    Ok(match rule {
        Rule::NotNull | Rule::NotNullProportion(_) | Rule::NullShareBySegment(_) => Test::NotNull,
        Rule::NotEmpty => {
            text()?;
            Test::NotEmpty
        }
        Rule::AcceptedValues(values) => Test::Accepted {
            values: constants(&values.values, column)?,
            negated: false,
        },
        Rule::NotAcceptedValues(values) => Test::Accepted {
            values: constants(&values.values, column)?,
            negated: true,
        },
        Rule::AcceptedRange(range) => Test::Range {
            low: bound(range.min_value.as_ref(), range.inclusive, column, f64::ceil)?,
            high: bound(range.max_value.as_ref(), range.inclusive, column, f64::floor)?,
        },
        Rule::MatchesRegex(pattern) | Rule::NotMatchesRegex(pattern) => {
            text()?;
            Test::Matches {
                pattern: regex(&pattern.regex, &pattern.flags)?,
                negated: matches!(rule, Rule::NotMatchesRegex(_)),
            }
        }
        Rule::ValidFormat(format) => {
            text()?;
            Test::Format {
                format: format_named(&format.format)?.name().to_string(),
            }
        }
        Rule::LengthBetween(lengths) => {
            text()?;
            Test::Length {
                low: lengths.min_value,
                high: lengths.max_value,
            }
        }
        Rule::MeanBetween(_) | Rule::SumBetween(_) | Rule::StddevBetween(_) | Rule::WithinNStdevs(_) => {
            suits(
                check,
                column,
                kind.is_some_and(|kind| kind.is_number() || kind == Kind::Bool),
                "a number or boolean",
            )?;
            Test::Moments
        }
        Rule::QuantileBetween(_) | Rule::Outliers(_) => {
            number()?;
            Test::Profile
        }
        Rule::DistinctCountBetween(_) => Test::Profile,
        Rule::MixedFormats(_) => {
            text()?;
            Test::Formats
        }
        Rule::ScaleShift(_) => {
            number()?;
            Test::Scale
        }
        _ => Test::Rows,
    })
}

/// Puts a check's question to the pass.
fn ask(check: &Check, source: &Source, pass: &mut Pass, asked: Option<&OutputColumn>, test: Test) -> Result<usize> {
    let question = question(check, source, pass, asked, test)?;
    Ok(pass.ask(question))
}

/// What a check asks of its rows and segments.
pub fn question(
    check: &Check,
    source: &Source,
    pass: &mut Pass,
    asked: Option<&OutputColumn>,
    test: Test,
) -> Result<Question> {
    let column = match condition::of(&check.rule, asked) {
        Some(condition) => Some(pass.condition(&condition)),
        None => asked.map(|column| pass.column(column)),
    };
    let filter = check.filter.as_deref().map(|filter| pass.condition(filter));
    let groups = Grouping::new(&check.group_by, source)?.groups;
    let grouping = groups.iter().map(|group| pass.group(group)).collect();
    Ok(Question {
        column,
        filter,
        grouping,
        test,
    })
}

/// Errs with 22023 when a check is asked of a column of the wrong type.
pub fn suits(check: &Check, column: &OutputColumn, suits: bool, wanted: &str) -> Result<()> {
    if suits {
        return Ok(());
    }
    Err(Error::new(
        INVALID_PARAMETER,
        format!(
            "{} needs {wanted}, but column \"{}\" is {}",
            check.kind, column.name, column.type_name
        ),
    )
    .hint("Cast it in a view or query, and check that."))
}

/// Values written in JSON as cells of a column.
fn constants(values: &[Json], column: &OutputColumn) -> Result<Vec<Constant>> {
    // What is beyond the range of integers is none of them.
    let within = |number: f64| if number.abs() < 9.2e18 { number } else { f64::NAN };
    let present = values.iter().filter(|value| !value.is_null());
    present
        .filter_map(|value| constant(value, column, within).transpose())
        .collect()
}

/// A value written in JSON as a cell of a column; a fraction becomes an integer by `rounded`, or no cell at all when it stays one.
fn constant(value: &Json, column: &OutputColumn, rounded: fn(f64) -> f64) -> Result<Option<Constant>> {
    let kind = intake::kind_of(column.type_oid);
    Ok(match (value, kind) {
        (Json::Number(number), Kind::Integer) => match number.as_i64() {
            Some(integer) => Some(Constant::Integer(integer)),
            None => {
                let rounded = rounded(number.as_f64().unwrap_or(f64::NAN));
                // Beyond the range of integers it is as good as the last of them.
                (rounded.fract() == 0.0).then_some(Constant::Integer(rounded as i64))
            }
        },
        (Json::Number(number), Kind::Float | Kind::Numeric) => number.as_f64().map(Constant::Number),
        (Json::String(text), _) => intake::constant(column.type_oid, text)?,
        (other, _) => intake::constant(column.type_oid, &other.to_string())?,
    })
}

fn bound(
    value: Option<&Json>,
    inclusive: bool,
    column: &OutputColumn,
    rounded: fn(f64) -> f64,
) -> Result<Option<Bound>> {
    let Some(value) = value.filter(|value| !value.is_null()) else {
        return Ok(None);
    };
    let is_integer = intake::kind_of(column.type_oid) == Kind::Integer;
    // Above 2.5 is from 3 on, 3 itself included.
    let fraction = is_integer && value.as_f64().is_some_and(|number| number.fract() != 0.0);
    Ok(constant(value, column, rounded)?.map(|value| Bound {
        value,
        strict: !inclusive && !fraction,
    }))
}

/// A regular expression with its flags. Errs with 2201B and a message that points at the place.
pub fn regex(pattern: &str, flags: &str) -> Result<String> {
    if let Some(flag) = flags.chars().find(|flag| !"imsxUu".contains(*flag)) {
        return Err(Error::new(
            INVALID_PARAMETER,
            format!("unknown flag \"{flag}\" of a regular expression"),
        )
        .hint("The flags are i, m, s, x, U and u, as in (?i) of the Rust crate regex."));
    }
    let pattern = match flags {
        "" => pattern.to_string(),
        flags => format!("(?{flags}){pattern}"),
    };
    match scan::compile(&pattern) {
        Ok(_) => Ok(pattern),
        Err(problem) => Err(
            Error::new(crate::pg::error::INVALID_REGEX, "the regular expression is invalid")
                .detail(problem)
                .hint(
                    "The syntax is that of the Rust crate regex: like Perl's, without look-around and back-references.",
                ),
        ),
    }
}

/// A format by its name. Errs with 22023, naming the known ones.
pub fn format_named(name: &str) -> Result<Format> {
    Format::parse(name).ok_or_else(|| {
        let names: Vec<&str> = Format::all().map(Format::name).collect();
        Error::new(INVALID_PARAMETER, format!("unknown format \"{name}\""))
            .hint(format!("The formats are: {}.", names.join(", ")))
    })
}

fn columns_match(list: &ColumnList, source: &Source) -> Finding {
    let there: Vec<&str> = source.columns().iter().map(|column| column.name.as_str()).collect();
    let wanted: Vec<&str> = list.column_list.iter().map(String::as_str).collect();
    let missing: Vec<&str> = wanted.iter().copied().filter(|name| !there.contains(name)).collect();
    let further: Vec<&str> = there.iter().copied().filter(|name| !wanted.contains(name)).collect();
    let holds = missing.is_empty()
        && match list.how {
            ColumnMatch::ContainSet => true,
            ColumnMatch::Set => further.is_empty(),
            ColumnMatch::OrderedList => there == wanted,
        };
    let mut finding = Finding::figure(
        "columns",
        Some(there.len() as f64),
        format!("{} columns", wanted.len()),
        holds,
    );
    finding.sample = Some(serde_json::json!({ "missing": missing, "further": further, "columns": there }));
    finding
}

fn type_is(types: &Types, column: &OutputColumn) -> Finding {
    let wanted: Vec<&String> = types.column_type.iter().chain(&types.column_type_list).collect();
    let found = &column.type_name;
    // Without its length, too: varchar(10) is a character varying.
    let holds = wanted
        .iter()
        .any(|wanted| crate::pg::types::is_named(column.type_oid, wanted));
    let names: Vec<&str> = wanted.iter().map(|name| name.as_str()).collect();
    let mut finding = Finding::figure("type", None, names.join(" or "), holds);
    finding.sample = Some(Json::String(found.clone()));
    finding
}
