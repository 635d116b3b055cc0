use super::chart::{Axis, Bars, Bins, Columns, Curves, Dot, Line, Plot, Series, Swarm, Tone};
use super::heat::Heat;
use super::timeline::{Span, Timeline};
use super::{Block, Cell, Chart, Column, Format, Page, Section, Status, Table, ValueSummary, write};
use crate::monitor::Unwatched;
use unicode_width::UnicodeWidthStr;

const HOSTILE: &str = "</script><img src=x onerror=alert(1)>\"' &amp; \u{202e}rtl\u{7} 👩\u{200d}🔬 שלום | `*_";

fn line(label: &str, tone: Tone) -> Line {
    Line {
        label: label.into(),
        tone,
        points: vec![(0.0, 0.0), (0.25, 0.75), (1.0, 1.0)],
        band: vec![(0.0, 0.0, 0.1), (1.0, 0.9, 1.0)],
    }
}

fn charts(name: &str) -> Vec<Chart> {
    let curves = Curves {
        x: Axis::unit(name),
        y: Axis::unit("recall"),
        lines: vec![line(name, Tone::First), line("chance", Tone::Muted)],
        dots: vec![Dot {
            x: 0.5,
            y: 0.5,
            interval: Some((0.4, 0.6)),
            rows: Some(12),
        }],
        marks: vec![(0.7, name.into())],
    };
    let series = |label: &str, tone, values: &[f64]| Series {
        label: label.into(),
        tone,
        values: values.to_vec(),
    };
    let columns = Columns {
        x: Axis::numbers(name),
        y: Axis::shares("share of rows"),
        bins: Bins::Cuts(vec![1.0, 1000.0]),
        series: vec![
            series(name, Tone::First, &[0.2, 0.3, 0.5]),
            series("now", Tone::Second, &[0.1, 0.1, 0.8]),
        ],
        marks: Vec::new(),
    };
    let bars = Bars {
        x: Axis::numbers("gain"),
        names: vec![name.into(), "b".into()],
        series: vec![series("gain", Tone::First, &[0.7, -0.3])],
        intervals: vec![Some((0.6, 0.8)), None],
    };
    let swarm = Swarm {
        x: Axis::numbers("attribution"),
        rows: vec![(name.into(), vec![(-0.5, Some(0.1)), (0.5, None), (0.5, Some(0.9))])],
    };
    let heat = Heat {
        label: name.into(),
        columns: vec![name.into(), "b".into()],
        rows: vec![(name.into(), vec![0.5, f64::NAN])],
        most: 1.0,
    };
    let timeline = Timeline {
        parts: vec![name.into(), "b".into()],
        spans: vec![Span {
            name: name.into(),
            begin: 0.2,
            end: 0.4,
            is_open: true,
            said: name.into(),
        }],
    };
    vec![
        Chart::new(name, name, Plot::Curves(curves)),
        Chart::new("columns", "", Plot::Columns(columns)),
        Chart::new("bars", "", Plot::Bars(bars)),
        Chart::new("swarm", "", Plot::Swarm(swarm)),
        Chart::new("heat", "", Plot::Heat(heat)),
        Chart::new("timeline", "", Plot::Timeline(timeline)),
    ]
}

fn page(name: &str, rows: usize) -> Page {
    let columns = vec![
        Column::text("name", 24),
        Column::number("rows"),
        Column::rest("values"),
        Column::text("", 20),
    ];
    let mut table = Table::new(name, columns);
    let row = || {
        let values = ValueSummary::Top(vec![(name.into(), "50%".into())]);
        vec![
            Cell::text(name),
            Cell::Count(12_345),
            Cell::Values(values),
            Cell::Spark(vec![1.0, 2.0, f64::NAN]),
        ]
    };
    table.rows.extend((0..rows).map(|_| row()));
    let part = Block::Part {
        id: "p1".into(),
        title: name.into(),
        status: Some(Status::Bad),
        blocks: charts(name).into_iter().map(Block::Chart).collect(),
    };
    let facts = vec![(name.to_owned(), Cell::text(name)), ("owner".to_owned(), Cell::Missing)];
    let section = Section::new("one", name)
        .with(Block::paragraph(name))
        .with(Block::Note(Status::Warning, name.into()))
        .with(Block::Facts(facts))
        .with(Block::Table(table))
        .with(Block::Charts(charts(name)))
        .with(Block::Code {
            caption: name.into(),
            text: format!("SELECT 1;\n{name}"),
        })
        .with(part);
    Page {
        title: name.into(),
        summary: name.into(),
        opening: Vec::new(),
        sections: vec![section],
        made: name.into(),
    }
}

fn written(page: &Page, format: Format) -> String {
    write(page, format, &Unwatched).unwrap()
}

#[test]
fn html_holds_no_markup_of_a_value_and_asks_for_nothing() {
    let html = written(&page(HOSTILE, 3), Format::Html);
    assert!(html.is_ascii());
    for forbidden in [
        "<img", "</script", "<script", "\u{7}", "http:", "https:", "url(", "@import", "src=",
    ] {
        let found = html.replace("&lt;img src=x", "").contains(forbidden);
        assert!(!found, "{forbidden}");
    }
    assert!(html.contains("&lt;/script&gt;&lt;img") && html.contains(r"\u202ertl\u0007"));
    let opened = html.matches("<section").count();
    assert_eq!(opened, html.matches("</section>").count());
}

#[test]
fn html_is_never_larger_than_a_megabyte() {
    for name in ["x".repeat(10_000), "<".repeat(10_000), "日".repeat(10_000)] {
        let html = written(&page(&name, 5000), Format::Html);
        assert!(html.len() <= super::html::MOST_BYTES, "{}", html.len());
        assert!(html.contains("rows are shown here"));
    }
}

#[test]
fn lines_of_a_text_are_not_too_wide() {
    for name in [HOSTILE.to_owned(), "x".repeat(10_000), "日本語".repeat(100)] {
        let text = written(&page(&name, 3), Format::Text);
        for line in text.lines().filter(|line| !line.starts_with("    ")) {
            assert!(line.width() <= 118, "{} cells: {line}", line.width());
        }
        assert!(!text.contains('\u{7}') && !text.contains('\u{202e}'));
    }
}

#[test]
fn tables_are_aligned() {
    let columns = vec![
        Column::text("column", 9),
        Column::number("rows"),
        Column::rest("values"),
    ];
    let mut table = Table::new("", columns);
    for (name, rows) in [("a", 5), ("日本", 12_345), ("a very long name", 1)] {
        table
            .rows
            .push(vec![Cell::text(name), Cell::Count(rows), Cell::text("v")]);
    }
    let page = Page {
        title: "t".into(),
        summary: "3 rows".into(),
        sections: vec![Section::new("", "").with(Block::Table(table))],
        ..Page::default()
    };
    let expected = "t: 3 rows
column       rows  values
a               5  v
日本       12,345  v
a very l…       1  v";
    assert_eq!(written(&page, Format::Text), expected);
    let expected = "# t

3 rows

| column | rows | values |
| --- | ---: | --- |
| a | 5 | v |
| 日本 | 12,345 | v |
| a very long name | 1 | v |
";
    assert_eq!(written(&page, Format::Markdown), expected);
}

#[test]
fn a_table_that_is_too_wide_goes_on_below() {
    let mut columns = vec![Column::text("group", 40)];
    columns.extend(["auc", "loss", "recall"].map(|name| Column {
        most: 50,
        ..Column::number(name)
    }));
    let mut table = Table::new("By region", columns);
    let figure = |character: &str| Cell::text(character.repeat(50));
    table
        .rows
        .push(vec![Cell::text("north"), figure("a"), figure("b"), figure("c")]);
    let page = Page {
        sections: vec![Section::new("", "").with(Block::Table(table))],
        ..Page::default()
    };
    let text = written(&page, Format::Text);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[2], format!("north  {}  {}", "a".repeat(50), "b".repeat(50)));
    assert_eq!(lines[5], format!("north  {}", "c".repeat(50)));
}

#[test]
fn a_curve_that_rises_at_one_place_is_read_at_its_top() {
    let mut curve = line("roc", Tone::First);
    curve.points = vec![(0.0, 0.0), (0.0, 0.5), (1.0, 1.0)];
    let curves = Curves {
        lines: vec![curve],
        ..Curves::default()
    };
    let table = &Chart::new("", "", Plot::Curves(curves)).tables()[0];
    assert_eq!(table.rows[0][1].plain(), "0.5");
}

#[test]
fn charts_are_tables_where_nothing_is_drawn() {
    let tables: Vec<Table> = charts("x").iter().flat_map(Chart::tables).collect();
    let curve = &tables[0];
    assert_eq!(curve.columns.len(), 2, "what only gives a hold has no figures");
    assert_eq!(curve.rows.len(), 3, "few points are shown as they are");
    assert_eq!(curve.rows[1][1].plain(), "75.0%");
    assert_eq!(tables[2].rows[0][0].plain(), "up to 1");
    assert_eq!(
        tables[3].rows[0].iter().map(Cell::plain).collect::<Vec<_>>()[3..],
        ["0.6", "0.8"]
    );
}

#[test]
fn every_format_has_its_name() {
    for format in Format::ALL {
        assert_eq!(Format::of(format.name()), Some(format));
    }
    assert_eq!(Format::of("pdf"), None);
}
