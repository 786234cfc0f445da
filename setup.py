"""Puts resources/ into the wheel as opqn_app/resources; all else stands in pyproject.toml.

pyproject.toml can either look for packages or list them; here one comes to those that are found.
"""

from setuptools import find_packages, setup

setup(
    packages=[
        *find_packages(include=["opqn_app*", "trainer*"], exclude=["trainer.recipes*"]),
        "opqn_app.resources",
    ],
    package_dir={"opqn_app.resources": "resources"},
    package_data={
        "opqn_app.resources": ["**/*"],
        "trainer.report": ["*.json"],  # the published figures
    },
)
