/** `lakegate sessions`: lists and ends open sessions of a running Lakegate, through REST. */
import type {
  ListDatabaseInstancesResponse,
  OpenSessionAnswer,
  OpenSessionsAnswer,
  ScimGroup,
  ScimListResponse,
  ScimServicePrincipal,
  ScimUser,
} from '@lakegate/client'
import { LakegateApiError, type LakegateHttp } from '@lakegate/client'
import { Command } from 'commander'
import { parseIdentityId } from '../domain/ids.ts'
import { commandFailed, EXIT_STATUS, wrongUsage } from './exit-codes.ts'
import { createOutput, withOutput, type OutputFlags } from './output/output.ts'
import type { Column } from './output/table.ts'
import { atServer, withServer, type ServerFlags } from './server-connection.ts'

interface Flags extends ServerFlags, OutputFlags {
  readonly instance?: string
  readonly identity?: string
}

export function sessionsCommand(): Command {
  const sessions = new Command('sessions').description('list and end open sessions (docs/operating.md)')
  withSelection(sessions.command('list'))
    .description('show open sessions: of all instances that you manage, of one, or of an identity')
    .action(async (flags: Flags) => {
      await atServer(flags, async (http) => {
        refuseBoth(flags, 'Name an instance or an identity.')
        const found =
          flags.identity === undefined
            ? await listOfInstances(http, flags.instance)
            : await http.request<OpenSessionsAnswer>('GET', await pathOfIdentity(http, flags.identity))
        show(found, flags)
        if (found.silent_gateways > 0)
          process.stderr.write(`${describeSilence(found)} Their sessions are missing from the list.\n`)
      })
    })
  withSelection(sessions.command('end'))
    .description('end one session, or all of an identity; their clients read 57P01')
    .argument('[session id]', 'as `lakegate sessions list` shows it')
    .action(async (sessionId: string | undefined, flags: Flags) => {
      await atServer(flags, async (http) => {
        const ended = await end(http, sessionId, flags)
        show(ended, flags)
        if (ended.silent_gateways > 0)
          throw commandFailed(`${describeSilence(ended)} None of their sessions was ended.`, 'Try again.')
      })
    })
  return sessions
}

const withSelection = (command: Command): Command =>
  withOutput(withServer(command))
    .option('--instance <name>', 'of this database instance')
    .option('--identity <name or id>', 'of this user or service principal, on all instances of the workspace')

const ofInstance = (name: string): string =>
  `/api/2.0/lakegate/instances/${encodeURIComponent(name)}/sessions`

async function end(
  http: LakegateHttp,
  sessionId: string | undefined,
  flags: Flags,
): Promise<OpenSessionsAnswer> {
  if ((sessionId === undefined) === (flags.identity === undefined))
    throw wrongUsage(
      'It is not clear which sessions to end.',
      'Give the id of one session, or --identity for all sessions of an identity.',
    )
  refuseBoth(flags, 'Sessions of an identity are ended on all instances; end single ones by their ids.')
  if (flags.identity !== undefined) return http.request('DELETE', await pathOfIdentity(http, flags.identity))
  const id = sessionId ?? ''
  const instance = flags.instance ?? (await instanceOfSession(http, id))
  return http.request('DELETE', `${ofInstance(instance)}/${encodeURIComponent(id)}`)
}

function refuseBoth({ instance, identity }: Flags, nextStep: string): void {
  if (instance !== undefined && identity !== undefined)
    throw wrongUsage('--instance and --identity do not go together.', nextStep)
}

async function instanceOfSession(http: LakegateHttp, id: string): Promise<string> {
  const found = await listOfInstances(http, undefined)
  const session = found.sessions.find(({ session_id }) => session_id === id)
  if (session !== undefined) return session.database_instance_name
  throw commandFailed(
    `There is no open session ${id} on an instance that you manage.`,
    found.silent_gateways > 0
      ? `${describeSilence(found)} Try again.`
      : '`lakegate sessions list` shows those that are open.',
    EXIT_STATUS.notFound,
  )
}

/** @param name undefined: all instances of the workspace that the caller may manage */
async function listOfInstances(http: LakegateHttp, name: string | undefined): Promise<OpenSessionsAnswer> {
  if (name !== undefined) return http.request('GET', ofInstance(name))
  const answers: OpenSessionsAnswer[] = []
  for (const instance of await instanceNames(http)) {
    try {
      answers.push(await http.request<OpenSessionsAnswer>('GET', ofInstance(instance)))
    } catch (error) {
      if (!(error instanceof LakegateApiError) || ![403, 404].includes(error.status)) throw error
      // Deleted since it was listed, so it has no sessions.
      if (error.status === 404) continue
      // Everybody may see the name of an instance, but not everybody its sessions.
      process.stderr.write(`Without the sessions of ${instance}: ${error.message}\n`)
    }
  }
  return {
    sessions: answers.flatMap(({ sessions }) => sessions),
    silent_gateways: Math.max(0, ...answers.map(({ silent_gateways }) => silent_gateways)),
  }
}

async function instanceNames(http: LakegateHttp): Promise<readonly string[]> {
  const names: string[] = []
  let token: string | undefined = ''
  while (token !== undefined) {
    const page: ListDatabaseInstancesResponse = await http.request(
      'GET',
      `/api/2.0/database/instances?page_size=100&page_token=${encodeURIComponent(token)}`,
    )
    names.push(...page.database_instances.map(({ name }) => name))
    token = page.next_page_token
  }
  return names
}

const pathOfIdentity = async (http: LakegateHttp, nameOrId: string): Promise<string> =>
  `/api/2.0/lakegate/identities/${await findIdentity(http, nameOrId)}/sessions`

/** Finds an identity by id, or by a name that people see: of a user or service principal, or an application id. */
async function findIdentity(http: LakegateHttp, nameOrId: string): Promise<string> {
  if (parseIdentityId(nameOrId) !== undefined) return nameOrId
  const quoted = JSON.stringify(nameOrId)
  const lists = await Promise.all([
    search(http, 'Users', `userName eq ${quoted}`),
    search(http, 'ServicePrincipals', `applicationId eq ${quoted} or displayName eq ${quoted}`),
  ])
  const [first, ...others] = lists.flat()
  if (first === undefined)
    throw commandFailed(
      `There is no user and no service principal ${quoted} in this workspace.`,
      'Sessions of a deleted identity are found by its id: `lakegate sessions list --output json` shows it.',
      EXIT_STATUS.notFound,
    )
  if (others.length > 0)
    throw commandFailed(
      `Several identities are called ${quoted}: ${[first, ...others].map(({ id }) => id).join(', ')}.`,
      'Give the id of the right one.',
    )
  return first.id
}

async function search(http: LakegateHttp, path: 'Users' | 'ServicePrincipals', filter: string) {
  const { Resources } = await http.request<ScimListResponse<ScimUser | ScimServicePrincipal | ScimGroup>>(
    'GET',
    `/api/2.0/preview/scim/v2/${path}?filter=${encodeURIComponent(filter)}`,
  )
  return Resources
}

const describeSilence = ({ silent_gateways: count }: OpenSessionsAnswer): string =>
  `${String(count)} ${count === 1 ? 'gateway process' : 'gateway processes'} did not answer.`

function show(found: OpenSessionsAnswer, flags: Flags): void {
  const output = createOutput(flags)
  if (output.isText(true) || output.isQuiet)
    output.showList(found.sessions, {
      columns: COLUMNS,
      name: ({ session_id: id }) => id,
      isTableEverywhere: true,
    })
  else output.showJson(found)
}

const COLUMNS: readonly Column<OpenSessionAnswer>[] = [
  { title: 'SESSION', of: ({ session_id: id }) => id, colour: 'green' },
  { title: 'INSTANCE', of: ({ database_instance_name: name }) => name },
  // A session that logged in with the role's own password has no identity.
  { title: 'IDENTITY', of: ({ identity }) => identity?.name },
  { title: 'ROLE', of: ({ role }) => role },
  { title: 'DATABASE', of: ({ database }) => database },
  { title: 'FROM', of: ({ client_address: address }) => address },
  { title: 'SINCE', of: ({ create_time: time }) => time },
  { title: 'LAST ACTIVE', of: ({ last_activity_time: time }) => time },
]
