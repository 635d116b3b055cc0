//! One column on both sides: the measure of its drift, and the evidence for it.

use std::borrow::Cow;

use super::bins::{self, Bins, Counts};
use super::distance::{hellinger, js, kl, l_infinity, psi, shares, tvd};
use super::distribution::{Numbers, Scale};
use super::method::{Binning, Compat, Method, Rule};
use super::ordered::{self, Distance};
use super::pairs::{self, Cell};
use super::settings::Settings;
use super::steps::Steps;
use crate::stats::chi_square::{self, goodness_of_fit, homogeneity};
use crate::stats::kolmogorov;
use crate::summary::Moments;

/// What a comparison found.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    /// The measure.
    pub method: Method,
    /// Its value; `None` when it is not finite.
    pub statistic: Option<f64>,
    /// How likely a difference as large is when both sides are from one distribution.
    pub p_value: f64,
    /// What decides.
    pub rule: Rule,
    /// What is to be known about it.
    pub message: Option<String>,
    /// Shares of both sides in the bins that were used, of numbers.
    pub bins: Vec<BinShares>,
    /// How far a rank may be off, as a share of the rows: 0 when all values are exact.
    pub rank_error: f64,
}

/// The shares of both sides in one bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BinShares {
    /// Where it begins; minus infinity for an open bin.
    pub low: f64,
    /// Where it ends.
    pub high: f64,
    /// The reference's share.
    pub reference: f64,
    /// The current share.
    pub current: f64,
}

/// The numbers of one side.
#[derive(Debug, Clone)]
pub struct NumberSide<'a> {
    /// What was counted; `None` when only the steps are known.
    pub counted: Option<&'a Numbers>,
    /// In order.
    pub steps: Cow<'a, Steps>,
    /// Mean, spread and range.
    pub moments: Moments,
    /// Rows without a finite number.
    pub missing: u64,
    /// Whether all of them are integers by their type.
    pub whole: bool,
}

impl<'a> NumberSide<'a> {
    /// Of what was counted. `nulls` are the rows without a value.
    pub fn of(numbers: &'a Numbers, nulls: u64, whole: bool) -> NumberSide<'a> {
        NumberSide {
            counted: Some(numbers),
            steps: Cow::Owned(Steps::of(numbers)),
            moments: numbers.moments,
            missing: nulls.saturating_add(numbers.non_finite),
            whole,
        }
    }

    fn rows(&self) -> u64 {
        self.moments.count()
    }

    /// Different values; where they are not exact, the cells.
    fn distinct(&self) -> usize {
        self.steps.pieces().len()
    }

    fn is_constant(&self) -> bool {
        self.moments.min() == self.moments.max()
    }
}

/// The standard deviation of numbers as a population: of the values themselves where these are exact, which loses no digits to a large
/// mean.
fn deviation(cells: &[Cell], rows: impl Fn(&Cell) -> f64, moments: &Moments) -> f64 {
    let n = moments.count() as f64;
    if cells.iter().any(|cell| cell.low < cell.high) {
        return moments.stddev().map_or(0.0, |stddev| stddev * ((n - 1.0) / n).sqrt());
    }
    let first = cells.first().map_or(0.0, |cell| cell.low);
    let mean = cells
        .iter()
        .map(|cell| (cell.low - first) * (rows(cell) / n))
        .sum::<f64>();
    cells
        .iter()
        .map(|cell| (cell.low - first - mean).powi(2) * (rows(cell) / n))
        .sum::<f64>()
        .sqrt()
}

/// Compares numbers, of which both sides have some. O(values held).
pub fn numbers(reference: &NumberSide<'_>, current: &NumberSide<'_>, settings: &Settings) -> Comparison {
    let cells = match (reference.counted, current.counted) {
        (Some(ours), Some(theirs)) => pairs::numbers(ours, theirs),
        _ => pairs::in_pieces_of(&reference.steps, &current.steps),
    };
    let mut method = settings.method(Scale::Numbers, reference.rows(), cells.len());
    let mut message = None;
    let constant = settings.compat.is_none() && reference.is_constant();
    if constant && method == Method::Wasserstein {
        // There is no deviation to measure by.
        method = Method::Ks;
    }
    if constant && current.is_constant() && reference.moments.min() == current.moments.min() {
        message = Some("constant on both sides".to_string());
    } else if constant {
        message = Some("constant in the reference".to_string());
    }
    let (n, m) = (reference.rows(), current.rows());
    let rule = method.rule(settings.compat, settings.threshold, (n + m) as f64);
    if method.is_ordered() {
        let ks = ordered::ks(&cells);
        let distance = if method == Method::Ks {
            ks
        } else {
            let raw = ordered::wasserstein(&cells);
            // The means are known exactly, and never differ by more.
            let means = reference.moments.mean().zip(current.moments.mean());
            let least = means
                .filter(|_| raw.error > 0.0)
                .map_or(0.0, |(ours, theirs)| (ours - theirs).abs());
            let unit = unit(reference, current, &cells, settings.compat);
            Distance {
                value: raw.value.max(least) / unit,
                error: raw.error / unit,
            }
        };
        return Comparison {
            method,
            statistic: Some(distance.value).filter(|value| value.is_finite()),
            p_value: kolmogorov::two_samples(n, m, ks.value),
            rule,
            message,
            bins: Vec::new(),
            rank_error: ks.error,
        };
    }
    let (bins, counts) = binned(reference, current, &cells, settings);
    let found = counted(method, rule, &counts, settings);
    let shared = shares(&counts);
    let shown = bins.edges.windows(2).zip(&shared);
    Comparison {
        bins: shown
            .map(|(edges, &(reference, current))| BinShares {
                low: edges[0],
                high: edges[1],
                reference,
                current,
            })
            .collect(),
        rank_error: ordered::ks(&cells).error,
        message: message.or(found.message),
        ..found
    }
}

/// What Wasserstein's distance is divided by.
fn unit(reference: &NumberSide<'_>, current: &NumberSide<'_>, cells: &[Cell], compat: Option<Compat>) -> f64 {
    let of_reference = || deviation(cells, |cell| cell.reference, &reference.moments);
    match compat {
        None => of_reference(),
        Some(Compat::Evidently) => of_reference().max(0.001),
        Some(Compat::Soda) => {
            let mut both = reference.moments;
            both.merge(&current.moments);
            deviation(cells, |cell| cell.reference + cell.current, &both)
        }
        Some(Compat::Nannyml | Compat::Tfdv) => 1.0,
    }
}

/// Compares the rows of both sides in each category; both have some. O(categories).
pub fn categories(counts: &[(f64, f64)], settings: &Settings) -> Comparison {
    let rows = |side: fn(&(f64, f64)) -> f64| counts.iter().map(side).sum::<f64>();
    let (n, m) = (rows(|count| count.0), rows(|count| count.1));
    let method = settings.method(Scale::Categories, n as u64, counts.len());
    counted(
        method,
        method.rule(settings.compat, settings.threshold, n + m),
        counts,
        settings,
    )
}

/// Compares the rows of both sides in each bin or category.
fn counted(method: Method, rule: Rule, counts: &[(f64, f64)], settings: &Settings) -> Comparison {
    let shares = shares(counts);
    let filled = || settings.smoothing().fill(&shares);
    let chi_square = || match settings.compat {
        // With two categories Evidently takes the z-test of two shares, whose square is the test of homogeneity.
        Some(Compat::Evidently) if counts.len() > 2 => goodness_of_fit(counts),
        Some(Compat::Soda) => goodness_of_fit(counts),
        _ => homogeneity(counts),
    };
    let base = settings.ln_base();
    let statistic = match method {
        Method::Psi => psi(&filled()) / base,
        Method::Kl => kl(&filled()) / base,
        Method::JsDivergence => js(&shares) / base,
        Method::JsDistance => (js(&shares) / base).sqrt(),
        Method::Hellinger => hellinger(&shares),
        Method::Tvd => tvd(&shares),
        Method::LInfinity => l_infinity(&shares),
        Method::ChiSquare => chi_square().statistic,
        // Of two samples, so that the most is the number of rows.
        Method::CramersV => (homogeneity(counts).statistic / counts.iter().map(|c| c.0 + c.1).sum::<f64>()).sqrt(),
        Method::Ks | Method::Wasserstein => f64::NAN,
    };
    let frequent = chi_square::without_rare(counts);
    let p_value = match (settings.compat, method) {
        (Some(_), Method::ChiSquare) => chi_square().p_value(),
        _ => homogeneity(&frequent).p_value(),
    };
    let message = if statistic.is_infinite() {
        Some("infinite: a share is empty on one side only, and nothing is put in its place")
    } else if settings.compat.is_none() && frequent.len() < 2 && counts.len() > 1 {
        Some("each has too few rows to tell whether they differ")
    } else {
        None
    };
    Comparison {
        method,
        statistic: Some(statistic).filter(|value| value.is_finite()),
        p_value,
        rule,
        message: message.map(String::from),
        bins: Vec::new(),
        rank_error: 0.0,
    }
}

/// The bins of numbers, and the rows of both sides in each. Without edges where each value is one.
fn binned(reference: &NumberSide<'_>, current: &NumberSide<'_>, cells: &[Cell], settings: &Settings) -> (Bins, Counts) {
    let (ours, theirs) = (&*reference.steps, &*current.steps);
    let none = || Bins::given(&[]);
    let both = |bins: Bins| {
        let counts = bins.count(ours).into_iter().zip(bins.count(theirs)).collect();
        (bins, counts)
    };
    if let Some(bins) = settings.given_bins() {
        return both(bins);
    }
    let wanted = settings.bin_count();
    let least = |side: &NumberSide<'_>| side.moments.min().unwrap_or(0.0);
    let greatest = |side: &NumberSide<'_>| side.moments.max().unwrap_or(0.0);
    let (low, high) = (
        least(reference).min(least(current)),
        greatest(reference).max(greatest(current)),
    );
    let whole = reference.whole && current.whole;
    match Compat::binning(settings.compat) {
        Binning::Quantiles => both(Bins::quantiles(ours, wanted.unwrap_or(10))),
        Binning::Sturges if reference.distinct() <= 20 => (
            none(),
            cells.iter().map(|cell| (cell.reference, cell.current)).collect(),
        ),
        Binning::Sturges => {
            let rows = (reference.rows() + current.rows()) as f64;
            both(Bins::equal_width(
                low,
                high,
                wanted.unwrap_or_else(|| bins::sturges(rows, low, high, whole)),
            ))
        }
        Binning::Doane => {
            let (low, high) = (least(reference), greatest(reference));
            let bins = wanted.unwrap_or_else(|| bins::doane(ours, &reference.moments, reference.whole));
            let (bins, mut counts) = both(Bins::equal_width(low, high, bins));
            let within: f64 = counts.iter().map(|count| count.1).sum();
            let outside = current.rows() as f64 - within;
            if outside > 0.0 {
                counts.push((0.0, outside));
            }
            (bins, counts)
        }
        Binning::United => {
            let mut counts = bins::united(ours, theirs, wanted.unwrap_or(10));
            if reference.missing + current.missing > 0 {
                counts.push((reference.missing as f64, current.missing as f64));
            }
            (none(), counts)
        }
        Binning::EqualWidth => both(Bins::equal_width(low, high, wanted.unwrap_or(10))),
    }
}
