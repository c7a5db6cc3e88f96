# mypy: ignore-errors

"""How Forgather's own server reaches a viewer: FastAPI, and a new httpx client for each request.

Arguments: a port, then `<queue id>=<port>` for each viewer. Runs in the peers' own environment.
"""

import sys

import httpx
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask

PORTS = dict(viewer.split("=") for viewer in sys.argv[2:])
PASSED = {"content-type", "content-encoding", "content-length", "cache-control", "expires", "content-security-policy"}

app = FastAPI()


@app.api_route("/api/tb/{queue_id}/{path:path}", methods=["GET", "POST"])
async def proxy(queue_id: str, path: str, request: Request) -> StreamingResponse:
    client = httpx.AsyncClient(timeout=300)
    headers = {name: value for name, value in request.headers.items() if name != "host"}
    url = f"http://127.0.0.1:{PORTS[queue_id]}{request.url.path}"
    forward = client.build_request(
        request.method, url, params=request.query_params, headers=headers, content=await request.body()
    )
    answer = await client.send(forward, stream=True)

    async def close() -> None:
        await answer.aclose()
        await client.aclose()

    kept = {name: value for name, value in answer.headers.items() if name in PASSED}
    return StreamingResponse(answer.aiter_raw(), answer.status_code, kept, background=BackgroundTask(close))


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", access_log=False)
