"""Workbooks (xlsx, xlsm, xlsb, xls, ods) as rows of text: what the author of a sheet sees in it.

A reader per form gives the cells of each sheet with their place, what they hold and how they are shown. `cells` turns
all of them into text, so that whoever reads tables reads text, whatever the form of the file.
"""
