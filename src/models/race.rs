//! Trials that race in the folds of some rows.

use std::time::Instant;

use super::request;
use super::trials::{Outcome, Trial};
use crate::pg::compute::{self, Reporter};
use crate::pg::error::{Error, Result, UNSUITABLE_ROWS};
use crate::pg::foreground::Foreground;
use crate::pg::settings;
use algo::metrics::Metric;
use algo::prepare::{Folds, Plan, Prepared, Rows};
use algo::room;
use algo::selection::judge::judge;
use algo::selection::race;

/// The trial with the best mean, of those that went through all folds; of equals the first.
pub fn choose(trials: &[Trial], metric: Metric) -> Result<usize> {
    let finished = trials
        .iter()
        .enumerate()
        .filter(|(_, trial)| trial.outcome == Outcome::Finished);
    let scored = finished.filter_map(|(place, trial)| Some((place, trial.mean(metric)?)));
    let best = scored.reduce(|best, next| {
        let better = match metric.higher_is_better() {
            true => next.1 > best.1,
            false => next.1 < best.1,
        };
        if better { next } else { best }
    });
    best.map(|(place, _)| place).ok_or_else(|| {
        let failure = trials.iter().find_map(|trial| match &trial.outcome {
            Outcome::Failed(why) => Some(why.clone()),
            Outcome::Running | Outcome::Finished | Outcome::Stopped(_) => None,
        });
        let error = Error::new(UNSUITABLE_ROWS, format!("no trial has a {}", metric.name()))
            .hint("Give folds with rows of every class, another metric, or hyperparameters that suit the rows.");
        match failure {
            Some(why) => error.detail(format!("One of them failed: {why}.")),
            None => error,
        }
    })
}

/// Trials on the folds of some rows.
pub struct Race<'a> {
    pub model: &'a str,
    pub rows: &'a Rows,
    pub folds: &'a Folds<'a>,
    pub plan: &'a Plan,
    pub metric: Metric,
    /// Bytes that all rows take.
    pub held: usize,
}

impl Race<'_> {
    /// Fold after fold, trials that cannot become the best any more are stopped.
    pub fn by_folds(&self, trials: &mut [Trial], reporter: &mut Reporter, statement: &Foreground) -> Result<()> {
        let count = self.folds.count();
        for fold in 0..count {
            let running = self.fold(trials, fold, 1.0, reporter, statement)?;
            let scores: Vec<Vec<f64>> = running.iter().map(|&trial| trials[trial].scores(self.metric)).collect();
            if fold + 1 < count {
                for (&trial, goes_on) in running.iter().zip(race::go_on(&scores)) {
                    if !goes_on {
                        trials[trial].outcome = Outcome::Stopped(format!("stopped after fold {} of {count}", fold + 1));
                    }
                }
            }
            self.tell(trials, &running, reporter);
        }
        finish(trials);
        Ok(())
    }

    /// Rung after rung, the better third goes on with three times the rows.
    pub fn by_rungs(&self, trials: &mut [Trial], reporter: &mut Reporter, statement: &Foreground) -> Result<()> {
        let rungs = race::rungs(trials.len());
        for (rung, &(_, share)) in rungs.iter().enumerate() {
            trials
                .iter_mut()
                .filter(|trial| trial.outcome == Outcome::Running)
                .for_each(Trial::forget);
            let mut running = Vec::new();
            for fold in 0..self.folds.count() {
                running = self.fold(trials, fold, share, reporter, statement)?;
            }
            if let Some((next, _)) = rungs.get(rung + 1) {
                let mut ranked = running.clone();
                let score = |trial: usize| {
                    trials[trial]
                        .mean(self.metric)
                        .map_or(f64::NEG_INFINITY, |mean| self.signed(mean))
                };
                ranked.sort_by(|&a, &b| score(b).total_cmp(&score(a)).then(a.cmp(&b)));
                for &trial in ranked.iter().skip(*next) {
                    trials[trial].outcome = Outcome::Stopped(format!(
                        "stopped at rung {} of {}, with {:.0} % of the training rows",
                        rung + 1,
                        rungs.len(),
                        share * 100.0
                    ));
                }
            }
            self.tell(trials, &running, reporter);
        }
        finish(trials);
        Ok(())
    }

    /// A score of which more is better.
    fn signed(&self, value: f64) -> f64 {
        if self.metric.higher_is_better() { value } else { -value }
    }

    /// Judges the trials that still run on a fold, each learning from this share of its training rows; and says which went through it. One that
    /// cannot learn from the rows fails, and the others go on.
    fn fold(
        &self,
        trials: &mut [Trial],
        fold: usize,
        share: f64,
        reporter: &mut Reporter,
        statement: &Foreground,
    ) -> Result<Vec<usize>> {
        let what = format!(
            "tuning {}, fold {} of {}, trial",
            self.model,
            fold + 1,
            self.folds.count()
        );
        statement.allow(self.held)?;
        room::ask(self.held)?;
        let prepared = compute::run(&what, reporter, statement, |monitor| {
            let mut division = self.folds.division(fold, monitor)?;
            let rows = (division.train.len() as f64 * share).ceil() as usize;
            division.train.truncate(rows);
            Ok::<_, Error>(self.rows.learn(&division, self.plan, monitor)?)
        })
        .map_err(|error| error.at(format!("fold {}", fold + 1)))?;
        let running: Vec<usize> = (0..trials.len())
            .filter(|&trial| trials[trial].outcome == Outcome::Running)
            .collect();
        self.ask_for(trials, &running, &prepared, statement)?;
        let (own, prepared) = (&*trials, &prepared);
        let judged = compute::run_each(&what, reporter, statement, running.len(), |job, monitor| {
            let started = Instant::now();
            let judgement = judge(&*own[running[job]].learner, prepared, monitor);
            Ok::<_, Error>((judgement, started.elapsed()))
        })?;
        let mut through = Vec::new();
        for (&trial, judged) in running.iter().zip(judged) {
            let (judgement, duration) = judged?;
            trials[trial].seconds += duration.as_secs_f64();
            match judgement {
                Ok(judgement) => {
                    trials[trial].judged.push(judgement);
                    through.push(trial);
                }
                Err(error) => trials[trial].fail(error)?,
            }
        }
        Ok(through)
    }

    /// Returns an error unless there is memory for as many trials as run at a time.
    fn ask_for(&self, trials: &[Trial], running: &[usize], prepared: &Prepared, statement: &Foreground) -> Result<()> {
        let mut needed: Vec<usize> = Vec::new();
        for &trial in running {
            let learner = &*trials[trial].learner;
            let shape = prepared.train.shape(1);
            request::ask_for(learner, &prepared.train, statement.held())?;
            needed.push(learner.memory(&shape).saturating_add(learner.design_memory(&shape)));
        }
        needed.sort_unstable_by(|a, b| b.cmp(a));
        let at_a_time = needed.into_iter().take(settings::threads());
        let needed = at_a_time.fold(0, usize::saturating_add);
        statement.allow(needed)?;
        Ok(room::ask(needed)?)
    }

    /// Tells how trials stand, in a tuning that takes long.
    fn tell(&self, trials: &[Trial], running: &[usize], reporter: &Reporter) {
        for &trial in running {
            reporter.tell(|| {
                format!(
                    "tuning {}: {}",
                    self.model,
                    trials[trial].shown(trial, self.folds.count(), self.metric)
                )
            });
        }
    }
}

/// What was not stopped went through.
fn finish(trials: &mut [Trial]) {
    for trial in trials.iter_mut().filter(|trial| trial.outcome == Outcome::Running) {
        trial.outcome = Outcome::Finished;
    }
}
