//! A check that is planned: what it asked of the shared pass, and what becomes of the answer.

use super::answer::Answer;
use crate::pg::error::{Error, INTERNAL, INVALID_PARAMETER, Result};
use crate::pg::intake;
use crate::pg::query_row::OutputColumn;
use crate::quality::finding::Finding;
use crate::quality::grouping::{Group, Grouping};
use crate::quality::pass::{Answers, InputPlace, Pass, Question};
use crate::quality::source::Source;
use crate::quality::spec::Spec;
use algo::block::Kind;
use algo::scan::Test;

/// How a check will be answered, and which rows fail it.
pub struct Plan<'a> {
    pub means: Means<'a>,
    pub failing_rows: FailingRows<'a>,
}

/// By what a check is answered.
pub enum Means<'a> {
    /// By the relation's columns.
    Columns(Finding),
    /// By a constraint or index, which proves that no row fails.
    Proof(Finding),
    /// By the pass that all checks share.
    SharedScan(Inquiry<'a>),
    /// By the pass that all checks share, or after that by another one; when, for people.
    SharedScanOrMore(Inquiry<'a>, String),
    /// By a second pass, whose bounds the shared one gives; what it looks for, for people.
    SecondPass(Inquiry<'a>, String),
    /// By a statement of its own, for the rows that the shared pass counts.
    Statement(Inquiry<'a>, String),
}

/// What the pass that all checks share is called.
pub const SHARED_SCAN: &str = "shared scan";

impl<'a> Means<'a> {
    /// As assay.explain_checks names it.
    pub fn name(&self) -> &'static str {
        match self {
            Means::Columns(_) => "the relation's columns",
            Means::Proof(_) => "proof",
            Means::SharedScan(_) => SHARED_SCAN,
            Means::SharedScanOrMore(..) => "shared scan, maybe second pass",
            Means::SecondPass(..) => "second pass",
            Means::Statement(..) => "own statement",
        }
    }

    /// The statement of its own.
    pub fn statement(&self) -> Option<&str> {
        match self {
            Means::Statement(_, sql) => Some(sql),
            Means::Columns(_)
            | Means::Proof(_)
            | Means::SharedScan(_)
            | Means::SharedScanOrMore(..)
            | Means::SecondPass(..) => None,
        }
    }

    /// What is known without reading, or what was asked.
    pub fn outcome(self) -> std::result::Result<Finding, Inquiry<'a>> {
        match self {
            Means::Columns(finding) | Means::Proof(finding) => Ok(finding),
            Means::SharedScan(inquiry)
            | Means::SharedScanOrMore(inquiry, _)
            | Means::SecondPass(inquiry, _)
            | Means::Statement(inquiry, _) => Err(inquiry),
        }
    }
}

/// What is made of an answer of the shared pass.
type FromAnswer<'a, T> = Box<dyn FnOnce(&Answer<'_>) -> Result<T> + 'a>;

/// A question that the shared pass will answer. Only a planner makes one, for a question needs a function that makes findings of its answer.
pub struct Inquiry<'a> {
    /// The question's number in its pass.
    pub question: usize,
    grouping: Grouping,
    /// The same question by other segments.
    also: Option<(usize, Grouping)>,
    findings: FromAnswer<'a, Vec<Finding>>,
}

impl Inquiry<'_> {
    /// What the pass found. Returns an error with 54000 when there were more segments than are counted.
    fn answer<'p>(&'p self, answers: &'p Answers) -> Result<Answer<'p>> {
        answer(answers, self.question, &self.grouping, self.also.as_ref())
    }

    /// What that means for the check.
    pub fn findings(self, answers: &Answers) -> Result<Vec<Finding>> {
        let answer = answer(answers, self.question, &self.grouping, self.also.as_ref())?;
        (self.findings)(&answer)
    }
}

fn answer<'p>(
    answers: &'p Answers,
    question: usize,
    grouping: &'p Grouping,
    also: Option<&'p (usize, Grouping)>,
) -> Result<Answer<'p>> {
    let mut answer = Answer::new(answers, question, grouping)?;
    // Segments that nobody asked for do no harm where they are too many.
    let also = also.and_then(|(question, grouping)| Answer::new(answers, *question, grouping).ok());
    answer.also = also.map(Box::new);
    Ok(answer)
}

/// The condition in SQL that a row q fails.
pub enum RowCondition {
    /// On the row alone.
    Alone(String),
    /// On the row among those that come with it, by window functions.
    Windowed(String),
}

/// Which rows fail.
pub enum FailingRows<'a> {
    /// Those that fail the test that the shared pass makes of each.
    Tested,
    /// Those of a condition that is known beforehand, maybe of no more than so many rows.
    Condition(Box<dyn FnOnce(usize) -> Result<RowCondition> + 'a>),
    /// Those of a condition that follows from what the shared pass found.
    Answered(FromAnswer<'a, RowCondition>),
    /// It is about no row by itself; where to look instead.
    Unknown(&'static str),
}

/// Where the figures of checks are.
pub const SEE_FIGURE: &str = "assay.run_checks shows its figure.";
/// Where the samples of checks are.
pub const SEE_SAMPLE: &str = "The sample of its result, in assay.run_checks, says where it fails.";

impl Plan<'_> {
    /// The condition that a row q of the source fails. Reads the rows where it follows from them; `limit` rows are wanted at the most.
    /// Returns an error with 22023 where no single row fails.
    pub fn row_condition(self, spec: &Spec, source: &Source, pass: &Pass, limit: usize) -> Result<RowCondition> {
        match (self.failing_rows, self.means.outcome()) {
            (FailingRows::Tested, Err(inquiry)) => pass.row_fails(inquiry.question).map(RowCondition::Alone),
            (FailingRows::Condition(condition), _) => condition(limit),
            (FailingRows::Answered(condition), Err(inquiry)) => condition(&inquiry.answer(&pass.run(source)?)?),
            (FailingRows::Tested | FailingRows::Answered(_), Ok(_)) => Err(Error::new(
                INTERNAL,
                format!("check \"{}\" asked nothing of the rows", spec.name),
            )),
            (FailingRows::Unknown(hint), _) => Err(Error::new(
                INVALID_PARAMETER,
                format!(
                    "check \"{}\" is of kind {}, which is about no row by itself",
                    spec.name, spec.kind
                ),
            )
            .hint(hint)),
        }
    }
}

/// What a check is planned with.
pub struct Planner<'a, 'p> {
    pub spec: &'a Spec,
    pub source: &'a Source,
    /// What the assertion names in its arguments.
    pub(super) expression: Option<&'a str>,
    pub(super) other_relation: Option<&'a str>,
    pub(super) pass: &'p mut Pass,
}

impl<'a> Planner<'a, '_> {
    /// The column that the check names. Returns an error with 42703 when there is none of that name.
    pub fn column(&self) -> Result<&'a OutputColumn> {
        self.spec.column(self.source)
    }

    /// The same where the check may name none.
    pub fn optional_column(&self) -> Result<Option<&'a OutputColumn>> {
        self.spec.column.as_ref().map(|_| self.column()).transpose()
    }

    /// The column that the check names, if its values are `wanted`. Returns an error with 22023 where they are not.
    pub fn column_of(&self, suits: impl Fn(Kind) -> bool, wanted: &str) -> Result<&'a OutputColumn> {
        let column = self.column()?;
        self.require(column, suits, wanted)?;
        Ok(column)
    }

    /// Returns an error with 22023 unless the values of a column are `wanted`.
    pub fn require(&self, column: &OutputColumn, suits: impl Fn(Kind) -> bool, wanted: &str) -> Result<()> {
        if suits(intake::kind_of(column.type_oid)) {
            return Ok(());
        }
        Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "{} needs {wanted}, but column \"{}\" is {}",
                self.spec.kind, column.name, column.type_name
            ),
        )
        .hint("Cast it in a view or query, and check that."))
    }

    /// Returns an error with 22023 unless values of both columns can be compared: both are numbers, points in time or texts, or of one type.
    pub fn require_comparable(&self, one: &OutputColumn, other: &OutputColumn) -> Result<()> {
        let (kind, other_kind) = (intake::kind_of(one.type_oid), intake::kind_of(other.type_oid));
        let alike = one.type_oid == other.type_oid
            || (kind.is_number() && other_kind.is_number())
            || (kind.is_time() && other_kind.is_time())
            || (kind == Kind::Text && other_kind == Kind::Text);
        if alike {
            return Ok(());
        }
        Err(Error::new(
            INVALID_PARAMETER,
            format!(
                "{} cannot compare column \"{}\" of type {} with column \"{}\" of type {}",
                self.spec.kind, one.name, one.type_name, other.name, other.type_name
            ),
        )
        .hint("Cast one of them in a view or query, and check that."))
    }

    /// The relation or query that the check names besides its own.
    pub fn other(&self) -> Result<Source> {
        let missing = || Error::new(INTERNAL, format!("{} names no other relation", self.spec.kind));
        Source::open(self.other_relation.ok_or_else(missing)?)
    }

    /// The expression that the check was given; of a column it goes on from the column's name, as in dbt.
    pub fn expression(&self) -> Result<String> {
        let missing = || Error::new(INTERNAL, format!("{} has no expression", self.spec.kind));
        let expression = self.expression.ok_or_else(missing)?;
        Ok(match self.optional_column()? {
            Some(column) => format!("{} {expression}", pgrx::spi::quote_identifier(&column.name)),
            None => expression.to_string(),
        })
    }

    /// A column as an input of the shared pass.
    pub fn input(&mut self, column: &OutputColumn) -> InputPlace {
        self.pass.column(column)
    }

    /// A condition in SQL as an input of the shared pass.
    pub fn condition(&mut self, sql: &str) -> InputPlace {
        self.pass.condition(sql)
    }

    /// Asks the shared pass; `findings` makes them of the answer.
    pub fn ask(
        &mut self,
        column: Option<InputPlace>,
        test: Test,
        findings: impl FnOnce(&Answer<'_>) -> Result<Vec<Finding>> + 'a,
    ) -> Result<Inquiry<'a>> {
        let filter = self.spec.filter.as_deref().map(|filter| self.pass.condition(filter));
        self.ask_within(column, filter, None, test, findings)
    }

    /// The same of the rows of another condition than the check's own, and within each of its segments by one thing more.
    pub fn ask_within(
        &mut self,
        column: Option<InputPlace>,
        filter: Option<InputPlace>,
        further_group: Option<&Group>,
        test: Test,
        findings: impl FnOnce(&Answer<'_>) -> Result<Vec<Finding>> + 'a,
    ) -> Result<Inquiry<'a>> {
        let grouping = Grouping::new(&self.spec.group_by, self.source)?;
        let groups = grouping.groups.iter().chain(further_group);
        let question = Question {
            column,
            filter,
            grouping: groups.map(|group| self.pass.group(group)).collect(),
            test,
        };
        Ok(Inquiry {
            question: self.pass.ask(question),
            grouping,
            also: None,
            findings: Box::new(findings),
        })
    }

    /// Asks the question of an inquiry by another thing as well, which the answer has beside its own segments.
    pub fn ask_also(&mut self, inquiry: &mut Inquiry<'a>, column: InputPlace, by: Group, test: Test) {
        let question = Question {
            column: Some(column),
            filter: self.spec.filter.as_deref().map(|filter| self.pass.condition(filter)),
            grouping: vec![self.pass.group(&by)],
            test,
        };
        inquiry.also = Some((self.pass.ask(question), Grouping { groups: vec![by] }));
    }

    /// Asks the shared pass how many rows there are, and how many have NULL in the check's column where it names one, for a check that is
    /// answered otherwise.
    pub fn ask_rows(&mut self, findings: impl FnOnce(&Answer<'_>) -> Result<Vec<Finding>> + 'a) -> Result<Inquiry<'a>> {
        match self.optional_column()? {
            Some(column) => {
                let input = self.input(column);
                self.ask(Some(input), Test::NotNull, findings)
            }
            None => self.ask(None, Test::Rows, findings),
        }
    }
}
