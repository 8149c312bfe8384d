"""CASME II, SAMM and SMIC-HS as their owners hand them out: readers, audit, and the export of a twin in their forms.

``sets`` holds the forms, ``sheets`` reads an annotation sheet, ``folders`` finds the frames, ``scan`` joins the two and
says what is wrong; ``readers`` refuses what ``audit`` lists.
"""
