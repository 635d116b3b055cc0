//! Principal components from products of rows that were not held.

use super::PcaParams;
use super::fit::{check_width, learned, of_moments, scales};
use crate::design::Design;
use crate::error::{Error, Result};
use crate::linear::by_sums::products_of;
use crate::linear::exact;
use crate::linear::input::weights_of;
use crate::linear::summing::{LinearPass, LinearSums};
use crate::monitor::{Monitor, Unwatched};
use crate::space::Space;
use crate::sums::{Course, Step, Sums, Total, What};
use crate::training_set::TrainingSet;

/// One pass.
pub(super) struct ByProducts {
    params: PcaParams,
    pass: LinearPass,
}

impl ByProducts {
    pub fn new(params: &PcaParams, sample: &TrainingSet) -> Result<ByProducts> {
        let weights = weights_of(sample)?;
        Ok(ByProducts {
            params: params.clone(),
            pass: products_of(sample, (&[], weights.as_deref()), &Unwatched)?,
        })
    }
}

impl Course for ByProducts {
    fn next(&mut self, sums: Option<&Sums>, sample: &TrainingSet, monitor: &dyn Monitor) -> Result<Step> {
        let (wide, rows) = match sums.map(|sums| (sums.total(), sums.counted())) {
            None => return Ok(Step::Pass(What::Linear(self.pass.clone()))),
            Some((Total::Linear(LinearSums::Products(wide)), rows)) => (wide, rows),
            Some((Total::Tally(_) | Total::Linear(_) | Total::Clusters(_) | Total::Steps(_), _)) => {
                return Err(Error::Internal("a learner was given sums that it did not ask for"));
            }
        };
        let (seen, moments) = exact::of_products(&self.pass, wide, true, monitor)?;
        let design = Design::of_seen(&seen, true);
        check_width(&design)?;
        let space = Space::of(&design, &sample.frame, self.params.units())?;
        let scales = scales(&design, self.params.standardize);
        let rows = usize::try_from(rows).unwrap_or(usize::MAX);
        let pca = of_moments(&self.params, &moments, (&scales, rows), space, monitor)?;
        Ok(Step::Fitted(Box::new(learned(pca, &design, &sample.frame, monitor)?)))
    }
}
