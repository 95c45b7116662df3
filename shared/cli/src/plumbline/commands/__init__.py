"""The commands: one module each, or a few that belong together.

A module offers ``register(app)``, which adds its commands to the Typer application; being here is enough to
be found. Imports of anything heavy belong inside the command, so that ``plumbline --help`` stays quick.
"""
