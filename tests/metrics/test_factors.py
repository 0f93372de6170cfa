import imagenet_x
import numpy as np
import pandas as pd
import pytest

from clipkit.errors import BadInput
from clipkit.metrics import error_ratio, factor_accuracy


def frame(rng, n=300):
    flags = pd.DataFrame(rng.random((n, 16)) < 0.2, columns=imagenet_x.FACTORS).astype(int)
    return flags.assign(is_correct=rng.random(n) < 0.7, model="m")


def test_equals_imagenet_x():
    data = frame(np.random.default_rng(0))
    theirs = imagenet_x.compute_factor_accuracies(data, imagenet_x.FACTORS)
    ours = factor_accuracy(data["is_correct"], data[imagenet_x.FACTORS])
    np.testing.assert_allclose(ours, theirs.loc["m", imagenet_x.FACTORS], rtol=1e-12)
    ratios = error_ratio(ours, data["is_correct"].mean())
    np.testing.assert_allclose(
        ratios, imagenet_x.error_ratio(theirs).loc["m", imagenet_x.FACTORS], rtol=1e-12
    )


def test_factor_without_images_is_nan_and_stays_nan():
    found = factor_accuracy([True, True], [[1, 0], [1, 0]])
    assert found[0] == 1 and np.isnan(found[1])
    assert error_ratio([0.5, np.nan], 0.5)[0] == 1 and np.isnan(error_ratio([0.5, np.nan], 0.5)[1])


def test_error_ratio_of_a_model_without_errors_is_nan_without_warning():
    assert np.isnan(error_ratio([1.0, 1.0], 1.0)).all()


def test_error_ratio_takes_many_models_at_once():
    assert error_ratio([[0.5, 0.75], [0.8, 0.9]], [[0.5], [0.9]]).tolist() == [
        [1, 0.5],
        pytest.approx([2, 1]),
    ]


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: error_ratio([50.0], 0.7), "factor_accuracy holds 50.*\n.*percentages by 100"),
        (lambda: error_ratio([0.5], 74.67), "average holds 74.67"),
        (lambda: factor_accuracy([1, 0], [[2], [0]]), "other than 0 and 1"),
        (lambda: factor_accuracy([1, 0, 1], [[1], [0]]), "correct has 3, factors has 2"),
        (lambda: factor_accuracy([2, 0], [[1], [0]]), "correct holds 2"),
    ],
)
def test_error_texts(call, text):
    with pytest.raises(BadInput, match=text):
        call()


def test_published_error_ratios_of_resnet50(shared):
    """Predictions published with ImageNet-X give the accuracies published with ImageNet-X."""
    folder = shared / "records/facebookresearch/imagenetx"
    predictions = pd.read_csv(folder / "model_predictions/base/ResNet50.csv").set_index("file_name")
    images = imagenet_x.load_annotations(which_factor="top", partition="val", filter_prototypes=True)
    correct = (
        predictions["predicted_class"].reindex(images["file_name"]) == images["class"].to_numpy()
    ).to_numpy()
    found = factor_accuracy(correct, images[imagenet_x.FACTORS])

    table = folder / "results/val/top_factor/base/class/accuracies_per_factor.csv"
    published = pd.read_csv(table).set_index("model").loc["ResNet50"]
    np.testing.assert_allclose(found, published[imagenet_x.FACTORS].astype(float), atol=1e-12)
    assert correct.mean() == pytest.approx(published["average"], abs=1e-12)
    ratios = dict(zip(imagenet_x.FACTORS, error_ratio(found, correct.mean()), strict=True))
    assert ratios["pose"] == pytest.approx(0.695, abs=5e-4)
    assert ratios["texture"] == pytest.approx(2.394, abs=5e-4)
