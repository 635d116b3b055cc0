//! What a failed call means: whether the same one may succeed later, and when.

use serde_json::Value as Json;

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    Answer,
    /// Come again later, which is no failure.
    Later,
    /// The server fails; another try may succeed.
    Fails,
    /// It leads elsewhere, where nobody follows.
    Redirects,
    /// It does not know the caller.
    Forbids,
    /// It refuses this call, and will again.
    Refuses,
}

/// What a status of HTTP says (RFC 9110; 429: RFC 6585).
pub fn meaning(status: u16) -> Meaning {
    match status {
        200..=299 => Meaning::Answer,
        300..=399 => Meaning::Redirects,
        401 | 403 | 407 => Meaning::Forbids,
        429 => Meaning::Later,
        // A timeout, a conflict with another call, one that came too early; 503 is a rate limit where it says when to come again.
        408 | 409 | 425 | 500..=599 => Meaning::Fails,
        _ => Meaning::Refuses,
    }
}

/// In how many seconds to come again, as a server says by `Retry-After` (RFC 9110): seconds, or a date, which nobody sends here.
pub fn retry_after(value: &str) -> Option<u32> {
    value.trim().parse().ok().filter(|seconds| *seconds <= 24 * 60 * 60)
}

/// What an answer that is an error says, as servers that speak OpenAI's protocol do: its message without what a terminal would act upon.
pub fn message(body: &[u8]) -> Option<String> {
    let json: Json = serde_json::from_slice(body).ok()?;
    let texts = [
        &json["error"]["message"],
        &json["error"],
        &json["message"],
        &json["detail"],
    ];
    let text = plain(texts.into_iter().find_map(Json::as_str)?);
    (!text.is_empty()).then_some(text)
}

/// What a server says, without what a terminal would act upon, and no more of it than is worth reading.
pub fn plain(text: &str) -> String {
    /// In characters.
    const LONGEST: usize = 200;
    text.chars().filter(|c| !c.is_control()).take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_says_whether_another_try_helps() {
        for (status, expected) in [
            (200, Meaning::Answer),
            (204, Meaning::Answer),
            (301, Meaning::Redirects),
            (302, Meaning::Redirects),
            (308, Meaning::Redirects),
            (400, Meaning::Refuses),
            (401, Meaning::Forbids),
            (403, Meaning::Forbids),
            (404, Meaning::Refuses),
            (408, Meaning::Fails),
            (413, Meaning::Refuses),
            (422, Meaning::Refuses),
            (429, Meaning::Later),
            (500, Meaning::Fails),
            (503, Meaning::Fails),
            (599, Meaning::Fails),
            (101, Meaning::Refuses),
            (999, Meaning::Refuses),
        ] {
            assert_eq!(meaning(status), expected, "{status}");
        }
    }

    #[test]
    fn a_server_says_in_seconds_when_to_come_again() {
        assert_eq!(retry_after(" 20 "), Some(20));
        for value in [
            "",
            "-1",
            "soon",
            "1e3",
            "Fri, 31 Dec 1999 23:59:59 GMT",
            "99999999999",
            "86401",
        ] {
            assert_eq!(retry_after(value), None, "{value}");
        }
    }

    #[test]
    fn an_error_says_why_in_one_of_a_few_places() {
        for (body, text) in [
            (
                r#"{"error": {"message": "The model does not exist", "code": 1}}"#,
                Some("The model does not exist"),
            ),
            (r#"{"error": "no\u001b[2J such\nmodel"}"#, Some("no[2J suchmodel")),
            (r#"{"detail": "Not Found"}"#, Some("Not Found")),
            (r#"{"message": ""}"#, None),
            ("<html>", None),
            ("[]", None),
            ("", None),
        ] {
            assert_eq!(message(body.as_bytes()).as_deref(), text, "{body}");
        }
        let long = format!(r#"{{"error": "{}"}}"#, "é".repeat(1000));
        assert_eq!(message(long.as_bytes()).unwrap().chars().count(), 200);
    }
}
