"""Pages in a headless browser and before a strict parser of HTML. Prints 'ok - NAME' or 'not ok - NAME'. With SCREENSHOTS naming a folder, what the
browser shows is kept there."""

import base64
import itertools
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

import html5lib
import psycopg
from markdown_it import MarkdownIt
from websockets.sync.client import connect

import promises
from promises import check

MOST = 1_000_000
HOSTILE = "</script><img src=x onerror=alert(1)>\"'&amp; \u202ertl \u0007bell \U0001f469\u200d\U0001f52c \u05e9\u05dc\u05d5\u05dd {{x}} ${x} <!-- ]]>"

connection = psycopg.connect("", autocommit=True)
connection.execute("SET client_min_messages = error")
connection.execute("SET client_encoding = UTF8")


def run(statement, *arguments):
    return connection.execute(statement, arguments or None)


def value(statement, *arguments):
    return run(statement, *arguments).fetchone()[0]


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


class Browser:
    """A headless Chromium, spoken to by its DevTools protocol."""

    def __init__(self):
        self.folder = tempfile.mkdtemp()
        options = ["--headless", "--disable-gpu", "--remote-debugging-port=0", "--no-first-run", f"--user-data-dir={self.folder}"]
        if os.getuid() == 0:
            options.append("--no-sandbox")
        self.process = subprocess.Popen([os.environ["BROWSER"], *options, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        port = pathlib.Path(self.folder, "DevToolsActivePort")
        for _ in range(600):
            if port.exists() and port.read_text().count("\n") == 1:
                break
            time.sleep(0.1)
        number, path = port.read_text().split("\n")
        self.socket = connect(f"ws://127.0.0.1:{number}{path}", max_size=1 << 27, compression=None)
        self.numbers, self.events, self.session = itertools.count(1), [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.socket.send(json.dumps(message))
        while True:
            answer = json.loads(self.socket.recv(timeout=120))
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def wait(self, method):
        while not any(event.get("method") == method for event in self.events):
            self.events.append(json.loads(self.socket.recv(timeout=120)))

    def open(self, file, width, scheme, media="screen"):
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Page.navigate", url=file.as_uri())
        self.wait("Page.loadEventFired")

    def evaluate(self, expression):
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def of(self, *methods):
        return [event["params"] for event in self.events if event.get("method") in methods]

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def problems(page):
    """What a strict parser finds wrong, and elements that have no place on a page."""
    parser = html5lib.HTMLParser(tree=html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = parser.parse(page)
    found = [f"{name} {data} at {place}" for place, name, data in parser.errors]
    elements = [element for element in tree.iter() if isinstance(element.tag, str)]
    found += [element.tag for element in elements if element.tag in ("script", "img", "iframe", "object", "embed", "form", "base")]
    found += [f"{name} of {element.tag}" for element in elements for name in element.attrib if name.startswith("on")]
    ids = [element.attrib["id"] for element in elements if "id" in element.attrib]
    found += [f"id {name} twice" for name in set(ids) if ids.count(name) > 1]
    names = {reference for element in elements for reference in element.attrib.get("aria-labelledby", "").split()}
    names |= {element.attrib["href"][1:] for element in elements if element.tag == "a"}
    found += [f"no {name}" for name in names - set(ids)]
    found += ["no language"] * (tree.attrib.get("lang") != "en")
    found += ["a header without its scope"] * sum(element.tag == "th" and "scope" not in element.attrib for element in elements)
    charts = [element for element in elements if element.tag == "svg"]
    found += ["a figure without a name"] * sum(element.attrib.get("role") != "img" or not ("aria-label" in element.attrib or "aria-labelledby" in element.attrib) for element in charts)
    levels = [int(element.tag[1]) for element in elements if element.tag in ("h1", "h2", "h3", "h4")]
    found += ["a heading is left out"] * any(after > before + 1 for before, after in zip(levels, levels[1:]))
    return found


def markdown_problems(text):
    """What a reader of GitHub's flavour makes of a page that it should not: elements but those of headings, paragraphs, tables and code, and tables that are uneven."""
    tokens = MarkdownIt("gfm-like").parse(text)
    inline = [child for token in tokens for child in token.children or []]
    allowed = {"heading", "paragraph", "inline", "table", "thead", "tbody", "tr", "th", "td", "fence", "blockquote", "text", "em", "strong", "code", "softbreak", "text_special"}
    kinds = {token.type.removesuffix("_open").removesuffix("_close").removesuffix("_inline") for token in [*tokens, *inline]}
    found = [f"{kind} in Markdown" for kind in kinds - allowed]
    widths, width = set(), 0
    for token in tokens:
        if token.type == "table_open":
            widths = set()
        elif token.type == "tr_open":
            width = 0
        elif token.type in ("td_open", "th_open"):
            width += 1
        elif token.type == "tr_close":
            widths.add(width)
        elif token.type == "table_close" and len(widths) > 1:
            found.append("an uneven table")
    wanted = sum(line.startswith("| ---") for line in text.split("\n"))
    found += ["a table is none"] * (wanted != sum(token.type == "table_open" for token in tokens))
    return found


def make_tables():
    """Rows whose names and values are somebody's ill will, and a table that is as wide as it can be."""
    table, column = quoted(HOSTILE[:50]), quoted("a<b>&\"'" + HOSTILE[:40])
    run(f"""CREATE TABLE {table} AS SELECT i AS id, i %% 40 AS n, (ARRAY[%s, 'plain', repeat('long', 2500), E'two\\nlines\\tand a tab'])[i %% 4 + 1] AS {column},
        i %% 3 = 0 AS hit FROM generate_series(1, 400) AS i""", HOSTILE)
    run(f"CREATE TABLE moved AS SELECT id, n + 25 AS n, {column} || '<i>' AS {column}, hit FROM {table}")
    wide = ", ".join(f'(i * {n} %% 97)::float4 AS "column <{n}> with a name"' for n in range(1, 1601))
    run(f"CREATE TABLE wide AS SELECT {wide.replace('%%', '%')} FROM generate_series(1, 300) AS i")
    run("SELECT assay.train('page <b>&', %s, 'hit', 'gradient_boosting', split => 'none', exclude => '{id}')", f"SELECT * FROM {table}")
    run("SELECT assay.describe_model('page <b>&', %s)", json.dumps({"purpose": HOSTILE.replace("\u0007", ""), "limits": "x" * 20000, "slices": ["n"], "fairness_groups": ["n"]}))
    run("SELECT assay.train('wide', 'SELECT * FROM wide', 'column <7> with a name', 'ridge', split => 'none')")
    run("SELECT assay.add_check(%s::regclass, 'accepted_values', %s, %s, name => %s)", table, "a<b>&\"'" + HOSTILE[:40], json.dumps({"values": ["plain"]}), "<img src=x onerror=alert(1)> & \"quoted\"")
    run("SELECT assay.add_check(%s::regclass, 'not_null', 'n', name => 'fine')", table)
    for _ in range(4):
        run("SELECT count(*) FROM assay.run_checks(%s::regclass)", table)
    run("SELECT assay.train('page of numbers', %s, 'n', 'decision_tree', split => 'none', exclude => '{id}')", f"SELECT * FROM {table}")
    run("SELECT assay.train('page of classes', %s, %s, 'gradient_boosting', params => '{\"n_estimators\": 5}', split => 'none')", f"SELECT n, hit, id, {column} FROM {table}", "a<b>&\"'" + HOSTILE[:40])
    make_incidents(table)
    return table


def make_incidents(table):
    """Weeks of incidents, with titles that are somebody's ill will."""
    # Names are made of what can be seen.
    seen = "".join(character for character in HOSTILE if character.isprintable())
    run("INSERT INTO assay.owner (id, name, kind, added_by) VALUES (1, %s, 'team', current_user::regrole)", "<b>ingest</b> & " + HOSTILE[:40])
    run("INSERT INTO assay.asset (id, kind, name, relation, relation_name, relation_owner, added_by) VALUES (1001, 'relation', %s, %s::regclass, %s, current_user::regrole, current_user::regrole) "
        "ON CONFLICT (kind, name) DO UPDATE SET id = excluded.id", "public." + table, table, "public." + table)
    for number in range(1, 31):
        run("INSERT INTO assay.data_product (id, name, priority, owner_id, added_by) VALUES (%s, %s, 'p1', 1, current_user::regrole)", number, (f"product {number} <i>" + seen[:20 + number]).strip())
        run("INSERT INTO assay.product_asset VALUES (%s, 1001, 'inner')", number)
    run("""INSERT INTO assay.incident (id, title, severity, status, owner_id, declared_by, started_at, declared_at, mitigated_at, ended_at)
        SELECT i, %s || i, 'sev' || i %% 4 + 1, CASE WHEN i %% 9 = 0 THEN 'open' ELSE 'resolved' END, 1, current_user::regrole, t, t, CASE WHEN i %% 9 > 0 THEN t + i * interval '20 minutes' END,
            CASE WHEN i %% 9 > 0 THEN t + i * interval '25 minutes' END FROM generate_series(1, 60) AS i, LATERAL (SELECT now() - i * interval '31 hours' AS t) AS times""", HOSTILE.replace("\u0007", ""))
    run("""INSERT INTO assay.issue (asset_id, asset_name, kind, subject, status, severity, occurrences, started_at, last_seen_at, incident_id, message, ran_as)
        SELECT 1001, 'a', 'check', %s || i, 'open', (ARRAY['warn', 'error'])[i %% 2 + 1], i, now() - i * interval '31 hours', now(), CASE WHEN i %% 3 > 0 THEN i END, %s, current_user::regrole
        FROM generate_series(1, 60) AS i""", "<img src=x> | ", HOSTILE.replace("\u0007", ""))


def markdown_pages(table):
    return {
        "profile": value("SELECT assay.render_profile(%s, 'markdown')", table),
        "drift": value("SELECT assay.render_drift(%s, 'moved', format => 'markdown')", table),
        "checks": value("SELECT assay.render_checks(%s::regclass, 'markdown')", table),
        "reliability": value("SELECT assay.render_reliability('markdown')"),
        "model": value("SELECT assay.render_model('page <b>&', %s, 'markdown')", table),
        "model of classes": value("SELECT assay.render_model('page of classes', %s, 'markdown')", table),
    }


def pages(table):
    return {
        "profile": value("SELECT assay.render_profile(%s, 'html')", table),
        "profile of 1,600 columns": value("SELECT assay.render_profile('wide', 'html')"),
        "drift": value("SELECT assay.render_drift(%s, 'moved', format => 'html')", table),
        "drift of 1,600 columns": value("SELECT assay.render_drift('wide', 'SELECT * FROM wide WHERE \"column <1> with a name\" > 7', format => 'html')"),
        "checks": value("SELECT assay.render_checks(%s::regclass, 'html')", table),
        "reliability": value("SELECT assay.render_reliability('html')"),
        "model": value("SELECT assay.render_model('page <b>&', NULL, 'html')"),
        "model on a query": value("SELECT assay.render_model('page <b>&', %s, 'html')", table),
        "model of numbers": value("SELECT assay.render_model('page of numbers', %s, 'html')", table),
        "model of classes": value("SELECT assay.render_model('page of classes', %s, 'html')", table),
        "model on no rows": value("SELECT assay.render_model('page <b>&', %s, 'html')", f"SELECT * FROM {table} WHERE false"),
        "model of 1,600 columns": value("SELECT assay.render_model('wide', 'wide', 'html')"),
    }


# What of a page stands out too little from its ground: texts by less than 4.5 to 1, what is drawn by less than 3 to 1 (WCAG 2.1, AA).
CONTRAST = """(() => {
    const channel = c => (c /= 255) <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
    const light = c => 0.2126 * channel(c[0]) + 0.7152 * channel(c[1]) + 0.0722 * channel(c[2]);
    const colour = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const ground = element => {
        for (; element; element = element.parentElement) {
            const found = colour(getComputedStyle(element).backgroundColor);
            if (found.length === 3 || found[3] > 0) return found;
        }
        return [255, 255, 255];
    };
    const found = new Set();
    const look = (element, text, least) => {
        const [a, b] = [light(colour(text)), light(ground(element.parentElement))];
        const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
        if (ratio < least) found.add(`${element.tagName}.${element.getAttribute("class")} ${ratio.toFixed(2)}`);
    };
    for (const element of document.querySelectorAll("body *:not(title):not(desc)")) {
        const style = getComputedStyle(element), drawn = element instanceof SVGElement;
        if ([...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim())) look(element, drawn ? style.fill : style.color, 4.5);
        if (element.matches(".l, .i, .p, .k path")) look(element, style.stroke, 3);
        if (element.matches("path.h1, path.h2, path.h3, path.h4, path.h5")) {
            const [over, under, share] = [colour(style.fill), ground(element.parentElement), Number(style.fillOpacity)];
            look(element, over.map((part, place) => part * share + under[place] * (1 - share)).join(" "), 3);
        }
        if (element.matches("path.f, circle.f")) look(element, style.fillOpacity === "1" ? style.fill : style.stroke, 3);
    }
    return [...found].slice(0, 8).join(", ");
})()"""

# Texts of a figure that are cut off at its edge, or lie over each other.
OVERLAPS = """(() => {
    const found = [];
    for (const svg of document.querySelectorAll("figure svg")) {
        const whole = svg.getBoundingClientRect();
        const boxes = [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()]);
        for (const [text, box] of boxes) {
            if (box.left < whole.left - 1 || box.right > whole.right + 1 || box.top < whole.top - 1 || box.bottom > whole.bottom + 1) found.push(`${text} is cut off`);
        }
        for (const [place, [text, a]] of boxes.entries()) for (const [other, b] of boxes.slice(place + 1)) {
            if (a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 3 && b.top < a.bottom - 3) found.push(`${text} lies over ${other}`);
        }
    }
    return found.slice(0, 8).join(", ");
})()"""


def look(browser, name, file):
    kept = os.environ.get("SCREENSHOTS")
    for width, scheme in itertools.product((390, 1440), ("light", "dark")):
        browser.open(file, width, scheme)
        label = f"{name}, {width} wide, {scheme}"
        asked = [params["request"]["url"] for params in browser.of("Network.requestWillBeSent")]
        asked = [url for url in asked if not url.startswith("data:") and url != file.as_uri()]
        said = [str(params)[:300] for params in browser.of("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")]
        check(f"{label}: nothing is asked for, and nothing complained about", not asked and not said, asked + said)
        inner = browser.evaluate("document.documentElement.scrollWidth")
        check(f"{label}: it is not wider than the window", inner <= width, inner)
        light = browser.evaluate("(c => c.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0))(getComputedStyle(document.body).backgroundColor)")
        check(f"{label}: its ground is that of the scheme", light > 600 if scheme == "light" else light < 150, light)
        faint = browser.evaluate(CONTRAST)
        check(f"{label}: everything stands out from its ground", faint == "", faint)
        if scheme == "light":
            over = browser.evaluate(OVERLAPS)
            check(f"{label}: no label is cut off or lies over another", over == "", over)
        if kept:
            size = browser.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": width, "height": min(size["height"], 9000), "scale": 1}
            shot = browser.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"]
            pathlib.Path(kept, f"{name} {width} {scheme}.png".replace(" ", "-")).write_bytes(base64.b64decode(shot))


def print_out(browser, name, file):
    """On paper as wide as A4, of a reader whose screen is dark."""
    browser.open(file, 718, "dark", "print")
    faint = browser.evaluate(CONTRAST)
    check(f"{name}, printed: it is dark on white", faint == "" and browser.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", faint)


def main():
    table = make_tables()
    for name, page in markdown_pages(table).items():
        check(f"{name} in Markdown: it is what it looks like", not markdown_problems(page), markdown_problems(page)[:5])
    folder, browser = pathlib.Path(tempfile.mkdtemp()), None
    try:
        browser = Browser()
        for name, page in pages(table).items():
            check(f"{name}: at most a megabyte", len(page.encode()) <= MOST, len(page.encode()))
            check(f"{name}: a strict parser has nothing to say", not problems(page), problems(page)[:5])
            file = folder / f"{name.replace(' ', '-').replace(',', '')}.html"
            file.write_text(page, encoding="utf-8")
            look(browser, name, file)
            print_out(browser, name, file)
    finally:
        if browser:
            browser.close()
        shutil.rmtree(folder, ignore_errors=True)
    return promises.failed > 0


sys.exit(main())
