//! `render_model(model, query, format)`: the card of a model. Each section is a file of its own and a line in [`SECTIONS`].

mod about;
mod changes;
mod curves;
mod data;
mod decision;
mod explanations;
mod fairness;
mod features;
mod groups;
mod method;
mod metrics;
mod monitoring;
mod performance;

use pgrx::pg_extern;
use serde_json::{Map, Value as Json};

use super::read::{self, Row};
use super::{format_of, literal, made, written};
use crate::models::describe::FIELDS;
use crate::models::judging::judged::{Drawings, Judged, Question};
use crate::models::{Privilege, may, resolve};
use crate::pg::error::{Error, INTERNAL, Result, or_raise};
use crate::pg::options::required;
use crate::pg::text::{Prose, Text};
use algo::page::{Block, Cell, Format, Page, Section, Status};

/// What sections are made of.
struct Card {
    /// The model's name.
    name: String,
    /// The version that the card is of.
    number: i32,
    /// Name and number, as functions take them.
    reference: String,
    /// The version, as the view shows it to the caller.
    version: Row,
    /// Whether the caller may manage it, and so see of what rows it was made.
    is_managed: bool,
    /// What people have written of the model.
    description: Map<String, Json>,
    /// Its classes; none of a regression.
    labels: Vec<String>,
    /// How it does on the rows of the query, if there is one.
    judged: Option<Judged>,
    /// Without a query, the curves that are kept with the version.
    kept: Drawings,
    /// What makes this page.
    call: String,
}

/// The sections of a card, in their order.
const SECTIONS: [fn(&Card) -> Result<Section>; 15] = [
    about::identity,
    about::purpose,
    data::section,
    features::section,
    method::section,
    performance::section,
    performance::slices,
    explanations::section,
    fairness::section,
    decision::section,
    about::limits,
    monitoring::section,
    changes::section,
    method::reproduce,
    about::words,
];

impl Card {
    /// Looks the model up. Returns ML001, ML002 or 42501.
    fn open(model: &str, query: Option<&str>, format: Format) -> Result<Card> {
        let found = resolve(model, Privilege::Predict)?;
        // A number may be of no version.
        found.hash()?;
        let (name, number) = (found.model.name.clone(), found.version);
        let reference = format!("{name}@{number}");
        let version = read::rows(&format!(
            "SELECT v.*, pg_catalog.date_part('epoch', v.duration) AS seconds, pg_catalog.to_char(v.trained_at, 'YYYY-MM-DD HH24:MI TZH:TZM') AS trained
FROM assay.model_versions AS v WHERE v.model OPERATOR(pg_catalog.=) {} AND v.version OPERATOR(pg_catalog.=) {number}",
            literal(&name)
        ))?;
        let version = version.into_iter().next().ok_or_else(|| {
            Error::new(
                INTERNAL,
                format!("model \"{reference}\" is not shown by assay.model_versions"),
            )
        })?;
        let described = read::rows(&format!(
            "SELECT d.fields FROM assay.model_descriptions AS d WHERE d.model OPERATOR(pg_catalog.=) {}",
            literal(&name)
        ))?;
        let description = described
            .first()
            .and_then(|row| row.json("fields").as_object().cloned());
        let labels = read::rows(&format!("SELECT assay.labels({}) AS labels", literal(&reference)))?;
        let argument = query.map_or("NULL".to_owned(), literal);
        let mut card = Card {
            is_managed: may(&found.model, Privilege::Manage)?,
            judged: None,
            kept: Drawings::default(),
            labels: labels.first().map(|row| row.texts("labels")).unwrap_or_default(),
            call: format!(
                "SELECT assay.render_model({}, {argument}, '{}')",
                literal(model),
                format.name()
            ),
            description: description.unwrap_or_default(),
            name,
            number,
            reference,
            version,
        };
        match query {
            Some(query) => {
                // Of other models fairness has no meaning yet.
                let groups = if card.is_binary() {
                    card.columns("fairness_groups")
                } else {
                    Vec::new()
                };
                let question = Question {
                    slices: &card.columns("slices"),
                    groups: &groups,
                    limits: card
                        .description
                        .get("fairness_limits")
                        .filter(|limits| limits.is_object()),
                    costs: card.costs(),
                };
                card.judged = Some(Judged::of(&found, query, &question)?);
            }
            None => card.kept = Drawings::kept(&found, card.costs())?,
        }
        Ok(card)
    }

    /// The curves of the query's rows, or else of those that the version was judged on.
    fn curves(&self) -> &Drawings {
        self.judged.as_ref().map_or(&self.kept, |judged| &judged.curves)
    }

    /// The condition that a row of a view is of this version.
    fn is_version(&self, alias: &str) -> String {
        format!(
            "{alias}.model OPERATOR(pg_catalog.=) {} AND {alias}.version OPERATOR(pg_catalog.=) {}",
            literal(&self.name),
            self.number
        )
    }

    /// What people have written that a false alarm and a miss cost.
    fn costs(&self) -> Option<(f64, f64)> {
        let cost = |name: &str| self.description.get(name).and_then(read::number);
        cost("cost_false_positive").zip(cost("cost_false_negative"))
    }

    /// Whether there are two classes, one of which is the positive one.
    fn is_binary(&self) -> bool {
        self.labels.len() == 2
    }

    /// A field that people write, as a fact.
    fn written(&self, name: &str) -> (String, Cell) {
        let title = FIELDS
            .iter()
            .find(|field| field.name == name)
            .map_or(name, |field| field.title);
        let text = self
            .description
            .get(name)
            .and_then(read::text)
            .filter(|text| !text.trim().is_empty());
        (title.to_owned(), text.map_or(Cell::Missing, Cell::Text))
    }

    /// The columns that a field names.
    fn columns(&self, name: &str) -> Vec<String> {
        let names = self.description.get(name).and_then(Json::as_array);
        names.into_iter().flatten().filter_map(read::text).collect()
    }
}

/// What a query gives, or a remark why it gives nothing.
fn rows_or_note(query: &str, section: &mut Section) -> Result<Option<Vec<Row>>> {
    match read::attempted(query)? {
        Ok(rows) => Ok(Some(rows)),
        Err(why) => {
            section.push(Block::Note(Status::Neutral, why));
            Ok(None)
        }
    }
}

fn page(card: &Card) -> Result<Page> {
    let version = &card.version;
    let text = |column: &str| version.text(column).unwrap_or_default();
    let target = version
        .text("target")
        .map_or(String::new(), |target| format!(" of {target}"));
    let sections = SECTIONS
        .iter()
        .map(|section| section(card))
        .collect::<Result<Vec<Section>>>()?;
    Ok(Page {
        title: format!("Model {}", card.reference),
        summary: format!(
            "{}{target} by {}, {} rows, {} features, trained {}",
            text("task"),
            text("algorithm"),
            version.count("rows").map_or(String::new(), algo::page::number::count),
            version.count("features").unwrap_or(0),
            text("trained")
        ),
        opening: vec![Block::Facts(about::overview(card))],
        sections: sections
            .into_iter()
            .filter(|section| !section.blocks.is_empty())
            .collect(),
        made: made(&card.call)?,
    })
}

/// `render_model(model, query, format)`.
#[pg_extern(sql = false)]
fn render_model(model: Option<Text>, query: Option<Text>, format: Option<Text>) -> Prose {
    or_raise((|| {
        let format = format_of(format.as_deref())?;
        let card = Card::open(required("model", model.as_deref())?, query.as_deref(), format)?;
        written(&page(&card)?, format)
    })())
}
