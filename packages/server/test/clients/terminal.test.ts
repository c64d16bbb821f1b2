/** What a person at a terminal meets: lines to read, the banner last, Ctrl-C at any moment; and readers that go early. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stripVTControlCharacters } from 'node:util'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { processesIn, stopClusters } from '../stage/clusters.ts'
import { makeDataDirectory, removeDataDirectory } from '../stage/lakegate.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { hasTerminals, startAtTerminal, type AtTerminal } from '../stage/terminal.ts'
import { waitFor } from '../stage/wait-for.ts'

const PROGRAM = fileURLToPath(new URL('../../dist/main.js', import.meta.url))
const STACK = /^ {4}at /m

describe.skipIf(!hasTerminals())('lakegate up at a terminal', () => {
  let dataDirectory: string
  let running: AtTerminal | undefined

  beforeAll(async () => {
    dataDirectory = await makeDataDirectory()
  })
  afterEach(async () => {
    await running?.stop()
    running = undefined
  })
  afterAll(async () => {
    await stopClusters(dataDirectory)
    await removeDataDirectory(dataDirectory)
  })

  const start = (environment: Readonly<Record<string, string>> = {}): AtTerminal => {
    running = startAtTerminal({ LAKEGATE_DATA_DIR: dataDirectory, ...environment })
    return running
  }
  const linesOf = ({ output }: AtTerminal) => stripVTControlCharacters(output()).split(/\r?\n/)

  it.each(['System database', 'Control plane and gateway'])(
    'ends with status 130 and leaves nothing behind at Ctrl-C in the step «%s»',
    async (step) => {
      const lakegate = start()
      await waitFor(step, () => lakegate.output().includes(`${step} …`))
      running = undefined
      await expect(lakegate.stop()).resolves.toBe(130)
      expect(lakegate.output()).not.toMatch(STACK)
      expect(lakegate.output()).not.toContain('cannot go on')
      await expect(processesIn(dataDirectory)).resolves.toEqual([])
    },
  )

  it('prints lines for people, the banner last, and ends with status 0 at Ctrl-C', async () => {
    const lakegate = start()
    await waitFor('the banner', () => lakegate.output().includes('Ctrl-C stops Lakegate'))
    const lines = linesOf(lakegate)
    expect(lines.filter((line) => line.startsWith('{'))).toEqual([])
    expect(lines.some((line) => /^\d\d:\d\d:\d\d info {2}lakegate is ready {2}url=/.test(line))).toBe(true)
    expect(lakegate.output()).not.toContain('oidc-provider')
    const banner = lines.slice(lines.indexOf('Lakegate is ready.'))
    expect(banner.at(-2)).toBe('Ctrl-C stops Lakegate and its instances; the data stays.')
    expect(banner.filter((line) => /^\d\d:\d\d:\d\d /.test(line))).toEqual([])
    const said = banner.join('\n')
    expect(said).toMatch(/^ {2}Account id {7}[0-9a-f-]{36}$/m)
    expect(said).toMatch(/^ {2}Workspace {8}default \(id \d+\)$/m)
    expect(said).toMatch(/^ {2}CA certificate {3}\S+\/ca\.pem$/m)
    expect(said).toMatch(/^ {2}Instance {9}dev: 127\.\S+ port \d+, database databricks_postgres$/m)
    expect(said).toMatch(/^ {2}Pooled endpoint {2}127\.\S+ port \d+$/m)
    running = undefined
    await expect(lakegate.stop()).resolves.toBe(0)
    expect(lakegate.output()).not.toMatch(STACK)
  })
})

describe('a reader that goes before the end', () => {
  const { ready } = sharedLakegate()

  it.each([
    ['config', []],
    ['--help', []],
    ['up', ['--help']],
    ['sessions', ['list', '--output', 'json']],
  ] as const)('is no mistake of lakegate %s', async (command, words) => {
    // A pipe that nobody reads any more, before the first byte is written.
    const shell = spawn(
      'sh',
      ['-c', `{ "$@"; echo "status $?" >&2; } | :`, 'sh', process.execPath, PROGRAM, command, ...words],
      {
        env: {
          PATH: process.env['PATH'],
          HOME: '/nonexistent',
          DATABRICKS_HOST: ready.http_url,
          DATABRICKS_TOKEN: ready.admin_token,
        },
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    )
    let said = ''
    shell.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
    })
    await once(shell, 'close')
    expect(said).toBe('status 0\n')
  })

  it('is no full disk: that is said', async () => {
    const full = spawn('sh', ['-c', '"$@" > /dev/full', 'sh', process.execPath, PROGRAM, 'config'], {
      env: { PATH: process.env['PATH'], HOME: '/nonexistent' },
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    full.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8')
    })
    const [failed] = (await once(full, 'close')) as [number | null]
    expect(said).toMatch(/^Error: Standard output cannot be written: .*ENOSPC.*\n$/)
    expect(failed).toBe(1)
  })
})
