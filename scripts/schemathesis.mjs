// Schemathesis against a Lakegate that it starts, for so many minutes: requests made from /openapi.json, and what is answered
// held against it. Before that, the document itself is held against the schema of OpenAPI. Schemathesis comes from PyPI into a
// temporary directory. Ends with 1 where something was found; skips where there is no python3 or no PyPI, and says so.
// Usage: npm run schemathesis -- [--minutes N] [--seed S] [--only SERVICE]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' }, only: { type: 'string' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { module } = await runnerImport(`${root}packages/server/test/schemathesis/run-schemathesis.ts`, {
  resolve: { alias: { '@lakegate/client': `${root}packages/client/src/index.ts` } },
})

console.log(`schemathesis for ${values.minutes} minutes with the seed ${seed}`)
const { code, missing, faults } = await module.runSchemathesis({
  minutes: Number(values.minutes),
  seed,
  only: values.only,
})
if (missing !== undefined) {
  console.log(`Skipped, nothing was tested: schemathesis cannot be had: ${missing}.`)
  process.exit(0)
}
for (const fault of faults) console.error(`\nFOUND a fault of the server: ${fault}`)
console.log(
  `${code === 0 && faults.length === 0 ? 'nothing found' : 'something was found'}; the seed was ${seed}`,
)
process.exit(code === 0 && faults.length === 0 ? 0 : 1)
