"""The student's copy of the course: its checks, her own code, and how the copy is made."""

from helpers.workbook.exercise import Blank, NotYet, check
from helpers.workbook.keep import yours

__all__ = ["Blank", "NotYet", "check", "yours"]
