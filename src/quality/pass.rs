//! One pass over the rows of a source: everything asked of them becomes arguments of the aggregate `assay_internal.scan`, so that PostgreSQL
//! reads them once, in parallel where it can, and where they are.

use std::rc::Rc;

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::quote_identifier;

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

use crate::pg::attempt::attempt;
use crate::pg::error::{Error, INTERNAL, MISMATCHED_STATES, Result};
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::sweep::Swept;
use crate::pg::{intake, progress, state};
use algo::block::Kind;
use algo::scan::{Plan, PlanCheck, PlanColumn, Scan, Segment, Tally, Test};
use algo::state::State;

use crate::quality::grouping::Group;
use crate::quality::placement::Placement;
use crate::quality::source::Source;

/// The most columns of one call of the aggregate: PostgreSQL's functions take 100 arguments, and two are the state and the plan.
const MOST_ARGUMENTS: usize = 98;

/// Something that a pass computes for each row: a column, or a condition.
#[derive(Debug, Clone)]
struct Input {
    sql: String,
    column: PlanColumn,
    type_oid: Oid,
}

/// How a call of the aggregate is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For rows that are here.
    Here,
    /// For another server of the same types, which is sent the call itself.
    Sent,
    /// For engines that split an aggregate by its declared types.
    Split,
}

/// The place of an input in its pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InputPlace(usize);

/// A question to a pass.
#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    /// The column it is about.
    pub column: Option<InputPlace>,
    /// Only rows where this condition is true count.
    pub filter: Option<InputPlace>,
    /// What rows are grouped by; nothing for no segments.
    pub grouping: Vec<InputPlace>,
    /// What is asked.
    pub test: Test,
}

/// A pass being put together. What it has already is found by a hash, for there may be very many checks.
#[derive(Default)]
pub struct Pass {
    inputs: Vec<Input>,
    /// The place of an input, by its SQL and its name.
    known_inputs: HashMap<(String, String), InputPlace>,
    profiled: Vec<InputPlace>,
    questions: Vec<Question>,
    /// The number of a question that measures a column, by what it says.
    known_questions: HashMap<String, usize>,
}

/// What a pass has found.
pub struct Answers {
    scans: Vec<Rc<Scan>>,
    /// For each question its scan, and its place there.
    places: Vec<(usize, usize)>,
}

/// A call of the aggregate: which inputs are its arguments, and what it answers.
#[derive(Default)]
struct Call {
    inputs: Vec<usize>,
    plan: Plan,
    /// The place of a grouping, by its columns.
    groupings: HashMap<Vec<usize>, usize>,
}

impl Call {
    /// Whether there is room for the arguments that would be added for these inputs.
    fn fits(&self, inputs: &[usize]) -> bool {
        let added = inputs.iter().filter(|input| !self.inputs.contains(input)).count();
        self.inputs.len() + added <= MOST_ARGUMENTS
    }

    fn argument(&mut self, input: usize, all: &[Input]) -> usize {
        match self.inputs.iter().position(|&known| known == input) {
            Some(place) => place,
            None => {
                self.inputs.push(input);
                self.plan.columns.push(all[input].column.clone());
                self.inputs.len() - 1
            }
        }
    }

    fn grouping(&mut self, columns: Vec<usize>) -> usize {
        let plan = &mut self.plan;
        *self.groupings.entry(columns).or_insert_with_key(|columns| {
            plan.groupings.push(columns.clone());
            plan.groupings.len() - 1
        })
    }
}

/// The calls that a pass is divided into.
#[derive(Default)]
struct Calls {
    all: Vec<Call>,
    /// The call that last took an input.
    of_input: HashMap<usize, usize>,
}

impl Calls {
    /// The place of a call that has these inputs, or room for them: one that has some of them already, else the newest, else a new one.
    fn place(&mut self, inputs: &[usize]) -> usize {
        let homes = inputs.iter().filter_map(|input| self.of_input.get(input).copied());
        let newest = self.all.len().checked_sub(1);
        let place = homes.chain(newest).find(|&place| self.all[place].fits(inputs));
        let place = place.unwrap_or_else(|| {
            self.all.push(Call::default());
            self.all.len() - 1
        });
        self.of_input.extend(inputs.iter().map(|&input| (input, place)));
        place
    }
}

impl Pass {
    /// A column of the source.
    pub fn column(&mut self, column: &OutputColumn) -> InputPlace {
        self.input(Input {
            sql: format!("q.{}", quote_identifier(&column.name)),
            column: PlanColumn {
                name: column.name.clone(),
                type_name: column.type_name.clone(),
                kind: intake::kind_of(column.type_oid),
            },
            type_oid: column.type_oid,
        })
    }

    /// What rows are grouped by.
    pub fn group(&mut self, group: &Group) -> InputPlace {
        self.input(Input {
            sql: group.sql.clone(),
            column: PlanColumn {
                name: group.name.clone(),
                type_name: group.type_name.clone(),
                kind: intake::kind_of(group.type_oid),
            },
            type_oid: group.type_oid,
        })
    }

    /// A condition on the row, in SQL, that has been found to be one expression.
    pub fn condition(&mut self, expression: &str) -> InputPlace {
        self.input(Input {
            // AND takes booleans only, where a cast would make one of a number.
            sql: format!("((\n{expression}\n) AND true)"),
            column: PlanColumn {
                name: String::new(),
                type_name: "boolean".into(),
                kind: Kind::Bool,
            },
            type_oid: pg_sys::BOOLOID,
        })
    }

    fn input(&mut self, input: Input) -> InputPlace {
        let key = (input.sql.clone(), input.column.name.clone());
        *self.known_inputs.entry(key).or_insert_with(|| {
            self.inputs.push(input);
            InputPlace(self.inputs.len() - 1)
        })
    }

    /// Asks for the profile of a column.
    pub fn profile(&mut self, column: InputPlace) {
        self.profiled.push(column);
    }

    /// Asks a question; gives its number.
    pub fn ask(&mut self, mut question: Question) -> usize {
        if question.column.is_none() && question.filter.is_none() && question.grouping.is_empty() {
            // The aggregate needs an argument.
            question.filter = Some(self.condition("true"));
        }
        let mut add = |question: Question| {
            self.questions.push(question);
            self.questions.len() - 1
        };
        if !question.test.measures() {
            return add(question);
        }
        // What is measured for one check serves the others.
        match self.known_questions.entry(format!("{question:?}")) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => *vacant.insert(add(question)),
        }
    }

    /// How the work is divided into calls: each question goes to one that has its columns, or has room for them.
    fn calls(&self) -> (Vec<Call>, Vec<(usize, usize)>) {
        let mut calls = Calls::default();
        let shared_by = self.profiled.len();
        for &InputPlace(input) in &self.profiled {
            let place = calls.place(&[input]);
            let call = &mut calls.all[place];
            let argument = call.argument(input, &self.inputs);
            call.plan.profiled.push(argument);
            call.plan.shared_by = shared_by;
        }
        let mut places = Vec::with_capacity(self.questions.len());
        for question in &self.questions {
            let single = question.column.iter().chain(&question.filter);
            let inputs: Vec<usize> = single.chain(&question.grouping).map(|place| place.0).collect();
            let place = calls.place(&inputs);
            let call = &mut calls.all[place];
            let mut argument = |input: &InputPlace| call.argument(input.0, &self.inputs);
            let (column, filter) = (
                question.column.as_ref().map(&mut argument),
                question.filter.as_ref().map(&mut argument),
            );
            let columns: Vec<usize> = question.grouping.iter().map(&mut argument).collect();
            let grouping = (!columns.is_empty()).then(|| call.grouping(columns));
            call.plan.checks.push(PlanCheck {
                column,
                filter,
                grouping,
                test: question.test.clone(),
            });
            places.push((place, call.plan.checks.len() - 1));
        }
        (calls.all, places)
    }

    /// The query that runs the pass on rows that come here. Returns an error when a plan cannot be written.
    fn sql(&self, source: &Source, calls: &[Call]) -> Result<String> {
        Ok(source.select(&self.outputs(calls, Form::Here)?.join(",\n")))
    }

    /// The calls of the aggregate, as a query's outputs.
    fn outputs(&self, calls: &[Call], form: Form) -> Result<Vec<String>> {
        let output = |call: &Call| {
            let plan = self.plan_of(call)?;
            let columns = self.columns_of(call);
            let bytes = || -> String { plan.bytes().map(|byte| format!("{byte:02x}")).collect() };
            Ok(match form {
                Form::Here => format!("assay_internal.scan({}, {columns})", pgrx::spi::quote_literal(&plan)),
                Form::Sent => format!("assay_internal.scan('\\x{}'::pg_catalog.bytea, {columns})", bytes()),
                Form::Split => format!(
                    "assay_internal.scan_cells('\\x{}'::pg_catalog.bytea, assay_internal.cells({columns}))",
                    bytes()
                ),
            })
        };
        calls.iter().map(output).collect()
    }

    /// The query that runs the pass where the rows are. `None` for rows that come here, and where a value would be read otherwise there.
    fn sql_elsewhere(&self, source: &Source, calls: &[Call], placement: &Placement) -> Result<Option<String>> {
        let used = calls.iter().flat_map(|call| &call.inputs);
        let mut inputs = used.map(|&input| &self.inputs[input]);
        let form = match placement {
            Placement::Here | Placement::Fetched(_) => return Ok(None),
            Placement::Citus => Form::Split,
            Placement::Foreign | Placement::Partitions { .. } => Form::Sent,
        };
        match inputs.all(|input| reads_alike(input, *placement == Placement::Citus)) {
            true => Ok(placement.select(source, &self.outputs(calls, form)?)),
            false => Ok(None),
        }
    }

    /// Has PostgreSQL plan the pass and look at the rights that it takes, without running it.
    pub fn plan(&self, source: &Source) -> Result<()> {
        let (calls, _) = self.calls();
        if !calls.is_empty() {
            Query::new(&self.sql(source, &calls)?)?.require_rights()?;
        }
        Ok(())
    }

    /// The condition in SQL that a row q fails a question's test.
    pub fn row_fails(&self, question: usize) -> Result<String> {
        let question = &self.questions[question];
        let alone = Pass {
            inputs: self.inputs.clone(),
            questions: vec![Question {
                filter: None,
                grouping: Vec::new(),
                ..question.clone()
            }],
            ..Pass::default()
        };
        let (calls, _) = alone.calls();
        let arguments = calls
            .iter()
            .map(|call| {
                Ok(format!(
                    "{}, {}",
                    pgrx::spi::quote_literal(alone.plan_of(call)?),
                    alone.columns_of(call)
                ))
            })
            .collect::<Result<Vec<_>>>()?;
        Ok(format!("assay_internal.row_fails({})", arguments.join(", ")))
    }

    /// The plan of a call, as JSON.
    fn plan_of(&self, call: &Call) -> Result<String> {
        serde_json::to_string(&call.plan)
            .map_err(|problem| Error::new(INTERNAL, format!("a plan cannot be written: {problem}")))
    }

    /// The columns of a call.
    fn columns_of(&self, call: &Call) -> String {
        let columns: Vec<&str> = call
            .inputs
            .iter()
            .map(|&input| self.inputs[input].sql.as_str())
            .collect();
        columns.join(", ")
    }

    /// The pass as SQL, for people; `None` where nothing is asked of the rows.
    pub fn describe(&self, source: &Source) -> Result<Option<String>> {
        match self.calls().0.as_slice() {
            [] => Ok(None),
            calls => self.sql(source, calls).map(Some),
        }
    }

    /// The pass as SQL where the rows are, and where that is, for people.
    pub fn explain(&self, source: &Source) -> Result<Option<(String, Option<String>)>> {
        let calls = self.calls().0;
        if calls.is_empty() {
            return Ok(None);
        }
        let placement = Placement::of(source)?;
        if let Some(sql) = self.sql_elsewhere(source, &calls, &placement)?
            && let Ok(true) = attempt(|| Ok(placement.is_kept_by(&Query::new(&sql)?)))?
        {
            return Ok(Some((sql, placement.describe())));
        }
        let why = match placement.is_elsewhere() {
            true => Some(NOT_ALL_SENT.to_string()),
            false => placement.describe(),
        };
        Ok(Some((self.sql(source, &calls)?, why)))
    }

    /// Reads the rows once, where they are if that is possible. As the caller; errors of PostgreSQL pass through.
    pub fn run(&self, source: &Source) -> Result<Answers> {
        let (calls, places) = self.calls();
        let calls = Swept::new(calls);
        if calls.is_empty() {
            let scans = Vec::new();
            return Ok(Answers { scans, places });
        }
        let placement = Placement::of(source)?;
        let scans = match self.read_elsewhere(source, &calls, &placement)? {
            Some(scans) => scans,
            None if placement == Placement::Citus => {
                // Citus would split the aggregate, although it cannot.
                let outputs = self.outputs(&calls, Form::Here)?.join(",\n");
                let sql = format!(
                    "SELECT {outputs} FROM (SELECT * FROM {} AS s OFFSET 0) AS q",
                    source.relation()
                );
                read(&Query::new(&sql)?.interpreted(), source, &calls)?
            }
            None => read(&Query::new(&self.sql(source, &calls)?)?.interpreted(), source, &calls)?,
        };
        Ok(Answers { scans, places })
    }

    /// Reads the rows where they are. `None` where that is here, or it cannot be done there: then a NOTICE says why.
    fn read_elsewhere(
        &self,
        source: &Source,
        calls: &Swept<Vec<Call>>,
        placement: &Placement,
    ) -> Result<Option<Vec<Rc<Scan>>>> {
        let Some(sql) = self.sql_elsewhere(source, calls, placement)? else {
            return Ok(None);
        };
        let scans = placement.read(source, &sql, |query| {
            self.require_answers(calls, read(query, source, calls)?)
        })?;
        if scans.is_some() {
            placement.announce(source);
        }
        Ok(scans)
    }

    /// What was found elsewhere, if it is what was asked for.
    fn require_answers(&self, calls: &[Call], scans: Vec<Rc<Scan>>) -> Result<Vec<Rc<Scan>>> {
        for (call, scan) in calls.iter().zip(&scans) {
            // As it was read there; numbers may have changed in their last digit.
            let sent: Option<Plan> = serde_json::from_str(&self.plan_of(call)?).ok();
            if scan.plan() != &call.plan && sent.as_ref() != Some(scan.plan()) {
                return Err(another("of another plan"));
            }
        }
        Ok(scans)
    }
}

/// Why rows are fetched that could be read where they are.
const NOT_ALL_SENT: &str = "the rows are fetched from another server: a condition or a column's type is not sent to it, or there are too many partitions";

/// Whether another server reads the values of an input as this one would. Settings of the session say how some types are written; types that users have
/// made are the same on the nodes of a cluster only.
fn reads_alike(input: &Input, is_cluster: bool) -> bool {
    let came_with_postgres = input.type_oid.to_u32() < pg_sys::FirstGenbkiObjectId;
    match input.column.kind {
        Kind::Bool
        | Kind::Integer
        | Kind::Float
        | Kind::Numeric
        | Kind::Date
        | Kind::Timestamp
        | Kind::TimestampTz
        | Kind::Time
        | Kind::Interval
        | Kind::Text
        | Kind::Enum
        | Kind::Uuid
        | Kind::Json
        | Kind::Bytes => is_cluster || came_with_postgres,
        Kind::Array => matches!(
            input.type_oid,
            pg_sys::BOOLARRAYOID
                | pg_sys::INT2ARRAYOID
                | pg_sys::INT4ARRAYOID
                | pg_sys::INT8ARRAYOID
                | pg_sys::TEXTARRAYOID
                | pg_sys::VARCHARARRAYOID
        ),
        Kind::Other => false,
    }
}

/// Runs a pass; gives what each call has found.
fn read(query: &Query, source: &Source, calls: &[Call]) -> Result<Vec<Rc<Scan>>> {
    let mut scans = Vec::with_capacity(calls.len());
    let what = format!("reading {}", source.label());
    progress::watch(what, calls.len(), source.expected_rows(), || {
        query.run(&mut |row| {
            for (index, call) in calls.iter().enumerate() {
                scans.push(match row.state(index)? {
                    Some(State::Scan(scan)) => scan,
                    // No row has come.
                    None => Rc::new(Scan::new(call.plan.clone())?),
                    Some(other) => return Err(another(&format!("a state of {}", other.kind()))),
                });
            }
            Ok(())
        })
    })?;
    Ok(scans)
}

/// The error of an answer that is not to what was asked: another server may send what it likes.
fn another(what: &str) -> Error {
    Error::new(MISMATCHED_STATES, format!("the answer to a pass is {what}"))
        .hint("See that the other server has the same version of assay.")
}

impl Drop for Answers {
    fn drop(&mut self) {
        self.scans.drain(..).for_each(state::free_scan);
    }
}

impl Answers {
    /// The tally of a question, or with a grouping those of its segments, in no order. The flag says whether there
    /// were more segments than are counted.
    pub fn tallies(&self, question: usize) -> (Vec<(Option<&Segment>, &Tally)>, bool) {
        let (scan, place) = self.places[question];
        let scan = &self.scans[scan];
        let tallies = scan.tallies(place).iter();
        match scan.plan().checks[place].grouping {
            None => (tallies.map(|tally| (None, tally)).collect(), false),
            Some(grouping) => {
                let segments = scan.segments(grouping);
                let values = segments.values().iter().map(Some);
                (values.zip(tallies).collect(), segments.overflowed())
            }
        }
    }

    /// How many rows were read; `None` when nothing was asked of them.
    pub fn rows(&self) -> Option<u64> {
        self.scans.first().map(|scan| scan.rows())
    }

    /// The scans themselves.
    pub fn into_scans(mut self) -> Vec<Scan> {
        std::mem::take(&mut self.scans)
            .into_iter()
            .map(Rc::unwrap_or_clone)
            .collect()
    }
}
