//! Addresses of mail: a dot-atom of letters, digits and `_%+-'`, and a host with a domain, in any script.

/// The most bytes of a local part (RFC 5321), times what a letter of another script may take.
const LOCAL: usize = 64 * 2;
/// The most bytes of a domain.
const DOMAIN: usize = 253;
/// The most bytes of a part of a domain.
const LABEL: usize = 63;

/// The address around an at sign.
pub fn around(text: &str, at: usize) -> Option<(usize, usize)> {
    let start = local_start(text, at)?;
    let end = domain_end(text, at + 1)?;
    Some((start, end))
}

fn local_start(text: &str, at: usize) -> Option<usize> {
    let is_part = |letter: char| letter.is_alphanumeric() || "._%+-'".contains(letter);
    let mut start = at;
    for (place, letter) in text[..at].char_indices().rev() {
        if !is_part(letter) || at - place > LOCAL {
            break;
        }
        start = place;
    }
    // What an address does not begin with is a quote, or a mark before it.
    let local = text[start..at].trim_start_matches(|letter: char| !letter.is_alphanumeric() && letter != '_');
    let is_local = !local.is_empty() && !local.ends_with('.') && !local.contains("..");
    is_local.then_some(at - local.len())
}

fn domain_end(text: &str, start: usize) -> Option<usize> {
    let rest = &text[start..];
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '.';
    let width = rest
        .char_indices()
        .take_while(|(place, letter)| is_part(*letter) && *place <= DOMAIN);
    let width = width.last().map_or(0, |(place, letter)| place + letter.len_utf8());
    let domain = rest[..width].trim_end_matches(['.', '-']);
    // Of a sentence that follows without a blank no more is taken than is a domain.
    let (mut end, mut place) = (None, start);
    for (number, label) in domain.split('.').enumerate() {
        if label.is_empty() || label.len() > LABEL || label.starts_with('-') || label.ends_with('-') {
            break;
        }
        let own = own_script(label);
        let is_top = own.chars().count() >= 2 && own.chars().all(char::is_alphabetic) || own.starts_with("xn--");
        if number > 0 && is_top {
            end = Some(place + own.len());
        }
        if own.len() < label.len() {
            break;
        }
        place += label.len() + 1;
    }
    end
}

/// The label without what languages that put no blank there write behind it: of `com입니다` `com`.
fn own_script(label: &str) -> &str {
    let ascii = label.find(|letter: char| !letter.is_ascii()).unwrap_or(label.len());
    let is_eastern = label[ascii..].starts_with(|letter: char| letter >= '\u{1100}');
    if ascii > 1 && is_eastern {
        &label[..ascii]
    } else {
        label
    }
}
