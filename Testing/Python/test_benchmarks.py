"""The page of benchmarks says what was measured, and calls a missed target missed."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path

STEPS = {"a command": {"reading": 0.063}}
BENCHMARKS = Path(__file__).resolve().parents[2] / "Benchmarks"


@unittest.skipUnless(BENCHMARKS.is_dir(), "runs in the source tree only")
class PagesTest(unittest.TestCase):
    def setUp(self) -> None:
        sys.path.insert(0, str(BENCHMARKS))
        self.addCleanup(sys.path.remove, str(BENCHMARKS))

    def page(self, *figures: object, others: dict[str, dict[str, object]] | None = None) -> str:
        from pages import performance_page

        profile = [("counting", 0.25)]
        return performance_page(
            figures, others or {}, (80.0, 10000.0, 0.008), profile, 7, 1.5, 0.5, 0.4, 1.2, STEPS
        )  # fmt: skip

    def test_every_figure_has_its_row_and_a_missed_target_is_called_so(self) -> None:
        from pages import Figure

        page = self.page(
            Figure("975 features", "0.3 s (0.2 to 0.4)", "0.5 s", 0.6, "at most 0.5 x", False),
            Figure("memory", "250 MB", "420 MB", 0.59, "below 1 x", True),
            Figure("beside", "1 s", "2 s", 0.5),
        )
        rows = [line for line in page.splitlines() if line.startswith("| ")]
        self.assertIn("| 975 features | 0.3 s (0.2 to 0.4) | 0.5 s | 0.60 | at most 0.5 x | **not met** |", rows)
        self.assertIn("| memory | 250 MB | 420 MB | 0.59 | below 1 x | met |", rows)
        self.assertIn("| beside | 1 s | 2 s | 0.50 |  |  |", rows)
        self.assertIn("| `counting` | 25% |", rows)
        self.assertIn("| reading | 63 ms |", rows)
        self.assertIn("Not measured", page)
        self.assertIn("**Features.**", page)
        self.assertNotIn("**Live.**", page)

    def test_other_packages_stand_beside_ours_with_the_time_of_a_feature(self) -> None:
        from pages import Figure

        figure = Figure("975 features", "0.39 s (0.2 to 0.4)", "0.5 s", 0.4, "at most 0.5 x", True)
        page = self.page(figure, others={"mirp": {"version": "2.7.0", "features": 100, "seconds": [5.0, 4.0, 6.0]}})
        self.assertIn("| mirp 2.7.0, one image | 100 | 5 s (4 to 6) | 50.00 ms |", page)
        self.assertIn("| 975 | 0.39 s (0.2 to 0.4) | 0.40 ms |", page)
        self.assertNotIn("**Features.**", page)

    def test_what_a_large_cohort_takes_follows_from_what_was_measured(self) -> None:
        from pages import scaling_page
        from scale import Scale

        page = scaling_page(Scale(10, 7.2, 4.0, 6.0, 0, {100: 190.0, 2000: 209.0}, 270.0, 8e6, 20e3, 1.9))
        self.assertIn("0.72 s a patient", page)
        self.assertIn("20 core hours", page)  # 100,000 times 0.72 s
        self.assertIn("0.80 TB", page)
        self.assertIn("2.0 GB each", page)
        self.assertIn("1.2 GB", page)  # 190 MB and 0.01 MB a patient
        self.assertIn("the same, byte for byte", page)


if __name__ == "__main__":
    unittest.main()
