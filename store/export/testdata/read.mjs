// Reads a Parquet file with hyparquet, another implementation than the one that wrote it,
// and prints each row as a JSON line: for each column the JavaScript type and the value.
// Usage: node read.mjs NODE_MODULES FILE
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const [modules, path] = process.argv.slice(2)
const load = (...parts) => import(pathToFileURL(join(modules, ...parts)).href)
const { asyncBufferFromFile, parquetReadObjects } = await load('hyparquet', 'src', 'node.js')
const { compressors } = await load('hyparquet-compressors', 'src', 'index.js')

function tagged(v) {
  if (v === null || v === undefined) return ['null', '']
  if (v instanceof Date) return ['date', v.toISOString()]
  if (v instanceof Uint8Array) return ['bytes', Buffer.from(v).toString('base64')]
  if (typeof v === 'object') return ['object', JSON.stringify(v)]
  return [typeof v, String(v)]
}

// utf8: false gives texts only where the file says that a column is one.
const file = await asyncBufferFromFile(path)
const rows = await parquetReadObjects({ file, compressors, utf8: false })
for (const row of rows) {
  console.log(JSON.stringify(Object.fromEntries(Object.entries(row).map(([name, v]) => [name, tagged(v)]))))
}
