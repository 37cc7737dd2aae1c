"""Who reads: what a network tells of itself, as a sentence for the pad."""


def told_reader(net):
    """Say by whom a network reads, if it tells.

    Parameters
    ----------
    net : object
        What reads tells it by an attribute ``read_by``: ``"your own layers: Conv2D, Dense"``.

    Returns
    -------
    str
        A sentence; empty if the network does not tell.
    """
    told = str(getattr(net, "read_by", None) or "").strip().rstrip(".")
    return f"Read by {told}." if told else ""
