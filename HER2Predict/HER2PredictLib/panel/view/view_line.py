"""ViewLine: one line of text in every slice view, where a radiologist looks."""

from __future__ import annotations

from typing import Any

#: Of the viewport, from its lower left corner; Slicer's own annotations lie elsewhere.
_POSITION = (0.02, 0.97)
_COLOUR = (1.0, 0.8, 0.3)
_FONT_SIZE = 14


class ViewLine:
    """A text that lasts through slices, effects, layouts and scenes until it is taken away.

    `layout_manager` gives the application's qSlicerLayoutManager; None where there is none, as without a main window.
    """

    def __init__(self, layout_manager: Any) -> None:
        self._layout_manager = layout_manager
        self._actors: dict[str, Any] = {}
        self._text = ""

    def show(self, text: str) -> None:
        """Show a text; an empty one shows nothing."""
        if text == self._text and (not text or self._actors):
            return
        self._text = text
        manager = self._layout_manager()
        for name in manager.sliceViewNames() if manager is not None else ():
            view = manager.sliceWidget(name).sliceView()
            renderer = view.renderWindow().GetRenderers().GetFirstRenderer()
            if text and name not in self._actors:
                self._actors[name] = _text_actor()
                renderer.AddViewProp(self._actors[name])
            if text:
                self._actors[name].SetInput(text)
            elif name in self._actors:
                renderer.RemoveViewProp(self._actors.pop(name))
            view.scheduleRender()


def _text_actor() -> Any:
    import vtk

    actor = vtk.vtkTextActor()
    actor.GetPositionCoordinate().SetCoordinateSystemToNormalizedViewport()
    actor.SetPosition(*_POSITION)
    look = actor.GetTextProperty()
    look.SetVerticalJustificationToTop()
    look.SetFontSize(_FONT_SIZE)
    look.SetColor(*_COLOUR)
    look.ShadowOn()  # to be read on bone, too
    return actor
