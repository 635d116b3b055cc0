//! The SQL type `assay.state`: flat, versioned bytes outside; in memory an expanded object (as PostgreSQL's arrays have), so that an aggregate
//! changes it in place and only a hand-over flattens it.

use std::alloc::Layout;
use std::ffi::c_void;
use std::rc::Rc;

use pgrx::callconv::{BoxRet, FcInfo};
use pgrx::datum::Datum as PgrxDatum;
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::{pg_guard, pg_sys};

use super::arguments;
use super::entry::Raw;
use super::error::{DAMAGED_STATE, Error, LIMIT_EXCEEDED, Result, WRONG_CALL, or_raise};
use super::foreground::Foreground;
use super::memo::Memo;
use super::{sweep, types};
use algo::scan::Scan;
use algo::state::State;

/// A non-null value of `assay.state` on its way to PostgreSQL.
pub struct StateDatum(pg_sys::Datum);

impl From<StateDatum> for Raw {
    fn from(state: StateDatum) -> Raw {
        Raw(state.0)
    }
}

// SAFETY: the datum is a valid `assay.state`, the type that every function returning it declares.
unsafe impl BoxRet for StateDatum {
    unsafe fn box_into<'fcx>(self, fcinfo: &mut FcInfo<'fcx>) -> PgrxDatum<'fcx> {
        // SAFETY: as above.
        unsafe { fcinfo.return_raw_datum(self.0) }
    }
}

// SAFETY: names the SQL type whose datums the value holds.
unsafe impl SqlTranslatable for StateDatum {
    const TYPE_IDENT: &'static str = "assay.state";
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: std::result::Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::literal("assay.state"));
    const RETURN_SQL: std::result::Result<ReturnsRef, ReturnsError> =
        Ok(ReturnsRef::One(SqlMappingRef::literal("assay.state")));
}

/// The expanded object. Its first field is PostgreSQL's header, as the layout demands.
#[repr(C)]
struct Expanded {
    header: pg_sys::ExpandedObjectHeader,
    state: State,
    /// The flat form, between the question for its size and the copying.
    flat: Vec<u8>,
    /// What the step remembers.
    memo: Memo,
    on_reset: pg_sys::MemoryContextCallback,
}

static METHODS: pg_sys::ExpandedObjectMethods = pg_sys::ExpandedObjectMethods {
    get_flat_size: Some(get_flat_size),
    flatten_into: Some(flatten_into),
};

/// A varlena's header.
const HEADER: usize = size_of::<u32>();
/// The most that a varlena can hold.
const MOST_BYTES: usize = (1 << 30) - 1 - HEADER;

#[pg_guard]
unsafe extern "C-unwind" fn get_flat_size(object: *mut pg_sys::ExpandedObjectHeader) -> usize {
    // SAFETY: PostgreSQL calls this with a header that `expand` made, the first field of an Expanded.
    let object = unsafe { &mut *object.cast::<Expanded>() };
    object.flat = or_raise((|| {
        object.state.settle(&Foreground::new()?)?;
        flat(&object.state)
    })());
    HEADER + object.flat.len()
}

#[pg_guard]
unsafe extern "C-unwind" fn flatten_into(
    object: *mut pg_sys::ExpandedObjectHeader,
    result: *mut c_void,
    allocated: usize,
) {
    // SAFETY: as above; `result` has room for `allocated` bytes, which is what get_flat_size has just answered.
    unsafe {
        let bytes = std::mem::take(&mut (*object.cast::<Expanded>()).flat);
        debug_assert_eq!(allocated, HEADER + bytes.len());
        write_varlena(result.cast(), &bytes);
    }
}

/// # Safety
/// `target` has room for a varlena header and `bytes`.
unsafe fn write_varlena(target: *mut pg_sys::varlena, bytes: &[u8]) {
    // SAFETY: as the caller promises; the length was checked against the most a varlena can hold.
    unsafe {
        pgrx::varlena::set_varsize_4b(target, (HEADER + bytes.len()) as i32);
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), target.cast::<u8>().add(HEADER), bytes.len());
    }
}

fn flat(state: &State) -> Result<Vec<u8>> {
    let bytes = state.to_bytes()?;
    require_fits(&bytes)?;
    Ok(bytes)
}

/// Returns an error where bytes are more than a value can hold.
fn require_fits(bytes: &[u8]) -> Result<()> {
    if bytes.len() > MOST_BYTES {
        return Err(Error::new(LIMIT_EXCEEDED, "the state is larger than a value can be")
            .detail(format!(
                "It has {} bytes, and at most {MOST_BYTES} are allowed.",
                bytes.len()
            ))
            .hint("Aggregate fewer rows at a time, or use a metric that does not keep each row."));
    }
    Ok(())
}

/// Frees a scan, unless it is shared.
pub fn free_scan(scan: Rc<Scan>) {
    if let Some(scan) = Rc::into_inner(scan) {
        sweep::free(scan);
    }
}

/// Drops the Rust value when its memory context goes.
#[pg_guard]
unsafe extern "C-unwind" fn drop_expanded(object: *mut c_void) {
    // SAFETY: registered once for an initialised Expanded, whose memory is freed only after this call and not looked at any more.
    let Expanded { state, .. } = unsafe { object.cast::<Expanded>().read() };
    match state {
        State::Scan(scan) => free_scan(scan),
        other => drop(other),
    }
}

/// Makes an expanded object under `parent`.
fn expand(state: State, parent: pg_sys::MemoryContext) -> *mut Expanded {
    // SAFETY: the object lives in a context of its own, which is also the owner that EOH_init_header wants; it is fully initialised
    // before anything else can see it, and the callback is registered after that.
    unsafe {
        let context = pg_sys::AllocSetContextCreateInternal(parent, c"assay state".as_ptr(), 0, 1024, 8192);
        let object: *mut Expanded = pg_sys::MemoryContextAlloc(context, Layout::new::<Expanded>().size()).cast();
        object.write(Expanded {
            header: pg_sys::ExpandedObjectHeader::default(),
            state,
            flat: Vec::new(),
            memo: Memo::default(),
            on_reset: pg_sys::MemoryContextCallback {
                func: Some(drop_expanded),
                arg: object.cast(),
                next: std::ptr::null_mut(),
            },
        });
        pg_sys::EOH_init_header(&raw mut (*object).header, &METHODS, context);
        pg_sys::MemoryContextRegisterResetCallback(context, &raw mut (*object).on_reset);
        object
    }
}

/// The expanded object behind a datum, if it is one.
///
/// # Safety
/// `datum` is a non-null `assay.state`.
unsafe fn expanded(datum: pg_sys::Datum, writable: bool) -> Option<*mut Expanded> {
    // SAFETY: any varlena can be asked for its kind; only `expand` makes expanded objects of this type.
    unsafe {
        let varlena = datum.cast_mut_ptr::<pg_sys::varlena>();
        if !pgrx::varlena::varatt_is_1b_e(varlena) {
            return None;
        }
        let tag = u32::from(pgrx::varlena::vartag_external(varlena));
        let read_write = tag == pg_sys::vartag_external::VARTAG_EXPANDED_RW;
        let read_only = tag == pg_sys::vartag_external::VARTAG_EXPANDED_RO;
        (read_write || (read_only && !writable)).then(|| pg_sys::DatumGetEOHP(datum).cast())
    }
}

/// Reads a flat state.
///
/// # Safety
/// `datum` is a non-null `assay.state`.
unsafe fn decode(datum: pg_sys::Datum) -> Result<State> {
    // SAFETY: as the caller promises; detoasting gives a plain varlena.
    let bytes = unsafe {
        let varlena = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        pgrx::varlena::varlena_to_byte_slice(varlena)
    };
    parse(bytes)
}

/// A state from its bytes, whoever wrote them: reading them may be cancelled, and returns an error with 53400 before it takes more than
/// assay.max_memory.
pub fn parse(bytes: &[u8]) -> Result<State> {
    Ok(State::from_bytes(bytes, &Foreground::new()?)?)
}

/// A copy of a state.
///
/// # Safety
/// `datum` is a non-null `assay.state`.
pub unsafe fn read(datum: pg_sys::Datum) -> Result<State> {
    // SAFETY: as the caller promises.
    unsafe {
        match expanded(datum, false) {
            Some(object) => {
                // What has come is worked off there, so that the copy can be shared.
                (*object).state.settle(&Foreground::new()?)?;
                Ok((*object).state.clone())
            }
            None => decode(datum),
        }
    }
}

/// Looks at argument `index`, which is declared `assay.state`; `None` when it is NULL. Returns an error with ML013 for one that is of another type
/// at this call site.
pub fn look<T>(
    fcinfo: pg_sys::FunctionCallInfo,
    index: usize,
    work: impl FnOnce(&State) -> Result<T>,
) -> Result<Option<T>> {
    let Some(datum) = arguments::datum(fcinfo, index) else {
        return Ok(None);
    };
    // PostgreSQL calls the functions of a type, such as its output, without an expression that has types.
    if arguments::argument_type(fcinfo, index).is_some_and(|type_oid| !types::is_state(type_oid)) {
        return Err(
            Error::new(WRONG_CALL, format!("argument {} is no assay.state", index + 1))
                .hint("Call the function by the declaration that CREATE EXTENSION gives it."),
        );
    }
    // SAFETY: the argument is of the type, or PostgreSQL itself calls a function of the type.
    unsafe {
        match expanded(datum, false) {
            Some(object) => work(&(*object).state).map(Some),
            None => work(&decode(datum)?).map(Some),
        }
    }
}

/// The memory context of the aggregate that calls; an error elsewhere.
fn aggregate_memory(fcinfo: pg_sys::FunctionCallInfo) -> Result<pg_sys::MemoryContext> {
    let mut context = std::ptr::null_mut();
    // SAFETY: writes the context when the function is called by an aggregate, and gives 0 else.
    if unsafe { pg_sys::AggCheckCallContext(fcinfo, &mut context) } == 0 {
        return Err(
            Error::new(WRONG_CALL, "this function is to be called by an aggregate only")
                .hint("Use the aggregate itself."),
        );
    }
    Ok(context)
}

/// A step of an aggregate whose state is argument 0: changes it in place. `make` gives the state of the first row; without it a NULL state
/// stays NULL.
pub fn step(
    fcinfo: pg_sys::FunctionCallInfo,
    make: Option<impl FnOnce() -> Result<State>>,
    change: impl FnOnce(&mut State) -> Result<()>,
) -> Result<Option<StateDatum>> {
    step_remembering(fcinfo, make, |state, _| change(state))
}

/// The same for a step that remembers something beside the state.
pub fn step_remembering(
    fcinfo: pg_sys::FunctionCallInfo,
    make: Option<impl FnOnce() -> Result<State>>,
    change: impl FnOnce(&mut State, &mut Memo) -> Result<()>,
) -> Result<Option<StateDatum>> {
    let memory = aggregate_memory(fcinfo)?;
    // SAFETY: PostgreSQL has checked argument 0 against the declaration; a read-write object belongs to this aggregate alone.
    unsafe {
        let object = match (arguments::datum(fcinfo, 0), make) {
            (Some(datum), _) => match expanded(datum, true) {
                Some(object) => object,
                None => match expanded(datum, false) {
                    Some(object) => expand((*object).state.clone(), memory),
                    None => expand(decode(datum)?, memory),
                },
            },
            (None, Some(make)) => expand(make()?, memory),
            (None, None) => return Ok(None),
        };
        change(&mut (*object).state, &mut (*object).memo)?;
        Ok(Some(StateDatum(pg_sys::Datum::from(
            (*object).header.eoh_rw_ptr.as_mut_ptr(),
        ))))
    }
}

/// An aggregate's state as it is, when a row changes nothing.
pub fn unchanged(fcinfo: pg_sys::FunctionCallInfo) -> Option<StateDatum> {
    arguments::datum(fcinfo, 0).map(StateDatum)
}

/// Combines the states of two workers: argument 1 into argument 0.
pub fn combine(fcinfo: pg_sys::FunctionCallInfo) -> Result<Option<StateDatum>> {
    if arguments::datum(fcinfo, 1).is_none() {
        return Ok(unchanged(fcinfo));
    }
    if arguments::datum(fcinfo, 0).is_none() {
        let other = look(fcinfo, 1, |state| Ok(state.clone()))?;
        return step(fcinfo, other.map(|state| || Ok(state)), |_| Ok(()));
    }
    let nothing: Option<fn() -> Result<State>> = None;
    look(fcinfo, 1, |other| {
        step(fcinfo, nothing, |state| Ok(state.merge(other, &Foreground::new()?)?))
    })
    .map(Option::flatten)
}

/// A state as a flat value in the current memory context.
pub fn flat_datum(state: &State) -> Result<StateDatum> {
    Ok(StateDatum(varlena(&flat(state)?)))
}

/// A state that comes in as bytes, as a flat value in the current memory context: the bytes stay as they are once they have been read.
pub fn taken_in(bytes: &[u8]) -> Result<StateDatum> {
    parse(bytes)?;
    require_fits(bytes)?;
    Ok(StateDatum(varlena(bytes)))
}

/// Bytes as a `bytea` in the current memory context. Returns an error where they are more than a value can hold.
#[inline]
pub fn binary(bytes: &[u8]) -> Result<Raw> {
    require_fits(bytes)?;
    Ok(Raw(varlena(bytes)))
}

/// A value of these bytes, which [fit](require_fits) into one, in the current memory context.
fn varlena(bytes: &[u8]) -> pg_sys::Datum {
    // SAFETY: the memory has room for the header and the bytes.
    unsafe {
        let target: *mut pg_sys::varlena = pg_sys::palloc(HEADER + bytes.len()).cast();
        write_varlena(target, bytes);
        pg_sys::Datum::from(target)
    }
}

/// The bytes of a message in PostgreSQL's binary protocol, for a receive function.
pub fn message_bytes<'a>(fcinfo: pg_sys::FunctionCallInfo) -> Result<&'a [u8]> {
    let missing = || Error::new(DAMAGED_STATE, "there is no message to read a state from");
    let datum = arguments::datum(fcinfo, 0).ok_or_else(missing)?;
    // SAFETY: a receive function's argument is a StringInfo; what is left of it is taken, and the cursor is put at its end.
    unsafe {
        let message = &mut *datum.cast_mut_ptr::<pg_sys::StringInfoData>();
        let (start, end) = (message.cursor.max(0) as usize, message.len.max(0) as usize);
        message.cursor = message.len;
        Ok(std::slice::from_raw_parts(
            message.data.cast::<u8>().add(start),
            end.saturating_sub(start),
        ))
    }
}
