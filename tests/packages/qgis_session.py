"""A mapper's session in QGIS, run by the interpreter that QGIS belongs to: python3 qgis_session.py PROJECT REPORT.

Opens the project, works on the candidates with its keys and QGIS's own tools, saves, and writes what it saw as JSON.
"""

import json
import os
import sys
from types import SimpleNamespace
from typing import Any

os.environ["QT_QPA_PLATFORM"] = "offscreen"

import qgis.utils
from qgis.core import QgsApplication, QgsGeometry, QgsPointXY, QgsProject, QgsVectorLayer, QgsVectorLayerUtils
from qgis.gui import QgsAttributeForm, QgsGui, QgsMapCanvas
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtTest import QTest
from qgis.PyQt.QtWidgets import QComboBox, QInputDialog

application = QgsApplication([], True)
application.initQgis()
QgsGui.editorWidgetRegistry().initEditors()
messages: list[str] = []
QgsApplication.messageLog().messageReceived.connect(lambda text, tag, level: messages.append(f"{tag}: {text}"))


def main(path: str, report: str) -> None:
    """Work on a package and tell what was there."""
    project = QgsProject.instance()
    told: dict[str, Any] = {"read": project.read(path), "title": project.title(), "crs": project.crs().authid()}
    view = project.viewSettings().defaultViewExtent()
    told["view"] = [view.xMinimum(), view.yMinimum(), view.xMaximum(), view.yMaximum()]
    told["layers"] = {node.layer().name(): layer_told(node.layer()) for node in project.layerTreeRoot().findLayers()}
    layer = project.mapLayer("package_layer_candidates")
    alone = QgsVectorLayer(f"{path.removesuffix('.qgz')}.gpkg|layername=candidates", "alone", "ogr")
    told["form"], told["form_alone"] = form_told(layer), form_told(alone)
    form = QgsAttributeForm(layer, next(layer.getFeatures()))  # its boxes live as long as it does
    told["lists"] = {
        box.objectName(): [box.itemText(at) for at in range(box.count())] for box in form.findChildren(QComboBox)
    }
    told["work"] = work(layer, project)
    told["messages"] = messages
    with open(report, "w", encoding="utf-8") as file:
        json.dump(told, file)


def layer_told(layer: Any) -> dict[str, Any]:
    """Return what a layer of the project is."""
    told = {"valid": layer.isValid(), "crs": layer.crs().authid(), "source": layer.source()}
    if not isinstance(layer, QgsVectorLayer):
        return told | {"bands": layer.bandCount()}
    return told | {"read_only": layer.readOnly(), "features": layer.featureCount()}


def form_told(layer: Any) -> dict[str, Any]:
    """Return the form, the symbols and the order of a layer, as QGIS understood its style."""
    config = layer.editFormConfig()
    fields = {
        field.name(): {
            "widget": layer.editorWidgetSetup(at).type(),
            "list": layer.editorWidgetSetup(at).config().get("map"),
            "read_only": config.readOnly(at),
            "default": layer.defaultValueDefinition(at).expression(),
            "on_update": layer.defaultValueDefinition(at).applyOnUpdate(),
            "rule": layer.fields()[at].constraints().constraintExpression(),
        }
        for at, field in enumerate(layer.fields())
    }
    return {
        "fields": fields,
        "sections": {tab.name(): [part.name() for part in tab.children()] for tab in config.tabs()},
        "categories": [category.value() for category in layer.renderer().categories()],
        "sort": layer.attributeTableConfig().sortExpression(),
        "actions": [action.name() for action in layer.actions().actions()],
    }


def work(layer: Any, project: Any) -> dict[str, Any]:
    """Decide on candidates by keys, cut one, redraw one, draw a new one, and save."""
    canvas = QgsMapCanvas()
    canvas.setDestinationCrs(project.crs())
    canvas.resize(400, 300)
    canvas.show()
    canvas.activateWindow()
    canvas.setFocus()
    said: list[str] = []
    bar = SimpleNamespace(pushMessage=lambda title, text, duration: said.append(text))
    qgis.utils.iface = SimpleNamespace(mapCanvas=lambda: canvas, mainWindow=lambda: None, messageBar=lambda: bar)
    QInputDialog.getItem = lambda parent, title, label, items, current, editable: (items[3], True)
    keys: dict[str, Any] = {}
    exec(project.readEntry("Macros", "/pythonCode")[0], keys)
    keys["openProject"]()
    application.processEvents()
    told: dict[str, Any] = {"scale": None}
    press(canvas, Qt.Key_N)  # shows rank 1
    told["scale"] = canvas.scale()
    press(canvas, Qt.Key_1)
    press(canvas, Qt.Key_2)
    cut(layer, layer.selectedFeatures()[0])
    press(canvas, Qt.Key_4)
    redrawn = layer.selectedFeatures()[0]
    layer.changeGeometry(redrawn.id(), redrawn.geometry().buffer(0.0001, 8))
    press(canvas, Qt.Key_3)
    layer.selectByExpression('"rank" IN (5, 6)')
    press(canvas, Qt.Key_5)
    press(canvas, Qt.Key_1)
    layer.selectByExpression('"rank" = 7')
    press(canvas, Qt.Key_0)  # takes the decision on it back
    told["selected"] = [feature["rank"] for feature in layer.selectedFeatures()]
    layer.addFeature(QgsVectorLayerUtils.createFeature(layer, new_outline(layer)))
    layer.selectByExpression('"candidate_id" IS NULL')
    press(canvas, Qt.Key_4)
    told["said"], told["refused"] = said, refused(layer)
    told["saved"] = layer.commitChanges()
    keys["closeProject"]()
    return told


def press(canvas: Any, key: Any) -> None:
    """Press a key on the map."""
    QTest.keyClick(canvas, key)
    application.processEvents()


def cut(layer: Any, feature: Any) -> None:
    """Split a candidate from west to east, as the tool Split Features does."""
    box = feature.geometry().boundingBox()
    layer.selectByIds([feature.id()])
    y = box.center().y()
    layer.splitFeatures([QgsPointXY(box.xMinimum() - 1, y), QgsPointXY(box.xMaximum() + 1, y)])


def new_outline(layer: Any) -> Any:
    """Return an outline of some 4 ha beside the candidates, inside their box."""
    centre = layer.extent().center()
    return QgsGeometry.fromWkt(f"POINT({centre.x()} {centre.y()})").buffer(0.0012, 16)


def refused(layer: Any) -> list[str]:
    """Return what QGIS says of a removal without a reason, and of a reason without a removal."""
    feature = next(layer.getFeatures())
    said = []
    for operation, reason in (("remove", None), ("remain", "water"), ("remove", "water")):
        feature["operation"], feature["reason"] = operation, reason
        holds, texts = QgsVectorLayerUtils.validateAttribute(layer, feature, layer.fields().indexOf("reason"))
        said.append("" if holds else texts[0])
    return said


if __name__ == "__main__":
    main(*sys.argv[1:])
    sys.stdout.flush()
    os._exit(0)  # QGIS crashes when it is taken down
