//! What follows from a confusion matrix.

/// How precision, recall and F1 of several classes become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// That of one class, the positive one.
    Class(usize),
    /// The unweighted mean over the classes that occur.
    Macro,
}

/// The rows of one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct ClassCounts {
    /// Actual and predicted.
    both: u64,
    actual: u64,
    predicted: u64,
}

/// The margins and the diagonal of a confusion matrix. Where a share has no rows under it, it is 0, as with scikit-learn's
/// `zero_division=0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: Vec<ClassCounts>,
    rows: u64,
}

impl Confusion {
    /// From the cells (actual class, predicted class, rows), whose classes are below `classes`; others are left out. The rows add
    /// up to less than 2^62.
    pub fn new(classes: usize, cells: impl IntoIterator<Item = (usize, usize, u64)>) -> Confusion {
        let mut confusion = Confusion {
            classes: vec![ClassCounts::default(); classes],
            rows: 0,
        };
        for (actual, predicted, rows) in cells {
            if actual.max(predicted) >= classes {
                continue;
            }
            confusion.rows += rows;
            confusion.classes[actual].actual += rows;
            confusion.classes[predicted].predicted += rows;
            if actual == predicted {
                confusion.classes[actual].both += rows;
            }
        }
        confusion
    }

    /// The number of rows.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The share of rows whose class is predicted. `None` without rows.
    pub fn accuracy(&self) -> Option<f64> {
        (self.rows > 0).then(|| self.classes.iter().map(|class| class.both).sum::<u64>() as f64 / self.rows as f64)
    }

    /// Of the rows predicted to be of a class, the share that is. `None` without rows.
    pub fn precision(&self, average: Average) -> Option<f64> {
        self.average(average, |class| ratio(class.both, class.predicted))
    }

    /// Of the rows of a class, the share that is predicted to be. `None` without rows.
    pub fn recall(&self, average: Average) -> Option<f64> {
        self.average(average, |class| ratio(class.both, class.actual))
    }

    /// The harmonic mean of a class's precision and recall. `None` without rows.
    pub fn f1(&self, average: Average) -> Option<f64> {
        self.average(average, |class| ratio(2 * class.both, class.actual + class.predicted))
    }

    fn average(&self, average: Average, of: impl Fn(&ClassCounts) -> f64) -> Option<f64> {
        if self.rows == 0 {
            return None;
        }
        match average {
            Average::Class(class) => self.classes.get(class).map(of),
            Average::Macro => {
                let occurring = || self.classes.iter().filter(|class| class.actual + class.predicted > 0);
                Some(occurring().map(of).sum::<f64>() / occurring().count() as f64)
            }
        }
    }

    /// The correlation of actual and predicted classes: Matthews' coefficient (1975), for several classes R_k (Gorodkin 2004). 0
    /// when one of them does not vary, as in scikit-learn; `None` without rows. Exact until the last division.
    pub fn mcc(&self) -> Option<f64> {
        if self.rows == 0 {
            return None;
        }
        let products = |of: fn(&ClassCounts) -> (u64, u64)| {
            self.classes
                .iter()
                .map(of)
                .map(|(a, b)| i128::from(a) * i128::from(b))
                .sum::<i128>()
        };
        let rows = i128::from(self.rows);
        let correct = self.classes.iter().map(|class| i128::from(class.both)).sum::<i128>();
        let covariance = correct * rows - products(|class| (class.actual, class.predicted));
        let actual = rows * rows - products(|class| (class.actual, class.actual));
        let predicted = rows * rows - products(|class| (class.predicted, class.predicted));
        if actual == 0 || predicted == 0 {
            return Some(0.0);
        }
        // One root of the product: of a square it is exact, while two roots, each rounded, made a perfect correlation more than 1. What is
        // nearly perfect may still be rounded to the next number above.
        let correlation = covariance as f64 / (actual as f64 * predicted as f64).sqrt();
        Some(correlation.clamp(-1.0, 1.0))
    }
}

fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}
