"""Judging models slice by slice, beside judging them once, and what keeping curves adds to a training."""

from report import FEATURES, Sections, train


class Judging(Sections):
    """Evaluation by slice, fairness, thresholds."""

    NAMES = ["judging"]

    def judging(self):
        self.outcome(train("judged", "logistic_regression", FEATURES, "label", "bench"))
        grouped = "SELECT *, id % 4 AS slice FROM bench"
        evaluate = self.ours(f"SELECT count(*) FROM evaluate('judged', '{grouped}')")
        for what, sql, most in [
            ("fairness over 4 groups", f"SELECT count(*) FROM fairness('judged', '{grouped}', '{{slice}}')", 2),
            ("evaluate(group_by) over 4 groups", f"SELECT count(*) FROM evaluate('judged', '{grouped}', group_by => '{{slice}}')", 2),
            ("threshold_costs", f"SELECT count(*) FROM threshold_costs('judged', '{grouped}', 10, 50)", 2),
            ("calibration_curve", f"SELECT count(*) FROM calibration_curve('judged', '{grouped}')", 2),
        ]:
            ours, once = self.by_turns(self.ours(sql), evaluate)
            self.table.times(f"{what} : evaluate", ours, once, most)
