//! The conventions that are distinguished, and the families in which they compete.

/// Conventions of one family compete: a column should keep to one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Family {
    /// The order of day, month and year, and what stands between.
    DateOrder,
    /// Years of two or of four digits.
    YearDigits,
    /// Decimal point or decimal comma.
    DecimalMark,
    /// Marks between thousands, or none.
    Thousands,
    /// Upper, lower or title case of words.
    Casing,
    /// The words for true and false.
    Booleans,
    /// Composed or decomposed characters (Unicode normal forms).
    NormalForm,
    /// Texts with traces of a wrong encoding, against sound ones.
    Encoding,
    /// Texts with blanks at an end, against trimmed ones.
    Blanks,
}

/// A way to write a value, or a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "each is shown by its name below")]
pub enum Convention {
    YearMonthDayDashed,
    YearMonthDaySlashed,
    YearMonthDayDotted,
    DayMonthYearDashed,
    DayMonthYearSlashed,
    DayMonthYearDotted,
    MonthDayYearDashed,
    MonthDayYearSlashed,
    MonthDayYearDotted,
    DayOrMonthDashed,
    DayOrMonthSlashed,
    DayMonthName,
    MonthNameDay,
    FourDigitYear,
    TwoDigitYear,
    DecimalPoint,
    DecimalComma,
    /// One comma before three digits.
    CommaThree,
    /// One point before three digits.
    PointThree,
    /// A number without either mark.
    NoMark,
    Ungrouped,
    Grouped,
    TitleCase,
    LowerCase,
    UpperCase,
    MixedCase,
    /// Several long words.
    TitlePhrase,
    /// Several long words.
    LowerPhrase,
    /// Several long words.
    UpperPhrase,
    TrueFalse,
    YesNo,
    OnOff,
    TF,
    YN,
    OneZero,
    Composed,
    Decomposed,
    SoundText,
    EncodedTwice,
    Mojibake,
    ReplacementCharacter,
    ControlCharacter,
    InvisibleCharacter,
    Trimmed,
    Padded,
}

use Convention::*;

impl Convention {
    /// Every convention with its family and its name.
    const ALL: [(Convention, Family, &str); 45] = [
        (YearMonthDayDashed, Family::DateOrder, "YYYY-MM-DD"),
        (YearMonthDaySlashed, Family::DateOrder, "YYYY/MM/DD"),
        (YearMonthDayDotted, Family::DateOrder, "YYYY.MM.DD"),
        (DayMonthYearDashed, Family::DateOrder, "DD-MM-YYYY"),
        (DayMonthYearSlashed, Family::DateOrder, "DD/MM/YYYY"),
        (DayMonthYearDotted, Family::DateOrder, "DD.MM.YYYY"),
        (MonthDayYearDashed, Family::DateOrder, "MM-DD-YYYY"),
        (MonthDayYearSlashed, Family::DateOrder, "MM/DD/YYYY"),
        (MonthDayYearDotted, Family::DateOrder, "MM.DD.YYYY"),
        (DayOrMonthDashed, Family::DateOrder, "DD-MM-YYYY or MM-DD-YYYY"),
        (DayOrMonthSlashed, Family::DateOrder, "DD/MM/YYYY or MM/DD/YYYY"),
        (DayMonthName, Family::DateOrder, "DD Mon YYYY"),
        (MonthNameDay, Family::DateOrder, "Mon DD YYYY"),
        (FourDigitYear, Family::YearDigits, "four-digit year"),
        (TwoDigitYear, Family::YearDigits, "two-digit year"),
        (DecimalPoint, Family::DecimalMark, "decimal point"),
        (DecimalComma, Family::DecimalMark, "decimal comma"),
        (CommaThree, Family::DecimalMark, "comma before three digits"),
        (PointThree, Family::DecimalMark, "point before three digits"),
        (NoMark, Family::DecimalMark, "no mark"),
        (Ungrouped, Family::Thousands, "no thousands separator"),
        (Grouped, Family::Thousands, "thousands separator"),
        (TitleCase, Family::Casing, "Title Case"),
        (LowerCase, Family::Casing, "lower case"),
        (UpperCase, Family::Casing, "UPPER CASE"),
        (MixedCase, Family::Casing, "mixed case"),
        (TitlePhrase, Family::Casing, "Title Case"),
        (LowerPhrase, Family::Casing, "lower case"),
        (UpperPhrase, Family::Casing, "UPPER CASE"),
        (TrueFalse, Family::Booleans, "true/false"),
        (YesNo, Family::Booleans, "yes/no"),
        (OnOff, Family::Booleans, "on/off"),
        (TF, Family::Booleans, "t/f"),
        (YN, Family::Booleans, "y/n"),
        (OneZero, Family::Booleans, "1/0"),
        (Composed, Family::NormalForm, "composed characters (NFC)"),
        (Decomposed, Family::NormalForm, "decomposed characters"),
        (SoundText, Family::Encoding, "sound text"),
        (EncodedTwice, Family::Encoding, "UTF-8 misread twice"),
        (Mojibake, Family::Encoding, "UTF-8 misread as Windows-1252"),
        (ReplacementCharacter, Family::Encoding, "replacement character"),
        (ControlCharacter, Family::Encoding, "control character"),
        (InvisibleCharacter, Family::Encoding, "invisible character"),
        (Trimmed, Family::Blanks, "trimmed"),
        (Padded, Family::Blanks, "leading or trailing blanks"),
    ];

    /// How many there are.
    pub(super) const COUNT: usize = Convention::ALL.len();

    /// The conventions of a family.
    pub(super) fn of(family: Family) -> impl Iterator<Item = Convention> {
        let all = Convention::ALL.into_iter();
        all.filter(move |&(_, own, _)| own == family)
            .map(|(convention, ..)| convention)
    }

    /// The name that people read.
    pub fn name(self) -> &'static str {
        Convention::ALL[self as usize].2
    }
}

impl Family {
    /// Every family.
    pub const ALL: [Family; 9] = [
        Family::DateOrder,
        Family::YearDigits,
        Family::DecimalMark,
        Family::Thousands,
        Family::Casing,
        Family::Booleans,
        Family::NormalForm,
        Family::Encoding,
        Family::Blanks,
    ];

    /// The name that people read.
    pub fn name(self) -> &'static str {
        match self {
            Family::DateOrder => "date order",
            Family::YearDigits => "year digits",
            Family::DecimalMark => "decimal mark",
            Family::Thousands => "thousands separator",
            Family::Casing => "casing",
            Family::Booleans => "boolean words",
            Family::NormalForm => "normal form",
            Family::Encoding => "encoding",
            Family::Blanks => "blanks",
        }
    }
}

impl std::fmt::Display for Convention {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl std::fmt::Display for Family {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_codes() {
        for (place, (convention, family, _)) in Convention::ALL.into_iter().enumerate() {
            assert_eq!(convention as usize, place);
            assert!(Convention::of(family).any(|own| own == convention));
        }
    }
}
