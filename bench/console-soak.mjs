// Four pages of the console stay open while somebody logs in and out twice a second; then asks whether the memory of the
// pages and of the server stayed flat. Exits with 1 when something grew.
// Usage: npm run bench:console-soak -- [--minutes N]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

/** Of the second quarter, in which everything is warm. */
const TOLERATED_GROWTH = 0.15
const MEGABYTE = 2 ** 20
/** What a page may keep more however small it is: the charts of an hour have an hour's points. */
const SPARE = 3 * MEGABYTE

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '60' } } })
const minutes = Number(values.minutes)
if (!(minutes >= 8)) throw new Error('Fewer than eight minutes are all warm-up.')

const root = fileURLToPath(new URL('..', import.meta.url))
const { module } = await runnerImport(`${root}packages/server/test/soak/watch-console.ts`, {
  resolve: {
    alias: {
      '@lakegate/client': `${root}packages/client/src/index.ts`,
      '@lakegate/sql-text': `${root}packages/sql-text/src/index.ts`,
    },
  },
})
const samples = await module.watchConsole(minutes, ({ minute, pages, serverBytes, logins }) => {
  const shown = Object.entries(pages).map(
    ([name, { heapBytes, nodes }]) => `${name} ${inMegabytes(heapBytes)} MB, ${nodes} nodes`,
  )
  console.log(
    `minute ${minute}: ${shown.join('; ')}; server ${inMegabytes(serverBytes)} MB; ${logins} logins`,
  )
})

const quarter = (from, to) => samples.slice(Math.ceil(from * minutes), Math.ceil(to * minutes) + 1)
const measures = {
  server: ({ serverBytes }) => serverBytes,
  ...Object.fromEntries(
    Object.keys(samples[0].pages).map((name) => [name, ({ pages }) => pages[name].heapBytes]),
  ),
}
let isFlat = true
for (const [name, measure] of Object.entries(measures)) {
  const [early, late] = [median(quarter(0.25, 0.5).map(measure)), median(quarter(0.75, 1).map(measure))]
  const hasGrown = late > early * (1 + TOLERATED_GROWTH) && late > early + SPARE
  if (hasGrown) isFlat = false
  console.log(
    `${hasGrown ? 'GROWN' : 'flat'} ${name}: ${inMegabytes(early)} MB, then ${inMegabytes(late)} MB`,
  )
}
process.exitCode = isFlat ? 0 : 1

function inMegabytes(bytes) {
  return (bytes / MEGABYTE).toFixed(1)
}

function median(numbers) {
  return [...numbers].sort((one, other) => one - other)[Math.floor(numbers.length / 2)]
}
