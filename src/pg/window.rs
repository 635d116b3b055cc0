//! Window functions: the rows of a partition and of a frame, and what a function keeps for a partition.
//!
//! PostgreSQL's interface for them gives a row's arguments by its place, but not where the frame begins and ends. That stands in the state of the
//! executor's node, which is public; the window object, which is not, begins with its tag and a pointer to that state, as in every version
//! of PostgreSQL since 8.4. Both tags are looked at before anything else is.

use std::any::TypeId;
use std::borrow::Cow;
use std::ffi::c_void;
use std::ops::Range;
use std::ptr::null_mut;

use pgrx::pg_sys::{self, NullableDatum};
use pgrx::{PgMemoryContexts, pg_guard};

use super::arguments;
use super::error::{Error, INTERNAL, LIMIT_EXCEEDED, Result, WRONG_CALL};
use super::foreground::Foreground;
use super::reader::{Reader, Value};
use super::types::name_of;
use algo::monitor::Monitor;

unsafe extern "C-unwind" {
    fn WinGetPartitionLocalMemory(object: *mut Object, size: usize) -> *mut c_void;
    fn WinGetPartitionRowCount(object: *mut Object) -> i64;
    fn WinSetMarkPosition(object: *mut Object, position: i64);
    fn WinGetFuncArgInPartition(
        object: *mut Object,
        argument: i32,
        position: i32,
        seek: i32,
        set_mark: bool,
        is_null: *mut bool,
        is_out: *mut bool,
    ) -> pg_sys::Datum;
    fn WinGetFuncArgInFrame(
        object: *mut Object,
        argument: i32,
        position: i32,
        seek: i32,
        set_mark: bool,
        is_null: *mut bool,
        is_out: *mut bool,
    ) -> pg_sys::Datum;
    fn WinGetFuncArgCurrent(object: *mut Object, argument: i32, is_null: *mut bool) -> pg_sys::Datum;
}

// From where a position counts.
const SEEK_CURRENT: i32 = 0;
const SEEK_HEAD: i32 = 1;
const SEEK_TAIL: i32 = 2;

/// The beginning of PostgreSQL's `WindowObjectData`.
#[repr(C)]
struct Object {
    tag: pg_sys::NodeTag,
    state: *mut pg_sys::WindowAggState,
}

/// Rows read at once, where their values stand in the datum.
const CHUNK: usize = 256;

/// The argument that windows are over.
const VALUE: i32 = 0;

/// A call of a window function for one row.
pub struct Window {
    call: pg_sys::FunctionCallInfo,
    object: *mut Object,
}

/// Which rows are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Span {
    /// These places in the partition.
    Rows(Range<i64>),
    /// The current frame, without what EXCLUDE takes out of it.
    Frame,
}

/// The rows of a frame, by their places in the partition, from 0; the tail is outside. A frame without rows may end before it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    pub head: i64,
    pub tail: i64,
}

/// How a window's frames move from row to row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Motion {
    /// They all begin with the partition: rows only come.
    Grows,
    /// Rows come behind and leave in front.
    Slides,
    /// EXCLUDE takes rows out of their middle: each frame is another.
    Jumps,
}

impl Window {
    /// The window of a call. Returns an error with ML013 for a function that is not called as a window function.
    pub fn of(fcinfo: pg_sys::FunctionCallInfo) -> Result<Window> {
        // SAFETY: PostgreSQL hands a valid call, whose context is null or a node; a window object's first field behind the tag is the node's
        // state, which is looked at only then.
        unsafe {
            let context = (*fcinfo).context;
            if !context.is_null() && (*context).type_ == pg_sys::NodeTag::T_WindowObjectData {
                let object = context.cast::<Object>();
                let state = (*object).state;
                if !state.is_null() && (*state).ss.ps.type_ == pg_sys::NodeTag::T_WindowAggState {
                    return Ok(Window { call: fcinfo, object });
                }
            }
        }
        Err(
            Error::new(WRONG_CALL, "this function is to be called as a window function only")
                .hint("Call it with an OVER clause, by the declaration that CREATE EXTENSION gives it."),
        )
    }

    fn state(&self) -> &pg_sys::WindowAggState {
        // SAFETY: its tag was looked at, and it lives as long as the statement.
        unsafe { &*(*self.object).state }
    }

    fn has(&self, option: u32) -> bool {
        self.state().frameOptions as u32 & option != 0
    }

    /// How frames move.
    pub fn motion(&self) -> Motion {
        if self.has(pg_sys::FRAMEOPTION_EXCLUSION) {
            Motion::Jumps
        } else if self.has(pg_sys::FRAMEOPTION_START_UNBOUNDED_PRECEDING) {
            Motion::Grows
        } else {
            Motion::Slides
        }
    }

    /// Runs `work` with what the function keeps for the partition, which `make` makes at its first row, and which is dropped behind its last.
    pub fn with<T: 'static, R>(
        &self,
        make: impl FnOnce(&Window) -> Result<T>,
        work: impl FnOnce(&Window, &mut T) -> Result<R>,
    ) -> Result<R> {
        // SAFETY: the memory is zeroed when it is new, and then has no value; a slot is filled once, and lives as long as the partition; the
        // callback drops its value before the memory goes. While `work` runs, nobody else is given the value.
        unsafe {
            let allocate = || WinGetPartitionLocalMemory(self.object, size_of::<Slot>());
            let slot = pg_sys::ffi::pg_guard_ffi_boundary(allocate).cast::<Slot>();
            if (*slot).value.is_null() {
                let value = Box::new(Kept {
                    type_id: TypeId::of::<T>(),
                    value: make(self)?,
                });
                slot.write(Slot {
                    value: Box::into_raw(value).cast(),
                    is_lent: false,
                    release: release::<T>,
                    on_reset: pg_sys::MemoryContextCallback {
                        func: Some(drop_value),
                        arg: slot.cast(),
                        next: null_mut(),
                    },
                });
                pg_sys::MemoryContextRegisterResetCallback(self.state().partcontext, &raw mut (*slot).on_reset);
            }
            let kept = (*slot).value.cast::<Kept<T>>();
            if (*kept).type_id != TypeId::of::<T>() || (*slot).is_lent {
                return Err(Error::new(INTERNAL, "what a window function keeps is in use"));
            }
            (*slot).is_lent = true;
            let _back = Lent(&raw mut (*slot).is_lent);
            work(self, &mut (*kept).value)
        }
    }

    /// The reader of an argument's type. Returns an error with ML013 for one that assay cannot read.
    fn reader(&self, argument: usize) -> Result<Reader> {
        let type_oid = arguments::argument_type(self.call, argument);
        type_oid.and_then(Reader::of).ok_or_else(|| self.unreadable(argument))
    }

    /// The error of an argument that is not of a type as declared.
    #[cold]
    fn unreadable(&self, argument: usize) -> Error {
        let found = arguments::argument_type(self.call, argument);
        let found = found.map_or_else(|| "not known to PostgreSQL".into(), name_of);
        Error::new(
            WRONG_CALL,
            format!("argument {} is of no type that the function takes", argument + 1),
        )
        .detail(format!("Its type is {found}."))
        .hint("Call the function in SQL, by the declaration that CREATE EXTENSION gives it.")
    }

    /// An argument of the current row.
    pub fn value(&self, argument: usize) -> Result<Value<'_>> {
        let reader = self.reader(argument)?;
        let mut is_null = false;
        // SAFETY: the object is that of a call under way, which has the argument; the guard lets an error pass Rust frames as a panic. What
        // the datum points to lives as long as the row.
        unsafe {
            let datum =
                pg_sys::ffi::pg_guard_ffi_boundary(|| WinGetFuncArgCurrent(self.object, argument as i32, &mut is_null));
            Ok(if is_null { Value::Missing } else { reader.read(datum) })
        }
    }

    /// An argument of the current row that is a number or a boolean; `None` for NULL. Returns an error with ML013 for one of another type.
    pub fn number(&self, argument: usize) -> Result<Option<f64>> {
        match self.value(argument)? {
            Value::Missing => Ok(None),
            Value::Number(number) => Ok(Some(number)),
            Value::Text(_) | Value::Enum(_) | Value::Vector(_) => Err(self.unreadable(argument)),
        }
    }

    /// An argument of the current row that is a text; `None` for NULL. Returns an error with ML013 for one of another type.
    pub fn text(&self, argument: usize) -> Result<Option<Cow<'_, str>>> {
        match self.value(argument)? {
            Value::Missing => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            Value::Number(_) | Value::Enum(_) | Value::Vector(_) => Err(self.unreadable(argument)),
        }
    }

    /// An argument of the current row that is an array of numbers; `None` for NULL. Returns an error with ML013 for one of another type.
    pub fn vector(&self, argument: usize) -> Result<Option<Vec<f64>>> {
        match self.value(argument)? {
            Value::Missing => Ok(None),
            Value::Vector(vector) => Ok(Some(vector)),
            Value::Number(_) | Value::Text(_) | Value::Enum(_) => Err(self.unreadable(argument)),
        }
    }

    /// Has the executor find the end of the frame that `seek` names.
    fn find(&self, seek: i32) {
        let (mut is_null, mut is_out) = (false, false);
        // SAFETY: as above.
        unsafe {
            pg_sys::ffi::pg_guard_ffi_boundary(|| {
                WinGetFuncArgInFrame(self.object, VALUE, 0, seek, false, &mut is_null, &mut is_out)
            });
        }
    }

    /// The current row's frame, without what EXCLUDE takes out of it.
    pub fn frame(&self) -> Frame {
        let in_rows = self.has(pg_sys::FRAMEOPTION_ROWS);
        let current = self.state().currentpos;
        let head = if self.has(pg_sys::FRAMEOPTION_START_UNBOUNDED_PRECEDING) {
            0
        } else if in_rows && self.has(pg_sys::FRAMEOPTION_START_CURRENT_ROW) {
            current
        } else {
            self.find(SEEK_HEAD);
            self.state().frameheadpos
        };
        let tail = if self.has(pg_sys::FRAMEOPTION_END_UNBOUNDED_FOLLOWING) || self.all_are_peers() {
            // SAFETY: as above.
            unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| WinGetPartitionRowCount(self.object)) }
        } else if in_rows && self.has(pg_sys::FRAMEOPTION_END_CURRENT_ROW) {
            current + 1
        } else {
            self.find(SEEK_TAIL);
            self.state().frametailpos
        };
        Frame { head, tail }
    }

    /// Whether the frame ends with the current row's peers, and all rows are peers, because there is no order.
    fn all_are_peers(&self) -> bool {
        // SAFETY: the plan of the executor's node of this kind.
        let plan = unsafe { &*self.state().ss.ps.plan.cast::<pg_sys::WindowAgg>() };
        plan.ordNumCols == 0 && !self.has(pg_sys::FRAMEOPTION_ROWS) && self.has(pg_sys::FRAMEOPTION_END_CURRENT_ROW)
    }

    /// No row before this one will be asked for again.
    pub fn forget_before(&self, row: i64) {
        // SAFETY: as above; the executor takes no mark back.
        unsafe { pg_sys::ffi::pg_guard_ffi_boundary(|| WinSetMarkPosition(self.object, row)) }
    }

    /// Calls `each` with the first argument of rows, in order, some at a time; NULL, NaN and infinities are NaN. Returns an error when stopped,
    /// and with ML013 unless it is a number.
    pub fn numbers(&self, span: Span, monitor: &Foreground, mut each: impl FnMut(&[f64]) -> Result<()>) -> Result<()> {
        let reader = self.reader(VALUE as usize)?;
        if !reader.is_plain_number() {
            return Err(self.unreadable(VALUE as usize));
        }
        let mut numbers = [f64::NAN; CHUNK];
        self.rows(span, CHUNK, monitor, |cells| {
            let numbers = &mut numbers[..cells.len()];
            reader.numbers(cells.iter().map(|cell| (cell.value, cell.isnull)), numbers);
            each(numbers)
        })
    }

    /// Calls `each` with the first argument of each row, in order. Returns an error when stopped, and with ML013 unless it is a text.
    pub fn texts(
        &self,
        span: Span,
        monitor: &Foreground,
        mut each: impl FnMut(Option<&str>) -> Result<()>,
    ) -> Result<()> {
        let reader = self.reader(VALUE as usize)?;
        // One at a time: the next row takes the place of what the datum points to.
        self.rows(span, 1, monitor, |cells| {
            let [NullableDatum { value, isnull: false }] = cells else {
                return each(None);
            };
            // SAFETY: the datum is not NULL, of the reader's type, and valid until the next row is fetched.
            match unsafe { reader.read(*value) } {
                Value::Text(text) => each(Some(&text)),
                Value::Missing | Value::Number(_) | Value::Enum(_) | Value::Vector(_) => {
                    Err(self.unreadable(VALUE as usize))
                }
            }
        })
    }

    /// Calls `each` with the first argument of rows, in order, so many at a time.
    fn rows(
        &self,
        span: Span,
        most: usize,
        monitor: &Foreground,
        each: impl FnMut(&[NullableDatum]) -> Result<()>,
    ) -> Result<()> {
        let current = self.state().currentpos;
        let far = |row: i64| i32::try_from(row - current).map_err(|_| too_far());
        let (mut next, end) = match &span {
            Span::Rows(rows) => (far(rows.start)?, far(rows.end)?),
            Span::Frame => (0, i32::MAX),
        };
        self.chunks(most, monitor, each, |cell| {
            if next >= end {
                return false;
            }
            let (object, is_null) = (self.object, &raw mut cell.isnull);
            let mut is_out = false;
            // SAFETY: the object is that of a call under way, whose first argument is evaluated for a row, within the caller's guard.
            cell.value = unsafe {
                match span {
                    Span::Rows(_) => {
                        WinGetFuncArgInPartition(object, VALUE, next, SEEK_CURRENT, false, is_null, &mut is_out)
                    }
                    Span::Frame => WinGetFuncArgInFrame(object, VALUE, next, SEEK_HEAD, false, is_null, &mut is_out),
                }
            };
            next += 1;
            !is_out
        })
    }

    /// Fills cells by `fetch`, until it says that there is no more, and hands them on. What evaluating them leaves behind goes with each chunk.
    fn chunks(
        &self,
        most: usize,
        monitor: &Foreground,
        mut each: impl FnMut(&[NullableDatum]) -> Result<()>,
        mut fetch: impl FnMut(&mut NullableDatum) -> bool,
    ) -> Result<()> {
        const EMPTY: NullableDatum = NullableDatum {
            value: pg_sys::Datum::null(),
            isnull: true,
        };
        let mut cells = [EMPTY; CHUNK];
        // SAFETY: the node's context for what one row leaves behind, which the executor resets whenever it wants, and so may we between rows.
        let memory = unsafe { (*self.state().tmpcontext).ecxt_per_tuple_memory };
        let mut work = || -> Result<()> {
            loop {
                monitor.check()?;
                let mut count = 0;
                let mut more = true;
                // SAFETY: `fetch` calls PostgreSQL; an error passes its frames, which have nothing to drop, and becomes a panic here.
                unsafe {
                    pg_sys::ffi::pg_guard_ffi_boundary(|| {
                        while count < most {
                            more = fetch(&mut cells[count]);
                            if !more {
                                break;
                            }
                            count += 1;
                        }
                    });
                }
                if count > 0 {
                    each(&cells[..count])?;
                }
                // SAFETY: nothing that was evaluated is looked at any more.
                unsafe { pg_sys::MemoryContextReset(memory) };
                if !more {
                    return Ok(());
                }
            }
        };
        // SAFETY: the context lives as long as the statement.
        unsafe { PgMemoryContexts::For(memory).switch_to(|_| work()) }
    }
}

fn too_far() -> Error {
    Error::new(LIMIT_EXCEEDED, "the window is too large")
        .detail(format!("A frame reaches at most {} rows from its row.", i32::MAX))
        .hint("Divide the rows with PARTITION BY.")
}

/// What lies in the partition's memory.
#[repr(C)]
struct Slot {
    value: *mut c_void,
    is_lent: bool,
    release: unsafe fn(*mut c_void),
    on_reset: pg_sys::MemoryContextCallback,
}

/// A value, behind what tells its type.
#[repr(C)]
struct Kept<T> {
    type_id: TypeId,
    value: T,
}

/// A value that is lent, until this is dropped.
struct Lent(*mut bool);

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: the slot lives as long as the partition, which outlives the call.
        unsafe { *self.0 = false }
    }
}

/// # Safety
/// `value` is a boxed `Kept<T>` that nobody uses any more.
unsafe fn release<T>(value: *mut c_void) {
    // SAFETY: as the caller promises.
    unsafe { drop(Box::from_raw(value.cast::<Kept<T>>())) }
}

/// Drops the value when the partition ends.
#[pg_guard]
unsafe extern "C-unwind" fn drop_value(slot: *mut c_void) {
    // SAFETY: registered once for a slot with a value, which its own function releases; the slot's memory goes only after this call.
    unsafe {
        let slot = slot.cast::<Slot>();
        ((*slot).release)((*slot).value);
    }
}
