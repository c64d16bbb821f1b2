import { spawnSync } from 'node:child_process'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buildSync } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { Redacted } from '../../src/domain/redacted.ts'
import { createLog, type LogLevel } from '../../src/observation/log.ts'
import { collectLines } from './collect-lines.ts'

const logged = (level: LogLevel, write: (log: ReturnType<typeof createLog>) => void) => {
  const { destination, lines } = collectLines()
  write(createLog(level, destination))
  return lines()
}

describe('the log', () => {
  it('writes one JSON object a line, with level, time and message', () => {
    const [line, ...rest] = logged('info', (log) => {
      log.info({ instance: 'dev' }, 'first\nsecond')
    })
    expect(rest).toEqual([])
    expect(line).toMatchObject({ level: 'info', instance: 'dev', msg: 'first\nsecond' })
    expect(line?.['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  it('leaves out what is less severe than its level', () => {
    const lines = logged('warn', (log) => {
      log.debug({}, 'one')
      log.info({}, 'two')
      log.warn({}, 'three')
      log.error({}, 'four')
    })
    expect(lines.map(({ msg }) => msg)).toEqual(['three', 'four'])
  })

  it('removes whatever is named like a secret, two levels down', () => {
    const text = JSON.stringify(
      logged('info', (log) => {
        log.info(
          { token: 'hunter2', request: { headers: { authorization: 'hunter2' }, password: 'hunter2' } },
          'm',
        )
        log.info(
          { admin_token: 'hunter2', client: { client_secret: 'hunter2' }, key: new Redacted('hunter2') },
          'm',
        )
      }),
    )
    expect(text).not.toContain('hunter2')
    expect(text.match(/\[redacted\]/g)).toHaveLength(6)
  })

  it('removes it from the properties of an error as well, and from lists, and leaves the rest as it was', () => {
    const error = Object.assign(new Error('it failed'), { config: { password: 'hunter2', host: 'db' } })
    const fields = { list: [{ secret: 'hunter2', name: 'a' }], at: new Date(0), nothing: null }
    const [line] = logged('info', (log) => {
      log.error({ err: error, ...fields }, 'm')
    })
    expect(JSON.stringify(line)).not.toContain('hunter2')
    expect(line).toMatchObject({
      err: { type: 'Error', message: 'it failed', config: { password: '[redacted]', host: 'db' } },
      list: [{ secret: '[redacted]', name: 'a' }],
      at: '1970-01-01T00:00:00.000Z',
      nothing: null,
    })
    expect(fields.list[0]?.secret).toBe('hunter2')
  })

  it.each([null, 'a sentence', 7])('takes %j for an error as well, whoever threw that', (err) => {
    const [line] = logged('info', (log) => {
      log.error({ err }, 'm')
    })
    expect(line).toMatchObject({ err })
  })

  it('shows an error with its type, message and stack', () => {
    const [line] = logged('info', (log) => {
      log.error({ err: new TypeError('broken') }, 'it failed')
    })
    expect(line?.['err']).toMatchObject({ type: 'TypeError', message: 'broken' })
  })
})

const WRITES_MUCH = `
  import { createLog, openStandardError } from '../../src/observation/log.ts'
  const log = createLog('info', openStandardError())
  for (let line = 0; line < 20_000; line += 1) log.info({ line }, 'a line that has nowhere to go')
  setTimeout(() => process.stdout.write('alive'), 10)`

describe('standard error on a full disk (attack 42)', () => {
  it.skipIf(!existsSync('/dev/full'))('loses lines and does not end the process', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-log-'))
    const program = path.join(directory, 'program.mjs')
    buildSync({
      stdin: { contents: WRITES_MUCH, resolveDir: import.meta.dirname },
      ...{ outfile: program, bundle: true, format: 'esm', platform: 'node' },
      banner: {
        js: "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)",
      },
    })
    const full = openSync('/dev/full', 'w')
    const { status, stdout } = spawnSync(process.execPath, [program], {
      stdio: ['ignore', 'pipe', full],
      encoding: 'utf8',
    })
    closeSync(full)
    rmSync(directory, { recursive: true })
    expect([status, stdout]).toEqual([0, 'alive'])
  })
})
