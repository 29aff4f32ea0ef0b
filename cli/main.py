"""The `kairos` command: one verb a file, named here."""

import typer

from cli.apply import apply
from cli.campaign import campaign
from cli.deadletters import dead_letters
from cli.doctor import doctor
from cli.down import down
from cli.evaluate import evaluate_policy
from cli.explain import explain
from cli.importing import import_
from cli.migrate import migrate
from cli.replay import replay
from cli.simulate import simulate
from cli.test import test
from cli.up import up

app = typer.Typer(
    name="kairos",
    help="The right message at the right moment, or a reasoned silence.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(up)
app.command()(down)
app.command()(migrate)
app.command()(apply)
app.command()(test)
app.command("import")(import_)
app.command()(campaign)
app.command("dead-letters")(dead_letters)
app.command()(doctor)
app.command()(explain)
app.command()(replay)
app.command()(simulate)
app.command()(evaluate_policy)


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
