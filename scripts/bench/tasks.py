"""Tasks beside classification and regression: clusters, components, anomalies, margins, beside scikit-learn."""

from measure import Session
from report import NUMBERS, Sections, comma, run_file

ROWS, FEW = 800_000, 50_000
TABLE = "bench_tasks"


def statement(model, algorithm, params="{}", target=None, columns=NUMBERS, table=TABLE, shown="rows", task=None):
    """Trains on all rows, as the peers do."""
    columns = [*columns, *([target] if target else [])]
    target = f"'{target}'" if target else "NULL"
    task = f", task => '{task}'" if task else ""
    return (f"SELECT {shown} FROM train('{model}', 'SELECT {comma(columns)} FROM {table}', {target}, '{algorithm}', "
            f"params => '{params}', split => 'none', deploy => 'always'{task})")


KMEANS = statement("clusters", "k_means", '{"num_clusters": 8, "standardize": false, "seed": 1}', shown="metrics->>'inertia'")
MIXTURE = statement("mixture", "gaussian_mixture", '{"num_components": 8, "standardize": false, "seed": 1}', shown="metrics->>'log_likelihood'")
PCA = statement("shape", "pca", '{"standardize": false}')
BAYES = statement("bayes", "naive_bayes", target="label")
BAYES_OF_8 = statement("bayes_of_8", "naive_bayes", target="class")
MARGIN = statement("margin", "linear_svm", target="label")
ISOLATION = statement("strange", "isolation_forest", '{"seed": 1}')
FOREST = statement("trees", "random_forest", target="class", table=f"{TABLE} WHERE id <= 100000", task="classification")
DENSITY = statement("dense", "dbscan", '{"epsilon": 0.35, "min_samples": 10, "standardize": false}', columns=NUMBERS[:3], table=f"{TABLE} WHERE id <= {FEW}")


class Tasks(Sections):
    """Tasks with and without a target."""

    NAMES = ["k_means", "mixture", "pca", "bayes", "margin", "isolation", "isolation_scores", "many_trees", "density"]
    PEERS = "tasks_peers.py", "BENCH_PEERS"

    def __init__(self, table, peers):
        super().__init__(table, peers)
        with Session() as session:
            there = session.run(f"SELECT to_regclass('public.{TABLE}') IS NOT NULL")[0] == "t"
            if there:
                there = int(session.run(f"SELECT max(id) FROM {TABLE}")[0]) == ROWS
            if not there:
                session.run(f"DROP TABLE IF EXISTS {TABLE}")
        if not there:
            run_file("tasks.sql", name=TABLE, rows=ROWS)

    def beside(self, what, own, task, most):
        ours, peer = self.by_turns(self.ours(own), self.peer(task, TABLE))
        self.table.times(f"{what} : fetch .. fit", ours, peer, most)
        self.table.stages(ours, peer)
        return ours, peer

    def k_means(self):
        ours, peer = self.beside("k_means, 8 clusters", KMEANS, "k_means", 0.35)
        if peer:
            own, other = float(ours.output[0]), peer.output[0]
            self.table.value("  inertia", f"{own:.4g}", f"{other:.4g}", f"{own / other:.4f}", "<= 1.01", own <= 1.01 * other)

    def mixture(self):
        ours, peer = self.beside("gaussian_mixture, 8", MIXTURE, "mixture", 0.5)
        if peer:
            own, other = float(ours.output[0]), peer.output[0]
            self.table.value("  log likelihood a row", f"{own:.4f}", f"{other:.4f}", f"{own - other:+.4f}", ">= -0.01", own >= other - 0.01)

    def pca(self):
        self.beside("pca", PCA, "pca", 0.3)

    def bayes(self):
        self.beside("naive_bayes", BAYES, "naive_bayes", 0.3)
        self.beside("naive_bayes, 8 classes", BAYES_OF_8, "naive_bayes_of_8", None)

    def margin(self):
        self.beside("linear_svm", MARGIN, "linear_svm", 0.3)

    def isolation(self):
        self.beside("isolation_forest", ISOLATION, "isolation_forest", 0.25)

    def isolation_scores(self):
        with Session() as session:
            session.run(ISOLATION)
        query = f"SELECT avg(predict('strange', {comma(NUMBERS)})) FROM {TABLE}"
        ours, base, peer = self.by_turns(self.ours(query), self.ours(f"SELECT avg({' + '.join(NUMBERS)}) FROM {TABLE}"), self.peer("isolation_scores", TABLE))
        self.table.times("isolation scores : in memory", ours, peer, 0.5)
        self.table.say(f"    a query that reads the same columns and predicts nothing takes {base.cpu:.3f} s")

    def many_trees(self):
        self.beside("random_forest, 100k, 8 classes", FOREST, "many_trees", None)

    def density(self):
        ours, peer = self.by_turns(self.ours(DENSITY), self.peer("density", TABLE))
        self.table.times(f"dbscan, {FEW // 1000}k x 3 : in memory", ours, peer, 0.5)
