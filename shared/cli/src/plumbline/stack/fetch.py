"""``python -m plumbline.stack.fetch``: get the jars now, so that the first start need not."""

from __future__ import annotations

import sys

from plumbline.stack.errors import StackError
from plumbline.stack.jars import jars


def main() -> None:
    """Fetch what is not in the user's cache yet."""

    def tell(line: str) -> None:
        sys.stderr.write(line + "\n")

    for name in ("kafka", "zipkin"):
        try:
            found = jars(name, lambda line, name=name: tell(f"fetching {name}: {line}"))  # type: ignore[misc]
        except StackError as error:
            raise SystemExit(f"plumbline: {error}") from None
        size = sum(path.stat().st_size for path in found) / 2**20
        tell(f"{name}: {len(found)} jars, {size:.0f} MB, in {found[0].parent}")


if __name__ == "__main__":
    main()
