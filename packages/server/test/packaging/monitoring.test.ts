/** docs/monitoring.md: alerts and dashboard name what there is, and work with a real Prometheus. */
import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { copyFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { METRICS } from '../../src/observation/metric-table.ts'
import { REFUSALS } from '../../src/policy/refusal-table.ts'
import { startLakegate, type TestLakegate } from '../../src/testing/index.ts'
import { REPOSITORY } from '../house/sources.ts'
import { blocksRunBy } from '../stage/document.ts'
import { freePort } from '../stage/free-port.ts'
import { waitFor } from '../stage/wait-for.ts'

const run = promisify(execFile)
const FOLDER = path.join(REPOSITORY, 'deploy/monitoring')
const ALERTS = readFileSync(path.join(FOLDER, 'prometheus-alerts.yml'), 'utf8')
const DASHBOARD_TEXT = readFileSync(path.join(FOLDER, 'grafana-dashboard.json'), 'utf8')
const ALERT_EXPRESSIONS = ALERTS.split('\n').filter((line) => /^\s+expr:/.test(line))
const [PROMETHEUS, PROMTOOL] = blocksRunBy(
  'docs/monitoring.md',
  'packages/server/test/packaging/monitoring.test.ts',
).map(({ text }) => text)

interface Panel {
  readonly title: string
  readonly id: number
  readonly targets?: readonly { readonly expr: string }[]
}
const { panels } = JSON.parse(DASHBOARD_TEXT) as { readonly panels: readonly Panel[] }

const namedIn = (text: string): readonly string[] => [
  ...new Set(text.match(/lakegate_[a-z_]+(?=[{[\s)]|$)/gm) ?? []),
]

/** As Prometheus has them: a histogram is three series. */
const SERIES = Object.entries(METRICS).flatMap(([name, { type }]) =>
  type === 'histogram' ? ['bucket', 'count', 'sum'].map((part) => `${name}_${part}`) : [name],
)
const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))

describe('alerts and dashboard', () => {
  it('name no metric that does not exist', () => {
    const named = [...ALERT_EXPRESSIONS.flatMap(namedIn), ...expressions.flatMap(namedIn)]
    expect(named.length).toBeGreaterThan(20)
    expect(named.filter((name) => !SERIES.includes(name))).toEqual([])
  })

  it('name no refusal that does not exist', () => {
    const [, alternatives = ''] = /reason=~"([^"]+)"/.exec(ALERTS) ?? []
    const known = [...Object.keys(REFUSALS), 'internal_error', 'backend']
    expect(alternatives.split('|').filter((name) => !known.includes(name))).toEqual([])
  })

  it('show every metric of the table', () => {
    const shown = expressions.flatMap(namedIn)
    expect(Object.keys(METRICS).filter((name) => !shown.some((series) => series.startsWith(name)))).toEqual(
      [],
    )
  })

  it('give every panel an id of its own', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
  })
})

const has = (program: string): boolean => spawnSync(program, ['--version']).status === 0
const hasPromtool = has('promtool')
const hasPrometheus = has('prometheus')
if (!hasPromtool) console.warn('promtool is not installed, the check of the alerts is skipped')
if (!hasPrometheus) console.warn('prometheus is not installed, its test is skipped')

describe.skipIf(!hasPromtool)('promtool', () => {
  it('finds the alerts right, and their tests pass', async () => {
    const { stdout } = await run('bash', ['-e', '-c', PROMTOOL ?? ''], { cwd: REPOSITORY })
    expect(stdout).toMatch(/SUCCESS: 10 rules found/)
    expect(stdout).not.toMatch(/FAILED/)
  })
})

describe.skipIf(!hasPrometheus)('Prometheus, beside a Lakegate', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'lakegate-prometheus-'))
  let lakegate: TestLakegate
  let prometheus: ChildProcess
  let url: string

  beforeAll(async () => {
    lakegate = await startLakegate()
    const token = path.join(directory, 'token')
    await writeFile(token, 'unused on loopback')
    await copyFile(path.join(FOLDER, 'prometheus-alerts.yml'), path.join(directory, 'prometheus-alerts.yml'))
    const file = path.join(directory, 'prometheus.yml')
    await writeFile(
      file,
      (PROMETHEUS ?? '')
        .replace('127.0.0.1:8470', new URL(lakegate.httpUrl).host)
        .replace('/etc/prometheus/lakegate-token', token)
        .replace('15s', '1s'),
    )
    const port = await freePort()
    url = `http://127.0.0.1:${String(port)}`
    prometheus = spawn(
      'prometheus',
      [
        `--config.file=${file}`,
        `--storage.tsdb.path=${path.join(directory, 'data')}`,
        `--web.listen-address=127.0.0.1:${String(port)}`,
      ],
      { stdio: 'ignore' },
    )
    for (const pooled of [false, true]) {
      const client = new pg.Client(await lakegate.connection(lakegate.admin, { pooled }))
      await client.connect()
      await client.query('SELECT 1')
      await client.end()
    }
    await waitFor('Prometheus to have read the logins twice', async () => {
      const [first] = await query('rate(lakegate_logins_total[10s])').catch(() => [])
      return first !== undefined
    })
  })
  afterAll(async () => {
    prometheus.kill()
    await lakegate.stop()
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
  })

  async function query(expression: string): Promise<readonly unknown[]> {
    const answer = await fetch(`${url}/api/v1/query?query=${encodeURIComponent(expression)}`)
    const { status, data, error } = (await answer.json()) as {
      readonly status: string
      readonly data?: { readonly result: readonly unknown[] }
      readonly error?: string
    }
    if (status !== 'success') throw new Error(`${expression}: ${error ?? status}`)
    return data?.result ?? []
  }

  /** As Grafana fills in the variables of the dashboard. */
  const filledIn = (expression: string): string =>
    expression.replaceAll('$__rate_interval', '10s').replaceAll('$job', '.*').replaceAll('$node', '.*')

  it('evaluates every expression of the dashboard', async () => {
    for (const expression of expressions) await query(filledIn(expression))
  })

  it('has values for what a Lakegate with two logins measures', async () => {
    for (const expression of expressions.filter(
      (text) => !/by \((reason|le, step)\)|pool_wait_seconds/.test(text),
    ))
      expect([expression, (await query(filledIn(expression))).length > 0]).toEqual([expression, true])
  })

  it('loads the alerts, of which none fires', async () => {
    const answer = await fetch(`${url}/api/v1/rules`)
    const { data } = (await answer.json()) as {
      readonly data: {
        readonly groups: readonly {
          readonly rules: readonly {
            readonly name: string
            readonly health: string
            readonly state: string
          }[]
        }[]
      }
    }
    const rules = data.groups.flatMap((group) => group.rules)
    expect(rules).toHaveLength(10)
    expect(rules.filter(({ state }) => state === 'firing')).toEqual([])
  })
})
