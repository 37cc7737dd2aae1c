"""The student's copy of the course: its checks, her own code, and how the copy is made."""

from helpers.workbook.exercise import check
from helpers.workbook.keep import yours
from helpers.workbook.trial import Blank, NotYet

__all__ = ["Blank", "NotYet", "check", "yours"]
