//! Where the data of a chart are drawn, with axes around them.

use maud::{Markup, html};

use super::drawing::{WIDTH, longest, short, step, width};
use super::plain::visible;
use super::ticks::Ticks;

/// How high one of curves or columns is.
pub(super) const HEIGHT: f64 = 232.0;
/// What stands free at the right, at the top, and at the bottom for ticks and a label.
pub(super) const RIGHT: f64 = 20.0;
pub(super) const TOP: f64 = 8.0;
pub(super) const BOTTOM: f64 = 36.0;
/// Where data are drawn, and how their values become places.
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// Beside ticks upwards.
    pub(super) fn beside(y: &Ticks) -> Area {
        Area {
            left: 22.0 + longest(y.marks.iter().map(|(_, label)| label.as_str())),
            right: WIDTH - RIGHT,
            top: TOP,
            bottom: HEIGHT - BOTTOM,
        }
    }

    pub(super) fn x(&self, ticks: &Ticks, value: f64) -> f64 {
        self.left + ticks.place(value) * (self.right - self.left)
    }

    pub(super) fn y(&self, ticks: &Ticks, value: f64) -> f64 {
        self.bottom - ticks.place(value) * (self.bottom - self.top)
    }

    /// Ticks and label under the data; `lines` draws the grid.
    pub(super) fn draw_x(&self, ticks: &Ticks, label: &str, lines: bool) -> Markup {
        // Labels that would touch are left out.
        let room = (self.right - self.left) / ticks.marks.len().saturating_sub(1).max(1) as f64;
        let step = step(longest(ticks.marks.iter().map(|(_, label)| label.as_str())), room);
        html! {
            @for (place, (value, label)) in ticks.marks.iter().enumerate() {
                @let x = short(self.x(ticks, *value));
                @if lines {
                    line class="g" x1=(x) x2=(x) y1=(short(self.top)) y2=(short(self.bottom)) {}
                }
                @if place % step == 0 {
                    // The last one may not be cut off.
                    @let most = WIDTH - 2.0 - width(label) / 2.0;
                    text x=(short(self.x(ticks, *value).min(most))) y=(short(self.bottom + 15.0)) text-anchor="middle" { (label) }
                }
            }
            text class="a" x=(short((self.left + self.right) / 2.0)) y=(short(self.bottom + 30.0)) text-anchor="middle" {
                (visible(label, 50, false))
            }
        }
    }

    /// Lines at single points, with what they are. Labels that would cover each other stand below each other.
    pub(super) fn draw_marks(&self, ticks: &Ticks, marks: &[(f64, String)]) -> Markup {
        html! {
            @for (place, (value, label)) in marks.iter().enumerate() {
                @let at = self.x(ticks, *value);
                @let is_right = ticks.place(*value) > 0.6;
                line class="m" x1=(short(at)) x2=(short(at)) y1=(short(self.top)) y2=(short(self.bottom)) {}
                text class="k" x=(short(if is_right { at - 4.0 } else { at + 4.0 })) y=(short(self.top + 10.0 + 12.0 * place as f64))
                    text-anchor=(if is_right { "end" } else { "start" }) { (visible(label, 30, false)) }
            }
        }
    }

    pub(super) fn draw_y(&self, ticks: &Ticks, label: &str) -> Markup {
        let middle = short((self.top + self.bottom) / 2.0);
        html! {
            @for (value, label) in &ticks.marks {
                @let y = self.y(ticks, *value);
                line class="g" x1=(short(self.left)) x2=(short(self.right)) y1=(short(y)) y2=(short(y)) {}
                text x=(short(self.left - 5.0)) y=(short(y + 3.5)) text-anchor="end" { (label) }
            }
            text class="a" x="0" y="0" text-anchor="middle" transform={ "translate(11 " (middle) ") rotate(-90)" } {
                (visible(label, 34, false))
            }
        }
    }
}
