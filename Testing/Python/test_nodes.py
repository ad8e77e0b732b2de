"""A Case from MRML nodes equals the Case from files, wherever the ROI was drawn and whatever transforms lie on it."""

from __future__ import annotations

import math
import tempfile
import unittest
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK as sitk

from cases import as_image, ct_array, ellipsoid, findings_on, small_case, write_segmentation, write_small_case
from HER2PredictLib.case import nodes
from HER2PredictLib.case.case import Case
from HER2PredictLib.case.rois import Roi
from HER2PredictLib.case.volumes import Volume
from HER2PredictLib.errors import InputError
from HER2PredictLib.findings.finding import KEEP_LARGEST_PIECE
from HER2PredictLib.panel.segments import mend
from hosts import NO_SLICER, slicer

if slicer is not None:
    import vtk


def matrix_of(rows: np.ndarray) -> Any:
    matrix = vtk.vtkMatrix4x4()
    for row in range(4):
        for column in range(4):
            matrix.SetElement(row, column, rows[row, column])
    return matrix


def rotation(degrees: float, shift: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> np.ndarray:
    """4 x 4 matrix of a rotation about the head-foot axis and a shift in mm."""
    angle = math.radians(degrees)
    rows = np.eye(4)
    rows[:2, :2] = [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]
    rows[:3, 3] = shift
    return rows


def merged_by_slicer(volume: Any, node: Any) -> np.ndarray:
    """All segments of a node on the grid of a volume, axes (k, j, i)."""
    from vtk.util.numpy_support import vtk_to_numpy

    merged = slicer.vtkOrientedImageData()
    slicer.vtkSlicerSegmentationsModuleLogic.GenerateMergedLabelmapInReferenceGeometry(
        node, volume, None, slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY, merged
    )
    shape = tuple(reversed(merged.GetDimensions()))
    return vtk_to_numpy(merged.GetPointData().GetScalars()).reshape(shape) != 0


@unittest.skipIf(NO_SLICER, NO_SLICER)
class NodesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls) -> None:
        if not hasattr(slicer, "modules"):
            logic = slicer.vtkSlicerSegmentationsModuleLogic()
            logic.SetMRMLScene(slicer.vtkMRMLScene())  # registers the converters, as Slicer does at its start

    def setUp(self) -> None:
        self.scene = slicer.vtkMRMLScene()
        self.volume_image, self.roi_image = small_case()
        self.volume = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CTU")
        nodes.fill(self.volume, self.volume_image)

    def segmentation(self, **segments: sitk.Image) -> Any:
        """A segmentation node with one segment for each image, drawn on the grid of that image."""
        node = self.scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "Segmentation")
        for name, image in segments.items():
            labelmap = self.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
            nodes.fill(labelmap, image)
            oriented = slicer.vtkSlicerSegmentationsModuleLogic.CreateOrientedImageDataFromVolumeNode(labelmap)
            segment = slicer.vtkSegment()
            segment.SetName(name)
            representation = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
            segment.AddRepresentation(representation, oriented)
            node.GetSegmentation().AddSegment(segment, f"ID_{name}")
            self.scene.RemoveNode(labelmap)
        return node

    def transform(self, rows: np.ndarray) -> str:
        node = self.scene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
        node.SetMatrixTransformToParent(matrix_of(rows))
        return str(node.GetID())

    def assert_same_pair(self, case: Case, expected: Case) -> None:
        one, other = case.prepared(), expected.prepared()
        self.assertEqual(one.image.GetSpacing(), other.image.GetSpacing())
        np.testing.assert_array_equal(sitk.GetArrayFromImage(one.mask), sitk.GetArrayFromImage(other.mask))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(one.image), sitk.GetArrayFromImage(other.image))

    def expected(self, volume: sitk.Image | None = None, roi: sitk.Image | None = None) -> Case:
        with tempfile.TemporaryDirectory() as folder:
            paths = [Path(folder) / "volume.nrrd", Path(folder) / "roi.nrrd"]
            sitk.WriteImage(volume or self.volume_image, str(paths[0]))
            sitk.WriteImage(roi or self.roi_image, str(paths[1]))
            return Case.from_files(*paths)

    def test_nodes_equal_files(self) -> None:
        case = Case.from_nodes(self.volume, self.segmentation(tumour=self.roi_image), "ID_tumour")
        self.assert_same_pair(case, self.expected())
        self.assertEqual(case.roi.name, "tumour")

    def test_saved_segmentation_read_by_slicer_equals_our_own_reading(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            volume, _ = write_small_case(Path(folder))
            path = write_segmentation(Path(folder) / "s.seg.nrrd", self.roi_image, {"S1": ("Tumour", 1)})
            node = self.scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
            storage = self.scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
            storage.SetFileName(str(path))
            self.assertTrue(storage.ReadData(node))
            self.assert_same_pair(Case.from_nodes(self.volume, node), Case.from_files(volume, path))

    def test_segmentation_written_by_slicer_is_read_with_overlapping_segments(self) -> None:
        wall = sitk.BinaryDilate(self.roi_image, (3, 3, 1))
        node = self.segmentation(tumour=self.roi_image, wall=wall)
        with tempfile.TemporaryDirectory() as folder:
            volume, _ = write_small_case(Path(folder))
            path = Path(folder) / "two.seg.nrrd"
            storage = self.scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
            storage.SetFileName(str(path))
            self.assertTrue(storage.WriteData(node))
            for name, image in (("tumour", self.roi_image), ("wall", wall)):
                self.assert_same_pair(Case.from_files(volume, path, name), self.expected(roi=image))
                self.assert_same_pair(Case.from_nodes(self.volume, node, f"ID_{name}"), self.expected(roi=image))

    def test_segments_that_share_one_image_are_told_apart(self) -> None:
        corner = np.zeros_like(ellipsoid())
        corner[8:14, 5:20, 5:20] = 1
        node = self.segmentation(tumour=self.roi_image, corner=as_image(corner))
        node.GetSegmentation().CollapseBinaryLabelmaps(False)
        self.assertEqual(node.GetSegmentation().GetNumberOfLayers(), 1)
        for name, image in (("tumour", self.roi_image), ("corner", as_image(corner))):
            self.assert_same_pair(Case.from_nodes(self.volume, node, f"ID_{name}"), self.expected(roi=image))

    def test_roi_drawn_on_a_smaller_grid_lands_in_its_place(self) -> None:
        node = self.segmentation(tumour=self.roi_image[10:60, 5:55, 8:25])
        self.assert_same_pair(Case.from_nodes(self.volume, node), self.expected())

    def test_roi_on_the_volumes_grid_is_what_slicer_itself_makes_of_it(self) -> None:
        random = np.random.default_rng(5)
        for _ in range(20):
            volume = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CTU")
            image = sitk.GetImageFromArray(random.normal(0, 50, (9, 12, 10)).astype(np.int16))
            image.SetSpacing((0.7, 0.8, 5.0))
            nodes.fill(volume, image)
            first = random.integers(-2, 7, 3)  # reaches beyond the volume, or not
            drawn = sitk.GetImageFromArray((random.random(tuple(random.integers(3, 9, 3))) < 0.4).astype(np.uint8))
            drawn.SetSpacing(image.GetSpacing())
            drawn.SetOrigin(image.TransformContinuousIndexToPhysicalPoint([float(index) for index in first]))
            node = self.segmentation(tumour=drawn)
            case = Case.from_nodes(volume, node)
            np.testing.assert_array_equal(case.roi_voxels, merged_by_slicer(volume, node))
            whole = sitk.GetArrayViewFromImage(drawn).sum()
            self.assertAlmostEqual(case.roi_share_outside, 1.0 - case.roi_voxels.sum() / whole)

    def test_transforms_move_the_roi_and_not_the_voxels(self) -> None:
        shifted = as_image(ellipsoid())
        origin = np.array(shifted.GetOrigin())
        shifted.SetOrigin((origin + [8.0, -4.0, 10.0]).tolist())
        node = self.segmentation(tumour=shifted)
        node.SetAndObserveTransformNodeID(self.transform(rotation(0.0, (8.0, -4.0, -10.0))))
        self.assert_same_pair(Case.from_nodes(self.volume, node), self.expected())

    def test_a_transform_that_bends_counts_like_a_linear_one(self) -> None:
        """Here it happens to shift everything by the same 8 mm to the right, which is a linear one's work, too."""
        from vtk.util.numpy_support import vtk_to_numpy

        grid = vtk.vtkImageData()
        grid.SetDimensions(5, 5, 5)
        grid.SetSpacing(100, 100, 100)
        grid.SetOrigin(-200, -200, -300)
        grid.AllocateScalars(vtk.VTK_DOUBLE, 3)
        vtk_to_numpy(grid.GetPointData().GetScalars())[:] = (8.0, 0.0, 0.0)
        bending = slicer.vtkOrientedGridTransform()
        bending.SetDisplacementGridData(grid)
        bent = self.scene.AddNewNodeByClass("vtkMRMLGridTransformNode")
        bent.SetAndObserveTransformToParent(bending)
        node = self.segmentation(tumour=self.roi_image)
        for moved in (node, self.volume):
            with self.subTest(moved=moved.GetName()):
                cases = []
                for transform in (bent.GetID(), self.transform(rotation(0.0, (8.0, 0.0, 0.0)))):
                    moved.SetAndObserveTransformNodeID(transform)
                    cases.append(Case.from_nodes(self.volume, node))
                self.assert_same_pair(*cases)
                self.assertNotEqual(cases[0].box, self.expected().box)
                moved.SetAndObserveTransformNodeID(None)

    def test_same_transform_on_both_changes_nothing(self) -> None:
        node = self.segmentation(tumour=self.roi_image)
        turned = self.transform(rotation(20.0, (30.0, 5.0, 0.0)))
        node.SetAndObserveTransformNodeID(turned)
        self.volume.SetAndObserveTransformNodeID(turned)
        self.assert_same_pair(Case.from_nodes(self.volume, node), self.expected())

    def test_oblique_volume_and_straight_roi_match_simpleitk(self) -> None:
        direction = rotation(17.0)[:3, :3]
        oblique = as_image(ct_array(7))
        oblique.SetDirection(direction.ravel().tolist())
        centre = np.array(self.roi_image.TransformContinuousIndexToPhysicalPoint((36.0, 31.0, 15.0)))
        oblique.SetOrigin((centre - direction @ (np.array([36, 31, 15]) * oblique.GetSpacing())).tolist())
        nodes.fill(self.volume, oblique)
        case = Case.from_nodes(self.volume, self.segmentation(tumour=self.roi_image))
        self.assert_same_pair(case, self.expected(volume=oblique))
        self.assertNotEqual(case.roi_voxel_count, 0)
        expected_ml = int(ellipsoid().sum()) * 0.8 * 0.8 * 5 / 1000
        self.assertAlmostEqual(case.roi_volume_ml, expected_ml, delta=0.05 * expected_ml)

    def test_closed_surface_is_turned_into_voxels(self) -> None:
        node = self.segmentation(tumour=self.roi_image)
        node.SetReferenceImageGeometryParameterFromVolumeNode(self.volume)
        converter = slicer.vtkSegmentationConverter
        segmentation = node.GetSegmentation()
        surface = converter.GetSegmentationClosedSurfaceRepresentationName()
        self.assertTrue(segmentation.CreateRepresentation(surface))
        segmentation.SetSourceRepresentationName(surface)
        segmentation.RemoveRepresentation(converter.GetSegmentationBinaryLabelmapRepresentationName())
        case = Case.from_nodes(self.volume, node)
        self.assertAlmostEqual(case.roi_volume_ml, self.expected().roi_volume_ml, delta=0.5)

    def test_share_of_the_roi_outside_equals_that_from_files(self) -> None:
        """Drawn on another volume: shifted by a third of the volume, under turned transforms, or merely larger."""
        with tempfile.TemporaryDirectory() as folder:
            volume, _ = write_small_case(Path(folder))
            origin = np.array(self.roi_image.GetOrigin())
            for shift in ((26.0, 0.0, 0.0), (0.0, -19.0, 70.0), (0.0, 0.0, 0.0)):
                drawn = sitk.ConstantPad(as_image(ellipsoid()), (3, 3, 3), (3, 3, 3))
                drawn.SetOrigin(
                    (np.array(drawn.GetOrigin()) - as_image(ellipsoid()).GetOrigin() + origin + shift).tolist()
                )
                path = Path(folder) / "roi.nrrd"
                sitk.WriteImage(drawn, str(path))
                expected = Case.from_files(volume, path).roi_share_outside
                self.assertEqual(expected > 0, any(shift))
                node = self.segmentation(tumour=drawn)
                self.assertAlmostEqual(Case.from_nodes(self.volume, node).roi_share_outside, expected, places=9)
                turned = self.transform(rotation(20.0, (30.0, 5.0, 0.0)))
                for moved in (node, self.volume):
                    moved.SetAndObserveTransformNodeID(turned)
                self.assertAlmostEqual(Case.from_nodes(self.volume, node).roi_share_outside, expected, places=9)
                self.volume.SetAndObserveTransformNodeID(None)

    def test_segment_that_shares_its_image_with_another_has_its_own_share_outside(self) -> None:
        corner = np.zeros_like(ellipsoid())
        corner[8:14, 5:20, 5:20] = 1
        drawn = [as_image(array) for array in (ellipsoid(), corner)]
        for image in drawn:
            image.SetOrigin((np.array(image.GetOrigin()) - [8.0, 0.0, 0.0]).tolist())
        node = self.segmentation(tumour=drawn[0], corner=drawn[1])
        node.GetSegmentation().CollapseBinaryLabelmaps(False)
        self.assertEqual(Case.from_nodes(self.volume, node, "ID_tumour").roi_share_outside, 0.0)
        self.assertAlmostEqual(Case.from_nodes(self.volume, node, "ID_corner").roi_share_outside, 5 / 15)

    def test_a_volume_under_a_non_linear_transform_is_warped(self) -> None:
        self.assertFalse(nodes.volume_from_node(self.volume).warped)
        self.volume.SetAndObserveTransformNodeID(self.transform(rotation(20.0)))
        self.assertFalse(nodes.volume_from_node(self.volume).warped)
        grid = self.scene.AddNewNodeByClass("vtkMRMLGridTransformNode", "Acquisition transform")
        displacement = vtk.vtkImageData()
        displacement.SetDimensions(4, 4, 4)
        displacement.AllocateScalars(vtk.VTK_DOUBLE, 3)
        displacement.GetPointData().GetScalars().Fill(0.0)
        transform = slicer.vtkOrientedGridTransform()
        transform.SetDisplacementGridData(displacement)
        grid.SetAndObserveTransformFromParent(transform)
        self.volume.SetAndObserveTransformNodeID(grid.GetID())
        self.assertTrue(nodes.volume_from_node(self.volume).warped)
        findings = findings_on(Case.from_nodes(self.volume, self.segmentation(tumour=self.roi_image)))
        self.assertIn("volume-warped", [finding.code for finding in findings])

    def test_the_instances_of_a_volume_from_dicom_are_known(self) -> None:
        self.assertEqual(nodes.volume_from_node(self.volume).instance_uids, ())
        self.volume.SetAttribute("DICOM.instanceUIDs", "1.2.3 1.2.4")
        self.assertEqual(nodes.volume_from_node(self.volume).instance_uids, ("1.2.3", "1.2.4"))

    def test_a_volume_is_copied_once_until_it_changes_whatever_is_drawn_on_it(self) -> None:
        first = Case.from_nodes(self.volume, self.segmentation(tumour=self.roi_image))
        again = Case.from_nodes(self.volume, self.segmentation(tumour=self.roi_image[:36]))
        self.assertIs(again.volume, first.volume)
        other = sitk.Image(self.volume_image)
        other[0, 0, 0] = 1234
        nodes.fill(self.volume, other)
        changed = Case.from_nodes(self.volume, self.segmentation(tumour=self.roi_image))
        self.assertEqual(changed.volume.image[0, 0, 0], 1234)
        self.assertEqual(changed.volume.range_hu[1], 1234.0)
        self.volume.SetSpacing(1.0, 1.0, 4.0)
        self.assertEqual(nodes.volume_from_node(self.volume).image.GetSpacing(), (1.0, 1.0, 4.0))
        self.volume.GetImageData().GetPointData().GetScalars().SetTuple1(1, 2345)
        self.volume.GetImageData().GetPointData().GetScalars().Modified()
        self.assertEqual(nodes.volume_from_node(self.volume).image[1, 0, 0], 2345)

    def test_wrong_nodes_are_refused_with_a_sentence(self) -> None:
        node = self.segmentation(tumour=self.roi_image, empty=as_image(np.zeros_like(ellipsoid())))
        far = as_image(ellipsoid())
        far.SetOrigin((900.0, 900.0, 900.0))
        nothing = self.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Nothing")
        labelmap = self.scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "Map")
        for reason, arguments in {
            "name the one that is the tumour": (self.volume, node),
            'no segment "x"': (self.volume, node, "x"),
            '"empty" is empty': (self.volume, node, "ID_empty"),
            "outside the volume": (self.volume, self.segmentation(tumour=far)),
            "holds no segment": (self.volume, self.segmentation()),
            "holds no image": (nothing, node, "ID_tumour"),
            "not a segmentation": (self.volume, labelmap),
        }.items():
            with self.subTest(reason), self.assertRaisesRegex(InputError, reason):
                Case.from_nodes(*arguments)

    def test_mending_changes_one_segment_and_no_other_node(self) -> None:
        roi, wall = ellipsoid(), sitk.BinaryDilate(self.roi_image, (3, 3, 1))
        roi[2:4, 5:9, 5:9] = 1
        node = self.segmentation(tumour=as_image(roi), wall=wall)
        before = self.scene.GetNumberOfNodes()
        mend(self.volume, node, "ID_tumour", KEEP_LARGEST_PIECE)
        self.assertEqual(self.scene.GetNumberOfNodes(), before)
        self.assert_same_pair(Case.from_nodes(self.volume, node, "ID_tumour"), self.expected())
        self.assert_same_pair(Case.from_nodes(self.volume, node, "ID_wall"), self.expected(roi=wall))

    def test_mending_a_segment_that_shares_its_image_leaves_the_other(self) -> None:
        roi, corner = ellipsoid(), np.zeros_like(ellipsoid())
        roi[2:4, 5:9, 5:9] = 1
        corner[8:14, 5:20, 5:20] = 1
        node = self.segmentation(tumour=as_image(roi), corner=as_image(corner))
        node.GetSegmentation().CollapseBinaryLabelmaps(False)
        self.assertEqual(node.GetSegmentation().GetNumberOfLayers(), 1)
        mend(self.volume, node, "ID_tumour", KEEP_LARGEST_PIECE)
        self.assert_same_pair(Case.from_nodes(self.volume, node, "ID_tumour"), self.expected())
        self.assert_same_pair(Case.from_nodes(self.volume, node, "ID_corner"), self.expected(roi=as_image(corner)))

    def test_mending_works_under_transforms_and_on_other_grids(self) -> None:
        roi = ellipsoid()
        roi[2:4, 8:12, 8:12] = 1
        node = self.segmentation(tumour=as_image(roi)[6:66, 7:60, 1:29])
        turned = self.transform(rotation(20.0, (30.0, 5.0, 0.0)))
        for own in (node, self.volume):
            own.SetAndObserveTransformNodeID(turned)
        mend(self.volume, node, "ID_tumour", KEEP_LARGEST_PIECE)
        self.assert_same_pair(Case.from_nodes(self.volume, node), self.expected())
        shifted = as_image(roi)
        shifted.SetOrigin((np.array(shifted.GetOrigin()) + [8.0, -4.0, 10.0]).tolist())
        node = self.segmentation(tumour=shifted)
        self.volume.SetAndObserveTransformNodeID(None)
        node.SetAndObserveTransformNodeID(self.transform(rotation(0.0, (8.0, -4.0, -10.0))))
        mend(self.volume, node, "ID_tumour", KEEP_LARGEST_PIECE)
        self.assert_same_pair(Case.from_nodes(self.volume, node), self.expected())

    def test_reading_a_case_leaves_the_scene_as_it_was(self) -> None:
        node = self.segmentation(tumour=self.roi_image)
        before = self.scene.GetNumberOfNodes()
        Case.from_nodes(self.volume, node)
        self.assertEqual(self.scene.GetNumberOfNodes(), before)

    def test_prepared_nodes_hold_the_pair_hidden_and_unsaved(self) -> None:
        prepared = self.expected().prepared()
        volume, labelmap = nodes.add_prepared_nodes(self.scene, prepared)
        read_back = nodes.volume_from_node(volume).image
        np.testing.assert_array_equal(sitk.GetArrayFromImage(read_back), sitk.GetArrayFromImage(prepared.image))
        self.assertEqual(read_back.GetSpacing(), prepared.image.GetSpacing())
        self.assertEqual(read_back.GetDirection(), prepared.image.GetDirection())
        mask = nodes.volume_from_node(labelmap).image
        np.testing.assert_array_equal(sitk.GetArrayFromImage(mask), sitk.GetArrayFromImage(prepared.mask))
        for node in (volume, labelmap):
            self.assertTrue(node.GetHideFromEditors())
            self.assertFalse(node.GetSaveWithScene())

    def test_the_pair_comes_unchanged_through_a_file_that_slicer_writes(self) -> None:
        random = np.random.default_rng(5)
        with tempfile.TemporaryDirectory() as folder:
            for number in range(25):
                spacing = [*([float(random.uniform(0.4, 1.3))] * 2), float(random.choice([1.25, 2.5, 3.27, 5.0]))]
                volume, roi = small_case()
                for image in (volume, roi):
                    image.SetSpacing(spacing)
                prepared = Case(Volume(volume, ""), Roi(roi, "")).prepared()
                node, _labelmap = nodes.add_prepared_nodes(self.scene, prepared)
                storage = slicer.vtkMRMLVolumeArchetypeStorageNode()
                storage.SetFileName(str(Path(folder) / f"{number}.nrrd"))
                self.assertTrue(storage.WriteData(node))
                read = sitk.ReadImage(storage.GetFileName())
                with self.subTest(spacing=spacing):
                    for geometry in ("GetSpacing", "GetOrigin", "GetDirection"):
                        self.assertEqual(getattr(read, geometry)(), getattr(prepared.image, geometry)())

    def test_table_row_is_read_as_text(self) -> None:
        table = self.scene.AddNewNodeByClass("vtkMRMLTableNode")
        self.assertEqual(nodes.strings_from_table(table), {})
        column = vtk.vtkStringArray()
        column.SetName("original_shape_MeshVolume")
        column.InsertNextValue("8848.279437153753")
        table.AddColumn(column)
        self.assertEqual(nodes.strings_from_table(table), {"original_shape_MeshVolume": "8848.279437153753"})


if __name__ == "__main__":
    unittest.main()
