//! What a search tries: values for each hyperparameter, and candidates drawn from them.

use std::collections::{HashMap, HashSet};

use serde_json::{Map, Value as Json, json};

use crate::error::{Error, Result};
use crate::hash;
use crate::learner::{Algorithm, Description};

/// The most candidates of a grid.
const MOST: usize = 10_000;
/// How often a draw that was made before is made anew.
const DRAWS: usize = 50;

/// The values of one hyperparameter.
#[derive(Debug, Clone, PartialEq)]
enum Domain {
    /// These.
    Values(Vec<Json>),
    /// All between two numbers.
    Range {
        low: f64,
        high: f64,
        is_log: bool,
        is_whole: bool,
        step: Option<f64>,
    },
}

/// What to try of one algorithm.
pub struct Space {
    algorithm: &'static Algorithm,
    /// By the hyperparameter's name, in the order of names.
    domains: Vec<(String, Domain)>,
    /// Whether nobody said what to try.
    is_default: bool,
}

/// An algorithm with hyperparameters to try.
#[derive(Clone)]
pub struct Candidate {
    /// The algorithm.
    pub algorithm: &'static Algorithm,
    /// Its hyperparameters.
    pub params: Map<String, Json>,
}

/// How candidates are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Every combination of the values.
    Grid,
    /// Draws.
    Random,
    /// Draws, many of which are tried on few rows, and the better ones on more.
    SuccessiveHalving,
}

impl Method {
    /// Each of them.
    pub const ALL: [Method; 3] = [Method::Random, Method::Grid, Method::SuccessiveHalving];

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Method::Grid => "grid",
            Method::Random => "random",
            Method::SuccessiveHalving => "successive_halving",
        }
    }
}

/// The error of a search that cannot be.
fn refuse<T>(algorithm: &str, name: &str, found: &Json, wanted: &'static str) -> Result<T> {
    Err(Error::data(
        format!("search: {name} of {algorithm} cannot be {found}"),
        wanted,
    ))
}

impl Space {
    /// Reads what is to be tried; nothing named is what the table of hyperparameters says. Returns an error for hyperparameters that the algorithm
    /// does not have, and for values that say nothing.
    pub fn new(algorithm: &'static Algorithm, search: &Map<String, Json>) -> Result<Space> {
        let known = algorithm.parameters();
        let mut domains = Vec::new();
        for (name, values) in search {
            let parameter = known
                .iter()
                .find(|parameter| parameter.names().any(|known| known == name))
                .ok_or_else(|| Error::UnknownParameter {
                    name: name.clone(),
                    known: known.iter().flat_map(|parameter| parameter.names()).collect(),
                })?;
            domains.push((name.clone(), Domain::read(algorithm.name, parameter, values)?));
        }
        if search.is_empty() {
            domains.extend(known.iter().filter_map(|parameter| {
                let space = parameter.search?;
                let domain = Domain::Range {
                    low: space.low,
                    high: space.high,
                    is_log: space.is_log,
                    is_whole: parameter.is_whole,
                    step: None,
                };
                Some((parameter.name.to_string(), domain))
            }));
        }
        domains.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(Space {
            algorithm,
            domains,
            is_default: search.is_empty(),
        })
    }

    /// The candidate of a number: by the seed, whatever else is drawn. Where nobody said what to try, the first is that of the defaults.
    fn draw(&self, seed: u64, number: usize) -> Candidate {
        let mut params = Map::new();
        if !(self.is_default && number == 0) {
            for (name, domain) in &self.domains {
                let seeded = hash::mix(hash::seeded(seed), hash::hash_bytes(0, self.algorithm.name.as_bytes()));
                let drawn = hash::mix(seeded, hash::hash_bytes(number as u64, name.as_bytes()));
                params.insert(name.clone(), domain.at((drawn >> 11) as f64 / (1_u64 << 53) as f64));
            }
        }
        let algorithm = self.algorithm;
        Candidate { algorithm, params }
    }

    /// Every combination. Returns an error for ranges without a step, and for too many.
    fn grid(&self) -> Result<Vec<Candidate>> {
        let mut grid = vec![Map::new()];
        for (name, domain) in &self.domains {
            let values = domain.values(self.algorithm.name, name)?;
            if grid.len().saturating_mul(values.len()) > MOST {
                return Err(Error::data(
                    format!(
                        "search: the grid of {} has more than {MOST} candidates",
                        self.algorithm.name
                    ),
                    "give fewer values, or draw candidates with method => 'random'",
                ));
            }
            let with = |params: Map<String, Json>| {
                values.iter().map(move |value| {
                    let mut params = params.clone();
                    params.insert(name.clone(), value.clone());
                    params
                })
            };
            grid = grid.into_iter().flat_map(with).collect();
        }
        let algorithm = self.algorithm;
        Ok(grid.into_iter().map(|params| Candidate { algorithm, params }).collect())
    }
}

impl Domain {
    fn read(algorithm: &str, parameter: &Description, values: &Json) -> Result<Domain> {
        const WANTED: &str = "give a value, a list of values, or {\"min\": number, \"max\": number, \"scale\": \"log\" | \"linear\", \"step\": number, \"integer\": true | false}";
        let object = match values {
            Json::Array(values) if values.is_empty() => {
                return refuse(algorithm, parameter.name, &json!([]), WANTED);
            }
            Json::Array(values) => return Ok(Domain::Values(values.clone())),
            Json::Object(object) => object,
            value => return Ok(Domain::Values(vec![value.clone()])),
        };
        let known = ["min", "max", "scale", "step", "integer"];
        if object.keys().any(|key| !known.contains(&key.as_str())) {
            return refuse(algorithm, parameter.name, values, WANTED);
        }
        let number = |key: &str| object.get(key).and_then(Json::as_f64);
        let is_log = match object.get("scale").map(Json::as_str) {
            None | Some(Some("linear")) => false,
            Some(Some("log")) => true,
            Some(_) => return refuse(algorithm, parameter.name, values, WANTED),
        };
        let is_whole = match object.get("integer") {
            None => parameter.is_whole,
            Some(Json::Bool(is_whole)) => *is_whole,
            Some(_) => return refuse(algorithm, parameter.name, values, WANTED),
        };
        let (Some(low), Some(high)) = (number("min"), number("max")) else {
            return refuse(algorithm, parameter.name, values, WANTED);
        };
        let step = number("step");
        if low > high || (is_log && low <= 0.0) {
            let wanted = "give a min that is at most max, and above 0 where the scale is log";
            return refuse(algorithm, parameter.name, values, wanted);
        }
        if object.contains_key("step") && (is_log || step.is_none_or(|step| step <= 0.0)) {
            return refuse(
                algorithm,
                parameter.name,
                values,
                "give a step above 0, and no scale but linear",
            );
        }
        Ok(Domain::Range {
            low,
            high,
            is_log,
            is_whole,
            step,
        })
    }

    /// The value at a place between 0 and 1.
    fn at(&self, place: f64) -> Json {
        match self {
            Domain::Values(values) => {
                let chosen = (place * values.len() as f64) as usize;
                values[chosen.min(values.len() - 1)].clone()
            }
            &Domain::Range {
                low,
                high,
                is_log,
                is_whole,
                step,
            } => {
                let value = match step {
                    Some(step) => {
                        let steps = ((high - low) / step + 1e-9).floor();
                        low + step * (place * (steps + 1.0)).floor().min(steps)
                    }
                    // Each whole number has a part of its own.
                    None if is_whole && is_log => ((low - 0.5).max(0.5).ln() * (1.0 - place)
                        + (high + 0.5).ln() * place)
                        .exp()
                        .round(),
                    None if is_whole => (low - 0.5 + (high - low + 1.0) * place).round(),
                    None if is_log => (low.ln() * (1.0 - place) + high.ln() * place).exp(),
                    None => low + (high - low) * place,
                };
                number(value.clamp(low, high), is_whole)
            }
        }
    }

    /// All values. Returns an error for a range without a step.
    fn values(&self, algorithm: &str, name: &str) -> Result<Vec<Json>> {
        match self {
            Domain::Values(values) => Ok(values.clone()),
            &Domain::Range {
                low,
                high,
                step: Some(step),
                is_whole,
                ..
            } => {
                let steps = ((high - low) / step + 1e-9).floor().min(MOST as f64) as usize;
                Ok((0..=steps)
                    .map(|place| number(low + step * place as f64, is_whole))
                    .collect())
            }
            Domain::Range { .. } => Err(Error::data(
                format!("search: a grid cannot have a range without a step, as {name} of {algorithm} is"),
                "give a list of values or a step, or draw candidates with method => 'random'",
            )),
        }
    }
}

/// A number as JSON, with as many digits as matter.
fn number(value: f64, is_whole: bool) -> Json {
    match is_whole {
        true => json!(value.round() as i64),
        false => json!(format!("{value:.4e}").parse::<f64>().unwrap_or(value)),
    }
}

/// The candidates: algorithm after algorithm in turn, each different from those before it. There are fewer than `trials` only where no more are different.
/// Returns an error for a grid that has more.
pub fn candidates(spaces: &[Space], method: Method, trials: usize, seed: u64) -> Result<Vec<Candidate>> {
    if method == Method::Grid {
        let grids: Vec<Vec<Candidate>> = spaces.iter().map(Space::grid).collect::<Result<_>>()?;
        let grid: Vec<Candidate> = grids.into_iter().flatten().collect();
        if grid.len() > trials {
            return Err(Error::data(
                format!(
                    "search: the grid has {} candidates, and there are {trials} trials",
                    grid.len()
                ),
                "allow as many with trials, give fewer values, or draw candidates with method => 'random'",
            ));
        }
        return Ok(grid);
    }
    let mut known: HashMap<&str, (usize, HashSet<String>)> = HashMap::new();
    let mut candidates = Vec::new();
    loop {
        let before = candidates.len();
        for space in spaces {
            let (number, seen) = known.entry(space.algorithm.name).or_default();
            for _ in 0..DRAWS {
                let candidate = space.draw(seed, *number);
                *number += 1;
                if seen.insert(Json::Object(candidate.params.clone()).to_string()) {
                    candidates.push(candidate);
                    break;
                }
            }
            if candidates.len() == trials {
                return Ok(candidates);
            }
        }
        if candidates.len() == before {
            return Ok(candidates);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learners::{LEARNERS, named};

    fn space(algorithm: &str, search: Json) -> Result<Space> {
        Space::new(named(algorithm).unwrap(), search.as_object().unwrap())
    }

    fn drawn(search: Json, trials: usize, seed: u64) -> Vec<Json> {
        let space = space("gradient_boosting", search).unwrap();
        let candidates = candidates(&[space], Method::Random, trials, seed).unwrap();
        candidates
            .into_iter()
            .map(|candidate| Json::Object(candidate.params))
            .collect()
    }

    #[test]
    fn every_learner_has_candidates_that_it_takes() {
        for algorithm in LEARNERS {
            let space = Space::new(algorithm, &Map::new()).unwrap();
            let candidates = candidates(&[space], Method::Random, 200, 7).unwrap();
            assert!(candidates[0].params.is_empty(), "the first is that of the defaults");
            for candidate in candidates {
                let configured = algorithm.configure(&candidate.params, 1);
                assert!(configured.is_ok(), "{}: {:?}", algorithm.name, candidate.params);
            }
        }
    }

    #[test]
    fn the_same_seed_draws_the_same_and_more_trials_only_add() {
        let search = json!({"learning_rate": {"min": 0.01, "max": 1, "scale": "log"}, "num_leaves": [7, 15, 31]});
        let ten = drawn(search.clone(), 10, 1);
        assert_eq!(ten, drawn(search.clone(), 20, 1)[..10]);
        assert_ne!(ten, drawn(search, 10, 2));
    }

    #[test]
    fn draws_spread_over_their_range() {
        let rates = drawn(
            json!({"learning_rate": {"min": 0.01, "max": 1, "scale": "log"}}),
            1000,
            3,
        );
        let low = rates
            .iter()
            .filter(|rate| rate["learning_rate"].as_f64().unwrap() < 0.1)
            .count();
        assert!(
            (440..560).contains(&low),
            "{low} of 1000 in the lower half of magnitudes"
        );
        let leaves = drawn(json!({"num_leaves": {"min": 2, "max": 5}}), 100, 3);
        assert_eq!(leaves.len(), 4, "each once: {leaves:?}");
        let steps = drawn(json!({"subsample": {"min": 0.5, "max": 0.9, "step": 0.2}}), 100, 3);
        assert_eq!(steps.len(), 3, "{steps:?}");
    }

    #[test]
    fn grids_have_every_combination() {
        let grid = |search: Json, trials| {
            candidates(&[space("ridge", search)?], Method::Grid, trials, 0).map(|grid| grid.len())
        };
        let search = json!({"alpha": [0.1, 1, 10], "fit_intercept": [true, false]});
        assert_eq!(grid(search.clone(), 6), Ok(6));
        assert!(grid(search, 5).is_err());
        assert_eq!(grid(json!({"alpha": {"min": 1, "max": 2, "step": 0.25}}), 20), Ok(5));
        assert!(grid(json!({"alpha": {"min": 1, "max": 2}}), 20).is_err());
    }

    #[test]
    fn what_says_nothing_is_refused() {
        for wrong in [
            json!({"alpha": []}),
            json!({"alpha": {}}),
            json!({"alpha": {"min": 1}}),
            json!({"alpha": {"min": 2, "max": 1}}),
            json!({"alpha": {"min": 0, "max": 1, "scale": "log"}}),
            json!({"alpha": {"min": 1, "max": 2, "scale": "cube"}}),
            json!({"alpha": {"min": 1, "max": 2, "step": 0}}),
            json!({"alpha": {"min": 1, "max": 2, "steps": 3}}),
            json!({"beta": [1]}),
        ] {
            assert!(space("ridge", wrong.clone()).is_err(), "{wrong}");
        }
    }
}
