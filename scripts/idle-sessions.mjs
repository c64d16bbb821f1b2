// Opens so many sessions of the pooled endpoint of a Lakegate that it starts, with one worker on each runtime that is
// installed, and says what an idle one costs that worker, and whether each is served afterwards.
// Usage: npm run idle-sessions -- [--sessions N]
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { runnerImport } from 'vite'

/** Without a time in which what logins left is collected; the bench waits for that, and aims lower. */
const MOST_KILOBYTES = 100

const root = fileURLToPath(new URL('..', import.meta.url))
const { values } = parseArgs({ options: { sessions: { type: 'string', default: '5000' } } })
const sessions = Number(values.sessions)
const { module } = await runnerImport(`${root}packages/server/test/idle-sessions/idle-sessions.ts`, {
  resolve: { alias: { '@lakegate/client': `${root}packages/client/src/index.ts` } },
})

let isGood = true
for (const { gatewayRuntime, kilobytesPerSession, served } of await module.holdIdleSessions(sessions)) {
  console.log(
    `${gatewayRuntime}: ${sessions} idle sessions take ${kilobytesPerSession.toFixed(1)} kB each, ${served} are served`,
  )
  isGood &&= served === sessions && kilobytesPerSession < MOST_KILOBYTES
}
process.exit(isGood ? 0 : 1)
