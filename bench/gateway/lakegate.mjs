// A Lakegate of its own for a bench: an empty data directory, free ports, and the API as its administrator.
import { closeSync, openSync, readFileSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processTree, startProgram } from './processes.mjs'

const PROGRAM = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url))

/** @param options.nodeArguments for the profiler, say */
export async function startLakegate({ environment = {}, nodeArguments = [] } = {}) {
  const dataDirectory = await mkdtemp(path.join(tmpdir(), 'lakegate-bench-'))
  // PostgreSQL runs as an account of its own and must get through to its directories.
  await chmod(dataDirectory, 0o711)
  const readyFile = path.join(dataDirectory, 'ready.json')
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('LAKEGATE_'))
  // As a service writes it. Into a pipe, every line would wake the bench.
  const logFile = path.join(dataDirectory, 'bench.log')
  const log = openSync(logFile, 'a')
  const output = () => readFileSync(logFile, 'utf8').slice(-4000)
  const program = startProgram(process.execPath, [...nodeArguments, PROGRAM, 'up'], {
    env: {
      ...Object.fromEntries(inherited),
      LAKEGATE_DATA_DIR: dataDirectory,
      LAKEGATE_HTTP_PORT: '0',
      LAKEGATE_GATEWAY_PORT: '0',
      LAKEGATE_READY_FILE: readyFile,
      LAKEGATE_LOG_LEVEL: 'error',
      ...environment,
    },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  const stop = async () => {
    await program.stop('SIGINT')
    await rm(dataDirectory, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const ready = await waitForReady(readyFile, program, output)
    const call = async (method, url, body) => {
      const response = await fetch(new URL(url, ready.http_url), {
        method,
        headers: { authorization: `Bearer ${ready.admin_token}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${await response.text()}`)
      return response.json()
    }
    const { host, port, database, name, pooled_host: pooledHost, pooled_port: pooledPort } = ready.instance
    const mint = async (of = name) =>
      (await call('POST', '/api/2.0/database/credentials', { request_id: 'bench', instance_names: [of] }))
        .token
    return {
      ready,
      dataDirectory,
      pid: program.pid,
      /** The gateway and whatever workers it has; not the PostgreSQL servers beside it. */
      pids: () => processTree(program.pid),
      isRunning: program.isRunning,
      output,
      call,
      mint,
      /** Where its owner logs in, with a token that lives another hour. */
      target: async () => ({ host, port, database, user: ready.admin_user, password: await mint() }),
      /** The same at the pooled endpoint. */
      pooledTarget: async () => ({
        ...{ host: pooledHost, port: pooledPort },
        ...{ database, user: ready.admin_user, password: await mint() },
      }),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function waitForReady(file, program, output) {
  for (;;) {
    if (!program.isRunning()) throw new Error(`lakegate ended:\n${output()}`)
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text !== undefined) return JSON.parse(text)
    await pause(50)
  }
}
