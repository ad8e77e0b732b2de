"""The table of a cohort or of its features, read and checked."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ... import features
from ...errors import InputError
from ...feature_settings import difference
from ...many.cells import PATIENT_COLUMN, absolute, need_columns, read_cells
from ...many.fingerprint import settings_id
from .cohort import (
    FINDINGS_COLUMN,
    KEY_COLUMN,
    SETS,
    SETTINGS_COLUMN,
    STATUS_OF_HER2,
    STATUS_OF_IHC,
    Cohort,
    Origin,
)

#: All of them are in a table that `extraction.extract` wrote.
_EXTRACTION_COLUMNS = (SETTINGS_COLUMN, KEY_COLUMN, FINDINGS_COLUMN)
_OWN_COLUMNS = ("image", "roi", "segment", "series", "her2_ihc", "her2", "split", "simulated")
#: Columns in which pyradiomics notes down its settings: `settings` and `enabledImagetypes` of its extractor.
_PYRADIOMICS_CONFIGURATION = ("diagnostics_Configuration_Settings", "diagnostics_Configuration_EnabledImageTypes")
#: Columns of pyradiomics that are no clinical ones: what it notes down, which label it read, features beyond the 975.
_PYRADIOMICS_COLUMN = re.compile(r"diagnostics_|Label(_channel)?$|.+_(shape|shape2D|firstorder|gl[a-z]+|ngtdm)_\w+$")


def read_table(path: Path) -> Cohort:
    """Read a cohort table or a feature table.

    It is a CSV with ``patient_id``, and either ``image`` and ``roi`` (paths relative to the table, optionally
    ``segment`` and ``series``), or the 975 features, or both. Optionally ``her2_ihc`` (0, 1+, 2+, 3+) or ``her2``
    (0, 1), ``split`` (train, test), ``simulated`` (1), and any clinical column. A table that pyradiomics' batch mode
    wrote will do.

    Raises
    ------
    InputError
        Where it is no CSV, lacks a column, lists a patient twice, holds a value that is not allowed, or features that
        are missing, not finite or computed with other settings.
    """
    path = Path(path)
    cells = read_cells(path)
    frame = pd.DataFrame(cells.rows, columns=cells.columns, dtype=str).set_index(PATIENT_COLUMN)
    names = list(features.feature_names())
    has_features = not frame.columns.intersection(names).empty
    if not has_features:
        need_columns((PATIENT_COLUMN, *frame.columns), ("image", "roi"), path)
    settings = _settings(frame, path)
    values = _feature_values(frame, names, path) if has_features else None
    noted = [name for name in frame.columns if _PYRADIOMICS_COLUMN.match(name) or name in _EXTRACTION_COLUMNS]
    origin = _origin(frame) if has_features else "unknown"
    table = frame.drop(columns=noted)
    for column in table.columns.intersection(["image", "roi"]):
        table[column] = [str(absolute(path, name)) if name else "" for name in table[column]]
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
    _refuse_unknown(table["split"], SETS, path)
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
