"""Packages that people work on in QGIS: who gets what, the forms, the project, and what came of it."""
