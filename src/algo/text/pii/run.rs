//! Digits in groups, as people write long numbers.

/// The most groups that are read.
const GROUPS: usize = 8;
/// The most digits: no kind has more.
pub const DIGITS: usize = 20;
/// The most bytes between two groups, as in ` (0) `.
const BETWEEN: usize = 3;

/// Groups of digits, apart by a few of ` -./()`, from some digit on.
#[derive(Debug)]
pub struct Run {
    digits: [u8; DIGITS],
    /// Where each group begins and ends in the text, and how many digits there are up to its end.
    groups: [(usize, usize, usize); GROUPS],
    count: usize,
    first_end: usize,
}

impl Run {
    /// Reads what begins at `at`, a digit. It has no groups where the first one has too many digits.
    pub fn read(bytes: &[u8], at: usize) -> Run {
        let mut run = Run {
            digits: [0; DIGITS],
            groups: [(0, 0, 0); GROUPS],
            count: 0,
            first_end: end_of_digits(bytes, at),
        };
        let (mut start, mut total) = (at, 0);
        while run.count < GROUPS {
            let end = if run.count == 0 {
                run.first_end
            } else {
                end_of_digits(bytes, start)
            };
            // Single digits in a row are a list, or an address of the internet.
            let is_list = run.count > 0 && end - start == 1 && {
                let (from, to, _) = run.groups[run.count - 1];
                to - from == 1 && &bytes[to..start] != b"."
            };
            if is_list || total + (end - start) > DIGITS {
                break;
            }
            run.digits[total..total + end - start].copy_from_slice(&bytes[start..end]);
            total += end - start;
            run.groups[run.count] = (start, end, total);
            run.count += 1;
            let between = bytes[end..]
                .iter()
                .take(BETWEEN + 1)
                .position(|byte| !b" -./()".contains(byte));
            match between {
                // A point and a blank end a sentence, or number it.
                Some(width @ 1..=BETWEEN)
                    if bytes[end + width].is_ascii_digit() && !bytes[end..].starts_with(b". ") =>
                {
                    start = end + width;
                }
                Some(_) | None => break,
            }
        }
        run
    }

    /// How many groups there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Where the first group ends, however long it is.
    pub fn first_end(&self) -> usize {
        self.first_end
    }

    /// Where the first group begins.
    pub fn start(&self) -> usize {
        self.groups[0].0
    }

    /// Where the group of this number, from 1, ends.
    pub fn end(&self, groups: usize) -> usize {
        self.groups[groups - 1].1
    }

    /// The digits of the first groups.
    pub fn digits(&self, groups: usize) -> &[u8] {
        &self.digits[..self.groups[groups - 1].2]
    }

    /// How many digits each of the first groups has.
    pub fn widths(&self, groups: usize) -> impl Iterator<Item = usize> {
        self.groups[..groups].iter().map(|(start, end, _)| end - start)
    }

    /// What stands between the first groups.
    pub fn between<'t>(&self, bytes: &'t [u8], groups: usize) -> impl Iterator<Item = &'t [u8]> {
        self.groups[..groups]
            .windows(2)
            .map(|pair| &bytes[pair[0].1..pair[1].0])
    }

    /// Whether the first groups are so wide, each.
    pub fn is_shaped(&self, widths: &[usize]) -> bool {
        self.count >= widths.len() && self.widths(widths.len()).eq(widths.iter().copied())
    }

    /// Whether all that stands between the first groups is the same one of `separators`.
    pub fn is_parted_by(&self, bytes: &[u8], groups: usize, separators: &[u8]) -> bool {
        let mut between = self.between(bytes, groups);
        let Some(first) = between.next() else { return true };
        matches!(first, [byte] if separators.contains(byte)) && between.all(|other| other == first)
    }
}

fn end_of_digits(bytes: &[u8], start: usize) -> usize {
    let digits = bytes[start..].iter().take_while(|byte| byte.is_ascii_digit());
    start + digits.count()
}

/// The value of a digit.
pub fn value(digit: u8) -> u32 {
    u32::from(digit.wrapping_sub(b'0'))
}

/// Whether a number may begin here: no letter, digit or mark of a longer code stands before.
pub fn begins(bytes: &[u8], start: usize) -> bool {
    let Some(before) = start.checked_sub(1) else {
        return true;
    };
    let further = before.checked_sub(1).map(|place| bytes[place]);
    match bytes[before] {
        byte if is_wordy(byte) => false,
        b'-' | b'.' | b'/' => !further.is_some_and(is_wordy),
        _ => true,
    }
}

/// Whether a number may end here: no letter, digit or mark of a longer code stands behind.
pub fn ends(bytes: &[u8], end: usize) -> bool {
    match bytes.get(end..) {
        None | Some([]) => true,
        Some([byte, ..]) if is_wordy(*byte) => false,
        Some([b'-' | b'.' | b'/' | b',' | b':', byte, ..]) => !byte.is_ascii_digit(),
        Some(_) => true,
    }
}

/// What words and codes are made of. Letters of other scripts are not: those that follow a number may belong to the sentence.
fn is_wordy(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
