//! The forms of exponential smoothing: how error, trend and season come together.

use serde::{Deserialize, Serialize};

use crate::coded::coded;

/// How a part joins the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is none.
    None,
    /// It is added.
    Additive,
    /// It is a factor.
    Multiplicative,
}

coded!(Kind {
    0 => None,
    1 => Additive,
    2 => Multiplicative,
});

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Form {
    /// Additive or multiplicative.
    pub error: Kind,
    /// None or additive: multiplicative trends run away.
    pub trend: Kind,
    /// Whether the trend levels off.
    pub damped: bool,
    /// Any.
    pub season: Kind,
}

impl Form {
    /// The forms among which to choose: without multiplicative parts where a value is not positive, and never a season that is a factor with an error
    /// that is added, whose likelihood is unstable (Hyndman and Khandakar).
    pub(super) fn all(is_positive: bool, has_season: bool) -> impl Iterator<Item = Form> {
        let errors = [Kind::Additive, Kind::Multiplicative];
        let trends = [(Kind::None, false), (Kind::Additive, false), (Kind::Additive, true)];
        let seasons = [Kind::None, Kind::Additive, Kind::Multiplicative];
        let forms = errors.into_iter().flat_map(move |error| {
            trends.into_iter().flat_map(move |(trend, damped)| {
                seasons.into_iter().map(move |season| Form {
                    error,
                    trend,
                    damped,
                    season,
                })
            })
        });
        forms.filter(move |form| {
            let is_additive = form.error == Kind::Additive && form.season != Kind::Multiplicative;
            let is_stable = form.error == Kind::Multiplicative || form.season != Kind::Multiplicative;
            is_stable && (is_positive || is_additive) && (has_season || form.season == Kind::None)
        })
    }

    /// As in R: error, trend and season, such as `MAdN`.
    pub fn name(&self) -> String {
        let letter = |kind| match kind {
            Kind::None => 'N',
            Kind::Additive => 'A',
            Kind::Multiplicative => 'M',
        };
        let damped = if self.damped { "d" } else { "" };
        format!(
            "{}{}{damped}{}",
            letter(self.error),
            letter(self.trend),
            letter(self.season)
        )
    }

    /// How many smoothing parameters it has.
    pub(super) fn shares(&self) -> usize {
        1 + usize::from(self.has_trend()) + usize::from(self.has_season()) + usize::from(self.damped)
    }

    pub(super) fn has_trend(&self) -> bool {
        self.trend != Kind::None
    }

    pub(super) fn has_season(&self) -> bool {
        self.season != Kind::None
    }

    /// How many numbers are estimated: smoothing parameters, the first state, whose seasons have a given sum, and the variance.
    pub(super) fn parameters(&self, season: usize) -> usize {
        let seasons = if self.has_season() { season - 1 } else { 0 };
        self.shares() + 1 + usize::from(self.has_trend()) + seasons + 1
    }

    pub(super) fn is_sound(&self) -> bool {
        self.error != Kind::None && self.trend != Kind::Multiplicative && (self.has_trend() || !self.damped)
    }
}
