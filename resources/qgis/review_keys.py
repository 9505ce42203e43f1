"""Keys of a review project: one keystroke per decision. QGIS runs this text as the project's macro, where it is let.

On the map, the digit in front of an operation in the form's list decides on the selected candidate and goes on to the
undecided one of the next rank; N goes on without a decision, 0 takes one back. 2 (remove) asks for the reason.
4 (split) decides on all parts of the candidate, 5 (merge) unites the selected candidates. A new outline is retrieved
without a key.
The minutes from showing a candidate to deciding on it are added to its `minutes`.
"""

import time

from qgis.core import NULL, QgsFeatureRequest, QgsProject
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QKeySequence
from qgis.PyQt.QtWidgets import QInputDialog, QShortcut
from qgis.utils import iface

PAUSE_MIN = 10  # a longer look is a break, and not counted
UNDECIDED = '"operation" IS NULL'
shown_at = {}  # time.monotonic() by feature id
shortcuts = []


def candidates():
    """Return the layer that is being reviewed."""
    return QgsProject.instance().mapLayer("package_layer_candidates")


def choices(name):
    """Return the stored values of a drop-down by their labels, null for the one of number 0."""
    layer = candidates()
    listed = layer.editorWidgetSetup(layer.fields().indexOf(name)).config()["map"]
    return {label: NULL if label[0] == "0" else value for entry in listed for label, value in entry.items()}


def next_candidate():
    """Select the undecided candidate of the first rank after the selected ones, else of the first, and go there."""
    layer = candidates()
    ranks = [feature["rank"] for feature in layer.selectedFeatures() if feature["rank"]]
    after = f'{UNDECIDED} AND "rank" > {max(ranks, default=0)}'
    for wanted in (after, UNDECIDED):
        request = QgsFeatureRequest().setFilterExpression(wanted).addOrderBy('"rank"').setLimit(1)
        for feature in layer.getFeatures(request):
            layer.selectByIds([feature.id()])
            iface.mapCanvas().zoomToFeatureIds(layer, [feature.id()])
            iface.mapCanvas().zoomByFactor(2)
            shown_at[feature.id()] = time.monotonic()
            return
    iface.messageBar().pushMessage("Review", "Every candidate of this package is decided.", duration=10)


def decide(operation):
    """Write a decision on the selected candidates and go on; without a reason, nothing is removed."""
    layer = candidates()
    if any(feature["candidate_id"] == NULL for feature in layer.selectedFeatures()):
        iface.messageBar().pushMessage("Review", "A new outline is retrieved; it takes no key.", duration=10)
        return
    chosen = parts(layer) if operation == "split" else layer.selectedFeatures()
    reason = asked_reason() if operation == "remove" and chosen else NULL
    if not chosen or reason is None:
        return
    first = min(chosen, key=lambda feature: feature["rank"] or 0)["candidate_id"]
    told = {"operation": operation, "reason": reason, "merge_into": first if operation == "merge" else NULL}
    layer.startEditing()
    for feature in chosen:
        for name, value in {**told, "minutes": minutes(feature)}.items():
            layer.changeAttributeValue(feature.id(), layer.fields().indexOf(name), value)
    next_candidate()


def parts(layer):
    """Return all features that the selected candidates have been split into."""
    names = {feature["candidate_id"] for feature in layer.selectedFeatures()}
    return [feature for feature in layer.getFeatures() if feature["candidate_id"] in names]


def asked_reason():
    """Return why a candidate is removed, None if that is not answered; a digit and Enter answer."""
    listed = {label: reason for label, reason in choices("reason").items() if reason != NULL}
    label, is_answered = QInputDialog.getItem(iface.mainWindow(), "Remove", "Reason", list(listed), 0, False)
    return listed[label] if is_answered else None


def minutes(feature):
    """Return the minutes spent on a candidate so far."""
    looked = (time.monotonic() - shown_at.pop(feature.id(), time.monotonic())) / 60
    return round((feature["minutes"] or 0.0) + (looked if looked < PAUSE_MIN else 0.0), 2)


def openProject():  # noqa: N802  (QGIS calls it by this name)
    """Give the map its keys."""
    keys = {label[0]: value for label, value in choices("operation").items() if value != "retrieve"}
    does = {key: lambda value=value: decide(value) for key, value in keys.items()}
    for key, function in {**does, "N": next_candidate}.items():
        shortcut = QShortcut(QKeySequence(key), iface.mapCanvas(), context=Qt.WidgetShortcut)
        shortcut.activated.connect(function)
        shortcuts.append(shortcut)


def closeProject():  # noqa: N802
    """Take the keys away."""
    while shortcuts:
        shortcuts.pop().setParent(None)
