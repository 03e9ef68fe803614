"""Loops: from a Graph to a Program of loop nests, the form that backends print."""
