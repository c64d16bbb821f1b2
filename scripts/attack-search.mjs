// Searches for a sequence of statements that changes who may log in as whom without a right to it, and prints the
// shortest that it finds. The same seed plays the same sequences.
// Usage: npm run attack-search -- [--sequences N] [--seed S] [--enough N]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '3000' },
    seed: { type: 'string' },
    enough: { type: 'string', default: '1' },
  },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { module } = await runnerImport(`${root}packages/server/test/stage/login-model/search-lakegate.ts`, {
  resolve: { alias: { '@lakegate/client': `${root}packages/client/src/index.ts` } },
})

console.log(`playing ${values.sequences} sequences with the seed ${seed}`)
const { sequences, statements, accepted, counterExamples } = await module.searchLakegate(
  { sequences: Number(values.sequences), seed, enough: Number(values.enough) },
  (played) => {
    if (played % 500 === 0) console.log(`${played} sequences`)
  },
)
console.log(`${sequences} sequences, ${statements} statements, ${accepted} of them accepted`)
for (const found of counterExamples) console.error(`\nFOUND with ${found}`)
console.log(counterExamples.length === 0 ? 'nothing found' : `${counterExamples.length} found`)
process.exitCode = counterExamples.length === 0 ? 0 : 1
