"""The pelvis as tables: where each bone, muscle, vessel and loop of bowel lies, level by level.

Coordinates are in mm: x to the patient's left, y to the back, z to the head. The origin is in the midline at the
upper edge of the pubic symphysis, in the frontal plane of the femoral heads. Structures that come in pairs are
given once, with x > 0. The numbers describe an average adult and were read off textbook cross-sections by eye; they are
stylised, and every patient is a scaled, shifted and smoothly warped version of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: One level of a structure: z, centre x, centre y, half axes a and b, all in mm, and the angle of a to x in degrees.
Level = tuple[float, float, float, float, float, float]
#: One joint of a chain: x, y, z, radius, all in mm.
Joint = tuple[float, float, float, float]


@dataclass(frozen=True)
class Column:
    """A structure whose cross-section is an ellipse that changes with the level."""

    levels: tuple[Level, ...]
    paired: bool = True

    def at(self, z: float) -> tuple[float, float, float, float, float] | None:
        """Centre x, y, half axes (mm) and angle (degrees) at the level z, or None beyond its ends."""
        heights, *parameters = zip(*self.levels, strict=True)
        if not heights[0] <= z <= heights[-1]:
            return None
        x, y, a, b, angle = (float(np.interp(z, heights, parameter)) for parameter in parameters)
        return x, y, a, b, angle


@dataclass(frozen=True)
class Chain:
    """A structure made of round cones from joint to joint: a long bone, a vessel, a loop of bowel."""

    joints: tuple[Joint, ...]
    paired: bool = True


MUSCLES: dict[str, Column] = {
    "gluteus maximus": Column((
        (-60, 88, 74, 52, 28, -16), (-40, 90, 76, 55, 29, -18), (0, 93, 75, 58, 26, -22), (40, 88, 80, 57, 22, -26),
        (80, 76, 88, 42, 15, -27), (112, 66, 94, 24, 7, -25), (122, 62, 95, 12, 3, -25))),
    "gluteus maximus, lateral part": Column((
        (-60, 136, 52, 24, 11, -58), (-20, 142, 50, 22, 10, -55), (20, 140, 52, 20, 8, -50),
            (50, 128, 58, 16, 6, -42))),
    "gluteus medius": Column((
        (-2, 156, 4, 12, 5, -85), (15, 148, -2, 30, 11, -82), (50, 133, 8, 42, 17, -68), (80, 126, 22, 50, 17, -56),
        (120, 134, 24, 46, 11, -54), (145, 138, 22, 30, 6, -50), (155, 138, 22, 16, 3, -50))),
    "gluteus minimus": Column((
        (15, 128, -22, 10, 6, -70), (35, 122, -14, 24, 8, -68), (60, 116, -2, 30, 8, -62), (90, 112, 18, 22, 4, -55))),
    "iliacus": Column((
        (30, 100, -34, 12, 10, -50), (50, 96, -30, 20, 11, -52), (80, 96, -12, 36, 11, -58), (120, 106, 6, 44, 11, -52),
        (150, 110, 18, 26, 6, -46), (158, 110, 20, 12, 3, -46))),
    "psoas": Column((
        (-50, 116, -14, 9, 8, 0), (-25, 112, -27, 13, 10, 0), (0, 104, -40, 16, 12, -10), (25, 90, -44, 18, 13, -15),
        (55, 76, -32, 19, 14, -20), (80, 66, -14, 20, 15, -20), (120, 56, 10, 22, 18, 30), (170, 52, 26, 25, 20, 55))),
    "obturator internus": Column((
        (-45, 46, 22, 18, 6, 78), (-20, 56, 12, 28, 8, 88), (10, 59, 8, 32, 7, 93), (40, 67, 12, 28, 6, 96),
        (58, 68, 22, 12, 3, 100))),
    "piriformis": Column((
        (35, 96, 50, 18, 5, -20), (50, 78, 58, 32, 9, -18), (68, 58, 65, 28, 9, -12), (88, 40, 68, 12, 5, 0))),
    "rectus abdominis": Column((
        (-4, 12, -62, 8, 5, 5), (10, 14, -66, 13, 6, 5), (40, 20, -71, 20, 6.5, 5), (90, 28, -74, 27, 6, 6),
        (170, 36, -74, 34, 5.5, 8)),),
    "abdominal wall, outer": Column((
        (78, 96, -64, 26, 2.5, 20), (105, 106, -58, 36, 3.5, 35), (130, 120, -40, 38, 4.5, 56),
            (170, 130, -22, 52, 4.5, 72))),
    "abdominal wall, middle": Column((
        (75, 88, -60, 24, 2.5, 20), (105, 100, -54, 33, 4, 36), (130, 115, -34, 34, 5, 58),
            (170, 122, -20, 48, 5.5, 73))),
    "sartorius": Column((
        (-60, 100, -68, 12, 7, -10), (-20, 110, -68, 13, 7, -15), (25, 118, -64, 12, 6, -30),
            (75, 124, -54, 6, 5, -40))),
    "tensor fasciae latae": Column((
        (-60, 154, -30, 24, 6, 82), (-10, 152, -38, 22, 9, 80), (35, 140, -44, 19, 8, -70), (72, 130, -46, 8, 5, -60))),
    "rectus femoris": Column((
        (-60, 128, -50, 18, 12, -10), (-20, 126, -52, 15, 11, -15), (20, 118, -46, 10, 8, -25),
            (48, 112, -42, 6, 5, -25))),
    "vastus": Column(((-60, 138, -12, 30, 20, 80), (-30, 143, -8, 20, 13, 80), (-12, 146, -4, 8, 5, 80))),
    "pectineus": Column((
        (-60, 78, -52, 20, 14, 10), (-30, 72, -52, 24, 12, 5), (0, 60, -52, 20, 8, -8), (14, 50, -52, 12, 4, -15))),
    "adductors": Column(((-60, 44, -42, 28, 24, 25), (-40, 38, -46, 24, 15, 15), (-18, 28, -54, 14, 6, 5))),
    "obturator externus": Column(((-55, 72, -16, 24, 11, 22), (-25, 62, -20, 27, 12, 22), (0, 56, -22, 18, 6, 20))),
    "quadratus femoris": Column(((-60, 98, 26, 26, 12, 10), (-25, 103, 34, 28, 9, 0), (5, 106, 36, 26, 6, -5),
        (22, 108, 36, 14, 4, -5))),
    "levator ani": Column(((-38, 16, 26, 14, 5, 70), (-15, 21, 28, 20, 4.5, 72), (8, 34, 34, 16, 2.5, 66),
        (18, 40, 36, 8, 1.5, 60))),
    "erector spinae": Column((
        (72, 14, 86, 8, 3, 0), (95, 20, 90, 16, 6, 0), (130, 30, 90, 26, 14, -5), (170, 36, 84, 30, 20, 0))),
    "quadratus lumborum": Column(((146, 84, 52, 12, 5, -45), (170, 80, 46, 20, 9, -45))),
    "anterior serratus of the thigh": Column(((-60, 24, -12, 14, 10, 60), (-45, 22, -14, 9, 6, 60))),
}

FEMUR: tuple[Chain, ...] = (
    Chain(((90, 2, 18, 24), (90, 2, 18, 24))),
    Chain(((90, 2, 18, 17), (138, 14, 2, 14.5))),
    Chain(((148, 24, 16, 12), (145, 20, -14, 16), (136, 12, -34, 17), (124, 6, -100, 15))),
)
FEMORAL_HEAD: Joint = FEMUR[0].joints[0]

#: Cartilage, capsule and ligaments of the hip joint.
HIP_CAPSULE: tuple[Chain, ...] = (Chain(((90, 2, 18, 30), (90, 2, 18, 30))), Chain(((90, 2, 18, 29), (128, 11, 6, 20))))

HIP: tuple[Chain, ...] = (
    Chain(((78, 36, 50, 10), (82, 36, 25, 13), (76, 42, 0, 12), (66, 46, -34, 15), (62, 42, -52, 15))),
    Chain(((104, -36, 64, 8), (86, -22, 44, 11), (68, -20, 20, 12), (44, -38, 10, 7), (15, -47, -5, 9))),
    Chain(((14, -47, -6, 9.5), (13, -43, -32, 8.5), (30, -18, -50, 6), (58, 28, -58, 8))),
)
#: The acetabulum is a shell around the femoral head: inner radius, outer radius (mm), and where it is open.
ACETABULUM_RADII = (27.0, 34.0)
ACETABULUM_OPENING = (0.78, -0.25, -0.57)
#: Half the width of the symphyseal cartilage, mm.
SYMPHYSIS_HALF_GAP = 2.3

#: The iliac wing: z, then x, y, half thickness of its front edge, its middle and its back edge, mm.
ILIAC_WING: tuple[tuple[float, ...], ...] = (
    (40, 98, -24, 6, 90, 6, 8, 80, 36, 7),
    (50, 104, -32, 8, 90, 2, 10, 76, 36, 8),
    (62, 114, -40, 7, 94, 0, 8.5, 68, 44, 8),
    (80, 124, -46, 6.5, 104, 0, 5, 56, 64, 8.5),
    (100, 133, -42, 6, 113, 6, 3.6, 49, 74, 9),
    (125, 141, -28, 5.5, 126, 12, 3.0, 53, 76, 8),
    (148, 140, -6, 5, 130, 22, 3.5, 84, 58, 4.5),
    (160, 132, 8, 4, 124, 26, 3.5, 106, 42, 3.5),
    (166, 126, 18, 1, 121, 26, 1, 114, 34, 1),
)

SPINE: tuple[Column, ...] = (
    Column(((-6, 0, 52, 3, 3, 0), (12, 0, 63, 8, 5, 0), (26, 0, 72, 15, 6, 0), (42, 0, 76, 26, 8, 0),
            (62, 0, 72, 27, 11, 0),
            (82, 0, 60, 25, 13, 0), (102, 0, 48, 26, 16, 0), (118, 0, 39, 27, 17, 0)), paired=False),
    Column(((56, 22, 72, 10, 8, 0), (75, 30, 68, 17, 11, -8), (95, 36, 60, 19, 13, -18), (112, 38, 54, 19, 12, -22),
            (120, 36, 50, 12, 8, -22))),
    Column(((58, 0, 86, 7, 3.5, 0), (80, 0, 84, 8, 5, 0), (112, 0, 82, 5, 7, 0)), paired=False),
    Column(((66, 16, 80, 8, 3.5, 25), (112, 18, 70, 9, 4, 35))),
    Column(((126, 0, 34, 27, 17, 0), (140, 0, 30, 25, 16, 0), (152, 0, 29, 27, 17.5, 0)), paired=False),
    Column(((158, 0, 27, 27, 17, 0), (175, 0, 26, 25, 16, 0)), paired=False),
    Column(((128, 0, 76, 3.5, 11, 0), (146, 0, 80, 4, 14, 0), (150, 0, 80, 3, 8, 0)), paired=False),
    Column(((122, 19, 62, 8, 6, 50), (146, 20, 58, 9, 7, 50), (170, 19, 58, 9, 7, 50))),
    Column(((128, 12, 68, 9, 3, 30), (148, 12, 68, 9, 3, 30))),
    Column(((136, 40, 48, 16, 4, 8), (146, 42, 48, 17, 4.5, 8))),
)
DISCS: tuple[Column, ...] = (
    Column(((119, 0, 37, 26, 16, 0), (125, 0, 35, 26, 16, 0)), paired=False),
    Column(((153, 0, 29, 26, 17, 0), (157, 0, 28, 26, 17, 0)), paired=False),
)
SPINAL_CANAL = Column(((60, 0, 78, 7, 3, 0), (80, 0, 71, 9, 4, 0), (110, 0, 62, 12, 6.5, 0),
    (175, 0, 55, 12, 8.5, 0)), paired=False)
SACRAL_FORAMINA: tuple[Column, ...] = (
    Column(((66, 17, 66, 3, 4, 20), (74, 18, 63, 4, 5, 20))),
    Column(((90, 19, 58, 4, 6, 20), (99, 21, 54, 4.5, 6, 20))),
)

ARTERIES: tuple[Chain, ...] = (
    Chain(((26, 10, 175, 6.5), (34, 20, 120, 5.5), (48, 2, 85, 5), (66, -34, 42, 4.8), (76, -58, 12, 4.6),
        (84, -66, -60, 4.2))),
    Chain(((34, 20, 120, 4.2), (44, 38, 95, 3.8), (54, 50, 70, 3.0), (56, 46, 45, 2.2))),
    Chain(((97, -56, -12, 3), (104, -34, -60, 3))),
)
VEINS: tuple[Chain, ...] = (
    Chain(((14, 16, 175, 9), (34, 30, 122, 7.5), (54, 12, 85, 6.5), (61, -24, 42, 6), (66, -56, 8, 6),
        (74, -62, -60, 5.5))),
    Chain(((36, 32, 118, 5.5), (46, 46, 92, 4.5), (50, 54, 66, 3.2), (52, 44, 44, 2.4))),
)
URETER = Chain(((44, 16, 175, 2.0), (40, 12, 130, 1.8), (48, 32, 90, 1.7), (46, 42, 58, 1.8), (36, 34, 34, 1.7)))

#: Rectum and sigmoid up to the left iliac fossa (x is the patient's left), outer radius.
RECTUM = Chain(((0, 30, -60, 10), (0, 38, -34, 11), (0, 44, -8, 15), (4, 50, 18, 17), (-4, 55, 42, 16), (8, 44, 66, 14),
                (30, 26, 84, 13), (16, 4, 98, 13), (48, -8, 104, 13), (86, -26, 112, 14), (98, 0, 135, 15),
                    (98, 14, 175, 15)), paired=False)
CAECUM = Chain(((-78, -34, 96, 17), (-86, -26, 116, 23), (-92, -10, 145, 25), (-94, 0, 175, 25)), paired=False)

PROSTATE = Column(((-30, 0, -4, 8, 7, 0), (-22, 0, -6, 18, 14, 0), (-8, 0, -8, 25, 18, 0), (3, 0, -8, 23, 17, 0),
    (10, 0, -6, 12, 9, 0)), paired=False)
SEMINAL_VESICLE = Column(((6, 14, 19, 10, 5, 12), (14, 20, 24, 17, 6, 12), (24, 26, 24, 15, 6, 8),
    (31, 32, 24, 8, 4, 5)))
VAGINA = Column(((-40, 0, 8, 14, 5, 0), (0, 0, 18, 18, 6, 0), (20, 0, 24, 20, 7, 0)), paired=False)
UTERUS = Column(((18, 0, 24, 14, 10, 0), (35, 2, 28, 20, 15, 0), (55, 5, 24, 27, 19, 0), (75, 7, 16, 27, 19, 0),
    (88, 8, 12, 16, 12, 0), (93, 8, 11, 6, 5, 0)), paired=False)
PENIS_ROOT = Column(((-60, 0, -40, 13, 12, 0), (-45, 0, -34, 12, 9, 0), (-34, 0, -26, 6, 5, 0)), paired=False)

MALE_ORGANS, FEMALE_ORGANS = (PROSTATE, PENIS_ROOT), (VAGINA, UTERUS)

#: Skin outline without the patient's own fat: z, half width, front, back, mm.
OUTLINE: tuple[tuple[float, float, float, float], ...] = (
    (-70, 172, -84, 106), (-40, 178, -80, 108), (0, 182, -80, 110), (40, 176, -84, 112), (90, 164, -88, 110),
        (130, 156, -90, 106), (175, 150, -88, 104),
)
