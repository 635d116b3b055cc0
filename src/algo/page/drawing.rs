//! What all kinds of charts are drawn with: coordinates, paths, and labels in the room that there is for them.

use hashbrown::{HashMap, HashSet};
use maud::{Markup, html};
use unicode_width::UnicodeWidthChar;

use super::plain::visible;

/// How wide a chart is, in its own units.
pub(super) const WIDTH: f64 = 360.0;
/// What stands free between labels.
const BETWEEN: f64 = 7.0;

/// A coordinate with one decimal.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// What a label takes, by a wide font: which one the reader has is not known.
pub(super) fn width(text: &str) -> f64 {
    let of = |character: char| match character {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | '.' | ',' | ':' | ';' | '\'' | '!' | '|' | ' ' | '(' | ')' | '['
        | ']' => 4.2,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 10.2,
        'A'..='Z' => 7.7,
        _ => match character.width() {
            Some(0) | None => 0.0,
            Some(1) => 6.7,
            Some(_) => 11.0,
        },
    };
    text.chars().map(of).sum()
}

/// A label that takes no more than so much; of a longer one the beginning, with an ellipsis.
pub(super) fn fitted(text: &str, most: f64) -> String {
    let shown = visible(text, 200, false);
    if width(&shown) <= most {
        return shown;
    }
    let mut short = String::new();
    let mut used = width("…");
    for character in shown.chars() {
        used += width(character.encode_utf8(&mut [0; 4]));
        if used > most {
            break;
        }
        short.push(character);
    }
    short + "…"
}

/// The same, with an ellipsis in the middle: of names that begin alike the ends tell them apart.
fn fitted_by_both_ends(text: &str, most: f64) -> String {
    let shown = visible(text, 200, false);
    if width(&shown) <= most {
        return shown;
    }
    let half = (most - width("…")) / 2.0;
    let take = |characters: &mut dyn Iterator<Item = char>| {
        let mut used = 0.0;
        let fits = |character: &char| {
            used += width(character.encode_utf8(&mut [0; 4]));
            used <= half
        };
        characters.take_while(fits).collect::<Vec<char>>()
    };
    let (begin, mut end) = (take(&mut shown.chars()), take(&mut shown.chars().rev()));
    end.reverse();
    begin.into_iter().chain(['…']).chain(end).collect()
}

/// The longest of some labels.
pub(super) fn longest<'a>(labels: impl Iterator<Item = &'a str>) -> f64 {
    labels.map(width).fold(0.0, f64::max)
}

/// Of labels that stand in so much room each, every how many can be shown.
pub(super) fn step(longest: f64, room: f64) -> usize {
    ((longest + BETWEEN) / room).ceil().max(1.0) as usize
}

/// A path through points.
pub(super) fn path(points: impl Iterator<Item = (f64, f64)>) -> String {
    let mut path = String::new();
    for (x, y) in points {
        path.push_str(if path.is_empty() { "M" } else { "L" });
        path.extend([short(x).as_str(), " ", short(y).as_str()]);
    }
    path
}

/// The rectangle of a column or bar, as a part of a path.
pub(super) fn rectangle(path: &mut String, x: f64, y: f64, width: f64, height: f64) {
    if width > 0.0 && height > 0.0 {
        let (x, y, width, height) = (short(x), short(y), short(width.max(0.5)), short(height.max(0.5)));
        path.push_str(&format!("M{x} {y}h{width}v{height}h-{width}z"));
    }
}

/// Labels below columns of one width, as many as do not touch, each from the left edge of its column on. Columns without a label are passed over.
pub(super) fn label_columns(labels: &[String], left: f64, width: f64, y: f64) -> Markup {
    let shown: Vec<String> = labels.iter().map(|label| visible(label, 12, false)).collect();
    let labelled: Vec<(usize, &String)> = shown
        .iter()
        .enumerate()
        .filter(|(_, label)| !label.is_empty())
        .collect();
    // They stand as far apart as the first two.
    let apart = match labelled.as_slice() {
        [(first, _), (second, _), ..] => (second - first) as f64,
        _ => 1.0,
    };
    let step = step(longest(shown.iter().map(String::as_str)), apart * width);
    html! {
        @for &(place, label) in labelled.iter().step_by(step) {
            @let x = left + width * place as f64;
            // The last one may not be cut off.
            @if x + self::width(label) <= WIDTH { text x=(short(x)) y=(short(y)) { (label) } }
        }
    }
}

/// Names beside rows, cut where they would take too much of the width; and where the rows begin.
pub(super) fn names(names: &[String]) -> (Vec<String>, f64) {
    const MOST: f64 = 150.0;
    let mut shown: Vec<String> = names.iter().map(|name| fitted(name, MOST)).collect();
    let mut names_of = HashMap::<String, HashSet<&str>>::new();
    for (name, look) in names.iter().zip(&shown) {
        names_of.entry(look.clone()).or_default().insert(name);
    }
    for (name, look) in names.iter().zip(&mut shown) {
        if names_of.get(look.as_str()).is_some_and(|alike| alike.len() > 1) {
            *look = fitted_by_both_ends(name, MOST);
        }
    }
    let left = 10.0 + longest(shown.iter().map(String::as_str));
    (shown, left)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_would_look_alike_keep_their_ends() {
        let name = |end: &str| format!("consolidated revenue by region and month {end}");
        let (shown, _) = names(&[
            name("1"),
            name("2"),
            "orders".into(),
            name("of all the years and countries that there are"),
        ]);
        assert!(
            shown[0].starts_with("consolidate…") && shown[0].ends_with("month 1"),
            "{shown:?}"
        );
        assert!(shown[1].ends_with("month 2"), "{shown:?}");
        assert_eq!(shown[2], "orders");
        assert!(shown.iter().all(|name| width(name) <= 150.0), "{shown:?}");
        assert_eq!(names(&[name("1"), "orders".into()]).0[0], fitted(&name("1"), 150.0));
    }

    #[test]
    fn columns_without_a_label_are_passed_over() {
        let labels: Vec<String> = (0..21)
            .map(|day| if day % 7 == 0 { format!("d{day}") } else { String::new() })
            .collect();
        let drawn = label_columns(&labels, 0.0, 10.0, 9.0).into_string();
        assert_eq!(drawn.matches("<text").count(), 3, "{drawn}");
        assert!(drawn.contains("x=\"70\" y=\"9\">d7<"), "{drawn}");
    }
}
