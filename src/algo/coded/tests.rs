//! The codes of stored enums are those that were pinned, and no stored enum is without.

use std::fmt::Write;
use std::path::Path;

use serde::{Deserialize, Serialize};

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

/// The sources of the crate by their paths, tests left out.
fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "tests" && name != "coded" {
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

/// Every enum and its codes, one per line, as the sources have them.
fn codes() -> String {
    let mut found = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    let mut codes = String::new();
    for (path, source) in &found {
        for part in source.split("coded!(").skip(1) {
            let end = part.find("});").unwrap_or_else(|| panic!("{path}: no end of codes"));
            let words: Vec<&str> = part[..end].split_whitespace().collect();
            let text = words.join(" ").replace("named ", "").replace(", }", " }");
            let (name, variants) = text.split_once(" { ").unwrap();
            let folder = path.trim_end_matches(".rs").trim_end_matches("/mod");
            writeln!(
                codes,
                "{}::{name} {}",
                folder.replace('/', "::"),
                variants.trim_end_matches([' ', ','])
            )
            .unwrap();
        }
    }
    codes
}

#[test]
fn codes_are_pinned() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/format/codes.txt");
    let codes = codes();
    if std::env::var_os("ASSAY_FREEZE").is_some() {
        std::fs::write(&path, &codes).unwrap();
    }
    let pinned = std::fs::read_to_string(&path).unwrap();
    for line in pinned.lines() {
        assert!(
            codes
                .lines()
                .any(|now| now == line || now.strip_prefix(line).is_some_and(|more| more.starts_with(','))),
            "stored bytes have these codes, which must stay (new ones go behind): {line}"
        );
    }
    assert_eq!(codes, pinned, "new codes are pinned with ASSAY_FREEZE=1");
}

/// Enums that derive the codes of serde, which are the order of the source, are of arguments in JSON only.
#[test]
fn stored_enums_have_codes() {
    const TEXTS_ONLY: &[&str] = &[
        "Task",
        "Amount",
        "ClassWeight",
        "Compat",
        "Criterion",
        "MaxFeatures",
        "Method",
        "Penalty",
    ];
    let mut found = Vec::new();
    sources(Path::new(env!("CARGO_MANIFEST_DIR")), &mut found);
    for (path, source) in &found {
        let lines: Vec<&str> = source.lines().map(str::trim).collect();
        for (place, line) in lines.iter().enumerate() {
            let Some((before, rest)) = line.split_once("enum ") else {
                continue;
            };
            if !matches!(before, "" | "pub " | "pub(super) " | "pub(crate) ") {
                continue;
            }
            let name = rest.split([' ', '<']).next().unwrap();
            let attributes = lines[..place].iter().rev().take_while(|line| line.starts_with("#["));
            let attributes: Vec<&&str> = attributes.collect();
            let is_derived = attributes.iter().any(|line| line.contains("Serialize"));
            let is_remote = attributes.iter().any(|line| line.contains("remote = \"Self\""));
            assert!(
                !is_derived || is_remote || TEXTS_ONLY.contains(&name),
                "{path}: {name} is stored by the order of its variants; write their codes down with coded!"
            );
        }
    }
}
