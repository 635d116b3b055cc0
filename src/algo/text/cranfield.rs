//! The Cranfield collection, and what other code finds in it; see tests/oracle/retrieval.py.

use std::sync::LazyLock;

use serde::Deserialize;

/// What other code finds.
#[derive(Deserialize)]
pub(crate) struct Oracle {
    pub words: u64,
    /// The first ten documents of each question, counted from 1.
    pub best: Vec<Vec<i64>>,
    /// What the first is worth.
    pub scores: Vec<f64>,
    pub measures: Vec<Measures>,
    /// The first ten's nDCG where the first two words of each question are left out.
    pub short: Vec<f64>,
    pub interval: [f64; 2],
    pub paired: [f64; 2],
    pub p_value: f64,
}

/// Of one question: of the first ten documents, for recall of the first hundred.
#[derive(Deserialize)]
pub(crate) struct Measures {
    pub ndcg: f64,
    pub recall: f64,
    pub precision: f64,
    pub mrr: f64,
}

pub(crate) static ORACLE: LazyLock<Oracle> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../tests/oracle/retrieval.json")).unwrap());

/// Title and abstract of each document, a line between them.
pub(crate) fn documents() -> Vec<String> {
    let zipped = include_bytes!("../../../tests/data/cranfield/cran.all.1400.gz");
    // Ten bytes of header (RFC 1952), the file's name where the fourth bit of the fourth is set, and eight bytes at the end.
    let name = match zipped[3] {
        0 => 0,
        8 => zipped[10..].iter().position(|byte| *byte == 0).unwrap() + 1,
        flags => panic!("a gzip file with flags {flags}"),
    };
    let text = miniz_oxide::inflate::decompress_to_vec(&zipped[10 + name..zipped.len() - 8]).unwrap();
    let text = String::from_utf8(text).unwrap();
    records(&text)
        .map(|record| format!("{}\n{}", field(record, ".T"), field(record, ".W")))
        .collect()
}

pub(crate) fn questions() -> Vec<String> {
    let text = include_str!("../../../tests/data/cranfield/cran.qry");
    records(text).map(|record| field(record, ".W")).collect()
}

/// The relevant documents of each question.
pub(crate) fn relevant() -> Vec<Vec<i64>> {
    let mut relevant = vec![Vec::new(); 225];
    for line in include_str!("../../../tests/data/cranfield/cranqrel").lines() {
        let numbers: Vec<i64> = line.split_whitespace().map(|number| number.parse().unwrap()).collect();
        if numbers[2] > 0 {
            relevant[numbers[0] as usize - 1].push(numbers[1]);
        }
    }
    relevant
}

fn records(text: &str) -> impl Iterator<Item = &str> {
    text.split(".I ").skip(1)
}

/// The lines of a field, which some records have twice.
fn field(record: &str, name: &str) -> String {
    let mut is_own = false;
    let mut own = Vec::new();
    for line in record.lines() {
        match line.trim_end() {
            heading @ (".T" | ".A" | ".B" | ".W") => is_own = heading == name,
            _ if is_own => own.push(line),
            _ => {}
        }
    }
    own.join("\n")
}
