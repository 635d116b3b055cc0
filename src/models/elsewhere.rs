//! Rows to train on that are elsewhere: they are surveyed and packed where they are, by an aggregate whose states are merged here.

use std::rc::Rc;

use hashbrown::HashMap;
use pgrx::spi::quote_identifier;
use pgrx::{pg_extern, pg_sys};

use super::packing::Columns;
use crate::pg::error::{COLUMN_TYPE, Error, MISMATCHED_STATES, Result, WRONG_CALL, or_raise};
use crate::pg::fields::{Arguments, Field, Fields, Types};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::reader::Value;
use crate::pg::state::{self, StateDatum};
use crate::pg::{arguments, site, types};
use crate::quality::placement::Placement;
use crate::quality::source::Source;
use algo::monitor::Monitor;
use algo::packed::{Cell, PackPlan, Packer, Reading, ReadingPlan, Survey, SurveyPlan, values};
use algo::state::State;
use algo::sums::{self, Sums};

/// Rows between two looks at the monitor.
const LOOK: u64 = 256;

/// The most bytes of packed rows that one value brings. In hexadecimal digits, as other servers send them, they are twice as many, and a row that is sent
/// has less than a gigabyte.
const PARCEL: u64 = 256 << 20;

/// In how many values rows come from a cluster at least, one for each shard: it usually has many more, so that one may be larger than others.
const FROM_CLUSTER: u64 = 4;

/// The most arguments of a function.
const MOST_ARGUMENTS: usize = 100;

/// The rows of a query that can be read where they are.
pub struct Elsewhere {
    source: Source,
    placement: Placement,
    /// The values of a row, as an expression.
    values: Vec<String>,
}

impl Elsewhere {
    /// The rows of a query that was planned, and of its text, of which these columns are read. `None` for rows that are here, or that have to be fetched.
    pub fn of(query: &Query, text: &str, columns: &Columns) -> Result<Option<Elsewhere>> {
        let source = Source::of(query, text);
        let placement = Placement::of(&source)?;
        let is_cluster = match placement {
            Placement::Here | Placement::Fetched(_) => return Ok(None),
            Placement::Citus => true,
            Placement::Foreign | Placement::Partitions { .. } => false,
        };
        let came_with_postgres = |oid: pg_sys::Oid| oid.to_u32() < pg_sys::FirstGenbkiObjectId;
        let mut values = Vec::new();
        for place in columns.places() {
            let column = &source.columns()[place];
            // Two columns of one name cannot be told apart; types that users made are the same on the nodes of a cluster only.
            if source.column(&column.name).is_none() || !(is_cluster || came_with_postgres(column.type_oid)) {
                return Ok(None);
            }
            values.push(format!("q.{}", quote_identifier(&column.name)));
        }
        Ok(Some(Elsewhere {
            source,
            placement,
            values,
        }))
    }

    /// A call of the aggregate, over these values of a row.
    fn call(plan: &ReadingPlan, values: &[String], monitor: &dyn Monitor) -> Result<String> {
        let bytes = super::hex(&plan.to_bytes(monitor)?);
        let values = values.chunks(MOST_ARGUMENTS).map(|values| {
            let values = values.join(", ");
            format!("assay_internal.row_values({values})")
        });
        let values = values.collect::<Vec<_>>().join(" OPERATOR(pg_catalog.||) ");
        Ok(format!(
            "assay_internal.read_rows('\\x{bytes}'::pg_catalog.bytea, {values})"
        ))
    }

    /// What calls of the aggregate make of the rows, as `take` takes it. `None` where the rows have to be fetched, of which a NOTICE tells.
    fn read<T>(&self, calls: &[String], take: impl FnOnce(Vec<Option<State>>) -> Result<T>) -> Result<Option<T>> {
        let Some(sql) = self.placement.select(&self.source, calls) else {
            return Ok(None);
        };
        self.placement.read(&self.source, &sql, |query: &Query| {
            let mut states = Vec::with_capacity(calls.len());
            query.run(&mut |row| {
                for index in 0..calls.len() {
                    states.push(row.state(index)?);
                }
                Ok(())
            })?;
            take(states)
        })
    }

    /// Surveys the rows by a plan. `None` where they have to be fetched.
    fn survey_by(&self, plan: &SurveyPlan, values: &[String], monitor: &dyn Monitor) -> Result<Option<Survey>> {
        let call = Elsewhere::call(&ReadingPlan::Survey(plan.clone()), values, monitor)?;
        self.read(&[call], |states| match states.into_iter().next().flatten() {
            None => Ok(Survey::new(plan)),
            Some(State::Survey(survey)) if survey.is_by(plan) => Ok(Rc::unwrap_or_clone(survey)),
            Some(other) => Err(another(&other)),
        })
    }

    /// How many rows there are, and how many of them have a target. `None` where they have to be fetched.
    pub fn count(&self, plan: &SurveyPlan, monitor: &dyn Monitor) -> Result<Option<(u64, u64)>> {
        let (plan, target) = plan.counting();
        let values = &self.values[target..=target];
        let survey = self.survey_by(&plan, values, monitor)?;
        Ok(survey.map(|survey| (survey.rows(), survey.labelled())))
    }

    /// Surveys the rows, of which so many have a target. `None` where they have to be fetched.
    pub fn survey(&self, plan: &SurveyPlan, labelled: u64, monitor: &dyn Monitor) -> Result<Option<Survey>> {
        let bounded = self.survey_by(&plan.clone().of_rows(labelled), &self.values, monitor)?;
        match bounded {
            // Contents repeat, so that fewer are below the bound than were expected.
            Some(survey) if !survey.is_full() => self.survey_by(plan, &self.values, monitor),
            bounded => Ok(bounded),
        }
    }

    /// Packs the rows, of which so many have a target, into `packer`, which has none yet. `None` where they have to be fetched. Where they are more bytes
    /// than one value brings, they are read once for each part of them.
    pub fn pack(
        &self,
        plan: &PackPlan,
        labelled: u64,
        mut packer: Packer,
        monitor: &dyn Monitor,
    ) -> Result<Option<Packer>> {
        let most = match self.placement {
            Placement::Citus => PARCEL * FROM_CLUSTER,
            Placement::Here | Placement::Foreign | Placement::Partitions { .. } | Placement::Fetched(_) => PARCEL,
        };
        for part in plan.parts(labelled, most) {
            let call = Elsewhere::call(&ReadingPlan::Pack(part.clone()), &self.values, monitor)?;
            let taken = self.read(&[call], |states| match states.into_iter().next().flatten() {
                None => Ok(()),
                Some(State::Packed(packed)) => Ok(packer.take(&part, Rc::unwrap_or_clone(packed), monitor)?),
                Some(other) => Err(another(&other)),
            })?;
            if taken.is_none() {
                return Ok(None);
            }
        }
        Ok(Some(packer))
    }

    /// Sums the rows up. `None` where they have to be fetched.
    pub fn sum(&self, plan: &sums::Plan, monitor: &dyn Monitor) -> Result<Option<Sums>> {
        let call = Elsewhere::call(&ReadingPlan::Sum(plan.clone()), &self.values, monitor)?;
        self.read(&[call], |states| match states.into_iter().next().flatten() {
            None => Ok(Sums::new(plan)?),
            Some(State::Sums(partial)) => Ok(partial.sums()?),
            Some(other) => Err(another(&other)),
        })
    }

    /// Says where the rows were read.
    pub fn announce(&self) {
        self.placement.announce(&self.source);
    }
}

/// The error of an answer that is not to what was asked: another server may send what it likes.
fn another(state: &State) -> Error {
    Error::new(
        MISMATCHED_STATES,
        format!("the rows came as a state of {}", state.kind()),
    )
    .hint("See that the other server has the same version of assay.")
}

/// The step of `read_rows(plan, row_values)`. It keeps nothing at its call site, for whoever splits aggregates over nodes may make one for each row.
#[pg_extern(sql = false)]
fn read_rows_step(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    or_raise((|| {
        let Some(row) = arguments::bytes(fcinfo, 2) else {
            return Ok(state::unchanged(fcinfo));
        };
        let make = || {
            let none =
                || Error::new(WRONG_CALL, "the plan of a reading is NULL").hint("Plans are made by assay.train.");
            let plan = arguments::bytes(fcinfo, 1).ok_or_else(none)?;
            let monitor = Foreground::new()?;
            let state = match ReadingPlan::from_bytes(plan, &monitor)?.begin(&monitor)? {
                Reading::Survey(survey) => State::from(Rc::new(survey)),
                Reading::Pack(packer) => State::from(Rc::new(packer)),
                Reading::Sum(partial) => State::from(partial),
            };
            // Whoever made the plan said how large the state is.
            monitor.check()?;
            Ok(state)
        };
        state::step(fcinfo, Some(make), |state| push(state, row))
    })())
}

/// A row into a state.
fn push(state: &mut State, row: &[u8]) -> Result<()> {
    let rows = match state {
        State::Survey(survey) => {
            let survey = Rc::make_mut(survey);
            let cells = values::read(row, survey.width())?;
            survey.push(|column| cells[column])?;
            survey.rows()
        }
        State::Packed(packer) => {
            let packer = Rc::make_mut(packer);
            let width = packer
                .width()
                .ok_or_else(|| takes_none("rows that were packed elsewhere"))?;
            let cells = values::read(row, width)?;
            packer.push(|column| cells[column])?;
            packer.rows()
        }
        State::Sums(partial) => {
            let summing = partial.filling()?;
            let cells = values::read(row, summing.width())?;
            summing.push(|column| cells[column])?;
            summing.rows()
        }
        State::Metric(_) | State::Gram(_) | State::Scan(_) | State::Curves(_) | State::ScoredRows(_) => {
            return Err(takes_none(state.kind().name));
        }
    };
    if rows.is_multiple_of(LOOK) {
        let monitor = Foreground::new()?;
        monitor.check()?;
        // What came before is beside what a watch that begins now has seen.
        monitor.allow(state.memory())?;
    }
    Ok(())
}

fn takes_none(what: &str) -> Error {
    Error::new(MISMATCHED_STATES, format!("{what} cannot take this row")).hint("Give all rows of a group one plan.")
}

/// What a call site knows of its arguments.
struct Site {
    fields: Vec<Field>,
    labels: HashMap<u32, String>,
    monitor: Foreground,
}

/// `row_values(VARIADIC columns)`.
#[pg_extern(sql = false)]
fn row_values(fcinfo: pg_sys::FunctionCallInfo) -> Vec<u8> {
    or_raise(site::with(
        fcinfo,
        || None::<Site>,
        |known| {
            let arguments = Arguments::of(&fcinfo);
            let site = match known {
                Some(site) => site,
                None => {
                    let count = arguments::count(fcinfo);
                    known.insert(Site {
                        fields: (0..count)
                            .map(|place| arguments.require(place))
                            .collect::<Result<_>>()?,
                        labels: HashMap::new(),
                        monitor: Foreground::new()?,
                    })
                }
            };
            let mut bytes = Vec::with_capacity(9 * site.fields.len());
            for field in &site.fields {
                match arguments.value(field) {
                    Value::Missing => values::write(Cell::Missing, &mut bytes)?,
                    Value::Number(number) => values::write(Cell::Number(number), &mut bytes)?,
                    Value::Text(text) => {
                        site.monitor.allow(text.len())?;
                        values::write(Cell::Text(&text), &mut bytes)?;
                    }
                    Value::Enum(oid) => {
                        let label = site
                            .labels
                            .entry(oid.to_u32())
                            .or_insert_with(|| types::enum_label(oid).0);
                        values::write(Cell::Text(label), &mut bytes)?;
                    }
                    Value::Vector(_) => {
                        return Err(Error::new(COLUMN_TYPE, "a vector is no single value of a row")
                            .hint("Give its elements one by one."));
                    }
                }
            }
            Ok(bytes)
        },
    ))
}
