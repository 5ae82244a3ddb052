"""What lesson 05 states and does not train live: python benchmarks/ablations/05_unet_cells.py [--seed 0] [--only weights]

The lesson's quick network and its 20 training pictures, the same number of steps for every row; scores on the 60 test
pictures. The row that has everything is trained once and stands in both tables.
"""

import functools

import keras
from common import main

from segkit.datasets import Augment, load
from segkit.metrics import count_error, iou_per_class
from segkit.models import mirror_padded, valid_unet
from segkit.training import compile_segmenter, rising_and_falling

FILTERS, BATCH, EPOCHS = (16, 32, 64), 2, 50

# table, column, the row with more, the row with less
SHOWN = (
    ("weights", "count error", "every pixel alike", "weight map"),
    ("weights", "cell IoU", "weight map", "every pixel alike"),
    ("elastic", "cell IoU", "flips alone", "flips and rubber"),
)


@functools.cache
def trained(seed, w0=10.0, elastic=5.0):
    cells = load("paper_cells")
    keras.utils.set_random_seed(seed)
    model = mirror_padded(valid_unet(2, FILTERS, dropout=0.0))
    augment = Augment(flip=True, elastic=elastic, light=0.1)
    batches = cells.train.batches(
        BATCH, training=True, augment=augment, encode=cells.train.border_weights(w0=w0), seed=seed
    )
    compile_segmenter(model, keras.optimizers.Adam(rising_and_falling(1e-3, EPOCHS * len(batches))))
    model.fit(batches, epochs=EPOCHS, verbose=0)
    test = cells.test
    guess = model.predict(test.images, batch_size=10, verbose=0).argmax(axis=-1)
    return {
        "cell IoU": iou_per_class(test.masks, guess, 2)[1],
        "count error": count_error(test["instances"], guess),
    }


def weights(seed):
    return {"weight map": trained(seed), "every pixel alike": trained(seed, w0=0.0)}


def elastic(seed):
    return {"flips and rubber": trained(seed), "flips alone": trained(seed, elastic=0.0)}


if __name__ == "__main__":
    main(__doc__, {"weights": weights, "elastic": elastic})
