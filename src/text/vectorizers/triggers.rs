//! The triggers of sources.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};

use pgrx::pg_sys::{self, Oid};

use super::definition::Consistency;
use super::known::{self, Known};
use super::queue::items;
use super::refresh::{Key, refresh_now};
use crate::pg::catalog::{self, Key as IndexKey};
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, Result, WRONG_CALL, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::trigger::{self, Call};
use crate::pg::written_rows::{ColumnWriter, Event, Side, wrong_event};
use crate::pg::{dependency, identity, relation, role, snapshot, statement, tables};
use crate::text::search::postings;
use algo::hash;
use algo::monitor::Monitor;

/// The vectorizer that a trigger is of; `None`, with a WARNING, where it is not there, as after a restore without assay's own tables.
fn vectorizer_of(call: &Call<'_>) -> Result<Option<i64>> {
    let id = call
        .arguments()
        .first()
        .and_then(|argument| argument.to_str().ok()?.parse::<i64>().ok())
        .ok_or_else(wrong_event)?;
    match source_of(id)? {
        Some(source) if source == call.table_oid() => Ok(Some(id)),
        Some(_) => Err(
            Error::new(WRONG_CALL, "this trigger is of a vectorizer of another table")
                .detail(format!("Its argument is {id}."))
                .hint("Drop it; assay.create_vectorizer makes the triggers that a vectorizer needs."),
        ),
        None => {
            role::warn_once(
                format!("vectorizer {id} does not exist"),
                "Its triggers do nothing; drop them.".into(),
            );
            Ok(None)
        }
    }
}

/// The source of a vectorizer. A statement that writes many rows asks once.
fn source_of(id: i64) -> Result<Option<Oid>> {
    thread_local! {
        static KNOWN: Cell<(pg_sys::TimestampTz, pg_sys::TimestampTz, i64, Option<Oid>)> = const { Cell::new((0, 0, 0, None)) };
    }
    let (transaction, statement) = snapshot::beginnings();
    let known = KNOWN.get();
    if let (began, at, of, Some(source)) = known
        && (began, at, of) == (transaction, statement, id)
    {
        return Ok(Some(source));
    }
    let find = || {
        catalog::find(c"vectorizer", c"vectorizer_pkey", &[IndexKey::BigInt(1, id)], |row| {
            row.get::<Oid>(3)
        })
    };
    let source = snapshot::with_latest(find)?;
    KNOWN.set((transaction, statement, id, source));
    Ok(source)
}

fn key_writer(call: &Call<'_>) -> Result<ColumnWriter> {
    let numbers = key_numbers(call)?;
    Ok(ColumnWriter::new(call, &numbers))
}

fn key_numbers(call: &Call<'_>) -> Result<Vec<i32>> {
    let numbers = relation::primary_key_numbers(call.table_oid());
    if numbers.is_empty() {
        let name = relation::name_of(call.table_oid()).unwrap_or_default();
        return Err(Error::new(
            WRONG_CALL,
            format!("{name} has a vectorizer, but no primary key any more"),
        )
        .hint("Add one, or drop the vectorizer."));
    }
    Ok(numbers.into_iter().map(i32::from).collect())
}

/// A key, of which no part is NULL.
fn key_of(values: Vec<Option<String>>) -> Key {
    values.into_iter().map(Option::unwrap_or_default).collect()
}

/// After a row: its key is queued.
fn queue_row(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let queue = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let Some(id) = vectorizer_of(&call)? else {
            return Ok(trigger::nothing());
        };
        let mut writer = key_writer(&call)?;
        let sides: &[Side] = match call.event() {
            Event::Insert => &[Side::After],
            Event::Delete => &[Side::Before],
            Event::Update => &[Side::Before, Side::After],
            Event::Truncate => return Err(wrong_event()),
        };
        let mut last: Option<Key> = None;
        for side in sides {
            let key = key_of(writer.row(&call, *side)?);
            if last.as_ref() != Some(&key) {
                items::add(id, &key)?;
            }
            last = Some(key);
        }
        Ok(trigger::nothing())
    };
    Some(or_raise(queue()))
}

/// After a statement: the chunks of the rows that it wrote are made current.
fn embed_rows(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let embed = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let Some(id) = vectorizer_of(&call)? else {
            return Ok(trigger::nothing());
        };
        let Some(known) = known::of(id)? else {
            return Ok(trigger::nothing());
        };
        let keys = changed_keys(&call, &known)?;
        refresh_now(&known, &keys)?;
        Ok(trigger::nothing())
    };
    Some(or_raise(embed()))
}

/// The keys of rows whose chunks may be others now: of rows that came, that went, and that have another key or other texts.
fn changed_keys(call: &Call<'_>, known: &Known) -> Result<Vec<Key>> {
    let key = key_numbers(call)?;
    let width = key.len();
    let source = call.table_oid();
    let texts = known
        .columns
        .iter()
        .filter_map(|column| relation::column_number(source, column));
    let columns: Vec<i32> = key.iter().copied().chain(texts.map(i32::from)).collect();
    let mut keys: Vec<Key> = Vec::new();
    let mut all = ColumnWriter::new(call, &columns);
    let watch = Foreground::new()?;
    let mut before: HashMap<u64, u64> = HashMap::new();
    // Where a column is computed when it is read, it is not seen whether it has changed.
    if call.event() == Event::Update && !columns.iter().any(|&column| call.is_virtual(column)) {
        all.rows(call, Side::Before, &mut |values| {
            watch.check()?;
            let (key, texts) = values.split_at(width);
            before.insert(hash_of(key), hash_of(texts));
            Ok(())
        })?;
    }
    let mut after = HashSet::new();
    all.rows(call, Side::After, &mut |mut values| {
        watch.check()?;
        let texts = values.split_off(width);
        let hash = hash_of(&values);
        if before.get(&hash) != Some(&hash_of(&texts)) {
            keys.push(key_of(values));
        }
        after.insert(hash);
        Ok(())
    })?;
    ColumnWriter::new(call, &key).rows(call, Side::Before, &mut |values| {
        watch.check()?;
        if !after.contains(&hash_of(&values)) {
            keys.push(key_of(values));
        }
        Ok(())
    })?;
    Ok(keys)
}

/// A hash of values, by which two rows of a statement are compared.
fn hash_of(values: &[Option<String>]) -> u64 {
    values.iter().fold(hash::seeded(0), |all, value| {
        let value = value.as_ref().map_or(1, |text| hash::hash_bytes(2, text.as_bytes()));
        hash::mix(all, value)
    })
}

/// After TRUNCATE: nothing is left.
fn forget_rows(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let forget = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let Some(id) = vectorizer_of(&call)? else {
            return Ok(trigger::nothing());
        };
        if call.event() != Event::Truncate {
            return Err(wrong_event());
        }
        let Some(known) = known::of(id)? else {
            return Ok(trigger::nothing());
        };
        let vectorizer = &known.vectorizer;
        identity::writing_as(vectorizer.owner, &vectorizer.settings, || {
            statement::run(&format!("TRUNCATE ONLY {}", vectorizer.store_name()?), &[])
        })?;
        postings::forget(id)?;
        tables::as_owner(|| {
            statement::run(
                "DELETE FROM assay.vectorizer_queue WHERE vectorizer_id OPERATOR(pg_catalog.=) $1",
                &[id.into()],
            )
        })?;
        Ok(trigger::nothing())
    };
    Some(or_raise(forget()))
}

/// Never: the trigger, which is disabled, only holds the columns that the vectorizer reads, so that PostgreSQL follows them when they are renamed, dumps them, and
/// does not drop them.
fn vectorizer_columns(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    Some(or_raise(Call::new(&fcinfo).map(|_| trigger::nothing())))
}

/// Before a vectorizer is stored: its source is one whose owner the current role may act for. In a restore, the store is tied to the source again.
fn guard_vectorizer(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let guard = || -> Result<Raw> {
        let call = Call::new(&fcinfo)?;
        let oid = |column| -> Result<Option<Oid>> { call.get(call.column(column)?) };
        let (source, store) = (oid(c"source")?, oid(c"store")?);
        let (Some(source), Some(store)) = (source, store) else {
            return Ok(call.row());
        };
        let owner = relation::owner(source);
        if !owner.is_some_and(role::acts_for) || relation::owner(store) != owner {
            let name: Option<String> = call.get(call.column(c"name")?)?;
            role::warn_once(
                format!("vectorizer \"{}\" is left out", name.unwrap_or_default()),
                "It takes the owner of its source.".into(),
            );
            return Ok(trigger::nothing());
        }
        dependency::drop_with(store, source);
        Ok(call.row())
    };
    Some(or_raise(guard()))
}

/// What creates the triggers of a vectorizer, as the source's owner.
pub fn create(source: Oid, id: i64, columns: &[String], key: &[String], consistency: Consistency) -> Result<()> {
    let table = relation::name_of(source).unwrap_or_default();
    let name = |what: &str| format!("assay_vectorizer_{id}_{what}");
    let quoted = |names: &[String]| -> Vec<String> { names.iter().map(|name| relation::quoted(name)).collect() };
    let run = |statement: String| statement::run(&statement, &[]);
    run(format!(
        "CREATE TRIGGER {} AFTER UPDATE OF {} ON {table} FOR EACH ROW WHEN (false) EXECUTE FUNCTION assay_internal.vectorizer_columns('{id}')",
        name("columns"),
        quoted(columns).join(", ")
    ))?;
    run(format!("ALTER TABLE {table} DISABLE TRIGGER {}", name("columns")))?;
    let changed: Vec<String> = quoted(key)
        .iter()
        .chain(&quoted(columns))
        .map(|column| {
            format!("OLD.{column}::pg_catalog.text COLLATE pg_catalog.\"C\" IS DISTINCT FROM NEW.{column}::pg_catalog.text COLLATE pg_catalog.\"C\"")
        })
        .collect();
    let fires = match consistency {
        Consistency::Queue => "ALWAYS",
        Consistency::Transaction => "REPLICA",
    };
    for (what, event, condition) in [
        ("inserted", "INSERT", String::new()),
        ("updated", "UPDATE", format!(" WHEN ({})", changed.join(" OR "))),
        ("deleted", "DELETE", String::new()),
    ] {
        run(format!(
            "CREATE TRIGGER {} AFTER {event} ON {table} FOR EACH ROW{condition} EXECUTE FUNCTION assay_internal.queue_row('{id}')",
            name(what)
        ))?;
        run(format!("ALTER TABLE {table} ENABLE {fires} TRIGGER {}", name(what)))?;
    }
    run(format!(
        "CREATE TRIGGER {} AFTER TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.forget_rows('{id}')",
        name("truncated")
    ))?;
    run(format!(
        "ALTER TABLE {table} ENABLE ALWAYS TRIGGER {}",
        name("truncated")
    ))?;
    if consistency == Consistency::Queue {
        return Ok(());
    }
    for (what, event, tables) in [
        ("insert", "INSERT", "NEW TABLE AS new_rows"),
        ("update", "UPDATE", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
        ("delete", "DELETE", "OLD TABLE AS old_rows"),
    ] {
        run(format!(
            "CREATE TRIGGER {} AFTER {event} ON {table} REFERENCING {tables} FOR EACH STATEMENT EXECUTE FUNCTION assay_internal.embed_rows('{id}')",
            name(what)
        ))?;
    }
    Ok(())
}

/// Takes the triggers of a vectorizer away, whatever they are called by now. As the source's owner.
pub fn remove(source: Oid, id: i64) -> Result<()> {
    let table = relation::name_of(source).unwrap_or_default();
    let mut names: Vec<String> = Vec::new();
    tables::as_owner(|| {
        statement::write(
            "SELECT pg_catalog.quote_ident(t.tgname)
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS p ON p.oid OPERATOR(pg_catalog.=) t.tgfoid
WHERE t.tgrelid OPERATOR(pg_catalog.=) $1 AND p.pronamespace OPERATOR(pg_catalog.=) 'assay_internal'::pg_catalog.regnamespace
    AND p.proname OPERATOR(pg_catalog.=) ANY ('{vectorizer_columns,queue_row,embed_rows,forget_rows}')
    AND t.tgargs OPERATOR(pg_catalog.=) (pg_catalog.convert_to($2::pg_catalog.text, 'UTF8') OPERATOR(pg_catalog.||) '\\x00'::pg_catalog.bytea)",
            &[source.into(), id.to_string().into()],
            &mut |row| {
                names.push(row.require::<crate::pg::text::Text>(1)?.into());
                Ok(())
            },
        )
    })?;
    names
        .into_iter()
        .try_for_each(|name| statement::run(&format!("DROP TRIGGER {name} ON {table}"), &[]))
}

entry::per_row!(queue_row, queue_row_wrapper, pg_finfo_queue_row_wrapper);
entry::per_row!(embed_rows, embed_rows_wrapper, pg_finfo_embed_rows_wrapper);
entry::per_row!(forget_rows, forget_rows_wrapper, pg_finfo_forget_rows_wrapper);
entry::per_row!(
    vectorizer_columns,
    vectorizer_columns_wrapper,
    pg_finfo_vectorizer_columns_wrapper
);
entry::per_row!(
    guard_vectorizer,
    guard_vectorizer_wrapper,
    pg_finfo_guard_vectorizer_wrapper
);
