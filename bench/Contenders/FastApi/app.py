"""The tutorial's form: one async endpoint for each model, which runs the model on the event loop, or with INFERENCE=pool in threads.

Models through NumPy, since ONNX Runtime for Python is not packaged in Debian; each is read from the same file.
Settings in the environment: MODELS, FEATURES, LOG, DELAYS, INFERENCE.
"""

import asyncio
import datetime
import json
import os
import sqlite3
import threading
import time
import uuid
from typing import Optional

import httpx
import numpy as np
import onnx
from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from onnx import numpy_helper
from pydantic import BaseModel

app = FastAPI()
services = httpx.AsyncClient(base_url=os.environ.get("DELAYS", "http://127.0.0.1:1"), limits=httpx.Limits(max_connections=None), timeout=60)
local = threading.local()


class PredictRequest(BaseModel):
    user_id: str
    amount: float
    at: Optional[datetime.datetime] = None
    raw_feature: Optional[str] = None


def weights_of(name):
    graph = onnx.load(os.path.join(os.environ["MODELS"], f"{name}.onnx")).graph
    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}, len(graph.node)


def logistic(name):
    weights, _ = weights_of(name)
    matrix, bias = weights["weights"], weights["bias"]

    def run(x):
        scores = x @ matrix + bias
        e = np.exp(scores - scores.max())
        return float((e / e.sum())[1])

    return run


def mlp(name):
    weights, _ = weights_of(name)
    layers = [weights[key] for key in sorted(weights)]

    def run(x):
        for layer in layers[:-1]:
            x = np.maximum(x @ layer, 0)
        return float((x @ layers[-1])[0])

    return run


def tutorial(name):
    weights, nodes = weights_of(name)
    first, repeated, last, direct = (weights[key] for key in ("w1", "w2", "w3", "skip"))
    # Two nodes for each layer, of which the first has weights of its own; then two products and their sum.
    repeats = (nodes - 3) // 2 - 1

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    def run(x):
        h = sigmoid(x @ first)
        for _ in range(repeats):
            h = sigmoid(h @ repeated)
        return float((h @ last + x @ direct)[0])

    return run


KINDS = {"fraud": logistic, "mlp-256": mlp, "mlp-1024": mlp, "tutorial": tutorial}
MODELS = {name: KINDS[name](name) for name in (file.removesuffix(".onnx") for file in os.listdir(os.environ["MODELS"]))}
with open(os.environ["FEATURES"]) as file:
    FEATURES = {user: np.array(values, dtype=np.float32) for user, values in json.load(file).items()}


def insert(request, x, prediction, prediction_id):
    connection = getattr(local, "connection", None)
    if connection is None:
        connection = local.connection = sqlite3.connect(os.environ["LOG"], timeout=30, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE IF NOT EXISTS predictions (id TEXT PRIMARY KEY, user_id TEXT, at INTEGER, request TEXT, features TEXT, prediction REAL)")
    connection.execute(
        "INSERT INTO predictions VALUES (?, ?, ?, ?, ?, ?)",
        (prediction_id, request.user_id, int(time.time() * 1000), request.json(), json.dumps(x.tolist()), prediction),
    )


async def predict(model, request, x):
    if os.environ.get("INFERENCE") == "pool":
        prediction = await run_in_threadpool(MODELS[model], x)
    else:
        prediction = MODELS[model](x)
    prediction_id = str(uuid.uuid4())
    if os.environ.get("LOG"):
        await run_in_threadpool(insert, request, x, prediction, prediction_id)
    return {"user_id": request.user_id, "prediction": prediction, "model": model, "prediction_id": prediction_id}


@app.get("/health/live")
async def live():
    return "Healthy"


@app.post("/v1/models/fraud/predict")
async def predict_fraud(request: PredictRequest):
    at = request.at.astimezone(datetime.timezone.utc)
    x = np.concatenate(([request.amount, at.weekday() >= 5, at.hour <= 6], FEATURES[request.user_id][:12]), dtype=np.float32)
    return await predict("fraud", request, x)


@app.post("/v1/models/mlp-256/predict")
async def predict_mlp_256(request: PredictRequest):
    return await predict("mlp-256", request, np.concatenate(([request.amount], FEATURES[request.user_id]), dtype=np.float32))


@app.post("/v1/models/mlp-1024/predict")
async def predict_mlp_1024(request: PredictRequest):
    return await predict("mlp-1024", request, np.concatenate(([request.amount], FEATURES[request.user_id]), dtype=np.float32))


@app.post("/v1/models/tutorial/predict")
async def predict_tutorial(request: PredictRequest):
    parameters = {"raw_feature": request.raw_feature}
    row, _ = await asyncio.gather(services.get("/database", params=parameters), services.get("/info", params=parameters))
    x = np.full(32, request.amount, dtype=np.float32)
    x[0] = row.json()["value"]
    return await predict("tutorial", request, x)
