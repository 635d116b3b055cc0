//! Rows in: one read-only query, planned and run as the caller (privileges, row-level security and search_path hold), streamed row by
//! row out of the executor. Parallel plans are allowed; nothing is collected in between.

use std::ffi::{CStr, CString};

use pgrx::{PgList, PgMemoryContexts, is_a, pg_guard, pg_sys};

use super::attempt::attempt;
use super::codes;
use super::encoding;
use super::error::{Error, INVALID_PARAMETER, NOT_A_QUERY, Result};
use super::memory;
use super::query_text::{Shape, shape};
use super::read_only::ReadOnly;
use super::reads::Reads;
use super::types::{self, Reader, Value};
use algo::state::State;

/// A column of a query's result.
#[derive(Debug, Clone)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// The type's name, for messages.
    pub type_name: String,
    /// The type.
    pub type_oid: pg_sys::Oid,
    /// How its values are read, or `None` when assay cannot read the type.
    pub reader: Option<Reader>,
}

/// A query that is planned and checked, ready to run once.
pub struct Query {
    /// Where its plan is; it goes with this value.
    _memory: PgMemoryContexts,
    text: CString,
    statement: String,
    row_security: bool,
    plan: *mut pg_sys::PlannedStmt,
    columns: Vec<OutputColumn>,
}

/// One row of the running query. Its values live until the next row.
pub struct Row<'a> {
    values: &'a [pg_sys::Datum],
    nulls: &'a [bool],
    columns: &'a [OutputColumn],
}

impl Row<'_> {
    /// Bytes that reading the value of a column takes because it is stored compressed or elsewhere; 0 for others.
    #[inline]
    pub fn unpacked_size(&self, column: usize) -> usize {
        match self.columns[column].reader {
            // SAFETY: the datum is not null, and of a type whose values are varlenas.
            Some(Reader::Text | Reader::Padded | Reader::Float4Array | Reader::Float8Array) if !self.nulls[column] => unsafe {
                types::unpacked_size(self.values[column])
            },
            _ => 0,
        }
    }

    /// The value of a column. Columns of a type that assay cannot read give a missing value.
    #[inline]
    pub fn value(&self, column: usize) -> Value<'_> {
        match &self.columns[column].reader {
            // SAFETY: the datum is not null and comes from a slot whose descriptor gave the reader its type.
            Some(reader) if !self.nulls[column] => unsafe { reader.read(self.values[column]) },
            _ => Value::Missing,
        }
    }
}

impl Row<'_> {
    /// The number of a column whose reader reads numbers; `None` for NULL and for other columns.
    #[inline(always)]
    pub fn number(&self, column: usize) -> Option<f64> {
        match self.columns[column].reader {
            Some(reader) if !self.nulls[column] => {
                if reader.is_plain_number() {
                    return Some(reader.number(self.values[column]));
                }
                match self.value(column) {
                    Value::Number(number) => Some(number),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl Row<'_> {
    /// The numbers of neighbouring columns of double precision, from `first` on; NULL, NaN and infinities become NaN. Those that are there
    /// and not finite are counted, each column by itself. No branch depends on the values.
    #[inline(always)]
    pub fn floats(&self, first: usize, out: &mut [f64], non_finite: &mut [u64]) {
        let data = self.values[first..].iter().zip(&self.nulls[first..]);
        for ((out, count), (&datum, &is_null)) in out.iter_mut().zip(non_finite).zip(data) {
            let number = Reader::Float8.number(datum);
            let finite = number.is_finite();
            *out = if finite & !is_null { number } else { f64::NAN };
            *count += u64::from(!finite & !is_null);
        }
    }

    /// The datums of all columns, and which are NULL.
    pub(super) fn datums(&self) -> (&[pg_sys::Datum], &[bool]) {
        (self.values, self.nulls)
    }

    /// The type of a column.
    pub(super) fn type_of(&self, column: usize) -> pg_sys::Oid {
        self.columns[column].type_oid
    }

    /// A state; `None` for NULL, and for a column of another type than `assay.state`.
    pub fn state(&self, column: usize) -> Result<Option<State>> {
        if self.nulls[column] || !types::is_state(self.columns[column].type_oid) {
            return Ok(None);
        }
        // SAFETY: the datum is not null and of that type.
        unsafe { super::state::read(self.values[column]).map(Some) }
    }
}

/// Errs with 22023 unless `text` is one expression of SQL by itself, so that it can stand in parentheses within a query.
pub fn require_expression(text: &str) -> Result<()> {
    // Without parentheses, for else it might close them; and within them, for else it might be more than a condition.
    require_expression_in(text, text)?;
    require_expression_in(text, &format!("(\n{text}\n)"))
}

/// The same for the text as it is `written` behind SELECT.
fn require_expression_in(text: &str, written: &str) -> Result<()> {
    let wrong = |problem: &str| {
        Error::new(INVALID_PARAMETER, format!("a condition is {problem}"))
            .detail(format!("It is: {text}"))
            .hint("Write it as after WHERE, without that word.")
    };
    let invalid = || wrong("not one expression");
    let statement = encoding::encode_c(&format!("SELECT {written}"))?;
    // SAFETY: as in Query::plan; the fields that are read are lists and pointers of the node that the tag says.
    let single = attempt(|| unsafe {
        let parsed = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
            statement.as_ptr(),
            pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
        ));
        Ok(match parsed.get_ptr(0) {
            Some(raw) if parsed.len() == 1 && is_a((*raw).stmt, pg_sys::NodeTag::T_SelectStmt) => {
                let select = &*(*raw).stmt.cast::<pg_sys::SelectStmt>();
                let others = [
                    select.distinctClause,
                    select.fromClause,
                    select.groupClause,
                    select.windowClause,
                    select.sortClause,
                    select.lockingClause,
                    select.valuesLists,
                ];
                let clauses = [
                    select.whereClause,
                    select.havingClause,
                    select.limitCount,
                    select.limitOffset,
                ];
                let targets = PgList::<pg_sys::ResTarget>::from_pg(select.targetList);
                let named = targets.get_ptr(0).is_some_and(|target| !(*target).name.is_null());
                targets.len() == 1
                    && !named
                    && others.iter().all(|list| list.is_null())
                    && clauses.iter().all(|clause| clause.is_null())
                    && select.intoClause.is_null()
                    && select.withClause.is_null()
                    && select.larg.is_null()
            }
            _ => false,
        })
    })?;
    match single {
        Ok(true) => Ok(()),
        Ok(false) => Err(invalid()),
        Err(problem) => Err(wrong(&format!("not SQL: {problem}"))),
    }
}

fn not_a_query(problem: &str) -> Error {
    Error::new(NOT_A_QUERY, format!("the query argument is {problem}"))
        .hint("Give one SELECT, WITH, VALUES or TABLE statement that only reads, or the name of a table or view.")
}

/// A text that has been parsed, analysed and rewritten: one statement that only reads.
struct Analysed {
    /// Holds the tree.
    memory: PgMemoryContexts,
    text: CString,
    statement: String,
    query: *mut pg_sys::Query,
}

impl Analysed {
    fn new(text: &str) -> Result<Analysed> {
        let text = match shape(text) {
            Shape::Statement => text.to_string(),
            Shape::Relation => format!("TABLE {}", text.trim()),
            Shape::Neither => return Err(not_a_query("neither a query nor the name of a relation")),
        };
        let text = encoding::encode_c(&text)?;
        let mut memory = PgMemoryContexts::new("assay query");
        // SAFETY: `text` is a C string; each list is checked for its length and each node for its tag before it is read as that
        // node; all of them live in the query's memory, which goes with it. The context that was current is put back at the end; when
        // that is not reached, by the drop of the query's.
        unsafe {
            let mut before = memory.set_as_current();
            let parsed = PgList::<pg_sys::RawStmt>::from_pg(pg_sys::raw_parser(
                text.as_ptr(),
                pg_sys::RawParseMode::RAW_PARSE_DEFAULT,
            ));
            let raw = match parsed.len() {
                1 => parsed.get_ptr(0).ok_or_else(|| not_a_query("empty"))?,
                0 => return Err(not_a_query("empty")),
                _ => return Err(not_a_query("more than one statement")),
            };
            if !is_a((*raw).stmt, pg_sys::NodeTag::T_SelectStmt)
                || !(*(*raw).stmt.cast::<pg_sys::SelectStmt>()).intoClause.is_null()
            {
                return Err(not_a_query("not a query"));
            }
            let rewritten = PgList::<pg_sys::Query>::from_pg(pg_sys::pg_analyze_and_rewrite_fixedparams(
                raw,
                text.as_ptr(),
                std::ptr::null(),
                0,
                std::ptr::null_mut(),
            ));
            let query = match rewritten.len() {
                1 => rewritten.get_ptr(0).ok_or_else(|| not_a_query("empty"))?,
                _ => return Err(not_a_query("rewritten by a rule into several statements")),
            };
            if (*query).commandType != pg_sys::CmdType::CMD_SELECT
                || (*query).hasModifyingCTE
                || !(*query).rowMarks.is_null()
            {
                return Err(not_a_query("one that writes or locks rows"));
            }
            before.set_as_current();
            Ok(Analysed {
                memory,
                statement: part(&text, (*raw).stmt_location, (*raw).stmt_len),
                text,
                query,
            })
        }
    }
}

impl Query {
    /// Parses, checks and plans `text`. Errs with `ML008` unless it is one statement that only reads; PostgreSQL's own errors
    /// (syntax, unknown columns) pass through. Functions that run meanwhile cannot write.
    pub fn new(text: &str) -> Result<Query> {
        memory::prepare()?;
        let _read_only = ReadOnly::enter();
        codes::kept(|| Query::plan(text))
    }

    /// What a query reads, without planning it. Returns errors as [`Query::new`] does.
    pub fn reads(text: &str) -> Result<Reads> {
        let _read_only = ReadOnly::enter();
        codes::kept(|| {
            let analysed = Analysed::new(text)?;
            // SAFETY: the tree is as analysis and rewriting gave it.
            Ok(unsafe { Reads::of(analysed.query) })
        })
    }

    fn plan(text: &str) -> Result<Query> {
        let Analysed {
            mut memory,
            text,
            statement,
            query,
        } = Analysed::new(text)?;
        // SAFETY: the tree is as analysis and rewriting gave it; the plan lives beside it. The context that was current is put back as there.
        unsafe {
            let mut before = memory.set_as_current();
            // The planner changes the tree.
            let row_security = (*query).hasRowSecurity;
            let plan = pg_sys::pg_plan_query(
                query,
                text.as_ptr(),
                pg_sys::CURSOR_OPT_PARALLEL_OK as i32,
                std::ptr::null_mut(),
            );
            let columns = output_columns((*plan).planTree);
            before.set_as_current();
            Ok(Query {
                _memory: memory,
                text,
                statement,
                row_security,
                plan,
                columns,
            })
        }
    }

    /// The same, its expressions interpreted: PostgreSQL's compiler takes seconds for thousands of them, in which nothing can be cancelled.
    pub fn interpreted(self) -> Query {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { (*self.plan).jitFlags = pg_sys::PGJIT_NONE as i32 };
        self
    }

    /// The statement itself, without what may follow it: fit to stand in parentheses, on lines of its own.
    pub fn statement(&self) -> &str {
        &self.statement
    }

    /// The columns of its result.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }

    /// Whether policies of row-level security choose which rows it sees.
    pub fn has_row_security(&self) -> bool {
        self.row_security
    }

    /// How many rows the planner expects.
    pub fn expected_rows(&self) -> f64 {
        // SAFETY: the plan was made in `new` and lives as long as this value.
        unsafe { (*(*self.plan).planTree).plan_rows }
    }

    /// Returns an error where the current role lacks a right that running it takes: on a relation, or on a function. Nothing is read.
    pub fn require_rights(&self) -> Result<()> {
        let _read_only = ReadOnly::enter();
        // SAFETY: plan and text outlive the call. What is started so is never run; starting it looks at rights.
        codes::kept(|| unsafe {
            let description = self.description(pg_sys::CreateDestReceiver(pg_sys::CommandDest::DestNone));
            pg_sys::ExecutorStart(description, pg_sys::EXEC_FLAG_EXPLAIN_ONLY as i32);
            pg_sys::ExecutorEnd(description);
            pg_sys::FreeQueryDesc(description);
        });
        Ok(())
    }

    /// What the executor needs to run it.
    ///
    /// # Safety
    /// The receiver is valid, and outlives the run as this value does.
    unsafe fn description(&self, receiver: *mut pg_sys::DestReceiver) -> *mut pg_sys::QueryDesc {
        // SAFETY: as the caller promises.
        unsafe {
            pg_sys::CreateQueryDesc(
                self.plan,
                self.text.as_ptr(),
                pg_sys::GetActiveSnapshot(),
                std::ptr::null_mut(),
                receiver,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
                0,
            )
        }
    }

    /// Runs the query and hands each row to `receive`, until the first error. Nothing it runs may write.
    pub fn run(&self, receive: &mut dyn FnMut(&Row<'_>) -> Result<()>) -> Result<()> {
        let mut receiver = Receiver {
            base: pg_sys::DestReceiver {
                receiveSlot: Some(receive_slot),
                rStartup: Some(startup),
                rShutdown: Some(shutdown),
                rDestroy: Some(shutdown),
                mydest: pg_sys::CommandDest::DestNone,
            },
            receive,
            columns: &self.columns,
            scratch: PgMemoryContexts::new("assay rows"),
            rows: 0,
            error: None,
        };
        let _read_only = ReadOnly::enter();
        codes::kept(|| receiver.run(self));
        receiver.error.take().map_or(Ok(()), Err)
    }
}

impl Receiver<'_> {
    /// Runs `query` with this as its destination.
    fn run(&mut self, query: &Query) {
        // A PostgreSQL error unwinds through here; the executor's state is then cleaned up by the transaction's abort, as after any failed
        // query.
        // SAFETY: plan, text and receiver outlive the run; `base` is the receiver's first field (repr(C)), so that PostgreSQL hands it back.
        unsafe {
            let description = query.description((&raw mut *self).cast());
            pg_sys::ExecutorStart(description, 0);
            execute(description);
            pg_sys::ExecutorFinish(description);
            pg_sys::ExecutorEnd(description);
            pg_sys::FreeQueryDesc(description);
        }
    }
}

/// Runs a started query to its end. With `execute_once` the plan may be parallel; from PostgreSQL 18 on that is implied.
///
/// # Safety
/// `description` has been started.
unsafe fn execute(description: *mut pg_sys::QueryDesc) {
    // SAFETY: as the caller promises.
    unsafe {
        #[cfg(not(feature = "pg18"))]
        pg_sys::ExecutorRun(description, pg_sys::ScanDirection::ForwardScanDirection, 0, true);
        #[cfg(feature = "pg18")]
        pg_sys::ExecutorRun(description, pg_sys::ScanDirection::ForwardScanDirection, 0);
    }
}

/// The part of a text that a statement takes: `length` bytes from `start`, or with 0 all that follows.
fn part(text: &CStr, start: i32, length: i32) -> String {
    let bytes = text.to_bytes();
    let start = usize::try_from(start).unwrap_or(0).min(bytes.len());
    let end = match usize::try_from(length) {
        Ok(length) if length > 0 => (start + length).min(bytes.len()),
        _ => bytes.len(),
    };
    encoding::decode(&bytes[start..end]).into_owned()
}

/// Reads the visible columns off a plan's target list.
///
/// # Safety
/// `plan` is a valid plan node.
unsafe fn output_columns(plan: *mut pg_sys::Plan) -> Vec<OutputColumn> {
    // SAFETY: a plan's targetlist is a list of TargetEntry, each with an expression; names are C strings or null.
    unsafe {
        PgList::<pg_sys::TargetEntry>::from_pg((*plan).targetlist)
            .iter_ptr()
            .filter(|&entry| !(*entry).resjunk)
            .map(|entry| {
                let name = match (*entry).resname {
                    name if name.is_null() => String::from("?column?"),
                    name => encoding::decode_c(name),
                };
                let type_oid = pg_sys::exprType((*entry).expr.cast());
                OutputColumn {
                    name,
                    type_name: types::name_of(type_oid),
                    type_oid,
                    reader: Reader::of(type_oid),
                }
            })
            .collect()
    }
}

#[repr(C)]
struct Receiver<'a> {
    base: pg_sys::DestReceiver,
    receive: &'a mut dyn FnMut(&Row<'_>) -> Result<()>,
    columns: &'a [OutputColumn],
    scratch: PgMemoryContexts,
    rows: u64,
    error: Option<Error>,
}

/// After this many rows the memory their values were unpacked into is freed, and interrupts are served.
const BLOCK: u64 = 256;

#[pg_guard]
unsafe extern "C-unwind" fn startup(_this: *mut pg_sys::DestReceiver, _operation: i32, _type: pg_sys::TupleDesc) {}

#[pg_guard]
unsafe extern "C-unwind" fn shutdown(_this: *mut pg_sys::DestReceiver) {}

#[pg_guard]
unsafe extern "C-unwind" fn receive_slot(slot: *mut pg_sys::TupleTableSlot, this: *mut pg_sys::DestReceiver) -> bool {
    // SAFETY: PostgreSQL hands back the pointer given to CreateQueryDesc, a Receiver that lives until the run ends and that nothing
    // else touches meanwhile. After slot_getsomeattrs the slot's arrays hold one entry a column of its descriptor.
    unsafe {
        let this = &mut *this.cast::<Receiver<'_>>();
        let width = this.columns.len();
        if i32::from((*slot).tts_nvalid) < width as i32 {
            pg_sys::slot_getsomeattrs_int(slot, width as i32);
        }
        if this.rows.is_multiple_of(BLOCK) {
            pgrx::check_for_interrupts!();
            this.scratch.reset();
        }
        this.rows += 1;
        let row = Row {
            values: std::slice::from_raw_parts((*slot).tts_values, width),
            nulls: std::slice::from_raw_parts((*slot).tts_isnull, width),
            columns: this.columns,
        };
        let previous = this.scratch.set_as_current();
        let result = (this.receive)(&row);
        {
            let mut previous = previous;
            previous.set_as_current();
        }
        match result {
            Ok(()) => true,
            Err(error) => {
                this.error = Some(error);
                false
            }
        }
    }
}
