//! Profiles on a page of text: one line per column, aligned as a terminal shows it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// What a page says about one column.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PageLine {
    /// The column's name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// What the values mean.
    pub meaning: String,
    /// The share of NULLs.
    pub nulls: String,
    /// How many different values there are.
    pub distinct: String,
    /// Some of the values.
    pub values: ValueSummary,
    /// A histogram, of characters that are one cell wide.
    pub histogram: String,
}

/// ValueSummary of a column, to be shown in as little room as there is.
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

/// Cells of a terminal that no line exceeds.
const WIDTH: usize = 118;

/// Columns of the page: their headings, and the most cells they take. What is left is for the values.
const HEADINGS: [(&str, usize); 5] = [
    ("column", 24),
    ("type", 14),
    ("meaning", 17),
    ("nulls", 6),
    ("distinct", 8),
];
const VALUES: &str = "values";
const BETWEEN: &str = "  ";

/// The page: a title, headings, and a line for each column. Whatever the texts contain, each column has one line of at most 118 cells.
/// O(length of the texts).
pub fn page(title: &str, lines: &[PageLine]) -> String {
    let cells: Vec<[String; 5]> = lines
        .iter()
        .map(|line| {
            let texts = [&line.name, &line.data_type, &line.meaning, &line.nulls, &line.distinct];
            std::array::from_fn(|column| cut(&harmless(texts[column]), HEADINGS[column].1))
        })
        .collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        let widest = cells.iter().map(|cells| cells[column].width()).max().unwrap_or(0);
        widest.max(HEADINGS[column].0.width())
    });
    let histogram = lines.iter().map(|line| line.histogram.width()).max().unwrap_or(0);
    let used = widths.iter().sum::<usize>() + (HEADINGS.len() + 1) * BETWEEN.len() + histogram;
    let room = WIDTH.saturating_sub(used);
    let values: Vec<String> = lines.iter().map(|line| line.values.within(room)).collect();
    let width = values.iter().map(|values| values.width()).max().unwrap_or(0);
    let width = width.max(VALUES.width()).min(room);
    let headings = HEADINGS.map(|(heading, _)| heading.to_owned());
    let mut page = vec![
        cut(&harmless(title), WIDTH),
        joined(&headings, &widths, VALUES, width, ""),
    ];
    page.extend(
        lines
            .iter()
            .zip(&cells)
            .zip(&values)
            .map(|((line, cells), values)| joined(cells, &widths, values, width, &line.histogram)),
    );
    page.join("\n")
}

/// A line of the page. Numbers stand to the right.
fn joined(cells: &[String; 5], widths: &[usize; 5], values: &str, width: usize, histogram: &str) -> String {
    let mut line = String::new();
    for (column, (cell, &width)) in cells.iter().zip(widths).enumerate() {
        let blank = " ".repeat(width.saturating_sub(cell.width()));
        let (before, after) = if column < 3 { ("", &*blank) } else { (&*blank, "") };
        line.extend([before, cell, after, BETWEEN]);
    }
    let blank = " ".repeat(width.saturating_sub(values.width()));
    line.extend([values, &blank, BETWEEN, histogram]);
    line.truncate(line.trim_end_matches(' ').len());
    line
}

impl ValueSummary {
    /// As much of them as fits into a number of cells.
    fn within(&self, room: usize) -> String {
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

/// A text on one line that a terminal shows as it is: control characters, line ends and what is invisible or turns the direction of writing are
/// escaped as in PostgreSQL's E'' strings; a text that is written from right to left is kept apart from its neighbours (UAX 9).
pub fn harmless(text: &str) -> String {
    /// More would never be shown.
    const LONGEST: usize = 256;
    let mut safe = String::with_capacity(text.len().min(LONGEST));
    let mut rightward = false;
    for character in text.chars().take(LONGEST) {
        match character {
            '\n' => safe.push_str("\\n"),
            '\r' => safe.push_str("\\r"),
            '\t' => safe.push_str("\\t"),
            _ if character.is_ascii() && !character.is_control() => safe.push(character),
            // Controls, marks of direction, joiners, combining marks; blanks other than the usual one, ends of lines and paragraphs.
            _ if character.width().unwrap_or(0) == 0 || character.is_whitespace() => {
                safe.push_str(&escaped(character));
            }
            _ => {
                rightward |= is_right_to_left(character);
                safe.push(character);
            }
        }
    }
    if rightward {
        /// Begins and ends an isolate.
        const ISOLATE: [char; 2] = ['\u{2068}', '\u{2069}'];
        safe.insert(0, ISOLATE[0]);
        safe.push(ISOLATE[1]);
    }
    safe
}

fn escaped(character: char) -> String {
    match u32::from(character) {
        code @ 0..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

/// Letters of the blocks whose scripts are written from right to left.
fn is_right_to_left(character: char) -> bool {
    matches!(u32::from(character), 0x0590..=0x08ff | 0xfb1d..=0xfdff | 0xfe70..=0xfeff | 0x1_0800..=0x1_0fff | 0x1_e800..=0x1_efff)
}

/// A text of at most `width` cells; where something is cut off, it ends in an ellipsis.
fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut used = 0;
    for character in text.chars() {
        used += character.width().unwrap_or(0);
        if used + 1 > width {
            break;
        }
        short.push(character);
    }
    if width > 0 {
        short.push('…');
    }
    if short.starts_with('\u{2068}') {
        short.push('\u{2069}');
    }
    short
}

/// A share for people: `12%`, `0.4%`, `<0.1%`.
pub fn percent(part: u64, whole: u64) -> String {
    match part as f64 / whole.max(1) as f64 * 100.0 {
        0.0 => "0%".into(),
        share if share < 0.1 => "<0.1%".into(),
        share if share < 9.95 && part < whole => format!("{share:.1}%"),
        share if share > 99.0 && part < whole => format!("{:.1}%", share.min(99.9)),
        share => format!("{share:.0}%"),
    }
}

/// A number in few characters: whole ones up to a trillion as they are, others with four digits that count.
pub fn short_number(number: f64) -> String {
    let size = number.abs();
    if number.fract() == 0.0 && size < 1e12 {
        return format!("{number:.0}");
    }
    if !(1e-4..1e9).contains(&size) {
        return format!("{number:.3e}");
    }
    let decimals = (3 - size.log10().floor() as i32).max(0) as usize;
    let text = format!("{number:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

/// A count in few characters: `998120`, `1.23M`; with a tilde where it is estimated.
pub fn short_count(count: f64, exact: bool) -> String {
    let tilde = if exact { "" } else { "~" };
    match count {
        count if count < 1e6 => format!("{tilde}{count:.0}"),
        count if count < 1e9 => format!("{tilde}{:.2}M", count / 1e6),
        count => format!("{tilde}{:.2}G", count / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(name: &str, values: ValueSummary) -> PageLine {
        PageLine {
            name: name.into(),
            data_type: "text".into(),
            meaning: "category".into(),
            nulls: "0%".into(),
            distinct: "3".into(),
            values,
            histogram: "█▁".into(),
        }
    }

    #[test]
    fn lines_are_aligned_and_not_too_wide() {
        let long = "x".repeat(300);
        let top = |value: &str| ValueSummary::Top(vec![(value.into(), "50%".into()), ("b".into(), "25%".into())]);
        let lines = [
            line("short", top("a")),
            line(&long, top(&long)),
            line(
                "日本語の列の名前はとても長いです",
                ValueSummary::Range(vec![long.clone(), "m".into(), long.clone()]),
            ),
            line("a\nb\tc\u{202e}d\u{7}", ValueSummary::Text(long.clone())),
            line("שלום", top("مرحبا")),
            line("e\u{301}", ValueSummary::Nothing),
        ];
        let page = page("6 columns", &lines);
        assert_eq!(page.lines().count(), 8, "{page}");
        for line in page.lines() {
            assert!(line.width() <= WIDTH, "{} cells: {line}", line.width());
        }
        let starts: Vec<usize> = page
            .lines()
            .skip(2)
            .map(|line| line[..line.find("text").unwrap()].width())
            .collect();
        assert!(starts.iter().all(|&start| start == starts[0]), "{page}");
        assert!(page.contains(r"a\nb\tc\u202ed\u0007"), "{page}");
        assert!(!page.contains('\u{202e}') && !page.contains('\u{7}'));
    }

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

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (0.0, "0"),
            (-12.0, "-12"),
            (18424.0, "18424"),
            (2319.5, "2320"),
            (0.123456, "0.1235"),
            (-0.5, "-0.5"),
            (1e15, "1.000e15"),
            (0.00001234, "1.234e-5"),
            (99.9999, "100"),
        ] {
            assert_eq!(short_number(number), expected);
        }
        let shares = [
            (0, 9),
            (1, 10_000),
            (1, 200),
            (1, 8),
            (199, 200),
            (99_999, 100_000),
            (7, 7),
        ];
        assert_eq!(
            shares.map(|(a, b)| percent(a, b)),
            ["0%", "<0.1%", "0.5%", "12%", "99.5%", "99.9%", "100%"]
        );
        assert_eq!(short_count(1_234_567.0, false), "~1.23M");
        assert_eq!(short_count(4096.0, true), "4096");
    }
}
