"""Controls above a view that follows them; on a static page, the view alone and a note."""

from collections.abc import Callable, Mapping
from html import escape

import ipywidgets as widgets

from clipkit.errors import ClipkitError

NOTE = "In a running notebook, this picture has sliders and follows them. Here it stands as it begins."


class Explorer(widgets.VBox):
    """`controls` (name → widget) above the HTML that `draw(**values)` returns.

    A value that `draw` refuses with a ClipkitError is answered with its text in place of the picture.
    Where no widget can live, as in a book, what is shown is the HTML and NOTE.
    """

    def __init__(self, controls: Mapping[str, widgets.ValueWidget], draw: Callable[..., str]):
        self.controls, self._draw = dict(controls), draw
        self.view = widgets.HTML()
        for control in self.controls.values():
            control.observe(self.update, "value")
        self.update()
        super().__init__([widgets.Box(list(self.controls.values()), layout=_WRAP), self.view])

    def update(self, change=None) -> None:
        """Draw the view for the values that the controls have now."""
        values = {name: control.value for name, control in self.controls.items()}
        try:
            self.view.value = str(self._draw(**values))
        except ClipkitError as refused:
            self.view.value = (
                f'<p role="status"><strong>{escape(refused.problem)}</strong><br>{escape(refused.remedy)}</p>'
            )

    def _repr_mimebundle_(self, **options) -> dict:
        still = f'<div class="still">{self.view.value}<p><em>{NOTE}</em></p></div>'
        return {**super()._repr_mimebundle_(**options), "text/html": still}


_WRAP = widgets.Layout(flex_flow="row wrap")
