//! What is sent: JSON as servers that speak OpenAI's protocol take it. Reranking, which OpenAI does not offer, is as Cohere, Jina and vLLM have it.

use serde_json::{Map, Value as Json, json};

/// Keys that a request has by itself.
pub const OWN_KEYS: [&str; 7] = [
    "model",
    "input",
    "encoding_format",
    "query",
    "documents",
    "top_n",
    "return_documents",
];

/// The end of an endpoint's address for embeddings.
pub const EMBEDDINGS: &str = "/embeddings";
/// The end of an endpoint's address for reranking.
pub const RERANK: &str = "/rerank";

/// Asks for the vectors of texts. `more` is what the model's owner wants to be said beside.
pub fn embeddings(model: &str, texts: &[&str], more: &Map<String, Json>) -> String {
    with(
        more,
        json!({"model": model, "input": texts, "encoding_format": "float"}),
    )
}

/// Asks how well each document answers a query.
pub fn rerank(model: &str, query: &str, documents: &[&str], more: &Map<String, Json>) -> String {
    let own = json!({
        "model": model, "query": query, "documents": documents, "top_n": documents.len(), "return_documents": false,
    });
    with(more, own)
}

fn with(more: &Map<String, Json>, mut own: Json) -> String {
    if let Some(object) = own.as_object_mut() {
        for (key, value) in more {
            object.entry(key.as_str()).or_insert_with(|| value.clone());
        }
    }
    own.to_string()
}

/// How many texts of a list, from the first one, go into one call.
pub fn batch(texts: &[&str], most_texts: usize, most_bytes: usize) -> usize {
    let mut bytes = 0_usize;
    let fit = texts
        .iter()
        .take(most_texts)
        .take_while(|text| {
            bytes = bytes.saturating_add(text.len());
            bytes <= most_bytes
        })
        .count();
    fit.max(1).min(texts.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_for_vectors_is_as_openai_documents_it() {
        let text = embeddings("text-embedding-3-small", &["a \"quoted\" text", "한국어"], &Map::new());
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json,
            json!({"model": "text-embedding-3-small", "input": ["a \"quoted\" text", "한국어"], "encoding_format": "float"})
        );
    }

    #[test]
    fn what_is_said_beside_does_not_replace_what_has_to_be_said() {
        let more = json!({"dimensions": 256, "model": "other", "input": []});
        let text = embeddings("m", &["a"], more.as_object().unwrap());
        let json: Json = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json,
            json!({"model": "m", "input": ["a"], "encoding_format": "float", "dimensions": 256})
        );
    }

    #[test]
    fn every_key_of_a_request_is_known_as_its_own() {
        for text in [
            embeddings("m", &[], &Map::new()),
            rerank("m", "q", &["a", "b"], &Map::new()),
        ] {
            let json: Json = serde_json::from_str(&text).unwrap();
            for key in json.as_object().unwrap().keys() {
                assert!(OWN_KEYS.contains(&key.as_str()), "{key}");
            }
        }
    }

    #[test]
    fn a_batch_is_as_many_texts_as_fit_and_one_at_least() {
        let texts = ["aaaa", "bb", "cc", "d"];
        assert_eq!(batch(&texts, 10, 100), 4);
        assert_eq!(batch(&texts, 2, 100), 2);
        assert_eq!(batch(&texts, 10, 6), 2);
        assert_eq!(batch(&texts, 10, 7), 2);
        assert_eq!(batch(&texts, 10, 3), 1);
        assert_eq!(batch(&texts, 0, 3), 1);
        assert_eq!(batch(&[], 10, 3), 0);
    }
}
