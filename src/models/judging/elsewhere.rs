//! Rows that lie on the nodes of a Citus cluster are scored there, by the version that is published to them, and what is judged comes here: of each row what
//! it was and what the version says of it. Rows are fetched from elsewhere where nobody can say that the same version is there.

use std::rc::Rc;

use pgrx::spi::quote_identifier;

use super::judged_row::{Asked, MOST_COLUMNS};
use super::pass::{LeftOut, Pass, Wanted};
use super::segments::Segments;
use crate::models::publishing;
use crate::models::registry::Version;
use crate::pg::attempt::attempt;
use crate::pg::error::{Error, INTERNAL, MISMATCHED_STATES, Result, advise, notice};
use crate::pg::query::Query;
use crate::pg::query_row::Row;
use crate::quality::placement::Placement;
use crate::quality::source::Source;
use algo::intervals::Coverage;
use algo::judging::scored_rows::ScoredRows;
use algo::metrics::evaluation::Scored;
use algo::monitor::Monitor;
use algo::row_sample::Compared;
use algo::state::State;

/// What the column of states is called: no column of a query that anyone groups by.
const JUDGED: &str = "assay: judged";

/// Why rows of very many partitions are fetched.
const TOO_LONG: &str = "They are in too many partitions.";

/// Why rows are fetched that are elsewhere, and what to do about it.
struct Fetched {
    why: String,
    hint: Option<String>,
}

impl Fetched {
    fn because(why: impl Into<String>) -> Fetched {
        Fetched {
            why: why.into(),
            hint: None,
        }
    }
}

/// Says why rows are fetched.
fn say_fetched(source: &Source, fetched: Fetched) {
    let Fetched { why, hint } = fetched;
    advise(
        format!("the rows of {} are fetched to be judged here", source.label()),
        Some(why),
        hint,
    );
}

/// Judges the rows of a source where they are, if that is not here and can be done; gives whether it was done. Otherwise a NOTICE says why they are fetched.
pub fn run(pass: &mut Pass, version: &Version, target: &str, source: &Source, wanted: &Wanted<'_>) -> Result<bool> {
    let placement = Placement::of(source)?;
    let rows = Rows {
        version,
        target,
        source,
        placement: &placement,
        wanted,
    };
    let found = match &placement {
        Placement::Here => return Ok(false),
        Placement::Citus => rows.on_nodes(pass)?,
        Placement::Foreign | Placement::Partitions { .. } => rows.on_servers(pass)?,
        Placement::Fetched(why) => Err(Fetched::because(format!("They are on another server: {why}."))),
    };
    match found {
        Ok(where_read) => {
            notice(
                format!("{} is judged where its rows are", source.label()),
                Some(where_read.into()),
            );
            Ok(true)
        }
        Err(fetched) => {
            say_fetched(source, fetched);
            Ok(false)
        }
    }
}

/// Where rows were judged, for people; or why they are fetched.
type Outcome = std::result::Result<&'static str, Fetched>;

/// The rows that are to be judged.
struct Rows<'a> {
    version: &'a Version,
    target: &'a str,
    source: &'a Source,
    placement: &'a Placement,
    wanted: &'a Wanted<'a>,
}

impl Rows<'_> {
    /// The columns that tell segments apart.
    fn names(&self) -> &[String] {
        self.wanted.groupings.first().map_or(&[][..], |names| names)
    }

    /// Why the rows have to come here, whoever has them.
    fn obstacle(&self, pass: &Pass) -> Option<Fetched> {
        let wanted = self.wanted;
        if wanted.drawn > 0 || wanted.is_lenient || wanted.groupings.len() > 1 {
            let why = "Some of the rows are shown as they are, or they are divided in more than one way.";
            return Some(Fetched::because(why));
        }
        if pass.scorer.model().inputs.len() + wanted.extra.len() > MOST_COLUMNS {
            let why =
                format!("The model takes more than {MOST_COLUMNS} columns, which a function of PostgreSQL does not.");
            return Some(Fetched::because(why));
        }
        if matches!(self.placement, Placement::Partitions { .. }) && !self.names().is_empty() {
            return Some(Fetched::because(
                "They are in partitions on other servers, and divided into segments.",
            ));
        }
        let mut names = self.names().iter();
        let alike = names.find(|name| !is_told_alike(self.source, name))?;
        Some(Fetched::because(format!(
            "Values of \"{alike}\" that differ are equal by its collation."
        )))
    }

    /// Has the nodes of a cluster judge the rows, by the version that is published to them. Their errors pass through.
    fn on_nodes(&self, pass: &mut Pass) -> Result<Outcome> {
        let reference = self.version.reference();
        if !publishing::has(self.version)? {
            return Ok(Err(Fetched {
                why: format!("The workers have not got model \"{reference}\"."),
                hint: Some(format!(
                    "SELECT assay.publish_model('{reference}') gives it to them and deploys it; they score their rows then."
                )),
            }));
        }
        if let Some(fetched) = self.obstacle(pass) {
            return Ok(Err(fetched));
        }
        let Some(sql) = self.sql(pass, reference, Form::Split)? else {
            return Ok(Err(Fetched::because(TOO_LONG)));
        };
        // What an attempt plans goes with it. What is wrong with the rows themselves is met when they are read.
        if let Err(why) = attempt(|| Query::new(&sql).map(drop))? {
            return Ok(Err(Fetched::because(why)));
        }
        self.read(pass, &Query::new(&sql)?.interpreted())?;
        Ok(Ok(
            "Each node of the Citus cluster scores its shards, and what is judged of each row comes here.",
        ))
    }

    /// Has foreign servers judge the rows, if they have a version of these very bytes that their users may use.
    fn on_servers(&self, pass: &mut Pass) -> Result<Outcome> {
        if let Some(fetched) = self.obstacle(pass) {
            return Ok(Err(fetched));
        }
        let Some(sql) = self.sql(pass, self.version.model.name.clone(), Form::Sent)? else {
            return Ok(Err(Fetched::because(TOO_LONG)));
        };
        let groupings = std::mem::take(&mut pass.groupings);
        let done = attempt(|| {
            // Who may read the partitions of a table may not read the table by that.
            self.source.require_rights()?;
            let query = Query::new(&sql)?.interpreted();
            match self.placement.is_kept_by(&query) {
                true => self.read(pass, &query).map(|()| true),
                false => Ok(false),
            }
        })?;
        if done == Ok(true) {
            return Ok(Ok(
                "Foreign servers score their rows, and what is judged of each row comes here.",
            ));
        }
        pass.forget_rows(self.wanted.extra.len());
        pass.groupings = groupings;
        Ok(Err(match done {
            Err(why) => Fetched {
                why,
                hint: Some("A server judges its rows where it has a model of this name with a version of the same bytes: assay.export_model and assay.import_model bring it there.".into()),
            },
            Ok(_) => Fetched::because("A condition or a type is not sent to the other server."),
        }))
    }

    /// The query: what is judged of all rows, or of each segment. `None` where it would be too long.
    fn sql(&self, pass: &Pass, model: String, form: Form) -> Result<Option<String>> {
        let column = |name: &str| format!("q.{}", quote_identifier(name));
        let extra = self.wanted.extra;
        let asked = Asked {
            model,
            hash: self.version.hash()?,
            extra: (extra.iter())
                .map(|(name, what)| (name.to_string(), what.to_string()))
                .collect(),
        };
        let inputs = pass.scorer.model().inputs.iter().map(|input| input.name.as_str());
        let columns = std::iter::once(self.target)
            .chain(inputs)
            .chain(extra.iter().map(|(name, _)| *name));
        let columns = columns.map(column).collect::<Vec<_>>().join(", ");
        let values = format!("{}, {columns}", asked.literal()?);
        let call = match form {
            Form::Split => format!("assay_internal.judged(assay_internal.judged_row({values}))"),
            Form::Sent => format!("assay_internal.judged({values})"),
        };
        let groups: Vec<String> = self.names().iter().map(|name| column(name)).collect();
        if groups.is_empty() {
            return Ok(self.placement.select(self.source, &[call]));
        }
        let groups = groups.join(", ");
        let judged = format!("{groups}, {call} AS {}", quote_identifier(JUDGED));
        let select = self.source.select(&judged);
        Ok(Some(format!("{select} GROUP BY {groups}")))
    }

    /// Takes what was judged of each segment, or of all rows.
    fn read(&self, pass: &mut Pass, query: &Query) -> Result<()> {
        let groupings = self.wanted.groupings.iter();
        let groupings = groupings.map(|names| Segments::new(names, query.columns()).map(Ok));
        pass.groupings = groupings.collect::<Result<_>>()?;
        let place = self.names().len();
        query.run(&mut |row| match row.state(place)? {
            // Of no rows there is no state.
            None => Ok(()),
            Some(State::ScoredRows(rows)) => pass.take(row, &rows),
            Some(other) => Err(another(format!("It is a state of {}.", other.kind()))),
        })
    }
}

/// How the aggregate is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// For engines that split an aggregate by its declared types.
    Split,
    /// For another server, which is sent the call itself.
    Sent,
}

/// Whether values of a column are equal only where segments would be.
fn is_told_alike(source: &Source, name: &str) -> bool {
    source.column(name).is_none_or(|column| column.is_deterministic)
}

/// The error of a state that is not what was asked for: another node may send what it likes.
fn another(problem: String) -> Error {
    Error::new(MISMATCHED_STATES, "what was judged elsewhere is not what was asked for")
        .detail(problem)
        .hint("See that all nodes have the same version of assay.")
}

impl Pass {
    /// Forgets what was judged of rows that are read again, here.
    fn forget_rows(&mut self, extra: usize) {
        self.scored = Scored::new(&self.scorer.model().answer);
        self.left_out = LeftOut::default();
        self.compared = Compared::default();
        self.coverage = Coverage::default();
        self.extra = vec![Vec::new(); extra];
    }

    /// Adds rows of one segment that were judged elsewhere.
    fn take(&mut self, row: &Row<'_>, rows: &Rc<ScoredRows>) -> Result<()> {
        let classes = self.scorer.model().answer.classes().map_or(0, <[_]>::len);
        if rows.classes() as usize != classes {
            return Err(another(format!(
                "It is of {} classes, and the model has {classes}.",
                rows.classes()
            )));
        }
        self.statement.check()?;
        let left_out = LeftOut {
            unlabelled: rows.unlabelled(),
            unseen: rows.unseen(),
        };
        self.left_out.add(left_out);
        self.compared.add(rows.seen());
        self.coverage.merge(rows.coverage());
        for grouping in &mut self.groupings {
            let segments = grouping
                .as_mut()
                .map_err(|_| Error::new(INTERNAL, "rows were divided that cannot be"))?;
            let segment = segments.of(row)?;
            segments.push_rows(segment, left_out, rows.count())?;
        }
        rows.append_to(&mut self.scored, &mut self.extra, &self.statement)?;
        Ok(())
    }
}
