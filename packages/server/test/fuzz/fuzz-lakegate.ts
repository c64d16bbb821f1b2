/**
 * The fuzzer against a Lakegate of its own. What must hold besides the properties of single conversations: its
 * processes live, the workers that serve the conversations above all; whoever has a token still gets in; the log knows
 * of no internal error; memory and descriptors of all of them stay flat.
 */
import { readdir, readFile } from 'node:fs/promises'
import type { RunningLakegate } from '../stage/lakegate.ts'
import { startOwnLakegate } from '../stage/own-lakegate.ts'
import {
  createRoleFor,
  createServicePrincipal,
  inSession,
  mintCredential,
} from '../stage/service-principal.ts'
import { waitFor } from '../stage/wait-for.ts'
import { workersOf } from '../stage/workers.ts'
import { describeFinding, fuzz, type FuzzReport } from './fuzz.ts'

const LOGIN_DEADLINE_SECONDS = 2
/** What a machine that does much besides may add to the deadline. */
const SLACK_MS = 15_000
const MINT_EVERY_MS = 20 * 60_000
/** Node grows its heap before it collects; what is above this again and again is a leak. */
const TOLERATED_GROWTH = 1.35
const WARM_UP_SHARE = 0.4
const SPARE_DESCRIPTORS = 20
const OWN_FAULTS = [
  'a login failed',
  'a connection failed',
  'a worker of the gateway',
  'uncaught',
  'unhandled',
]

export interface Verdict {
  readonly report: FuzzReport
  readonly problems: readonly string[]
  /** Resident megabytes of the main process and its workers together, in the course of time. */
  readonly memory: readonly number[]
}

export async function fuzzLakegate(seed: number, milliseconds: number): Promise<Verdict> {
  const lakegate = await startOwnLakegate({
    LAKEGATE_LOGIN_DEADLINE_SECONDS: String(LOGIN_DEADLINE_SECONDS),
    LAKEGATE_LOG_LEVEL: 'error',
  })
  try {
    return await run(lakegate, seed, milliseconds)
  } finally {
    await lakegate.remove()
  }
}

async function run(lakegate: RunningLakegate, seed: number, milliseconds: number): Promise<Verdict> {
  const { instance, admin_user } = lakegate.ready
  const bystander = await createServicePrincipal(lakegate, 'bystander')
  await createRoleFor(lakegate, bystander)
  const memory: number[] = []
  const problems: string[] = []
  const pids = await processesOf(lakegate)
  if (pids.length < 2) throw new Error('there are no workers of the gateway to watch')
  const descriptorsBefore = await descriptorsOf(pids)
  let minted = { token: await mintCredential(lakegate.admin, instance.name), at: performance.now() }

  const report = await fuzz({
    address: instance,
    seed,
    milliseconds,
    // Below the cap of half-open logins per address, which attack 11 is about.
    parallel: 100,
    patienceMs: LOGIN_DEADLINE_SECONDS * 1000 + SLACK_MS,
    login: async () => {
      if (performance.now() - minted.at > MINT_EVERY_MS)
        minted = { token: await mintCredential(lakegate.admin, instance.name), at: performance.now() }
      return {
        user: admin_user,
        database: instance.database,
        token: minted.token,
        otherRoles: ['postgres', bystander.applicationId, 'nobody', '', 'lakegate'],
      }
    },
    afterBatch: async () => {
      if (lakegate.process.exitCode !== null || lakegate.process.signalCode !== null)
        throw new Error(`lakegate ended:\n${lakegate.output().slice(-4000)}`)
      await requireSameProcesses(lakegate, pids)
      memory.push(await residentMegabytes(pids))
      const password = await bystander.workspaceToken()
      await inSession(lakegate, { user: bystander.applicationId, password }, (client) =>
        client.query('SELECT 1'),
      )
    },
  })

  problems.push(...report.findings.map(describeFinding))
  const faults = lakegate
    .output()
    .split('\n')
    .filter((line) => OWN_FAULTS.some((fault) => line.includes(fault)))
  problems.push(...faults.slice(0, 3))
  if (report.admitted === 0)
    problems.push('nobody was admitted at all: the fuzzer does not reach what it is for')
  const growth = growthOf(memory)
  if (growth > TOLERATED_GROWTH) problems.push(`memory grew by ${growth.toFixed(2)}: ${memory.join(' ')} MB`)
  // The pools keep theirs; those of conversations are closed when the last of them is over.
  await waitFor(
    'the end of every connection',
    async () => (await descriptorsOf(pids)) <= descriptorsBefore + SPARE_DESCRIPTORS,
  ).catch((error: unknown) => problems.push(`descriptors leaked: ${String(error)}`))
  return { report, problems, memory }
}

/** The median of the last third over that of the middle, when there is enough of both to say. */
function growthOf(memory: readonly number[]): number {
  const warm = memory.slice(Math.floor(memory.length * WARM_UP_SHARE))
  if (warm.length < 8) return 1
  const middle = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 1
  const half = warm.length >> 1
  return middle(warm.slice(half)) / middle(warm.slice(0, half))
}

const processesOf = async ({ process: { pid } }: RunningLakegate): Promise<readonly number[]> => {
  if (pid === undefined) throw new Error('lakegate was never started')
  return [pid, ...(await workersOf(pid))]
}

/** A worker that ends is replaced within moments, and every client of another worker would never know. */
async function requireSameProcesses(lakegate: RunningLakegate, pids: readonly number[]): Promise<void> {
  const now = await processesOf(lakegate)
  const gone = pids.filter((pid) => !now.includes(pid))
  if (gone.length > 0) throw new Error(`workers ended: ${gone.join(', ')}\n${lakegate.output().slice(-4000)}`)
}

const PAGE_BYTES = 4096

async function residentMegabytes(pids: readonly number[]): Promise<number> {
  const pages = await Promise.all(
    pids.map(async (pid) => Number((await readFile(`/proc/${String(pid)}/statm`, 'utf8')).split(' ')[1])),
  )
  return Math.round((sum(pages) * PAGE_BYTES) / 2 ** 20)
}

const descriptorsOf = async (pids: readonly number[]): Promise<number> =>
  sum(await Promise.all(pids.map(async (pid) => (await readdir(`/proc/${String(pid)}/fd`)).length)))

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0)
