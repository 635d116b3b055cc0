//! Against what Evidently, NannyML, Soda's formula and scipy say of two samples (tests/oracle/drift_golden.json), and against numpy and scipy
//! on more columns (tests/oracle/drift.py).

use serde_json::Value as Json;

use super::*;

const REFERENCE: &str = include_str!("../../../../tests/data/drift_reference.csv");
const CURRENT: &str = include_str!("../../../../tests/data/drift_current.csv");
const GOLDEN: &str = include_str!("../../../../tests/oracle/drift_golden.json");
const MORE: &str = include_str!("../../../../tests/oracle/drift.json");

const LIMITS: fn() -> Limits = || Limits::for_columns(2);

fn sample(csv: &str) -> std::result::Result<(Distribution, Distribution), Box<dyn std::error::Error>> {
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for line in csv.lines().skip(1) {
        let (number, text) = line.split_once(',').ok_or("no comma")?;
        numbers.push(number.parse()?);
        texts.push(text.to_string());
    }
    Ok((numbers_of(&numbers, 100, LIMITS()), texts_of(&texts, 100, LIMITS())))
}

fn close(found: Option<f64>, expected: &Json, what: &str) {
    let expected = expected.as_f64().unwrap_or(f64::NAN);
    let found = found.unwrap_or(f64::NAN);
    assert!(
        (found - expected).abs() <= 1e-9 * expected.abs(),
        "{what}: {found} instead of {expected}"
    );
}

#[test]
fn numbers_are_as_the_tools_say() -> Test {
    let golden: Json = serde_json::from_str(GOLDEN)?;
    let golden = &golden["numeric"];
    let (reference, current) = (sample(REFERENCE)?.0, sample(CURRENT)?.0);
    let found = |method, compat| compare(&reference, &current, &of(method, compat));
    let statistic = |method, compat| found(method, compat).statistic;
    let (evidently, nannyml, soda) = (Some(Compat::Evidently), Some(Compat::Nannyml), Some(Compat::Soda));
    for (name, value) in [
        ("evidently.psi", statistic(Method::Psi, evidently)),
        ("evidently.jensenshannon", statistic(Method::JsDistance, evidently)),
        ("evidently.kl_div", statistic(Method::Kl, evidently)),
        ("evidently.hellinger", statistic(Method::Hellinger, evidently)),
        ("evidently.wasserstein", statistic(Method::Wasserstein, evidently)),
        ("evidently.ks", Some(found(Method::Ks, evidently).p_value)),
        (
            "soda.psi(10 equal-width pooled,1e-5; single draw, ref=raw)",
            statistic(Method::Psi, soda),
        ),
        (
            "wasserstein/std_pop(pooled) (soda swd)",
            statistic(Method::Wasserstein, soda),
        ),
        ("classic.psi(ref deciles)", statistic(Method::Psi, None)),
        (
            "nannyml.jensen_shannon(doane ref,leftover,base2)",
            statistic(Method::JsDistance, nannyml),
        ),
        ("nannyml.hellinger", statistic(Method::Hellinger, nannyml)),
        ("wasserstein.raw", statistic(Method::Wasserstein, nannyml)),
    ] {
        close(value, &golden[name], name);
    }
    for compat in [None, evidently, soda, nannyml] {
        close(statistic(Method::Ks, compat), &golden["scipy.ks_2samp.exact"][0], "ks");
        close(
            Some(found(Method::Ks, compat).p_value),
            &golden["scipy.ks_2samp.exact"][1],
            "p of ks",
        );
    }
    Ok(())
}

#[test]
fn categories_are_as_the_tools_say() -> Test {
    let golden: Json = serde_json::from_str(GOLDEN)?;
    let golden = &golden["categorical"];
    let (reference, current) = (sample(REFERENCE)?.1, sample(CURRENT)?.1);
    let statistic = |method, compat| compare(&reference, &current, &of(method, compat)).statistic;
    let (evidently, nannyml, tfdv) = (Some(Compat::Evidently), Some(Compat::Nannyml), Some(Compat::Tfdv));
    for (name, value) in [
        ("evidently.psi", statistic(Method::Psi, evidently)),
        ("evidently.jensenshannon", statistic(Method::JsDistance, evidently)),
        ("evidently.kl_div", statistic(Method::Kl, evidently)),
        ("evidently.hellinger", statistic(Method::Hellinger, evidently)),
        ("l_infinity", statistic(Method::LInfinity, tfdv)),
        ("l_infinity", statistic(Method::LInfinity, nannyml)),
        ("l_infinity", statistic(Method::LInfinity, None)),
        ("tvd (0.5*L1)", statistic(Method::Tvd, None)),
        ("js_distance_ln", statistic(Method::JsDistance, None)),
        ("js_distance_base2 (nannyml)", statistic(Method::JsDistance, nannyml)),
        (
            "js_divergence_base2 (TFDV/BigQuery)",
            statistic(Method::JsDivergence, tfdv),
        ),
    ] {
        close(value, &golden[name], name);
    }
    assert_eq!(
        compare(&reference, &current, &of(Method::ChiSquare, evidently)).p_value,
        0.0
    );
    for compat in [nannyml, None] {
        let found = compare(&reference, &current, &of(Method::ChiSquare, compat));
        close(
            found.statistic,
            &golden["scipy.chi2_contingency (nannyml)"][0],
            "chi_square",
        );
        close(
            Some(found.p_value),
            &golden["scipy.chi2_contingency (nannyml)"][1],
            "p of chi_square",
        );
    }
    let cramers_v = statistic(Method::CramersV, None).ok_or("no V")?;
    assert!((cramers_v - (194.69746561539776_f64 / 9000.0).sqrt()).abs() < 1e-12);
    let (ValueDistribution::Categories(ours), ValueDistribution::Categories(theirs)) =
        (reference.values(), current.values())
    else {
        return Err("texts are categories".into());
    };
    let both = Both::of(ours, theirs);
    let names = |found: Vec<&Category>| found.into_iter().filter_map(|one| one.name.clone()).collect::<Vec<_>>();
    assert_eq!(
        (names(both.appeared()), names(both.vanished())),
        (vec!["e".to_string()], vec![])
    );
    Ok(())
}

#[test]
fn more_columns_are_as_numpy_and_scipy_say() -> Test {
    let cases: Vec<Json> = serde_json::from_str(MORE)?;
    assert!(cases.len() > 5);
    for case in &cases {
        let side = |name: &str| -> Vec<f64> {
            case[name]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Json::as_f64)
                .collect()
        };
        let (whole, missing) = (case["whole"] == true, |name: &str| case[name].as_u64().unwrap_or(0));
        let (reference, current) = (side("reference"), side("current"));
        let reference = numbers_of(&reference, 64, LIMITS());
        let current = numbers_of(&current, 64, LIMITS());
        let (ValueDistribution::Numbers(ours), ValueDistribution::Numbers(theirs)) =
            (reference.values(), current.values())
        else {
            return Err("numbers are numbers".into());
        };
        let ours = NumberSide::of(ours, missing("reference_nulls"), whole);
        let theirs = NumberSide::of(theirs, missing("current_nulls"), whole);
        for answer in case["answers"].as_array().into_iter().flatten() {
            let what = format!("{} of {}", answer["what"], case["name"]);
            let settings = Settings {
                bins: answer["bins"].as_u64().map(|bins| BinChoice::Count(bins as usize)),
                smoothing: answer["smoothing"].as_f64(),
                log_base: answer["log_base"].as_f64(),
                ..of(
                    serde_json::from_value(answer["method"].clone())?,
                    serde_json::from_value(answer["compat"].clone())?,
                )
            };
            let found = compare_numbers(&ours, &theirs, &settings);
            close(found.statistic, &answer["statistic"], &what);
            if let Some(p_value) = answer["p_value"].as_f64() {
                close(Some(found.p_value), &p_value.into(), &what);
            }
        }
    }
    Ok(())
}
