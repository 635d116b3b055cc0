//! `assay.guard`: predictions say, or refuse, where rows are not what training has seen, and where checks on what it read have failed.
//!
//! What is found is counted, and told once when the call site's memory goes: at the end of the statement, in each process that scored rows. A call site
//! that lasts as long as the transaction, as those of simple expressions in PL/pgSQL do, tells before it is committed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use super::cache;
use super::cache::Servable;
use super::comparing::sources;
use super::groups::cell;
use super::inspect;
use super::registry::{self, Privilege};
use super::scorer::Scorer;
use crate::pg::commit;
use crate::pg::error::{Error, GUARDED, Result, advise};
use crate::pg::relation;
use crate::pg::settings;
use crate::pg::settings::{Gate, Guard as Mode};
use crate::pg::snapshot;
use crate::quality::failing;
use crate::reliability::gate;
use crate::reliability::lineage::Start;
use algo::guard::{Counts, Limits, Oddity};

/// Features that are told one by one.
const TOLD: usize = 10;

/// Looks at the rows that a call site scores by one model.
pub struct Guard {
    scorer: Rc<Scorer>,
    refuses: bool,
    limits: Rc<Limits>,
    /// Whether the caller may know what training saw.
    may_see_ranges: bool,
    findings: Rc<Findings>,
}

/// What is to be told.
struct Findings {
    reference: String,
    limits: Rc<Limits>,
    rows: Cell<u64>,
    counts: RefCell<Counts>,
    /// Of failed checks.
    checks: RefCell<Option<Told>>,
}

/// A message, what was found, and what to do.
struct Told {
    message: String,
    detail: Option<String>,
    hint: &'static str,
}

const CHECKS_HINT: &str = "assay.check_summary() shows the checks; SET assay.guard = off says nothing of them.";
const ROWS_HINT: &str = "assay.feature_info shows what training saw, to those who may manage the model; SET assay.guard = off does not look.";

thread_local! {
    /// What was told last, and in which statement: functions that score the same rows beside each other do not repeat it.
    static LAST: RefCell<Option<(i64, Vec<String>)>> = const { RefCell::new(None) };
    /// What call sites have found in a transaction, and when that was begun.
    static LIVE: RefCell<(i64, Vec<Weak<Findings>>)> = const { RefCell::new((0, Vec::new())) };
}

/// So many findings are kept before those that are gone are looked for.
const MANY: usize = 64;

impl Guard {
    /// For a model at a call site; `None` where nobody wants it. Returns an error with ML018 where failed checks are errors, and one with ML028
    /// where incidents of what the model depends on are.
    pub fn new(mode: Mode, model: &Servable, reference: &str) -> Result<Option<Box<Guard>>> {
        if settings::gate() != Gate::Off {
            pass_gate(&model.version().model)?;
        }
        let refuses = match mode {
            Mode::Off => return Ok(None),
            Mode::Notice => false,
            Mode::Error => true,
        };
        let version = model.version();
        let checks = failed_checks(&version.reference(), &failing(&sources::of(version)?)?);
        if let (true, Some(told)) = (refuses, &checks) {
            let error = Error::new(GUARDED, told.message.clone()).hint(CHECKS_HINT);
            return Err(match &told.detail {
                Some(detail) => error.detail(detail.clone()),
                None => error,
            });
        }
        let limits = model.limits(inspect::statistics_if_any)?;
        let findings = Rc::new(Findings {
            reference: reference.to_string(),
            limits: Rc::clone(&limits),
            rows: Cell::new(0),
            counts: RefCell::default(),
            checks: RefCell::new(checks),
        });
        tell_before_commit(&findings);
        Ok(Some(Box::new(Guard {
            scorer: Rc::clone(&model.scorer),
            refuses,
            limits,
            may_see_ranges: registry::require(&version.model, Privilege::Manage).is_ok(),
            findings,
        })))
    }

    /// For a version that scores the rows of a query; `None` where nobody wants it. Returns errors as [`Guard::new`] does.
    pub fn of_query(reference: &str) -> Result<Option<Box<Guard>>> {
        match (settings::guard(), settings::gate()) {
            (Mode::Off, Gate::Off) => Ok(None),
            (mode, _) => Guard::new(mode, &cache::resolve(reference, Some(snapshot::view()))?, reference),
        }
    }

    /// Looks at a row as its columns give it. Returns an error with ML018 where the first that is unlike is one.
    #[inline]
    pub fn look(&mut self, row: &[f64]) -> Result<()> {
        self.findings.rows.set(self.findings.rows.get() + 1);
        if self.limits.is_odd(row) {
            return self.found(row);
        }
        Ok(())
    }

    /// What it has found in the rows, in a text; `None` where all are what training has seen.
    pub fn describe(&self) -> Option<String> {
        let told = self.findings.describe_rows()?;
        Some(match told.detail {
            Some(detail) => format!("{}: {detail}", told.message),
            None => told.message,
        })
    }

    #[cold]
    fn found(&mut self, row: &[f64]) -> Result<()> {
        if !self.refuses {
            self.limits.count(row, &mut self.findings.counts.borrow_mut());
            return Ok(());
        }
        let Some((feature, oddity, value)) = self.limits.first(row) else {
            return Ok(());
        };
        let (name, reference) = (self.limits.name(feature), &self.findings.reference);
        let message = match oddity {
            Oddity::Outside => {
                format!("feature \"{name}\" of model \"{reference}\" is outside the range of its training")
            }
            Oddity::Unseen => {
                format!("feature \"{name}\" of model \"{reference}\" is a category that its training had none of")
            }
            Oddity::Missing => {
                format!("feature \"{name}\" of model \"{reference}\" is NULL, which it never was in training")
            }
        };
        let error = Error::new(GUARDED, message).hint("SET assay.guard = notice scores such rows, and counts them.");
        let model = self.scorer.model();
        let features = model.raw_features();
        let shown = |value: f64| {
            cell(&model.inputs[features[feature].input], value)
                .to_string()
                .replace('"', "'")
        };
        let range = self.limits.range(feature).filter(|_| self.may_see_ranges);
        Err(match (oddity, range) {
            (Oddity::Unseen | Oddity::Missing, _) => error,
            (Oddity::Outside, Some([low, high])) => error.detail(format!(
                "The value is {}; training saw {} to {}.",
                shown(value),
                shown(low),
                shown(high)
            )),
            (Oddity::Outside, None) => error.detail(format!("The value is {}.", shown(value))),
        })
    }
}

/// Has what was found told before the transaction is committed, if it has not been told by then.
fn tell_before_commit(findings: &Rc<Findings>) {
    let start = snapshot::transaction_start();
    LIVE.with_borrow_mut(|(known, live)| {
        if *known != start {
            (*known, *live) = (start, Vec::new());
            commit::before(|| {
                let (_, live) = LIVE.take();
                live.iter()
                    .filter_map(Weak::upgrade)
                    .for_each(|findings| findings.tell());
            });
        }
        if live.len() >= MANY && live.len().is_power_of_two() {
            live.retain(|findings| findings.strong_count() > 0);
        }
        live.push(Rc::downgrade(findings));
    });
}

impl Findings {
    /// What is to be told of the rows that were looked at since this was told.
    fn of_rows(&self) -> Option<Told> {
        let told = self.describe_rows();
        self.rows.take();
        self.counts.take();
        told
    }

    /// How many of the rows are not what training has seen, and in what; `None` where all are.
    fn describe_rows(&self) -> Option<Told> {
        let (rows, counts) = (self.rows.get(), self.counts.borrow());
        if counts.odd == 0 {
            return None;
        }
        let described = |(feature, counts): (usize, &[u64; 3])| {
            let parts: Vec<String> = (Oddity::ALL.iter().zip(counts))
                .filter(|(_, count)| **count > 0)
                .map(|(oddity, count)| match oddity {
                    Oddity::Outside => format!("{count} outside the range of training"),
                    Oddity::Unseen => format!("{count} of categories that training had none of"),
                    Oddity::Missing => format!("{count} NULL, which training never had"),
                })
                .collect();
            (!parts.is_empty()).then(|| format!("{}: {}", self.limits.name(feature), parts.join(", ")))
        };
        let mut features: Vec<String> = counts.features.iter().enumerate().filter_map(described).collect();
        let more = features.len().saturating_sub(TOLD);
        features.truncate(TOLD);
        if more > 0 {
            features.push(format!("{more} more features"));
        }
        Some(Told {
            message: format!(
                "{} of {} rows given to model \"{}\" are not what its training has seen",
                counts.odd, rows, self.reference
            ),
            detail: Some(format!("{}.", features.join("; "))),
            hint: ROWS_HINT,
        })
    }

    /// Tells what was found, once for all call sites of a statement that found the same.
    fn tell(&self) {
        self.checks
            .take()
            .into_iter()
            .chain(self.of_rows())
            .for_each(Told::tell);
    }
}

impl Told {
    /// Tells it, once in a statement.
    fn tell(self) {
        let Told { message, detail, hint } = self;
        let text = format!("{message} {}", detail.as_deref().unwrap_or_default());
        let is_new = LAST.with_borrow_mut(|last| {
            let start = snapshot::statement_start();
            match last {
                Some((at, texts)) if *at == start => {
                    let is_new = !texts.contains(&text);
                    texts.extend(is_new.then_some(text));
                    is_new
                }
                _ => {
                    *last = Some((start, vec![text]));
                    true
                }
            }
        });
        if is_new {
            advise(message, detail, Some(hint.to_string()));
        }
    }
}

/// Returns an error with ML028, or tells, where what a model depends on has an incident.
fn pass_gate(model: &registry::Entry) -> Result<()> {
    match gate::closed(Start::Model(model.id), &format!("model \"{}\"", model.name))? {
        None => Ok(()),
        Some(closed) if settings::gate() == Gate::Error => Err(closed.error()),
        Some(gate::Closed { message, detail, hint }) => {
            let told = Told {
                message,
                detail: Some(detail),
                hint,
            };
            told.tell();
            Ok(())
        }
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A statement that fails has said so.
        if snapshot::is_in_transaction() && !std::thread::panicking() {
            self.findings.tell();
        }
    }
}

/// What is told of failed checks: the relations only where the caller may see the results.
fn failed_checks(reference: &str, failing: &[crate::quality::Failing]) -> Option<Told> {
    let mut relations: BTreeMap<String, usize> = BTreeMap::new();
    for check in failing.iter().filter(|check| check.is_visible) {
        if let Some(name) = relation::name_of(check.relation) {
            *relations.entry(name).or_default() += 1;
        }
    }
    if failing.is_empty() {
        return None;
    }
    if relations.is_empty() {
        return Some(Told {
            message: format!("a check on a relation of the training of model \"{reference}\" fails"),
            detail: None,
            hint: CHECKS_HINT,
        });
    }
    let count: usize = relations.values().sum();
    let counts: Vec<String> = relations
        .iter()
        .map(|(name, count)| format!("{name}: {count}"))
        .collect();
    let (checks, fail) = if count == 1 {
        ("check", "fails")
    } else {
        ("checks", "fail")
    };
    Some(Told {
        message: format!("{count} {checks} on what model \"{reference}\" was trained on {fail}"),
        detail: Some(format!("Checks that failed when they last ran: {}.", counts.join(", "))),
        hint: CHECKS_HINT,
    })
}
