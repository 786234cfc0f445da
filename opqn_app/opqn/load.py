"""From a model folder to its encoder."""

from pathlib import Path

from opqn_app.core.errors import ModelIncompatible
from opqn_app.core.extras import how_to_install
from opqn_app.opqn.encoder import OnnxEncoder
from opqn_app.opqn.model_folder import model_files


def load_encoder(folder: Path | str) -> OnnxEncoder:
    """The encoder of a model folder; its weights are read when it is first used.

    A folder of an older version, without ONNX, is converted first, once, where torch is there.

    Raises:
        ModelMissing: there is no such folder.
        ModelIncompatible: its config is no model's or of a newer format, or the folder is to be
            converted and that is not possible.
    """
    files = model_files(Path(folder).absolute())
    if not files.has_networks:
        _convert(files.folder)
        files = model_files(files.folder)
    return OnnxEncoder(files)


def _convert(folder: Path) -> None:
    try:
        from opqn_app.opqn.torch.convert import add_networks
    except ImportError as error:
        reason = (
            "it was saved by an older version and is to be converted, once, which takes torch. "
            f"Install it with: {how_to_install('train')}, then open the model again"
        )
        raise ModelIncompatible(folder, reason) from error
    add_networks(folder)
