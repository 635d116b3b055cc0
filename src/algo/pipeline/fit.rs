//! Learns a pipeline from training rows, and applies it to them and to test rows.

use std::sync::Arc;

use rayon::prelude::*;

use super::cross::Crossed;
use super::feature::Feature;
use super::spec::{Chosen, Spec};
use super::step::{Place, Training};
use super::steps::{Configured, FittedStep};
use super::{Pipeline, Stage, Stages};
use crate::error::{Error, Result};
use crate::frame::{Column, MISSING, UNSEEN, UNSEEN_CODE};
use crate::label::Label;
use crate::monitor::Monitor;
use crate::room;
use crate::summary::{Summary, summarize};
use crate::training_set::Target;

/// Rows between two looks at the monitor.
const BLOCK: usize = 1 << 12;

/// A raw slot with its rows.
pub struct Raw {
    /// The column that it is read from.
    pub column: String,
    /// What it is.
    pub feature: Feature,
    /// Its training rows.
    pub train: Column,
    /// Its test rows.
    pub test: Column,
    /// The steps of its column.
    pub steps: Vec<Chosen>,
}

/// A pipeline with the rows that it has made.
pub struct Learned {
    /// The pipeline.
    pub pipeline: Pipeline,
    /// What the learner learns from.
    pub train: Vec<Column>,
    /// The same of test rows.
    pub test: Vec<Column>,
    /// The step that each stage was learned by; none for a cross.
    pub steps: Vec<Option<Arc<dyn Configured>>>,
}

/// A feature on its way: the slot that it has, and its rows.
#[derive(Clone)]
struct Live {
    feature: Feature,
    slot: usize,
    train: Column,
    test: Column,
}

/// What became of a raw slot, or of a cross. Slots are counted from the first of the stages; the slots read are given by [`From`].
#[derive(Default)]
struct Chain {
    stages: Vec<Taken>,
    width: usize,
    ends: Vec<Live>,
    /// What crosses take: the feature as it is before it is encoded.
    crossed: Option<Live>,
    /// The keys of steps that found something to do.
    done: Vec<&'static str>,
}

/// A step that was taken: where it reads, and what it was learned by, unless it is a cross.
type Taken = (FittedStep, [From; 2], Option<Arc<dyn Configured>>);

/// Where a stage of a chain reads: a slot outside, or one of the chain's own.
#[derive(Clone, Copy)]
enum From {
    Outside(usize),
    Own(usize),
}

/// What is learned from.
struct Rows<'a> {
    target: &'a Target,
    classes: &'a [Label],
    monitor: &'a dyn Monitor,
}

/// Learns the pipeline of `spec` from raw slots and the target, with the names of its classes where it has any. `most` is how many levels learners tell apart. Returns an error for steps that cannot be learned,
/// and for one of a column by name that has nothing to do. `keys` are the distributions of slots behind the others that say to which group a row
/// belongs: the learner sees them last, as they are.
pub fn learn(
    spec: &Spec,
    raws: Vec<Raw>,
    keys: Vec<Summary>,
    (target, classes): (&Target, &[Label]),
    most: usize,
    monitor: &dyn Monitor,
) -> Result<Learned> {
    let rows = Rows {
        target,
        classes,
        monitor,
    };
    let raw = raws.len() + keys.len();
    let columns: Vec<(String, Vec<Chosen>)> = raws.iter().map(|raw| (raw.column.clone(), raw.steps.clone())).collect();
    let is_crossed = |column: &str| spec.crosses.iter().flatten().any(|name| name == column);
    let chains: Vec<Chain> = raws
        .into_par_iter()
        .enumerate()
        .map(|(slot, raw)| {
            let live = Live {
                feature: raw.feature,
                slot: 0,
                train: raw.train,
                test: raw.test,
            };
            rows.chain(live, From::Outside(slot), &raw.steps, is_crossed(&raw.column))
        })
        .collect::<Result<_>>()?;
    check_meant(&columns, &chains)?;
    let mut starts = Vec::with_capacity(chains.len());
    let mut next = raw;
    for chain in &chains {
        starts.push(next);
        next += chain.width;
    }
    let crosses = spec.crosses.par_iter().map(|names| {
        let place = |name: &String| {
            let mut places = (0..columns.len()).filter(|place| columns[*place].0 == *name);
            (places.next(), places.next())
        };
        let [a, b] = names.each_ref().map(place);
        match (a, b) {
            ((Some(a), None), (Some(b), None)) => match (&chains[a].crossed, &chains[b].crossed) {
                (Some(left), Some(right)) => {
                    let slot = |live: &Live, chain: usize| match live.slot {
                        0 => chain,
                        own => starts[chain] + own - 1,
                    };
                    rows.cross(spec, (left, slot(left, a)), (right, slot(right, b)), most)
                        .map(Some)
                }
                _ => Err(cannot_cross(names)),
            },
            ((_, Some(_)), _) | (_, (_, Some(_))) => Err(cannot_cross(names)),
            // One that teaches nothing was left out, which is noted.
            _ => Ok(None),
        }
    });
    let crosses: Vec<Option<Chain>> = crosses.collect::<Result<_>>()?;
    assemble(keys, chains, crosses.into_iter().flatten().collect(), monitor)
}

fn cannot_cross(names: &[String; 2]) -> Error {
    let [a, b] = names;
    Error::data(
        format!("columns \"{a}\" and \"{b}\" cannot be crossed"),
        "cross two columns that are a number or a category each, not vectors, texts of words or parts of times",
    )
}

/// Returns an error when a step that is meant for a column has found nothing to do in it.
fn check_meant(columns: &[(String, Vec<Chosen>)], chains: &[Chain]) -> Result<()> {
    for (column, steps) in columns {
        let own = || columns.iter().zip(chains).filter(|((name, _), _)| name == column);
        let idle = steps
            .iter()
            .filter(|chosen| chosen.is_meant && chosen.step.place() != Place::Read);
        for chosen in idle {
            let key = chosen.step.key();
            if !own().any(|(_, chain)| chain.done.contains(&key)) {
                return Err(Error::data(
                    format!("step {key} has nothing to do in column \"{column}\""),
                    "leave it out there; docs/preprocessing.md says which steps take numbers, categories, times and texts",
                ));
            }
        }
    }
    Ok(())
}

impl Rows<'_> {
    /// Takes the steps of a column.
    fn chain(&self, raw: Live, from: From, steps: &[Chosen], is_crossed: bool) -> Result<Chain> {
        let mut chain = Chain::default();
        // Slots are counted from 1 within a chain: 0 is what comes in.
        let mut lives = vec![raw];
        let mut kept = false;
        let keep = |lives: &[Live], chain: &mut Chain| {
            if let ([live], true) = (lives, is_crossed) {
                chain.crossed = Some(live.clone());
            }
        };
        for chosen in steps.iter().filter(|chosen| chosen.step.place() != Place::Read) {
            if chosen.step.place() >= Place::Encode && !kept {
                keep(&main_only(&lives), &mut chain);
                kept = true;
            }
            let mut next = Vec::with_capacity(lives.len());
            for live in lives {
                if !chosen.step.takes(&live.feature.kind) {
                    next.push(live);
                    continue;
                }
                next.extend(self.take(&mut chain, live, from, chosen)?);
            }
            lives = next;
        }
        if !kept {
            keep(&main_only(&lives), &mut chain);
        }
        chain.ends = lives;
        Ok(chain)
    }

    /// Takes one step of one feature.
    fn take(&self, chain: &mut Chain, live: Live, from: From, chosen: &Chosen) -> Result<Vec<Live>> {
        let training = Training {
            feature: &live.feature,
            values: &live.train,
            target: self.target,
            classes: self.classes,
        };
        let (step, columns) = chosen.step.fit(&training, self.monitor)?;
        let input = match live.slot {
            0 => from,
            own => From::Own(own - 1),
        };
        let made = self.made(&step, [&live, &live], chain.width, columns)?;
        chain.width += step.width();
        chain.done.push(chosen.step.key());
        chain.stages.push((step, [input; 2], Some(chosen.step.clone())));
        Ok(made)
    }

    /// The features that a step makes of others. `first` is the slot of the first of them in their chain.
    fn made(
        &self,
        step: &FittedStep,
        inputs: [&Live; 2],
        first: usize,
        training: Option<Vec<Column>>,
    ) -> Result<Vec<Live>> {
        let features = step.outputs(inputs.map(|live| &live.feature));
        let codes = inputs.map(|live| live.feature.kind.codes());
        let kinds: Vec<usize> = (0..step.width()).map(|place| step.codes(place, codes)).collect();
        let train = match training {
            Some(columns) => columns,
            None => self.apply(step, inputs.map(|live| &live.train), &kinds)?,
        };
        let test = self.apply(step, inputs.map(|live| &live.test), &kinds)?;
        let all = features.into_iter().zip(train).zip(test).enumerate();
        Ok(all
            .map(|(place, ((feature, train), test))| Live {
                feature,
                slot: first + place + 1,
                train,
                test,
            })
            .collect())
    }

    /// Applies a step to columns. `kinds` says how many codes each of what it makes has.
    fn apply(&self, step: &FittedStep, inputs: [&Column; 2], kinds: &[usize]) -> Result<Vec<Column>> {
        let rows = inputs[0].len();
        let mut columns = Vec::with_capacity(kinds.len());
        for &codes in kinds {
            columns.push(match codes {
                0 => Column::Number(room::with_capacity(rows)?),
                levels => Column::Category {
                    codes: room::with_capacity(rows)?,
                    levels,
                },
            });
        }
        let mut numbers = vec![f64::NAN; kinds.len()];
        for row in 0..rows {
            if row % BLOCK == 0 {
                self.monitor.check()?;
            }
            step.apply(inputs.map(|column| column.encoded(row)), &mut numbers);
            for (column, number) in columns.iter_mut().zip(&numbers) {
                match column {
                    Column::Number(values) => values.push(*number),
                    Column::Category { codes, .. } => codes.push(code_of(*number)),
                }
            }
        }
        Ok(columns)
    }

    /// Crosses two features, whose slots are given, and takes the steps that follow.
    fn cross(&self, spec: &Spec, (a, of_a): (&Live, usize), (b, of_b): (&Live, usize), most: usize) -> Result<Chain> {
        let [left, right] = [a, b].map(|live| Training {
            feature: &live.feature,
            values: &live.train,
            target: self.target,
            classes: self.classes,
        });
        let step: FittedStep = Crossed::learn(&left, &right, most, self.monitor)?.into();
        let made = self.made(&step, [a, b], 0, None)?;
        let mut chain = Chain {
            width: step.width(),
            ..Chain::default()
        };
        chain.stages.push((step, [of_a, of_b].map(From::Outside), None));
        for live in made {
            let steps = spec.steps_of_cross(&live.feature.kind);
            let mut lives = vec![live];
            for chosen in &steps {
                let mut next = Vec::new();
                for live in lives {
                    match chosen.step.takes(&live.feature.kind) {
                        true => next.extend(self.take(&mut chain, live, From::Own(0), chosen)?),
                        false => next.push(live),
                    }
                }
                lives = next;
            }
            chain.ends.extend(lives);
        }
        Ok(chain)
    }
}

/// The feature itself without what says that it was missing.
fn main_only(lives: &[Live]) -> Vec<Live> {
    match lives {
        [first, flag] if flag.feature.kind == super::Kind::Flag => vec![first.clone()],
        [only] => vec![only.clone()],
        _ => Vec::new(),
    }
}

/// The code of a category's value in an encoded row.
fn code_of(value: f64) -> u32 {
    match value {
        value if value.is_nan() => MISSING,
        UNSEEN => UNSEEN_CODE,
        value => value as u32,
    }
}

/// The distributions of features in their training rows. Features in parallel.
pub(crate) fn summaries(features: &[Feature], train: &[Column], monitor: &dyn Monitor) -> Result<Vec<Summary>> {
    let summary = |(feature, column): (&Feature, &Column)| {
        let levels = feature.kind.levels().map(|levels| levels.all()).unwrap_or_default();
        summarize(column, &levels, 0, monitor)
    };
    features.par_iter().zip(train).map(summary).collect()
}

/// Puts chains together: their stages one after the other, and what they end with as the learner's features.
fn assemble(keys: Vec<Summary>, chains: Vec<Chain>, crosses: Vec<Chain>, monitor: &dyn Monitor) -> Result<Learned> {
    let (mut stages, mut steps, mut outputs) = (Vec::new(), Vec::new(), Vec::new());
    let (mut features, mut train, mut test) = (Vec::new(), Vec::new(), Vec::new());
    let slots = chains.len();
    let mut start = slots + keys.len();
    for (place, chain) in chains.into_iter().chain(crosses).enumerate() {
        let slot = |from: From| match from {
            From::Outside(slot) => slot as u32,
            From::Own(own) => (start + own) as u32,
        };
        for (step, from, by) in chain.stages {
            stages.push(Stage {
                step,
                inputs: from.map(slot),
            });
            steps.push(by);
        }
        for live in chain.ends {
            outputs.push(match live.slot {
                0 if place < slots => place as u32,
                own => (start + own - 1) as u32,
            });
            features.push(live.feature);
            train.push(live.train);
            test.push(live.test);
        }
        start += chain.width;
    }
    let mut statistics = summaries(&features, &train, monitor)?;
    outputs.extend((slots as u32..).take(keys.len()));
    statistics.extend(keys);
    let pipeline = Pipeline::new(Stages { stages, outputs }, statistics);
    Ok(Learned {
        pipeline,
        train,
        test,
        steps,
    })
}
