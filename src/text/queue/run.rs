//! `run_queue`.

use std::time::{Duration, Instant};

use pgrx::pg_sys;

use super::line::{Blame, Item, Line};
use crate::pg::append::next_number;
use crate::pg::attempt::attempt_to_write;
use crate::pg::entry::{self, Raw};
use crate::pg::error::{Error, INVALID_PARAMETER, Result, or_raise};
use crate::pg::lease::Lease;
use crate::pg::options::required;
use crate::pg::procedure::Procedure;
use crate::pg::{arguments, read_only};
use crate::text::{generation, vectorizers};
use algo_text::vectorizer::backoff;

/// Seconds after which an endpoint is asked again that asked for patience, unless it asked for more.
const LATER: f64 = 15.0;

/// Why a batch did not come to its end.
enum Failure {
    /// An endpoint asks for patience, of so many seconds.
    RateLimit(f64),
    /// Whatever item is tried, it will not do now: a model is gone, or its endpoint is out of order.
    Outage(String),
    /// What happened, for people; it may be for one of the items.
    Items(String),
}

/// The work of one call.
struct Run<'p> {
    procedure: &'p Procedure,
    lease: i64,
    until: Instant,
    left: i32,
}

/// A line of whatever kind.
trait AnyLine {
    /// See [`Run::batches`].
    fn batches(&self, run: &mut Run<'_>) -> Result<bool>;

    /// See [`Line::end`].
    fn close(&self) -> Result<()>;
}

impl<L: Line> AnyLine for L {
    fn batches(&self, run: &mut Run<'_>) -> Result<bool> {
        run.batches(self)
    }

    fn close(&self) -> Result<()> {
        self.end()
    }
}

/// `run_queue(max_items, max_seconds)`.
fn run_queue(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    read_only::require_writable(c"assay.run_queue()");
    let run = || -> Result<()> {
        let max_items = required("max_items", arguments::small_integer(fcinfo, 0))?;
        let max_seconds = required("max_seconds", arguments::double(fcinfo, 1))?;
        let seconds = Duration::try_from_secs_f64(max_seconds)
            .ok()
            .filter(|_| max_seconds > 0.0);
        let until = seconds.and_then(|seconds| Instant::now().checked_add(seconds));
        let (Some(until), true) = (until, max_items > 0) else {
            return Err(
                Error::new(INVALID_PARAMETER, "a queue is worked at for some rows and some time")
                    .detail(format!("max_items is {max_items}, max_seconds is {max_seconds}."))
                    .hint("Both must be above 0."),
            );
        };
        let procedure = Procedure::begin(fcinfo, "assay.run_queue")?;
        let lease = Lease::take(next_number(c"vectorizer_lease"));
        let mut run = Run {
            procedure: &procedure,
            lease: lease.number(),
            until,
            left: max_items,
        };
        run.all()?;
        lease.release();
        procedure.end();
        Ok(())
    };
    or_raise(run());
    None
}

/// What the caller may work for.
fn mine() -> Result<Vec<Box<dyn AnyLine>>> {
    let mut lines: Vec<Box<dyn AnyLine>> = Vec::new();
    for line in vectorizers::queue::mine()? {
        lines.push(Box::new(line));
    }
    for line in generation::line::mine()? {
        lines.push(Box::new(line));
    }
    Ok(lines)
}

impl Run<'_> {
    /// Batch after batch, one of each line in turn.
    fn all(&mut self) -> Result<()> {
        vectorizers::names::forget_orphans()?;
        self.procedure.commit();
        let mut waiting = mine()?;
        while !waiting.is_empty() && !self.is_over() {
            let mut more = Vec::new();
            for line in waiting {
                if self.is_over() {
                    return Ok(());
                }
                if line.batches(self)? {
                    more.push(line);
                } else {
                    line.close()?;
                    self.procedure.commit();
                }
            }
            waiting = more;
        }
        Ok(())
    }

    fn is_over(&self) -> bool {
        self.left <= 0 || Instant::now() >= self.until
    }

    /// A batch of items that are tried for the first time, and one that has failed before. Whether there may be more.
    fn batches<L: Line>(&mut self, line: &L) -> Result<bool> {
        let mut worked = false;
        for (most, alone) in [(L::BATCH.min(self.left), false), (1, true)] {
            if self.is_over() {
                return Ok(true);
            }
            let items = line.claim(self.lease, most, alone)?;
            self.procedure.commit();
            if items.is_empty() {
                continue;
            }
            worked = true;
            self.left -= i32::try_from(items.len()).unwrap_or(i32::MAX);
            let items: Vec<&L::Item> = items.iter().collect();
            if !self.work(line, &items)? {
                return Ok(false);
            }
        }
        Ok(worked)
    }

    /// Works at items; where that fails, at each by itself. Whether more of the line may be worked at now.
    fn work<L: Line>(&self, line: &L, items: &[&L::Item]) -> Result<bool> {
        match self.work_together(line, items)? {
            Ok(()) => Ok(true),
            Err(Failure::RateLimit(seconds)) => {
                line.postpone(ids_of(items), seconds)?;
                self.procedure.commit();
                Ok(false)
            }
            Err(Failure::Outage(why)) => {
                let attempts = items.iter().map(|item| item.attempts()).max().unwrap_or(1);
                line.fail(ids_of(items), &why, backoff::wait(attempts).as_secs_f64(), Blame::Line)?;
                self.procedure.commit();
                Ok(false)
            }
            Err(Failure::Items(why)) => match items {
                [only] => {
                    let seconds = backoff::wait(only.attempts()).as_secs_f64();
                    line.fail(only.ids().to_vec(), &why, seconds, Blame::Item)?;
                    self.procedure.commit();
                    Ok(true)
                }
                _ => {
                    for item in items {
                        if !self.work(line, &[item])? {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                }
            },
        }
    }

    /// Makes and keeps what comes of items in one go. What fails leaves nothing behind.
    fn work_together<L: Line>(&self, line: &L, items: &[&L::Item]) -> Result<std::result::Result<(), Failure>> {
        let ready = attempt_to_write(|| Ok(line.require_ready()))?;
        if let Err(why) = ready.and_then(|ready| ready.map_err(|error| error.sentences())) {
            return Ok(Err(Failure::Outage(why)));
        }
        let made = match attempt_to_write(|| Ok(line.make(items)))? {
            Ok(Ok(made)) => made,
            Ok(Err(error)) if error.is_cancel() => return Err(error),
            Ok(Err(error)) if error.is_rate_limit() => {
                let said = error.when_again().map_or(0.0, |again| f64::from(again.seconds));
                return Ok(Err(Failure::RateLimit(said.max(LATER))));
            }
            Ok(Err(error)) if error.is_outage() => return Ok(Err(Failure::Outage(error.sentences()))),
            Ok(Err(error)) => return Ok(Err(Failure::Items(error.sentences()))),
            Err(problem) => return Ok(Err(Failure::Items(problem))),
        };
        self.procedure.commit();
        let kept = attempt_to_write(|| line.keep(items, &made))?;
        self.procedure.commit();
        Ok(kept.map_err(Failure::Items))
    }
}

fn ids_of<I: Item>(items: &[&I]) -> Vec<i64> {
    items.iter().flat_map(|item| item.ids().iter().copied()).collect()
}

entry::per_row!(run_queue, run_queue_wrapper, pg_finfo_run_queue_wrapper);
