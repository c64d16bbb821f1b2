/** `lakegate status`: what runs, where, since when, in which versions, and what is wrong with it. */
import { Command } from 'commander'
import { homedir } from 'node:os'
import {
  lakegateOf,
  resolveConfiguration,
  type DatabaseInstance,
  type ListDatabaseInstancesResponse,
  type ResolvedConfiguration,
} from '@lakegate/client'
import type { LoadedSettings } from '../../config/load.ts'
import { EndedWithStatus } from '../ended-with-status.ts'
import { EXIT_STATUS, wrongUsage } from '../exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from '../output/output.ts'
import { printable } from '../output/printable.ts'
import { renderFields, renderTable } from '../output/table.ts'
import { readVersion } from '../version.ts'
import { configurationOf, resolveAtHost, toFailure } from '../workspace/connection.ts'
import { withLocalSettings, type LocalFlags } from './local-settings.ts'

export interface StatusReport {
  /** Of this program. */
  readonly lakegate_version: string
  /** The data directory on this machine, or the address of a Lakegate elsewhere. */
  readonly where: string
  readonly processes: readonly ProcessStatus[]
  /** Left out for a Lakegate elsewhere. */
  readonly system_database?: SystemDatabaseStatus
  readonly instances: readonly InstanceStatus[]
  /** What is wrong; empty when nothing is. */
  readonly problems: readonly Problem[]
  /** Whether anything serves at all. */
  readonly running: boolean
  /** What is not shown, and why. */
  readonly remark?: string
}

export interface ProcessStatus {
  readonly role: 'everything' | 'control' | 'gateway'
  readonly url?: string
  readonly pid?: number
  readonly started_at?: string
  readonly lakegate_version?: string
  readonly node_version?: string
  /** What the workers run on, and how many there are. */
  readonly gateway?: string
  readonly health: 'ready' | 'not ready' | 'no answer'
}

export interface SystemDatabaseStatus {
  readonly kind: 'embedded' | 'external'
  readonly state: 'running' | 'stopped' | 'unreachable'
  readonly postgres_version?: string
  readonly schema?: string
  /** Whether a control plane holds the lock and looks after the instances. */
  readonly supervised?: boolean
}

export interface InstanceStatus {
  readonly name: string
  readonly state: string
  readonly kind?: 'local' | 'attached'
  readonly postgres_version?: string
  readonly address?: string
  readonly message?: string
}

export interface Problem {
  readonly what: string
  readonly next_step: string
}

/** Changes nothing, and starts nothing. */
export type ReadStatus = (settings: LoadedSettings) => Promise<StatusReport>

interface StatusFlags extends OutputFlags {
  readonly url?: string
  readonly profile?: string
}

export function statusCommand(load: (flags: LocalFlags) => LoadedSettings, readStatus: ReadStatus): Command {
  return withOutput(withLocalSettings(new Command('status')))
    .description(
      'show what runs, its versions and health; ends with 1 when something is wrong, 5 when nothing runs',
    )
    .option('--url <url>', 'of a Lakegate elsewhere; without it, that of this machine’s data directory')
    .option('-p, --profile <name>', 'profile of ~/.databrickscfg of a Lakegate elsewhere')
    .action(async (flags: StatusFlags) => {
      if (flags.url !== undefined && !isHttpUrl(flags.url))
        throw wrongUsage(`“${flags.url}” is no URL.`, 'Write --url as https://lakegate.example.com.')
      const isElsewhere = flags.url !== undefined || flags.profile !== undefined
      show(isElsewhere ? await readElsewhere(flags) : await readStatus(load(flags)), flags)
    })
}

const isHttpUrl = (text: string): boolean => URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)

/** Health is for everybody; instances are shown to who is signed in. */
async function readElsewhere(flags: StatusFlags): Promise<StatusReport> {
  if (flags.url !== undefined && flags.profile !== undefined)
    await refuseProfileOfAnother(flags.url, flags.profile)
  const problems: Problem[] = []
  let where = flags.url ?? ''
  let instances: readonly InstanceStatus[] = []
  let remark: string | undefined
  try {
    const caller = await resolveCallerAt(flags)
    where = caller.host ?? where
    instances = await listAs(caller)
  } catch (error) {
    if (where === '') throw error
    // Without a profile nobody said that there is more to see.
    if (flags.profile !== undefined)
      problems.push({
        what: `The instances cannot be listed: ${error instanceof Error ? error.message : String(error)}`,
        next_step: 'Sign in with `lakegate auth login`.',
      })
    else
      remark = 'Instances are shown to who is signed in: name a profile with --profile (lakegate auth login).'
  }
  const health = await askHealth(where)
  if (health !== 'ready')
    problems.unshift({
      what: health === 'no answer' ? `Nothing answers at ${where}.` : `Lakegate at ${where} is not ready.`,
      next_step: 'Look at it on its machine: `lakegate status`, `lakegate doctor`, and its log.',
    })
  return {
    lakegate_version: readVersion(),
    where,
    processes: [{ role: 'control', url: where, health }],
    instances,
    problems: [...(health === 'no answer' ? problems.slice(0, 1) : problems), ...problemsOf(instances)],
    running: health !== 'no answer',
    ...(remark === undefined ? {} : { remark }),
  }
}

/** Nothing of the environment but where profiles are: the rest may be for another Lakegate. */
const onlyProfiles = () => {
  const file = process.env['DATABRICKS_CONFIG_FILE']
  return {
    environment: file === undefined ? {} : { DATABRICKS_CONFIG_FILE: file },
    homeDirectory: homedir(),
  }
}

/** @throws CommandFailure where its credential is for another host, which must never get it */
async function refuseProfileOfAnother(url: string, profile: string): Promise<void> {
  const { host } = await resolveConfiguration({ profile }, onlyProfiles()).catch((error: unknown) => {
    throw toFailure(error, undefined)
  })
  if (host === new URL(url).origin) return
  throw wrongUsage(
    `The profile ${profile} is of ${host ?? 'no host'}, not of ${url}.`,
    'Leave out --url or --profile, or name a profile of that host.',
  )
}

/** A token is sent to no host but the one for which it is configured: --url alone says nothing about that. */
function resolveCallerAt({ url, profile }: StatusFlags): Promise<ResolvedConfiguration> {
  if (url === undefined) return resolveAtHost(configurationOf(profile === undefined ? {} : { profile }))
  if (profile !== undefined) return resolveConfiguration({ profile }, onlyProfiles())
  const host = new URL(url).origin
  const ofEnvironment = process.env['DATABRICKS_HOST'] ?? ''
  const isSame = isHttpUrl(ofEnvironment) && new URL(ofEnvironment).origin === host
  return isSame ? resolveConfiguration({ host }) : resolveConfiguration({ host }, onlyProfiles())
}

async function listAs(caller: ResolvedConfiguration): Promise<readonly InstanceStatus[]> {
  const lakegate = lakegateOf(caller)
  try {
    return (await listInstances(lakegate.http)).map(instanceStatus)
  } catch (error) {
    throw toFailure(error, caller)
  } finally {
    lakegate.close()
  }
}

const PROBE_LIMIT_MS = 5_000

/** @param url of REST, or of the health of a gateway */
export async function askHealth(url: string): Promise<ProcessStatus['health']> {
  try {
    const answer = await fetch(new URL('/readyz', url), { signal: AbortSignal.timeout(PROBE_LIMIT_MS) })
    await answer.arrayBuffer()
    return answer.ok ? 'ready' : 'not ready'
  } catch {
    return 'no answer'
  }
}

async function listInstances(http: {
  request<Answer>(method: 'GET', path: string): Promise<Answer>
}): Promise<readonly DatabaseInstance[]> {
  const found: DatabaseInstance[] = []
  let token: string | undefined = ''
  while (token !== undefined) {
    const page: ListDatabaseInstancesResponse = await http.request(
      'GET',
      `/api/2.0/database/instances?page_size=100&page_token=${encodeURIComponent(token)}`,
    )
    found.push(...page.database_instances)
    token = page.next_page_token
  }
  return found
}

const instanceStatus = (instance: DatabaseInstance): InstanceStatus => ({
  name: instance.name,
  state: instance.state,
  kind: instance.attached === undefined ? 'local' : 'attached',
  ...(instance.pg_version === undefined
    ? {}
    : { postgres_version: instance.pg_version.replace(/^PG_VERSION_/, '') }),
  address: instance.read_write_dns,
  ...(instance.status_message === undefined ? {} : { message: instance.status_message }),
})

/** An instance that somebody stopped is as it should be. */
export const problemsOf = (instances: readonly InstanceStatus[]): readonly Problem[] =>
  instances
    .filter(({ state, message }) => message !== undefined || !['AVAILABLE', 'STOPPED'].includes(state))
    .map(({ name, state, message }) => ({
      what: `The instance ${name} is ${state}${message === undefined ? '.' : `: ${message}`}`,
      next_step:
        message === undefined
          ? 'Wait a moment and look again.'
          : 'See there, and in the log of Lakegate; it tries again by itself.',
    }))

function show(report: StatusReport, flags: OutputFlags): void {
  const output = createOutput(flags)
  // As for every command that is no copy of one of the databricks CLI: a table, unless JSON was asked for.
  if (output.isText(true)) process.stdout.write(renderStatus(report, output.colours))
  else output.showJson(report)
  if (!report.running) throw new EndedWithStatus(EXIT_STATUS.unreachable)
  if (report.problems.length > 0) throw new EndedWithStatus(EXIT_STATUS.failed)
}

type Colours = ReturnType<typeof createOutput>['colours']

function renderStatus(report: StatusReport, colours: Colours): string {
  const { processes, system_database: system, instances, problems } = report
  const parts = [
    renderFields(
      [
        ['Lakegate', `${report.lakegate_version} (this program)`],
        ['Where', report.where],
        ['System database', system === undefined ? undefined : describeSystem(system)],
      ],
      colours,
    ),
    processes.length === 0 ? 'Nothing of Lakegate runs.\n' : renderProcesses(processes, colours),
    ...(instances.length === 0 ? [] : [renderInstances(instances, colours)]),
    ...(report.remark === undefined ? [] : [`${printable(report.remark)}\n`]),
    ...problems.map(({ what, next_step }) => `${printable(what)}\n  What to do: ${printable(next_step)}\n`),
    ...(problems.length === 0 && report.running ? ['Everything is as it should be.\n'] : []),
  ]
  return parts.join('\n')
}

const describeSystem = ({ kind, state, postgres_version, schema, supervised }: SystemDatabaseStatus) =>
  [
    `${kind}, ${state}`,
    ...(postgres_version === undefined ? [] : [`PostgreSQL ${postgres_version}`]),
    ...(schema === undefined ? [] : [`schema ${schema}`]),
    ...(supervised === undefined
      ? []
      : [supervised ? 'a control plane looks after the instances' : 'nobody looks after the instances']),
  ].join(', ')

const renderProcesses = (processes: readonly ProcessStatus[], colours: Colours): string =>
  renderTable(
    processes,
    [
      { title: 'RUNS', of: ({ role }) => ROLES[role] },
      {
        title: 'HEALTH',
        of: ({ health }) => health,
        colour: ({ health }) => (health === 'ready' ? 'green' : 'red'),
      },
      { title: 'AT', of: ({ url }) => url },
      { title: 'PID', of: ({ pid }) => (pid === undefined ? undefined : String(pid)) },
      { title: 'SINCE', of: ({ started_at }) => started_at },
      { title: 'LAKEGATE', of: ({ lakegate_version }) => lakegate_version },
      { title: 'NODE.JS', of: ({ node_version }) => node_version },
      { title: 'GATEWAY', of: ({ gateway }) => gateway },
    ],
    colours,
  )

const ROLES: Readonly<Record<ProcessStatus['role'], string>> = {
  everything: 'all of it',
  control: 'control plane',
  gateway: 'gateway',
}

const renderInstances = (instances: readonly InstanceStatus[], colours: Colours): string =>
  renderTable(
    instances,
    [
      { title: 'INSTANCE', of: ({ name }) => name },
      {
        title: 'STATE',
        of: ({ state }) => state,
        colour: ({ state, message }) =>
          message === undefined && (state === 'AVAILABLE' || state === 'STOPPED') ? 'green' : 'red',
      },
      { title: 'KIND', of: ({ kind }) => kind },
      { title: 'POSTGRESQL', of: ({ postgres_version }) => postgres_version },
      { title: 'AT', of: ({ address }) => address },
    ],
    colours,
  )
