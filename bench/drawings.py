"""The file of drawings by people that both `bench.drawn` and `bench.nonsense` measure on."""

import json


def read(path):
    """The drawings in a file.

    Parameters
    ----------
    path : Path
        Holds ``{"drawings": [{"label": 3, "writer": 7, "strokes": [[[x, y], ...], ...]}, ...]}``
        with x and y as shares of the canvas.

    Returns
    -------
    list of dict

    Raises
    ------
    ValueError
        If there is no such file, or it holds something else.
    """
    try:
        drawn = json.loads(path.read_text(encoding="utf-8"))["drawings"]
        return [{key: one[key] for key in ("label", "writer", "strokes")} for one in drawn]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path} is no file of drawings: {error!r}") from error
