//! What is read of a file, whichever of the two formats it has. The rest of it is passed over.

use std::fmt;

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, de};

use super::WHAT;
use crate::error::{Error, Result};
use crate::exchange::{MOST_CLASSES, unsupported};
use crate::room;

#[derive(Deserialize)]
pub(super) struct File {
    pub(super) learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    #[serde(default)]
    pub(super) feature_types: Vec<String>,
    pub(super) gradient_booster: Booster,
    pub(super) learner_model_param: Parameters,
    pub(super) objective: Objective,
}

#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
}

/// Numbers are written as texts.
#[derive(Deserialize)]
pub(super) struct Parameters {
    base_score: Written,
    #[serde(default)]
    pub(super) num_class: Written,
    #[serde(default)]
    pub(super) num_feature: Written,
    #[serde(default)]
    pub(super) num_target: Written,
}

#[derive(Deserialize)]
pub(super) struct Booster {
    pub(super) name: String,
    /// Of trees.
    #[serde(default)]
    pub(super) model: Option<TreesOf>,
    /// Of trees with weights.
    #[serde(default)]
    pub(super) gbtree: Option<Inner>,
    #[serde(default)]
    pub(super) weight_drop: Vec<f32>,
}

#[derive(Deserialize)]
pub(super) struct Inner {
    pub(super) model: TreesOf,
}

#[derive(Deserialize)]
pub(super) struct TreesOf {
    #[serde(default)]
    gbtree_model_param: BoosterParameters,
    /// Where the trees of each iteration begin, and the end of the last.
    #[serde(default)]
    iteration_indptr: Vec<i64>,
    /// The class of each tree.
    #[serde(default)]
    pub(super) tree_info: Vec<i64>,
    #[serde(default)]
    pub(super) trees: Vec<Tree>,
    #[serde(default)]
    pub(super) cats: Option<Categories>,
}

#[derive(Deserialize, Default)]
struct BoosterParameters {
    #[serde(default)]
    num_parallel_tree: Written,
}

/// The levels of categories, by feature; since 3.1.
#[derive(Deserialize)]
pub(super) struct Categories {
    #[serde(default)]
    pub(super) enc: Vec<Encoding>,
}

/// The levels of a category: texts, one behind the other, with the places where they begin and the end of the last; or numbers.
#[derive(Deserialize)]
pub(super) struct Encoding {
    offsets: Option<Vec<i64>>,
    #[serde(default)]
    values: Vec<f64>,
}

#[derive(Deserialize)]
pub(super) struct Tree {
    pub(super) left_children: Vec<i32>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_indices: Vec<u32>,
    /// The threshold of a split, what a leaf adds.
    pub(super) split_conditions: Vec<f32>,
    #[serde(deserialize_with = "flags")]
    pub(super) default_left: Vec<bool>,
    /// 1 for a split by categories.
    #[serde(default)]
    pub(super) split_type: Vec<u8>,
    #[serde(default)]
    pub(super) categories: Vec<u32>,
    #[serde(default)]
    pub(super) categories_nodes: Vec<u32>,
    #[serde(default)]
    pub(super) categories_segments: Vec<u64>,
    #[serde(default)]
    pub(super) categories_sizes: Vec<u64>,
    #[serde(default)]
    pub(super) loss_changes: Vec<f32>,
    #[serde(default)]
    pub(super) sum_hessian: Vec<f32>,
    #[serde(default)]
    pub(super) tree_param: TreeParameters,
}

#[derive(Deserialize, Default)]
pub(super) struct TreeParameters {
    #[serde(default)]
    pub(super) size_leaf_vector: Written,
}

/// A number that is written as a text, or is one.
#[derive(Default)]
pub(super) struct Written(Option<String>);

impl Written {
    /// The number, or another where there is none.
    pub(super) fn number(&self, otherwise: usize) -> Result<usize> {
        let Some(text) = &self.0 else { return Ok(otherwise) };
        text.trim()
            .parse()
            .map_err(|_| Error::damaged(WHAT, format!("\"{}\" is no number", shown(text))))
    }
}

/// As much of a text as an error shows.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Written, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Written;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number, or a text that is one")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> std::result::Result<Written, E> {
                Ok(Written(Some(text.to_string())))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> std::result::Result<Written, E> {
                Ok(Written(Some(number.to_string())))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> std::result::Result<Written, E> {
                Ok(Written(Some(number.to_string())))
            }
            fn visit_f64<E: de::Error>(self, number: f64) -> std::result::Result<Written, E> {
                Ok(Written(Some(number.to_string())))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// Flags, which older versions wrote as such and newer ones write as 0 and 1.
fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Vec<bool>, D::Error> {
    struct Flag(bool);
    impl<'de> Deserialize<'de> for Flag {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Flag, D::Error> {
            struct Any;
            impl Visitor<'_> for Any {
                type Value = Flag;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("true, false, 0 or 1")
                }
                fn visit_bool<E: de::Error>(self, flag: bool) -> std::result::Result<Flag, E> {
                    Ok(Flag(flag))
                }
                fn visit_i64<E: de::Error>(self, number: i64) -> std::result::Result<Flag, E> {
                    Ok(Flag(number != 0))
                }
                fn visit_u64<E: de::Error>(self, number: u64) -> std::result::Result<Flag, E> {
                    Ok(Flag(number != 0))
                }
            }
            deserializer.deserialize_any(Any)
        }
    }
    struct Flags;
    impl<'de> Visitor<'de> for Flags {
        type Value = Vec<bool>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("flags")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> std::result::Result<Vec<bool>, A::Error> {
            let mut flags = Vec::new();
            while let Some(Flag(flag)) = elements.next_element()? {
                room::push(&mut flags, flag).map_err(A::Error::custom)?;
            }
            Ok(flags)
        }
    }
    deserializer.deserialize_seq(Flags)
}

impl Parameters {
    /// The base score of each sum: one of each, or one of all, in brackets since 3.1.
    pub(super) fn base_scores(&self, sums: usize) -> Result<Vec<f64>> {
        let wrong = || Error::damaged(WHAT, "its base_score cannot be read");
        let text = self.base_score.0.as_deref().unwrap_or("0.5").trim();
        let inside = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .unwrap_or(text);
        if inside.matches(',').count() >= MOST_CLASSES {
            return Err(wrong());
        }
        let scores = inside
            .split(',')
            .map(|score| score.trim().parse::<f64>().map_err(|_| wrong()));
        let scores = scores.collect::<Result<Vec<f64>>>()?;
        match scores[..] {
            [score] => room::filled(score, sums),
            _ if scores.len() == sums => Ok(scores),
            _ => Err(wrong()),
        }
    }
}

impl TreesOf {
    /// How many trees the first iterations have.
    pub(super) fn first_of(&self, iterations: usize, sums: usize) -> Result<usize> {
        let end = match self.iteration_indptr.is_empty() {
            false => self
                .iteration_indptr
                .get(iterations)
                .map(|end| usize::try_from(*end).unwrap_or(0)),
            true => {
                let parallel = self.gbtree_model_param.num_parallel_tree.number(1)?.max(1);
                iterations
                    .checked_mul(parallel)
                    .and_then(|trees| trees.checked_mul(sums))
            }
        };
        Ok(end.unwrap_or(usize::MAX).min(self.trees.len()))
    }
}

impl Encoding {
    /// The text of each code.
    pub(super) fn texts(&self) -> Result<Vec<String>> {
        let wrong = || Error::damaged(WHAT, "the levels of its categories cannot be read");
        let Some(offsets) = &self.offsets else {
            return Ok(self.values.iter().map(f64::to_string).collect());
        };
        // XGBoost 3.1 counts characters where it cuts bytes: of other letters the levels are lost.
        if self.values.iter().any(|value| !(0.0..128.0).contains(value)) {
            return Err(unsupported(
                "the XGBoost model has levels of categories that are not ASCII",
                "XGBoost writes such names cut in the wrong places.",
                "give \"categories\" the levels of each such column, that of code 0 first",
            ));
        }
        let bytes: Vec<u8> = self.values.iter().map(|value| *value as i64 as u8).collect();
        let text = |pair: &[i64]| {
            let range = usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?;
            std::str::from_utf8(bytes.get(range)?).ok().map(String::from)
        };
        offsets.windows(2).map(|pair| text(pair).ok_or_else(wrong)).collect()
    }
}
