//! Whatever bytes decode into a profile that validates, every method works on it.

use proptest::prelude::*;

use super::*;

/// Small profiles of every form, exact and sketched.
fn profiles() -> Vec<ColumnProfile> {
    let sizes = Sizes::for_columns(1600);
    let mut profiles = Vec::new();
    for rows in [0, 5, 900_u64] {
        let cells = |cell: &dyn Fn(u64) -> Cell| (0..rows).map(cell).collect::<Vec<_>>();
        let text = |text: String| Cell::Text(text);
        for (kind, cells) in [
            (Kind::Float, cells(&|i| Cell::Number(hash_u64(1, i) as f64 - 1e18))),
            (Kind::Integer, cells(&|i| Cell::Integer(i as i64 - 7))),
            (Kind::Date, cells(&|i| Cell::Integer(hash_u64(2, i) as i64 >> 40))),
            (Kind::Timestamp, cells(&|i| Cell::Integer(i as i64 * 1_000_000_000))),
            (Kind::Text, cells(&|i| text(format!("Row {i}: ünïcode")))),
            (Kind::Json, cells(&|i| text(format!("[{i}, {i}]")))),
            (Kind::Array, cells(&|i| text(format!("{{{i},2}}")))),
        ] {
            profiles.push(profile_of(kind, sizes, &cells, 100));
        }
    }
    profiles
}

/// Calls everything there is.
fn use_all(profile: &ColumnProfile, sound: &ColumnProfile) {
    let report = profile.report();
    report.details_json();
    assert!(
        report
            .quantiles
            .is_none_or(|quantiles| quantiles.iter().all(|quantile| quantile.is_finite()))
    );
    let mut merged = profile.clone();
    if merged.merge(sound).is_ok() {
        let _ = merged.merge(profile);
        merged.report();
    }
    let mut merged = sound.clone();
    if merged.merge(profile).is_ok() {
        merged.report();
    }
    let mut block = BlockColumn::new(profile.kind());
    for i in 0..40 {
        match profile.kind().form() {
            Form::Integers => block.push_integer(i),
            Form::Numbers => block.push_number(i as f64),
            Form::Texts => block.push_text("[1]").unwrap(),
        }
    }
    merged.push(&block);
    merged.memory();
    merged.report();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn damaged_bytes_are_refused_or_work(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let profiles = profiles();
        let sound = which.get(&profiles);
        let mut bytes = postcard::to_allocvec(sound).map_err(|error| TestCaseError::fail(error.to_string()))?;
        changes.iter().for_each(|(index, byte)| *index.get_mut(&mut bytes) = *byte);
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        if let Ok(damaged) = postcard::from_bytes::<ColumnProfile>(&bytes)
            && damaged.validate().is_ok()
        {
            use_all(&damaged, sound);
        }
    }
}

/// Each byte on its own, since most of what a few random changes hit are values.
#[test]
fn each_changed_byte_is_refused_or_works() -> Test {
    for sound in profiles() {
        let bytes = postcard::to_allocvec(&sound)?;
        let all = bytes.len() < 400;
        for place in (0..bytes.len()).filter(|place| all || *place < 60 || place % 97 == 0) {
            for change in [1, 0x40, 0x80, 0xff] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                if let Ok(damaged) = postcard::from_bytes::<ColumnProfile>(&damaged)
                    && damaged.validate().is_ok()
                {
                    use_all(&damaged, &sound);
                }
            }
        }
    }
    Ok(())
}
