//! Many rows to train on: packed while they are read, or summed up, where the learner and what is asked for allow it. Here is decided which path rows take.

use hashbrown::HashMap;
use pgrx::pg_sys;

use super::columns::heading_of;
use super::elsewhere::Elsewhere;
use super::reading::check_memory;
use super::request::{Preprocess, Resolved};
use super::sampling::{Known, Passes, Sampled};
use super::sums::SummedRows;
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, INTERNAL, Result, advise};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::pg::reader::{Reader, Role, Value};
use crate::pg::{settings, types};
use algo::learner::Configured;
use algo::monitor::Monitor;
use algo::packed::{Cell, PackPlan, Packed, SampleBins, Survey, SurveyPlan};
use algo::prepare::{Heading, Plan, Prepared, Split};
use algo::row_sample::RowSample;
use algo::training_set::Shape;

/// What a training asks for beside its rows.
pub struct Asked<'a> {
    pub resolved: &'a Resolved,
    pub preprocess: &'a Preprocess,
    pub learner: &'a dyn Configured,
    pub is_calibrated: bool,
    pub has_intervals: bool,
}

/// Rows that were packed, and what a sample of them taught.
pub struct PackedRows {
    pub prepared: Prepared,
    pub packed: Packed,
}

impl Asked<'_> {
    /// Whether the learner takes packed rows.
    pub fn takes_packed(&self) -> bool {
        self.learner.bins(self.resolved.task.least_target()).is_some()
    }

    /// Whether the learner can do without the rows as they are. Of another nothing is to be said: it is another kind of learner.
    fn takes_many(&self) -> bool {
        self.takes_packed() || self.learner.sums(self.resolved.task.least_target())
    }

    /// Why the rows of a query have to be held as they are; `None` where they can be packed, or summed up.
    fn obstacle(&self, columns: &Columns) -> Option<&'static str> {
        let reasons = [
            (
                self.preprocess.spec.reads_texts(),
                "preprocess reads words of their texts",
            ),
            (self.is_calibrated, "calibrate learns from them more than once"),
            (self.has_intervals, "intervals set some of them aside"),
            (!self.resolved.keys.is_empty(), "group_by takes them apart"),
            (self.resolved.divided_by.is_some(), "a column divides them"),
            (
                self.resolved.weight.is_some() && self.takes_packed(),
                "they have weights",
            ),
            (self.resolved.cluster.is_some(), "a column says which belong together"),
            (columns.has_vectors, "they hold vectors"),
        ];
        reasons.into_iter().find(|(is, _)| *is).map(|(_, why)| why)
    }

    /// The most rows that are held as they are: more are packed, or summed up. `None` for any number, since they cannot be packed, or need not.
    pub fn limit(&self, columns: &Columns) -> Option<u64> {
        let most = settings::pack_rows()?;
        (self.takes_many() && self.obstacle(columns).is_none()).then_some(most)
    }

    /// Whether the planner expects so many rows that it is not worth while to begin by holding them as they are.
    pub fn expects_many(&self, query: &Query, columns: &Columns) -> bool {
        let most = self.limit(columns);
        most.is_some_and(|most| query.expected_rows() > 2.0 * most as f64)
    }

    /// Says that so many rows would be packed if something did not stand in the way.
    pub fn look_at_path(&self, columns: &Columns, rows: usize) {
        let is_many = settings::pack_rows().is_some_and(|most| rows as u64 > most);
        if !is_many || !self.takes_many() {
            return;
        }
        if let Some(why) = self.obstacle(columns) {
            let (instead, gain) = match self.takes_packed() {
                true => ("packed", "Packed rows take about a tenth of the memory."),
                false => ("summed up", "Sums take the same memory whatever the number of rows."),
            };
            advise(
                format!("the {rows} rows are held as they are, not {instead}: {why}"),
                Some(gain.into()),
                None,
            );
        }
    }
}

/// The columns of a query that are read.
pub struct Columns {
    columns: Vec<Column>,
    /// How many hold texts.
    texts: usize,
    /// The columns of the query.
    width: usize,
    has_vectors: bool,
}

/// A column of the query.
struct Column {
    place: usize,
    heading: Heading,
    reader: Reader,
    type_oid: pg_sys::Oid,
}

impl Columns {
    /// Those that are `wanted`. Returns `ML005` for a column of a type that assay cannot read.
    pub fn new(query: &Query, wanted: impl Fn(usize) -> bool) -> Result<Columns> {
        let mut columns = Vec::new();
        for (place, column) in query.columns().iter().enumerate() {
            if wanted(place) {
                let (heading, reader) = heading_of(column)?;
                columns.push(Column {
                    place,
                    heading,
                    reader,
                    type_oid: column.type_oid,
                });
            }
        }
        let with = |role: Role| columns.iter().filter(|column| column.reader.role() == role).count();
        Ok(Columns {
            texts: with(Role::Category),
            has_vectors: with(Role::Vector) > 0,
            width: query.columns().len(),
            columns,
        })
    }

    /// Where they are in the query.
    pub fn places(&self) -> impl Iterator<Item = usize> {
        self.columns.iter().map(|column| column.place)
    }

    /// How many columns the query has.
    pub fn width(&self) -> usize {
        self.width
    }

    /// What each is, with its place in the query.
    pub fn headings(&self) -> Vec<(usize, Heading)> {
        let heading = |column: &Column| (column.place, column.heading.clone());
        self.columns.iter().map(heading).collect()
    }

    /// The name of one.
    pub fn name(&self, index: usize) -> &str {
        &self.columns[index].heading.name
    }

    /// The places of texts in the order of a column's enum type; none for another type.
    pub fn orders<'t>(&self, index: usize, texts: impl Iterator<Item = &'t str>) -> HashMap<String, f32> {
        let column = &self.columns[index];
        let place = |text: &str| Some((text.to_string(), types::enum_order(column.type_oid, text)?));
        match column.reader == Reader::Enum {
            true => texts.filter_map(place).collect(),
            false => HashMap::new(),
        }
    }

    /// How their rows are surveyed.
    pub fn survey_plan(&self, plan: &Plan) -> Result<SurveyPlan> {
        // Without a target its place means nothing.
        let target = plan.target.map_or(Ok(0), |place| self.index(place))?;
        let texts: Vec<bool> = (self.columns.iter())
            .map(|column| column.reader.role() == Role::Category)
            .collect();
        Ok(SurveyPlan::new(plan.seed, &texts, (target, plan.task.least_target())))
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.columns.len()
    }

    /// The place among them of the column at a place of the query.
    pub fn index(&self, place: usize) -> Result<usize> {
        let index = self.columns.iter().position(|column| column.place == place);
        index.ok_or_else(|| Error::new(INTERNAL, "a column was not read"))
    }

    /// The place among them of a column of the query.
    pub fn place(&self, name: &str) -> Result<usize> {
        let place = self.columns.iter().position(|column| column.heading.name == name);
        place.ok_or_else(|| Error::new(INTERNAL, "a column was not read"))
    }
}

/// Reads a row's values.
struct Cells<'a> {
    columns: &'a Columns,
    /// The labels of enums' values.
    labels: HashMap<u32, String>,
}

impl Cells<'_> {
    fn new(columns: &Columns) -> Cells<'_> {
        Cells {
            columns,
            labels: HashMap::new(),
        }
    }

    /// Hands the cells of a row on.
    #[inline]
    fn read(
        &mut self,
        row: &Row<'_>,
        statement: &Foreground,
        receive: impl FnOnce(&[Cell<'_>]) -> algo::error::Result<()>,
    ) -> Result<()> {
        // Without texts there is nothing to keep while they are looked at.
        let mut texts: Vec<Value<'_>> = Vec::with_capacity(self.columns.texts);
        if self.columns.texts > 0 {
            self.read_texts(row, statement, &mut texts)?;
        }
        let mut texts = texts.iter();
        let cell = |column: &Column| match column.reader.role() {
            Role::Number => row.number(column.place).map_or(Cell::Missing, Cell::Number),
            Role::Category | Role::Vector => texts.next().map_or(Cell::Missing, |value| text_of(value, &self.labels)),
        };
        let cells: Vec<Cell<'_>> = self.columns.columns.iter().map(cell).collect();
        receive(&cells)?;
        statement.check()?;
        Ok(())
    }

    /// Reads what is no number, in the order of the columns.
    fn read_texts<'v>(&mut self, row: &'v Row<'_>, statement: &Foreground, texts: &mut Vec<Value<'v>>) -> Result<()> {
        let columns = self.columns.columns.iter();
        for column in columns.filter(|column| column.reader.role() != Role::Number) {
            // Unpacking is an allocation, too: as large as the value, and not by Rust.
            statement.allow(row.unpacked_size(column.place))?;
            let value = row.value(column.place);
            if let Value::Enum(oid) = value {
                self.labels
                    .entry(oid.to_u32())
                    .or_insert_with(|| types::enum_label(oid).0);
            }
            texts.push(value);
        }
        Ok(())
    }
}

/// A text as it stands in a row, or the label of an enum's value.
fn text_of<'v>(value: &'v Value<'_>, labels: &'v HashMap<u32, String>) -> Cell<'v> {
    match value {
        Value::Text(text) => Cell::Text(text),
        Value::Enum(oid) => (labels.get(&oid.to_u32())).map_or(Cell::Missing, |label| Cell::Text(label)),
        Value::Missing | Value::Number(_) | Value::Vector(_) => Cell::Missing,
    }
}

/// Where rows are read, and how it is reported.
pub struct ReadContext<'a> {
    pub query: &'a Query,
    pub columns: &'a Columns,
    /// What names the training in progress reports.
    pub what: &'a str,
    pub reporter: &'a mut Reporter,
    pub statement: &'a Foreground,
}

impl ReadContext<'_> {
    /// The first reading of rows that come here.
    fn survey(&mut self, plan: &SurveyPlan) -> Result<Survey> {
        let mut survey = Survey::new(plan);
        let mut cells = Cells::new(self.columns);
        let expected = self.query.expected_rows();
        self.query.run(&mut |row| {
            cells.read(row, self.statement, |cells| survey.push(|column| cells[column]))?;
            if survey.rows().is_multiple_of(BLOCK) {
                self.reporter.rows(self.what, survey.rows(), expected);
            }
            Ok(())
        })?;
        Ok(survey)
    }

    /// Another reading of rows that come here: those of the same snapshot, for it is one statement.
    pub fn again(&mut self, mut receive: impl FnMut(&[Cell<'_>]) -> algo::error::Result<()>) -> Result<()> {
        let (mut cells, mut rows, expected) = (Cells::new(self.columns), 0_u64, self.query.expected_rows());
        Query::new(self.query.statement())?.run(&mut |row| {
            cells.read(row, self.statement, &mut receive)?;
            rows += 1;
            if rows.is_multiple_of(BLOCK) {
                self.reporter.rows(self.what, rows, expected);
            }
            Ok(())
        })
    }
}

/// Many rows of a query, which were read once.
pub enum ManyRows {
    /// They were read again and packed.
    Packed(Box<PackedRows>),
    /// They are to be read again for what the learner asks.
    Summed(Box<SummedRows>),
}

/// The rows of a query, read once for a sample of them, and again to be packed, or passed by a learner of sums. `None` where they are so few that they can be
/// held as they are, or have to be.
pub fn read(
    mut context: ReadContext<'_>,
    (asked, plan): (&Asked<'_>, &Plan),
    split: impl Fn(usize) -> Split,
) -> Result<Option<ManyRows>> {
    let survey = context.survey(&context.columns.survey_plan(plan)?)?;
    if settings::pack_rows().is_none_or(|most| survey.rows() <= most) {
        return Ok(None);
    }
    let known = Known::of(survey, plan, &mut context)?;
    ManyRows::of(known, (asked, plan), split, Passes::here(), &mut context)
}

/// What becomes of rows that are elsewhere.
pub enum RowsElsewhere {
    /// They are many, and were read where they are.
    Many(ManyRows),
    /// They are many, and the learner has to hold them after all, which was said.
    ToHold,
    /// They are few, or have to be fetched.
    ToFetch,
}

/// The same of rows that are elsewhere, each reading where they are.
pub fn read_elsewhere(
    rows: Elsewhere,
    mut context: ReadContext<'_>,
    (asked, plan): (&Asked<'_>, &Plan),
    split: impl Fn(usize) -> Split,
) -> Result<RowsElsewhere> {
    let survey_plan = context.columns.survey_plan(plan)?;
    let Some((count, labelled)) = rows.count(&survey_plan, context.statement)? else {
        return Ok(RowsElsewhere::ToFetch);
    };
    if settings::pack_rows().is_none_or(|most| count <= most) {
        return Ok(RowsElsewhere::ToFetch);
    }
    let Some(survey) = rows.survey(&survey_plan, labelled, context.statement)? else {
        return Ok(RowsElsewhere::ToFetch);
    };
    let known = Known::of(survey, plan, &mut context)?;
    let passes = Passes::elsewhere(rows, labelled);
    let many = ManyRows::of(known, (asked, plan), split, passes, &mut context)?;
    Ok(many.map_or(RowsElsewhere::ToHold, RowsElsewhere::Many))
}

impl ManyRows {
    /// What a learner takes of rows of which a sample is known. `None` where they have to be held after all, which was said.
    fn of(
        known: Known,
        (asked, plan): (&Asked<'_>, &Plan),
        split: impl Fn(usize) -> Split,
        mut passes: Passes,
        context: &mut ReadContext<'_>,
    ) -> Result<Option<ManyRows>> {
        if asked.takes_packed() {
            let packed = pack(known, (asked, plan), split, passes, context)?;
            return Ok(packed.map(|rows| ManyRows::Packed(Box::new(rows))));
        }
        let fraction = known.fraction(split);
        let Some(sampled) = known.sampled(plan, fraction, &mut passes, context)? else {
            return Ok(None);
        };
        let summed = SummedRows::new(sampled, asked.learner, passes, context)?;
        Ok(summed.map(|rows| ManyRows::Summed(Box::new(rows))))
    }
}

/// Packs rows of which a sample is known.
fn pack(
    known: Known,
    (asked, plan): (&Asked<'_>, &Plan),
    split: impl Fn(usize) -> Split,
    mut passes: Passes,
    context: &mut ReadContext<'_>,
) -> Result<Option<PackedRows>> {
    let fraction = known.fraction(split);
    // Where steps are learned from rows that train, these are told as they come; else when all are there, and to the row.
    let is_told = !plan.spec.is_empty();
    let sampled = known.sampled(plan, fraction.filter(|_| is_told), &mut passes, context)?;
    let Some(Sampled {
        surveyed,
        mut prepared,
        layout,
    }) = sampled
    else {
        return Ok(None);
    };
    let kind = plan.task.least_target();
    let max_bin = asked.learner.bins(kind).unwrap_or(usize::MAX);
    let bins = compute::run(context.what, context.reporter, context.statement, |monitor| {
        Ok::<_, Error>(SampleBins::learn(&prepared, max_bin, plan.seed, monitor)?)
    })?;
    let rows = usize::try_from(surveyed.rows).unwrap_or(usize::MAX);
    check_room(asked, &prepared, (rows, surveyed.rows), context.statement)?;
    let pack_plan = PackPlan::new(&layout, &surveyed, &prepared, &bins)?;
    let packer = passes.pack(&pack_plan, context)?;
    passes.announce();
    let packed = compute::run(context.what, context.reporter, context.statement, |monitor| {
        let packed = packer.finish(&surveyed, bins, fraction, monitor)?;
        if !is_told {
            let (train, test) = packed.divide(&prepared.train, monitor)?;
            prepared.sample = RowSample::of(&train, Some(&test));
            (prepared.train, prepared.test) = (train, Some(test));
        }
        Ok::<_, Error>(packed)
    })?;
    let trained = packed.train.rows() as u64;
    prepared.sample = prepared.sample.map(|sample| sample.of_rows(trained));
    Ok(Some(PackedRows { prepared, packed }))
}

/// Rows between two reports.
const BLOCK: u64 = 4096;

/// Returns 53400 where the packed rows, and what is learned from them, do not fit into `assay.max_memory`.
fn check_room(asked: &Asked<'_>, prepared: &Prepared, (rows, all): (usize, u64), statement: &Foreground) -> Result<()> {
    let train = &prepared.train;
    let shape = Shape {
        rows,
        ..train.shape(settings::threads())
    };
    let bytes = rows.saturating_mul(shape.features + size_of::<f32>());
    let needed = bytes.saturating_add(asked.learner.packed_memory(&shape));
    let needed = needed.saturating_add(statement.held());
    check_memory(needed, all, all as f64, settings::max_memory())
}
