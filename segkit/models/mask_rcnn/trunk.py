"""The encoder, and its maps made alike: a feature pyramid in which coarse maps tell fine ones what they see."""

import keras
from keras import layers


def feature_pyramid(maps, filters, dtype=None):
    """Maps of an encoder, finest first, each half as large as the one before → as many maps of `filters` channels.

    From coarse to fine: a 1×1 convolution of each, plus the coarser sum, doubled; then a 3×3 convolution smooths the steps.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    sums = []
    for index, features in reversed(list(enumerate(maps))):
        lateral = layers.Conv2D(filters, 1, name=f"lateral_{index}", dtype=dtype)(features)
        if sums:
            doubled = layers.UpSampling2D(2, name=f"doubled_{index}", dtype=dtype)(sums[0])
            lateral = layers.Add(name=f"sum_{index}", dtype=dtype)([lateral, doubled])
        sums.insert(0, lateral)
    return [
        layers.Conv2D(filters, 3, padding="same", name=f"smooth_{index}", dtype=dtype)(each)
        for index, each in enumerate(sums)
    ]


def trunk(encoder, config, dtype=None):
    """Pictures of one size with pixels 0..255 → the maps of the pyramid, one for each of the config's strides.
    Taught in notebooks/08b_mask_rcnn_stages.ipynb."""
    images = keras.Input((*config.size, 3), name="images")
    maps = feature_pyramid(encoder(images)[-4:], config.filters, dtype)  # without the map of stride 2
    if len(config.strides) > len(maps):  # for anchors only: every second cell of the last map
        maps.append(layers.MaxPooling2D(1, strides=2, name="every_second", dtype=dtype)(maps[-1]))
    return keras.Model(images, maps, name="trunk")
