//! Traces that wrong encodings leave in texts.

use unicode_normalization::{is_nfc, is_nfd};

use super::convention::Convention::{self, *};

/// The characters that Windows-1252 has for the bytes from 0x80 to 0x9f; 0 where it has none.
const WINDOWS_1252: [u32; 32] = [
    0x20ac, 0, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0, 0x017d, 0, 0,
    0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0, 0x017e, 0x0178,
];

/// Composed, decomposed, or neither where the text has no character that could be either. O(length).
pub(super) fn normal_form(text: &str) -> Option<Convention> {
    if text.is_ascii() {
        None
    } else if !is_nfc(text) {
        Some(Decomposed)
    } else {
        (!is_nfd(text)).then_some(Composed)
    }
}

/// The gravest defect of a text, or that it is sound. O(length).
pub(super) fn soundness(text: &str) -> Convention {
    let is_control = |c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    if text.is_ascii() {
        return if text.chars().any(is_control) {
            ControlCharacter
        } else {
            SoundText
        };
    }
    if let Some(repaired) = repaired(text) {
        let twice = self::repaired(&repaired).is_some();
        return if twice { EncodedTwice } else { Mojibake };
    }
    if text.contains('\u{fffd}') {
        ReplacementCharacter
    } else if text.chars().any(is_control) {
        ControlCharacter
    } else if has_invisible(text) {
        InvisibleCharacter
    } else {
        SoundText
    }
}

/// Whether a text has characters that do not show, other than where typography and scripts have them.
fn has_invisible(text: &str) -> bool {
    let mut before = None;
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        let after = characters.peek().copied();
        let found = match c {
            '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' => true,
            // Joiners belong to emoji and to scripts whose letters join.
            '\u{200c}' | '\u{200d}' => before.is_none_or(|before: char| before.is_ascii()),
            '\u{a0}' | '\u{202f}' => !is_typographic(before, after),
            _ => false,
        };
        if found {
            return true;
        }
        before = Some(c);
    }
    false
}

/// Whether a no-break space stands where it should: at a number, or at punctuation as French has it.
fn is_typographic(before: Option<char>, after: Option<char>) -> bool {
    let (Some(before), Some(after)) = (before, after) else {
        return false;
    };
    let is_mark = |c: char| {
        matches!(
            c,
            ':' | ';' | '!' | '?' | '«' | '»' | '%' | '€' | '$' | '£' | '–' | '—' | '°' | '§'
        )
    };
    before.is_ascii_digit() || after.is_ascii_digit() || is_mark(before) || is_mark(after)
}

/// The byte that Windows-1252, or Latin-1 where that has none, reads as a character beyond ASCII.
fn byte_of(c: char) -> Option<u8> {
    let code = u32::from(c);
    match WINDOWS_1252.iter().position(|&known| known == code) {
        Some(place) if code != 0 => Some(0x80 + place as u8),
        _ => u8::try_from(code).ok().filter(|&byte| byte >= 0x80),
    }
}

/// The text as it was before its UTF-8 was read as Windows-1252. `None` when nothing suggests that it was.
fn repaired(text: &str) -> Option<String> {
    let characters: Vec<char> = text.chars().collect();
    let (mut repaired, mut certain) = (String::with_capacity(text.len()), false);
    let mut place = 0;
    // Whether the character before was read from several.
    let mut follows = false;
    while let Some(&c) = characters.get(place) {
        let read = sequence(&characters[place..]);
        let (length, read_character) = read.unwrap_or((1, c));
        if read.is_some() {
            certain |= follows || is_telling(read_character);
        }
        follows = read.is_some();
        repaired.push(read_character);
        place += length;
    }
    certain.then_some(repaired)
}

/// The character whose UTF-8 bytes were read as the first of these characters, and how many.
fn sequence(characters: &[char]) -> Option<(usize, char)> {
    let lead = byte_of(*characters.first()?)?;
    let length = match lead {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return None,
    };
    let mut bytes = [0; 4];
    for (byte, &c) in bytes.iter_mut().zip(characters.get(..length)?) {
        *byte = byte_of(c)?;
    }
    let read = std::str::from_utf8(bytes.get(..length)?).ok()?;
    read.chars().next().map(|read| (length, read))
}

/// Whether a character makes a misreading certain by itself. Others, such as the one that "é" with a no-break space and "»" after it
/// would be, must come several in a row.
fn is_telling(c: char) -> bool {
    matches!(
        c,
        '\u{a0}'..='\u{17f}' | '\u{192}' | '\u{2010}'..='\u{2044}' | '€' | '™' | '\u{feff}' | '\u{fffd}' | '\u{1f300}'..='\u{1faff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn misread(text: &str) -> String {
        text.bytes()
            .map(|byte| match byte {
                0x80..=0x9f => char::from_u32(WINDOWS_1252[usize::from(byte) - 0x80])
                    .filter(|&c| c != '\0')
                    .unwrap_or(char::from(byte)),
                _ => char::from(byte),
            })
            .collect()
    }

    #[test]
    fn misread_texts_are_recognised_and_repaired() {
        assert_eq!(misread("ü"), "Ã¼");
        for text in [
            "Müller",
            "café",
            "naïve",
            "Łódź",
            "it’s",
            "50 °C",
            "привет",
            "€ 5",
            "日本語",
            "😀",
            "Ångström",
            "São Paulo",
            "\u{feff}a",
        ] {
            let once = misread(text);
            assert_eq!(soundness(&once), Mojibake, "{once}");
            assert_eq!(repaired(&once).as_deref(), Some(text));
            assert_eq!(soundness(&misread(&once)), EncodedTwice, "{text}");
        }
    }

    #[test]
    fn sound_texts_are_sound() {
        for text in [
            "",
            "plain",
            "Müller",
            "« café\u{a0}»",
            "SÃO PAULO",
            "MAÇÃ",
            "Spaß“",
            "„Größe“",
            "CAFÉ™",
            "Élan – déjà vu…",
            "Ångström",
            "Ø 5 µm",
            "12\u{a0}345,00\u{a0}€",
            "привет",
            "日本語",
            "👩\u{200d}💻",
            "می\u{200c}خواهم",
            "Œuvre",
            "Århus",
            "ÄÖÜ",
            "naïve café",
            "a\tb\n",
            "½ Ã",
            "Bonjour\u{202f}!",
            "año ¿qué?",
            "€5–€10",
            "Là-bas…",
        ] {
            assert_eq!(soundness(text), SoundText, "{text}");
        }
    }

    #[test]
    fn defects_are_named() {
        for (text, expected) in [
            ("M\u{fffd}ller", ReplacementCharacter),
            ("a\u{200b}b", InvisibleCharacter),
            ("New\u{a0}York", InvisibleCharacter),
            ("name\u{a0}", InvisibleCharacter),
            ("\u{feff}id", InvisibleCharacter),
            ("ab\u{200d}", InvisibleCharacter),
            ("a\u{0}b", ControlCharacter),
            ("é\u{85}", ControlCharacter),
        ] {
            assert_eq!(soundness(text), expected, "{text:?}");
        }
    }

    #[test]
    fn normal_forms_are_told_apart() {
        assert_eq!(normal_form("Zoë"), Some(Composed));
        assert_eq!(normal_form("Zoe\u{308}"), Some(Decomposed));
        assert_eq!(normal_form("Zoe"), None);
        assert_eq!(normal_form("日本"), None);
        assert_eq!(normal_form("€"), None);
    }
}
