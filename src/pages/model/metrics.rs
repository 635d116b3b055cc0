//! Metrics in the words of those who do not compute them.

const FITTED_BY: &str = "loss that it was fitted by; perfect is 0";

/// The metrics that a card shows, in their order, and what each says: so short that it stands beside four columns in a terminal.
const WORDS: [(&str, &str); 26] = [
    ("roc_auc", "how often positives outrank negatives; chance is 0.5"),
    ("average_precision", "precision over all shares found; perfect is 1"),
    ("log_loss", "cost of wrong probabilities; perfect is 0"),
    ("brier_score", "squared error of probabilities; perfect is 0"),
    ("accuracy", "share of rows called what they are"),
    ("precision", "of rows called positive, how many are"),
    ("recall", "of positive rows, how many are called so"),
    ("f1", "precision and recall in one"),
    ("mcc", "agreement of calls and truth; chance is 0"),
    ("rmse", "typical error, of which large ones count more"),
    ("mse", "mean squared error"),
    ("mae", "mean error, whatever its sign"),
    ("median_absolute_error", "half of the errors are smaller"),
    ("mape", "mean error as a share of the number"),
    ("r2", "share of the variance explained; perfect is 1"),
    ("poisson_deviance", FITTED_BY),
    ("gamma_deviance", FITTED_BY),
    ("tweedie_deviance", FITTED_BY),
    ("pinball_loss", FITTED_BY),
    ("huber_loss", FITTED_BY),
    ("interval_coverage", "share of rows within the predicted interval"),
    ("interval_width", "mean width of the predicted intervals"),
    ("threshold", "probability from which a row is called positive"),
    ("rows", "rows judged"),
    ("unlabelled_rows", "rows without a target, which do not count"),
    ("unseen_levels", "category values that training did not see"),
];

/// What those say that are averaged over classes.
const OF_SEVERAL: [(&str, &str); 4] = [
    ("roc_auc", "how often rows of a class outrank others; chance is 0.5"),
    ("precision", "of rows called a class, how many are; mean of classes"),
    ("recall", "of a class, how many are called so; mean of classes"),
    ("f1", "precision and recall in one; mean of classes"),
];

/// What a metric of a model with so many classes says, where that is known.
pub fn words(name: &str, classes: usize) -> &'static str {
    let several = if classes > 2 { &OF_SEVERAL[..] } else { &[] };
    let mut all = several.iter().chain(&WORDS);
    all.find(|(known, _)| *known == name).map_or("", |(_, words)| words)
}

/// The place of a metric among all; unknown ones come before the counts.
pub fn place(name: &str) -> usize {
    let counts = WORDS
        .iter()
        .position(|(known, _)| *known == "threshold")
        .unwrap_or(WORDS.len());
    match WORDS.iter().position(|(known, _)| *known == name) {
        Some(place) if place < counts => 2 * place,
        Some(place) => 2 * place + 2,
        None => 2 * counts,
    }
}
