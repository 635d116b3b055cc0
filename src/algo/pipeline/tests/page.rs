//! The page of steps, which is written from the table.

use super::*;

fn page() -> String {
    let mut page = String::from(
        "# Steps of preprocessing\n\n\
         What `preprocess` of `assay.train` may hold: [preprocessing.md](preprocessing.md) says how steps are given and shows what they do. Steps of a\n\
         column are taken in the order of this page, whatever the order in which they are given. An unknown key is an error that lists the known ones.\n\n\
         <!-- Written by `ASSAY_WRITE_PAGES=1 cargo test -p assay-algo page` from the table of steps. -->\n",
    );
    let mut steps: Vec<&StepKind> = STEPS.iter().collect();
    steps.sort_by_key(|step| {
        if step.method == Some("hash") {
            Place::Encode
        } else {
            step.place
        }
    });
    for step in steps {
        let title = step
            .method
            .map_or(step.key.to_string(), |method| format!("{}: {method}", step.key));
        let (first, rest) = step.about.split_at(1);
        page += &format!(
            "\n## {title}\n\n{}{rest}. It makes {}.\n",
            first.to_uppercase(),
            step.gives
        );
        if step.place == Place::Cross {
            page += "\nIt has no parameters: `crosses` is a list of pairs of columns.\n";
            continue;
        }
        if let Some(main) = step.main {
            page += &format!("\nA value that is no object is `{main}`.\n");
        }
        page += "\n| parameter | default | values | from | what it does |\n| --- | --- | --- | --- | --- |\n";
        for parameter in step.parameters() {
            let names: Vec<String> = parameter.names().map(|name| format!("`{name}`")).collect();
            page += &format!(
                "| {} | {} | {} | {} | {} |\n",
                names.join(", "),
                parameter.default,
                parameter.allowed,
                parameter.source,
                parameter.about
            );
        }
    }
    page
}

/// `ASSAY_WRITE_PAGES=1` in the environment writes the page instead of comparing it.
#[test]
fn the_page_of_steps_is_that_of_the_table() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/steps.md");
    if std::env::var_os("ASSAY_WRITE_PAGES").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(
        std::fs::read_to_string(path).unwrap_or_default(),
        page(),
        "write it with ASSAY_WRITE_PAGES=1"
    );
}
