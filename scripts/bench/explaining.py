"""Explaining rows beside LightGBM's contributions and the shap package."""

from measure import Session
from report import FEATURES, FEWER, ROWS, SERIAL, Sections, comma, train


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
        with Session(SERIAL) as session:
            before = session.peak()
            session.run(self.query(""))
            held = session.peak() - before
        self.table.value("peak memory of explain_query, MB", f"{held / 1e6:.0f}", goal="<= 200", met=held <= 200e6)
        with Session() as session:
            session.run("DROP TABLE explained")

    def query(self, options):
        columns = comma(["id", *FEATURES])
        return f"SELECT count(*), max(abs(attribution)) FROM explain_query('explained', 'SELECT {columns} FROM bench', '{{id}}'{options})"
