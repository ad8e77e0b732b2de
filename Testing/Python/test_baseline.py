"""Table 1 and Table 2: the study's own, again from its printed counts, and every test against other software."""

from __future__ import annotations

import io
import itertools
import math
import unittest

import numpy as np

from HER2PredictLib.errors import InputError

try:
    import pandas as pd
    import scipy.stats

    from HER2PredictLib.training.measured.baseline import p_value_text, table1, table2
    from HER2PredictLib.training.statistics import group_tests
except ImportError:
    pd = None

#: (training, testing) patients: Jiao et al., J Cancer 2024, Table 2.
STUDY = {
    "gender": {"F": (7, 3), "M": (60, 27)},
    "her2": {"0": (34, 21), "1": (33, 9)},
    "ajcc_stage": {"0a": (31, 12), "0is": (1, 2), "I": (13, 7), "II": (17, 7), "IIIA": (2, 0), "IIIB": (3, 2)},
}
#: The study prints 31 + 1 + 13 + 17 + 2 + 3 = 67 and 12 + 2 + 7 + 7 + 0 + 2 = 30.
GROUP = ["train"] * 67 + ["test"] * 30
STUDY_TABLE_2 = """
Gender          |          |          |          | >0.99
Female          | 10 (10%) | 7 (10%)  | 3 (10%)  |
Male            | 87 (90%) | 60 (90%) | 27 (90%) |
HER2            |          |          |          | 0.077
HER2(-)         | 55 (57%) | 34 (51%) | 21 (70%) |
HER2(+)         | 42 (43%) | 33 (49%) | 9 (30%)  |
AJCC stage      |          |          |          | 0.70
0a              | 43 (44%) | 31 (46%) | 12 (40%) |
0is             | 3 (3.1%) | 1 (1.5%) | 2 (6.7%) |
I               | 20 (21%) | 13 (19%) | 7 (23%)  |
II              | 24 (25%) | 17 (25%) | 7 (23%)  |
IIIA            | 2 (2.1%) | 2 (3.0%) | 0 (0%)   |
IIIB            | 5 (5.2%) | 3 (4.5%) | 2 (6.7%) |
"""
STUDY_TABLE_1 = """
Gender                  |
Female                  | 10 (10.31%)
Male                    | 87 (89.69%)
pT stage                |
pTis                    | 3 (3.09%)
pTa                     | 43 (44.33%)
pT1                     | 20 (20.62%)
pT2                     | 24 (24.74%)
pT3                     | 5 (5.15%)
pT4                     | 2 (2.06%)
Lymphovascular invasion |
No                      | 66 (68.04%)
Yes                     | 14 (14.43%)
Missing                 | 17 (17.53%)
"""


def study_cohort() -> pd.DataFrame:
    """97 patients with the study's counts in each column by itself, training group first."""
    return pd.DataFrame(
        {
            column: [level for part in (0, 1) for level, counts in levels.items() for _ in range(counts[part])]
            for column, levels in STUDY.items()
        }
    )


def cells(printed: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in printed.strip().splitlines()]


def printed(table) -> list[list[str]]:
    return [[cell.strip() for cell in line] for line in table.to_frame().to_numpy().tolist()]


@unittest.skipIf(pd is None, "pandas or SciPy is not installed")
class StudyTest(unittest.TestCase):
    def test_table_2_of_the_study_comes_out_as_printed(self) -> None:
        table = table2(study_cohort(), GROUP)
        self.assertEqual(printed(table), cells(STUDY_TABLE_2))
        self.assertEqual(table.columns, ("Overall, N = 97", "Training group, N = 67", "Testing group, N = 30"))
        self.assertIn("Fisher's exact test; Pearson's chi-squared test", table.notes)
        tests = {row.label: row.test.name for row in table.rows if row.test}
        self.assertEqual(tests["HER2"], "Pearson's chi-squared test")
        self.assertEqual(tests["AJCC stage"], "Fisher's exact test")

    def test_table_1_of_the_study_comes_out_as_printed(self) -> None:
        stages = {"pT2": 24, "pTis": 3, "pT4": 2, "pTa": 43, "pT1": 20, "pT3": 5}
        frame = pd.DataFrame(
            {
                "gender": ["M"] * 87 + ["F"] * 10,
                "pt_stage": [stage for stage, count in stages.items() for _ in range(count)],
                "lymphovascular_invasion": ["0"] * 66 + ["1"] * 14 + [""] * 17,
            }
        )
        self.assertEqual(printed(table1(frame)), cells(STUDY_TABLE_1))


@unittest.skipIf(pd is None, "pandas or SciPy is not installed")
class FisherTest(unittest.TestCase):
    def test_two_by_two_equals_scipy(self) -> None:
        random = np.random.default_rng(0)
        for _ in range(60):
            counts = random.integers(0, 12, (2, 2)) + np.eye(2, dtype=int)
            expected = scipy.stats.fisher_exact(counts).pvalue
            self.assertAlmostEqual(group_tests.fisher_exact(counts).p_value, expected, places=12)

    def test_categories_by_two_equals_the_sum_over_all_tables(self) -> None:
        random = np.random.default_rng(1)
        for shape in ((3, 2), (4, 2), (5, 2), (2, 4)):
            counts = random.integers(0, 5, shape) + 1
            tall = counts if shape[1] == 2 else counts.T
            totals, groups = tall.sum(axis=1), tall.sum(axis=0)
            distribution = scipy.stats.random_table(totals, groups)
            firsts = [
                first for first in itertools.product(*(range(total + 1) for total in totals)) if sum(first) == groups[0]
            ]
            likelihoods = [distribution.pmf(np.column_stack([first, totals - first])) for first in firsts]
            self.assertAlmostEqual(sum(likelihoods), 1.0, places=10)
            observed = distribution.pmf(tall) * (1 + 1e-7)
            expected = sum(likelihood for likelihood in likelihoods if likelihood <= observed)
            self.assertAlmostEqual(group_tests.fisher_exact(counts).p_value, expected, places=10)

    def test_the_stages_of_the_study_agree_with_the_simulation_of_scipy(self) -> None:
        counts = np.array(list(STUDY["ajcc_stage"].values()))
        own = group_tests.fisher_exact(counts)
        simulation = scipy.stats.MonteCarloMethod(n_resamples=99_999, rng=np.random.default_rng(2))
        simulated = scipy.stats.fisher_exact(counts, method=simulation).pvalue
        self.assertAlmostEqual(own.p_value, simulated, delta=4 * math.sqrt(0.7 * 0.3 / 99_999))
        self.assertEqual(group_tests.fisher_exact(counts), own)

    def test_more_than_two_groups_are_simulated_and_say_so(self) -> None:
        # R: fisher.test of income against job satisfaction (Agresti 2002, p. 57), p = 0.7827.
        job = np.array([[1, 2, 1, 0], [3, 3, 6, 1], [10, 10, 14, 9], [6, 7, 12, 11]])
        result = group_tests.fisher_exact(job)
        self.assertAlmostEqual(result.p_value, 0.7827, delta=0.005)
        self.assertEqual(result.name, "Fisher's exact test (simulated)")

    def test_a_table_too_large_to_enumerate_is_simulated(self) -> None:
        random = np.random.default_rng(3)
        counts = random.multinomial(450, [0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05], 2).T
        for table in (counts, 2 * counts):
            result = group_tests.fisher_exact(table)
            self.assertEqual(result.name, "Fisher's exact test (simulated)")
            approximate = scipy.stats.chi2_contingency(table, correction=False).pvalue
            self.assertAlmostEqual(result.p_value, approximate, delta=0.02)


@unittest.skipIf(pd is None, "pandas or SciPy is not installed")
class CountsTest(unittest.TestCase):
    def test_chi_squared_equals_the_formula_without_continuity_correction(self) -> None:
        counts = np.array([[34, 21], [33, 9]])
        n, ad, bc = counts.sum(), 34 * 9, 21 * 33
        statistic = n * (ad - bc) ** 2 / (counts.sum(axis=0).prod() * counts.sum(axis=1).prod())
        expected = scipy.stats.chi2.sf(statistic, 1)
        self.assertAlmostEqual(group_tests.compare_counts(counts).p_value, expected, places=12)

    def test_an_expected_count_below_5_calls_for_fisher(self) -> None:
        self.assertEqual(group_tests.compare_counts(np.array([[5, 5], [5, 5]])).name, group_tests.CHI_SQUARED)
        # The smallest count is 5 in both; what counts is that 9 × 10 / 20 = 4.5 were expected.
        self.assertEqual(group_tests.compare_counts(np.array([[4, 5], [6, 5]])).name, group_tests.FISHER)

    def test_one_category_has_nothing_to_compare(self) -> None:
        self.assertTrue(math.isnan(group_tests.compare_counts(np.array([[67, 30], [0, 0]])).p_value))


@unittest.skipIf(pd is None, "pandas or SciPy is not installed")
class WilcoxonTest(unittest.TestCase):
    def test_with_ties_equals_r(self) -> None:
        # R: wilcox.test(Ozone ~ Month, data = airquality, subset = Month %in% c(5, 8)): W = 127.5, p = 0.0001208.
        may = [41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45, 115, 37]
        august = [39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76, 118, 84,
                  85]  # fmt: skip
        p_value = group_tests.wilcoxon_rank_sum(np.array(may), np.array(august)).p_value
        self.assertAlmostEqual(p_value, 0.0001208, places=7)

    def test_small_without_ties_is_exact_as_in_r(self) -> None:
        # R's example (Hollander & Wolfe 1973, p. 69): one-sided exact p = 0.1272, so two-sided 0.2544.
        term = np.array([0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46])
        early = np.array([1.15, 0.88, 0.90, 0.74, 1.21])
        self.assertAlmostEqual(group_tests.wilcoxon_rank_sum(term, early).p_value, 0.2544, places=4)

    def test_from_50_patients_on_the_approximation_is_taken(self) -> None:
        random = np.random.default_rng(4)
        first, second = random.normal(size=50), random.normal(0.3, size=20)
        expected = scipy.stats.mannwhitneyu(first, second, method="asymptotic").pvalue
        self.assertEqual(group_tests.wilcoxon_rank_sum(first, second).p_value, expected)
        exact = scipy.stats.mannwhitneyu(first[:49], second, method="exact").pvalue
        self.assertEqual(group_tests.wilcoxon_rank_sum(first[:49], second).p_value, exact)

    def test_equal_values_do_not_differ_and_nobody_cannot(self) -> None:
        self.assertEqual(group_tests.wilcoxon_rank_sum(np.ones(3), np.ones(4)).p_value, 1.0)
        self.assertTrue(math.isnan(group_tests.wilcoxon_rank_sum(np.ones(3), np.ones(0)).p_value))


@unittest.skipIf(pd is None, "pandas or SciPy is not installed")
class TableTest(unittest.TestCase):
    def test_p_values_are_printed_as_in_the_study(self) -> None:
        for p_value, text in (
            (0.0769, "0.077"), (1.0, ">0.99"), (0.991, ">0.99"), (0.99, "0.99"), (0.6979, "0.70"), (0.13, "0.13"),
            (0.0996, "0.10"), (0.0949, "0.095"), (0.001, "0.001"), (0.00099, "<0.001"), (math.nan, ""),
        ):  # fmt: skip
            self.assertEqual(p_value_text(p_value), text)

    def test_numbers_are_summarised_by_mean_and_error(self) -> None:
        age = [50, 60, 61, 62, 70, 75, 80, 90]
        frame = pd.DataFrame({"age": [str(year) for year in age]})
        error = np.std(age, ddof=1) / math.sqrt(8)
        self.assertEqual(printed(table1(frame)), [["Age (years)", f"{np.mean(age):.2f} ± {error:.2f}"]])

    def test_missing_values_are_counted_and_take_no_part_in_the_test(self) -> None:
        random = np.random.default_rng(5)
        age, group = random.integers(50, 90, 97), np.array(GROUP)
        with_gaps = pd.DataFrame({"age": [str(year) for year in age], "her2": ["0", "1"] * 48 + [""]})
        with_gaps.loc[[0, 1, 80], "age"] = ["", "NA", ""]
        table = table2(with_gaps, GROUP)
        self.assertEqual(table.rows[1].cells, ("3", "2", "1"))
        known = np.setdiff1d(np.arange(97), [0, 1, 80])
        expected = scipy.stats.mannwhitneyu(age[known][group[known] == "train"], age[known][group[known] == "test"],
                                            method="asymptotic").pvalue  # fmt: skip
        self.assertAlmostEqual(table.rows[0].test.p_value, expected, places=12)
        her2 = table.rows[2:]
        self.assertEqual([row.label for row in her2], ["HER2", "HER2(-)", "HER2(+)", "Missing"])
        self.assertEqual(her2[1].cells[0], "48 (50%)")

    def test_identifiers_paths_and_features_are_left_out(self) -> None:
        frame = pd.DataFrame(
            {
                "patient_id": [f"P{number}" for number in range(30)],
                "image": "ct.nrrd",
                "roi": "roi.nrrd",
                "split": ["train", "test"] * 15,
                "original_glcm_Contrast": np.linspace(0, 1, 30),
                "wavelet-LLH_firstorder_Mean": np.linspace(0, 1, 30),
                "remark": [f"free text {number}" for number in range(30)],
                "empty": "",
                "tumour_size_cm": np.linspace(0.5, 3.4, 30),
                "number_of_tumours": [1, 2, 3] * 10,
            }
        )
        table = table2(frame, frame["split"])
        self.assertEqual([row.label for row in table.rows if not row.category], ["Tumour size cm", "Number of tumours"])
        self.assertEqual(table.left_out, tuple(frame.columns[:8]))
        self.assertEqual(table.rows[0].cells[0], "1.9 (1.2, 2.7)")

    def test_a_table_read_as_text_equals_one_read_as_numbers(self) -> None:
        text = pd.DataFrame({"her2": ["0", "1", "", "1"] * 5, "age": [str(60 + n) for n in range(20)]})
        numbers = pd.DataFrame({"her2": [0, 1, None, 1] * 5, "age": range(60, 80)})
        group = ["train", "train", "test", "test"] * 5
        self.assertEqual(printed(table2(text, group)), printed(table2(numbers, group)))

    def test_any_two_groups_can_be_compared(self) -> None:
        table = table2(study_cohort()[["gender"]], ["internal"] * 50 + ["external"] * 47)
        self.assertEqual(table.columns[1:], ("external, N = 47", "internal, N = 50"))

    def test_html_escapes_what_comes_from_the_cohort(self) -> None:
        frame = pd.DataFrame({"<b>grade": ["<script>", "low & flat"] * 10})
        page = table2(frame, ["train", "test"] * 10).to_html()
        self.assertNotIn("<script>", page)
        self.assertIn("&lt;script&gt;", page)
        self.assertIn("low &amp; flat", page)
        self.assertEqual(page.count("<tr"), 5)

    def test_csv_holds_the_exact_p_value_and_the_test(self) -> None:
        back = pd.read_csv(io.BytesIO(table2(study_cohort(), GROUP).to_csv()))
        her2 = back[back["Characteristic"] == "HER2"].iloc[0]
        self.assertEqual((her2["p-value"], her2["test"]), ("0.077", "Pearson's chi-squared test"))
        self.assertAlmostEqual(float(her2["exact p-value"]), 0.0769, places=4)

    def test_bad_input_is_refused_with_a_sentence(self) -> None:
        frame = study_cohort()
        for call, said in (
            (lambda: table2(frame, GROUP[:-1]), "96 patients are assigned to groups, but the cohort has 97"),
            (lambda: table2(frame, ["train"] * 97), "The groups to compare are train; give two"),
            (lambda: table1(pd.DataFrame({"patient_id": ["a", "b"]})), "None of the columns patient_id is clinical"),
            (lambda: table1(frame.iloc[:0]), "no patients"),
        ):
            with self.subTest(said), self.assertRaisesRegex(InputError, said):
                call()


if __name__ == "__main__":
    unittest.main()
