"""What a pocket model finds for a caption: the pictures that it ranks first, rendered on the spot."""

import numpy as np
import torch
from PIL import Image

from clipkit.errors import BadInput
from clipkit.models import load
from clipkit.plots.pixel_page import LINE, Page, extent, put_grid
from clipkit.plots.pocket_world import draw, pictures
from clipkit.zeroshot import normalise

_SCALE = 3


def gallery(query: int = 0, model: str = "resnet-wild-s0", among: int = 104, shown: int = 5) -> None:
    """The `shown` pictures nearest to a caption, of the first `among` of the set "retrieval".

    query: number of the picture whose first caption is asked for. If that picture is not among those shown,
    it stands at the end, with its rank. A picture's name is its rank and its cosine; the right one has a tick.
    Raises BadInput for a query that is not among them.
    """
    if not 0 <= query < among:
        raise BadInput(f"query is {query}", f"name one of the {among} pictures: 0 to {among - 1}")
    caption = draw("retrieval", among).columns["captions"][query][0]
    images = pictures("retrieval", range(among))
    cosines = _cosines(load(model), images, caption)
    order = np.argsort(-cosines, kind="stable")
    chosen = list(map(int, order[:shown]))
    if query not in chosen:
        chosen.append(query)
    names = [
        f"{'✓ ' * (i == query)}{1 + int(np.flatnonzero(order == i)[0])}: {cosines[i]:.2f}" for i in chosen
    ]
    tiles = [[images[i] for i in chosen]]
    width, height = extent(tiles, _SCALE, names=True)
    page = Page(width, height + LINE)
    page.words(f"“{caption}”", width / 2, LINE / 2)
    put_grid(page, tiles, _SCALE, names=[names], at=(0, LINE))


def _cosines(model, images: list[np.ndarray], caption: str) -> np.ndarray:
    pixels = torch.stack([model.preprocess(Image.fromarray(image)) for image in images])
    seen, said = model.encode_image(pixels), model.encode_text(model.tokenize([caption]))
    return normalise(seen.numpy()) @ normalise(said.numpy())[0]
