"""Layers, fields and value lists of an RGIK rock glacier inventory, defined once for export, validator and docs.

The form is that of the ESA CCI product of Rouyet et al. (2025), version 2.0. Its file could not be opened here, so
every field and list says how far its spelling is known (`Source`). A value off a list that is only inferred is no
error.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum


class Source(StrEnum):
    """How a spelling is known."""

    PRODUCT = "verified: read in public code that reads the ESA CCI RoGI product v2.0 (olmoearth_pretrain)"
    PYROGI = "verified in PyRogi alone, which reads the same data model; presumably the product's"
    UNDOTTED = "inferred: the name in PyRogi without its dots and underscores, as the verified names of the product are"
    RECALLED = "inferred: from the RGIK guidelines (2023) as remembered; not read again"
    OWN = "our own; what the product has is not known"

    @property
    def verified(self) -> bool:
        """Whether it was read where the product, or data of its model, is used."""
        return self in (Source.PRODUCT, Source.PYROGI)


@dataclass(frozen=True)
class ValueList:
    """The values that a field may take.

    Attributes:
        values: As they are written here.
        source: How the list is known.
        others: Other spellings of a value that are taken for it, such as the codes of PyRogi.
        exact: Whether capitals and spaces are known, so that another spelling is worth a warning.
    """

    values: tuple[str, ...]
    source: Source
    others: dict[str, str] = field(default_factory=dict)
    exact: bool = False

    def find(self, text: str) -> str | None:
        """Return the listed value that a text stands for, whatever its capitals, spaces and dashes; None for none."""
        known = {plain(value): value for value in self.values}
        known |= {plain(other): value for other, value in self.others.items()}
        return known.get(plain(text))


@dataclass(frozen=True)
class Field:
    """One field of a layer.

    Attributes:
        name: As it is written here, at most ten characters.
        meaning: What it holds.
        source: How its name is known.
        export: What the export of this workflow writes into it.
        values: The list of its values, None for free text and numbers.
        required: Whether a layer without it is useless.
        filled: Whether every feature must have a value.
    """

    name: str
    meaning: str
    source: Source
    export: str
    values: ValueList | None = None
    required: bool = False
    filled: bool = False

    @property
    def numeric(self) -> bool:
        """Whether its values are whole numbers."""
        return self.values is not None and all(value.isdigit() for value in self.values.values)


@dataclass(frozen=True)
class Layer:
    """One layer.

    Attributes:
        code: As it stands in the layer's name.
        words: What the name of such a layer says in other people's files.
        geometry: Kind of its features.
        meaning: What its features are.
        fields: Its fields, in order.
        required: Whether there is no inventory without it.
    """

    code: str
    words: tuple[str, ...]
    geometry: str
    meaning: str
    fields: tuple[Field, ...]
    required: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(each.name for each in self.fields)


def plain(text: str) -> str:
    """Return a text by which spellings are compared: small letters, dashes alike, no spaces, dots and underscores."""
    return re.sub(r"[\s._]+", "", re.sub("[–—−]", "-", str(text))).lower()


UNKNOWN = "empty: not known, and never made up"

ACTIVITY = ValueList(
    ("Active", "Active uncertain", "Transitional", "Relict uncertain", "Relict", "Uncertain"),
    Source.PRODUCT, exact=True,
)  # fmt: skip
OUTLINE_TYPE = ValueList(("Extended", "Restricted"), Source.PRODUCT, exact=True)
UPSLOPE = ValueList(
    ("Talus", "Debris-mantled slope", "Landslide", "Glacier", "Glacier forefield", "Poly", "Other", "Uncertain",
     "Unknown"),
    Source.PYROGI,
)  # fmt: skip
KINEMATIC = ValueList(
    ("< cm/yr", "cm/yr", "cm/yr to dm/yr", "dm/yr", "dm/yr to m/yr", "m/yr", "> m/yr", "Undefined"),
    Source.PYROGI,
    {"inf_cm": "< cm/yr", "cm": "cm/yr", "cm_to_dm": "cm/yr to dm/yr", "dm": "dm/yr", "dm_to_m": "dm/yr to m/yr",
     "m": "m/yr", "sup_m": "> m/yr"},
)  # fmt: skip
LEVEL = ValueList(("Low", "Medium", "High"), Source.RECALLED)
MARGIN = ValueList(("0", "1", "2"), Source.RECALLED, {"low": "0", "medium": "1", "high": "2"})
INDEX = ValueList(tuple(str(number) for number in range(9)), Source.RECALLED)
VELOCITY = ValueList(
    ("Undefined", "< 1 cm/yr", "1-3 cm/yr", "3-10 cm/yr", "10-30 cm/yr", "30-100 cm/yr", "> 100 cm/yr"),
    Source.RECALLED,
    {"<1": "< 1 cm/yr", "1-3": "1-3 cm/yr", "3-10": "3-10 cm/yr", "10-30": "10-30 cm/yr", "30-100": "30-100 cm/yr",
     ">100": "> 100 cm/yr"},
)  # fmt: skip

_PRIMARY_ID = ("RGU or RGS, latitude with 2 + 4 digits and N or S, longitude with 3 + 4 digits and E or W: where the "
               "primary marker is")  # fmt: skip
_MARGINS = "Reliability of the outline {}: 0 low, 1 medium, 2 high"
_GENERAL = "0 (low) to 8 (high), the sum of the four others"

AOI = Layer("AOI", ("area of interest", "areas of interest"), "Polygon", "Ground that was searched", (
    Field("Name", "Name of the area", Source.OWN, "name of the subregion"),
))  # fmt: skip
PM = Layer("PM", ("primary marker",), "Point", "Primary markers of units (RGU) and of systems of several units (RGS)", (
    Field("PrimaryID", _PRIMARY_ID, Source.PRODUCT, "ID of the inventory; of a system, RGS and the digits of its "
          "largest unit's", required=True, filled=True),
    Field("AssocRGS", "Primary ID of the system that a unit belongs to", Source.UNDOTTED, "always; a unit without "
          "neighbours is a system of its own, which has no marker", required=True),
    Field("WorkingID", "Name or number used while mapping", Source.PYROGI, "ids of the candidates that it came from"),
    Field("Country", "Country", Source.PRODUCT, UNKNOWN),
    Field("Morpho", "Morphology, such as simple or complex", Source.UNDOTTED, UNKNOWN),
    Field("Complet", "Completeness, such as a truncated front", Source.UNDOTTED, UNKNOWN),
    Field("UpslCon", "Upslope connection: what feeds it", Source.UNDOTTED, "Unknown", UPSLOPE),
    Field("UpslCur", "Whether the upslope connection holds at present", Source.UNDOTTED, UNKNOWN),
    Field("ActiCl", "Activity class", Source.PRODUCT, f"{UNKNOWN}. Uncertain would say that somebody had looked",
          ACTIVITY),
    Field("ActiAss", "What the activity was assessed from", Source.UNDOTTED, UNKNOWN),
    Field("Destabili", "Destabilisation", Source.UNDOTTED, UNKNOWN),
    Field("KinAtt", "Kinematic attribute: annual velocity, in half orders of magnitude", Source.UNDOTTED,
          "Undefined, the list's word for no reliable value", KINEMATIC),
    Field("RelKin", "Reliability of the kinematic attribute", Source.UNDOTTED, UNKNOWN, LEVEL),
    Field("KinPeriod", "Time that the kinematic attribute stands for", Source.UNDOTTED, UNKNOWN),
    Field("Comment", "Remarks", Source.PYROGI, "ADDI_INF of the inventory"),
), required=True)  # fmt: skip
GO = Layer("GO", ("outline",), "Polygon", "Geomorphological outlines of units", (
    Field("PolyUID", "Name of the polygon, no two alike", Source.PRODUCT, "primary ID and E (extended) or R "
          "(restricted); the product's form is not known"),
    Field("PrimaryID", "Primary ID of the unit", Source.PRODUCT, "ID of the inventory", required=True, filled=True),
    Field("OutType", "Extended, with the front's talus and the slopes of the lateral margins, or restricted, without",
          Source.PRODUCT, "Extended; Restricted where people drew such outlines", OUTLINE_TYPE, True, True),
    Field("RelFr", _MARGINS.format("at the front"), Source.PRODUCT, UNKNOWN, MARGIN),
    Field("RelLeftLM", _MARGINS.format("at the left lateral margin"), Source.PRODUCT, UNKNOWN, MARGIN),
    Field("RelRightLM", _MARGINS.format("at the right lateral margin"), Source.PYROGI, UNKNOWN, MARGIN),
    Field("RelUpsCon", _MARGINS.format("at the upslope connection"), Source.PYROGI, UNKNOWN, MARGIN),
    Field("RelIndex", f"Reliability of the whole outline: {_GENERAL}", Source.PYROGI, UNKNOWN, INDEX),
    Field("Comment", "Remarks", Source.PYROGI, "empty; of a restricted outline, what people wrote"),
), required=True)  # fmt: skip
MA = Layer("MA", ("moving area",), "Polygon", "Moving areas: ground that moves alike according to InSAR", (
    Field("PrimaryID", "Primary ID of the unit that it lies on", Source.PRODUCT, "that of the file if it is in the "
          "inventory, else of the unit under most of it; empty where there is none"),
    Field("VelClass", "Class of the velocity along the line of sight", Source.PRODUCT, "as in the file", VELOCITY, True,
          True),
))  # fmt: skip
LAYERS = (AOI, PM, GO, MA)
BY_CODE = {layer.code: layer for layer in LAYERS}
