/**
 * psycopg's own tests of cancelling, COPY, pipelines and prepared statements against one cluster by three ways: directly
 * over TLS, and behind the gateway at both of its endpoints. What a test comes to must be the same by all of them.
 */
import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { REPOSITORY } from '../house/sources.ts'
import { attach, createAttachedRole, loginOf, showInstance, waitUntilAvailable } from '../stage/attach.ts'
import { startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'
import { startOwnLakegate, type OwnLakegate } from '../stage/own-lakegate.ts'
import { createServicePrincipal } from '../stage/service-principal.ts'
import { BY_DESIGN, type ByDesign } from './by-design.ts'
import type { PsycopgSuite } from './fetch-suite.ts'

/** Of the names of files and tests. */
const SUBJECTS = 'cancel or copy or pipeline or prepare or backend_pid'
const LONGEST_RUN_MS = 20 * 60_000
const PLUGIN_DIRECTORY = fileURLToPath(new URL('.', import.meta.url))

const ENDPOINTS = ['direct', 'pooled'] as const
type Endpoint = (typeof ENDPOINTS)[number]

interface Outcome {
  readonly outcome: string
  readonly message?: string
}
type Outcomes = ReadonlyMap<string, Outcome>
type Run = Readonly<Record<'postgresql' | Endpoint, Outcomes>>

export interface Difference {
  readonly test: string
  readonly endpoint: Endpoint
  readonly postgresql: Outcome
  readonly gateway: Outcome
}

/** Of one file by one way: how many tests came to each outcome. */
export type Tally = Readonly<Record<string, number>>

export interface SuiteReport {
  readonly tests: number
  readonly files: ReadonlyMap<string, Readonly<Record<keyof Run, Tally>>>
  readonly passed: number
  /** They say nothing of the gateway. */
  readonly failed: ReadonlyMap<string, Outcome>
  readonly byDesign: readonly (Difference & { readonly sentence: string })[]
  readonly differences: readonly Difference[]
}

const NEVER_RAN: Outcome = { outcome: 'never ran' }

/** @param subjects an expression of pytest's `-k` */
export async function runPsycopgSuite(suite: PsycopgSuite, subjects = SUBJECTS): Promise<SuiteReport> {
  await requireSentences()
  const lakegate = await startOwnLakegate()
  const cluster = await startForeignCluster()
  try {
    const ways = await prepareWays(lakegate, cluster)
    const runAll = async (what: readonly string[]) => ({
      postgresql: await runTests(suite, await ways.postgresql(), what),
      direct: await runTests(suite, await ways.direct(), what),
      pooled: await runTests(suite, await ways.pooled(), what),
    })
    const first = await runAll(['-k', subjects, 'tests'])
    const suspicious = differencesOf(first)
    // A test that goes by the clock may fail once on a busy machine, by whichever way.
    const again =
      suspicious.length === 0
        ? undefined
        : await runAll([...new Set(suspicious.map(({ test }) => test))].sort())
    // Nor does a test that differs at one endpoint say something of the other when PostgreSQL itself then fails it.
    const wasSuspicious = ({ test, endpoint }: Difference) =>
      suspicious.some((known) => known.test === test && known.endpoint === endpoint)
    const steady = again === undefined ? [] : differencesOf(again).filter(wasSuspicious)
    const sorted = steady.map((difference) => ({ ...difference, sentence: sentenceFor(difference) }))
    return {
      tests: first.postgresql.size,
      files: tallyFiles(first),
      passed: [...first.postgresql.values()].filter(({ outcome }) => outcome === 'passed').length,
      failed: new Map([...first.postgresql].filter(([, { outcome }]) => outcome === 'failed')),
      byDesign: sorted.flatMap(({ sentence, ...rest }) =>
        sentence === undefined ? [] : [{ ...rest, sentence }],
      ),
      differences: sorted.filter(({ sentence }) => sentence === undefined),
    }
  } finally {
    await cluster.stop()
    await lakegate.remove()
  }
}

/** Each way has a database of its own, of which its role is the owner. @returns conninfo strings of libpq */
async function prepareWays(lakegate: OwnLakegate, cluster: ForeignCluster) {
  await cluster.writeRules('hostssl all all 127.0.0.1/32 scram-sha-256')
  const attached = await attach(lakegate, 'psycopg', [cluster])
  await waitUntilAvailable(attached)
  const principal = await createServicePrincipal(lakegate, 'psycopg')
  await createAttachedRole(attached, principal)
  const password = randomBytes(18).toString('base64url')
  await cluster.query(`CREATE ROLE directly LOGIN PASSWORD '${password}'`)
  await cluster.query('CREATE DATABASE postgresql OWNER directly')
  for (const endpoint of ENDPOINTS)
    await cluster.query(`CREATE DATABASE ${endpoint} OWNER "${principal.applicationId}"`)
  const clusterCa = path.join(path.dirname(lakegate.ready.ca_file), 'psycopg-ca.pem')
  await promisify(execFile)('cp', [path.join(cluster.dataDirectory, 'client-ca.pem'), clusterCa])

  const endpoint = async (dbname: Endpoint) => {
    const { pooled_dns, pooled_port } = await showInstance(attached)
    const { user, password, instance } = await loginOf(attached, principal)
    const place = dbname === 'direct' ? instance : { host: pooled_dns, port: pooled_port }
    return conninfo({ ...place, dbname, user, password, sslrootcert: lakegate.ready.ca_file })
  }
  return {
    postgresql: () =>
      Promise.resolve(
        conninfo({
          ...{ host: cluster.host, port: cluster.port, dbname: 'postgresql' },
          ...{ user: 'directly', password, sslrootcert: clusterCa },
        }),
      ),
    direct: () => endpoint('direct'),
    pooled: () => endpoint('pooled'),
  }
}

const conninfo = (parameters: Readonly<Record<string, unknown>>): string =>
  Object.entries<unknown>({ ...parameters, sslmode: 'verify-full' })
    .map(([name, value]) => `${name}='${String(value).replaceAll(/[\\']/g, '\\$&')}'`)
    .join(' ')

/** @param what arguments of pytest: ids of tests, or which to choose */
async function runTests(suite: PsycopgSuite, dsn: string, what: readonly string[]): Promise<Outcomes> {
  const report = path.join(suite.scratch, 'outcomes.jsonl')
  const inherited = Object.entries(process.env).filter(([name]) => !/^(PG|LAKEGATE_)/.test(name))
  const environment = {
    ...Object.fromEntries(inherited),
    // Not as an argument, which everybody on the machine can read: there is a password in it.
    PSYCOPG_TEST_DSN: dsn,
    PYTHONPATH: PLUGIN_DIRECTORY,
    PYTHONDONTWRITEBYTECODE: '1',
    LAKEGATE_OUTCOMES: report,
  }
  const chosen = ['--ignore=tests/pool', '--ignore=tests/crdb', ...what]
  const options = ['-m', 'pytest', '-q', '-p', 'no:randomly', '-p', 'no:cacheprovider', '-p', 'outcomes']
  await promisify(execFile)(suite.python, [...options, ...chosen], {
    cwd: suite.directory,
    env: environment,
    timeout: LONGEST_RUN_MS,
    maxBuffer: 64 * 1024 * 1024,
  }).catch(async (error: unknown) => {
    // 1: some tests failed, which is for the comparison to judge (pytest, "Exit codes").
    if (!(error instanceof Error && 'code' in error && error.code === 1))
      throw notRun(error, await readFile(report, 'utf8').catch(() => ''))
  })
  return readOutcomes(await readFile(report, 'utf8'))
}

/** @param outcomes so far: where a test never ended, its setup is the last that is written */
function notRun(error: unknown, outcomes: string): Error {
  const printed =
    error instanceof Error && 'stdout' in error ? String(error.stdout).slice(-2_000) : String(error)
  return new Error(
    `pytest did not run to its end. Last: ${outcomes.trim().split('\n').at(-1) ?? ''}\n${printed.replaceAll(/password='[^']*'/g, "password='…'")}`,
  )
}

/** The worst of setup, call and teardown. */
function readOutcomes(lines: string): Outcomes {
  const outcomes = new Map<string, Outcome>()
  for (const line of lines.split('\n').filter((text) => text !== '')) {
    const { test, outcome, message } = JSON.parse(line) as Outcome & { readonly test: string }
    const known = outcomes.get(test)?.outcome
    if (known === undefined || (known !== 'failed' && outcome !== 'passed'))
      outcomes.set(test, message === undefined ? { outcome } : { outcome, message })
  }
  return outcomes
}

function tallyFiles(run: Run): SuiteReport['files'] {
  const fileOf = (test: string) => test.split('::')[0] ?? test
  const tally = (outcomes: Outcomes, file: string): Tally => {
    const counts: Record<string, number> = {}
    for (const [test, { outcome }] of outcomes)
      if (fileOf(test) === file) counts[outcome] = (counts[outcome] ?? 0) + 1
    return counts
  }
  const files = new Set(Object.values(run).flatMap((outcomes) => [...outcomes.keys()].map(fileOf)))
  return new Map(
    [...files].sort().map((file) => {
      const { postgresql, direct, pooled } = run
      const by = (outcomes: Outcomes) => tally(outcomes, file)
      return [file, { postgresql: by(postgresql), direct: by(direct), pooled: by(pooled) }]
    }),
  )
}

function differencesOf(run: Run): readonly Difference[] {
  const tests = new Set([...run.postgresql.keys(), ...run.direct.keys(), ...run.pooled.keys()])
  return [...tests].flatMap((test) =>
    ENDPOINTS.flatMap((endpoint) => {
      const postgresql = run.postgresql.get(test) ?? NEVER_RAN
      const gateway = run[endpoint].get(test) ?? NEVER_RAN
      return postgresql.outcome === gateway.outcome ? [] : [{ test, endpoint, postgresql, gateway }]
    }),
  )
}

const sentenceFor = ({ test, endpoint }: Difference): string | undefined =>
  BY_DESIGN.find((known) => known.endpoint === endpoint && known.tests.test(test))?.sentence

/** What is said to be by design must be said to everybody. */
async function requireSentences(): Promise<void> {
  const inOneLine = (text: string) => text.replaceAll(/\s+/g, ' ')
  const isSaid = async ({ document, sentence }: ByDesign) =>
    inOneLine(await readFile(path.join(REPOSITORY, 'docs', document), 'utf8')).includes(inOneLine(sentence))
  for (const known of BY_DESIGN)
    if (!(await isSaid(known))) throw new Error(`docs/${known.document} does not say: ${known.sentence}`)
}
