"""A cohort: the table with one row per patient that a researcher brings, read and checked."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from ... import features
from ...errors import InputError
from ...feature_settings import difference
from .fingerprint import settings_id

#: HER2 immunohistochemistry scores and the status they mean (Jiao et al., J Cancer 2024: 2+ and 3+ are positive).
STATUS_OF_IHC = {"0": 0, "1+": 0, "2+": 1, "3+": 1}

#: Values of the column ``her2``.
STATUS_OF_HER2 = {"0": 0, "1": 1}

#: What is true of a tumour whose HER2 status comes from these scores.
IHC_OUTCOME = "over-expresses HER2 (IHC 2+ or 3+)"

#: With fewer patients of a class, cross-validation has folds that cannot be scored, and no measure says much.
FEWEST_PER_CLASS = 10

#: Column of a feature table that `extraction.extract` wrote: the feature settings, as `settings_id` names them.
SETTINGS_COLUMN = "feature_settings"

#: Column of such a table: the key of everything that decided the features of a row.
KEY_COLUMN = "inputs_sha256"

#: Column of such a table: codes of the findings on the input, with blanks between them.
FINDINGS_COLUMN = "input_findings"

#: Who computed the features, as far as a table tells: HER2Predict, from image and ROI, which it checked; pyradiomics,
#: with HER2Predict's settings, by its own notes; somebody who names HER2Predict's settings; nobody knows.
Origin = Literal["her2predict", "pyradiomics", "named", "unknown"]

#: All of them are in a table that `extraction.extract` wrote.
_EXTRACTION_COLUMNS = (SETTINGS_COLUMN, KEY_COLUMN, FINDINGS_COLUMN)
_OWN_COLUMNS = ("image", "roi", "segment", "her2_ihc", "her2", "split", "simulated")
_SETS = ("train", "test")
_CLASSES = ("HER2-negative", "HER2-positive")

#: How pyradiomics' batch mode calls what is called image and roi here.
_PYRADIOMICS_NAMES = {"Image": "image", "Mask": "roi"}
#: Columns in which pyradiomics notes down its settings: `settings` and `enabledImagetypes` of its extractor.
_PYRADIOMICS_CONFIGURATION = ("diagnostics_Configuration_Settings", "diagnostics_Configuration_EnabledImageTypes")
#: Columns of pyradiomics that are no clinical ones: what it notes down, which label it read, features beyond the 975.
_PYRADIOMICS_COLUMN = re.compile(r"diagnostics_|Label(_channel)?$|.+_(shape|shape2D|firstorder|gl[a-z]+|ngtdm)_\w+$")


@dataclass(frozen=True, eq=False)
class Cohort:
    """Patients, and what a table tells about them.

    Attributes
    ----------
    source : Path
        The table.
    table : DataFrame of str
        One row per patient, indexed by ``patient_id``: every column that is no feature, as it stands in the table;
        ``image`` and ``roi`` as absolute paths. A blank is an empty string.
    features : DataFrame of float64, shape (patients, 975), or None
        Where the table is a feature table.
    status : ndarray of int, shape (patients,), or None
        1 HER2-positive, 0 HER2-negative; None where the table does not tell it of every patient.
    split : ndarray of str, shape (patients,), or None
        ``"train"`` or ``"test"``.
    simulated : bool
        Does the table say that all its patients were simulated?
    settings : str or None
        `settings_id` of the settings that the features were computed with, where the table tells them.
    clinical : tuple of str
        The columns of `table` that the researcher added.
    origin : str
        Who computed the features, see `Origin`.
    findings : Series of tuple of str, or None
        Codes of the findings on the input of each patient, where HER2Predict computed the features.
    """

    source: Path
    table: pd.DataFrame
    features: pd.DataFrame | None
    status: np.ndarray | None
    split: np.ndarray | None
    simulated: bool
    settings: str | None
    clinical: tuple[str, ...]
    origin: Origin = "unknown"
    findings: pd.Series | None = None

    @property
    def outcome(self) -> str:
        """What is true of a positive patient, as far as the table tells, in the words of ``a tumour ...``."""
        scored = int((self.table["her2_ihc"] != "").sum()) if "her2_ihc" in self.table.columns else 0
        if scored == len(self.table):
            return IHC_OUTCOME
        if scored:
            return "is HER2-positive (IHC 2+ or 3+, or as its cohort labels it)"
        return "is HER2-positive as its cohort labels it"

    def with_features_of(self, extracted: Cohort) -> Cohort:
        """This table, and what one with the features of its patients tells of them."""
        return replace(self, settings=extracted.settings, origin=extracted.origin, findings=extracted.findings)

    def clinical_values(self) -> pd.DataFrame:
        """The clinical columns: as numbers where every value of a column is one, else as text; a blank is missing."""
        texts = self.table[list(self.clinical)]
        texts = texts.mask(texts == "")
        numbers = texts.apply(pd.to_numeric, errors="coerce")
        numeric = [name for name in self.clinical if (numbers[name].notna() == texts[name].notna()).all()]
        return texts.assign(**{name: numbers[name] for name in numeric})

    def require_images(self) -> pd.DataFrame:
        """`table`, where it names the image and the ROI of every patient.

        Raises
        ------
        InputError
            Where it does not.
        """
        _need_columns(self.table, ("image", "roi"), self.source)
        for column in ("image", "roi"):
            blank = self.table.index[self.table[column] == ""]
            if len(blank):
                raise InputError(f'{self.source} names no {column} of the patient "{blank[0]}"; fill it in.')
        return self.table

    def require_status(self, fewest: int = FEWEST_PER_CLASS) -> np.ndarray:
        """The HER2 status of every patient, with at least `fewest` patients of each class.

        Raises
        ------
        InputError
            Where the table does not tell it, or has too few patients of a class.
        """
        if self.status is None:
            present = [column for column in ("her2_ihc", "her2") if column in self.table.columns]
            if not present:
                raise InputError(f'{self.source} lacks a column "her2_ihc" (0, 1+, 2+, 3+) or "her2" (0, 1).')
            untold = self.table.index[(self.table[present] == "").all(axis=1)]
            raise InputError(
                f'{self.source} tells no HER2 status of the patient "{untold[0]}" ({" and ".join(present)} '
                "blank); fill it in or take the patient out."
            )
        counts = np.bincount(self.status, minlength=2)
        if (counts == 0).any():
            only = _CLASSES[int(np.argmax(counts))]
            raise InputError(f"{self.source} has {only} patients only; patients of both classes are needed.")
        if (counts < fewest).any():
            rare = int(np.argmin(counts))
            raise InputError(
                f"{self.source} has {counts[rare]} {_CLASSES[rare]} patients; at least {fewest} of each class "
                "are needed."
            )
        return self.status

    def require_features(self) -> pd.DataFrame:
        """The features.

        Raises
        ------
        InputError
            Where the table is no feature table.
        """
        if self.features is None:
            raise InputError(f"{self.source} holds no features; compute them with her2predict extract.")
        return self.features

    def require_training(self) -> tuple[pd.DataFrame, np.ndarray]:
        """Features and HER2 status that a model can be trained on.

        Raises
        ------
        InputError
            Where one of them is missing, a class has too few patients, a feature is the same in all training
            patients, or the column ``split`` leaves a class out of a set.
        """
        values, status = self.require_features(), self.require_status()
        training = np.ones(len(status), dtype=bool)
        if self.split is not None:
            for name in _SETS:
                for code, label in enumerate(_CLASSES):
                    if not ((self.split == name) & (status == code)).any():
                        raise InputError(
                            f"The column split of {self.source} puts no {label} patient into the {name} set; "
                            "both sets need both classes."
                        )
            training = self.split == "train"
        fitted = values[training]
        constant = fitted.columns[(fitted.max() == fitted.min()).to_numpy()]
        if len(constant):
            raise InputError(
                f"{len(constant)} features are the same in all {len(fitted)} training patients of {self.source} (first "
                f'"{constant[0]}"); check that the rows hold the features of different patients.'
            )
        return values, status


def read_table(path: Path) -> Cohort:
    """Read a cohort table or a feature table.

    Parameters
    ----------
    path : Path
        CSV with ``patient_id``, and either ``image`` and ``roi`` (paths relative to the table, optionally
        ``segment``), or the 975 features, or both. Optionally ``her2_ihc`` (0, 1+, 2+, 3+) or ``her2`` (0, 1),
        ``split`` (train, test), ``simulated`` (1), and any clinical column. A table that pyradiomics' batch mode wrote
        will do.

    Raises
    ------
    InputError
        Where it is no CSV, lacks a column, lists a patient twice, holds a value that is not allowed, or features that
        are missing, not finite or computed with other settings.
    """
    path = Path(path)
    frame = _read_csv(path)
    frame = frame.rename(columns={old: new for old, new in _PYRADIOMICS_NAMES.items() if new not in frame.columns})
    frame = _by_patient(frame, path)
    names = list(features.feature_names())
    has_features = not frame.columns.intersection(names).empty
    if not has_features:
        _need_columns(frame, ("image", "roi"), path)
    settings = _settings(frame, path)
    values = _feature_values(frame, names, path) if has_features else None
    noted = [name for name in frame.columns if _PYRADIOMICS_COLUMN.match(name) or name in _EXTRACTION_COLUMNS]
    origin = _origin(frame) if has_features else "unknown"
    table = frame.drop(columns=noted)
    for column in table.columns.intersection(["image", "roi"]):
        table[column] = [str(_absolute(path.parent, name)) if name else "" for name in table[column]]
    return Cohort(
        source=path,
        table=table,
        features=values,
        status=_status(table, path),
        split=_split(table, path),
        simulated="simulated" in table.columns and bool((table["simulated"] == "1").all()),
        settings=settings,
        clinical=tuple(name for name in table.columns if name not in _OWN_COLUMNS),
        origin=origin,
        findings=frame[FINDINGS_COLUMN].map(lambda codes: tuple(codes.split())) if origin == "her2predict" else None,
    )


def _origin(frame: pd.DataFrame) -> Origin:
    """Of features whose settings `_settings` has checked."""
    if frame.columns.isin(_EXTRACTION_COLUMNS).sum() == len(_EXTRACTION_COLUMNS) and (frame[KEY_COLUMN] != "").all():
        return "her2predict"
    if frame.columns.isin(_PYRADIOMICS_CONFIGURATION).sum() == len(_PYRADIOMICS_CONFIGURATION):
        return "pyradiomics"
    return "named" if SETTINGS_COLUMN in frame.columns else "unknown"


def _absolute(folder: Path, name: str) -> Path:
    # Not Path.resolve: a link stays the name that the researcher knows.
    return Path(folder.absolute(), name)


def _read_csv(path: Path) -> pd.DataFrame:
    """All cells as text, without blanks around it."""
    if not path.is_file():
        raise InputError(f"{path} does not exist or is no file. Give the cohort table, a CSV file.")
    try:
        cells = pd.read_csv(
            path, dtype=str, keep_default_na=False, header=None, encoding="utf-8-sig", low_memory=False
        ).fillna("")
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}).") from error
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        reason = " ".join(str(error).split())
        raise InputError(f"{path} is not a CSV table in UTF-8 that can be read ({reason}).") from error
    cells = cells.apply(lambda column: column.str.strip())
    header = cells.iloc[0]
    if header.duplicated().any():
        raise InputError(f'{path} has more than one column "{header[header.duplicated()].iloc[0]}"; keep one.')
    return cells.iloc[1:].set_axis(header.tolist(), axis=1)


def _by_patient(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    _need_columns(frame, ("patient_id",), path)
    if frame.empty:
        raise InputError(f"{path} has no rows; list one patient per row.")
    patients = frame["patient_id"]
    if (patients == "").any():
        row = int(np.argmax((patients == "").to_numpy())) + 1
        raise InputError(f"{path} names no patient_id for patient number {row}; fill it in.")
    if patients.duplicated().any():
        repeated = patients[patients.duplicated()].iloc[0]
        raise InputError(f'{path} lists the patient "{repeated}" more than once; keep one row per patient.')
    return frame.set_index("patient_id")


def _need_columns(table: pd.DataFrame, needed: tuple[str, ...], path: Path) -> None:
    missing = [column for column in needed if column not in table.columns]
    if missing:
        names = [name for name in (table.index.name, *table.columns) if name]
        shown = ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")
        raise InputError(f"{path} lacks the column {' and '.join(missing)}; it has {shown}.")


def _status(table: pd.DataFrame, path: Path) -> np.ndarray | None:
    """Status of each patient from both columns; None where one patient has none."""
    told = []
    for column, codes in (("her2_ihc", STATUS_OF_IHC), ("her2", STATUS_OF_HER2)):
        if column in table.columns:
            values = table[column]
            _refuse_unknown(values, tuple(codes), path, blank=True)
            told.append(values.map(codes))
    if len(told) == 2:
        differing = table.index[told[0].notna() & told[1].notna() & (told[0] != told[1])]
        if len(differing):
            row = table.loc[differing[0]]
            raise InputError(
                f'{path}: her2_ihc {row["her2_ihc"]} and her2 {row["her2"]} of the patient "{differing[0]}" contradict '
                "each other; 2+ and 3+ are 1, 0 and 1+ are 0."
            )
        told = [told[0].fillna(told[1])]
    if not told or told[0].isna().any():
        return None
    return told[0].to_numpy(dtype=int)


def _split(table: pd.DataFrame, path: Path) -> np.ndarray | None:
    if "split" not in table.columns or (table["split"] == "").all():
        return None
    _refuse_unknown(table["split"], _SETS, path)
    return table["split"].to_numpy(dtype="U5")


def _refuse_unknown(values: pd.Series, allowed: tuple[str, ...], path: Path, *, blank: bool = False) -> None:
    unknown = values[~values.isin([*allowed, ""] if blank else allowed)]
    if len(unknown):
        raise InputError(
            f'{path}: "{unknown.iloc[0]}" of the patient "{unknown.index[0]}" is no value of {values.name}; '
            f"allowed are {', '.join(allowed)}."
        )


def _feature_values(frame: pd.DataFrame, names: list[str], path: Path) -> pd.DataFrame:
    """The 975 features as numbers; the columns leave no trace in what `frame` is used for afterwards."""
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise InputError(
            f'{path} lacks {len(missing)} of the {len(names)} features (first "{missing[0]}"); they were computed with '
            f"other settings than HER2Predict's. Compute them with {features.PARAMETER_FILE.name}."
        )
    rows = []
    for patient, texts in zip(frame.index, frame[names].to_numpy(), strict=True):
        try:
            rows.append(list(features.from_strings(dict(zip(names, texts, strict=True))).values()))
        except InputError as error:
            raise InputError(f'{path}, patient "{patient}": {error}') from error
    return pd.DataFrame(rows, index=frame.index, columns=names, dtype=np.float64)


def _settings(frame: pd.DataFrame, path: Path) -> str | None:
    """Identifier of the settings that the table tells; InputError where they are not HER2Predict's."""
    own = settings_id()
    if SETTINGS_COLUMN in frame.columns:
        other = frame.index[frame[SETTINGS_COLUMN] != own]
        if len(other):
            raise InputError(
                f'{path}: the features of the patient "{other[0]}" were computed with other settings than '
                "HER2Predict's; compute them again with her2predict extract."
            )
        return own
    noted = [name for name in _PYRADIOMICS_CONFIGURATION if name in frame.columns]
    if not noted:
        return None
    configuration = features.configuration()
    own_parts = dict(zip(_PYRADIOMICS_CONFIGURATION, (configuration.settings, configuration.image_types), strict=True))
    for name in noted:
        for patient, text in frame[name].items():
            theirs = _configuration(text)
            differing = "its diagnostics cannot be read" if theirs is None else difference(theirs, own_parts[name])
            if differing:
                raise InputError(
                    f'{path}: the features of the patient "{patient}" were computed with other settings than '
                    f"HER2Predict's ({differing}); compute them with {features.PARAMETER_FILE.name}."
                )
    return own if len(noted) == len(_PYRADIOMICS_CONFIGURATION) else None


def _configuration(text: str) -> dict[str, Any] | None:
    """What pyradiomics noted down as Python's text of a dict; None where it is something else."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None
    return value if isinstance(value, dict) else None
