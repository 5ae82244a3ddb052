"""A network drawn from its model: columns by depth, height by resolution, width by channels, skips and indices as arrows."""

import dataclasses
import math

import matplotlib.pyplot as plt
from matplotlib.patches import Patch, Rectangle

from .display import show

COLORS = {
    "picture": "#b8bec4",
    "encoder": "#56b4e9",
    "convolution": "#0072b2",
    "code": "#d55e00",
    "smaller": "#7fa8c9",
    "larger": "#009e73",
    "sum": "#882255",
    "logits": "#e69f00",
}
NAMES = {
    "smaller": "pooling, convolutions",
    "larger": "growing, convolutions",
    "logits": "output",
}
OWN_BOXES = ("code", "sum")  # layers of these names stand alone
IN_PASSING = ("CropLike", "PadToMultiple", "Cropping2D")  # their small change of a size is not drawn
ARROWS = {"skip": "#444444", "indices": "#cc79a7"}


@dataclasses.dataclass(eq=False)
class Block:
    """Layers drawn as one box: those at one resolution that follow each other."""

    kind: str
    shape: tuple  # height, width, channels of what leaves it
    layers: list
    parameters: int = 0
    kernel: str = ""  # of its first layer, in words
    trims: bool = False  # a convolution without padding, that only loses its edges
    column: int = 0


@dataclasses.dataclass(eq=False)
class Arrow:
    """From a block to a later one. `layers` are those on the way, as a skip's 1×1 convolution."""

    start: Block
    end: Block
    kind: str  # "flow", "skip" or "indices"
    layers: list = dataclasses.field(default_factory=list)
    channels: int = 0
    kernel: str = ""


def network(model, alt, size=128, title=""):
    """Draw a functional model, for pictures of `size` pixels. A model inside it is drawn by its outputs, as one encoder."""
    blocks, arrows = plan(model, size)
    columns = max(block.column for block in blocks) + 1
    letters = 9.5 if columns <= 10 else 8.5 if columns <= 12 else 7.5  # what the columns leave room for
    figure, axes = plt.subplots(figsize=(9.6, 3.7))
    pitch = 1.0
    drop = 0.36 * any(block.kind == "sum" for block in blocks)  # what a sum adds comes on one line, below
    low = -1.42 - drop  # where the numbers below the boxes begin
    tallest = max(block.shape[0] for block in blocks)
    places = {}
    for block in blocks:
        height = 2.6 * (0.1 + 0.9 * math.log2(1 + block.shape[0]) / math.log2(1 + tallest))
        width = min(0.72, 0.08 + 0.065 * math.log2(1 + block.shape[2]))
        x = pitch * block.column
        places[block] = x, width, height
        axes.add_patch(Rectangle((x - width / 2, -height / 2), width, height, facecolor=COLORS[block.kind]))
        rows, places_across, channels = block.shape
        text = f"{rows}×{places_across}\n×{channels}"
        text += f"\n{short(block.parameters)}" * (block.kind != "encoder")
        axes.text(x, low, text, ha="center", va="top", fontsize=letters, linespacing=1.25)
    inside = [block for block in blocks if block.kind == "encoder"]
    if inside:  # its weights belong to no single one of its maps
        ends = [pitch * block.column for block in (inside[0], inside[-1])]
        axes.plot([ends[0] - 0.3, ends[-1] + 0.3], [low - 0.64] * 2, color=COLORS["encoder"], linewidth=1.5)
        words = f"the encoder: {short(sum(block.parameters for block in inside))}"
        axes.text(sum(ends) / 2, low - 0.68, words, ha="center", va="top", fontsize=letters)
    axes.text(
        -0.62,
        low,
        "size\nchannels\nweights",
        ha="right",
        va="top",
        fontsize=letters,
        linespacing=1.25,
        color="#666666",
    )
    level, words_size = 1.42, min(letters, 9)
    for arrow in arrows:
        if arrow.kind == "flow":
            (x, width, _), (end_x, end_width, _) = places[arrow.start], places[arrow.end]
            _head(axes, (x + width / 2, 0), (end_x - end_width / 2, 0), "#444444")
    for branches in _side_by_side(arrows):
        arrow, level = branches[0], level + 0.23
        x, end_x, color = _line(axes, places, arrow, level)
        words = [_words(branch) for branch in branches]
        text = {"ha": "center", "fontsize": words_size, "color": color}
        if len(branches) > 1:  # several ways between the same two boxes: one line, and above it what each is
            axes.text((x + end_x) / 2, level + 0.05, "\n".join(words), va="bottom", linespacing=1.1, **text)
            level += 0.24 * len(branches)
        else:
            white = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            axes.text((x + end_x) / 2, level, *words, va="center", bbox=white, **text)
    added = [arrow for arrow in arrows if arrow.end.kind == "sum" and arrow.kind == "skip"]
    _add_up(axes, places, added, words_size)
    tall = level + 0.2 + 2.45 + drop  # many arrows: a taller figure, so that their words stay apart
    figure.set_size_inches(9.6, 3.7 * max(1, tall / 5))
    axes.set(xlim=(-1.5, pitch * (columns - 1) + 0.6), ylim=(-2.45 - drop, level + 0.2), title=title)
    axes.set_axis_off()
    kinds = [kind for kind in COLORS if any(block.kind == kind for block in blocks)]
    names = NAMES | ({} if blocks[0].shape[2] in (1, 3) else {"picture": "input"})  # features are no picture
    handles = [Patch(facecolor=COLORS[kind], label=names.get(kind, kind)) for kind in kinds]
    for kind in ARROWS:
        if any(arrow.kind == kind for arrow in arrows):
            line = "--" if kind == "indices" else "-"
            handles.append(plt.Line2D([], [], color=ARROWS[kind], linestyle=line, label=kind))
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles), fontsize=9)
    show(figure, alt)


def _line(axes, places, arrow, level):
    """An arrow that leaves a box and enters another from above, or from below; where it begins and ends, and its colour."""
    (x, _, height), (end_x, _, end_height) = places[arrow.start], places[arrow.end]
    color, line = ARROWS[arrow.kind], "--" if arrow.kind == "indices" else "-"
    side = 1 if level > 0 else -1
    x, end_x, low = x + 0.08 * side, end_x - 0.08 * side, end_height / 2
    ups = [side * height / 2, level, level, side * (low + 0.1)]
    axes.plot([x, x, end_x, end_x], ups, line, color=color, linewidth=1.2)
    _head(axes, (end_x, side * (low + 0.2)), (end_x, side * low), color)
    return x, end_x, color


def _add_up(axes, places, answers, size):
    """What a sum adds, on one line below the boxes, with each arrow's words once."""
    for number, arrow in enumerate(answers):
        _, end_x, color = _line(axes, places, arrow, -1.56)
        if number == 0:
            white = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
            words = " or ".join(sorted({_words(other) for other in answers}))
            text = {
                "ha": "right",
                "va": "center",
                "fontsize": size,
                "color": color,
                "bbox": white,
                "zorder": 4,
            }
            axes.text(end_x - 0.2, -1.56, words, **text)


def _side_by_side(arrows):
    """The arrows above the boxes, short ones first; those with the same two ends together."""
    together = {}
    for arrow in sorted(arrows, key=lambda arrow: arrow.end.column - arrow.start.column):
        if arrow.kind != "flow" and arrow.end.kind != "sum":
            together.setdefault((arrow.start, arrow.end, arrow.kind), []).append(arrow)
    return together.values()


def _words(arrow):
    if arrow.layers:
        return f"{arrow.kernel} to {arrow.channels}"
    return f"{arrow.channels} channels" * (arrow.kind == "skip")


def _head(axes, start, end, color):
    axes.annotate(
        "", end, start, arrowprops={"arrowstyle": "-|>", "color": color, "shrinkA": 0, "shrinkB": 0}
    )


def short(number):
    """1,234,567 as 1.2 M."""
    for unit, name in ((1e6, " M"), (1e3, " k")):
        if number >= unit:
            return f"{number / unit:.1f}{name}" if number < 10 * unit else f"{number / unit:.0f}{name}"
    return str(number) if number else "–"


def kernel_of(layer):
    """A convolution, or means of bins, in words."""
    sides = getattr(layer, "kernel_size", ())
    sides = (sides, sides) if isinstance(sides, int) else sides  # SubPixel has one number
    if hasattr(layer, "bins"):
        return f"{layer.bins}×{layer.bins} means"
    rate = max(getattr(layer, "dilation_rate", (1,)), default=1)
    return "×".join(map(str, sides)) + " convolution" + f", rate {rate}" * (rate > 1)


def plan(model, size=128):
    """The blocks of a functional model and the arrows between them."""
    blocks, arrows = _read(model, size)
    _name_the_skips(arrows)
    _put_on_arrows(blocks, arrows)
    used = {arrow.start for arrow in arrows}
    blocks[:] = [block for block in blocks if block in used or block.kind != "encoder"]
    arrows[:] = [arrow for arrow in arrows if arrow.end in blocks]
    _merge_chains(blocks, arrows)
    for block in sorted(blocks, key=_depths(arrows)):
        block.column = 1 + max((arrow.start.column for arrow in arrows if arrow.end is block), default=-1)
    return blocks, arrows


def _read(model, size):
    """A block for each layer that has a kernel or changes a map's size; the other layers belong to the block before them."""
    import keras
    from keras import layers

    from ..graphs import maps_of

    blocks, arrows = [], []
    home = {}  # tensor → its block, and whether it is a map ("skip") or "indices"

    def add(kind, tensor, layer, sources, parameters=0):
        block = Block(kind, tuple(tensor.shape[1:]), [layer.name], parameters, kernel_of(layer))
        blocks.append(block)
        arrows.extend(Arrow(source, block, kind, [], source.shape[2]) for source, kind in sources)
        home[id(tensor)] = block, "skip"

    def record(layer, *args, **kwargs):
        made = layer(*args, **kwargs)
        tensors = keras.tree.flatten(made)
        kept.extend(tensors)
        sources = [home[id(tensor)] for tensor in maps_of(layer, *args, **kwargs)]
        before, weights = sources[0][0], layer.count_params()
        trims = (
            isinstance(layer, layers.Conv2D) and tuple(layer.strides) == (1, 1) and layer.padding == "valid"
        )
        in_passing = trims or type(layer).__name__ in IN_PASSING
        resized = tuple(tensors[0].shape[1:3]) != before.shape[:2] and not in_passing
        if isinstance(layer, keras.Model) and len(tensors) > 1:
            for tensor in tensors:
                add("encoder", tensor, layer, sources, weights)
                sources, weights = [home[id(tensor)]], 0
        elif resized and tensors[0].shape[1] > before.shape[0] and not hasattr(layer, "bins"):
            add("larger", tensors[0], layer, sources, weights)
        elif resized:
            add("convolution" if weights else "smaller", tensors[0], layer, sources, weights)
            home.update({id(tensor): (blocks[-1], "indices") for tensor in tensors[1:]})
        elif layer.name in OWN_BOXES:
            add(layer.name, tensors[0], layer, sources, weights)
        elif len(sources) > 1 or (
            weights and not isinstance(layer, layers.BatchNormalization | layers.Normalization)
        ):
            add("convolution", tensors[0], layer, sources, weights)
            blocks[-1].trims = trims
        else:
            before.layers.append(layer.name)
            before.parameters += weights
            home[id(tensors[0])] = sources[0]
        return made

    kept = []  # tensors stay alive, so that no two have one id
    for tensor in model.inputs:
        sides = [side or size for side in tensor.shape[1:3]]
        kept.append(keras.Input((*sides, tensor.shape[-1]), dtype=tensor.dtype, name=tensor.name))
        name = next(layer.name for layer in model.layers if layer.output is tensor)
        blocks.append(Block("picture", tuple(kept[-1].shape[1:]), [name]))
        home[id(kept[-1])] = blocks[-1], "skip"
    inputs = list(kept) if isinstance(model.input, list | tuple) else kept[0]
    keras.models.clone_model(model, inputs, clone_function=lambda layer: layer, call_function=record)
    home[id(kept[-1])][0].kind = "logits"
    return blocks, arrows


def _depths(arrows):
    """How many blocks stand before a block, on the longest way to it."""

    def depth(block):
        if block not in known:
            known[block] = 1 + max((depth(arrow.start) for arrow in arrows if arrow.end is block), default=-1)
        return known[block]

    known = {}
    return depth


def _name_the_skips(arrows):
    """Of the maps that enter a block, the one with most layers behind it flows; the others skip."""
    depth = _depths(arrows)
    for block in {arrow.end for arrow in arrows}:
        maps = [arrow for arrow in arrows if arrow.end is block and arrow.kind == "skip"]
        max(maps, key=lambda arrow: depth(arrow.start)).kind = "flow"


def _put_on_arrows(blocks, arrows):
    """Convolutions and poolings that do nothing but prepare a skip are drawn on the skip's arrow; it names the first."""
    for skip in [arrow for arrow in arrows if arrow.kind == "skip"]:
        while skip.start.kind in ("convolution", "smaller"):
            block = skip.start
            entering = [arrow for arrow in arrows if arrow.end is block]
            leaving = [arrow for arrow in arrows if arrow.start is block]
            if len(entering) != 1 or len(leaving) != 1:
                break
            skip.start, skip.layers, skip.kernel = entering[0].start, block.layers + skip.layers, block.kernel
            blocks.remove(block)
            arrows.remove(entering[0])
            skip.end.parameters += block.parameters


def _merge_chains(blocks, arrows):
    """A block joins the one that flows into it, where that one leads nowhere else and its map has the same size."""
    for block in list(blocks):
        before = next((arrow.start for arrow in arrows if arrow.end is block and arrow.kind == "flow"), None)
        if before is None or before.kind in ("picture", "encoder"):
            continue
        if before.shape[:2] != block.shape[:2] and not block.trims:
            continue
        if {*OWN_BOXES} & {before.kind, block.kind} or (before.kind, block.kind) == ("larger", "logits"):
            continue
        if sum(arrow.start is before and arrow.kind != "indices" for arrow in arrows) == 1:
            before.layers += block.layers
            before.parameters += block.parameters
            before.shape = block.shape
            before.kind = "logits" if block.kind == "logits" else before.kind
            arrows[:] = [arrow for arrow in arrows if not (arrow.start is before and arrow.end is block)]
            for arrow in arrows:
                arrow.start = before if arrow.start is block else arrow.start
                arrow.end = before if arrow.end is block else arrow.end
            blocks.remove(block)
