//! What a notification says, as a person reads it. It names assets, checks, states, counts and times; no values of rows, and no messages of checks.

use serde_json::Value as Json;

/// The first line of what may have been delivered before.
const REPEATED: &str = "You may have been told this before: whether it got through is not known.";

/// A notification as a text.
pub fn body(kind: &str, items: &[Json], more: i64, is_repeated: bool) -> String {
    let mut lines = Vec::with_capacity(items.len() + 2);
    if is_repeated {
        lines.push(REPEATED.to_string());
    }
    lines.extend(items.iter().map(|item| match kind {
        "issues" => issue(item),
        "incident" | "escalation" => incident(item),
        _ => other(item),
    }));
    if more > 0 {
        lines.push(format!("and {more} more"));
    }
    lines.join("\n")
}

fn text<'a>(item: &'a Json, key: &str) -> &'a str {
    item.get(key).and_then(Json::as_str).unwrap_or_default()
}

fn count(item: &Json, key: &str) -> i64 {
    item.get(key).and_then(Json::as_i64).unwrap_or(0)
}

fn counted(count: i64, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn issue(item: &Json) -> String {
    let what = match text(item, "status") {
        "closed" => "Closed",
        _ if count(item, "reopenings") > 0 => "Open again",
        _ => "Open",
    };
    let segment = match item.get("segment").and_then(Json::as_bool) {
        Some(true) => " in a segment",
        Some(false) | None => "",
    };
    let mut line = format!(
        "{what}: {} of {}{segment} ({}, {}), found {} since {} {}",
        text(item, "subject"),
        text(item, "asset"),
        text(item, "kind"),
        text(item, "severity"),
        counted(count(item, "occurrences"), "time"),
        text(item, "since"),
        text(item, "time_zone"),
    );
    if !text(item, "until").is_empty() {
        line.push_str(&format!(", until {}", text(item, "until")));
    }
    line
}

fn incident(item: &Json) -> String {
    let what = match (text(item, "what"), text(item, "cause")) {
        ("escalated", "resolve") => format!("Not resolved in time, step {}", count(item, "step")),
        ("escalated", _) => format!("Not acknowledged in time, step {}", count(item, "step")),
        (what, _) => {
            let mut letters = what.chars();
            let first: String = letters
                .next()
                .map(|letter| letter.to_uppercase().collect())
                .unwrap_or_default();
            format!("{first}{}", letters.as_str().replace('_', " "))
        }
    };
    let by = match text(item, "by") {
        "" => String::new(),
        by => format!(" by {by}"),
    };
    let mut line = format!(
        "{} {}: {what}{by}. {}, {}, {}, since {}",
        text(item, "at"),
        text(item, "time_zone"),
        text(item, "severity"),
        text(item, "status"),
        counted(count(item, "issues"), "open issue"),
        text(item, "since"),
    );
    let assets: Vec<&str> = item
        .get("assets")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
        .filter_map(Json::as_str)
        .collect();
    if !assets.is_empty() {
        line.push_str(&format!("; of yours: {}", assets.join(", ")));
    }
    line
}

/// What other rooms tell: their text.
fn other(item: &Json) -> String {
    text(item, "text").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn issues_are_told_one_a_line() {
        let item = json!({"issue": 7, "asset": "public.orders", "subject": "amount_not_null", "kind": "check", "severity": "error", "status": "open",
            "occurrences": 1, "reopenings": 0, "segment": false, "since": "2026-06-05 21:00", "until": null, "time_zone": "Europe/Berlin"});
        let open =
            "Open: amount_not_null of public.orders (check, error), found 1 time since 2026-06-05 21:00 Europe/Berlin";
        assert_eq!(body("issues", std::slice::from_ref(&item), 0, false), open);
        assert_eq!(
            body("issues", &[item], 3, true),
            format!("{REPEATED}\n{open}\nand 3 more")
        );
    }

    #[test]
    fn what_is_missing_or_strange_is_left_out() {
        for item in [
            json!(null),
            json!([]),
            json!({"what": 3, "assets": "x"}),
            json!({"status": {}}),
        ] {
            for kind in ["issues", "incident", "escalation", "burn", ""] {
                body(kind, std::slice::from_ref(&item), 0, false);
            }
        }
    }
}
