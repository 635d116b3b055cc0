//! Which language a text is in: by its script, and where several languages share one, by the words that each of them uses all the time.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::error::Result;
use crate::monitor::{Monitor, Pace};

/// So many bytes are looked at: more say nothing else.
const ENOUGH: usize = 32 * 1024;
/// Fewer common words may be chance.
const FEWEST: u32 = 2;

/// Languages of the Latin and the Cyrillic script by their codes of ISO 639-1, and words that texts in them are full of.
const WORDS: [(&str, &str); 20] = [
    (
        "en",
        "the of and to in is that for it was on are as with be at this have from or by not but what all were when we there can an your which their said if do will how you i has been would who more about into they my me our please",
    ),
    (
        "de",
        "der die das und ist in zu den nicht mit von sie es ein eine auf für dem des im sich auch als an wie wir aus er hat dass bei werden oder nach wird war einen sind noch wenn nur haben kann ich bitte über ihre",
    ),
    (
        "fr",
        "le la les de des et est un une que qui dans pour pas sur avec ce il elle au aux par plus ne se du sont vous nous je mais ou son sa ses cette été être être votre comme tout fait leur",
    ),
    (
        "es",
        "el la los las de que y en un una es por con no para se del al lo como más su sus pero este esta son fue ha está muy sin sobre también hay usted mi me cuando porque desde todo ser",
    ),
    (
        "it",
        "il lo la gli le di che e è un una per non con sono del della dei delle nel nella al alla da dal si come più ma anche questo questa ha ho suo sua essere stato ci se quando i",
    ),
    (
        "pt",
        "o a os as de que e em um uma é para com não por do da dos das no na nos nas se mais como mas foi ao ele ela são está seu sua também já pelo pela isso você tem quando muito ser",
    ),
    (
        "nl",
        "de het een en van in is dat op te zijn met voor niet aan er om ook als maar bij dan of uit nog naar kan wordt worden heeft hebben deze door over wat ik je we u uw geen was",
    ),
    (
        "sv",
        "och att det i en är som på för av inte den med till har jag de ett om vi men från kan så var eller ska när också vid efter du din sig finns här",
    ),
    (
        "da",
        "og at det i en er som på for af ikke den med til har jeg de et om vi men fra kan så var eller skal når også ved efter du din sig være blev hvad efter nogle",
    ),
    (
        "no",
        "og å det i en er som på for av ikke den med til har jeg de et om vi men fra kan så var eller skal når også ved etter du din seg være ble hva noen",
    ),
    (
        "fi",
        "ja on ei se että hän oli mutta ovat kun tai myös olla joka niin kuin sen ole mitä voi nyt jos vain tämä sitten minä hyvin vielä mukaan kanssa",
    ),
    (
        "pl",
        "i w nie na że się z do to jest o jak ale po co za od tak przez dla był są czy tym jego tego być może już oraz tylko ma które który",
    ),
    (
        "cs",
        "a v se na je že to s z do o i ve ale jako za by pro k po od jsou tak nebo jeho podle bylo byl být jsem který která které také",
    ),
    (
        "tr",
        "ve bir bu da de için ile çok ne olarak var daha gibi olan ama en o kadar değil mi sonra ben her şey ya ki göre olduğu",
    ),
    (
        "hu",
        "a az és hogy nem is egy van ez meg de csak már volt ki mint még vagy el ha lehet kell azt amely után minden nagyon",
    ),
    (
        "ro",
        "și de la în a cu pe nu că este un o din care pentru sunt mai se au fost dar prin fi această acest sau după",
    ),
    (
        "id",
        "yang dan di dengan untuk tidak ini dari dalam akan pada itu juga ke bisa adalah ada saya kami sudah oleh atau karena mereka",
    ),
    (
        "ru",
        "и в не на что с по как он к но его она это для из у за так от было же бы был они или все если вы мы только при",
    ),
    (
        "uk",
        "і в не на що з як до та це він але у про за його для від було вона які й є після вони або якщо ми ви",
    ),
    (
        "bg",
        "и в не на че с по как той да от се за е това са които но ще като до при или този беше има",
    ),
];

/// Languages that have a script to themselves, or nearly so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Script {
    Latin,
    Cyrillic,
    Hangul,
    Kana,
    Han,
    Greek,
    Hebrew,
    Arabic,
    Devanagari,
    Bengali,
    Tamil,
    Thai,
    Georgian,
    Armenian,
}

const SCRIPTS: usize = 14;

fn script(letter: char) -> Option<Script> {
    Some(match letter {
        'a'..='z' | 'A'..='Z' | '\u{c0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => Script::Latin,
        '\u{370}'..='\u{3ff}' | '\u{1f00}'..='\u{1fff}' => Script::Greek,
        '\u{400}'..='\u{52f}' => Script::Cyrillic,
        '\u{531}'..='\u{58f}' => Script::Armenian,
        '\u{5d0}'..='\u{5ea}' => Script::Hebrew,
        '\u{620}'..='\u{6ff}' | '\u{750}'..='\u{77f}' => Script::Arabic,
        '\u{900}'..='\u{97f}' => Script::Devanagari,
        '\u{980}'..='\u{9ff}' => Script::Bengali,
        '\u{b80}'..='\u{bff}' => Script::Tamil,
        '\u{e00}'..='\u{e7f}' => Script::Thai,
        '\u{10a0}'..='\u{10ff}' => Script::Georgian,
        '\u{3040}'..='\u{30ff}' => Script::Kana,
        '\u{3400}'..='\u{9fff}' => Script::Han,
        '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}' => Script::Hangul,
        _ => return None,
    })
}

/// The code of ISO 639-1 of the language that most of a text is in; `None` where that cannot be told, as of a name or a number. O(length), and no more than
/// that of the first 32 KB.
pub fn detect(text: &str, monitor: &dyn Monitor) -> Result<Option<&'static str>> {
    let mut end = text.len().min(ENOUGH);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = &text[..end];
    let mut counts = [0_u32; SCRIPTS];
    let mut pace = Pace::new(monitor);
    for letter in text.chars() {
        pace.spend(1)?;
        if let Some(script) = script(letter) {
            counts[script as usize] += 1;
        }
    }
    let of = |script: Script| counts[script as usize];
    // Japanese has more Han than Kana at times, and no Chinese text has any of these.
    let eastern = of(Script::Kana) * 8 > of(Script::Han);
    let all: u32 = counts.iter().sum();
    // A sign of Han says as much as a word.
    let most = |script: Script, weight: u32| of(script) * weight * 2 > all + of(script) * (weight - 1);
    let eastern_letters = of(Script::Han) + of(Script::Kana);
    Ok(match () {
        () if all == 0 => None,
        () if most(Script::Hangul, 2) => Some("ko"),
        () if eastern_letters * 4 > all + eastern_letters && eastern && of(Script::Kana) > 0 => Some("ja"),
        () if most(Script::Han, 3) => Some("zh"),
        () if most(Script::Greek, 1) => Some("el"),
        () if most(Script::Hebrew, 1) => Some("he"),
        () if most(Script::Arabic, 1) => Some(if has_persian(text) { "fa" } else { "ar" }),
        () if most(Script::Devanagari, 1) => Some("hi"),
        () if most(Script::Bengali, 1) => Some("bn"),
        () if most(Script::Tamil, 1) => Some("ta"),
        () if most(Script::Thai, 1) => Some("th"),
        () if most(Script::Georgian, 1) => Some("ka"),
        () if most(Script::Armenian, 1) => Some("hy"),
        () => by_words(text, &mut pace)?,
    })
}

/// Whether it has letters that Persian has and Arabic lacks.
fn has_persian(text: &str) -> bool {
    text.contains(['\u{67e}', '\u{686}', '\u{698}', '\u{6af}'])
}

/// For each word the languages that are full of it, as places of [`WORDS`].
fn index() -> &'static HashMap<&'static str, Vec<usize>> {
    static INDEX: OnceLock<HashMap<&'static str, Vec<usize>>> = OnceLock::new();
    INDEX.get_or_init(|| {
        let mut index: HashMap<&'static str, Vec<usize>> = HashMap::new();
        for (place, (_, words)) in WORDS.iter().enumerate() {
            for word in words.split(' ') {
                let languages = index.entry(word).or_default();
                if !languages.contains(&place) {
                    languages.push(place);
                }
            }
        }
        index
    })
}

/// Whether a word is one that English texts are full of.
pub fn is_common(word: &str) -> bool {
    let place = index().get(word.to_lowercase().as_str());
    place.is_some_and(|languages| languages.iter().any(|place| WORDS[*place].0 == "en"))
}

/// The language whose words a text has most of; a word that several share counts for each of them, the less the more there are.
fn by_words(text: &str, pace: &mut Pace<'_>) -> Result<Option<&'static str>> {
    let (mut scores, mut hits) = ([0.0_f64; WORDS.len()], [0_u32; WORDS.len()]);
    let words = text
        .split(|letter: char| !letter.is_alphabetic())
        .filter(|word| !word.is_empty());
    for word in words {
        pace.spend(word.len() + 16)?;
        if let Some(languages) = index().get(word.to_lowercase().as_str()) {
            for place in languages {
                scores[*place] += 1.0 / languages.len() as f64;
                hits[*place] += 1;
            }
        }
    }
    let mut order: Vec<usize> = (0..WORDS.len()).collect();
    order.sort_by(|a, b| scores[*b].total_cmp(&scores[*a]).then(a.cmp(b)));
    let (first, second) = (order[0], order[1]);
    let is_clear = hits[first] >= FEWEST && scores[first] > scores[second] * 1.15;
    Ok(is_clear.then(|| WORDS[first].0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::Unwatched;

    #[test]
    fn sentences_are_in_their_languages() {
        for (language, text) in [
            ("en", "How long do I have to return an item that was damaged?"),
            (
                "de",
                "Wie lange habe ich Zeit, um einen Artikel zurückzugeben, der beschädigt ist?",
            ),
            (
                "fr",
                "Combien de temps ai-je pour retourner un article qui est arrivé avec des dommages ?",
            ),
            (
                "es",
                "¿Cuánto tiempo tengo para devolver un artículo que está dañado por el transporte?",
            ),
            (
                "it",
                "Quanto tempo ho per restituire un articolo che è arrivato con la scatola rotta?",
            ),
            (
                "pt",
                "Quanto tempo eu tenho para devolver um artigo que não está mais em bom estado?",
            ),
            (
                "nl",
                "Hoe lang heb ik om een artikel terug te sturen dat niet goed is aangekomen?",
            ),
            (
                "sv",
                "Hur länge har jag på mig att lämna tillbaka en vara som inte är hel?",
            ),
            (
                "da",
                "Hvor længe har jeg til at returnere en vare, som ikke blev leveret af jer?",
            ),
            (
                "no",
                "Hvor lenge har jeg på meg til å returnere en vare som ikke ble levert av dere?",
            ),
            (
                "fi",
                "Kuinka kauan minulla on aikaa palauttaa tuote, joka ei ole ehjä, kun se on tullut?",
            ),
            (
                "pl",
                "Jak długo mam czas, aby zwrócić towar, który nie jest w dobrym stanie?",
            ),
            (
                "cs",
                "Jak dlouho mám na to, abych vrátil zboží, které je poškozené a nebylo použité?",
            ),
            (
                "tr",
                "Hasarlı olan bir ürünü iade etmek için ne kadar zamanım var ve bu çok mu?",
            ),
            (
                "ru",
                "Сколько времени у меня есть, чтобы вернуть товар, если он не подошёл?",
            ),
            (
                "uk",
                "Скільки часу я маю, щоб повернути товар, якщо він не підійшов і це не так?",
            ),
            ("ko", "손상된 상품을 반품하려면 기간이 얼마나 되나요? FAQ"),
            ("ja", "商品を返品できる期間はどのくらいですか。"),
            ("zh", "我有多长时间可以退回损坏的商品？"),
            ("el", "Πόσο χρόνο έχω για να επιστρέψω ένα προϊόν;"),
            ("he", "כמה זמן יש לי להחזיר מוצר פגום?"),
            ("ar", "كم من الوقت لدي لإرجاع منتج تالف؟"),
            ("hi", "मेरे पास उत्पाद वापस करने के लिए कितना समय है?"),
            ("th", "ฉันมีเวลาคืนสินค้านานเท่าไร"),
        ] {
            assert_eq!(detect(text, &Unwatched), Ok(Some(language)), "{text}");
        }
    }

    #[test]
    fn what_says_nothing_has_none() {
        for text in ["", "42", "Anna Schmidt", "GPT-4 API v1.2", "!!!", "the"] {
            assert_eq!(detect(text, &Unwatched), Ok(None), "{text}");
        }
    }

    #[test]
    fn most_of_a_text_decides() {
        let mixed = "The error message was: Der Server ist nicht erreichbar. What do I have to do so that it is there again, and who can help me with this?";
        assert_eq!(detect(mixed, &Unwatched), Ok(Some("en")));
        assert_eq!(detect(&"und die der ".repeat(100_000), &Unwatched), Ok(Some("de")));
    }
}
