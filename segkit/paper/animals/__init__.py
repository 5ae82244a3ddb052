"""Cats, dogs and birds cut from paper, one file a species.

Each animal is a `Cutout` about one unit tall that stands on y = 0 and looks to the right; `segkit.paper.scenes`
pins it to a scene. Poses, breeds, coats and colours come from the dice. Key points are named on the way.
"""

from .bird import bird
from .cat import cat
from .dog import dog

DRAW = {"cat": cat, "dog": dog, "bird": bird}
