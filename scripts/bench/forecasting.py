"""Forecasts of the 3,003 series of the M3 competition beside statsforecast: how long they take, and how far off they are."""

from measure import Session
from report import Sections

TABLE = "bench_m3"
# How many steps the competition asks for.
HORIZONS = {"yearly": 6, "quarterly": 8, "monthly": 18, "other": 8}


class Forecasting(Sections):
    """Series."""

    NAMES = ["forecast"]
    PEERS = "forecasting_peers.py", "BENCH_FORECASTING_PEERS"

    def forecast(self):
        if not self.peers:
            self.table.say("The series of M3 come from a package of the peers, which are not installed, so forecasts are not measured.")
            return
        # The peers write the table: they have the series.
        self.peers.used("write_series", table=TABLE)
        def ours():
            wall = cpu = 0
            for kind, horizon in HORIZONS.items():
                with Session() as session:
                    used = session.used(
                        f"SELECT rows FROM train('m3_{kind}', 'SELECT series, at, value FROM {TABLE} WHERE kind = ''{kind}'' AND NOT is_test', 'value', 'forecast', "
                        f"params => '{{\"time\": \"at\", \"series\": [\"series\"], \"horizon\": {horizon}}}', deploy => 'always')")
                    ahead = session.used(f"CREATE TABLE IF NOT EXISTS m3_ahead_{kind} AS SELECT * FROM forecast('m3_{kind}', {horizon}); DROP TABLE m3_ahead_{kind}")
                wall, cpu = wall + used.wall + ahead.wall, cpu + used.cpu + ahead.cpu
            used.wall, used.cpu = wall, cpu
            return used
        own, peer = self.by_turns(ours, self.peer("forecast", TABLE), repeat=1)
        self.table.times("forecast, 3,003 series : statsforecast", own, peer, 0.1)
        self.accuracy(peer)

    def accuracy(self, peer):
        """As the competition scores: each series' mean, and then the mean of all series."""
        union = " UNION ALL ".join(
            f"SELECT '{kind}' AS kind, f.series ->> 'series' AS series, f.at, f.value, f.lower, f.upper FROM forecast('m3_{kind}', {horizon}) AS f"
            for kind, horizon in HORIZONS.items())
        with Session() as session:
            smape, mase, coverage = map(float, session.run(f"""
                SELECT avg(smape), avg(mase), avg(coverage) FROM (
                    SELECT m.series, avg(200 * abs(f.value - m.value) / (abs(f.value) + abs(m.value))) AS smape, avg(abs(f.value - m.value)) / min(m.scale) AS mase,
                           avg((m.value BETWEEN f.lower AND f.upper)::int) AS coverage
                    FROM {TABLE} AS m JOIN ({union}) AS f ON f.series = m.series AND f.at = m.at WHERE m.is_test GROUP BY m.series) AS of_series""")[0].split("\t"))
        theirs = peer.output[0] if peer else None
        self.table.value("  sMAPE", f"{smape:.2f}", theirs and f"{theirs['smape']:.2f}", "", "<= 12.9", smape <= 12.9)
        self.table.value("  MASE", f"{mase:.3f}", theirs and f"{theirs['mase']:.3f}", "", "<= 1.41", mase <= 1.41)
        self.table.value("  95 % intervals cover", f"{coverage:.3f}", theirs and f"{theirs['coverage']:.3f}", "", ".92 - .97", 0.92 <= coverage <= 0.97)
