"""Imported last by the server that workers are forked from, see `workers`.

What it holds by then, mostly torch's modules, is taken out of garbage collection: the marks that
a collection leaves in objects would copy 30 MB into each worker.
"""

import gc

gc.collect()
gc.freeze()
