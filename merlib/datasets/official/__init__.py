"""CASME II, SAMM and SMIC-HS as their owners hand them out: readers, audit, and the export of a twin in their forms.

``sets`` describes each owner's forms, ``sheets`` reads an annotation sheet, ``folders`` finds the frames, and ``scan``
joins the two and collects what is wrong. ``audit`` lists all of these problems; ``readers`` stop at an error.
"""
