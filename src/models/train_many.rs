//! How a training reads its rows, and how it goes on with packed ones.

use super::comparing::champion::{self, Champion};
use super::elsewhere::Elsewhere;
use super::packing::{self, Asked, PackedRows, ReadContext, RowsElsewhere};
use super::request::Resolved;
use super::store::Trained;
use super::train::{Training, TrainingRows, known_answer, say};
use super::version_metrics::{THRESHOLD, measure_packed};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result};
use crate::pg::foreground::Foreground;
use crate::pg::query::Query;
use crate::pg::query_row::OutputColumn;
use crate::pg::settings;
use algo::learner::{Algorithm, Configured};
use algo::model::Model;
use algo::prepare::Prepared;
use algo::room;
use algo::task::Task;
use algo::training_set::Shape;

impl Training {
    /// Reads the rows: as they are, or where there are many and they can be, in another way.
    pub(super) fn read(
        &self,
        context: ReadContext<'_>,
        resolved: &Resolved,
        learner: &dyn Configured,
    ) -> Result<TrainingRows> {
        let ReadContext {
            query,
            columns,
            what,
            reporter,
            statement,
        } = context;
        let request = &self.request;
        let asked = Asked {
            resolved,
            preprocess: &request.preprocess,
            learner,
            is_calibrated: self.calibrate.is_some(),
            has_intervals: self.intervals.is_some(),
        };
        let needed = |shape: &_| learner.memory(shape);
        let limit = asked.limit(columns);
        let plan = request.plan(resolved);
        let split = |rows| self.split.of(rows, resolved.task, None);
        if limit.is_some()
            && let Some(rows) = Elsewhere::of(query, &request.query, columns)?
        {
            let context = ReadContext {
                query,
                columns,
                what,
                reporter: &mut *reporter,
                statement,
            };
            match packing::read_elsewhere(rows, context, (&asked, &plan), split)? {
                RowsElsewhere::Many(rows) => return Ok(TrainingRows::Many(rows)),
                RowsElsewhere::ToHold => {
                    let read = request.read(query, resolved, needed, what, reporter, statement)?;
                    return Ok(TrainingRows::Held(read));
                }
                RowsElsewhere::ToFetch => {}
            }
        }
        if !asked.expects_many(query, columns) {
            let held = (&mut *reporter, statement, limit);
            if let Some(read) = request.read_at_most(query, resolved, needed, what, held)? {
                asked.look_at_path(columns, read.rows);
                return Ok(TrainingRows::Held(read));
            }
        }
        let again = Query::new(&request.query)?;
        let context = ReadContext {
            query: &again,
            columns,
            what,
            reporter: &mut *reporter,
            statement,
        };
        if let Some(rows) = packing::read(context, (&asked, &plan), split)? {
            return Ok(TrainingRows::Many(rows));
        }
        let again = Query::new(&request.query)?;
        let read = request.read(&again, resolved, needed, what, reporter, statement)?;
        Ok(TrainingRows::Held(read))
    }

    /// Trains on packed rows.
    pub(super) fn run_packed(
        &self,
        rows: PackedRows,
        target: Option<&OutputColumn>,
        (algorithm, learner, task): (&'static Algorithm, &dyn Configured, Task),
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Trained> {
        let PackedRows { prepared, packed } = rows;
        let Prepared {
            inputs,
            answer,
            pipeline,
            train,
            test,
            statistics,
            sample,
            notes,
            leaks,
        } = prepared;
        say(notes, leaks);
        self.look_at_target(target, task, algorithm, &train);
        let shape = Shape {
            rows: packed.train.rows(),
            ..train.shape(settings::threads())
        };
        drop(train);
        // Of these there are few, as values.
        let test = test.filter(|test| packed.test.rows() > 0 && test.rows() > 0);
        // What the sample took is given back before as much is taken for all rows.
        compute::release_memory();
        let champion = match self.deploy.rule() {
            Some(_) => {
                let why = "the rows are packed, and only what is learned from them can score them";
                champion::unscored(&self.model, packed.test.rows() > 0, why)?
            }
            None => Champion::None,
        };
        room::ask(learner.packed_memory(&shape))?;
        let training = format!("training {}", self.model);
        let (fitted, history) = compute::run(&training, reporter, statement, |monitor| {
            Ok::<_, Error>(learner.fit_packed(&packed, monitor)?)
        })?;
        let mut model = Model {
            answer: known_answer(answer, &*fitted)?,
            inputs,
            pipeline,
            means: fitted.means(),
            fitted,
            history,
            sample,
            groups: Vec::new(),
            calibration: None,
            intervals: None,
            error_model: None,
        };
        let rows = (&packed, test.as_ref());
        let (metrics, error_model, scored) = measure_packed(&model, rows, &self.model, reporter, statement)?;
        model.error_model = error_model;
        drop(packed);
        let judged = champion.judge(scored.as_ref(), (&model, THRESHOLD), reporter, statement)?;
        drop(scored);
        self.keep(
            algorithm,
            model,
            (shape.rows, &metrics, &statistics),
            judged,
            reporter,
            statement,
        )
    }
}
