//! Bins of numbers: where their edges are, and the rows of both sides in each.

use super::steps::{Edge, Piece, Steps};
use crate::summary::Moments;

/// The most bins.
pub const MOST_BINS: usize = 1000;

/// Rows of both sides in each bin or category.
pub type Counts = Vec<(f64, f64)>;

/// Edges between bins, and how to count by them.
#[derive(Debug, Clone, PartialEq)]
pub struct Bins {
    /// Ascending. Bin i is between edges i and i + 1.
    pub edges: Vec<f64>,
    /// Whether what lies below the first edge or above the last belongs to the first and last bin, or to none.
    pub open: bool,
    /// Where a number that is an edge belongs.
    pub edge: Edge,
}

impl Bins {
    /// So many bins with about equal rows of the reference; the first and the last are open. Fewer when values repeat.
    pub fn quantiles(reference: &Steps, bins: usize) -> Bins {
        let inner = (1..bins).filter_map(|bin| reference.quantile(bin as f64 / bins as f64));
        Bins::between(inner.collect(), reference)
    }

    /// Bins between edges that the user gives; the first and the last are open.
    pub fn given(edges: &[f64]) -> Bins {
        let mut all = vec![f64::NEG_INFINITY];
        all.extend(edges);
        all.push(f64::INFINITY);
        Bins {
            edges: all,
            open: true,
            edge: Edge::Below,
        }
    }

    fn between(mut inner: Vec<f64>, reference: &Steps) -> Bins {
        inner.dedup();
        // An edge at the greatest value would leave nothing for the last bin.
        if let Some(piece) = reference.pieces().last() {
            inner.retain(|&edge| edge < piece.high);
        }
        Bins::given(&inner)
    }

    /// So many bins of equal width, as `numpy.linspace` has their edges.
    pub fn equal_width(least: f64, greatest: f64, bins: usize) -> Bins {
        let (low, high) = if least < greatest {
            (least, greatest)
        } else {
            (least - 0.5, least + 0.5)
        };
        let step = (high - low) / bins as f64;
        let edge = |place: usize| match place {
            last if last == bins => high,
            // The difference of two numbers can be infinite.
            _ if step.is_infinite() => {
                let part = place as f64 / bins as f64;
                low * (1.0 - part) + high * part
            }
            _ => place as f64 * step + low,
        };
        Bins {
            edges: (0..=bins).map(edge).collect(),
            open: false,
            edge: Edge::Above,
        }
    }

    /// The rows of one side in each bin. O(bins log n).
    pub fn count(&self, side: &Steps) -> Vec<f64> {
        let last = self.edges.len() - 1;
        let below = |place: usize| match place {
            0 if self.open => 0.0,
            place if place == last && self.open => side.rows() as f64,
            // The last bin has its upper edge too.
            place if place == last => side.below(self.edges[place], Edge::Below),
            place => side.below(self.edges[place], self.edge),
        };
        (0..last).map(|bin| below(bin + 1) - below(bin)).collect()
    }
}

/// The number of bins of Sturges (1926) for `rows` numbers over a range, as numpy counts them. `whole` says that they are integers, for
/// which numpy makes no bin narrower than 1.
pub fn sturges(rows: f64, least: f64, greatest: f64, whole: bool) -> usize {
    let width = (greatest - least) / (rows.log2() + 1.0);
    bins_of_width(width, greatest - least, whole)
}

/// The number of bins of Doane (1976), which has more of them the more skewed the numbers are.
pub fn doane(side: &Steps, moments: &Moments, whole: bool) -> usize {
    let (Some(least), Some(greatest), Some(mean)) = (moments.min(), moments.max(), moments.mean()) else {
        return 1;
    };
    let n = moments.count() as f64;
    let mid = |piece: &Piece| piece.low / 2.0 + piece.high / 2.0;
    let power = |k: i32| {
        side.pieces()
            .iter()
            .map(|p| (mid(p) - mean).powi(k) * p.rows as f64)
            .sum::<f64>()
            / n
    };
    let deviation = power(2).sqrt();
    if n <= 2.0 || deviation <= 0.0 {
        return bins_of_width(0.0, greatest - least, whole);
    }
    let skewness = power(3) / deviation.powi(3);
    let spread = (6.0 * (n - 2.0) / ((n + 1.0) * (n + 3.0))).sqrt();
    let width = (greatest - least) / (1.0 + n.log2() + (1.0 + skewness.abs() / spread).log2());
    bins_of_width(width, greatest - least, whole)
}

fn bins_of_width(width: f64, range: f64, whole: bool) -> usize {
    let width = if whole && width < 1.0 { 1.0 } else { width };
    let bins = (range / width).ceil();
    // No width, or an endless range.
    if bins.is_finite() {
        (bins as usize).clamp(1, MOST_BINS)
    } else {
        1
    }
}

/// Histograms of both sides with so many bins of equal width each, brought to the edges of both, as TensorFlow Data Validation does: rows
/// lie evenly in a bin.
pub fn united(reference: &Steps, current: &Steps, bins: usize) -> Counts {
    let histogram = |side: &Steps| -> Steps {
        let (Some(first), Some(last)) = (side.pieces().first(), side.pieces().last()) else {
            return Steps::default();
        };
        let bins = Bins::equal_width(first.low, last.high, bins);
        let pieces = bins.count(side).into_iter().zip(bins.edges.windows(2));
        Steps::new(
            pieces
                .map(|(rows, edges)| Piece {
                    low: edges[0],
                    high: edges[1],
                    rows: rows.round() as u64,
                })
                .collect(),
        )
    };
    let (ours, theirs) = (histogram(reference), histogram(current));
    let mut edges: Vec<f64> = ours
        .pieces()
        .iter()
        .chain(theirs.pieces())
        .flat_map(|piece| [piece.low, piece.high])
        .collect();
    edges.sort_unstable_by(f64::total_cmp);
    edges.dedup();
    let bins = Bins {
        edges,
        open: false,
        edge: Edge::Below,
    };
    if bins.edges.len() < 2 {
        return Vec::new();
    }
    bins.count(&ours).into_iter().zip(bins.count(&theirs)).collect()
}
