"""What stands behind "Help & Acknowledgement": what the module is for, how to use it, and its limits."""

from __future__ import annotations

from ...i18n import tr as _


def help_text() -> str:
    """Rich text, in the form that Slicer's modules have."""
    return _(
        "<p>Estimates, from a bladder tumour outlined on an excretory-phase CT urography, the probability that it "
        "over-expresses HER2 (immunohistochemistry 2+ or 3+).</p>"
        "<ol><li>Load the CT urography, or press <i>Load sample case</i>.</li>"
        "<li>Press <i>New segment</i> and outline one tumour.</li>"
        "<li>Read the findings; what they offer to mend can be undone.</li>"
        "<li>Press <i>Predict HER2</i> (Ctrl+Return; Escape cancels).</li></ol>"
        "<p><b>Research use only, not for clinical decisions.</b> The bundled model has learnt on simulated patients: "
        "it shows how the program works and says nothing about a real patient. A hospital trains and validates its own "
        "with the <tt>her2predict</tt> command and chooses it under <i>Model</i>. A probability is given with a model "
        "interval (where it might lie had the model learnt from many more such patients), with whether the case is "
        "like those that the model knows, and with what other outlines of the same tumour would give; do not rely on "
        "it where these speak against it.</p>"
    )


def acknowledgement_text() -> str:
    """Rich text: publication, software, licence."""
    return _(
        "<p>After P. Jiao et al., Deep learning-based computed tomography urography image analysis for prediction of "
        "HER2 status in bladder cancer, J Cancer 2024, 15:6336. Features are computed by pyradiomics (van Griethuysen "
        "et al., Cancer Res 2017, 77:e104) through SlicerRadiomics.</p><p>Licence: BSD 3-Clause.</p>"
    )
