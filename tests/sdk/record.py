"""Keeps every Graph answer that the libraries get, one a line: {"address", "status", "body"}. They are held against the schema afterwards."""
import json
import os

import httpx
import requests

RECORD = open(os.environ["RECORD"], "a", encoding="utf-8")


def keep(method, url, status, content_type, body):
    if "/v1.0" in url and content_type.startswith("application/json") and body:
        RECORD.write(json.dumps({"address": f"{method} {url}", "status": status, "body": json.loads(body)}) + "\n")
        RECORD.flush()


send_one, send_async = requests.Session.send, httpx.AsyncClient.send


def send(self, request, **options):
    reply = send_one(self, request, **options)
    keep(request.method, request.url, reply.status_code, reply.headers.get("content-type", ""), reply.content)
    return reply


async def send_later(self, request, **options):
    reply = await send_async(self, request, **options)
    keep(request.method, str(request.url), reply.status_code, reply.headers.get("content-type", ""), await reply.aread())
    return reply


requests.Session.send, httpx.AsyncClient.send = send, send_later
