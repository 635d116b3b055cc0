//! A regular expression followed through a text state by state, all that are possible at a time (Thompson 1968): no table is made, so memory does
//! not depend on the text.

use regex_automata::nfa::thompson::{NFA, State};
use regex_automata::util::primitives::StateID;

use crate::error::Result;
use crate::monitor::Pace;
use crate::room;

/// The states that are possible at a place in a text.
#[derive(Debug, Clone, Default)]
pub struct Simulation {
    now: Vec<StateID>,
    next: Vec<StateID>,
    /// Those whose consequences are still to be looked at.
    open: Vec<StateID>,
    /// For each state the step in which it was reached last.
    reached: Vec<u64>,
    step: u64,
}

impl Simulation {
    /// Whether a part of a text matches. O(length × states).
    pub fn is_match(&mut self, nfa: &NFA, text: &str, pace: &mut Pace<'_>) -> Result<bool> {
        let (states, bytes) = (nfa.states().len(), text.as_bytes());
        for list in [&mut self.now, &mut self.next, &mut self.open] {
            list.clear();
            room::reserve(list, states)?;
        }
        if self.reached.len() < states {
            let more = states - self.reached.len();
            room::reserve(&mut self.reached, more)?;
            self.reached.resize(states, 0);
        }
        self.step += 1;
        if self.reach(nfa, nfa.start_unanchored(), bytes, 0) {
            return Ok(true);
        }
        for (place, &byte) in bytes.iter().enumerate() {
            std::mem::swap(&mut self.now, &mut self.next);
            if self.now.is_empty() {
                return Ok(false);
            }
            pace.spend(self.now.len())?;
            self.next.clear();
            self.step += 1;
            let mut found = false;
            let now = std::mem::take(&mut self.now);
            for &state in &now {
                if let Some(next) = follow(nfa.state(state), byte) {
                    found |= self.reach(nfa, next, bytes, place + 1);
                }
            }
            self.now = now;
            // What does not end between characters is no match: only one of nothing ends elsewhere.
            if found && text.is_char_boundary(place + 1) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds a state, and those that follow from it without a byte. Says whether the whole expression is among them.
    fn reach(&mut self, nfa: &NFA, state: StateID, bytes: &[u8], at: usize) -> bool {
        let mut found = false;
        self.open.push(state);
        while let Some(state) = self.open.pop() {
            if std::mem::replace(&mut self.reached[state.as_usize()], self.step) == self.step {
                continue;
            }
            match nfa.state(state) {
                State::ByteRange { .. } | State::Sparse(_) | State::Dense(_) => self.next.push(state),
                State::Look { look, next } => {
                    if nfa.look_matcher().matches(*look, bytes, at) {
                        self.open.push(*next);
                    }
                }
                State::Union { alternates } => self.open.extend_from_slice(alternates),
                State::BinaryUnion { alt1, alt2 } => self.open.extend([*alt1, *alt2]),
                State::Capture { next, .. } => self.open.push(*next),
                State::Fail => {}
                State::Match { .. } => found = true,
            }
        }
        found
    }
}

/// Where a state leads by a byte.
fn follow(state: &State, byte: u8) -> Option<StateID> {
    match state {
        State::ByteRange { trans } => trans.matches_byte(byte).then_some(trans.next),
        State::Sparse(transitions) => transitions.matches_byte(byte),
        State::Dense(transitions) => transitions.matches_byte(byte),
        State::Look { .. }
        | State::Union { .. }
        | State::BinaryUnion { .. }
        | State::Capture { .. }
        | State::Fail
        | State::Match { .. } => None,
    }
}
