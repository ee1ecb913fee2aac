// Fastify with ONNX Runtime, as a Node developer would write it: one process for each of WORKERS, sessions shared by its requests.
// Settings in the environment: MODELS, FEATURES, DELAYS, PORT, WORKERS.
import cluster from 'node:cluster';
import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import Fastify from 'fastify';
import { InferenceSession, Tensor } from 'onnxruntime-node';

const { MODELS, FEATURES, DELAYS, PORT, WORKERS = '1' } = process.env;

if (cluster.isPrimary && WORKERS !== '1') {
  for (let worker = 0; worker < Number(WORKERS); worker++) cluster.fork();
} else {
  await serve();
}

async function serve() {
  const load = (name) => InferenceSession.create(join(MODELS, `${name}.onnx`), { intraOpNumThreads: 1 });
  const names = readdirSync(MODELS).map((file) => basename(file, '.onnx'));
  const sessions = Object.fromEntries(await Promise.all(names.map(async (name) => [name, await load(name)])));
  const features = JSON.parse(readFileSync(FEATURES, 'utf8'));

  const body = {
    type: 'object',
    required: ['user_id', 'amount'],
    properties: { user_id: { type: 'string' }, amount: { type: 'number' }, at: { type: 'string' }, raw_feature: { type: 'string' } },
  };
  const answer = {
    type: 'object',
    properties: { user_id: { type: 'string' }, prediction: { type: 'number' }, model: { type: 'string' }, prediction_id: { type: 'string' } },
  };
  const schema = { body, response: { 200: answer } };

  async function predict(model, request, values) {
    const session = sessions[model];
    const results = await session.run({ [session.inputNames[0]]: new Tensor('float32', values, [1, values.length]) });
    const data = results[session.outputNames[0]].data;
    return { user_id: request.user_id, prediction: data[data.length - 1], model, prediction_id: randomUUID() };
  }

  const withAmount = (request) => Float32Array.of(request.amount, ...features[request.user_id]);

  const app = Fastify();
  app.get('/health/live', () => 'Healthy');
  app.post('/v1/models/fraud/predict', { schema }, ({ body: request }) => {
    const at = new Date(request.at);
    const weekend = at.getUTCDay() === 0 || at.getUTCDay() === 6;
    const user = features[request.user_id];
    return predict('fraud', request, Float32Array.of(request.amount, weekend ? 1 : 0, at.getUTCHours() <= 6 ? 1 : 0, ...user.slice(0, 12)));
  });
  app.post('/v1/models/mlp-256/predict', { schema }, ({ body: request }) => predict('mlp-256', request, withAmount(request)));
  app.post('/v1/models/mlp-1024/predict', { schema }, ({ body: request }) => predict('mlp-1024', request, withAmount(request)));
  app.post('/v1/models/tutorial/predict', { schema }, async ({ body: request }) => {
    const ask = async (path) => (await fetch(`${DELAYS}${path}?raw_feature=${encodeURIComponent(request.raw_feature)}`)).json();
    const [row] = await Promise.all([ask('/database'), ask('/info')]);
    const values = new Float32Array(32).fill(request.amount);
    values[0] = row.value;
    return predict('tutorial', request, values);
  });
  await app.listen({ host: '127.0.0.1', port: Number(PORT) });
}
