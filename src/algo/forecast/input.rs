//! What is forecast.

/// Values of one series, in any order of time.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// What names it: the text of the value of each column of `series`.
    pub key: Vec<String>,
    /// Microseconds since the beginning of 2000, by the clock of the place (a date: at midnight; a `timestamptz`: in the session's time zone, so that
    /// days and months begin where people's do). Whole numbers that are no times may stand for themselves.
    pub times: Vec<i64>,
    /// The value at each time. NaN: none is known. Such rows behind the last value are times to come, whose regressors are known.
    pub values: Vec<f64>,
    /// For each regressor, its value at each time.
    pub regressors: Vec<Vec<f64>>,
}

/// A holiday or event, of all series.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Event {
    /// What it is called: all of one name have the same effect.
    pub name: String,
    /// When it is, as [`Series::times`]. It has an effect on the step that holds it.
    pub at: i64,
}

/// Everything that is forecast together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Input {
    /// In the order in which they are to be found in the model.
    pub series: Vec<Series>,
    /// In any order.
    pub events: Vec<Event>,
}
