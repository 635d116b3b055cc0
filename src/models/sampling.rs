//! What the first reading of many rows taught: a sample of them, divided as they are and preprocessed as they are, and how all of them are read again.

use hashbrown::HashMap;

use super::elsewhere::Elsewhere;
use super::packing::ReadContext;
use crate::pg::compute;
use crate::pg::error::{Error, Result, advise};
use algo::packed::{PackPlan, Packer, Survey, Surveyed};
use algo::prepare::{Plan, Prepared, Slot, Split, prepare_unchanged};
use algo::row_sample::RowSample;
use algo::sums::{self, Layout, Places, Preprocessing, Summing, Sums};

/// Where the rows are that are read again: where they were, or here.
pub struct Passes {
    /// Where they are, if that is elsewhere, and how many of them have a target.
    elsewhere: Option<(Elsewhere, u64)>,
}

impl Passes {
    /// Of rows that come here.
    pub fn here() -> Passes {
        Passes { elsewhere: None }
    }

    /// Of rows that are elsewhere, of which so many have a target.
    pub fn elsewhere(rows: Elsewhere, labelled: u64) -> Passes {
        Passes {
            elsewhere: Some((rows, labelled)),
        }
    }

    /// Whether the rows come here.
    pub fn are_here(&self) -> bool {
        self.elsewhere.is_none()
    }

    /// Says where the rows were read, if not here.
    pub fn announce(&self) {
        if let Some((rows, _)) = &self.elsewhere {
            rows.announce();
        }
    }

    /// The sums of a pass.
    pub fn sum(&mut self, plan: &sums::Plan, context: &mut ReadContext<'_>) -> Result<Sums> {
        if let Some((rows, _)) = &self.elsewhere {
            if let Some(sums) = rows.sum(plan, context.statement)? {
                return Ok(sums);
            }
            self.elsewhere = None;
        }
        let mut summing = Summing::new(plan)?;
        context.again(|cells| summing.push(|column| cells[column]))?;
        Ok(summing.finish()?)
    }

    /// The rows, packed.
    pub fn pack(&mut self, plan: &PackPlan, context: &mut ReadContext<'_>) -> Result<Packer> {
        let mut packer = Packer::new(plan, context.statement)?;
        if let Some((rows, labelled)) = &self.elsewhere {
            if let Some(packer) = rows.pack(plan, *labelled, packer, context.statement)? {
                return Ok(packer);
            }
            self.elsewhere = None;
            packer = Packer::new(plan, context.statement)?;
        }
        context.again(|cells| packer.push(|column| cells[column]))?;
        Ok(packer)
    }
}

/// What the first reading taught.
pub struct Known {
    pub surveyed: Surveyed,
    /// The sample as its columns give it.
    prepared: Prepared,
    slots: Vec<Slot>,
    /// The places of the features, the target and the weights among the columns that are read.
    places: Vec<usize>,
    target: Option<usize>,
    weight: Option<usize>,
}

/// A sample of many rows as they are learned from, and how all of them are read.
pub struct Sampled {
    pub surveyed: Surveyed,
    pub prepared: Prepared,
    pub layout: Layout,
}

impl Known {
    /// Of a survey of rows that are to be prepared by `plan`. Returns an error for rows that cannot be learned from.
    pub fn of(survey: Survey, plan: &Plan, context: &mut ReadContext<'_>) -> Result<Known> {
        let columns = context.columns;
        // Looked up here, for what is done elsewhere asks no catalog.
        let orders: Vec<HashMap<String, f32>> = (0..columns.count())
            .map(|index| columns.orders(index, survey.texts(index)))
            .collect();
        let (surveyed, mut prepared, slots) =
            compute::run(context.what, context.reporter, context.statement, |monitor| {
                let order = |index: usize, text: &str| orders[index].get(text).copied();
                let mut surveyed = survey.finish(columns.headings(), columns.width(), order, monitor)?;
                let (prepared, slots) = prepare_unchanged(surveyed.take_sample(), plan, monitor)?;
                Ok::<_, Error>((surveyed, prepared, slots))
            })?;
        let index = |place: Option<usize>| place.map(|place| columns.index(place)).transpose();
        let (target, weight) = (index(plan.target)?, index(plan.weight)?);
        if let Some(target) = target {
            prepared.notes.extend(surveyed.note(columns.name(target)));
        }
        let places = prepared.inputs.iter().map(|input| columns.place(&input.name));
        let places = places.collect::<Result<Vec<usize>>>()?;
        Ok(Known {
            surveyed,
            prepared,
            slots,
            places,
            target,
            weight,
        })
    }

    /// The share of the rows that test, if some do.
    pub fn fraction(&self, split: impl Fn(usize) -> Split) -> Option<f64> {
        match split(usize::try_from(self.surveyed.rows).unwrap_or(usize::MAX)) {
            Split::Fraction(fraction) => Some(fraction),
            Split::None | Split::Column(_) | Split::Latest(..) | Split::Group(..) => None,
        }
    }

    /// The sample with `fraction` of it set aside to test, as of all rows; and what `plan` does with rows learned from those that train. `None` where that
    /// takes the rows themselves, which is said.
    pub fn sampled(
        self,
        plan: &Plan,
        fraction: Option<f64>,
        passes: &mut Passes,
        context: &mut ReadContext<'_>,
    ) -> Result<Option<Sampled>> {
        let Known {
            surveyed,
            mut prepared,
            slots,
            places,
            target,
            weight,
        } = self;
        let places = Places {
            features: &places,
            target,
            weight,
            columns: context.columns.count(),
        };
        let (layout, steps) = compute::run(context.what, context.reporter, context.statement, |monitor| {
            let layout = Layout::new(&prepared, &places, &surveyed, fraction.unwrap_or(0.0), plan.seed)?;
            if fraction.is_some() {
                let (train, test) = layout.divide(&prepared.train);
                let test = prepared.train.take(&test, monitor)?;
                prepared.train = prepared.train.take(&train, monitor)?;
                prepared.test = Some(test).filter(|test| test.rows() > 0);
                prepared.sample = RowSample::of(&prepared.train, prepared.test.as_ref());
            }
            let steps = match plan.spec.is_empty() {
                true => None,
                false => {
                    let how = (&plan.spec, plan.max_categories);
                    Some(Preprocessing::new(&prepared, slots, how, &layout, monitor)?)
                }
            };
            Ok::<_, Error>((layout, steps))
        })?;
        let layout = match steps {
            None => layout,
            Some(Some(steps)) => preprocess(steps, &surveyed, &mut prepared, passes, context)?,
            Some(None) => {
                advise(
                    format!(
                        "the {} rows are held as they are: preprocess encodes columns of too many levels by too many classes",
                        surveyed.rows
                    ),
                    None,
                    Some("Encode them by hash or frequency, or lower max_categories.".into()),
                );
                return Ok(None);
            }
        };
        Ok(Some(Sampled {
            surveyed,
            prepared,
            layout,
        }))
    }
}

/// Learns steps pass by pass, and takes them of the sample. Gives how rows are read then.
fn preprocess(
    mut steps: Preprocessing,
    surveyed: &Surveyed,
    prepared: &mut Prepared,
    passes: &mut Passes,
    context: &mut ReadContext<'_>,
) -> Result<Layout> {
    while let Some(plan) = steps.next()? {
        let sums = passes.sum(&plan, context)?;
        sums.check(&plan, surveyed)?;
        steps.take(&sums)?;
    }
    compute::run(context.what, context.reporter, context.statement, |monitor| {
        Ok::<_, Error>(steps.finish(prepared, monitor)?)
    })
}
