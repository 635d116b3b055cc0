//! Where someone or something is: addresses of mail, pages, machines, telephones, places.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A local part, `@` and a host with a dot.
pub(super) fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else {
        return false;
    };
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte) || byte >= 0x80;
    (1..=64).contains(&local.len())
        && local.bytes().all(part)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
        && host.contains('.')
        && is_host(host)
}

/// Labels of letters, digits and hyphens, apart by dots; the last one not of digits only.
fn is_host(host: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_' || byte >= 0x80)
    };
    let last = host.rsplit('.').next().unwrap_or("");
    host.len() <= 253 && host.split('.').all(label) && !last.bytes().all(|byte| byte.is_ascii_digit())
}

/// A known scheme and a host, or `www.` and a host.
pub(super) fn is_url(text: &str) -> bool {
    const SCHEMES: [&str; 12] = [
        "http",
        "https",
        "ftp",
        "sftp",
        "s3",
        "gs",
        "ws",
        "wss",
        "ssh",
        "git",
        "postgres",
        "postgresql",
    ];
    if text.bytes().any(|byte| byte <= b' ') {
        return false;
    }
    let rest = match text.split_once("://") {
        Some((scheme, rest)) if SCHEMES.iter().any(|known| known.eq_ignore_ascii_case(scheme)) => rest,
        _ if text.starts_with("www.") => text,
        _ => return false,
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
    let host = authority.rsplit('@').next().unwrap_or("");
    if host.starts_with('[') {
        return true;
    }
    let host = host.split_once(':').map_or(host, |(host, _)| host);
    is_host(host) || host.parse::<Ipv4Addr>().is_ok()
}

/// IPv4 or IPv6, maybe with the bits of a network.
pub(super) fn is_ip_address(text: &str) -> bool {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (text, None),
    };
    let bits = |most: u8| bits.is_none_or(|bits| bits.parse::<u8>().is_ok_and(|bits| bits <= most));
    if address.len() < 2
        || !address
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'))
    {
        return false;
    }
    match address.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) => bits(32),
        Ok(IpAddr::V6(address)) => bits(128) && address != Ipv6Addr::UNSPECIFIED,
        Err(_) => false,
    }
}

/// Six pairs of hexadecimal digits, apart by colons or by hyphens.
pub(super) fn is_mac_address(bytes: &[u8]) -> bool {
    bytes.len() == 17
        && matches!(bytes[2], b':' | b'-')
        && bytes.iter().enumerate().all(|(place, byte)| match place % 3 {
            2 => *byte == bytes[2],
            _ => byte.is_ascii_hexdigit(),
        })
}

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
        && !is_ip_address(text)
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
    const TWO: &str = "ADAEAFAGAIALAMAOAQARASATAUAWAXAZBABBBDBEBFBGBHBIBJBLBMBNBOBQBRBSBTBVBWBYBZCACCCDCFCGCHCICKCLCMCNCOCR\
        CUCVCWCXCYCZDEDJDKDMDODZECEEEGEHERESETFIFJFKFMFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGSGTGUGWGYHKHMHNHRHTHUIDIEILIMINIOIQIRISIT\
        JEJMJOJPKEKGKHKIKMKNKPKRKWKYKZLALBLCLILKLRLSLTLULVLYMAMCMDMEMFMGMHMKMLMMMNMOMPMQMRMSMTMUMVMWMXMYMZNANCNENFNGNINLNONPNRNUNZ\
        OMPAPEPFPGPHPKPLPMPNPRPSPTPWPYQARERORSRURWSASBSCSDSESGSHSISJSKSLSMSNSOSRSSSTSVSXSYSZTCTDTFTGTHTJTKTLTMTNTOTRTTTVTWTZ\
        UAUGUMUSUYUZVAVCVEVGVIVNVUWFWSYEYTZAZMZW";
    const THREE: &str = "ABWAFGAGOAIAALAALBANDAREARGARMASMATAATFATGAUSAUTAZEBDIBELBENBESBFABGDBGRBHRBHSBIHBLMBLRBLZBMUBOLBRABRBBRNBTN\
        BVTBWACAFCANCCKCHECHLCHNCIVCMRCODCOGCOKCOLCOMCPVCRICUBCUWCXRCYMCYPCZEDEUDJIDMADNKDOMDZAECUEGYERIESHESPESTETHFINFJIFLKFRA\
        FROFSMGABGBRGEOGGYGHAGIBGINGLPGMBGNBGNQGRCGRDGRLGTMGUFGUMGUYHKGHMDHNDHRVHTIHUNIDNIMNINDIOTIRLIRNIRQISLISRITAJAMJEYJORJPN\
        KAZKENKGZKHMKIRKNAKORKWTLAOLBNLBRLBYLCALIELKALSOLTULUXLVAMACMAFMARMCOMDAMDGMDVMEXMHLMKDMLIMLTMMRMNEMNGMNPMOZMRTMSRMTQMUS\
        MWIMYSMYTNAMNCLNERNFKNGANICNIUNLDNORNPLNRUNZLOMNPAKPANPCNPERPHLPLWPNGPOLPRIPRKPRTPRYPSEPYFQATREUROURUSRWASAUSDNSENSGPSGS\
        SHNSJMSLBSLESLVSMRSOMSPMSRBSSDSTPSURSVKSVNSWESWZSXMSYCSYRTCATCDTGOTHATJKTKLTKMTLSTONTTOTUNTURTUVTWNTZAUGAUKRUMIURYUSA\
        UZBVATVCTVENVGBVIRVNMVUTWLFWSMYEMZAFZMBZWE";
    let known = match text.len() {
        2 => TWO,
        3 => THREE,
        _ => return false,
    };
    known
        .as_bytes()
        .chunks_exact(text.len())
        .any(|code| code == text.as_bytes())
}
