//! Regular expressions that are asked only whether a part of a text matches.
//!
//! The crate regex answers that too, but each of its expressions holds what finds where a match begins and what its groups are, with caches of
//! its own, and a test of one long text cannot be stopped. Here an expression is one automaton that reads forwards, whose states are made
//! as texts need them (a lazy DFA), in a cache that is as small as the number of expressions demands. It is driven byte by byte, so that the
//! monitor is looked at along the way. Where its states would be too many, or it meets a word boundary beside other letters than those of
//! ASCII, the expression's own states are followed instead ([`Simulation`]): slower, exact, and in little memory.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{Compiler, NFA, WhichCaptures};
use regex_automata::util::prefilter::Prefilter;
use regex_automata::{Input, MatchKind, Span};

use super::simulation::Simulation;
use crate::error::{Error, Result};
use crate::monitor::{Monitor, Pace};

/// The most memory that a compiled expression takes.
const PATTERN: usize = 1 << 20;
/// An expression takes more bytes for each of its characters than this.
const CHARACTER: usize = 16;
/// What the caches of all expressions of a scan take, unless there are very many.
const CACHES: usize = 16 << 20;
/// The most that one of them takes, and the least.
const MOST_CACHE: usize = 1 << 20;
const LEAST_CACHE: usize = 1 << 14;

/// Bytes that are read between two looks at the monitor.
const STRIDE: usize = 256;
/// Bytes that are searched for a literal between two looks at the monitor.
const WINDOW: usize = 1 << 16;
/// More bytes than a literal has that the library extracts from an expression: 100.
const LITERAL: usize = 256;

/// A compiled expression.
#[derive(Debug, Clone)]
pub struct Pattern {
    dfa: DFA,
    /// Made for the first text.
    cache: Option<Cache>,
    /// The fewest bytes that match.
    shortest: usize,
}

/// Compiles an expression as far as to know that it can be. The message of the error points at the place.
pub fn compile(pattern: &str) -> std::result::Result<(), String> {
    automaton(pattern).map(drop)
}

/// The automaton of an expression, with the fewest bytes that match and the literals that matches begin with.
fn automaton(pattern: &str) -> std::result::Result<(NFA, usize, Option<Prefilter>), String> {
    let too_large = || format!("Compiled regex exceeds size limit of {PATTERN} bytes.");
    if pattern.len() > PATTERN / CHARACTER {
        return Err(too_large());
    }
    let tree = regex_syntax::parse(pattern).map_err(|error| error.to_string())?;
    let config = NFA::config()
        .utf8(true)
        .nfa_size_limit(Some(PATTERN))
        .which_captures(WhichCaptures::None);
    let nfa = Compiler::new()
        .configure(config)
        .build_from_hir(&tree)
        .map_err(|error| match error.size_limit() {
            Some(_) => too_large(),
            None => error.to_string(),
        })?;
    let shortest = tree.properties().minimum_len().unwrap_or(0);
    let literals = if nfa.is_always_start_anchored() {
        None
    } else {
        Prefilter::from_hir_prefix(MatchKind::All, &tree).filter(Prefilter::is_fast)
    };
    Ok((nfa, shortest, literals))
}

impl Pattern {
    /// Compiles an expression; its cache takes so many bytes, or what it cannot do without.
    fn new(pattern: &str, cache: usize) -> std::result::Result<Pattern, String> {
        let (nfa, shortest, literals) = automaton(pattern)?;
        let config = DFA::config()
            // All matches count, so that one that does not end between characters hides no other.
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .specialize_start_states(literals.is_some())
            .prefilter(literals)
            .cache_capacity(cache)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(3))
            .minimum_bytes_per_state(Some(10));
        let dfa = DFA::builder()
            .configure(config)
            .build_from_nfa(nfa)
            .map_err(|error| error.to_string())?;
        Ok(Pattern {
            dfa,
            cache: None,
            shortest,
        })
    }

    /// Whether a part of a text matches; `None` where only a simulation can tell.
    fn search(&mut self, text: &str, pace: &mut Pace<'_>) -> Result<Option<bool>> {
        let Pattern { dfa, cache, .. } = self;
        let cache = cache.get_or_insert_with(|| dfa.create_cache());
        if text.len() <= STRIDE {
            // The library's own loop is faster, and done before anybody waits.
            pace.spend(text.len())?;
            let input = Input::new(text).earliest(true);
            return Ok(dfa.try_search_fwd(cache, &input).ok().map(|end| end.is_some()));
        }
        cache.search_start(0);
        run(dfa, cache, text, pace)
    }
}

/// Reads a text with an automaton; `None` where it gives up.
fn run(dfa: &DFA, cache: &mut Cache, text: &str, pace: &mut Pace<'_>) -> Result<Option<bool>> {
    let bytes = text.as_bytes();
    let start = |cache: &mut Cache, at: usize| dfa.start_state_forward(cache, &Input::new(bytes).range(at..)).ok();
    let literals = dfa.get_config().get_prefilter();
    let Some(mut state) = start(cache, 0) else {
        return Ok(None);
    };
    let mut at = 0;
    loop {
        if let (true, Some(literals)) = (state.is_start(), literals) {
            let Some(next) = next_literal(literals, bytes, at, pace)? else {
                return Ok(Some(false));
            };
            if next > at {
                at = next;
                match start(cache, at) {
                    Some(restarted) => state = restarted,
                    None => return Ok(None),
                }
            }
        }
        if at >= bytes.len() {
            break;
        }
        let end = bytes.len().min(at + STRIDE);
        pace.spend(end - at)?;
        cache.search_update(at);
        while at < end {
            let Ok(next) = dfa.next_state(cache, state, bytes[at]) else {
                return Ok(None);
            };
            state = next;
            if state.is_tagged() {
                // A match is known one byte after its end.
                if let Some(answer) = verdict(state, text.is_char_boundary(at)) {
                    return Ok(answer);
                }
                if state.is_start() && literals.is_some() {
                    at += 1;
                    break;
                }
            }
            at += 1;
        }
    }
    cache.search_finish(at);
    Ok(match dfa.next_eoi_state(cache, state) {
        Ok(last) => verdict(last, true).unwrap_or(Some(false)),
        Err(_) => None,
    })
}

/// What a state says: nothing yet, that a part matches or that none does, or that it cannot tell.
#[inline]
fn verdict(state: LazyStateID, between_characters: bool) -> Option<Option<bool>> {
    if state.is_match() && between_characters {
        Some(Some(true))
    } else if state.is_dead() {
        Some(Some(false))
    } else if state.is_quit() {
        Some(None)
    } else {
        None
    }
}

/// Where the next match may begin, from `at` on.
fn next_literal(literals: &Prefilter, bytes: &[u8], mut at: usize, pace: &mut Pace<'_>) -> Result<Option<usize>> {
    loop {
        let end = bytes.len().min(at + WINDOW);
        if let Some(found) = literals.find(bytes, Span { start: at, end }) {
            return Ok(Some(found.start));
        }
        if end == bytes.len() {
            return Ok(None);
        }
        pace.spend(STRIDE)?;
        // One that begins here may end there.
        at = end - LITERAL;
    }
}

/// The expressions of a scan, each compiled once.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    all: Vec<Pattern>,
    simulation: Simulation,
}

impl Patterns {
    /// Returns an error when one does not compile.
    pub fn new(patterns: &[&str], monitor: &dyn Monitor) -> Result<Patterns> {
        let cache = (CACHES / patterns.len().max(1)).clamp(LEAST_CACHE, MOST_CACHE);
        let mut all = Vec::with_capacity(patterns.len());
        for pattern in patterns {
            monitor.check()?;
            all.push(Pattern::new(pattern, cache).map_err(|problem| Error::damaged("plan of a scan", problem))?);
        }
        Ok(Patterns {
            all,
            simulation: Simulation::default(),
        })
    }

    /// Whether a part of a text matches the expression at `place`. O(length), or where it has to be simulated O(length × its states).
    #[inline]
    pub fn is_match(&mut self, place: usize, text: &str, pace: &mut Pace<'_>) -> Result<bool> {
        let pattern = &mut self.all[place];
        if text.len() < pattern.shortest {
            return Ok(false);
        }
        match pattern.search(text, pace)? {
            Some(found) => Ok(found),
            None => self.simulation.is_match(pattern.dfa.get_nfa(), text, pace),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use proptest::prelude::*;
    use regex::Regex;

    use super::*;
    use crate::monitor::{Progress, Unwatched};

    /// Expressions of every kind: literals, anchors, classes, repeats, boundaries of words in Unicode and ASCII, empty ones.
    const PATTERNS: [&str; 28] = [
        "",
        "a",
        "needle|nadel",
        "^a",
        "b$",
        "^ab$",
        "(?m)^b$",
        "(?R)(?m)a$",
        "[a-c]+é?",
        "\\w+@\\w+",
        "\\bé",
        "a\\b",
        "(?-u:\\b)a",
        "\\B",
        "(?-u:\\B)",
        "é(?-u:\\B)",
        "^$",
        "a*",
        "(a|é)(b|日)",
        ".{0,40}z",
        "(?i)STRASSE|straße",
        "\\p{Greek}",
        "[^a]b",
        "(?s).\\z",
        "a{3}|b{2,}",
        "(?x) a  b ",
        "\\d{2}-\\d",
        "z.{5}a",
    ];

    /// The answers of the automaton, of the simulation, and of the crate regex.
    fn answers(pattern: &str, text: &str, cache: usize) -> (bool, bool, bool) {
        let mut pace = Pace::new(&Unwatched);
        let mut patterns = Patterns {
            all: vec![Pattern::new(pattern, cache).unwrap()],
            simulation: Simulation::default(),
        };
        let found = patterns.is_match(0, text, &mut pace).unwrap();
        let nfa = patterns.all[0].dfa.get_nfa().clone();
        let simulated = Simulation::default().is_match(&nfa, text, &mut pace).unwrap();
        (found, simulated, Regex::new(pattern).unwrap().is_match(text))
    }

    #[test]
    fn long_texts_are_searched_like_short_ones() {
        for (pattern, text, expected) in [
            ("needle", "x".repeat(3 * WINDOW) + "needle", true),
            ("needle|nadel", "needl".repeat(WINDOW), false),
            ("needle|nadel", "nade".repeat(WINDOW / 4 - 1) + "nxnadel", true),
            ("x{200}z", "x".repeat(5000), false),
            (".{0,300}z", "ab".repeat(4000), false),
            (".{0,300}z", "ab".repeat(4000) + "z", true),
            ("\\bende", "é ".repeat(2000) + "ende", true),
            ("ab$", "ab".repeat(1000), true),
        ] {
            for cache in [LEAST_CACHE, MOST_CACHE] {
                assert_eq!(
                    answers(pattern, &text, cache),
                    (expected, expected, expected),
                    "{pattern}"
                );
            }
        }
    }

    #[test]
    fn mistakes_and_giants_are_errors() {
        assert!(compile("a[").unwrap_err().contains("unclosed character class"));
        let limit = "Compiled regex exceeds size limit of 1048576 bytes.";
        for giant in ["(a{1000}){1000}".to_string(), "a".repeat(PATTERN)] {
            assert_eq!(compile(&giant).unwrap_err(), limit);
        }
    }

    /// Stops at the third look.
    #[derive(Default)]
    struct Impatient(AtomicU32);

    impl Monitor for Impatient {
        fn check(&self) -> Result<()> {
            if self.0.fetch_add(1, Ordering::Relaxed) < 2 {
                Ok(())
            } else {
                Err(Error::Stopped)
            }
        }

        fn progress(&self, _: Progress) {}
    }

    #[test]
    fn a_search_of_a_long_text_can_be_stopped() {
        for (pattern, text) in [
            (".{0,1000}z", "x".repeat(1 << 20)),
            ("\\bz", "é".repeat(1 << 20)),
            ("needle", "x".repeat(1 << 20)),
            ("a", "b".repeat(1 << 20)),
        ] {
            let watch = Impatient::default();
            let mut patterns = Patterns::new(&[pattern], &Unwatched).unwrap();
            let stopped = patterns.is_match(0, &text, &mut Pace::new(&watch));
            assert_eq!(stopped, Err(Error::Stopped), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn answers_are_those_of_the_crate_regex(pattern in prop::sample::select(&PATTERNS[..]), text in "[abcz@é日ß0-9\\- \n\r]{0,40}") {
            for cache in [0, MOST_CACHE] {
                let (found, simulated, expected) = answers(pattern, &text, cache);
                prop_assert_eq!((found, simulated), (expected, expected), "{} in {:?}", pattern, text);
            }
        }
    }
}
