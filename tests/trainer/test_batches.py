"""Order, bounds and fetching of batches."""

import numpy as np
import pytest
import torch

from trainer.data.batches import PictureStore, batch_bounds, epoch_order


def test_every_epoch_has_an_order_of_its_own_that_can_be_made_again() -> None:
    first, second = (epoch_order(50, seed=3, epoch=e) for e in (0, 1))
    assert sorted(first.tolist()) == list(range(50))
    assert not torch.equal(first, second)
    assert torch.equal(epoch_order(50, seed=3, epoch=1), second)
    assert not torch.equal(epoch_order(50, seed=4, epoch=1), second)


@pytest.mark.parametrize(
    ("n", "size", "drop", "world", "expected"),
    [
        (20, 8, False, 1, [(0, 8), (8, 16), (16, 20)]),
        (20, 8, True, 1, [(0, 8), (8, 16)]),
        (17, 8, False, 1, [(0, 8), (8, 16)]),  # one picture alone has no variance
        (21, 8, False, 2, [(0, 8), (8, 16), (16, 20)]),  # equal shares
        (19, 8, False, 2, [(0, 8), (8, 16)]),  # one picture each
        (5, 8, False, 1, [(0, 5)]),
        (1, 8, False, 1, []),
    ],
)
def test_no_batch_gives_a_process_a_single_picture(
    n: int, size: int, drop: bool, world: int, expected: list[tuple[int, int]]
) -> None:
    assert batch_bounds(n, size, drop_last=drop, world=world) == expected


def test_batches_are_the_rows_asked_for() -> None:
    images = np.arange(10 * 2 * 2 * 3, dtype=np.uint8).reshape(10, 2, 2, 3)
    rows = [torch.tensor([3, 1]), torch.tensor([9])]
    chosen = np.arange(10)[::-1].copy()
    store = PictureStore(images, chosen, torch.device("cpu"))
    fetched = list(store.batches(rows))
    assert np.array_equal(fetched[0].numpy(), images[[6, 8]])
    assert np.array_equal(fetched[1].numpy(), images[[0]])
    assert list(store.batches([])) == []
