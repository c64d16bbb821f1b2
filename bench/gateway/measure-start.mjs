// How long a worker takes from its start until it serves: one is killed, and the next one answers a client.
import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { milliseconds, table } from './report.mjs'
import { median } from './statistics.mjs'

const RUNTIMES = ['bun', 'node']
const AIM_MS = 300
/** PostgreSQL documentation, «Message Formats»: SSLRequest. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

export async function measureStart({ startFreshLakegate }, { rounds }) {
  const rows = []
  for (const runtime of RUNTIMES) {
    const lakegate = await startFreshLakegate({ LAKEGATE_GATEWAY_RUNTIME: runtime })
    try {
      const times = []
      const target = await lakegate.target()
      for (let round = 0; round < rounds; round += 1) {
        // What the last start left to compile is done.
        await pause(1_500)
        times.push(await timeNextWorker(lakegate, target))
      }
      rows.push([runtime, milliseconds(median(times)), milliseconds(Math.max(...times))])
    } finally {
      await lakegate.stop()
    }
  }
  return {
    title: 'Start of a worker',
    text: `Milliseconds from the end of a worker until the one that takes its place answers a client. Aim: ${AIM_MS}.`,
    tables: [table(['', 'median ms', 'most'], rows)],
    broken: [],
  }
}

async function timeNextWorker({ pids }, target) {
  process.kill((await pids()).at(-1), 'SIGKILL')
  const begin = performance.now()
  // Refused while nobody listens; where the main process listens, it waits for the worker.
  while (!(await isAnswered(target))) await pause(2)
  return performance.now() - begin
}

const isAnswered = ({ host, port }) =>
  new Promise((resolve) => {
    const socket = connect({ host, port }, () => socket.write(SSL_REQUEST))
    socket.once('data', () => resolve(true))
    socket.once('error', () => resolve(false))
    socket.once('close', () => resolve(false))
    socket.once('data', () => socket.destroy())
  })
