"""How a layer is drawn in QGIS: one symbol per value of a field, or one for all, and a label."""

import xml.etree.ElementTree as ET
from dataclasses import dataclass

from workflow_scripts.rogi.packages.markup import node, option


@dataclass(frozen=True)
class Symbol:
    """A filled outline, or a dot.

    Attributes:
        label: Its line in the legend.
        fill: Colour as "red,green,blue,alpha", 0 to 255.
        outline: The same for the outline.
        width_mm: Width of the outline on paper.
        line: "solid", "dash", "dot" or "no".
        value: Value of the layer's `by` field that is drawn so; empty stands for null.
        dot_mm: Diameter of a dot; None draws a polygon.
    """

    label: str
    fill: str
    outline: str
    width_mm: float = 0.4
    line: str = "solid"
    value: str = ""
    dot_mm: float | None = None

    def element(self, name: int) -> ET.Element:
        """Return QGIS's symbol of this number."""
        drawn = {"color": self.fill, "outline_color": self.outline, "outline_style": self.line}
        drawn |= {"outline_width": str(self.width_mm), "outline_width_unit": "MM"}
        kind = "fill" if self.dot_mm is None else "marker"
        if self.dot_mm is None:
            drawn |= {"style": "solid"}
        else:
            drawn |= {"name": "circle", "size": str(self.dot_mm), "size_unit": "MM"}
        simple = node("layer", option(drawn), class_=f"Simple{kind.title()}", enabled=True, locked=False, pass_=0)
        return node("symbol", simple, type=kind, name=name, alpha=1, clip_to_extent=True, force_rhr=False)


@dataclass(frozen=True)
class Look:
    """A layer's symbols and label.

    Attributes:
        symbols: One for all features, or one per value of `by`.
        by: Field that tells them apart; empty where there is one symbol.
        label: Expression of the label; empty for none.
    """

    symbols: tuple[Symbol, ...]
    by: str = ""
    label: str = ""

    def elements(self) -> list[ET.Element]:
        """Return the parts of a QGIS style that draw the layer."""
        return [self._renderer(), *([_labeling(self.label)] if self.label else [])]

    def _renderer(self) -> ET.Element:
        drawn = node("symbols", *(symbol.element(number) for number, symbol in enumerate(self.symbols)))
        if not self.by:
            return node("renderer-v2", drawn, type="singleSymbol")
        categories = (
            node("category", render="true", symbol=number, value=symbol.value, label=symbol.label)
            for number, symbol in enumerate(self.symbols)
        )
        return node("renderer-v2", node("categories", *categories), drawn, type="categorizedSymbol", attr=self.by)


def _labeling(expression: str) -> ET.Element:
    buffer = node("text-buffer", bufferDraw=True, bufferSize=1, bufferSizeUnits="MM", bufferColor="255,255,255,255")
    style = node("text-style", buffer, fieldName=expression, isExpression=True, fontSize=9, fontSizeUnit="Point",
                 textColor="20,20,20,255")  # fmt: skip
    placement = node("placement", placement=1, centroidInside=True)
    scales = node("rendering", scaleVisibility=True, scaleMin=1, scaleMax=60000)  # not a cloud of labels from afar
    return node("labeling", node("settings", style, placement, scales), type="simple")
