//! What models do with texts.

/// What a model does with texts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// A vector of each.
    Embedding,
    /// How well each answers a question.
    Reranking,
    /// An answer in words.
    Generation,
    /// Nothing by itself: it is a template of what a model is asked.
    Prompt,
}

impl Task {
    /// Every one.
    pub const ALL: [Task; 4] = [Task::Embedding, Task::Reranking, Task::Generation, Task::Prompt];
    /// Those of models that answer elsewhere.
    pub const REMOTE: [Task; 3] = [Task::Embedding, Task::Reranking, Task::Generation];

    /// Its name in SQL.
    pub const fn name(self) -> &'static str {
        match self {
            Task::Embedding => "embedding",
            Task::Reranking => "reranking",
            Task::Generation => "generation",
            Task::Prompt => "prompt",
        }
    }

    /// The task of that name.
    pub fn named(name: &str) -> Option<Task> {
        Task::ALL.into_iter().find(|task| task.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_task_has_a_name_of_its_own() {
        for task in Task::ALL {
            assert_eq!(Task::named(task.name()), Some(task));
        }
        assert_eq!(Task::named("classification"), None);
    }
}
