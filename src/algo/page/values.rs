//! Values of a column in as little room as there is.

use unicode_width::UnicodeWidthStr;

use super::plain::{cut, harmless};

/// Values of a column, to be shown in as little room as there is.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ValueSummary {
    /// None.
    #[default]
    Nothing,
    /// The least and the greatest, and maybe what lies between.
    Range(Vec<String>),
    /// The most frequent, each with its share.
    Top(Vec<(String, String)>),
    /// Something else that tells about them.
    Text(String),
}

impl ValueSummary {
    /// As much of them as fits into a number of cells.
    pub fn within(&self, room: usize) -> String {
        /// Between the ends of a range.
        const TO: &str = " .. ";
        match self {
            ValueSummary::Nothing => String::new(),
            ValueSummary::Text(text) => cut(&harmless(text), room),
            ValueSummary::Range(points) => {
                let points: Vec<String> = points.iter().map(|point| harmless(point)).collect();
                let whole = points.join(TO);
                if whole.width() <= room || points.len() < 2 {
                    return cut(&whole, room);
                }
                // Without what lies between, each end gets its half.
                let ends = [&points[0], &points[points.len() - 1]];
                let half = room.saturating_sub(TO.len()) / 2;
                let spare = ends.map(|end| half.saturating_sub(end.width()));
                [cut(ends[0], half + spare[1]), cut(ends[1], half + spare[0])].join(TO)
            }
            ValueSummary::Top(values) => {
                /// Cells of a value; longer ones leave none for others.
                const LONGEST: usize = 16;
                let mut text = String::new();
                for (value, share) in values {
                    let value = format!("{} {share}", cut(&harmless(value), LONGEST.min(room)));
                    let before = if text.is_empty() { "" } else { ", " };
                    if text.width() + before.len() + value.width() > room && !text.is_empty() {
                        break;
                    }
                    text.extend([before, &value]);
                }
                cut(&text, room)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_values_as_fit_are_shown() {
        let top = ValueSummary::Top(
            [("aa", "50%"), ("bb", "25%"), ("cc", "20%")]
                .map(|(v, s)| (v.into(), s.into()))
                .to_vec(),
        );
        assert_eq!(top.within(24), "aa 50%, bb 25%, cc 20%");
        assert_eq!(top.within(20), "aa 50%, bb 25%");
        assert_eq!(top.within(4), "aa …");
        let range = ValueSummary::Range(["2024-01-01 00:00:00", "b", "z"].map(str::to_owned).to_vec());
        assert_eq!(range.within(40), "2024-01-01 00:00:00 .. b .. z");
        assert_eq!(range.within(24), "2024-01-01 00:00:00 .. z");
        assert_eq!(range.within(16), "2024-01-01… .. z");
    }
}
