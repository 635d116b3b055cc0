//! `rewrite_question`: a question that is understood without the conversation before it.

use pgrx::pg_extern;
use serde_json::json;

use super::manner::Wording;
use crate::pg::error::{Result, or_raise};
use crate::pg::foreground::Foreground;
use crate::pg::json::Jsonb;
use crate::pg::options::required;
use crate::pg::random;
use crate::pg::text::Text;
use crate::text::generation::{Completion, Generator, Manner};
use algo_text::asking::{self, Fence, Message, recent, transcript};
use algo_text::endpoint::chat::{self, Finish};

/// What a model is told of its work.
const RULES: &str = "You make the last question of a conversation one that is understood without it: put in what its words refer to, keep its language and its meaning, and do not answer it. Reply with the question and nothing else.";
const USUAL: &str = "The conversation:\n\n$history\n\nThe last question:\n\n$question";
/// The most tokens of a question.
const LONGEST: u32 = 256;

/// A question, and what it took to make it.
pub struct Rewritten {
    pub question: String,
    pub completion: Option<Completion>,
}

/// A conversation as an argument.
pub fn history(value: Option<Jsonb>) -> Result<Vec<Message>> {
    match value {
        None => Ok(Vec::new()),
        Some(value) => Ok(asking::parse(&value.read("argument \"history\"")?)?),
    }
}

/// The prompt of a question that is made anew.
pub fn wording(prompt: Option<&str>) -> Result<Wording> {
    Wording::of(prompt, USUAL, ["history", "question"])
}

/// Makes a question anew; the question itself without a conversation, where none of it fits, and where the model says none.
pub fn rewrite(
    generator: &Generator,
    wording: &Wording,
    history: &[Message],
    question: &str,
    patience: f64,
) -> Result<Rewritten> {
    let unchanged = Rewritten {
        question: question.to_owned(),
        completion: None,
    };
    if history.is_empty() {
        return Ok(unchanged);
    }
    let fence = Fence::new(random::bits()?);
    let watch = Foreground::new()?;
    let asked = fence.around("question", question, &watch)?;
    let messages = |said: &str| -> Result<[chat::Message; 2]> {
        Ok([
            chat::Message::system(format!("{RULES} {}", fence.rule())),
            chat::Message::user(wording.fill([&fence.around("conversation", said, &watch)?, &asked])?),
        ])
    };
    let taken = generator
        .count_messages(&messages("")?)?
        .saturating_add(LONGEST as usize);
    let room = generator.window().saturating_sub(taken);
    let said = recent(history, room, |text| generator.count_tokens(text))?;
    if said.is_empty() {
        return Ok(unchanged);
    }
    // One that is cut off is no question, and no fault either.
    let manner = Manner::of_json(
        json!({"temperature": 0, "max_tokens": LONGEST, "partial": true, "patience": patience}),
        None,
    )?;
    let completion = generator.complete(&messages(&transcript(said))?, &manner)?;
    // Nor is one that repeats the marks: the model has said again what it was told.
    let is_own = completion.finish == Finish::Stop && !completion.text.contains(fence.mark());
    let made = asking::rewritten(&completion.text, question).filter(|_| is_own);
    Ok(Rewritten {
        question: made.unwrap_or(unchanged.question),
        completion: Some(completion),
    })
}

/// `rewrite_question(history, question, model, prompt)`.
#[pg_extern(sql = false)]
fn rewrite_question(history: Option<Jsonb>, question: Option<Text>, model: Option<Text>, prompt: Option<Text>) -> Text {
    let made = || -> Result<String> {
        let history = self::history(history)?;
        let question = required("question", question)?;
        let question = asking::question(&question)?;
        let model = required("model", model)?;
        let wording = wording(prompt.as_deref())?;
        let generator = Generator::open(&model)?;
        Ok(rewrite(&generator, &wording, &history, question, 0.0)?.question)
    };
    Text::from(or_raise(made()))
}
