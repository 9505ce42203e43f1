"""One thin script per rule; the library they call is `workflow_scripts.rogi`."""
