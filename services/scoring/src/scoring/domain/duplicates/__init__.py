"""Projects that may be one, and projects that may work together (methodology M12, ADR 0077).

``fingerprint`` is what a project is compared by, ``blocks`` whom it is compared with, ``evidence`` what a comparison
weighs, ``cases`` what follows from it.
"""
