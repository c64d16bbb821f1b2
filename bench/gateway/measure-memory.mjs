// Resident memory for each idle TLS session: what the proxy's processes grow by, divided by the sessions.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { residentBytes } from './processes.mjs'
import { count, table } from './report.mjs'
import { pick } from './rounds.mjs'

const HOLDER = fileURLToPath(new URL('session-holder.mjs', import.meta.url))
const WARM_UP_SESSIONS = 200
/** What was opened settles, and what logins left is collected or stays for good. */
const SETTLE_MS = 5_000
const AIM_KILOBYTES = 40

export async function measureMemory({ contenders, startFreshLakegate }, { idleSessions }) {
  const ways = [
    ...['target', 'pooledTarget'].map((way) => ({
      name: way === 'target' ? contenders.token.name : contenders.pooled.name,
      measure: (sessions) => growthOfFreshLakegate(startFreshLakegate, way, sessions),
      isOurs: true,
    })),
    ...Object.values(pick(contenders, ['plain', 'terminating'])).map((contender) => ({
      name: contender.name,
      measure: (sessions) => growthOf(contender, sessions),
      isOurs: false,
    })),
  ]
  const rows = []
  const broken = []
  for (const { name, measure, isOurs } of ways) {
    const cells = []
    for (const sessions of idleSessions) {
      const kilobytes = (await measure(sessions)) / 1000 / sessions
      cells.push(`${kilobytes.toFixed(1)} kB`)
      if (isOurs && kilobytes >= AIM_KILOBYTES)
        broken.push(`${name}: ${kilobytes.toFixed(1)} kB for each of ${sessions} idle sessions`)
    }
    rows.push([name, ...cells])
  }
  return {
    title: 'Memory for each idle TLS session',
    text: `Resident memory that the proxy’s processes grow by, without PostgreSQL’s, divided by the sessions, ${SETTLE_MS / 1000} seconds after the last of them logged in. Aim: under ${AIM_KILOBYTES} kB. The process has served ${WARM_UP_SESSIONS} sessions before, so that code and pools are not counted as sessions.`,
    tables: [table(['', ...idleSessions.map((sessions) => `${count(sessions)} sessions`)], rows)],
    broken,
  }
}

/** A fresh one each time: what was collected since an earlier measurement would count as less than nothing. */
async function growthOfFreshLakegate(startFreshLakegate, way, sessions) {
  const lakegate = await startFreshLakegate()
  try {
    return await growthOf({ target: await lakegate[way](), pids: lakegate.pids }, sessions)
  } finally {
    await lakegate.stop()
  }
}

/** @returns bytes */
async function growthOf({ target, pids }, sessions) {
  await holdSessions(target, WARM_UP_SESSIONS, () => pause(SETTLE_MS))
  const before = await residentBytes(await pids())
  const after = await holdSessions(target, sessions, async () => {
    await pause(SETTLE_MS)
    return residentBytes(await pids())
  })
  return after - before
}

/** Opens so many sessions in a process of its own, and closes them when the work is done. */
async function holdSessions(target, sessions, work) {
  const holder = fork(HOLDER)
  const exited = once(holder, 'exit')
  holder.send({ target, sessions })
  const [{ failure }] = await once(holder, 'message')
  try {
    if (failure !== undefined) throw new Error(`a session could not be opened: ${failure}`)
    return await work()
  } finally {
    holder.send('end')
    await exited
  }
}
