// Holds so many random pipelines with a Lakegate that it starts, at the direct and the pooled endpoint, and prints the
// shortest conversation that is answered differently.
// Usage: npm run pooled-model -- [--pipelines N] [--seed S] [--backends B]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    pipelines: { type: 'string', default: '10000' },
    seed: { type: 'string' },
    backends: { type: 'string', default: '1' },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { module } = await runnerImport(`${root}packages/server/test/pooled-model/pooled-model.ts`, {
  resolve: { alias: { '@lakegate/client': `${root}packages/client/src/index.ts` } },
})

console.log(`${values.pipelines} pipelines on ${values.backends} backends with the seed ${seed}`)
const { pipelines, difference } = await module.runPooledModel({
  pipelines: Number(values.pipelines),
  backends: Number(values.backends),
  seed,
})
if (difference !== undefined) console.error(`\nFOUND ${difference}`)
console.log(
  `${pipelines} pipelines held, ${difference === undefined ? 'no difference' : 'a difference found'}`,
)
process.exit(difference === undefined ? 0 : 1)
