//! Explanations as people meet them: of the columns that a model reads, whatever the steps of preprocessing made of these, and of classes.

use super::{Baseline, Explainer};
use crate::error::Result;
use crate::estimator::Estimator;
use crate::label::Label;
use crate::model::Model;
use crate::monitor::Monitor;
use crate::room;
use crate::summary::Summary;

/// An explained margin, and the sign with which it speaks for a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    margin: usize,
    sign: f64,
}

impl Side {
    /// The attributions of so many inputs to this side, of those of all margins of a row.
    pub fn attributions(self, of_row: &[f64], inputs: usize) -> impl Iterator<Item = f64> {
        let start = self.margin * inputs;
        let numbers = of_row.get(start..start + inputs).unwrap_or(&[]);
        numbers.iter().map(move |number| self.sign * number)
    }

    /// The margin with the opposite sign.
    pub fn opposite(self) -> Side {
        Side {
            sign: -self.sign,
            ..self
        }
    }
}

/// Which attributions are told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Those that push the margin up, and those that push it down.
    Either,
    /// Those that push it up.
    Up,
}

/// Explains the margins of a model by its inputs: pieces that were made of one are added up, and what was made of several counts for each of them in
/// equal parts. It is kept beside the model.
pub struct Folded {
    explainer: Box<dyn Explainer>,
    /// The inputs that each of the learner's features is made of.
    sources: Vec<Vec<usize>>,
    inputs: usize,
    /// Whether the learner's features are the inputs.
    each_its_own: bool,
    /// How many classes there are; 0 of a model that answers with a number.
    classes: usize,
    /// How many margins the model itself has.
    margins: usize,
}

/// What explains some rows: for each row and margin one number per input, and the margins themselves as the model computes them.
#[derive(Debug, Clone, Default)]
pub struct Explained {
    attributions: Vec<f64>,
    margins: Vec<f64>,
    /// The class that each row is given, of more than two.
    predicted: Vec<usize>,
    inputs: usize,
    outputs: usize,
}

impl Folded {
    /// Against a baseline, whose rows are encoded as the learner sees them. `summaries`: see [`Model::explainer`]. Returns an error when stopped, and for a model
    /// that cannot be explained.
    pub fn new(model: &Model, baseline: Baseline<'_>, summaries: &[Summary], monitor: &dyn Monitor) -> Result<Folded> {
        let (sources, inputs) = (model.source_inputs(), model.inputs.len());
        let is_own = |(feature, sources): (usize, &Vec<usize>)| sources[..] == [feature];
        Ok(Folded {
            explainer: model.explainer(baseline, summaries, monitor)?,
            each_its_own: sources.len() == inputs && sources.iter().enumerate().all(is_own),
            sources,
            inputs,
            classes: model.answer.classes().map_or(0, <[Label]>::len),
            margins: model.fitted.base().len(),
        })
    }

    /// How many inputs there are.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// What explains the learner's features.
    pub fn explainer(&self) -> &dyn Explainer {
        &*self.explainer
    }

    /// The inputs that each of the learner's features is made of.
    pub fn sources(&self) -> &[Vec<usize>] {
        &self.sources
    }

    /// The side of a class by its number; of a number, and of two classes without one, that of the number or of the positive class. `None` for more classes when none is
    /// named.
    pub fn side(&self, class: Option<usize>) -> Option<Side> {
        let several = self.explainer.base().len() > 1;
        match (self.classes, class) {
            (0, _) => Some(Side { margin: 0, sign: 1.0 }),
            (2, class) => {
                let class = class.unwrap_or(1);
                Some(match several {
                    true => Side {
                        margin: class,
                        sign: 1.0,
                    },
                    false => Side {
                        margin: 0,
                        sign: if class == 1 { 1.0 } else { -1.0 },
                    },
                })
            }
            (_, class) => class.map(|margin| Side { margin, sign: 1.0 }),
        }
    }

    /// The sides that are told of by default: one, or one per class.
    pub fn sides(&self) -> Vec<Side> {
        match self.side(None) {
            Some(side) => vec![side],
            None => (0..self.classes).filter_map(|class| self.side(Some(class))).collect(),
        }
    }

    /// The base value of a side: what margins are under the baseline, in the mean.
    pub fn base(&self, side: Side) -> f64 {
        side.sign * self.explainer.base()[side.margin]
    }

    /// What each input adds to each margin of rows of the learner, one after the other: for each row and margin one number per input. Allocates what it gives. Returns
    /// an error when stopped.
    pub fn attributions(&self, rows: &[f64], monitor: &dyn Monitor) -> Result<Vec<f64>> {
        let (width, outputs) = (self.sources.len().max(1), self.explainer.base().len());
        let mut of_features: Vec<f64> = room::zeros(rows.len() * outputs)?;
        self.explainer.explain(rows, width, &mut of_features, monitor)?;
        if self.each_its_own {
            return Ok(of_features);
        }
        let mut of_inputs: Vec<f64> = room::zeros(rows.len() / width * outputs * self.inputs)?;
        let folded = of_inputs.chunks_exact_mut(self.inputs.max(1));
        for (of_features, out) in of_features.chunks_exact(width).zip(folded) {
            for (sources, attribution) in self.sources.iter().zip(of_features) {
                let share = attribution / sources.len().max(1) as f64;
                sources.iter().for_each(|&input| out[input] += share);
            }
        }
        Ok(of_inputs)
    }

    /// Explains rows of the learner, one after the other, with the margins that the model computes of them. Allocates what it gives. Returns an error when stopped.
    pub fn explain(&self, model: &Model, rows: &[f64], monitor: &dyn Monitor) -> Result<Explained> {
        let (width, outputs) = (self.sources.len().max(1), self.explainer.base().len());
        let mut explained = Explained {
            attributions: self.attributions(rows, monitor)?,
            margins: room::with_capacity(rows.len() / width * outputs)?,
            predicted: Vec::new(),
            inputs: self.inputs,
            outputs,
        };
        let (mut margins, mut scores) = (vec![0.0; self.margins], vec![0.0; model.outputs()]);
        for row in rows.chunks_exact(width) {
            model.fitted.margin(row, &mut margins);
            explained.margins.extend(model.fitted.explained(&margins));
            if self.classes > 2 {
                model.score(row, &mut scores);
                let first = |best: usize, class: usize| if scores[class] > scores[best] { class } else { best };
                explained.predicted.push((1..scores.len()).fold(0, first));
            }
        }
        Ok(explained)
    }
}

impl Explained {
    /// How many rows were explained.
    pub fn rows(&self) -> usize {
        self.margins.len() / self.outputs.max(1)
    }

    /// The class that a row is given, of more than two.
    pub fn predicted(&self, row: usize) -> Option<usize> {
        self.predicted.get(row).copied()
    }

    /// The attribution of each input to a side of a row's margins.
    pub fn attributions(&self, row: usize, side: Side) -> impl Iterator<Item = f64> {
        let size = self.outputs * self.inputs;
        let of_row = self.attributions.get(row * size..(row + 1) * size);
        side.attributions(of_row.unwrap_or(&[]), self.inputs)
    }

    /// A row's margin, as the model computes it.
    pub fn margin(&self, row: usize, side: Side) -> f64 {
        side.sign * self.margins[row * self.outputs + side.margin]
    }

    /// How far base value and attributions are from the margin.
    pub fn error(&self, row: usize, side: Side, base: f64) -> f64 {
        (base + self.attributions(row, side).sum::<f64>() - self.margin(row, side)).abs()
    }

    /// The inputs by the size of their attributions, the largest first, of equal ones the first; at most so many.
    pub fn largest(&self, row: usize, side: Side, most: usize, direction: Direction) -> Vec<(usize, f64)> {
        let size = |attribution: f64| attribution.abs();
        let mut inputs: Vec<(usize, f64)> = self.attributions(row, side).enumerate().collect();
        inputs.retain(|(_, attribution)| direction == Direction::Either || *attribution > 0.0);
        inputs.sort_by(|(a, one), (b, other)| size(*other).total_cmp(&size(*one)).then_with(|| a.cmp(b)));
        inputs.truncate(most);
        inputs
    }
}

/// The pairs of inputs whose joint effects are told, and the pairs of the learner's features of which each is made.
pub struct Pairs {
    /// Two different inputs, the lesser one first, ascending.
    inputs: Vec<(usize, usize)>,
    /// For each of the learner's pairs the places of those of inputs, each with its share.
    shares: Vec<Vec<(usize, f64)>>,
}

/// Sums over rows of what two inputs add together.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct JointSum {
    /// Of its size.
    pub absolute: f64,
    /// Of itself.
    pub signed: f64,
}

impl Pairs {
    /// The pairs of inputs.
    pub fn inputs(&self) -> &[(usize, usize)] {
        &self.inputs
    }
}

impl Folded {
    /// The pairs of inputs that may add something together, beside what each adds by itself; none of a model whose margins are sums. Returns an error when stopped.
    pub fn pairs(&self, monitor: &dyn Monitor) -> Result<Pairs> {
        let mut of_pairs: Vec<Vec<((usize, usize), f64)>> = Vec::new();
        for (one, other) in self.explainer.pairs(monitor)? {
            let (sources, others) = (&self.sources[one], &self.sources[other]);
            let share = 1.0 / (sources.len() * others.len()).max(1) as f64;
            // A pair (i, j) holds half of what the two add together; (i, i) what i adds by itself.
            let share = if one == other { share } else { 2.0 * share };
            let pairs = sources
                .iter()
                .flat_map(|&a| others.iter().map(move |&b| (a.min(b), a.max(b))));
            of_pairs.push(pairs.filter(|(a, b)| a != b).map(|pair| (pair, share)).collect());
        }
        let mut inputs: Vec<(usize, usize)> = of_pairs.iter().flatten().map(|(pair, _)| *pair).collect();
        inputs.sort_unstable();
        inputs.dedup();
        let place = |(pair, share): ((usize, usize), f64)| Some((inputs.binary_search(&pair).ok()?, share));
        let shares = of_pairs
            .into_iter()
            .map(|pairs| pairs.into_iter().filter_map(place).collect());
        Ok(Pairs {
            shares: shares.collect(),
            inputs,
        })
    }

    /// For each of some sides, the sums over rows of what each pair of inputs adds together. Returns an error when stopped.
    pub fn joint_sums(
        &self,
        pairs: &Pairs,
        sides: &[Side],
        rows: &[f64],
        monitor: &dyn Monitor,
    ) -> Result<Vec<JointSum>> {
        /// Numbers at a time.
        const MOST: usize = 1 << 20;
        let (width, outputs, count) = (
            self.sources.len().max(1),
            self.explainer.base().len(),
            pairs.shares.len(),
        );
        let mut sums = vec![JointSum::default(); sides.len() * pairs.inputs.len()];
        let at_once = (MOST / (outputs * count).max(1)).max(1);
        let mut of_row = vec![0.0; pairs.inputs.len()];
        for rows in rows.chunks(at_once * width) {
            let mut numbers: Vec<f64> = room::zeros(rows.len() / width * outputs * count)?;
            self.explainer.interactions(rows, width, &mut numbers, monitor)?;
            for of_margins in numbers.chunks_exact((outputs * count).max(1)) {
                for (side, sums) in sides.iter().zip(sums.chunks_exact_mut(pairs.inputs.len().max(1))) {
                    of_row.fill(0.0);
                    let numbers = &of_margins[side.margin * count..][..count];
                    for (shares, number) in pairs.shares.iter().zip(numbers) {
                        shares
                            .iter()
                            .for_each(|&(place, share)| of_row[place] += share * side.sign * number);
                    }
                    for (sum, number) in sums.iter_mut().zip(&of_row) {
                        sum.absolute += number.abs();
                        sum.signed += number;
                    }
                }
            }
        }
        Ok(sums)
    }
}
