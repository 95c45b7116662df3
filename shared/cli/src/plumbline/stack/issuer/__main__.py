"""``python -m plumbline.stack.issuer DATA_DIR PORT``: serve until SIGTERM."""

from __future__ import annotations

import sys
from pathlib import Path

import uvicorn

from plumbline.stack.issuer.app import Issuer
from plumbline.stack.layout import HOST, Layout


def main() -> None:
    """Serve on 127.0.0.1 only. No access log: addresses carry one-time values."""
    data_dir, port = sys.argv[1:]
    app = Issuer(Layout(Path(data_dir))).app()
    uvicorn.run(
        app,
        host=HOST,
        port=int(port),
        access_log=False,
        server_header=False,
        log_level="warning",
        timeout_keep_alive=75,  # as the services': longer than a client's pool keeps an idle connection
    )


if __name__ == "__main__":
    main()
