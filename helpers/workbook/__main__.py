"""`python -m helpers.workbook` is the command `cnn-course`."""

from helpers.workbook.command import main

if __name__ == "__main__":
    raise SystemExit(main())
