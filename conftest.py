"""For pytest --nbval: what TensorFlow logs is not part of a lesson."""


def pytest_collectstart(collector):
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("stderr",)
