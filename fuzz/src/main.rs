//! Coverage-guided fuzzing of what reads bytes and texts that anyone may write.
//!
//! The environment variable FUZZ_TARGET names the target, and FUZZ_SEEDS a folder for its first inputs. The rest is libFuzzer's: a folder of
//! inputs, `-runs`, `-max_total_time`, `-seed`. fuzz/run.sh calls it.
#![no_main]

mod bound;
mod embedder;
mod exchange;
mod model;
mod onnx;
mod package;
mod seeds;
mod state;
mod state_seeds;
mod text;

use std::sync::LazyLock;

/// What is fuzzed.
struct Target {
    name: &'static str,
    /// Inputs to begin with.
    seeds: fn() -> Vec<Vec<u8>>,
    /// Panics when an input breaks a promise.
    run: fn(&[u8]),
}

const TARGETS: [Target; 7] = [
    Target {
        name: "model",
        seeds: seeds::models,
        run: model::run,
    },
    Target {
        name: "state",
        seeds: state_seeds::states,
        run: state::run,
    },
    Target {
        name: "text",
        seeds: seeds::texts,
        run: text::run,
    },
    Target {
        name: "onnx",
        seeds: onnx::seeds,
        run: onnx::run,
    },
    Target {
        name: "embedder",
        seeds: embedder::seeds,
        run: embedder::run,
    },
    Target {
        name: "exchange",
        seeds: exchange::seeds,
        run: exchange::run,
    },
    Target {
        name: "package",
        seeds: package::seeds,
        run: package::run,
    },
];

static TARGET: LazyLock<&'static Target> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").unwrap_or_default();
    let names = TARGETS.map(|target| target.name).join(", ");
    TARGETS
        .iter()
        .find(|target| target.name == name)
        .unwrap_or_else(|| panic!("FUZZ_TARGET must be one of {names}"))
});

fn write_seeds(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    (TARGET.seeds)()
        .iter()
        .enumerate()
        .try_for_each(|(number, seed)| std::fs::write(folder.join(format!("seed-{number}")), seed))
}

libfuzzer_sys::fuzz_target!(
    init: {
        if let Some(folder) = std::env::var_os("FUZZ_SEEDS") {
            write_seeds(folder.as_ref()).expect("the folder of seeds can be written");
        }
    },
    |input: &[u8]| (TARGET.run)(input)
);
