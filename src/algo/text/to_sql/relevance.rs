//! Which of some texts a question is about: BM25 over few texts, which are read each time.

use std::collections::BTreeMap;

use rust_stemmers::Algorithm;

use crate::analyze::{Bag, Language, question};
use crate::bm25::{Corpus, Weighing};
use crate::error::Result;
use crate::language::detect;
use crate::monitor::Monitor;

/// The score of each text for a question, in their order; 0 where no word is shared. Names such as `order_items` count as their words. Returns an error when
/// stopped, and where there is no room. O(words x log words).
pub fn scores(asked: &str, texts: &[String], language: Language, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let words = question(&separated(asked), language, monitor)?;
    let mut corpus = Corpus::default();
    let mut found: Vec<(BTreeMap<usize, u32>, u32)> = Vec::new();
    for text in texts {
        let bag = Bag::of(&separated(text), language, monitor)?;
        let length = bag.length();
        corpus = corpus.and(Corpus {
            documents: 1,
            words: u64::from(length),
        });
        let counts = bag.words().filter_map(|(word, count)| {
            let place = words.binary_search_by(|known| known.as_str().cmp(word)).ok()?;
            Some((place, count))
        });
        found.push((counts.collect(), length));
    }
    let weights: Vec<f64> = (0..words.len())
        .map(|word| corpus.weight(found.iter().filter(|(counts, _)| counts.contains_key(&word)).count() as u64))
        .collect();
    let weighing = Weighing::of(&corpus);
    let score = |(counts, length): &(BTreeMap<usize, u32>, u32)| {
        counts
            .iter()
            .map(|(word, count)| weighing.score(weights[*word], *count, *length))
            .sum()
    };
    Ok(found.iter().map(score).collect())
}

/// The languages in which a question is compared with texts: the one that is given, and no other. Without one that of the question, or where it is too short to tell, that of the
/// texts; and English beside it, in which most tables are named, whoever writes the notes.
pub fn languages(
    asked: &str,
    texts: &[String],
    given: Option<Language>,
    monitor: &dyn Monitor,
) -> Result<Vec<Language>> {
    /// So many bytes of the texts tell their language.
    const ENOUGH: usize = 32 * 1024;
    const ENGLISH: Language = Language::Stemmed(Algorithm::English);
    if let Some(language) = given {
        return Ok(vec![language]);
    }
    let mut found = detect(asked, monitor)?;
    if found.is_none() {
        let mut all = String::new();
        for text in texts {
            if all.len() >= ENOUGH {
                break;
            }
            all.push_str(text);
            all.push('\n');
        }
        found = detect(&all, monitor)?;
    }
    let mut languages = vec![found.map_or(ENGLISH, Language::of_code)];
    if languages[0] != ENGLISH {
        languages.push(ENGLISH);
    }
    Ok(languages)
}

/// The score of each text for a question, as [`scores`] has it, in whichever language fits best.
pub fn best_scores(asked: &str, texts: &[String], given: Option<Language>, monitor: &dyn Monitor) -> Result<Vec<f64>> {
    let mut best = vec![0.0_f64; texts.len()];
    for language in languages(asked, texts, given, monitor)? {
        for (best, score) in best.iter_mut().zip(scores(asked, texts, language, monitor)?) {
            *best = best.max(score);
        }
    }
    Ok(best)
}

/// A text in which the parts of names are words: at underscores, and where a capital follows a small letter.
fn separated(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut before = ' ';
    for character in text.chars() {
        if before.is_lowercase() && character.is_uppercase() {
            result.push(' ');
        }
        result.push(if character == '_' { ' ' } else { character });
        before = character;
    }
    result
}

/// The places of texts in the order of their scores, the best first; equal ones as they came.
pub fn order(scores: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..scores.len()).collect();
    places.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    places
}

/// Lets what is linked to a text that fits count for a part: a question names customers, and means their orders, too.
pub fn with_neighbours(scores: &[f64], links: &[(usize, usize)]) -> Vec<f64> {
    /// What a neighbour's score counts.
    const SHARE: f64 = 0.3;
    let mut best = vec![0.0_f64; scores.len()];
    for &(one, other) in links {
        for (place, neighbour) in [(one, other), (other, one)] {
            if let (Some(best), Some(score)) = (best.get_mut(place), scores.get(neighbour)) {
                *best = best.max(*score);
            }
        }
    }
    scores
        .iter()
        .zip(best)
        .map(|(score, best)| score + SHARE * best)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_shares_rare_words_comes_first() {
        let texts = texts(&["customer_orders id amount", "customers id name", "weatherStations id"]);
        let english = Language::of("english").unwrap();
        let scores = scores("How many orders has each customer?", &texts, english, &Unwatched).unwrap();
        assert_eq!(order(&scores), [0, 1, 2]);
        assert_eq!(scores[2], 0.0);
        let scores = super::scores("stations", &texts, english, &Unwatched).unwrap();
        assert_eq!(order(&scores)[0], 2);
    }

    #[test]
    fn a_neighbour_comes_before_a_stranger() {
        let scores = with_neighbours(&[1.0, 0.0, 0.0], &[(2, 0), (9, 0)]);
        assert_eq!(order(&scores), [0, 2, 1]);
    }

    #[test]
    fn a_question_is_read_in_its_own_language() {
        // No word is the same letter for letter.
        for (asked, fits, others) in [
            (
                "Wie viele Häuser haben die Händler in den Städten?",
                "objekt Gebäude: jedes Haus eines Händlers",
                ["lager Regal und Fach", "person Vorname"],
            ),
            (
                "Quelles sont les ventes régionales des vendeurs?",
                "t1 chaque vente d'un vendeur par région",
                ["t2 les stocks", "t3 les salaires"],
            ),
            (
                "지역별 매출은 얼마인가요?",
                "sale 매출과 지역",
                ["payroll 급여", "station 날씨"],
            ),
            (
                "Сколько заказов было у покупателя и что это?",
                "t1 заказы покупателей",
                ["t2 погода", "t3 зарплата"],
            ),
        ] {
            let texts = texts(&[others[0], fits, others[1]]);
            let scores = best_scores(asked, &texts, None, &Unwatched).unwrap();
            assert_eq!(order(&scores)[0], 1, "{asked}: {scores:?}");
            assert!(scores[1] > 0.0, "{asked}: {scores:?}");
        }
    }

    #[test]
    fn a_short_question_is_read_in_the_language_of_the_texts() {
        let notes = texts(&[
            "rechnung die Beträge der Rechnungen, die noch nicht bezahlt sind",
            "lager das Fach und das Regal",
        ]);
        let german = Language::of("german").unwrap();
        let english = Language::of("english").unwrap();
        assert_eq!(
            languages("Betrag je Rechnung?", &notes, None, &Unwatched).unwrap(),
            [german, english]
        );
        assert!(best_scores("Betrag?", &notes, None, &Unwatched).unwrap()[0] > 0.0);
        assert_eq!(
            languages("Betrag?", &notes, Some(Language::Simple), &Unwatched).unwrap(),
            [Language::Simple]
        );
        assert_eq!(languages("42", &texts(&["x"]), None, &Unwatched).unwrap(), [english]);
    }

    #[test]
    fn english_names_are_found_by_questions_in_other_languages() {
        let texts = texts(&["orders id amount", "stations id altitude"]);
        let scores = best_scores(
            "Wie viele order hat die station und wie viele nicht?",
            &texts,
            None,
            &Unwatched,
        )
        .unwrap();
        assert!(scores[0] > 0.0 && scores[1] > 0.0, "{scores:?}");
    }

    #[test]
    fn nothing_to_choose_from_is_no_error() {
        assert_eq!(
            scores("x", &[], Language::Simple, &Unwatched).unwrap(),
            Vec::<f64>::new()
        );
        assert_eq!(scores("", &texts(&["a"]), Language::Simple, &Unwatched).unwrap(), [0.0]);
    }
}
