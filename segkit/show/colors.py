"""Every class has one colour in the whole course: those of Okabe and Ito, which stay apart for colour-blind readers."""

import numpy as np

CLASS_COLORS = {
    "background": "#5b6770",
    "pet": "#e69f00",
    "border": "#f0e442",
    "cat": "#d55e00",
    "dog": "#0072b2",
    "bird": "#009e73",
    "Sky": "#56b4e9",
    "Building": "#882255",
    "Column-Pole": "#c0c0c0",
    "Road": "#5b6770",
    "Side-walk": "#cc79a7",
    "Tree": "#117733",
    "Sign-Symbol": "#f0e442",
    "Fence": "#b07d2b",
    "Car": "#332288",
    "Pedestrian": "#d55e00",
    "Bicyclist": "#8be04a",
}
CYCLE = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9", "#f0e442", "#5b6770")
VOID_COLOR = (255, 255, 255)


def color(name, index=0):
    """The colour of a class by its name; an unknown name takes the index-th colour of the cycle."""
    return CLASS_COLORS.get(name, CYCLE[index % len(CYCLE)])


def palette(classes):
    """(number of classes, 3) uint8 colours, one row a class name."""
    names = [color(name, index) for index, name in enumerate(classes)]
    return np.array([[int(name[i : i + 2], 16) for i in (1, 3, 5)] for name in names], np.uint8)
