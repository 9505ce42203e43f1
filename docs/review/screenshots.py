"""Draw the pictures of docs/review.md with QGIS, from a finished demo: /usr/bin/python3 docs/review/screenshots.py.

Needs the packages (`snakemake results/review/demo_range_east/mapper_b_simulated.gpkg
results/validation/packages/reviewer_1_simulated.gpkg`) and the interpreter that QGIS belongs to. Works on copies of
them, decides as the demo's simulated mapper did, and saves nothing else.
"""

import os
import shutil
import sys
import time
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from qgis.core import (
    QgsApplication,
    QgsFeatureRequest,
    QgsLayerTreeModel,
    QgsProject,
    QgsRasterLayer,
    QgsRectangle,
    QgsSettings,
    QgsVectorLayer,
    QgsVectorLayerUtils,
)
from qgis.gui import QgsAttributeForm, QgsDualView, QgsGui, QgsLayerTreeView, QgsMapCanvas
from qgis.PyQt.QtCore import QSize, Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage, QPainter
from qgis.PyQt.QtWidgets import QDockWidget, QMainWindow

SUBREGION, MAPPER, EDITS = "demo_range_east", "mapper_b_simulated", "simulated_b.gpkg"
REVIEWER = "reviewer_1_simulated"
PANELS = {"refine": "3 refine", "split": "4 split", "merge": "5 merge", "retrieve": "6 retrieve (a new outline)"}

application = QgsApplication([], True)
application.setStyle("Fusion")
application.initQgis()
QgsSettings().setValue("digitizing/marker_style", "None")  # no crosses on the vertices
QgsGui.editorWidgetRegistry().initEditors()


def main(results: Path, pictures: Path) -> None:
    """Draw all pictures."""
    folder = results / "review" / "screenshots"  # as deep as the packages, so that the imagery is found
    shutil.copytree(results / "review" / SUBREGION, folder)
    try:
        project = QgsProject.instance()
        project.read(str(folder / f"{MAPPER}.qgz"))
        layer = project.mapLayer("package_layer_candidates")
        layer.startEditing()
        view = project.viewSettings().defaultViewExtent()
        save(window(project, view), pictures / "opened.jpg")
        decided = decide(layer, results / "demo_review" / SUBREGION / EDITS)
        cloudy = project.layerTreeRoot().findLayers()[-2]
        cloudy.setItemVisibilityChecked(False)
        save(panels(project, layer, decided), pictures / "operations.jpg")
        undo(layer, decided, keep=8)
        current = first(layer, '"operation" IS NULL')
        layer.selectByIds([current.id()])
        save(window(project, around(project, layer, [current], 3), current, layer), pictures / "deciding.jpg")
        save(table(layer, project), pictures / "list.jpg")
        save(form(layer), pictures / "form.jpg")
        layer.rollBack()
        save(reviewer(project, results, folder), pictures / "reviewer.jpg")
    finally:
        shutil.rmtree(folder)


def save(image: QImage, path: Path) -> None:
    """Write a picture."""
    image.convertToFormat(QImage.Format_RGB32).save(str(path), "JPG", 82)
    print(path, image.width(), "x", image.height(), os.path.getsize(path) // 1000, "kB")


def first(layer: QgsVectorLayer, expression: str):
    """Return the feature of the lowest rank for which an expression holds."""
    request = QgsFeatureRequest().setFilterExpression(expression).addOrderBy('"rank"').setLimit(1)
    return next(layer.getFeatures(request))


def decide(layer: QgsVectorLayer, path: Path) -> dict[str, list[int]]:
    """Enter a simulated mapper's decisions; return the features of each operation."""
    done: dict[str, list[int]] = {}
    fields = layer.fields()
    for edit in QgsVectorLayer(str(path), "edits", "ogr").getFeatures():
        name, operation = edit["candidate_id"], edit["operation"]
        found = [one for one in layer.getFeatures() if name and one["candidate_id"] == name]
        fresh = not found or found[0]["operation"] == operation == "split"
        if fresh:
            told = dict(enumerate(found[0].attributes()[1:], 1)) if found else {}
            feature = QgsVectorLayerUtils.createFeature(layer, edit.geometry(), told)
            layer.addFeature(feature)
        else:
            feature = found[0]
        if operation in ("refine", "split", "merge"):
            layer.changeGeometry(feature.id(), edit.geometry())
        for field in ("operation", "reason", "merge_into", "confidence", "minutes"):
            layer.changeAttributeValue(feature.id(), fields.indexOf(field), edit[field])
        done.setdefault(operation, []).append(feature.id())
    return done


def undo(layer: QgsVectorLayer, decided: dict[str, list[int]], keep: int) -> None:
    """Take all decisions back but those on the first ranks."""
    layer.deleteFeatures([one for one in decided.get("retrieve", [])])
    for feature in layer.getFeatures(f'"rank" > {keep}'):
        layer.changeAttributeValue(feature.id(), layer.fields().indexOf("operation"), None)
        layer.changeAttributeValue(feature.id(), layer.fields().indexOf("reason"), None)


def around(project: QgsProject, layer: QgsVectorLayer, features: list, times: float) -> QgsRectangle:
    """Return the box of some features, some times as large, in the CRS of the map."""
    box = QgsRectangle()
    for feature in features:
        box.combineExtentWith(feature.geometry().boundingBox())
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(project.crs())
    box = canvas.mapSettings().layerExtentToOutputExtent(layer, box)
    box.scale(times)
    return box


def map_canvas(project: QgsProject, view: QgsRectangle, size: QSize) -> QgsMapCanvas:
    """Return the map as QGIS shows it."""
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(project.crs())
    canvas.enableAntiAliasing(True)
    canvas.setLayers([node.layer() for node in project.layerTreeRoot().findLayers() if node.isVisible()])
    canvas.setSelectionColor(QColor(255, 255, 255, 70))
    canvas.resize(size)
    canvas.setExtent(view)
    return canvas


def window(project: QgsProject, view: QgsRectangle, feature=None, layer=None) -> QImage:
    """Return the list of layers, the map and, if a feature is given, its form, side by side."""
    main_window = QMainWindow()
    main_window.resize(1240, 640)
    tree = QgsLayerTreeView()
    model = QgsLayerTreeModel(project.layerTreeRoot())
    tree.setModel(model)
    if feature is None:
        docked(main_window, "Layers", tree, Qt.LeftDockWidgetArea, 320)
    else:
        docked(main_window, layer.name(), QgsAttributeForm(layer, feature), Qt.RightDockWidgetArea, 420)
    canvas = map_canvas(project, view, QSize(900, 620))
    main_window.setCentralWidget(canvas)
    main_window.show()
    settle(canvas)
    canvas.setExtent(view)
    settle(canvas)
    return main_window.grab().toImage()


def docked(main_window: QMainWindow, title: str, widget, side: Qt.DockWidgetArea, width: int) -> None:
    """Put a widget at a side of the window."""
    dock = QDockWidget(title, main_window)
    dock.setWidget(widget)
    dock.setFixedWidth(width)
    main_window.addDockWidget(side, dock)


def settle(canvas: QgsMapCanvas) -> None:
    """Wait until the map is drawn."""
    canvas.refresh()
    for _ in range(20):
        application.processEvents()
        canvas.waitWhileRendering()
        time.sleep(0.02)


def panels(project: QgsProject, layer: QgsVectorLayer, decided: dict[str, list[int]]) -> QImage:
    """Return one map per operation that draws, in two rows."""
    width, height = 560, 360
    sheet = QImage(2 * width + 8, 2 * height + 8, QImage.Format_RGB32)
    sheet.fill(Qt.white)
    painter = QPainter(sheet)
    for number, (operation, title) in enumerate(PANELS.items()):
        shown = sorted((layer.getFeature(one) for one in decided[operation]), key=lambda one: one["rank"] or 0)
        shown = [one for one in shown if one["candidate_id"] == shown[0]["candidate_id"] or operation == "merge"]
        canvas = map_canvas(project, around(project, layer, shown, 2.2), QSize(width, height))
        canvas.show()
        settle(canvas)
        left, top = (width + 8) * (number % 2), (height + 8) * (number // 2)
        painter.drawPixmap(left, top, canvas.grab())
        painter.fillRect(left, top, 230, 30, QColor(255, 255, 255, 220))
        painter.setFont(QFont("Open Sans", 12))
        painter.drawText(left + 10, top + 21, title)
    painter.end()
    return sheet


def table(layer: QgsVectorLayer, project: QgsProject) -> QImage:
    """Return the attribute table in form view: the list by rank, and the form of the chosen one."""
    dual = QgsDualView()
    dual.init(layer, map_canvas(project, layer.extent(), QSize(100, 100)))
    dual.setView(QgsDualView.AttributeEditor)
    dual.resize(820, 560)
    dual.show()
    for _ in range(30):
        application.processEvents()
        time.sleep(0.02)
    return dual.grab().toImage()


def reviewer(project: QgsProject, results: Path, folder: Path) -> QImage:
    """Return a reviewer's package, opened as it is, over the imagery of the mappers' project."""
    path = folder / "reviewer.gpkg"
    shutil.copy(results / "validation" / "packages" / f"{REVIEWER}.gpkg", path)
    names = ("rock_glaciers", "missed", "cells", "outlines")
    layers = [QgsVectorLayer(f"{path}|layername={name}", name, "ogr") for name in names]
    imagery = QgsRasterLayer(project.layerTreeRoot().findLayers()[-1].layer().source(), "Imagery")
    project.removeAllMapLayers()
    for layer in (*layers, imagery):
        project.addMapLayer(layer, False)
        project.layerTreeRoot().addLayer(layer)
    markers = layers[0]
    markers.startEditing()
    inside = [one for one in markers.getFeatures() if imagery.extent().contains(around(project, markers, [one], 1))]
    for feature, answer in zip(inside[1:], ("yes", "yes", "no", "uncertain") * 9, strict=False):
        markers.changeAttributeValue(feature.id(), markers.fields().indexOf("answer"), answer)
    view = around(project, markers, inside[:1], 1).buffered(2500)
    image = window(project, view, inside[0], markers)
    markers.rollBack()
    return image


def form(layer: QgsVectorLayer) -> QImage:
    """Return the form of a candidate that is to be removed and lacks its reason."""
    feature = first(layer, '"operation" IS NULL')
    feature["operation"] = "remove"
    widget = QgsAttributeForm(layer, feature)
    widget.resize(520, 620)
    widget.show()
    application.processEvents()
    return widget.grab().toImage()


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "results"), Path(__file__).parent)
    sys.stdout.flush()
    os._exit(0)  # QGIS crashes when it is taken down
