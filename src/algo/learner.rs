//! What a learner is. The table that lists them is in `learners`.

use std::ops::Deref;
use std::sync::Mutex;

use linfa::ParamGuard;
use serde_json::{Map, Value as Json};

use super::error::{Error, Result};
use super::fitted::{self, Fitted, Form};
use super::monitor::{Monitor, Progress};
use super::packed::Packed;
use super::parameters::{Hyperparameters, Space};
use super::sums::{Course, Run};
use super::task::Task;
use super::training_set::{Shape, TargetKind, TrainingSet};

/// A learning algorithm.
pub trait Learner: Sized + 'static {
    /// Its name in SQL.
    const NAME: &'static str;
    /// What it can learn.
    const TASKS: &'static [Task];
    /// What it is, for the pages.
    const ABOUT: &'static str;
    /// What the page of hyperparameters says below its table.
    fn more_pages() -> String {
        String::new()
    }

    /// The hyperparameters of its type that it does not have: they keep their defaults.
    const WITHOUT: &'static [&'static str] = &[];

    /// The type of its hyperparameters.
    type Parameters: Hyperparameters;
    /// What it fits.
    type Fitted: Fitted + Form;

    /// Hyperparameters when none are given.
    fn defaults() -> Self::Parameters {
        Self::Parameters::default()
    }

    /// Returns an error for hyperparameters that are right for others of their type, but not for this learner.
    fn check(_: &Self::Parameters) -> Result<()> {
        Ok(())
    }

    /// The same hyperparameters for learning a quantile of a number; `None` for a learner that learns none.
    fn quantile(_: &Self::Parameters, _alpha: f64) -> Option<Self::Parameters> {
        None
    }

    /// The column of the query that says which rows are not independent of each other, and is no feature; `None` where all are.
    fn cluster(_: &Self::Parameters) -> Option<&str> {
        None
    }

    /// Bytes that a fit takes beside the frame because of the rows, at most, the fitted model among them.
    fn memory(_: &Self::Parameters, _: &Shape) -> usize {
        0
    }

    /// Bytes that a fit takes because of the design's columns, whatever the number of rows, at most.
    fn design_memory(_: &Self::Parameters, _: &Shape) -> usize {
        0
    }

    /// Learns from rows. Looks at the monitor every few milliseconds, and tells it of each iteration.
    fn fit(params: &Checked<Self>, set: &TrainingSet, monitor: &dyn Monitor) -> Result<Self::Fitted>;

    /// Into how many bins numbers are put for a learner that learns such a target from packed rows; `None` for one that needs the values.
    fn bins(_: &Self::Parameters, _: TargetKind) -> Option<usize> {
        None
    }

    /// Bytes that [`Learner::fit_packed`] takes beside the packed rows, at most.
    fn packed_memory(_: &Self::Parameters, _: &Shape) -> usize {
        0
    }

    /// Learns from packed rows, where [`Learner::bins`] says that it can.
    fn fit_packed(_: &Checked<Self>, _: &Packed, _: &dyn Monitor) -> Result<Self::Fitted> {
        Err(Error::Internal("a learner of values was given packed rows"))
    }

    /// Whether it learns such a target from sums over the rows, which are not held.
    fn sums(_: &Self::Parameters, _: TargetKind) -> bool {
        false
    }

    /// How it learns from sums, where [`Learner::sums`] says that it can; `None` where the features of the sample are too many for that.
    fn course(_: &Self::Parameters, _sample: &TrainingSet) -> Result<Option<Box<dyn Course>>> {
        Ok(None)
    }
}

/// Hyperparameters as they were given.
pub struct Unchecked<L: Learner>(Checked<L>);

/// Hyperparameters that a learner can work with: it fits no others.
pub struct Checked<L: Learner>(L::Parameters);

impl<L: Learner> Unchecked<L> {
    /// Hyperparameters that may be anything.
    pub fn new(params: L::Parameters) -> Self {
        Unchecked(Checked(params))
    }
}

impl<L: Learner> ParamGuard for Unchecked<L> {
    type Checked = Checked<L>;
    type Error = Error;

    fn check_ref(&self) -> Result<&Checked<L>> {
        let Unchecked(Checked(params)) = self;
        params.check()?;
        L::check(params)?;
        Ok(&self.0)
    }

    fn check(self) -> Result<Checked<L>> {
        self.check_ref()?;
        Ok(self.0)
    }
}

impl<L: Learner> Deref for Checked<L> {
    type Target = L::Parameters;

    fn deref(&self) -> &L::Parameters {
        &self.0
    }
}

type Decode = fn(&[u8], &dyn Monitor) -> Result<Box<dyn Fitted>>;
type Configure = fn(&Map<String, Json>, u64) -> Result<Box<dyn Configured>>;

/// A line of the table: a [`Learner`] whose type is forgotten.
pub struct Algorithm {
    /// Its name in SQL.
    pub name: &'static str,
    /// What it can learn.
    pub tasks: &'static [Task],
    /// What it is, for the pages.
    pub about: &'static str,
    /// The form of what it fits.
    pub form: u16,
    pub(super) decode: Decode,
    /// What the page of hyperparameters says below its table.
    pub more_pages: fn() -> String,
    parameters: fn() -> Vec<Description>,
    configure: Configure,
}

/// A hyperparameter, for the pages.
pub struct Description {
    /// Its name in JSON.
    pub name: &'static str,
    /// Other names that are read as well.
    pub aliases: &'static [&'static str],
    /// Its default, as JSON or in words.
    pub default: String,
    /// The values that it may have.
    pub allowed: String,
    /// Whose name it is.
    pub source: &'static str,
    /// What it does.
    pub about: &'static str,
    /// Whether its values are whole numbers.
    pub is_whole: bool,
    /// The values that a search tries unless it is told which.
    pub search: Option<Space>,
}

impl Description {
    /// Each of its names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        std::iter::once(self.name).chain(self.aliases.iter().copied())
    }
}

/// The hyperparameter by which draws are made, for learners that draw.
pub(super) const SEED: &str = "seed";

impl Algorithm {
    /// The line of a learner.
    pub const fn of<L: Learner>() -> Algorithm {
        Algorithm {
            name: L::NAME,
            tasks: L::TASKS,
            about: L::ABOUT,
            form: L::Fitted::CODE,
            decode: fitted::decode_form::<L::Fitted>,
            more_pages: L::more_pages,
            parameters: parameters_of::<L>,
            configure: configure::<L>,
        }
    }

    /// Its hyperparameters, in the order of the pages.
    pub fn parameters(&self) -> Vec<Description> {
        (self.parameters)()
    }

    /// Reads hyperparameters and checks their ranges. A learner that draws, and is given no seed of its own, draws by `seed`.
    pub fn configure(&self, params: &Map<String, Json>, seed: u64) -> Result<Box<dyn Configured>> {
        (self.configure)(params, seed)
    }
}

fn parameters_of<L: Learner>() -> Vec<Description> {
    describe(&L::defaults(), L::WITHOUT)
}

/// Hyperparameters with these defaults, for the pages, but for those in `without`.
pub(super) fn describe<P: Hyperparameters>(defaults: &P, without: &[&str]) -> Vec<Description> {
    let own = P::PARAMETERS
        .iter()
        .filter(|parameter| !without.contains(&parameter.name));
    let describe = own.map(|parameter| Description {
        name: parameter.name,
        aliases: parameter.aliases,
        default: (parameter.show)(defaults),
        allowed: (parameter.allowed)(),
        source: parameter.source,
        about: parameter.about.trim(),
        is_whole: parameter.is_whole,
        search: parameter.search,
    });
    describe.collect()
}

fn configure<L: Learner>(json: &Map<String, Json>, seed: u64) -> Result<Box<dyn Configured>> {
    let mut params = L::defaults();
    if let Some(parameter) = L::Parameters::PARAMETERS.iter().find(|p| p.name == SEED) {
        (parameter.read)(&mut params, &seed.into());
    }
    params.read(json, L::WITHOUT)?;
    Ok(Box::new(Unchecked::<L>::new(params).check()?))
}

/// A learner with its hyperparameters.
pub trait Configured: Send + Sync {
    /// The same learner, of a quantile of a number; `None` when it learns none. Returns an error for hyperparameters that do not go with it.
    fn quantile(&self, alpha: f64) -> Result<Option<Box<dyn Configured>>>;

    /// The column that says which rows are not independent of each other, and is no feature.
    fn cluster(&self) -> Option<&str> {
        None
    }

    /// Bytes that a fit takes beside the frame because of the rows, at most, the fitted model among them.
    fn memory(&self, shape: &Shape) -> usize;

    /// Bytes that a fit takes because of the design's columns, whatever the number of rows, at most.
    fn design_memory(&self, shape: &Shape) -> usize;

    /// Learns from rows. Also gives the loss after each iteration.
    fn fit(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<(Box<dyn Fitted>, Vec<Progress>)>;

    /// Into how many bins numbers are put for a learner that learns such a target from packed rows; `None` for one that needs the values.
    fn bins(&self, _: TargetKind) -> Option<usize> {
        None
    }

    /// Bytes that [`Configured::fit_packed`] takes beside the packed rows, at most.
    fn packed_memory(&self, _: &Shape) -> usize {
        0
    }

    /// Learns from packed rows, where [`Configured::bins`] says that it can. Also gives the loss after each iteration.
    fn fit_packed(&self, _: &Packed, _: &dyn Monitor) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
        Err(Error::Internal("a learner of values was given packed rows"))
    }

    /// Whether it learns such a target from sums over the rows, which are not held.
    fn sums(&self, _: TargetKind) -> bool {
        false
    }

    /// How it learns from sums, where [`Configured::sums`] says that it can; `None` where the features of the sample are too many for that.
    fn course(&self, _sample: &TrainingSet) -> Result<Option<Run>> {
        Ok(None)
    }
}

impl<L: Learner> Configured for Checked<L> {
    fn quantile(&self, alpha: f64) -> Result<Option<Box<dyn Configured>>> {
        match L::quantile(self, alpha) {
            Some(params) => Ok(Some(Box::new(Unchecked::<L>::new(params).check()?))),
            None => Ok(None),
        }
    }

    fn cluster(&self) -> Option<&str> {
        L::cluster(self)
    }

    fn memory(&self, shape: &Shape) -> usize {
        L::memory(self, shape)
    }

    fn design_memory(&self, shape: &Shape) -> usize {
        L::design_memory(self, shape)
    }

    fn fit(&self, set: &TrainingSet, monitor: &dyn Monitor) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
        recorded(monitor, |recorder| L::fit(self, set, recorder))
    }

    fn bins(&self, kind: TargetKind) -> Option<usize> {
        L::bins(self, kind)
    }

    fn packed_memory(&self, shape: &Shape) -> usize {
        L::packed_memory(self, shape)
    }

    fn fit_packed(&self, packed: &Packed, monitor: &dyn Monitor) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
        recorded(monitor, |recorder| L::fit_packed(self, packed, recorder))
    }

    fn sums(&self, kind: TargetKind) -> bool {
        L::sums(self, kind)
    }

    fn course(&self, sample: &TrainingSet) -> Result<Option<Run>> {
        Ok(L::course(self, sample)?.map(Run::new))
    }
}

/// What a learner fits, with the losses on the way.
fn recorded<F: Fitted + 'static>(
    monitor: &dyn Monitor,
    fit: impl FnOnce(&dyn Monitor) -> Result<F>,
) -> Result<(Box<dyn Fitted>, Vec<Progress>)> {
    let recorder = Recorder::new(monitor);
    let fitted = fit(&recorder)?;
    Ok((Box::new(fitted), recorder.history()))
}

/// Passes everything on, and keeps the losses.
pub(crate) struct Recorder<'m> {
    monitor: &'m dyn Monitor,
    history: Mutex<Vec<Progress>>,
}

impl<'m> Recorder<'m> {
    /// Nothing is kept yet.
    pub fn new(monitor: &'m dyn Monitor) -> Recorder<'m> {
        Recorder {
            monitor,
            history: Mutex::default(),
        }
    }

    /// What was kept.
    pub fn history(self) -> Vec<Progress> {
        self.history.into_inner().unwrap_or_default()
    }
}

impl Monitor for Recorder<'_> {
    fn check(&self) -> Result<()> {
        self.monitor.check()
    }

    fn progress(&self, progress: Progress) {
        if let Ok(mut history) = self.history.lock() {
            history.push(progress);
        }
        self.monitor.progress(progress);
    }
}
