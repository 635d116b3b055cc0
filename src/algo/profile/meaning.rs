//! What the values of a column mean, concluded from the values alone.

use super::shape::Shapes;
use crate::block::Kind;
use crate::formats::Notation;

/// What the values of a column mean. The rules of [`Meaning::of`] decide, the first that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// No values.
    Unknown,
    /// One value in all rows that have one.
    Constant,
    /// Truth values, by their type, as 0 and 1, or as words.
    Boolean,
    /// Nearly every row has another value, and hardly by chance: whole numbers that would have repeated otherwise, or texts of one word, most of them
    /// with digits where there are fewer than a thousand.
    Identifier,
    /// Few values that come again and again.
    Category,
    /// Numbers to calculate with.
    Number,
    /// Days.
    Date,
    /// Points in time.
    Timestamp,
    /// Times of day.
    Time,
    /// Spans of time.
    Duration,
    /// JSON.
    Json,
    /// Arrays.
    Array,
    /// Binary data.
    Binary,
    /// Texts that are numbers.
    NumberAsText,
    /// Texts that are dates; the format is that of most.
    DateAsText(Notation),
    /// Texts that are points in time.
    TimestampAsText,
    /// Texts that are times of day.
    TimeAsText,
    /// Texts of another format: see [`Notation`].
    Formatted(Notation),
    /// Sentences and remarks: three words or more on average, and not a category.
    FreeText,
    /// Other texts.
    Text,
}

/// What a meaning is concluded from.
pub(super) struct Evidence<'a> {
    pub(super) kind: Kind,
    /// Rows that have a value.
    pub(super) present: u64,
    pub(super) distinct: f64,
    /// How far that may be off, as a share of it.
    pub(super) distinct_error: f64,
    /// The least and the greatest of numbers.
    pub(super) range: Option<(f64, f64)>,
    /// Of texts that people write.
    pub(super) shapes: Option<&'a Shapes>,
}

/// The share of the texts that must have a format.
const MOST: f64 = 0.95;

impl Meaning {
    /// Its name; the formats of texts have their own.
    pub fn name(self) -> &'static str {
        match self {
            Meaning::Unknown => "unknown",
            Meaning::Constant => "constant",
            Meaning::Boolean => "boolean",
            Meaning::Identifier => "identifier",
            Meaning::Category => "category",
            Meaning::Number => "number",
            Meaning::Date => "date",
            Meaning::Timestamp => "timestamp",
            Meaning::Time => "time",
            Meaning::Duration => "duration",
            Meaning::Json => "json",
            Meaning::Array => "array",
            Meaning::Binary => "binary",
            Meaning::NumberAsText => "number_as_text",
            Meaning::DateAsText(_) => "date_as_text",
            Meaning::TimestampAsText => "timestamp_as_text",
            Meaning::TimeAsText => "time_as_text",
            Meaning::Formatted(format) => format.name(),
            Meaning::FreeText => "free_text",
            Meaning::Text => "text",
        }
    }

    /// The format of dates that are texts, as `to_date` takes it. `None` for other meanings.
    pub fn date_format(self) -> Option<&'static str> {
        match self {
            Meaning::DateAsText(format) => Some(format.name()),
            _ => None,
        }
    }

    pub(super) fn of(evidence: &Evidence) -> Meaning {
        let kind = evidence.kind;
        if evidence.present == 0 {
            return Meaning::Unknown;
        }
        if kind == Kind::Bool {
            return Meaning::Boolean;
        }
        if evidence.distinct < 1.5 && evidence.present > 1 {
            return Meaning::Constant;
        }
        match kind {
            Kind::Date => Meaning::Date,
            Kind::Timestamp | Kind::TimestampTz => Meaning::Timestamp,
            Kind::Time => Meaning::Time,
            Kind::Interval => Meaning::Duration,
            Kind::Json => Meaning::Json,
            Kind::Array => Meaning::Array,
            Kind::Bytes => Meaning::Binary,
            Kind::Uuid => Meaning::Formatted(Notation::Uuid),
            Kind::Enum => Meaning::Category,
            Kind::Bool => Meaning::Boolean,
            Kind::Integer | Kind::Float | Kind::Numeric => evidence.of_numbers(),
            Kind::Text | Kind::Other => evidence
                .shapes
                .map_or(Meaning::Text, |shapes| evidence.of_texts(shapes)),
        }
    }
}

/// The share of texts that are dates of any format. Of formats that a date may have at once, the more frequent one counts.
fn date_share(shapes: &Shapes) -> f64 {
    const DAY_OR_MONTH_FIRST: [[Notation; 2]; 2] = [
        [Notation::DateDmySlash, Notation::DateMdySlash],
        [Notation::DateDmyDash, Notation::DateMdyDash],
    ];
    let either = DAY_OR_MONTH_FIRST.map(|formats| formats.map(|format| shapes.share(format)));
    let all: f64 = Notation::DATES.iter().map(|&format| shapes.share(format)).sum();
    all - either.iter().map(|[day, month]| day.min(*month)).sum::<f64>()
}

impl Evidence<'_> {
    fn of_numbers(&self) -> Meaning {
        if self.distinct < 2.5 && self.range == Some((0.0, 1.0)) {
            Meaning::Boolean
        } else if self.kind == Kind::Integer && self.is_unique() && self.is_unique_by_design() {
            Meaning::Identifier
        } else if self.kind == Kind::Integer && self.is_category(20.0) {
            Meaning::Category
        } else {
            Meaning::Number
        }
    }

    fn of_texts(&self, shapes: &Shapes) -> Meaning {
        /// Formats that say more than that a text is a number, a word or unique, the rarest first.
        const SPECIFIC: [Notation; 16] = [
            Notation::Uuid,
            Notation::Iban,
            Notation::CardNumber,
            Notation::Email,
            Notation::Url,
            Notation::MacAddress,
            Notation::IpAddress,
            Notation::HexHash,
            Notation::Json,
            Notation::Coordinates,
            Notation::CurrencyAmount,
            Notation::Percentage,
            Notation::PostalCode,
            Notation::CountryCode,
            Notation::Phone,
            Notation::Code,
        ];
        let most = |format: &Notation| shapes.share(*format) >= MOST;
        if self.distinct < 2.5 && most(&Notation::Boolean) {
            return Meaning::Boolean;
        }
        // Of two formats that all texts agree with, the one that more agree with; of equals the first.
        let mut date = Notation::DATES[0];
        for format in Notation::DATES {
            if shapes.share(format) > shapes.share(date) {
                date = format;
            }
        }
        if most(&date) || date_share(shapes) >= MOST {
            return Meaning::DateAsText(date);
        }
        if most(&Notation::Timestamp) {
            return Meaning::TimestampAsText;
        }
        if most(&Notation::Time) {
            return Meaning::TimeAsText;
        }
        // Codes with and without a 0 in front are codes.
        let digits = shapes.share(Notation::Code) + shapes.share(Notation::Number);
        if let Some(format) = SPECIFIC.into_iter().find(most) {
            return if format == Notation::Code {
                self.of_codes()
            } else {
                Meaning::Formatted(format)
            };
        }
        if digits >= MOST {
            return if shapes.share(Notation::Code) >= 0.01 {
                self.of_codes()
            } else {
                Meaning::NumberAsText
            };
        }
        let words = shapes.words().unwrap_or(0.0);
        if self.is_unique() && words < 1.5 && (shapes.digits() >= 0.5 || self.present >= 1000) {
            Meaning::Identifier
        } else if self.is_category(1000.0) && words < 8.0 {
            Meaning::Category
        } else if words >= 3.0 {
            Meaning::FreeText
        } else {
            Meaning::Text
        }
    }

    fn of_codes(&self) -> Meaning {
        if self.is_unique() {
            Meaning::Identifier
        } else {
            Meaning::Formatted(Notation::Code)
        }
    }

    /// Whether all values but 1 in 100 may be different, of 20 at least.
    fn is_unique(&self) -> bool {
        self.present >= 20 && self.distinct * (1.0 + self.distinct_error) >= 0.99 * self.present as f64
    }

    /// Whether whole numbers without repetition tell that they are meant to be so: drawn by chance from their range some would have repeated (fewer
    /// than one time in twenty none does), or the range is wider than that of amounts and counts.
    fn is_unique_by_design(&self) -> bool {
        const EQUAL_PAIRS: f64 = 3.0;
        const GENERATED: f64 = 1e12;
        self.range.is_some_and(|(least, greatest)| {
            let (rows, span) = (self.present as f64, greatest - least + 1.0);
            span >= GENERATED || rows * rows / (2.0 * span) >= EQUAL_PAIRS
        })
    }

    /// Whether there are `most` different values at most, and ten rows for each.
    fn is_category(&self, most: f64) -> bool {
        self.distinct <= most && self.distinct * 10.0 <= self.present as f64
    }
}
