/** The commands of docs/developing.md: tests are run or found by them, and debuggers listen where the page says. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { access } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { freePort } from '../stage/free-port.ts'
import { makeDataDirectory, removeDataDirectory } from '../stage/lakegate.ts'
import { unsyncedPostgres } from '../stage/unsynced-postgres.ts'
import { waitFor } from '../stage/wait-for.ts'

const blocks = blocksRunBy('docs/developing.md', 'packages/server/test/clients/developing.test.ts')
const commands = blocks.flatMap(({ text }) =>
  text
    .trim()
    .split('\n')
    .map((line) => line.replace(/ +#.*$/, '')),
)
const taken = new Set<string>()
/** The one command in which all these words stand. */
function command(...words: readonly string[]): string {
  const [found, ...others] = commands.filter((line) => words.every((word) => line.includes(word)))
  if (found === undefined || others.length > 0) throw new Error(`not one command says ${words.join(', ')}`)
  taken.add(found)
  return found
}

/** What this test was started with is not for what it starts. */
const environment = {
  ...Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(?:LAKEGATE_|VITEST|NODE_OPTIONS|BUN_|TEST|FORCE_COLOR)/.test(name),
    ),
  ),
  NO_COLOR: '1',
}
const run = async (line: string): Promise<string> =>
  (await promisify(execFile)('bash', ['-c', line], { cwd: REPOSITORY, env: environment })).stdout

const FIND = 'vitest list --filesOnly'

describe('the commands for tests', () => {
  it('run one file, and one test of it', async () => {
    const one = command('--project rooms', "-t 'behaviour 23'")
    expect(await run(one)).toMatch(/Tests .*\b1 passed.*skipped/)
    const [file = ''] = one.split(' -t ')
    const lines = commands.filter((line) => line === file)
    expect(lines).toHaveLength(1)
    taken.add(file)
    expect(await run(file)).toMatch(/Tests .*passed/)
  })

  it('find a file of another project, and all files of one', async () => {
    const system = command('--project system')
    expect((await run(system.replace('vitest run', FIND))).trim().split('\n')).toEqual([
      expect.stringMatching(/^\[system\] .*30-pooled-reuse/),
    ])
    const [project = ''] = commands.filter((line) => line.endsWith('--project rooms'))
    taken.add(project)
    expect((await run(project.replace('vitest run', FIND))).trim().split('\n').length).toBeGreaterThan(100)
  })
})

describe('a debugger', () => {
  let dataDirectory: string
  let started: ChildProcess | undefined
  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
  })
  afterEach(async () => {
    if (started?.exitCode !== null || started.signalCode !== null) return
    const exited = once(started, 'exit')
    started.kill('SIGINT')
    await exited
  })
  afterAll(() => removeDataDirectory(dataDirectory))

  /** @returns what it printed so far */
  function start(line: string): () => string {
    const child = spawn('bash', ['-c', `exec env ${line}`], {
      cwd: REPOSITORY,
      env: {
        ...environment,
        LAKEGATE_POSTGRES_BINARIES: unsyncedPostgres(),
        LAKEGATE_DATA_DIR: dataDirectory,
        LAKEGATE_HTTP_PORT: '0',
        LAKEGATE_GATEWAY_PORT: '0',
        LAKEGATE_READY_FILE: path.join(dataDirectory, 'ready.json'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (printed += chunk.toString('utf8')))
    started = child
    return () => printed
  }

  /** The files that are debugged, in the order in which their debuggers said where they listen. */
  async function debugged(printed: () => string, count: number): Promise<readonly string[]> {
    const addresses = await waitFor(`${String(count)} debuggers`, () => {
      const found = [...printed().matchAll(/Debugger listening on ws:\/\/([\d.:]+)\//g)]
      return found.length >= count ? found.map(([, address = '']) => address) : undefined
    })
    return Promise.all(
      addresses.map(async (address) => {
        const answer = await fetch(`http://${address}/json/list`)
        const [target] = (await answer.json()) as readonly { readonly url: string }[]
        return path.basename(target?.url ?? '')
      }),
    )
  }

  it('listens in the one process that does everything', async () => {
    const printed = start(command('node --inspect ').replace('--inspect ', '--inspect=127.0.0.1:0 '))
    expect(await debugged(printed, 1)).toEqual(['main.js'])
  })

  it('listens in the main process and in a worker on Node', async () => {
    const printed = start(command('LAKEGATE_GATEWAY_RUNTIME=node'))
    expect(await debugged(printed, 2)).toEqual(['main.js', 'gateway-worker.js'])
  })

  it('listens in a worker on Bun, where npm installed it', async ({ skip }) => {
    const line = command('BUN_INSPECT')
    // As npm calls them.
    const architecture = process.arch === 'arm64' ? 'aarch64' : process.arch
    const bun = path.join(REPOSITORY, `node_modules/@oven/bun-${process.platform}-${architecture}/bin/bun`)
    if (
      !(await access(bun).then(
        () => true,
        () => false,
      ))
    )
      skip(`there is no ${bun}`)
    const port = await freePort()
    start(line.replace('6499', String(port)))
    await waitFor('the debugger', async () => {
      const socket = connect(port, '127.0.0.1')
      const connected = await once(socket, 'connect').then(
        () => true,
        () => false,
      )
      socket.destroy()
      return connected
    })
  })

  it('waits in a test', async () => {
    const own = `--inspect-brk=127.0.0.1:${String(await freePort())}`
    const printed = start(command('--inspect-brk').replace('--inspect-brk', own))
    const address = await waitFor('the debugger', () => /ws:\/\/\S+/.exec(printed())?.[0])
    const debug = new WebSocket(address)
    debug.on('message', (message: Buffer) => {
      const { method } = JSON.parse(message.toString('utf8')) as { readonly method?: string }
      if (method === 'Debugger.paused') debug.send(JSON.stringify({ id: 3, method: 'Debugger.resume' }))
      // A process whose debugger is still connected does not end.
      if (method === 'Debugger.resumed') debug.close()
    })
    await once(debug, 'open')
    debug.send(JSON.stringify({ id: 1, method: 'Debugger.enable' }))
    debug.send(JSON.stringify({ id: 2, method: 'Runtime.runIfWaitingForDebugger' }))
    await waitFor('the end of the tests', () => /Tests .*passed/.test(printed()))
  })

  it('was tried by every command of the page', () => {
    expect(commands.filter((line) => !taken.has(line))).toEqual([])
  })
})
