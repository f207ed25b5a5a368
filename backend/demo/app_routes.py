"""The mini-program's pages in a browser, at /app/, as `node web/build.mjs` has made them."""

from pathlib import Path
from typing import Any

from flask import Response

from backend.core.contract import Blueprint
from backend.core.operation import operation, public

BUILT = Path(__file__).parents[2] / "miniprogram_stub" / "dist" / "web"
# The pages show photos that the phone has just taken, which blob: names.
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
)
NOT_BUILT = (
    "小程序页面还没有生成：请安装 Node.js 20 以上（apt-get install nodejs npm，或 nodejs.org 下载），再运行 make run。"
    " The app was not built: install Node.js 20 or newer (apt-get install nodejs npm; where that is older, nodejs.org),"
    " then make run again.\n"
)

# Its files are Flask's own static ones: no-cache with an ETag, so that a new build is there at the next look.
pages = Blueprint("app", __name__, static_folder=BUILT, static_url_path="/app")


def built() -> bool:
    return (Path(str(pages.static_folder)) / "index.html").exists()


@pages.route("/app/")
@operation("showApp", "小程序页面", "The mini-program in a browser", needs=public("demo mode only"))
@pages.response(200, content_type="text/html")
def show() -> Any:
    if built():
        return pages.send_static_file("index.html")
    return Response(NOT_BUILT, status=503, mimetype="text/plain")


@pages.after_request
def allow_photos(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.headers["Content-Security-Policy"] = POLICY
    return response
