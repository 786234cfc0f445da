"""Model folders of older versions, which hold no ONNX."""

from pathlib import Path

from opqn_app.core.errors import ModelIncompatible
from opqn_app.opqn.model_folder import read_description, write_description
from opqn_app.opqn.torch.checkpoint import load_model
from opqn_app.opqn.torch.export import write_networks


def add_networks(folder: Path) -> None:
    """Write the ONNX files of a model folder that lacks them; its weights and model_id stay.

    Raises:
        ModelMissing, ModelIncompatible: see `load_model`; or the folder can't be written to.
    """
    model = load_model(folder).model
    description = read_description(folder)
    try:
        description["networks"] = write_networks(folder, model, description.get("trunk"))
        write_description(folder, description)
    except OSError as error:
        reason = (
            "it was saved by an older version, and the folder can't be written to for converting "
            f"it ({error.strerror}); copy it to another place"
        )
        raise ModelIncompatible(folder, reason) from error
