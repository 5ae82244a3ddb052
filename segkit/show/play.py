"""Something to play with: sliders where a kernel runs, and always the same drawing at a few settings beside each other."""

import os

import matplotlib.pyplot as plt

from .display import notebook, show

PAGE = 9.7  # inches that a page is wide
STORED = "SEGKIT_STORED"  # set where a lesson is executed to be stored: nobody is there to move a slider


def play(draw, choices, stored, alt, size=(3.1, 3.1), photo=False):
    """`draw(axes, **setting)` for settings that the reader chooses.

    `choices` gives each keyword of `draw` its possible values, a slider each; `stored` is a list of settings that
    are drawn side by side, or below each other where they are wide, for readers without a kernel.
    """
    columns = max(1, min(len(stored), int(PAGE / size[0])))
    rows = -(-len(stored) // columns)
    figure, panels = plt.subplots(rows, columns, figsize=(size[0] * columns, size[1] * rows), squeeze=False)
    for panel in panels.flat:
        panel.set_axis_off()
    for panel, setting in zip(panels.flat, stored, strict=False):
        panel.set_axis_on()
        draw(panel, **setting)
    show(figure, alt, photo)
    if notebook() is None or os.environ.get(STORED):
        return
    import ipywidgets
    from IPython.display import display

    sliders = {
        name: ipywidgets.SelectionSlider(options=values, value=stored[0][name], description=name)
        for name, values in choices.items()
    }

    def redraw(**setting):
        figure, axes = plt.subplots(figsize=(size[0] * 1.3, size[1] * 1.3))
        draw(axes, **setting)
        words = ", ".join(f"{name} {value}" for name, value in setting.items())
        show(figure, f"The same drawing for {words}.", photo)

    output = ipywidgets.interactive_output(redraw, sliders)
    display(ipywidgets.VBox([*sliders.values(), output]))
