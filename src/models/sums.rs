//! Many rows to train on that are not held: they are read again for each pass of a learner of sums.

use super::comparing::champion::{self, Champion};
use super::packing::ReadContext;
use super::reading::check_memory;
use super::sampling::{Passes, Sampled};
use super::store::Trained;
use super::train::{Training, known_answer, look_at_condition, say};
use super::version_metrics::{THRESHOLD, check_finite, measure, measure_scored};
use crate::pg::compute;
use crate::pg::error::{Error, Result, advise};
use crate::pg::query_row::OutputColumn;
use crate::pg::settings;
use algo::fitted::Fitted;
use algo::learner::{Algorithm, Configured};
use algo::metrics::evaluation::Scored;
use algo::model::Model;
use algo::monitor::Progress;
use algo::packed::Surveyed;
use algo::prepare::Prepared;
use algo::row_sample::RowSample;
use algo::sums::{Layout, Plan, Run, Scoring, Step};
use algo::task::Task;

/// Rows of which a sample is known, and what is to be learned of all of them.
pub struct SummedRows {
    pub prepared: Prepared,
    surveyed: Surveyed,
    layout: Layout,
    run: Run,
    /// Rows that train, once they were read.
    trained: u64,
    /// Where they are read again.
    passes: Passes,
}

/// What was learned, and the losses on the way.
type Learnt = (Box<dyn Fitted>, Vec<Progress>);

impl SummedRows {
    /// Begins to learn. `None` where the rows have to be held after all, which is said.
    pub fn new(
        sampled: Sampled,
        learner: &dyn Configured,
        passes: Passes,
        context: &mut ReadContext<'_>,
    ) -> Result<Option<SummedRows>> {
        let Sampled {
            surveyed,
            prepared,
            layout,
        } = sampled;
        let run = compute::run(context.what, context.reporter, context.statement, |_| {
            Ok::<_, Error>(learner.course(&prepared.train)?)
        })?;
        let Some(run) = run else {
            advise(
                format!(
                    "the {} rows are held as they are, not summed up: they have too many classes, columns or clusters, or extreme numbers",
                    surveyed.rows
                ),
                Some("Sums take the same memory whatever the number of rows.".into()),
                None,
            );
            return Ok(None);
        };
        // What is learned at the rows of the sample, too, before a pass.
        let shape = prepared.train.shape(settings::threads());
        let needed = learner.design_memory(&shape).saturating_add(learner.memory(&shape));
        let needed = needed.saturating_add(context.statement.held());
        check_memory(needed, surveyed.rows, surveyed.rows as f64, settings::max_memory())?;
        Ok(Some(SummedRows {
            prepared,
            surveyed,
            layout,
            run,
            trained: 0,
            passes,
        }))
    }

    /// Reads the rows as often as the learner asks.
    pub fn fit(&mut self, context: &mut ReadContext<'_>) -> Result<Learnt> {
        let mut sums = None;
        loop {
            let (run, train) = (&mut self.run, &self.prepared.train);
            let step = compute::run(context.what, context.reporter, context.statement, |monitor| {
                Ok::<_, Error>(run.next(sums.as_ref(), train, monitor)?)
            })?;
            match step {
                Step::Fitted(fitted) => return Ok((fitted, std::mem::take(&mut self.run.history))),
                Step::Pass(what) => {
                    let plan = Plan {
                        layout: self.layout.clone(),
                        what,
                    };
                    let found = self.passes.sum(&plan, context)?;
                    found.check(&plan, &self.surveyed)?;
                    self.trained = found.trained();
                    sums = Some(found);
                }
            }
        }
    }

    /// How many rows trained.
    pub fn trained(&self) -> u64 {
        self.trained
    }

    /// Whether rows test.
    pub fn has_test(&self) -> bool {
        self.surveyed.rows > self.trained
    }

    /// By what rows that trained are known again.
    pub fn row_sample(&mut self) -> Option<RowSample> {
        let sample = self.prepared.sample.take();
        sample.map(|sample| sample.of_rows(self.trained))
    }

    /// Reads the rows once more, for what the model says of those that test, or of those that trained where there are none.
    pub fn score(&self, model: &Model, context: &mut ReadContext<'_>) -> Result<Scored> {
        let rows = match self.has_test() {
            true => self.surveyed.rows - self.trained,
            false => self.trained,
        };
        let mut scoring = Scoring::new(&self.layout, (model, &model.answer), (rows, self.has_test()))?;
        context.again(|cells| scoring.push(|column| cells[column]))?;
        Ok(scoring.finish(&self.surveyed)?)
    }
}

impl Training {
    /// Trains on rows that are not held.
    pub(super) fn run_summed(
        &self,
        mut rows: SummedRows,
        target: Option<&OutputColumn>,
        (algorithm, task): (&'static Algorithm, Task),
        mut context: ReadContext<'_>,
    ) -> Result<Trained> {
        let (notes, leaks) = (&mut rows.prepared.notes, &mut rows.prepared.leaks);
        say(std::mem::take(notes), std::mem::take(leaks));
        self.look_at_target(target, task, algorithm, &rows.prepared.train);
        let (fitted, history) = rows.fit(&mut context)?;
        rows.passes.announce();
        look_at_condition(&*fitted);
        let (sample, prepared) = (rows.row_sample(), &mut rows.prepared);
        let mut model = Model {
            answer: known_answer(prepared.answer.take(), &*fitted)?,
            inputs: std::mem::take(&mut prepared.inputs),
            pipeline: prepared.pipeline.take(),
            means: fitted.means(),
            fitted,
            history,
            sample,
            groups: Vec::new(),
            calibration: None,
            intervals: None,
            error_model: None,
        };
        let (train, test) = (&rows.prepared.train, rows.prepared.test.as_ref());
        let (metrics, scored) = match task.has_target() && rows.passes.are_here() {
            true => {
                check_finite(&model, &self.model, context.reporter, context.statement)?;
                let scored = (rows.score(&model, &mut context)?, rows.has_test());
                let of = (&scored.0, scored.1);
                let (metrics, error_model) =
                    measure_scored(&model, of, test, &self.model, context.reporter, context.statement)?;
                model.error_model = error_model;
                (metrics, scored.1.then_some(scored.0))
            }
            // Without a target a sample shows as well how well rows are described, and rows that are elsewhere stay there.
            false => {
                let measured = measure(&model, train, test, &self.model, context.reporter, context.statement)?;
                model.error_model = measured.error_model;
                (measured.metrics, measured.scored)
            }
        };
        let (reporter, statement) = (context.reporter, context.statement);
        let champion = match self.deploy.rule() {
            Some(_) => {
                let why = "the rows are not held, and only the new version scored them as they went by";
                champion::unscored(&self.model, scored.is_some(), why)?
            }
            None => Champion::None,
        };
        let judged = champion.judge(scored.as_ref(), (&model, THRESHOLD), reporter, statement)?;
        drop(scored);
        let trained = usize::try_from(rows.trained()).unwrap_or(usize::MAX);
        let told = (trained, &metrics, &rows.prepared.statistics[..]);
        self.keep(algorithm, model, told, judged, reporter, statement)
    }
}
