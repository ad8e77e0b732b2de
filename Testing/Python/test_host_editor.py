"""The segment editor as the panel meets it: which calls are refused, which tell somebody, its keys and its height."""

from __future__ import annotations

import unittest
from typing import Any

import panel

slicer: Any = None

#: What the panel offers.
EFFECTS = ("Paint", "Draw", "Erase", "Level tracing", "Threshold", "Grow from seeds", "Fill between slices")
EFFECTS += ("Islands", "Smoothing", "Margin", "Scissors")


def setUpModule() -> None:
    global slicer
    slicer = panel.start()


def settle() -> None:
    for _ in range(4):
        slicer.app.processEvents()


class EditorTestCase(unittest.TestCase):
    def setUp(self) -> None:
        slicer.mrmlScene.Clear(0)
        self.addCleanup(slicer.mrmlScene.Clear, 0)
        self.editor = slicer.qMRMLSegmentEditorWidget()
        self.addCleanup(self.editor.deleteLater)
        self.editor.setMRMLScene(slicer.mrmlScene)
        self.node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentEditorNode")
        self.editor.setMRMLSegmentEditorNode(self.node)
        self.addCleanup(self.editor.setMRMLSegmentEditorNode, None)

    def add_segmentation(self) -> Any:
        node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode")
        for name in ("a", "b"):
            node.GetSegmentation().AddEmptySegment(name, name)
        return node

    def part(self, name: str) -> Any:
        return slicer.util.findChild(self.editor, name)


class NodesTest(EditorTestCase):
    def test_a_volume_is_refused_before_there_is_a_segmentation(self) -> None:
        volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode")
        if panel.is_stand_in():
            with self.assertLogs(level="ERROR") as logged:
                self.editor.setSourceVolumeNode(volume)
            self.assertIn("SetSourceVolumeNode: need to set segment editor and segmentation nodes first", str(logged))
        else:
            self.editor.setSourceVolumeNode(volume)
        self.assertIsNone(self.editor.sourceVolumeNode())
        self.editor.setSegmentationNode(self.add_segmentation())
        self.assertIsNone(self.editor.sourceVolumeNode())
        self.editor.setSourceVolumeNode(volume)
        self.assertIs(self.editor.sourceVolumeNode(), volume)

    def test_only_a_choice_in_the_table_is_told(self) -> None:
        told: list[str] = []
        self.assertTrue(self.editor.connect("currentSegmentIDChanged(QString)", told.append))
        self.editor.setSegmentationNode(self.add_segmentation())
        self.node.SetSelectedSegmentID("a")
        told.clear()
        self.node.SetSelectedSegmentID("b")
        self.assertEqual((self.editor.currentSegmentID(), told), ("b", []))
        self.part("SegmentsTableView").setSelectedSegmentIDs(["a"])
        self.assertEqual((self.editor.currentSegmentID(), self.node.GetSelectedSegmentID(), told), ("a", "a", ["a"]))

    def test_a_removed_segment_is_no_longer_in_the_table(self) -> None:
        segmentation = self.add_segmentation()
        self.editor.setSegmentationNode(segmentation)
        self.node.SetSelectedSegmentID("b")
        table = self.part("SegmentsTableView")
        self.assertEqual(list(table.selectedSegmentIDs()), ["b"])
        segmentation.GetSegmentation().RemoveSegment("b")
        self.assertNotIn("b", list(table.selectedSegmentIDs()))


class KeysTest(EditorTestCase):
    def setUp(self) -> None:
        super().setUp()
        if slicer.util.mainWindow() is None:
            self.skipTest("keys belong to the main window, and there is none")

    def keys(self) -> dict[int, str]:
        """Place of an effect -> its key."""
        import qt

        found = {}
        for shortcut in slicer.util.mainWindow().findChildren(qt.QShortcut):
            key = shortcut.key
            if shortcut.property("effectIndex") is not None:
                found[shortcut.property("effectIndex")] = (key() if callable(key) else key).toString()
        return found

    def test_they_come_and_go_with_the_module(self) -> None:
        slicer.util.selectModule("Data")
        before = self.keys()
        self.editor.installKeyboardShortcuts()
        keys = self.keys()
        self.assertEqual(keys[0], "Esc")
        self.assertEqual([keys[index] for index in range(1, 11)], list("1234567890"))
        self.editor.uninstallKeyboardShortcuts()
        settle()
        self.assertEqual(self.keys(), before)

    def test_installing_them_twice_leaves_one_of_each(self) -> None:
        import qt

        count = lambda: len(slicer.util.mainWindow().findChildren(qt.QShortcut))  # noqa: E731
        self.editor.installKeyboardShortcuts()
        settle()
        once = count()
        self.editor.installKeyboardShortcuts()
        settle()
        self.assertEqual(count(), once)
        self.editor.uninstallKeyboardShortcuts()

    def test_a_digit_chooses_the_effect_of_its_place_and_escape_none(self) -> None:
        import qt

        self.editor.setEffectNameOrder(list(EFFECTS))
        self.editor.unorderedEffectsVisible = False
        self.editor.setSegmentationNode(self.add_segmentation())
        self.editor.installKeyboardShortcuts()
        self.addCleanup(self.editor.uninstallKeyboardShortcuts)
        by_place = {
            shortcut.property("effectIndex"): shortcut
            for shortcut in slicer.util.mainWindow().findChildren(qt.QShortcut)
            if shortcut.property("effectIndex") is not None
        }
        by_place[3].activated.emit()
        self.assertEqual(self.node.GetActiveEffectName(), EFFECTS[2])
        by_place[0].activated.emit()
        self.assertEqual(self.node.GetActiveEffectName() or "", "")


class HeightTest(EditorTestCase):
    """In pixels, with room for other fonts and styles."""

    def setUp(self) -> None:
        if not panel.is_stand_in():
            self.skipTest("Slicer's own heights depend on its style")
        super().setUp()
        self.editor.setEffectNameOrder(list(EFFECTS))
        self.editor.unorderedEffectsVisible = False
        segmentation = self.add_segmentation()
        self.editor.setSegmentationNode(segmentation)
        self.editor.setSourceVolumeNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"))
        self.editor.show()
        self.addCleanup(self.editor.hide)

    def height(self) -> int:
        settle()
        return int(self.editor.sizeHint.height())

    def make_compact(self) -> None:
        self.editor.effectColumnCount = 6
        self.part("SegmentsTableResizableFrame").setFixedHeight(90)
        self.editor.maskingSectionVisible = False

    def test_alone_it_is_as_high_as_in_slicer(self) -> None:
        self.assertGreater(self.height(), 350)
        self.assertLess(self.height(), 460)

    def test_six_columns_and_a_low_table_take_a_third_off_at_least(self) -> None:
        whole = self.height()
        self.make_compact()
        self.assertLess(self.height(), whole * 0.7)
        self.assertGreater(self.height(), 30 + 90)

    def test_neither_columns_nor_table_alone_are_enough(self) -> None:
        self.make_compact()
        compact = self.height()
        self.editor.effectColumnCount = 2
        self.assertGreater(self.height(), compact + 60)
        self.editor.effectColumnCount = 6
        self.part("SegmentsTableResizableFrame").setFixedHeight(200)
        self.assertGreater(self.height(), compact + 40)

    def test_masking_takes_its_room_only_with_an_effect(self) -> None:
        self.make_compact()
        without = self.height()
        self.editor.maskingSectionVisible = True
        self.assertEqual(self.height(), without)
        self.editor.setActiveEffectByName("Paint")
        with_masking = self.height()
        self.editor.maskingSectionVisible = False
        self.assertAlmostEqual(with_masking - self.height(), 113, delta=8)
        self.assertLessEqual(self.height() - without, 57 + 8)


if __name__ == "__main__":
    unittest.main()
