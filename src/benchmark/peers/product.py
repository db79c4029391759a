"""What products have in common."""

from dataclasses import dataclass


@dataclass
class Variant:
    """One way of running a product."""

    id: str
    settings: str
    runtime: str
    same_settings: bool  #: it is given our shape, threads and precision, or has them by default


@dataclass
class Missing:
    """A way of running a product that this model or environment does not have."""

    settings: str
    reason: str
    remedy: str


SAME = "-same"  #: how ids end of variants that are given our settings


def at_defaults(form: str) -> str:
    return f"{form}, at its defaults"
