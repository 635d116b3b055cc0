"""Comparing models, and looking at what predictions are given, beside what they are made of."""

from report import FEATURES, FEWER, NUMBERS, Sections, comma, train


class Comparing(Sections):
    """Comparing and guarding."""

    NAMES = ["comparing", "guard"]

    def comparing(self):
        """Two models on all rows, beside roc_auc of each."""
        for name, features in (("one", FEATURES), ("other", NUMBERS)):
            self.outcome(train(name, "logistic_regression", features, "label", "bench"))
        area = lambda name, features: f"(SELECT roc_auc(label, predict('{name}', {comma(features)})) FROM bench)"
        areas = f"SELECT {area('one', FEATURES)}, {area('other', NUMBERS)}"
        compare = lambda rest="": f"SELECT count(*) FROM compare_models('one', 'other', 'bench'{rest})"
        ours, twice = self.by_turns(self.ours(compare()), self.ours(areas))
        self.table.times("compare_models by DeLong : roc_auc twice", ours, twice, 3)
        for what, rest in {"log_loss": ", 'log_loss'", "all metrics": ", NULL::text", "roc_auc by clusters": ", cluster_by => 'b'"}.items():
            ours, twice = self.by_turns(self.ours(compare(rest)), self.ours(areas), repeat=1)
            self.table.times(f"  {what}", ours, twice)

    def guard(self):
        """What looking at a row adds to a prediction."""
        for algorithm in ("logistic_regression", "gradient_boosting"):
            self.outcome(train("guarded", algorithm, FEATURES, "label", "bench_fewer"))
            call = f"SELECT count(predict('guarded', {comma(FEATURES)})) FROM bench_fewer WHERE b IS NOT NULL"
            each = {}
            for mode in ("off", "notice"):
                each[mode] = self.nanoseconds({"call": call}, FEWER, ("SELECT assay.labels('guarded')", f"SET assay.guard = {mode}"))["call"]
            more = (each["notice"] - each["off"]) / len(FEATURES)
            self.table.value(f"guard, {algorithm}, ns more a feature", f"{more:.1f}", goal="<= 10", met=more <= 10)
