"""The names that settings can take, each list stated once; nothing heavy is imported.

The backbones are in `opqn_app.opqn.backbones`, the loss's variants in `trainer.loss_variants`.
"""

PRESETS = ("paper", "code", "quick")
SPLITS = ("single", "unseen", "official")
CODEBOOKS = ("dct", "svd")
ASSIGNMENTS = ("raw", "normalised")
STRAIGHT_THROUGH = ("passing", "broken")
DRAWN_PER = ("image", "batch")
OPTIMISERS = ("sgd", "adam")
DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "bf16", "fp32")
BATCH_NORMS = ("batch", "sync", "frozen")
CHOSEN_BY = ("map", "rank1", "p_at", "loss")
PROTOCOLS = ("leave-one-out", "single", "cross", "pairs", "grouping")  # of `opqn evaluate`
OF_SEVERAL_FACES = ("largest", "skip")  # what `opqn prepare` does with a photo of several people
CROP_FORMATS = ("webp", "png")
