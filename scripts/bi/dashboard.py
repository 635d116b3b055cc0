"""Makes a Superset dashboard over assay's views through Superset's API, keeps its export in sql/superset, and tries that export.

    dashboard.py URL PASSWORD FOLDER

PGHOST and PGPORT say where PostgreSQL is. FOLDER takes the picture. What a chart is stands in CHARTS.
"""

import io
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
import zipfile

URL, PASSWORD, FOLDER = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
KEPT = pathlib.Path("sql/superset")
TITLE = "assay: models and data"
DATABASE = "assay"


def metric(expression, label):
    """A number that a chart shows."""
    return {"expressionType": "SQL", "sqlExpression": expression, "label": label, "optionName": label}


def line(x, y, series, **more):
    """A line chart."""
    return "echarts_timeseries_line", {"x_axis": x, "metrics": [y], "groupby": series, "row_limit": 10000, "x_axis_sort_asc": True,
                                       "show_legend": True, "truncateYAxis": False, **more}


def points(x, y, series, **more):
    """A chart of points: those of each series are at places of their own, between which nothing is known."""
    return "echarts_timeseries_scatter", {"x_axis": x, "metrics": [y], "groupby": series, "row_limit": 10000, "markerSize": 5, "show_legend": True, **more}


def where(condition):
    """Which rows a chart shows."""
    return {"adhoc_filters": [{"clause": "WHERE", "expressionType": "SQL", "sqlExpression": condition}]}


# An axis of shares.
SHARES = {"truncateYAxis": True, "y_axis_bounds": [0, 1]}
# One of shares that are all near 1.
UP_TO_ALL = {"truncateYAxis": True, "y_axis_bounds": [None, 1]}


def bars(x, y, series, **more):
    """A chart of stacked bars."""
    return "echarts_timeseries_bar", {"x_axis": x, "metrics": [y], "groupby": series, "row_limit": 10000, "stack": "Stack", "show_legend": True, **more}


def table(columns, order, **more):
    """Rows as they are."""
    return "table", {"query_mode": "raw", "all_columns": columns, "order_by_cols": [json.dumps([order, False])], "row_limit": 200, "server_page_length": 10, **more}


# Title, view, chart, width out of 12, height; by tab.
TABS = {
    "Models and data": [
        ("Versions", "model_versions", table(["model", "version", "algorithm", "deployed", "trained_at", "rows"], "trained_at"), 6, 30),
        ("Checks", "check_summary", table(["name", "status", "rows", "message"], "rows"), 6, 30),
        ("ROC curve", "model_roc", points("false_positive_rate", metric("max(true_positive_rate)", "true positive rate"), ["version"], **SHARES), 4, 50),
        ("Calibration", "model_calibration", points("predicted", metric("max(actual)", "share that came true"), ["version"], markerSize=9, **SHARES), 4, 50),
        ("Lift", "model_lift", bars("bin", metric("max(lift)", "lift"), ["version"], stack=None), 4, 50),
        ("ROC AUC of decisions, by day", "performance_over_time", line("day", metric("max(CASE WHEN metric = 'roc_auc' THEN value END)", "ROC AUC"), ["version"], time_grain_sqla="P1D", **SHARES), 4, 50),
        ("The same, estimated without labels", "performance_over_time", line("day", metric("max(CASE WHEN metric = 'roc_auc' THEN estimated END)", "ROC AUC, estimated"), ["version"], time_grain_sqla="P1D", **SHARES), 4, 50),
        ("Decisions by day", "predictions", bars("at", metric("count(*)", "decisions"), ["decision"], time_grain_sqla="P1D", **where("NOT challenger")), 4, 50),
        ("What pushed towards a refusal", "decision_reasons", bars("feature", metric("sum(greatest(attribution, 0))", "pushed towards refusal"), [], orientation="horizontal",
                                                                   x_axis_sort="pushed towards refusal", x_axis_sort_asc=True, **where("decision = 'true'")), 6, 50),
        ("Drift over time", "drift_history", line("run_at", metric("max(statistic)", "effect"), ["column_name"], time_grain_sqla="P1D", limit=8,
                                                  timeseries_limit_metric=metric("max(impact)", "impact")), 6, 50),
        ("Results of checks by status", "check_history", bars("run_at", metric("count(*)", "results"), ["status"], time_grain_sqla="P1D"), 12, 50),
    ],
    "Reliability": [
        ("Open incidents", "incidents", table(["id", "title", "severity", "status", "owner", "started_at", "resolve_due_at"], "started_at",
                                              **where("status IN ('open', 'acknowledged', 'mitigated')")), 12, 30),
        ("Open issues", "issues", table(["asset", "subject", "severity", "occurrences", "owner", "started_at"], "started_at", **where("status = 'open'")), 12, 30),
        ("Issues by day", "issues", bars("started_at", metric("count(*)", "issues"), ["severity"], time_grain_sqla="P1D"), 6, 50),
        ("Incidents by week", "incidents", bars("started_at", metric("count(*)", "incidents"), ["severity"], time_grain_sqla="P1W",
                                                **where("status <> 'cancelled'")), 6, 50),
        ("Uptime by product, week by week", "uptime_by_week", line("week", metric("max(uptime)", "uptime"), ["product"], time_grain_sqla="P1W", **UP_TO_ALL), 6, 50),
        ("Error budget left", "sla_status", bars("target", metric("max(budget_left)", "share of the budget"), ["sli"], orientation="horizontal", stack=None), 6, 50),
    ],
}
CHARTS = [chart for charts in TABS.values() for chart in charts]


class Superset:
    """A session with the API."""

    def __init__(self):
        self.token = None
        answer = self.call("POST", "/api/v1/security/login", {"username": "admin", "password": PASSWORD, "provider": "db", "refresh": False})
        self.token = answer["access_token"]

    def call(self, method, path, body=None, content=None, raw=False):
        """What the API answers; an error is told whole."""
        headers = {"Content-Type": content or "application/json"} if body is not None else {}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(URL + path, data=data, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            sys.exit(f"{method} {path}: {error.code} {error.read().decode(errors='replace')[:2000]}")
        return text if raw else json.loads(text)

    def rows(self, chart):
        """How many rows a chart's own query gives; an error is told."""
        answer = self.call("GET", f"/api/v1/chart/{chart}/data/?force=true")
        results = answer["result"]
        for result in results:
            if result.get("error"):
                sys.exit(f"chart {chart}: {result['error']}")
        return sum(result["rowcount"] for result in results)


def wait():
    """Until the server answers."""
    for _ in range(240):
        try:
            with urllib.request.urlopen(URL + "/health", timeout=5):
                return
        except OSError:
            time.sleep(0.5)
    sys.exit("Superset did not start: see superset.log")


def query_context(dataset, kind, params):
    """What a chart asks for, so that the API can run it without a browser."""
    raw = kind == "table"
    conditions = " AND ".join(f"({each['sqlExpression']})" for each in params["adhoc_filters"])
    query = {"filters": [], "extras": {"where": conditions} if conditions else {}, "row_limit": params["row_limit"], "annotation_layers": [], "series_limit": 0}
    if raw:
        query.update(columns=params["all_columns"], orderby=[json.loads(text) for text in params["order_by_cols"]], metrics=None)
    else:
        query.update(columns=[params["x_axis"], *params["groupby"]], metrics=params["metrics"], orderby=[])
    return {"datasource": {"id": dataset, "type": "table"}, "force": False, "queries": [query], "form_data": params, "result_format": "json", "result_type": "full"}


def layout(charts):
    """The dashboard's tabs, each of rows of charts, twelve columns wide."""
    position = {"DASHBOARD_VERSION_KEY": "v2", "ROOT_ID": {"type": "ROOT", "id": "ROOT_ID", "children": ["TABS"]},
                "GRID_ID": {"type": "GRID", "id": "GRID_ID", "children": [], "parents": ["ROOT_ID"]},
                "TABS": {"type": "TABS", "id": "TABS", "children": [], "parents": ["ROOT_ID"], "meta": {}}}
    placed = enumerate(charts)
    for number, (name, of_tab) in enumerate(TABS.items()):
        tab, used = f"TAB-{number}", 12
        position["TABS"]["children"].append(tab)
        position[tab] = {"type": "TAB", "id": tab, "children": [], "parents": ["ROOT_ID", "TABS"], "meta": {"text": name}}
        for _ in of_tab:
            place, (chart, identifier, title, width, height) = next(placed)
            if used + width > 12:
                row = f"ROW-{place}"
                position[row] = {"type": "ROW", "id": row, "children": [], "parents": ["ROOT_ID", "TABS", tab], "meta": {"background": "BACKGROUND_TRANSPARENT"}}
                position[tab]["children"].append(row)
                used = 0
            used += width
            position[row]["children"].append(f"CHART-{place}")
            position[f"CHART-{place}"] = {"type": "CHART", "id": f"CHART-{place}", "children": [], "parents": ["ROOT_ID", "TABS", tab, row],
                                          "meta": {"chartId": chart, "uuid": identifier, "sliceName": title, "width": width, "height": height}}
    return position


def create(superset, uri):
    """The connection, a dataset per view, the charts and the dashboard; gives the dashboard's number and those of the charts."""
    database = superset.call("POST", "/api/v1/database/", {"database_name": DATABASE, "sqlalchemy_uri": uri, "expose_in_sqllab": True})["id"]
    datasets, charts = {}, []
    dashboard = superset.call("POST", "/api/v1/dashboard/", {"dashboard_title": TITLE, "slug": "assay", "published": True})["id"]
    for title, view, (kind, params), width, height in CHARTS:
        if view not in datasets:
            datasets[view] = superset.call("POST", "/api/v1/dataset/", {"database": database, "schema": "assay", "table_name": view})["id"]
        dataset = datasets[view]
        params = {"datasource": f"{dataset}__table", "viz_type": kind, "adhoc_filters": [], **params}
        chart = superset.call("POST", "/api/v1/chart/", {
            "slice_name": title, "viz_type": kind, "datasource_id": dataset, "datasource_type": "table", "params": json.dumps(params),
            "query_context": json.dumps(query_context(dataset, kind, params)), "dashboards": [dashboard]})["id"]
        identifier = superset.call("GET", f"/api/v1/chart/{chart}")["result"].get("uuid")
        charts.append((chart, identifier, title, width, height))
    superset.call("PUT", f"/api/v1/dashboard/{dashboard}", {"json_metadata": json.dumps({"positions": layout(charts)}),
                                                            "position_json": json.dumps(layout(charts))})
    return dashboard, [chart for chart, *_ in charts], list(datasets.values()), database


def keep(archive):
    """Writes the export's files, with numbers that are the same in each run and without the address of this machine."""
    with zipfile.ZipFile(io.BytesIO(archive)) as files:
        texts = {re.sub(r"_(\d+)\.yaml$", ".yaml", "/".join(name.split("/")[1:])): files.read(name).decode() for name in files.namelist()}
    fixed = {}
    for name in sorted(texts):
        own = re.search(r"^uuid: (\S+)$", texts[name], re.M)
        if own:
            fixed[own.group(1)] = str(uuid.uuid5(uuid.NAMESPACE_URL, f"assay/superset/{name}"))
    for old in KEPT.rglob("*.yaml"):
        old.unlink()
    for name, text in texts.items():
        for before, after in fixed.items():
            text = text.replace(before, after)
        text = re.sub(r"^sqlalchemy_uri: .*$", "sqlalchemy_uri: postgresql+psycopg2://localhost/postgres", text, flags=re.M)
        text = re.sub(r"^timestamp: .*$", "timestamp: '2026-01-01T00:00:00+00:00'", text, flags=re.M)
        path = KEPT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def packed(uri):
    """The kept export as Superset imports it, with the address of the database to be read."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(KEPT.rglob("*.yaml")):
            text = path.read_text().replace("postgresql+psycopg2://localhost/postgres", uri)
            archive.writestr(f"assay/{path.relative_to(KEPT)}", text)
    return buffer.getvalue()


def imported(superset, uri):
    """Imports the kept export into a Superset that has nothing of it."""
    border = uuid.uuid4().hex
    body = (f'--{border}\r\nContent-Disposition: form-data; name="overwrite"\r\n\r\ntrue\r\n'
            f'--{border}\r\nContent-Disposition: form-data; name="formData"; filename="assay.zip"\r\nContent-Type: application/zip\r\n\r\n').encode()
    body += packed(uri) + f"\r\n--{border}--\r\n".encode()
    superset.call("POST", "/api/v1/dashboard/import/", body, f"multipart/form-data; boundary={border}")


def try_charts(superset, charts, what):
    """Each chart has rows."""
    for chart in charts:
        title = superset.call("GET", f"/api/v1/chart/{chart}")["result"]["slice_name"]
        rows = superset.rows(chart)
        print(f"{'ok' if rows else 'not ok'} - {what}: {title} has {rows} rows", flush=True)
        if not rows:
            sys.exit(1)


def pictures():
    """What a browser shows of each tab of the dashboard."""
    chromium = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
    if not chromium:
        sys.exit("there is no Chromium to look at the dashboard with: apt-get install chromium")
    door = FOLDER / "home" / "login.html"
    for number, name in enumerate(TABS):
        # A page that logs in, and goes on to the dashboard.
        tab = urllib.parse.quote(f"{URL}/superset/dashboard/assay/?standalone=2#TAB-{number}", safe="")
        door.write_text(f'''<form method="post" action="{URL}/login/?next={tab}"><input name="username" value="admin">
<input name="password" value="{PASSWORD}"></form><script>document.forms[0].submit()</script>''')
        path = FOLDER / f"dashboard-{number + 1}.png"
        path.unlink(missing_ok=True)
        subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1440,1950", "--virtual-time-budget=60000",
                        f"--user-data-dir={FOLDER / 'home' / 'chromium'}", f"--screenshot={path}", door.as_uri()],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=180)
        print(f"ok - tab {name} of the dashboard is in {path}", flush=True)


def main():
    """All of it."""
    wait()
    socket = urllib.parse.quote(os.environ["PGHOST"], safe="")
    uri = f"postgresql+psycopg2://{os.environ['PGUSER']}@/bi?host={socket}&port={os.environ.get('PGPORT', '5432')}"
    superset = Superset()
    dashboard, charts, datasets, database = create(superset, uri)
    try_charts(superset, charts, "made")
    keep(superset.call("GET", f"/api/v1/dashboard/export/?q=!({dashboard})", raw=True))
    superset.call("DELETE", f"/api/v1/dashboard/{dashboard}")
    for chart in charts:
        superset.call("DELETE", f"/api/v1/chart/{chart}")
    for dataset in datasets:
        superset.call("DELETE", f"/api/v1/dataset/{dataset}")
    superset.call("DELETE", f"/api/v1/database/{database}")
    imported(superset, uri)
    found = superset.call("GET", "/api/v1/dashboard/assay/charts")["result"]
    try_charts(superset, [chart["id"] for chart in found], "imported")
    pictures()


main()
