//! Models as assays to come may write them: what is more is skipped or named, and never read as something else.

use super::*;
use crate::envelope::{Part, joined, parts};

/// The sections of one model that has a category.
fn sections() -> Vec<Part> {
    sections_with(FITTED)
}

/// Those of a model that has this one: of the same, if it has.
fn sections_with(section: Section) -> Vec<Part> {
    let mut models = models();
    models.sort_by_key(|(name, _)| !name.starts_with("ridge"));
    let groups = grouped();
    models.push(("groups".into(), groups));
    let mut parts = models.iter().map(|(_, model)| parts(&bytes_of(model)));
    parts
        .find(|parts| parts.iter().any(|(own, _)| *own == section))
        .unwrap()
}

fn read(parts: &[Part]) -> Result<Model> {
    Model::from_bytes(&joined(&ENVELOPE, parts), &Unwatched)
}

fn problem(parts: &[Part]) -> String {
    read(parts).map(drop).unwrap_err().to_string()
}

fn added(tag: &[u8; 4], content: &[u8]) -> Vec<Part> {
    let section = Section { tag: *tag, version: 3 };
    [sections(), vec![(section, content.to_vec())]].concat()
}

fn place(parts: &[Part], section: Section) -> usize {
    parts.iter().position(|(known, _)| *known == section).unwrap()
}

/// The sections, one of them with another content.
fn changed(section: Section, change: impl FnOnce(&mut Vec<u8>)) -> Vec<Part> {
    let mut parts = sections_with(section);
    let place = place(&parts, section);
    change(&mut parts[place].1);
    parts
}

#[test]
fn a_section_that_may_be_skipped_is_skipped() {
    let whole = read(&sections()).unwrap();
    let more = read(&added(b"futu", b"anything")).unwrap();
    assert_eq!(format!("{more:?}"), format!("{whole:?}"));
    // In whatever order they come, and without what a score does without.
    let mut turned = added(b"futu", b"");
    turned.reverse();
    assert_eq!(format!("{:?}", read(&turned).unwrap()), format!("{whole:?}"));
    let without = sections().into_iter().filter(|(section, _)| *section != HISTORY);
    assert_eq!(scores(&read(&without.collect::<Vec<_>>()).unwrap()), scores(&whole));
}

#[test]
fn what_a_newer_assay_needs_is_named() {
    assert_eq!(
        problem(&added(b"Futu", b"anything")),
        "the model was made by a newer assay: it needs its section Futu, which this assay does not know"
    );
    for section in ENVELOPE.sections {
        let mut parts = sections_with(*section);
        let place = place(&parts, *section);
        parts[place].0.version += 1;
        let (name, version) = (section.tag.escape_ascii(), section.version);
        assert_eq!(
            problem(&parts),
            format!(
                "the model was made by a newer assay: its section {name} has version {}, and this assay reads up to {version}",
                version + 1
            )
        );
        parts[place].0.version = 0;
        assert_eq!(
            problem(&parts),
            format!("the model is damaged: its section {name} has version 0")
        );
    }
    let form = changed(FITTED, |content| content[..2].copy_from_slice(&777_u16.to_le_bytes()));
    assert_eq!(
        problem(&form),
        "the model was made by a newer assay: what scores has form 777, which this assay does not know"
    );
}

#[test]
fn a_new_variant_is_named() {
    let of = |section, at: usize| changed(section, |content| content[at] = 99);
    // The first input is "x" of type "double precision"; before its kind stand their number and two texts.
    let kind = 1 + (1 + "x".len()) + (1 + "double precision".len());
    for (parts, what) in [
        (of(ANSWER, 0), "Answer 99"),
        (of(INPUTS, kind), "InputKind 99"),
        (of(FITTED, 2), "Link 99"),
    ] {
        assert_eq!(
            problem(&parts),
            format!("the model was made by a newer assay: it has {what}, which this assay does not know")
        );
    }
    for (name, model) in models() {
        let mut parts = parts(&bytes_of(&model));
        let place = place(&parts, FITTED);
        let is_boosting = name.starts_with("gradient_boosting");
        if is_boosting {
            parts[place].1[2] = 99;
            assert!(problem(&parts).contains("Objective 99"), "{name}: {}", problem(&parts));
        }
    }
}

/// The checksums are right, so that it is the contents that are found wrong.
#[test]
fn contents_cut_short_or_long_are_damaged() {
    for section in ENVELOPE.sections {
        let name = section.tag.escape_ascii();
        let short = changed(*section, |content| content.truncate(content.len() - 1));
        let long = changed(*section, |content| content.push(0));
        for parts in [short, long] {
            assert!(
                matches!(read(&parts), Err(Error::Damaged { .. })),
                "{name}: {}",
                problem(&parts)
            );
        }
        let long = changed(*section, |content| content.extend(b"new"));
        assert_eq!(problem(&long), "the model is damaged: 3 bytes follow its end", "{name}");
    }
}

#[test]
fn a_section_that_is_there_twice_is_damage() {
    for section in ENVELOPE.sections {
        let parts = sections_with(*section);
        let again = parts[place(&parts, *section)].clone();
        let name = section.tag.escape_ascii();
        assert_eq!(
            problem(&[parts, vec![again]].concat()),
            format!("the model is damaged: it has two sections {name}")
        );
    }
}

#[test]
fn a_section_that_is_missing_is_named() {
    for section in [ANSWER, INPUTS, FITTED] {
        let parts: Vec<Part> = sections().into_iter().filter(|(known, _)| *known != section).collect();
        let name = section.tag.escape_ascii();
        assert_eq!(
            problem(&parts),
            format!("the model is damaged: it has no section {name}")
        );
    }
}
