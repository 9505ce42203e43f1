"""The inputs doctor: every input of a study looked at before anything expensive runs."""
