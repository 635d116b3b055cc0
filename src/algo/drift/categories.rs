//! Categories of both sides side by side: their rows, those that are new, and those that are gone.

use super::distribution::Categories;
use super::pairs;

/// The rows of a category on both sides.
#[derive(Debug, Clone, PartialEq)]
pub struct Category {
    /// Its name, where names are kept.
    pub name: Option<String>,
    /// Rows of the reference.
    pub reference: u64,
    /// Rows of the current side.
    pub current: u64,
}

/// Categories of both sides.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Both {
    /// Each with its rows; where there are too many categories, groups of them.
    pub all: Vec<Category>,
    /// Whether each is one category, and all are named.
    pub named: bool,
    /// Whether each is one category.
    pub exact: bool,
}

impl Both {
    /// Of what was counted on each side.
    pub fn of(reference: &Categories, current: &Categories) -> Both {
        let named = reference.names.are_known() && current.names.are_known();
        let name = |key: i64| {
            reference
                .names
                .get(key)
                .or_else(|| current.names.get(key))
                .map(String::from)
        };
        let pairs = pairs::categories(reference, current);
        Both {
            all: pairs
                .into_iter()
                .map(|(key, reference, current)| Category {
                    name: if named { name(key) } else { None },
                    reference,
                    current,
                })
                .collect(),
            named,
            exact: reference.cells.is_exact() && current.cells.is_exact(),
        }
    }

    /// Of levels that a model knows by name, of which `other` stands for the rest, and of what was counted.
    pub fn of_levels(levels: &[(String, u64)], other: u64, rest: Option<&str>, current: &Categories) -> Both {
        let mut all: Vec<Category> = levels
            .iter()
            .map(|(name, rows)| Category {
                name: Some(name.clone()),
                reference: *rows,
                current: if Some(name.as_str()) == rest {
                    0
                } else {
                    current.rows_of(name)
                },
            })
            .collect();
        let known: u64 = all.iter().map(|category| category.current).sum();
        let unknown = current.cells.rows() - known;
        let exact = current.cells.is_exact();
        let named = exact && current.names.are_known();
        match all
            .iter_mut()
            .find(|category| rest.is_some() && category.name.as_deref() == rest)
        {
            // Whether they are new or were rare in training is not known.
            Some(rest) => rest.current += unknown,
            None if other > 0 || !named => all.push(Category {
                name: None,
                reference: other,
                current: unknown,
            }),
            None => {
                let is_new = |name: &str| !levels.iter().any(|(level, _)| level == name);
                let new = current.cells.sorted().into_iter().filter_map(|(key, rows)| {
                    let name = current.names.get(key).filter(|name| is_new(name))?;
                    Some(Category {
                        name: Some(name.to_string()),
                        reference: 0,
                        current: rows,
                    })
                });
                all.extend(new);
            }
        }
        Both { all, named, exact }
    }

    /// Rows of both sides in each.
    pub fn counts(&self) -> Vec<(f64, f64)> {
        let counts = |category: &Category| (category.reference as f64, category.current as f64);
        self.all
            .iter()
            .map(counts)
            .filter(|count| count.0 + count.1 > 0.0)
            .collect()
    }

    /// The categories that only the current side has, those with most rows first.
    pub fn appeared(&self) -> Vec<&Category> {
        self.only(|category| category.reference == 0 && category.current > 0)
    }

    /// The categories that only the reference has, those with most rows first.
    pub fn vanished(&self) -> Vec<&Category> {
        self.only(|category| category.current == 0 && category.reference > 0)
    }

    fn only(&self, is_wanted: impl Fn(&Category) -> bool) -> Vec<&Category> {
        let mut found: Vec<&Category> = self
            .all
            .iter()
            .filter(|one| one.name.is_some() && is_wanted(one))
            .collect();
        found.sort_by(|a, b| {
            (b.reference + b.current)
                .cmp(&(a.reference + a.current))
                .then_with(|| a.name.cmp(&b.name))
        });
        found
    }

    /// The named categories whose share moved most, with both shares.
    pub fn moved(&self, most: usize) -> Vec<(&str, f64, f64)> {
        let sum = |side: fn(&Category) -> u64| self.all.iter().map(side).sum::<u64>().max(1) as f64;
        let (n, m) = (sum(|one| one.reference), sum(|one| one.current));
        let mut moved: Vec<(&str, f64, f64)> = self
            .all
            .iter()
            .filter_map(|one| Some((one.name.as_deref()?, one.reference as f64 / n, one.current as f64 / m)))
            .collect();
        moved.sort_by(|a, b| {
            let difference = |x: &(&str, f64, f64)| (x.1 - x.2).abs();
            difference(b).total_cmp(&difference(a)).then_with(|| a.0.cmp(b.0))
        });
        moved.truncate(most);
        moved
    }
}
