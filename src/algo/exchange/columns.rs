//! Features of a file as the columns of a model, and codes of categories as its levels.

use std::collections::{BTreeMap, BTreeSet};

use super::given::{Given, text_of};
use super::{MOST_FEATURES, unsupported};
use crate::error::{Error, Result};
use crate::model::{Input, InputKind};

/// Levels of a category at most: what a set of a split has bits for.
const MOST_LEVELS: usize = 256;

/// Codes of a category at most, in a file.
pub(crate) const MOST_CODES: usize = 1 << 24;

/// The features of a file. First the codes by which trees split are [noted](Columns::note), then the columns are made of them.
pub(crate) struct Columns {
    names: Vec<String>,
    /// Of features that are categories, the text of each code, as far as that is known; `None` of numbers.
    categories: Vec<Option<Category>>,
}

#[derive(Default)]
struct Category {
    /// The text of each code; beyond them it is the code itself.
    texts: Vec<String>,
    /// Other codes that there are.
    known: BTreeSet<u32>,
    /// The codes that some split puts into its set. All others go the other way, as unknown ones do.
    used: BTreeSet<u32>,
    /// Once the columns are made: the level of each used code.
    levels: BTreeMap<u32, u32>,
}

impl Columns {
    /// Features by these names, unless others are given. Returns an error for given names that are not as many.
    pub(crate) fn new(names: Vec<String>, given: &Given) -> Result<Columns> {
        let count = names.len();
        if count > MOST_FEATURES {
            return Err(Error::data(
                format!("the model has {count} features"),
                "a model has at most 100000 features",
            ));
        }
        let names = match &given.features {
            None => names,
            Some(given) if given.len() == count => given.clone(),
            Some(given) => {
                return Err(Error::data(
                    format!("{} names are given for {count} features", given.len()),
                    "give \"features\" one name for each feature of the file, in its order",
                ));
            }
        };
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(name.as_str())) {
            return Err(Error::data(
                format!("two features are called \"{twice}\""),
                "give \"features\" a name of its own for each feature",
            ));
        }
        Ok(Columns {
            categories: names.iter().map(|_| None).collect(),
            names,
        })
    }

    /// How many features there are.
    pub(crate) fn count(&self) -> usize {
        self.names.len()
    }

    /// The name of a feature.
    pub(crate) fn name(&self, feature: usize) -> &str {
        &self.names[feature]
    }

    /// Whether a feature is a category.
    pub(crate) fn is_category(&self, feature: usize) -> bool {
        self.categories.get(feature).is_some_and(Option::is_some)
    }

    /// Makes a feature a category, whose codes have these texts.
    pub(crate) fn make_category(&mut self, feature: usize, texts: Vec<String>, known: BTreeSet<u32>) {
        if let Some(category) = self.categories.get_mut(feature) {
            *category = Some(Category {
                texts,
                known,
                ..Category::default()
            });
        }
    }

    /// The texts of codes that the caller gives replace those of the file. Returns an error for a column that is none.
    pub(crate) fn rename_levels(&mut self, given: &Given) -> Result<()> {
        for (name, levels) in &given.categories {
            let feature = self.names.iter().position(|known| known == name);
            let category = feature.and_then(|feature| self.categories[feature].as_mut());
            let Some(category) = category else {
                return Err(Error::data(
                    format!("levels are given for \"{name}\", which is no category of the model"),
                    "leave it out of \"categories\"",
                ));
            };
            category.texts = levels.iter().map(text_of).collect();
        }
        Ok(())
    }

    /// Notes that a split puts a code of the feature into its set. Of no effect for a number.
    pub(crate) fn note(&mut self, feature: usize, code: u32) {
        if let Some(Some(category)) = self.categories.get_mut(feature) {
            category.used.insert(code);
        }
    }

    /// The columns of the model. Returns an error for a category with too many levels, or two equal ones.
    pub(crate) fn inputs(&mut self) -> Result<Vec<Input>> {
        let named = self.names.iter().zip(&mut self.categories);
        named
            .map(|(name, category)| match category {
                None => Ok(Input {
                    name: name.clone(),
                    type_name: "double precision".into(),
                    kind: InputKind::Number,
                }),
                Some(category) => Ok(Input {
                    name: name.clone(),
                    type_name: "text".into(),
                    kind: InputKind::Category {
                        levels: category.levels(name)?,
                        other: false,
                    },
                }),
            })
            .collect()
    }

    /// The set of levels of a model's split that has these codes. To be asked when the columns are made.
    pub(crate) fn set(&self, feature: usize, codes: impl Iterator<Item = u32>) -> [u64; 4] {
        let mut set = [0; 4];
        if let Some(Some(category)) = self.categories.get(feature) {
            for level in codes.filter_map(|code| category.levels.get(&code)) {
                set[*level as usize / 64] |= 1 << (level % 64);
            }
        }
        set
    }
}

impl Category {
    fn text(&self, code: u32) -> String {
        match self.texts.get(code as usize) {
            Some(text) => text.clone(),
            None => code.to_string(),
        }
    }

    /// The levels, sorted; notes the place of each code. All known ones where there is room, else those that splits tell from others.
    fn levels(&mut self, name: &str) -> Result<Vec<String>> {
        let mut codes = self.used.clone();
        if self.texts.len() <= MOST_LEVELS {
            let known = self.known.iter().copied().chain(0..self.texts.len() as u32);
            let all: BTreeSet<u32> = codes.iter().copied().chain(known).collect();
            if all.len() <= MOST_LEVELS {
                codes = all;
            }
        }
        if codes.len() > MOST_LEVELS {
            return Err(unsupported(
                format!("category \"{name}\" has too many levels"),
                format!(
                    "Splits tell {} of them from others, and at most {MOST_LEVELS} can be.",
                    codes.len()
                ),
                "train the model with fewer levels, or with the category as a number",
            ));
        }
        let mut order: Vec<(String, u32)> = codes.into_iter().map(|code| (self.text(code), code)).collect();
        order.sort();
        if let Some(pair) = order.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::data(
                format!("two levels of category \"{name}\" are \"{}\"", pair[0].0),
                "give \"categories\" the levels of the column, that of code 0 first",
            ));
        }
        self.levels = order.iter().map(|(_, code)| *code).zip(0..).collect();
        Ok(order.into_iter().map(|(text, _)| text).collect())
    }
}
