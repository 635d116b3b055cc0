//! What becomes of each kind.

use serde_json::{Map, Value as Json};

use super::{Kind, Kinds};

/// What becomes of something that is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The name of its kind in brackets.
    Mask,
    /// The name of its kind and a hash in brackets.
    Hash,
    /// Something of the same shape that is nobody's, the same for the same value and key.
    Pseudonym,
    /// It stays.
    Keep,
}

impl Action {
    pub const ALL: [Action; 4] = [Action::Mask, Action::Hash, Action::Pseudonym, Action::Keep];

    pub fn name(self) -> &'static str {
        match self {
            Action::Mask => "mask",
            Action::Hash => "hash",
            Action::Pseudonym => "pseudonym",
            Action::Keep => "keep",
        }
    }

    pub fn named(name: &str) -> Option<Action> {
        Action::ALL.into_iter().find(|action| action.name() == name)
    }
}

/// What becomes of each kind, and which names are looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Policy {
    /// By the order of [`Kind::ALL`].
    actions: [Action; Kind::ALL.len()],
    pub names: Vec<String>,
}

impl Default for Policy {
    fn default() -> Policy {
        Policy::of(Action::Mask)
    }
}

/// What is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wrong {
    /// It is neither an object nor the name of an action.
    Shape,
    /// A key that is none.
    Key(String),
    /// The value of a key that is none.
    Value(String, String),
    /// The names are not texts.
    Names,
}

impl Policy {
    /// The same for every kind.
    pub fn of(action: Action) -> Policy {
        Policy {
            actions: [action; Kind::ALL.len()],
            names: Vec::new(),
        }
    }

    /// Reads a policy: an action for all kinds, or an object of actions by kinds, with `default` for all others, and `names`.
    pub fn parse(json: &Json) -> Result<Policy, Wrong> {
        match json {
            Json::String(name) => Action::named(name).map(Policy::of).ok_or(Wrong::Shape),
            Json::Object(entries) => Policy::of_entries(entries),
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::Array(_) => Err(Wrong::Shape),
        }
    }

    fn of_entries(entries: &Map<String, Json>) -> Result<Policy, Wrong> {
        let action = |key: &str, value: &Json| {
            let named = value.as_str().and_then(Action::named);
            named.ok_or_else(|| Wrong::Value(key.to_owned(), value.to_string()))
        };
        let mut policy = match entries.get("default") {
            Some(value) => Policy::of(action("default", value)?),
            None => Policy::default(),
        };
        // What names one kind goes before what names four, whatever their order.
        let (several, one): (Vec<_>, Vec<_>) = entries.iter().partition(|(key, _)| *key == Kind::NATIONAL_ID);
        for (key, value) in several.into_iter().chain(one) {
            match key.as_str() {
                "default" => {}
                "names" => policy.names = names(value).ok_or(Wrong::Names)?,
                key => {
                    let mut kinds = Kind::named(key).peekable();
                    if kinds.peek().is_none() {
                        return Err(Wrong::Key(key.to_owned()));
                    }
                    let action = action(key, value)?;
                    kinds.for_each(|kind| policy.actions[place(kind)] = action);
                }
            }
        }
        Ok(policy)
    }

    pub fn action(&self, kind: Kind) -> Action {
        self.actions[place(kind)]
    }

    /// The kinds that do not stay.
    pub fn kinds(&self) -> Kinds {
        let gone = Kind::ALL.into_iter().filter(|kind| self.action(*kind) != Action::Keep);
        gone.fold(Kinds::NONE, Kinds::with)
    }

    /// Whether a key is needed.
    pub fn has_pseudonyms(&self) -> bool {
        self.actions.contains(&Action::Pseudonym)
    }
}

fn place(kind: Kind) -> usize {
    kind as usize
}

fn names(value: &Json) -> Option<Vec<String>> {
    value
        .as_array()?
        .iter()
        .map(|name| name.as_str().map(str::to_owned))
        .collect()
}

impl Wrong {
    /// What is wrong, as a sentence, and what to do.
    pub fn sentences(&self) -> (String, String) {
        let actions = Action::ALL.map(Action::name).join(", ");
        match self {
            Wrong::Shape => (
                "It is neither an object nor an action.".into(),
                format!(
                    "Write an action ({actions}), or an object such as {{\"email\": \"pseudonym\", \"default\": \"mask\"}}."
                ),
            ),
            Wrong::Key(key) => {
                let kinds = Kind::ALL.map(Kind::name).join(", ");
                (
                    format!("It has the key \"{key}\", which is no kind."),
                    format!("Expected is one of: default, names, {kinds} or {}.", Kind::NATIONAL_ID),
                )
            }
            Wrong::Value(key, value) => (
                format!("The value of \"{key}\" is {value}."),
                format!("The actions are: {actions}."),
            ),
            Wrong::Names => (
                "Its names are no array of texts.".into(),
                "Write them as [\"Anna\", \"Schmidt\"].".into(),
            ),
        }
    }
}
