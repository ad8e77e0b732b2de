"""The result as a DICOM Structured Report: Comprehensive 3D SR by template TID 1500, about the segment (TID 1411)."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import highdicom as hd
from highdicom import sr

from ... import __version__, i18n
from ...assess import Assessment, software
from ...model.guessing import GUESSING_CODE, is_positive
from ...result import wording
from . import codes
from .segmentation_object import DEVICE, EQUIPMENT, SERIES_NUMBERS, Tracking
from .sources import Sources

#: Shares are written in per cent with so many decimals; JSON has them in full.
_DECIMALS = 2


def structured_report(
    assessment: Assessment, sources: Sources, segmentation: hd.seg.Segmentation, tracking: Tracking
) -> sr.Comprehensive3DSR:
    """Of the ROI in `segmentation`, which was made from the same `sources`."""
    content = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=_device()),
        procedure_reported=codes.CT,
        imaging_measurements=[_measurement_group(assessment, sources, segmentation, tracking)],
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(_language()),
    )
    root = content[0]
    lead = [_text(words) for words in _lead(assessment)]
    root.ContentSequence = sr.ContentSequence([*root.ContentSequence[:-1], *lead, root.ContentSequence[-1]])
    return sr.Comprehensive3DSR(
        evidence=[*sources.headers, segmentation],
        content=root,
        series_instance_uid=hd.UID(),
        series_number=SERIES_NUMBERS[1],
        sop_instance_uid=hd.UID(),
        instance_number=1,
        **EQUIPMENT,
        series_description=codes.RESULT_SERIES[assessment.model.simulated],
        is_complete=True,
        coding_schemes=codes.coding_schemes(),
    )


def _language() -> sr.CodedConcept:
    """Slicer translates the words, into a language that nothing here knows."""
    return codes.ENGLISH if i18n.tr.__module__ == i18n.__name__ else codes.UNDETERMINED


def _device() -> sr.ObserverContext:
    """The program, by the same UID for the same version."""
    uid = hd.UID.from_uuid(str(uuid.uuid5(uuid.NAMESPACE_URL, f"HER2Predict {__version__}")))
    attributes = sr.DeviceObserverIdentifyingAttributes(
        uid, name=DEVICE, manufacturer_name=DEVICE, model_name=f"{DEVICE} {__version__}"
    )
    return sr.ObserverContext(hd.sr.CodedConcept("121007", "DCM", "Device"), attributes)


def _lead(assessment: Assessment) -> Iterator[str]:
    """What must be read before any number, and the result in one line."""
    result = assessment.result()
    leading = wording.lead(result)
    if leading:
        yield leading
    yield wording.research_only()
    if not result.banner:
        yield wording.summary(result)


def _measurement_group(
    assessment: Assessment, sources: Sources, segmentation: hd.seg.Segmentation, tracking: Tracking
) -> sr.VolumetricROIMeasurementsAndQualitativeEvaluations:
    group = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(tracking.uid, tracking.label),
        referenced_segment=_referenced(segmentation, sources),
        finding_category=codes.ABNORMAL_STRUCTURE,
        finding_type=codes.NEOPLASM,
        finding_sites=[sr.FindingSite(codes.BLADDER)],
        algorithm_id=_algorithm(assessment),
        measurements=list(_measurements(assessment)),
        qualitative_evaluations=[sr.QualitativeEvaluation(name, value) for name, value in _evaluations(assessment)],
    )
    group[0].ContentSequence.extend([_text(words) for words in _remarks(assessment)])
    return group


def _referenced(segmentation: hd.seg.Segmentation, sources: Sources) -> sr.ReferencedSegment:
    """The segment, and the slices that hold some of it."""
    images = [
        sr.SourceImageForSegmentation(header.SOPClassUID, header.SOPInstanceUID)
        for header, frame in zip(sources.headers, sources.frames, strict=True)
        if frame.any()
    ]
    return sr.ReferencedSegment(segmentation.SOPClassUID, segmentation.SOPInstanceUID, 1, source_images=images)


def _algorithm(assessment: Assessment) -> sr.AlgorithmIdentification:
    """Which model, to the last bit, and what computed its features."""
    model = assessment.model
    versions = ", ".join(f"{name} {version}" for name, version in software().items())
    return sr.AlgorithmIdentification(
        name=model.name,
        version=model.version,
        parameters=[f"SHA-256 {model.sha256}", model.describe(), versions],
    )


def _measurements(assessment: Assessment) -> Iterator[sr.Measurement]:
    """What can be counted; of a model that tells no better than guessing the probability alone."""
    yield sr.Measurement(codes.VOLUME, round(assessment.roi["volume_ml"], 3), codes.MILLILITRE)
    yield _per_cent(codes.PROBABILITY, assessment.probability)
    if assessment.banner:
        return
    for name, share in zip((codes.INTERVAL_LOW, codes.INTERVAL_HIGH), assessment.interval, strict=True):
        yield _per_cent(name, share)
    if assessment.model.interval_level is not None:
        yield _per_cent(codes.INTERVAL_LEVEL, assessment.model.interval_level)
    yield _per_cent(codes.THRESHOLD, assessment.threshold)
    yield _per_cent(codes.SHARE_BEYOND, assessment.tail_probability)
    stability = assessment.stability
    if stability is not None:
        yield _per_cent(codes.OUTLINE_LOW, stability.low)
        yield _per_cent(codes.OUTLINE_HIGH, stability.high)
        yield _count(codes.OUTLINES, stability.count)
        yield _count(codes.OUTLINES_FLIPPED, stability.flips)


def _per_cent(name: sr.CodedConcept, share: float) -> sr.Measurement:
    return sr.Measurement(name, round(100.0 * share, _DECIMALS), codes.PERCENT)


def _count(name: sr.CodedConcept, number: int) -> sr.Measurement:
    measurement = sr.Measurement(name, number, codes.COUNT)
    measurement[0].MeasuredValueSequence[0].NumericValue = str(number)  # not 30.0
    return measurement


def _evaluations(assessment: Assessment) -> Iterator[tuple[sr.CodedConcept, sr.CodedConcept]]:
    """What is said in a word; nothing of a model that tells no better than guessing."""
    if assessment.banner or assessment.applicability is None:
        return
    yield codes.CALL, codes.CALLS[is_positive(assessment.probability, assessment.threshold)]
    yield codes.APPLICABILITY, codes.APPLICABILITIES[assessment.applicability]
    if assessment.stability is not None:
        yield codes.STABILITY, codes.STABILITIES[assessment.stability.level]


def _remarks(assessment: Assessment) -> Iterator[str]:
    """What stands beside the numbers, and every finding."""
    result = assessment.result()
    if result.context:
        yield result.context
    if result.stability is not None:
        yield wording.stability_in_full(result.stability)
    for finding in result.findings:
        if finding.code != GUESSING_CODE:
            yield f"{wording.severity(finding.severity)}: {finding.message}"


def _text(words: str) -> sr.TextContentItem:
    return sr.TextContentItem(codes.COMMENT, words, sr.RelationshipTypeValues.CONTAINS)
