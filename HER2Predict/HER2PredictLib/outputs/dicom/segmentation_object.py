"""The ROI as a DICOM Segmentation (binary), frame by frame on the slices that it was drawn on."""

from __future__ import annotations

from dataclasses import dataclass

import highdicom as hd

from ... import __version__
from ...case.case import Case
from . import codes
from .sources import Sources

DEVICE = "HER2Predict"
#: What made the objects, DICOM's General and Enhanced General Equipment modules.
EQUIPMENT = {
    "manufacturer": DEVICE,
    "manufacturer_model_name": DEVICE,
    "software_versions": __version__,
    "device_serial_number": __version__,
}
#: Of the series of the ROI and of the report; far from those that scanners give.
SERIES_NUMBERS = (9101, 9102)
#: What the segment is called where its own name is not to be told.
_LABEL = "Tumour"
_MOST_LETTERS = 64


@dataclass(frozen=True)
class Tracking:
    """What names the ROI in both objects."""

    label: str
    uid: str

    @classmethod
    def of(cls, case: Case, *, identify: bool) -> Tracking:
        """A file that an ROI was read from may have the name of its patient."""
        return cls(case.roi.name[:_MOST_LETTERS] if identify else _LABEL, hd.UID())


def segmentation(sources: Sources, tracking: Tracking) -> hd.seg.Segmentation:
    """The one segment, on the slices that hold some of it; each frame refers to its slice."""
    segment = hd.seg.SegmentDescription(
        segment_number=1,
        segment_label=tracking.label,
        segmented_property_category=codes.ABNORMAL_STRUCTURE,
        segmented_property_type=codes.NEOPLASM,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.MANUAL,
        tracking_uid=tracking.uid,
        tracking_id=tracking.label,
        anatomic_regions=[codes.BLADDER],
    )
    return hd.seg.Segmentation(
        source_images=sources.headers,
        pixel_array=sources.frames,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[segment],
        series_instance_uid=hd.UID(),
        series_number=SERIES_NUMBERS[0],
        sop_instance_uid=hd.UID(),
        instance_number=1,
        **EQUIPMENT,
        content_label="HER2PREDICT_ROI",
        content_description=codes.ROI_CONTENT,
        series_description=codes.ROI_SERIES,
    )
