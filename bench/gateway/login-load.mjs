// Logins per second, by clients that are not libpq and by pgbench -C, which is.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { pgbench } from './pgbench.mjs'
import { quantile } from './statistics.mjs'

const CLIENT = fileURLToPath(new URL('login-client.mjs', import.meta.url))

/** @returns { perSecond, median, p99 } of clients in processes of their own; times in milliseconds */
export async function loginsByWireClients(target, { processes, connections, seconds }) {
  const milliseconds = seconds * 1000
  const results = await Promise.all(
    Array.from({ length: processes }, async () => {
      const child = fork(CLIENT)
      child.send({ target, connections, milliseconds })
      const [result] = await once(child, 'message')
      if (result.failure !== undefined) throw new Error(`a login failed: ${result.failure}`)
      return result.times
    }),
  )
  const times = results.flat().sort((a, b) => a - b)
  return { perSecond: times.length / seconds, median: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

/** @returns { perSecond } of several pgbench processes that connect anew for every transaction */
export async function loginsByPgbench(target, { processes, connections, seconds }) {
  const results = await Promise.all(
    Array.from({ length: processes }, () =>
      pgbench(target, { clients: connections, seconds, reconnect: true, script: 'SELECT 1;' }),
    ),
  )
  return { perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0) }
}
