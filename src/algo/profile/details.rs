//! The details of a column as JSON.

use serde_json::{Map, Value, json};

use super::days::Calendar;
use super::elements::Spread;
use super::report::{Details, Report};

impl Report {
    /// Everything that has no field of its own: the meaning, the errors of estimates, and what only some kinds of columns have.
    /// Fields without an answer are left out; days are ISO 8601.
    pub fn details_json(&self) -> Value {
        let mut object = Map::new();
        object.insert("meaning".into(), self.meaning.name().into());
        if let Some(format) = self.meaning.date_format() {
            object.insert("date_format".into(), format.into());
        }
        if !self.distinct_exact {
            object.insert("distinct_error".into(), self.distinct_error.into());
        }
        if self.quantile_error > 0.0 {
            object.insert("quantile_error".into(), self.quantile_error.into());
        }
        if !self.top_exact {
            object.insert("top_error".into(), self.top_error.into());
        }
        if self.non_finite.total() > 0 {
            let counts = &self.non_finite;
            let value = json!({ "nan": counts.nan, "infinity": counts.positive, "-infinity": counts.negative });
            object.insert("non_finite".into(), value);
        }
        self.details.add_to(&mut object);
        Value::Object(object)
    }
}

impl Details {
    fn add_to(&self, object: &mut Map<String, Value>) {
        if let Some(lengths) = &self.lengths {
            object.insert("length".into(), spread(&lengths.characters));
            for (name, count) in [
                ("empty", lengths.empty),
                ("blank", lengths.blank),
                ("leading_blanks", lengths.leading),
                ("trailing_blanks", lengths.trailing),
            ] {
                object.insert(name.into(), count.into());
            }
        }
        if let Some(shapes) = &self.shapes {
            let casing = json!({
                "upper": shapes.upper, "lower": shapes.lower, "title": shapes.title, "mixed": shapes.mixed,
                "none": shapes.caseless,
            });
            object.insert("casing".into(), casing);
            let mask = |(mask, rows): &(String, u64)| json!({ "mask": mask, "rows": rows });
            object.insert("masks".into(), shapes.masks.iter().map(mask).collect());
            let formats = shapes
                .formats
                .iter()
                .map(|&(format, rows)| (format.name().to_owned(), rows.into()));
            object.insert("formats".into(), Value::Object(formats.collect()));
            if let Some(words) = shapes.words {
                object.insert("words".into(), words.into());
            }
            if shapes.error > 0 {
                object.insert("shape_error".into(), shapes.error.into());
            }
        }
        if let Some(calendar) = &self.calendar {
            object.insert("days".into(), days(calendar));
        }
        if let Some(json) = &self.json {
            let types = json!({
                "object": json.objects.rows, "array": json.arrays.rows, "string": json.strings, "number": json.numbers,
                "boolean": json.booleans, "null": json.nulls,
            });
            object.insert("types".into(), types);
            for (name, count) in [("keys", &json.objects), ("elements", &json.arrays)] {
                if count.rows > 0 {
                    object.insert(name.into(), spread(count));
                }
            }
        }
        if let Some(array) = &self.array
            && array.elements.rows > 0
        {
            object.insert("elements".into(), spread(&array.elements));
            object.insert("empty_arrays".into(), array.empty.into());
        }
    }
}

fn spread(spread: &Spread) -> Value {
    if spread.rows == 0 {
        return Value::Null;
    }
    json!({ "min": spread.least, "max": spread.greatest, "mean": spread.mean() })
}

fn days(calendar: &Calendar) -> Value {
    let mut days = json!({ "span": calendar.span, "filled": calendar.filled, "missing": calendar.missing });
    if calendar.step > 1 {
        days["step"] = calendar.step.into();
    }
    if let Some((first, last)) = calendar.gap {
        days["largest_gap"] = json!({ "days": last - first + 1, "first": iso_date(first), "last": iso_date(last) });
    }
    days
}

/// A day from 2000-01-01 in the Gregorian calendar as ISO 8601 writes it, with `BC` behind years before the first. By counting from March in
/// cycles of 400 years.
pub fn iso_date(day: i64) -> String {
    // From 2000-03-01, the first day of such a year.
    let day = day - 60;
    let (era, day) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = (2000 + 400 * era + year, month + 3);
    let (year, month) = if month > 12 {
        (year + 1, month - 12)
    } else {
        (year, month)
    };
    if year > 0 {
        format!("{year:04}-{month:02}-{day:02}")
    } else {
        format!("{:04}-{month:02}-{day:02} BC", 1 - year)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (day, date) in [
            (0, "2000-01-01"),
            (59, "2000-02-29"),
            (60, "2000-03-01"),
            (366, "2001-01-01"),
            (-1, "1999-12-31"),
            (8825, "2024-02-29"),
            (-36_524, "1900-01-01"),
            (-730_485, "0001-01-01 BC"),
        ] {
            assert_eq!(iso_date(day), date);
        }
    }
}
