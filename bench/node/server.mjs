// A classification server as one would write it with fastify, sharp and
// onnxruntime-node: a JPEG as the body of POST /classify, the five most probable
// classes as the answer. limenbench image starts it and compares Limen with it.
//
//   MODEL, LABELS      files
//   PROCESSES          processes of a cluster, each with a model of its own
//   SHARP_CONCURRENCY  libvips' threads for one picture
//   ORT_THREADS        ONNX Runtime's threads for one run (intra-op)
//   UV_THREADPOOL_SIZE pictures that a process decodes at the same time
//
// When all processes listen, it prints {"port": N, "pids": [...]}.
import cluster from 'node:cluster'
import { readFileSync } from 'node:fs'
import fastify from 'fastify'
import ort from 'onnxruntime-node'
import sharp from 'sharp'

const number = (name) => Number.parseInt(process.env[name] ?? '1', 10)
const processes = number('PROCESSES')

if (processes > 1 && cluster.isPrimary) {
  const pids = [process.pid]
  for (let i = 0; i < processes; i++) pids.push(cluster.fork().process.pid)
  let listening = 0
  cluster.on('listening', (_, address) => {
    if (++listening === processes) console.log(JSON.stringify({ port: address.port, pids }))
  })
  cluster.on('exit', () => process.exit(1))
} else {
  await serve()
}

async function serve () {
  sharp.concurrency(number('SHARP_CONCURRENCY'))
  sharp.cache(false) // no picture comes twice

  const session = await ort.InferenceSession.create(process.env.MODEL, {
    intraOpNumThreads: number('ORT_THREADS'),
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
    // As Limen: threads that spin while they wait take the processors that
    // decode the next picture.
    extra: { session: { intra_op: { allow_spinning: '0' } } }
  })
  const labels = readFileSync(process.env.LABELS, 'utf8').trimEnd().split('\n')

  const app = fastify({ bodyLimit: 32 << 20 })
  app.addContentTypeParser('image/jpeg', { parseAs: 'buffer' }, (_, body, done) => done(null, body))
  app.post('/classify', async (request) => {
    const tensor = new ort.Tensor('float32', await preprocess(request.body), [1, 3, size, size])
    const result = await session.run({ [session.inputNames[0]]: tensor })
    return { labels: top(result[session.outputNames[0]].data, labels, 5) }
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  if (!cluster.isWorker) console.log(JSON.stringify({ port: app.server.address().port, pids: [process.pid] }))
}

const size = 224

// tables hold (v/255 - mean) / std of each channel, for every value of a sample.
const tables = [[0.485, 0.229], [0.456, 0.224], [0.406, 0.225]].map(([mean, std]) =>
  Float32Array.from({ length: 256 }, (_, v) => (v / 255 - mean) / std))

// preprocess gives the tensor of a picture: upright, the shorter side 256, of that
// the middle 224 by 224. sharp has libjpeg shrink the picture as it loads it.
async function preprocess (jpeg) {
  const pixels = await sharp(jpeg)
    .rotate()
    .resize(256, 256, { fit: 'cover', kernel: 'linear', fastShrinkOnLoad: true })
    .extract({ left: 16, top: 16, width: size, height: size })
    .toColourspace('srgb')
    .removeAlpha()
    .raw()
    .toBuffer()
  const plane = size * size
  const out = new Float32Array(3 * plane)
  const [r, g, b] = tables
  for (let i = 0, p = 0; i < plane; i++, p += 3) {
    out[i] = r[pixels[p]]
    out[plane + i] = g[pixels[p + 1]]
    out[2 * plane + i] = b[pixels[p + 2]]
  }
  return out
}

// top gives the n most probable classes of logits.
function top (logits, labels, n) {
  let most = -Infinity
  for (const v of logits) if (v > most) most = v
  let sum = 0
  for (const v of logits) sum += Math.exp(v - most)
  return Array.from(logits, (v, index) => ({ label: labels[index], index, probability: Math.exp(v - most) / sum }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, n)
}
