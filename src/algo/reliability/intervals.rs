//! Sets of points in time, as spans: what overlaps is counted once, and what is taken away is gone.
//!
//! A point in time is a whole number, of microseconds or of slices, counted from wherever the caller counts.

/// A stretch of time from a point on up to another, which is not part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    pub from: i64,
    pub to: i64,
}

impl Span {
    pub fn new(from: i64, to: i64) -> Span {
        Span { from, to }
    }

    pub fn is_empty(self) -> bool {
        self.from >= self.to
    }

    /// How long it is.
    pub fn length(self) -> i64 {
        self.to.saturating_sub(self.from).max(0)
    }

    pub fn contains(self, at: i64) -> bool {
        self.from <= at && at < self.to
    }

    /// What it has in common with another.
    pub fn within(self, other: Span) -> Span {
        Span::new(self.from.max(other.from), self.to.min(other.to))
    }
}

/// Spans that neither overlap nor touch, in their order, none of them empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Spans(Vec<Span>);

impl Spans {
    /// The union of spans, which may overlap and come in any order.
    pub fn union_of(mut spans: Vec<Span>) -> Spans {
        spans.retain(|span| !span.is_empty());
        spans.sort_unstable();
        let mut last = 0;
        for place in 1..spans.len() {
            let next = spans[place];
            if next.from <= spans[last].to {
                spans[last].to = spans[last].to.max(next.to);
            } else {
                last += 1;
                spans[last] = next;
            }
        }
        spans.truncate(last + 1);
        Spans(spans)
    }

    pub fn as_slice(&self) -> &[Span] {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How long all of them are together.
    pub fn length(&self) -> i64 {
        self.0
            .iter()
            .fold(0, |sum: i64, span| sum.saturating_add(span.length()))
    }

    pub fn contains(&self, at: i64) -> bool {
        let place = self.0.partition_point(|span| span.to <= at);
        self.0.get(place).is_some_and(|span| span.contains(at))
    }

    /// The parts within a span.
    pub fn within(&self, window: Span) -> Spans {
        Spans(self.parts(window).collect())
    }

    /// How long the parts within a span are together.
    pub fn length_within(&self, window: Span) -> i64 {
        self.parts(window)
            .fold(0, |sum: i64, part| sum.saturating_add(part.length()))
    }

    fn parts(&self, window: Span) -> impl Iterator<Item = Span> {
        let first = self.0.partition_point(|span| span.to <= window.from);
        (self.0[first..].iter())
            .map(move |span| span.within(window))
            .take_while(|part| !part.is_empty())
    }

    /// What is left without others.
    pub fn without(&self, others: &Spans) -> Spans {
        let mut left = Vec::with_capacity(self.0.len());
        let mut next = 0;
        for &span in &self.0 {
            while others.0.get(next).is_some_and(|other| other.to <= span.from) {
                next += 1;
            }
            let mut from = span.from;
            // The last of the others that meets this span may meet the next one, too.
            let meeting = others.0[next..].iter().take_while(|other| other.from < span.to);
            for other in meeting {
                if from < other.from {
                    left.push(Span::new(from, other.from));
                }
                from = from.max(other.to);
            }
            if from < span.to {
                left.push(Span::new(from, span.to));
            }
        }
        Spans(left)
    }

    /// Each span as another one, in the same order, put together where these meet.
    pub(super) fn map(&self, change: impl Fn(Span) -> Span) -> Spans {
        Spans::union_of(self.0.iter().map(|&span| change(span)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let span = (-200_i64..200, -5_i64..60).prop_map(|(from, length)| Span::new(from, from + length));
        proptest::collection::vec(span, 0..12)
    }

    /// Point by point.
    fn points(spans: &[Span]) -> Vec<bool> {
        (-300..300)
            .map(|at| spans.iter().any(|span| span.contains(at)))
            .collect()
    }

    fn is_in_order(spans: &Spans) -> bool {
        spans.0.iter().all(|span| !span.is_empty()) && spans.0.windows(2).all(|pair| pair[0].to < pair[1].from)
    }

    proptest! {
        #[test]
        fn what_overlaps_is_counted_once(spans in spans()) {
            let union = Spans::union_of(spans.clone());
            prop_assert!(is_in_order(&union));
            let points = points(&spans);
            prop_assert_eq!(union.length(), points.iter().filter(|&&is_in| is_in).count() as i64);
            for (at, is_in) in (-300..300).zip(points) {
                prop_assert_eq!(union.contains(at), is_in);
            }
        }

        #[test]
        fn what_is_taken_away_is_gone(spans in spans(), others in spans(), from in -250_i64..250, length in 0_i64..300) {
            let (a, b, window) = (Spans::union_of(spans), Spans::union_of(others), Span::new(from, from + length));
            let (left, part) = (a.without(&b), a.within(window));
            prop_assert!(is_in_order(&left) && is_in_order(&part));
            for at in -300..300 {
                prop_assert_eq!(left.contains(at), a.contains(at) && !b.contains(at));
                prop_assert_eq!(part.contains(at), a.contains(at) && window.contains(at));
            }
            prop_assert_eq!(part.length(), a.length_within(window));
        }
    }

    #[test]
    fn spans_without_bounds_do_not_overflow() {
        let all = Spans::union_of(vec![Span::new(i64::MIN, i64::MAX)]);
        assert_eq!(all.length(), i64::MAX);
        let left = all.without(&Spans::union_of(vec![Span::new(0, 10)]));
        assert_eq!(left.as_slice(), [Span::new(i64::MIN, 0), Span::new(10, i64::MAX)]);
        assert!(Spans::union_of(Vec::new()).is_empty());
    }
}
