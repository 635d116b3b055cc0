//! What a fitted method knows after the last value: it takes a further value without being fitted again, and looks ahead.

use std::cell::Cell;

use serde::{Deserialize, Deserializer, Serialize, de};

use super::decomposed::Decomposed;
use super::ets::Ets;
use super::intermittent::Intermittent;
use super::naive::Naive;
use super::theta::Theta;
use crate::coded::coded;

/// The state of a method after the last value.
#[derive(Debug, Clone, PartialEq)]
pub enum State {
    /// The values of the last season.
    Naive(Naive),
    /// Dynamic optimised Theta.
    Theta(Theta),
    /// Exponential smoothing.
    Ets(Box<Ets>),
    /// Seasons, and what is left without them.
    Decomposed(Box<Decomposed>),
    /// The size of demands, and how often there is one.
    Intermittent(Intermittent),
    /// The mean of others.
    Mean(Mean),
}

coded!(State {
    0 => Naive(naive),
    1 => Theta(theta),
    2 => Ets(ets),
    3 => Decomposed(decomposed),
    4 => Intermittent(intermittent),
    5 => Mean(mean),
});

/// How deep states may hold others.
const DEPTH: usize = 4;

/// States that are added up, at most.
const MOST: usize = 8;

/// States whose forecasts are averaged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mean {
    #[serde(deserialize_with = "nested")]
    states: Vec<State>,
}

thread_local! {
    /// How deep in others the state is that this thread reads.
    static DEEP: Cell<usize> = const { Cell::new(0) };
}

/// Reads what is within a state. Returns an error where it is too deep: before it is read, for each depth takes room on the stack.
pub(super) fn nested<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Within(usize);
    impl Drop for Within {
        fn drop(&mut self) {
            DEEP.set(self.0);
        }
    }
    let within = Within(DEEP.get());
    if within.0 == DEPTH {
        return Err(de::Error::custom("states are nested too deeply"));
    }
    DEEP.set(within.0 + 1);
    T::deserialize(deserializer)
}

impl State {
    /// The mean of states.
    pub(super) fn mean(states: Vec<State>) -> State {
        State::Mean(Mean { states })
    }

    /// Takes the next value.
    pub(super) fn advance(&mut self, value: f64) {
        match self {
            State::Naive(naive) => naive.advance(value),
            State::Theta(theta) => theta.advance(value),
            State::Ets(ets) => ets.advance(value),
            State::Decomposed(decomposed) => decomposed.advance(value),
            State::Intermittent(intermittent) => intermittent.advance(value),
            State::Mean(mean) => mean.states.iter_mut().for_each(|state| state.advance(value)),
        }
    }

    /// The values of the next steps.
    pub(super) fn project(&self, out: &mut [f64]) {
        match self {
            State::Naive(naive) => naive.project(out),
            State::Theta(theta) => theta.project(out),
            State::Ets(ets) => ets.project(out),
            State::Decomposed(decomposed) => decomposed.project(out),
            State::Intermittent(intermittent) => out.fill(intermittent.next()),
            State::Mean(Mean { states }) => {
                let mut one = vec![0.0; out.len()];
                out.fill(0.0);
                for state in states {
                    state.project(&mut one);
                    out.iter_mut()
                        .zip(&one)
                        .for_each(|(out, one)| *out += one / states.len() as f64);
                }
            }
        }
    }

    /// What it is called.
    pub(super) fn name(&self) -> String {
        match self {
            State::Naive(naive) if naive.season() > 1 => "seasonal_naive".into(),
            State::Naive(_) => "naive".into(),
            State::Theta(_) => "theta".into(),
            State::Ets(ets) => format!("ets({})", ets.form().name()),
            State::Decomposed(decomposed) => decomposed.name(),
            State::Intermittent(intermittent) => intermittent.name().into(),
            State::Mean(Mean { states }) => {
                let names: Vec<String> = states.iter().map(State::name).collect();
                format!("mean of {}", names.join(" and "))
            }
        }
    }

    /// Whether stored bytes are sound.
    pub(super) fn is_sound(&self) -> bool {
        self.is_sound_within(DEPTH)
    }

    pub(super) fn is_sound_within(&self, depth: usize) -> bool {
        match self {
            State::Naive(naive) => naive.is_sound(),
            State::Theta(theta) => theta.is_sound(),
            State::Ets(ets) => ets.is_sound(),
            State::Decomposed(decomposed) => depth > 0 && decomposed.is_sound_within(depth - 1),
            State::Intermittent(intermittent) => intermittent.is_sound(),
            State::Mean(Mean { states }) => {
                depth > 0
                    && (1..=MOST).contains(&states.len())
                    && states.iter().all(|state| state.is_sound_within(depth - 1))
            }
        }
    }

    /// Bytes on the heap.
    pub(super) fn memory(&self) -> usize {
        match self {
            State::Naive(naive) => naive.memory(),
            State::Theta(_) | State::Intermittent(_) => 0,
            State::Ets(ets) => size_of::<Ets>() + ets.memory(),
            State::Decomposed(decomposed) => size_of::<Decomposed>() + decomposed.memory(),
            State::Mean(Mean { states }) => {
                let each = states.iter().map(|state| size_of::<State>() + state.memory());
                each.sum()
            }
        }
    }
}
