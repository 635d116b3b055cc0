//! The window functions. What the rows of a frame teach is kept for the partition and follows the frame: rows that come are added, rows that leave
//! are taken away; so a frame that does not change is learned once, and one that moves costs what moves.

use pgrx::pg_sys;

use crate::pg::entry::Raw;
use crate::pg::entry::per_row;
use crate::pg::error::Result;
use crate::pg::error::or_raise;
use crate::pg::foreground::Foreground;
use crate::pg::options::required;
use crate::pg::text;
use crate::pg::window::Frame;
use crate::pg::window::Motion;
use crate::pg::window::Span;
use crate::pg::window::Window;
use algo::features::bucket::{Buckets, Format};
use algo::features::imputer::{Statistic, Strategy};
use algo::features::mode::Mode;
use algo::features::ordered::{self, Ordered};
use algo::features::scale::{self, Robust};
use algo::features::sliding::{Range, Sliding, Spread, Sum};
use algo::features::vocabulary::{Limits, Vocabulary};

/// What is learned of rows.
trait Lesson: 'static {
    /// Rows come.
    fn push(&mut self, window: &Window, span: Span, monitor: &Foreground) -> Result<()>;

    /// The first rows leave.
    fn pop(&mut self, count: usize, monitor: &Foreground) -> Result<()>;

    /// All rows leave.
    fn clear(&mut self);
}

impl<S: Sum + 'static> Lesson for Sliding<S> {
    fn push(&mut self, window: &Window, span: Span, monitor: &Foreground) -> Result<()> {
        window.numbers(span, monitor, |numbers| Ok(Sliding::push(self, numbers)?))
    }

    fn pop(&mut self, count: usize, monitor: &Foreground) -> Result<()> {
        Ok(Sliding::pop(self, count, monitor)?)
    }

    fn clear(&mut self) {
        Sliding::clear(self);
    }
}

impl Lesson for Ordered {
    fn push(&mut self, window: &Window, span: Span, monitor: &Foreground) -> Result<()> {
        window.numbers(span, monitor, |numbers| Ok(Ordered::push(self, numbers, monitor)?))
    }

    fn pop(&mut self, count: usize, monitor: &Foreground) -> Result<()> {
        Ok(Ordered::pop(self, count, monitor)?)
    }

    fn clear(&mut self) {
        Ordered::clear(self);
    }
}

impl Lesson for Mode {
    fn push(&mut self, window: &Window, span: Span, monitor: &Foreground) -> Result<()> {
        window.texts(span, monitor, |text| Ok(Mode::push(self, text, monitor)?))
    }

    fn pop(&mut self, count: usize, monitor: &Foreground) -> Result<()> {
        Ok(Mode::pop(self, count, monitor)?)
    }

    fn clear(&mut self) {
        Mode::clear(self);
    }
}

impl Lesson for Vocabulary {
    fn push(&mut self, window: &Window, span: Span, monitor: &Foreground) -> Result<()> {
        window.texts(span, monitor, |text| Ok(Vocabulary::push(self, text, monitor)?))
    }

    fn pop(&mut self, count: usize, monitor: &Foreground) -> Result<()> {
        Ok(Vocabulary::pop(self, count, monitor)?)
    }

    fn clear(&mut self) {
        Vocabulary::clear(self);
    }
}

impl Lesson for Statistic {
    fn push(&mut self, window: &Window, span: Span, monitor: &Foreground) -> Result<()> {
        window.numbers(span, monitor, |numbers| Ok(Statistic::push(self, numbers, monitor)?))
    }

    fn pop(&mut self, count: usize, monitor: &Foreground) -> Result<()> {
        Ok(Statistic::pop(self, count, monitor)?)
    }

    fn clear(&mut self) {
        Statistic::clear(self);
    }
}

/// What a function keeps for a partition: how it was asked, what its frame has taught, and what it made of that.
struct Kept<O, L, M> {
    options: O,
    lesson: L,
    /// `None` while it is to be made.
    made: Option<M>,
    frame: Frame,
    motion: Motion,
    mark: i64,
    monitor: Foreground,
}

impl<O, L: Lesson, M> Kept<O, L, M> {
    /// Follows the current row's frame.
    fn follow(&mut self, window: &Window) -> Result<()> {
        if self.motion == Motion::Jumps {
            self.lesson.clear();
            self.made = None;
            return self.lesson.push(window, Span::Frame, &self.monitor);
        }
        let found = window.frame();
        let frame = Frame {
            tail: found.tail.max(found.head),
            ..found
        };
        if frame == self.frame {
            return Ok(());
        }
        self.made = None;
        if frame.head >= self.frame.tail {
            self.lesson.clear();
            self.frame = Frame {
                head: frame.head,
                tail: frame.head,
            };
        } else {
            self.lesson
                .pop((frame.head - self.frame.head) as usize, &self.monitor)?;
        }
        self.lesson
            .push(window, Span::Rows(self.frame.tail..frame.tail), &self.monitor)?;
        self.frame = frame;
        // The executor looks at the first and the last row of each frame.
        let mark = found.head.min(found.tail - 1).max(0);
        if mark > self.mark {
            window.forget_before(mark);
            self.mark = mark;
        }
        Ok(())
    }
}

/// Answers for the current row: `options` are read at the partition's first row, `lesson` is made for them and for whether rows leave one by one,
/// `make` makes of what the frame has taught what `answer` needs, with the monitor for what takes long.
fn over_frame<O: 'static, L: Lesson, M: 'static, R>(
    fcinfo: pg_sys::FunctionCallInfo,
    options: impl FnOnce(&Window) -> Result<O>,
    lesson: impl FnOnce(&O, bool) -> L,
    make: impl FnOnce(&O, &mut L, &Foreground) -> Result<M>,
    answer: impl FnOnce(&Window, &O, &mut L, &M, &Foreground) -> Result<R>,
) -> R {
    let first = |window: &Window| {
        let (options, motion) = (options(window)?, window.motion());
        Ok(Kept {
            lesson: lesson(&options, motion == Motion::Slides),
            options,
            made: None::<M>,
            frame: Frame { head: 0, tail: 0 },
            motion,
            mark: 0,
            monitor: Foreground::new()?,
        })
    };
    let work = |window: &Window, kept: &mut Kept<O, L, M>| {
        kept.follow(window)?;
        let made = match kept.made.take() {
            Some(made) => made,
            None => make(&kept.options, &mut kept.lesson, &kept.monitor)?,
        };
        let answer = answer(window, &kept.options, &mut kept.lesson, &made, &kept.monitor);
        kept.made = Some(made);
        answer
    };
    or_raise(Window::of(fcinfo).and_then(|window| window.with(first, work)))
}

/// A scaler that goes by a sum over the frame.
fn scaler<S: Sum + 'static>(fcinfo: pg_sys::FunctionCallInfo, scale: fn(f64, &S) -> Option<f64>) -> Option<f64> {
    over_frame(
        fcinfo,
        |_| Ok(()),
        |(), moves| Sliding::<S>::new(moves),
        |(), lesson, _| Ok(lesson.sum()),
        |window, (), _, sum, _| Ok(window.number(0)?.and_then(|value| scale(value, sum))),
    )
}

/// `standard_scaler(value) OVER (...)`.
fn standard_scaler(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scaler::<Spread>(fcinfo, scale::standard)
}

/// `min_max_scaler(value) OVER (...)`.
fn min_max_scaler(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scaler::<Range>(fcinfo, scale::min_max)
}

/// `max_abs_scaler(value) OVER (...)`.
fn max_abs_scaler(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    scaler::<Range>(fcinfo, scale::max_abs)
}

/// An argument that may not be NULL.
fn option_number(window: &Window, argument: usize, name: &str) -> Result<f64> {
    required(name, window.number(argument)?)
}

/// `robust_scaler(value, quantile_range, with_median, with_quantile_range) OVER (...)`.
fn robust_scaler(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    let options = |window: &Window| {
        let range = required("quantile_range", window.vector(1)?)?;
        let with_median = option_number(window, 2, "with_median")? != 0.0;
        let with_range = option_number(window, 3, "with_quantile_range")? != 0.0;
        Ok(Robust::new(&range, with_median, with_range)?)
    };
    let quantiles = |robust: &Robust, lesson: &mut Ordered, monitor: &Foreground| -> Result<Option<[f64; 3]>> {
        if lesson.count() == 0 {
            return Ok(None);
        }
        Ok(Some(robust.quantiles(lesson, monitor)?))
    };
    over_frame(
        fcinfo,
        options,
        |_, moves| Ordered::new(moves),
        quantiles,
        |window, robust, _, quantiles, _| {
            let value = window.number(0)?;
            Ok(value
                .zip(*quantiles)
                .map(|(value, quantiles)| robust.scale(value, quantiles)))
        },
    )
}

/// `quantile_bucketize(value, num_buckets, output_format) OVER (...)`.
fn quantile_bucketize(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    let options = |window: &Window| {
        let parts = ordered::Parts::new(option_number(window, 1, "num_buckets")? as i64)?;
        let format: Format = required("output_format", window.text(2)?)?.parse()?;
        Ok((parts, format))
    };
    over_frame(
        fcinfo,
        options,
        |_, moves| Ordered::new(moves),
        |(parts, _), lesson, monitor| Ok(parts.buckets(lesson, monitor)?),
        |window, (_, format), _, buckets: &Option<Buckets>, _| {
            let value = window.number(0)?.filter(|value| !value.is_nan());
            let name = value
                .zip(buckets.as_ref())
                .map(|(value, buckets)| buckets.name(buckets.bucket(value), *format));
            Ok(name.and_then(|name| text::datum_of(&name)))
        },
    )
}

fn strategy(window: &Window) -> Result<Strategy> {
    Ok(required("strategy", window.text(1)?)?.parse()?)
}

/// `imputer(value, strategy) OVER (...)` of numbers.
fn imputer_number(fcinfo: pg_sys::FunctionCallInfo) -> Option<f64> {
    over_frame(
        fcinfo,
        strategy,
        |strategy, moves| Statistic::new(*strategy, moves),
        |_, _, _| Ok(()),
        |window, _, lesson, (), monitor| match window.number(0)?.filter(|value| value.is_finite()) {
            Some(value) => Ok(Some(value)),
            None => Ok(lesson.value(monitor)?),
        },
    )
}

/// `imputer(value, strategy) OVER (...)` of texts.
fn imputer_text(fcinfo: pg_sys::FunctionCallInfo) -> Option<Raw> {
    over_frame(
        fcinfo,
        |window| Ok(strategy(window)?.of_texts()?),
        |(), moves| Mode::new(moves),
        |(), _, _| Ok(()),
        |window, (), lesson, (), monitor| match window.text(0)? {
            Some(value) => Ok(text::datum_of(&value)),
            None => Ok(lesson.most_frequent(monitor)?.and_then(text::datum_of)),
        },
    )
}

/// `label_encoder(value, top_k, frequency_threshold) OVER (...)`.
fn label_encoder(fcinfo: pg_sys::FunctionCallInfo) -> Option<i64> {
    let options = |window: &Window| {
        let top_k = option_number(window, 1, "top_k")? as i64;
        let threshold = option_number(window, 2, "frequency_threshold")? as i64;
        Ok(Limits::new(top_k, threshold)?)
    };
    over_frame(
        fcinfo,
        options,
        |limits, moves| Vocabulary::new(*limits, moves),
        |_, _, _| Ok(()),
        |window, _, lesson, (), monitor| match window.text(0)? {
            Some(text) => Ok(Some(i64::from(lesson.number(&text, monitor)?))),
            None => Ok(Some(0)),
        },
    )
}

per_row!(
    standard_scaler,
    standard_scaler_wrapper,
    pg_finfo_standard_scaler_wrapper
);
per_row!(min_max_scaler, min_max_scaler_wrapper, pg_finfo_min_max_scaler_wrapper);
per_row!(max_abs_scaler, max_abs_scaler_wrapper, pg_finfo_max_abs_scaler_wrapper);
per_row!(robust_scaler, robust_scaler_wrapper, pg_finfo_robust_scaler_wrapper);
per_row!(
    quantile_bucketize,
    quantile_bucketize_wrapper,
    pg_finfo_quantile_bucketize_wrapper
);
per_row!(imputer_number, imputer_number_wrapper, pg_finfo_imputer_number_wrapper);
per_row!(imputer_text, imputer_text_wrapper, pg_finfo_imputer_text_wrapper);
per_row!(label_encoder, label_encoder_wrapper, pg_finfo_label_encoder_wrapper);
