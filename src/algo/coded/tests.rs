//! The codes of stored enums are those that were pinned, and no stored enum is without.

use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::list;
use crate::error::Error;
use crate::monitor::Unwatched;
use crate::state::Kind;

#[derive(Debug, PartialEq)]
enum Shape {
    Box { width: u8, height: u8 },
    Point,
    Circle(f32),
}

coded!(Shape { 0 => Point, 7 => Circle(radius), 300 => Box { width, height } });

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(remote = "Self", rename_all = "snake_case")]
enum Side {
    Left,
    Right { by: u8 },
}

coded!(named Side { 4 => Left, 5 => Right { by } });

#[test]
fn variants_are_written_by_their_codes() {
    for (shape, bytes) in [
        (Shape::Point, &[0][..]),
        (Shape::Circle(1.0), &[7, 0, 0, 0x80, 0x3f]),
        (Shape::Box { width: 3, height: 4 }, &[0xac, 2, 3, 4]),
    ] {
        assert_eq!(postcard::to_allocvec(&shape).unwrap(), bytes);
        assert_eq!(postcard::from_bytes::<Shape>(bytes), Ok(shape));
    }
    assert!(postcard::from_bytes::<Shape>(&[1]).is_err());
    assert_eq!(postcard::to_allocvec(&Side::Right { by: 9 }).unwrap(), [5, 9]);
    assert_eq!(postcard::from_bytes(&[4]), Ok(Side::Left));
    let text = serde_json::to_string(&Side::Right { by: 9 }).unwrap();
    assert_eq!(text, r#"{"right":{"by":9}}"#);
    assert_eq!(serde_json::from_str::<Side>(&text).unwrap(), Side::Right { by: 9 });
}

/// A code that no variant has is an error that names it, however deep it lies.
#[test]
fn unknown_codes_are_named() {
    let read = |bytes: &[u8]| crate::bytes::decode::<Vec<Shape>>("the thing", bytes, &Unwatched);
    assert_eq!(read(&[1, 0]), Ok(vec![Shape::Point]));
    let newer = "the thing was made by a newer assay: it has Shape 9, which this assay does not know";
    assert_eq!(read(&[2, 0, 9]).unwrap_err().to_string(), newer);
    // What was met before is not said of other bytes.
    assert!(matches!(read(&[2, 0]), Err(Error::Damaged { .. })));
    assert!(postcard::from_bytes::<Shape>(&[9]).is_err());
    assert!(matches!(read(&[2, 0]), Err(Error::Damaged { .. })));
}

#[test]
fn lists_by_variants_are_filled_up_but_never_cut() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Seen(#[serde(deserialize_with = "list::<_, _, 3>")] Vec<u8>);
    let read = |bytes: &[u8]| crate::bytes::decode::<Seen>("the thing", bytes, &Unwatched);
    assert_eq!(read(&[2, 7, 8]), Ok(Seen(vec![7, 8, 0])));
    let newer = "the thing was made by a newer assay: it counts 4 kinds, and this assay knows 3";
    assert_eq!(read(&[4, 5, 6, 7, 8]).unwrap_err().to_string(), newer);
}

/// The sources of the crate by their paths, tests left out; and those of a crate that lies within it, whose images say by name, in JSON, what
/// they hold.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" && name != "coded" && !path.join("Cargo.toml").exists() {
            sources(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" && name != "coded.rs" {
            let root = env!("CARGO_MANIFEST_DIR");
            let path = path.strip_prefix(root).unwrap();
            found.push((
                path.to_str().unwrap().to_string(),
                std::fs::read_to_string(Path::new(root).join(path)).unwrap(),
            ));
        }
    }
}

/// Every enum and its codes, one per line, as the sources have them; then the places of variants by which stored lists go, and the kinds of
/// states.
fn codes() -> String {
    let mut found = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    let (mut codes, mut places) = (String::new(), String::new());
    for (path, source) in &found {
        let folder = path.trim_end_matches(".rs").trim_end_matches("/mod").replace('/', "::");
        // The table of steps is one of codes, too.
        let marked = source.replace("\nsteps!(", "\ncoded!(");
        for part in marked.split("coded!(").skip(1) {
            let end = part.find("});").unwrap_or_else(|| panic!("{path}: no end of codes"));
            let words: Vec<&str> = part[..end].split_whitespace().collect();
            let text = words.join(" ").replace("named ", "").replace(", }", " }");
            let (name, variants) = text.split_once(" { ").unwrap();
            writeln!(codes, "{folder}::{name} {}", variants.trim_end_matches([' ', ','])).unwrap();
        }
        for name in listed(source) {
            let variants = found.iter().find_map(|(_, source)| variants(source, name));
            let variants = variants.unwrap_or_else(|| panic!("{path}: the enum {name} of a list is not found"));
            let line = format!("{folder} by {name} {}\n", variants.join(", "));
            // The field's first value names the list a second time.
            if !places.contains(&line) {
                places += &line;
            }
        }
    }
    for kind in Kind::all() {
        writeln!(places, "state {} => {}", kind.code, kind.name).unwrap();
    }
    codes + &places
}

/// The enums whose variants are the places of a field of a stored struct.
fn listed(source: &str) -> impl Iterator<Item = &str> {
    let lists = source.lines().filter_map(|line| {
        let line = line.trim();
        let list = line.strip_prefix("#[serde(deserialize_with = \"coded::list::<_, _, { ");
        let array = line.ends_with("::COUNT],").then(|| line.split_once("; ")).flatten();
        list.or(array.map(|(_, length)| length))
    });
    lists.map(|rest| rest.split_once("::COUNT").unwrap().0)
}

/// The names of an enum's variants, in their order, if it is in `source`.
fn variants<'s>(source: &'s str, name: &str) -> Option<Vec<&'s str>> {
    let (_, body) = source.split_once(&format!("enum {name} {{"))?;
    let (body, _) = body.split_once("\n}")?;
    let lines = body.lines().map(str::trim);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
    Some(lines.map(|line| line.trim_end_matches(',')).collect())
}

/// With `ASSAY_FREEZE` in the environment what is new is pinned; what was pinned before stays in either case.
#[test]
fn codes_are_pinned() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/format/codes.txt");
    let codes = codes();
    let pinned = std::fs::read_to_string(&path).unwrap();
    for line in pinned.lines() {
        assert!(
            codes
                .lines()
                .any(|now| now == line || now.strip_prefix(line).is_some_and(|more| more.starts_with(','))),
            "stored bytes have these codes, which must stay (new ones go behind): {line}"
        );
    }
    if std::env::var_os("ASSAY_FREEZE").is_some() {
        std::fs::write(&path, &codes).unwrap();
        return;
    }
    assert_eq!(codes, pinned, "new codes are pinned with ASSAY_FREEZE=1");
}

/// An enum that derives `Serialize` would be written by the order of the source; only the texts of one with codes may.
#[test]
fn stored_enums_have_codes() {
    let mut found = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    for (path, source) in &found {
        assert_eq!(
            without_codes(source),
            Vec::<&str>::new(),
            "{path}: write their codes down with coded!"
        );
    }
}

#[test]
fn enums_without_codes_are_found() {
    let source = "
        #[derive(Debug, Deserialize)]
        pub enum Read { A }

        #[derive(Debug, Serialize)]
        struct Whole { part: Part }

        #[derive(
            Debug,
            Serialize,
        )]
        pub(super) enum Part { A }

        #[derive(Serialize)]
        /// It has codes.
        #[serde(remote = \"Self\")]
        enum Named<T> { A(T) }

        coded!(named Named { 0 => A(value) });

        #[derive(Serialize)]
        #[serde(remote = \"Self\")]
        enum Claimed { A }

        impl serde::Serialize for Own {}

        macro_rules! made { () => { #[derive(Serialize)] enum Made { A } } }";
    assert_eq!(without_codes(source), ["Part", "Claimed", "Made", "Own"]);
}

/// The enums that derive `Serialize` and have no codes, and the types that implement it by hand.
fn without_codes(source: &str) -> Vec<&str> {
    let word = |text: &'_ str| {
        text.split(|c: char| !c.is_alphanumeric() && c != '_')
            .next()
            .map(str::len)
    };
    let mut names = Vec::new();
    for (place, _) in source.match_indices("enum ") {
        let rest = &source[place + "enum ".len()..];
        let name = &rest[..word(rest).unwrap_or(0)];
        // What stands above it: other items are a blank line away.
        let above = source[..place].rsplit("\n\n").next().unwrap_or("");
        let is_derived = above.contains("Serialize");
        let has_codes = above.contains("remote = \"Self\"") && source.contains(&format!("coded!(named {name} {{"));
        let is_declared = above.trim_end().ends_with([']', '{'])
            || above.trim_end().ends_with("pub")
            || above.trim_end().ends_with(')');
        if is_declared && is_derived && !has_codes {
            names.push(name);
        }
    }
    for (place, what) in source
        .match_indices(" Serialize for ")
        .chain(source.match_indices("serde::Serialize for "))
    {
        let rest = &source[place + what.len()..];
        names.push(&rest[..word(rest).unwrap_or(0)]);
    }
    names
}
