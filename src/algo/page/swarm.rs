//! A point for each row beside a name, those that would cover each other above and below (a "beeswarm").

use maud::{Markup, html};

use super::area::Area;
use super::chart::Swarm;
use super::drawing::{WIDTH, names, short};

/// What a row of points takes, and what its points may take of it.
const EACH: f64 = 28.0;
const HALF: f64 = 12.0;
/// How far points are from each other.
const APART: f64 = 2.2;
/// Colours of values, from the least to the greatest; behind them that of what has no order.
const COLOURS: usize = 5;

/// Where the points of a row are: to the right in steps of [`APART`], and how far above or below its middle. As many as stand at one place divide
/// the height among them.
fn arrange(places: &[f64]) -> Vec<(f64, f64)> {
    let bins: Vec<i64> = places.iter().map(|place| (place / APART).round() as i64).collect();
    let mut counts = hashbrown::HashMap::<i64, usize>::new();
    for bin in &bins {
        *counts.entry(*bin).or_default() += 1;
    }
    let most = counts.values().copied().max().unwrap_or(1).max(1);
    let step = (2.0 * HALF / most as f64).min(APART);
    let mut seen = hashbrown::HashMap::<i64, usize>::new();
    bins.iter()
        .map(|bin| {
            let place = seen.entry(*bin).or_default();
            *place += 1;
            // 0, one up, one down, two up ...
            let level = (*place / 2) as f64 * if place.is_multiple_of(2) { -1.0 } else { 1.0 };
            (*bin as f64 * APART, level * step)
        })
        .collect()
}

/// The colour of a value by its place among all.
fn colour(place: Option<f64>) -> usize {
    match place {
        Some(place) if place.is_finite() => ((place.clamp(0.0, 1.0) * COLOURS as f64) as usize).min(COLOURS - 1),
        _ => COLOURS,
    }
}

/// Draws it: its height, and what is in it. All points of one colour are one path of dots, which takes 8 bytes a point.
pub(super) fn draw(swarm: &Swarm) -> (f64, Markup) {
    const TOP: f64 = 8.0;
    let all = swarm
        .rows
        .iter()
        .flat_map(|(_, points)| points.iter().map(|point| point.0));
    let x = swarm.x.ticks(all.chain([0.0]), 4);
    let titles: Vec<String> = swarm.rows.iter().map(|(name, _)| name.clone()).collect();
    let (names, left) = names(&titles);
    let area = Area {
        left,
        right: WIDTH - 20.0,
        top: TOP,
        bottom: TOP + EACH * swarm.rows.len() as f64,
    };
    let middle = |row: usize| area.top + EACH * (row as f64 + 0.5);
    let mut paths = vec![String::new(); COLOURS + 1];
    for (row, (_, points)) in swarm.rows.iter().enumerate() {
        let points: Vec<_> = points.iter().filter(|point| point.0.is_finite()).collect();
        let places: Vec<f64> = points.iter().map(|point| area.x(&x, point.0)).collect();
        for ((at, above), point) in arrange(&places).into_iter().zip(points) {
            let path = &mut paths[colour(point.1)];
            path.extend(["M", short(at).as_str(), " ", short(middle(row) + above).as_str(), "h0"]);
        }
    }
    let zero = short(area.x(&x, 0.0));
    let content = html! {
        (area.draw_x(&x, &swarm.x.label, true))
        line class="m" x1=(zero) x2=(zero) y1=(short(area.top)) y2=(short(area.bottom)) {}
        @for (row, name) in names.iter().enumerate() {
            text class="n" x=(short(left - 6.0)) y=(short(middle(row) + 4.0)) text-anchor="end" { (name) }
        }
        @for (colour, path) in paths.iter().enumerate() {
            @if !path.is_empty() {
                path class={ "p v" (colour) } d=(path) {}
            }
        }
    };
    (area.bottom + 36.0, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_at_one_place_stand_apart_and_within_their_row() {
        let many = arrange(&vec![100.0; 2000]);
        assert!(many.iter().all(|(_, above)| above.abs() <= HALF + 1e-9));
        let few = arrange(&[10.0, 10.1, 10.0, 50.0]);
        let mut heights: Vec<f64> = few[..3].iter().map(|point| point.1).collect();
        heights.sort_unstable_by(f64::total_cmp);
        assert_eq!(heights, [-APART, 0.0, APART]);
        assert_eq!(few[3].1, 0.0);
    }

    #[test]
    fn values_without_order_have_a_colour_of_their_own() {
        assert_eq!(
            [colour(Some(0.0)), colour(Some(1.0)), colour(Some(0.5)), colour(None)],
            [0, 4, 2, 5]
        );
    }
}
