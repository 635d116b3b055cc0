//! How people write telephone numbers and places.

use super::codes::is_country;
use super::network::is_ip;

/// 7 to 15 digits that begin with +, or stand in two or more groups apart by single spaces, hyphens, dots, slashes or parentheses,
/// and are neither an address of the internet nor grouped like a date or a number of another kind.
pub(super) fn is_phone(text: &str) -> bool {
    let international = text.starts_with('+');
    let body = text.strip_prefix('+').unwrap_or(text);
    let digits = body.bytes().filter(u8::is_ascii_digit).count();
    let marks = body.len() - digits;
    let usual = body
        .bytes()
        .all(|byte| byte.is_ascii_digit() || b" -./()".contains(&byte));
    let groups: Vec<usize> = body
        .split(|c: char| !c.is_ascii_digit())
        .map(str::len)
        .filter(|&digits| digits > 0)
        .collect();
    let ends = body.bytes().next_back().is_some_and(|byte| byte.is_ascii_digit());
    // A decimal number has one point and two groups.
    let decimal = !international && marks == 1 && body.contains('.');
    // Dates, numbers of social security, and what is numbered within a year: 2024-001234.
    let otherwise = matches!(groups.as_slice(), [4, 2, 2] | [2, 2, 4] | [3, 2, 4])
        || (groups.len() == 2 && groups[0] == 4 && (body.starts_with("19") || body.starts_with("20")));
    usual
        && ends
        && (international || !otherwise)
        && (7..=15).contains(&digits)
        && (international || groups.len() >= 2)
        && !decimal
        && groups.iter().skip(1).all(|&digits| digits >= 2)
        && !is_ip(text)
}

/// Of Britain, Canada, the Netherlands, or of nine digits in the United States. Others are plain numbers.
pub(super) fn is_postal_code(bytes: &[u8]) -> bool {
    if !(6..=10).contains(&bytes.len()) {
        return false;
    }
    let mask: Vec<u8> = bytes
        .iter()
        .map(|byte| match byte {
            b'0'..=b'9' => b'9',
            b'A'..=b'Z' => b'A',
            other => *other,
        })
        .collect();
    matches!(
        mask.as_slice(),
        b"99999-9999"
            | b"A9A 9A9"
            | b"9999 AA"
            | b"A9 9AA"
            | b"A99 9AA"
            | b"AA9 9AA"
            | b"AA99 9AA"
            | b"A9A 9AA"
            | b"AA9A 9AA"
    )
}

/// A code of ISO 3166-1, of two or of three letters.
pub(super) fn is_country_code(text: &str) -> bool {
    const THREE: &str = "ABWAFGAGOAIAALAALBANDAREARGARMASMATAATFATGAUSAUTAZEBDIBELBENBESBFABGDBGRBHRBHSBIHBLMBLRBLZBMUBOLBRABRBBRNBTN\
        BVTBWACAFCANCCKCHECHLCHNCIVCMRCODCOGCOKCOLCOMCPVCRICUBCUWCXRCYMCYPCZEDEUDJIDMADNKDOMDZAECUEGYERIESHESPESTETHFINFJIFLKFRA\
        FROFSMGABGBRGEOGGYGHAGIBGINGLPGMBGNBGNQGRCGRDGRLGTMGUFGUMGUYHKGHMDHNDHRVHTIHUNIDNIMNINDIOTIRLIRNIRQISLISRITAJAMJEYJORJPN\
        KAZKENKGZKHMKIRKNAKORKWTLAOLBNLBRLBYLCALIELKALSOLTULUXLVAMACMAFMARMCOMDAMDGMDVMEXMHLMKDMLIMLTMMRMNEMNGMNPMOZMRTMSRMTQMUS\
        MWIMYSMYTNAMNCLNERNFKNGANICNIUNLDNORNPLNRUNZLOMNPAKPANPCNPERPHLPLWPNGPOLPRIPRKPRTPRYPSEPYFQATREUROURUSRWASAUSDNSENSGPSGS\
        SHNSJMSLBSLESLVSMRSOMSPMSRBSSDSTPSURSVKSVNSWESWZSXMSYCSYRTCATCDTGOTHATJKTKLTKMTLSTONTTOTUNTURTUVTWNTZAUGAUKRUMIURYUSA\
        UZBVATVCTVENVGBVIRVNMVUTWLFWSMYEMZAFZMBZWE";
    match text.len() {
        2 => is_country(text),
        3 => THREE.as_bytes().chunks_exact(3).any(|code| code == text.as_bytes()),
        _ => false,
    }
}
