"""The host's part of a function: what it does as data (statements.py), made by build.py, printed by python.py."""
