//! The measures of drift, and what tools mean by their names.

use serde::Deserialize;

use super::distance::Smoothing;
use super::distribution::Scale;

/// A measure of drift.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// [`super::distance::psi`].
    Psi,
    /// The root of [`Method::JsDivergence`].
    JsDistance,
    /// [`super::distance::js`].
    JsDivergence,
    /// [`super::distance::hellinger`].
    Hellinger,
    /// [`super::distance::kl`].
    Kl,
    /// [`super::distance::tvd`].
    Tvd,
    /// [`super::distance::l_infinity`].
    LInfinity,
    /// [`super::ordered::ks`], of numbers only.
    Ks,
    /// [`super::ordered::wasserstein`], of numbers only.
    Wasserstein,
    /// The statistic of [`crate::stats::chi_square::homogeneity`].
    ChiSquare,
    /// Its root as a share of the most that it can be (Cramér 1946).
    CramersV,
}

/// The tool whose conventions hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compat {
    /// Evidently 0.7.
    Evidently,
    /// NannyML 0.13.
    Nannyml,
    /// TensorFlow Data Validation.
    Tfdv,
    /// Soda Core 3.
    Soda,
}

/// What decides whether a column drifted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Rule {
    /// A statistic above the threshold, and evidence: a p-value, corrected over all lines, that is at most alpha.
    EffectAndEvidence(f64),
    /// A statistic that reaches the threshold.
    Effect(f64),
    /// A p-value below the threshold.
    PValue(f64),
    /// Nothing: the tool has no threshold of its own.
    Undecided,
}

/// How numbers are put into bins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binning {
    /// The reference's quantiles.
    Quantiles,
    /// Equal width over both sides, as many as Sturges says; each value by itself when the reference has 20 at most.
    Sturges,
    /// Equal width over the reference, as many as Doane says, and one more for what lies outside.
    Doane,
    /// Equal width over each side, brought to the edges of both; missing values are one more.
    United,
    /// Equal width over both sides.
    EqualWidth,
}

impl Method {
    /// Every method.
    pub const ALL: [Method; 11] = [
        Method::Psi,
        Method::JsDistance,
        Method::JsDivergence,
        Method::Hellinger,
        Method::Kl,
        Method::Tvd,
        Method::LInfinity,
        Method::Ks,
        Method::Wasserstein,
        Method::ChiSquare,
        Method::CramersV,
    ];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Method::Psi => "psi",
            Method::JsDistance => "js_distance",
            Method::JsDivergence => "js_divergence",
            Method::Hellinger => "hellinger",
            Method::Kl => "kl",
            Method::Tvd => "tvd",
            Method::LInfinity => "l_infinity",
            Method::Ks => "ks",
            Method::Wasserstein => "wasserstein",
            Method::ChiSquare => "chi_square",
            Method::CramersV => "cramers_v",
        }
    }

    /// Whether it looks at the order of the values, which only numbers have, and at no bins.
    pub fn is_ordered(self) -> bool {
        matches!(self, Method::Ks | Method::Wasserstein)
    }

    /// Whether it can be asked of columns of a scale, by the conventions of a tool.
    pub fn suits(self, compat: Option<Compat>, scale: Scale) -> bool {
        let categories = scale == Scale::Categories;
        match compat {
            None => !(self.is_ordered() && categories),
            Some(Compat::Evidently) => match self {
                Method::Ks | Method::Wasserstein => !categories,
                Method::Psi | Method::JsDistance | Method::Kl | Method::Hellinger | Method::ChiSquare => true,
                _ => false,
            },
            Some(Compat::Nannyml) => match self {
                Method::Ks | Method::Wasserstein => !categories,
                Method::LInfinity | Method::ChiSquare => categories,
                Method::JsDistance | Method::Hellinger => true,
                _ => false,
            },
            Some(Compat::Tfdv) => match self {
                Method::LInfinity => categories,
                Method::JsDivergence => true,
                _ => false,
            },
            Some(Compat::Soda) => match self {
                Method::Ks | Method::Wasserstein => !categories,
                Method::Psi => true,
                Method::ChiSquare => categories,
                _ => false,
            },
        }
    }

    /// What is taken when none is asked for. `rows` are those of the reference, `distinct` the different values of both sides.
    pub fn default_of(compat: Option<Compat>, scale: Scale, rows: u64, distinct: usize) -> Method {
        match (compat, scale) {
            (None, Scale::Numbers) => Method::Wasserstein,
            (None, Scale::Categories) => Method::JsDistance,
            (Some(Compat::Evidently), scale) => match (scale == Scale::Numbers && distinct > 5, rows <= 1000) {
                (true, true) => Method::Ks,
                (true, false) => Method::Wasserstein,
                (false, true) => Method::ChiSquare,
                (false, false) => Method::JsDistance,
            },
            (Some(Compat::Nannyml), _) => Method::JsDistance,
            (Some(Compat::Tfdv), Scale::Numbers) => Method::JsDivergence,
            (Some(Compat::Tfdv), Scale::Categories) => Method::LInfinity,
            (Some(Compat::Soda), Scale::Numbers) => Method::Ks,
            (Some(Compat::Soda), Scale::Categories) => Method::ChiSquare,
        }
    }

    /// The effect that counts, by default. `rows` are those of both sides.
    pub fn default_effect(self, rows: f64) -> f64 {
        match self {
            // That of a distance of 0.1.
            Method::JsDivergence => 0.01,
            // That of Cramér's V of 0.1.
            Method::ChiSquare => 0.01 * rows,
            _ => 0.1,
        }
    }

    /// What decides, with the user's threshold or without.
    pub fn rule(self, compat: Option<Compat>, threshold: Option<f64>, rows: f64) -> Rule {
        let by_p_value = match compat {
            None | Some(Compat::Tfdv) => false,
            Some(Compat::Nannyml) => self == Method::ChiSquare,
            Some(Compat::Evidently | Compat::Soda) => matches!(self, Method::Ks | Method::ChiSquare),
        };
        match (compat, threshold) {
            (None, threshold) => Rule::EffectAndEvidence(threshold.unwrap_or_else(|| self.default_effect(rows))),
            (_, threshold) if by_p_value => Rule::PValue(threshold.unwrap_or(0.05)),
            (_, Some(threshold)) => Rule::Effect(threshold),
            (Some(Compat::Evidently), None) => Rule::Effect(0.1),
            _ => Rule::Undecided,
        }
    }
}

impl Compat {
    /// The tool's name.
    pub fn name(self) -> &'static str {
        match self {
            Compat::Evidently => "evidently",
            Compat::Nannyml => "nannyml",
            Compat::Tfdv => "tfdv",
            Compat::Soda => "soda",
        }
    }

    /// How a tool, or assay without one, puts numbers into bins.
    pub fn binning(compat: Option<Compat>) -> Binning {
        match compat {
            None => Binning::Quantiles,
            Some(Compat::Evidently) => Binning::Sturges,
            Some(Compat::Nannyml) => Binning::Doane,
            Some(Compat::Tfdv) => Binning::United,
            Some(Compat::Soda) => Binning::EqualWidth,
        }
    }

    /// What it puts in place of an empty share.
    pub fn smoothing(compat: Option<Compat>) -> Smoothing {
        match compat {
            None => Smoothing::Share(1e-4),
            Some(Compat::Evidently) => Smoothing::Evidently,
            Some(Compat::Soda) => Smoothing::Share(1e-5),
            Some(Compat::Nannyml | Compat::Tfdv) => Smoothing::None,
        }
    }

    /// The base of its logarithms.
    pub fn log_base(compat: Option<Compat>) -> f64 {
        match compat {
            Some(Compat::Nannyml | Compat::Tfdv) => 2.0,
            None | Some(Compat::Evidently | Compat::Soda) => std::f64::consts::E,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_default_suits_its_columns() {
        let tools = [
            None,
            Some(Compat::Evidently),
            Some(Compat::Nannyml),
            Some(Compat::Tfdv),
            Some(Compat::Soda),
        ];
        for compat in tools {
            for scale in [Scale::Numbers, Scale::Categories] {
                for (rows, distinct) in [(100, 2), (100, 50), (5000, 2), (5000, 50)] {
                    assert!(Method::default_of(compat, scale, rows, distinct).suits(compat, scale));
                }
            }
        }
        for method in Method::ALL {
            assert_eq!(serde_json::from_value(method.name().into()).ok(), Some(method));
            assert!(method.suits(None, Scale::Numbers));
        }
    }
}
