//! That nothing stands for no value.

use serde_json::json;

use super::column::Column;
use super::proposal::Proposal;
use algo::block::Kind;
use algo::profile::Meaning;
use algo::quality::sentinels::words::ANSWERS;

/// That no value stands for none, where no list says what the values are; of texts else but for words that may be answers.
pub fn proposals(column: &Column<'_>) -> Vec<Proposal> {
    let proposal = |args, what: &str| column.holding("sentinel_values", args, format!("no {what}"));
    // The check would look for them in a profile, too.
    let without = |what| proposal(json!({}), what).known_to_hold(!column.is_suspicious);
    match column.kind {
        kind if kind.is_number() && column.report.meaning == Meaning::Number => {
            vec![without("number stands for none, as -999 may")]
        }
        kind if kind.is_time() => vec![without("time stands for none, as 1900-01-01 may")],
        Kind::Text if is_written(column) => {
            let words = "text is written for none, as N/A is";
            vec![
                proposal(json!({}), words),
                proposal(json!({ "ignore": ANSWERS }), words),
            ]
        }
        _ => Vec::new(),
    }
}

/// Whether people write its texts, so that nothing else says what they are.
fn is_written(column: &Column<'_>) -> bool {
    let has_form = matches!(
        column.report.meaning,
        Meaning::Identifier | Meaning::Formatted(_) | Meaning::Boolean
    );
    !has_form && !column.is_closed()
}
