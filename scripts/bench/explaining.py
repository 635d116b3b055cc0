"""Explaining rows beside LightGBM's contributions and the shap package."""

from measure import Session
from report import FEATURES, FEWER, ROWS, SERIAL, Sections, comma, train

NONE = SERIAL, "SET assay.threads = 1"
TWO = "SET max_parallel_workers_per_gather = 2", "SET assay.threads = 2"


class Explaining(Sections):
    """Reasons."""

    NAMES = ["explain"]
    PEERS = "explaining_peers.py", "BENCH_EXPLAINING_PEERS"

    def explain(self):
        """Peers take minutes, so that they explain fewer rows, and once."""
        with Session() as session:
            session.run(train("explained", "gradient_boosting", FEATURES, "label", "bench", "is_test"))
        into = lambda table: f"CREATE TABLE explained AS SELECT id, attributions('explained', {comma(FEATURES)}) FROM {table}"
        once = lambda table: self.ours("DROP TABLE IF EXISTS explained", into(table))
        ours, contributions, values = self.by_turns(once("bench_fewer"), self.peer("contributions", "bench_fewer"),
                                                    self.peer("shap_values", "bench_fewer"), repeat=1)
        self.table.times(f"attributions, {FEWER // 1000}k : pred_contrib", ours, contributions, 0.5)
        if values:
            self.table.times(f"attributions, {FEWER // 1000}k : shap", ours, values, 0.1)
        background = f", baseline => 'SELECT {comma(FEATURES)} FROM bench WHERE id <= 10000'"
        all_rows, trained, against = self.by_turns(once("bench"), self.ours(self.query("")), self.ours(self.query(background)), repeat=1)
        self.table.times(f"attributions, {ROWS // 1000}k", all_rows)
        self.table.times("explain_query : against training rows", against, trained, 3)
        self.table.say("    ours: against a background of 10,000 rows; the peer's figure is that of the same rows against the training rows")
        self.workers("explain_query", [], self.query(""))
        self.workers("attributions", ["DROP TABLE IF EXISTS explained"], into("bench"))
        with Session() as session:
            session.run("DROP TABLE explained")

    def workers(self, what, before, statement):
        """Two workers, be they threads or processes, beside none: how much faster they are, and what memory both take."""
        none, two = self.by_turns(self.ours(*NONE, *before, statement), self.ours(*TWO, *before, statement), repeat=1)
        faster = none.wall / two.wall
        cells = lambda used: (f"{used.wall:.2f}", f"{used.cpu:.2f}")
        self.table.line(f"{what} : 2 workers, times as fast", cells(two), cells(none), (f"{faster:.2f}", ""), ">= 1.6", "yes" if faster >= 1.6 else "NO")
        with Session(*TWO, *before) as session:
            held = session.held(statement)
        self.table.value(f"  {what}: peak memory, MB", f"{held / 1e6:.0f}", goal="<= 200", met=held <= 200e6)

    def query(self, options):
        columns = comma(["id", *FEATURES])
        return f"SELECT count(*), max(abs(attribution)) FROM explain_query('explained', 'SELECT {columns} FROM bench', '{{id}}'{options})"
