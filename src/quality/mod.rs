//! Data quality in SQL: profiles and checks, each relation read once.

pub mod drift;
mod elsewhere;
mod engine;
pub mod finding;
mod grouping;
mod kinds;
mod pass;
pub mod placement;
pub mod profile;
pub mod source;
mod spec;
mod step;
pub mod stored;
mod suggest;
pub mod value;

pub use stored::latest::{Failing, failing};

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::{fs, io};

    /// From the lowest: each uses those before it only.
    const FLOORS: [&str; 15] = [
        "source",
        "value",
        "grouping",
        "placement",
        "elsewhere",
        "pass",
        "step",
        "spec",
        "finding",
        "kinds",
        "engine",
        "profile",
        "stored",
        "suggest",
        "drift",
    ];

    fn texts(path: &Path, texts: &mut Vec<String>) -> io::Result<()> {
        if path.is_dir() {
            return fs::read_dir(path)?.try_for_each(|entry| self::texts(&entry?.path(), texts));
        }
        texts.push(fs::read_to_string(path)?);
        Ok(())
    }

    #[test]
    fn no_module_uses_one_above_it() -> io::Result<()> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/quality");
        for (floor, name) in FLOORS.iter().enumerate() {
            let file = folder.join(format!("{name}.rs"));
            let mut found = Vec::new();
            texts(&if file.exists() { file } else { folder.join(name) }, &mut found)?;
            for text in found {
                for used in text.split("crate::quality::").skip(1) {
                    let used = used
                        .split(|c: char| !c.is_alphanumeric() && c != '_')
                        .next()
                        .unwrap_or_default();
                    let place = FLOORS.iter().position(|name| *name == used);
                    assert!(place.is_some_and(|place| place <= floor), "{name} uses {used}");
                }
            }
        }
        Ok(())
    }
}
