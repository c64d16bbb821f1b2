// Fuzzes the listener of a Lakegate that it starts, for so many minutes, and prints what was found.
// Usage: npm run fuzz -- [--minutes N] [--seed S]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '1' }, seed: { type: 'string' } },
})
const seed = values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.seed)
const { module } = await runnerImport(`${root}packages/server/test/fuzz/fuzz-lakegate.ts`, {
  resolve: { alias: { '@lakegate/client': `${root}packages/client/src/index.ts` } },
})

console.log(`fuzzing for ${values.minutes} minutes with the seed ${seed}`)
const { report, problems, memory } = await module.fuzzLakegate(seed, Number(values.minutes) * 60_000)
const refusals = [...report.refusals].sort((a, b) => b[1] - a[1]).map(([code, number]) => `${code} ${number}`)
console.log(`${report.conversations} conversations, ${report.admitted} of them admitted with proof`)
console.log(`refused: ${refusals.join(', ')}`)
console.log(
  `memory, MB: ${memory.filter((_, index) => index % Math.ceil(memory.length / 20) === 0).join(' ')}`,
)
for (const problem of problems) console.error(`\nFOUND ${problem}`)
console.log(problems.length === 0 ? 'nothing found' : `${problems.length} problems found`)
// Node keeps sockets alive that ended below TLS in the middle of a handshake; nobody waits for those.
process.exit(problems.length === 0 ? 0 : 1)
