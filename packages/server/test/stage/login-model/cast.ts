/** Who plays: identities of the directory with tokens of their own, and the instance that they play in. */
import { randomUUID } from 'node:crypto'
import type {
  DatabaseCredential,
  DatabaseInstance,
  LakegateHttp,
  ScimGroup,
  ScimUser,
} from '@lakegate/client'
import { openInsider, type Insider } from '../insider.ts'
import type { Lakegate } from '../lakegate.ts'
import { createServicePrincipal, mintCredential, type TestServicePrincipal } from '../service-principal.ts'
import { waitFor } from '../wait-for.ts'
import type { IdentityOfModel } from './model.ts'
import type { Newcomer, Person } from './statements.ts'

/** Of the hour for which a token is good. */
const TOKEN_IS_USED_MS = 20 * 60_000

export interface Cast {
  readonly instance: {
    readonly name: string
    readonly uid: string
    readonly host: string
    readonly port: number
  }
  readonly people: Readonly<Record<Person, IdentityOfModel>>
  readonly newcomers: Readonly<Record<Newcomer, IdentityOfModel>>
  readonly group: IdentityOfModel
  readonly groupMembers: readonly Person[]
  readonly ownerName: string
  readonly claimant: TestServicePrincipal
  /** The directory of the instance's Unix socket, which lets this process in as anybody. */
  readonly socketDirectory: string
  token(person: Person): Promise<string>
  remove(): Promise<void>
}

export async function assembleCast(lakegate: Lakegate): Promise<Cast> {
  const { admin, ready } = lakegate
  const insider = await openInsider(lakegate)
  try {
    const [plain, creator, claimant, guest, member, newcomer] = await Promise.all(
      ['plain', 'creator', 'claimant', 'guest', 'member', 'newcomer'].map((name) =>
        createServicePrincipal(lakegate, `${name} of the login model`),
      ),
    )
    if (!plain || !creator || !claimant || !guest || !member || !newcomer) throw new Error('nobody came')
    const person = await createUser(admin)
    const owner = await admin.request<ScimUser>('GET', '/api/2.0/preview/scim/v2/Me')
    const group = await createGroup(admin, [member.id, plain.id])
    const instance = await createInstance(admin)
    const principals = { plain, creator, claimant, guest, member }
    const principal = ({ id, applicationId }: TestServicePrincipal): IdentityOfModel => ({
      id,
      type: 'SERVICE_PRINCIPAL',
      name: applicationId,
    })
    return {
      instance,
      people: {
        plain: principal(plain),
        creator: principal(creator),
        owner: { id: owner.id, type: 'USER', name: ready.admin_user },
        claimant: principal(claimant),
        person,
        guest: principal(guest),
        member: principal(member),
      },
      newcomers: {
        newcomer_principal: principal(newcomer),
        newcomer_user: await createUser(admin),
        newcomer_group: await createGroup(admin, [guest.id]),
      },
      group,
      groupMembers: ['member', 'plain'],
      ownerName: ready.admin_user,
      claimant,
      socketDirectory: await socketDirectoryOf(insider, instance.uid),
      token: remembered((who) => {
        if (who === 'owner') return mintCredential(admin, instance.name)
        // A person signs in by a browser, which other tests are about.
        if (who === 'person') return insider.sign(person.id, { claims: { instances: [instance.uid] } })
        return principals[who].workspaceToken()
      }),
      async remove() {
        await insider.close()
        await admin.request('DELETE', `/api/2.0/database/instances/${instance.name}`)
      },
    }
  } catch (error) {
    await insider.close()
    throw error
  }
}

/** For one credential of the claimant that names this table besides. */
export async function mintWithClaim(claimant: TestServicePrincipal, table: string): Promise<string> {
  const credential = await claimant.http.request<DatabaseCredential>(
    'POST',
    '/api/2.0/database/credentials',
    {
      request_id: randomUUID(),
      claims: [{ permission_set: 'READ_ONLY', resources: [{ table_name: table }] }],
    },
  )
  return credential.token
}

export function remembered<Key>(make: (key: Key) => Promise<string>): (key: Key) => Promise<string> {
  const known = new Map<Key, { readonly token: string; readonly at: number }>()
  return async (key) => {
    const kept = known.get(key)
    if (kept !== undefined && performance.now() - kept.at < TOKEN_IS_USED_MS) return kept.token
    const token = await make(key)
    known.set(key, { token, at: performance.now() })
    return token
  }
}

async function createUser(admin: LakegateHttp): Promise<IdentityOfModel> {
  const userName = `${randomUUID()}@example.com`
  const { id } = await admin.request<ScimUser>('POST', '/api/2.0/preview/scim/v2/Users', { userName })
  return { id, type: 'USER', name: userName }
}

async function createGroup(admin: LakegateHttp, members: readonly string[]): Promise<IdentityOfModel> {
  const displayName = `group ${randomUUID()}`
  const { id } = await admin.request<ScimGroup>('POST', '/api/2.0/preview/scim/v2/Groups', {
    displayName,
    members: members.map((value) => ({ value })),
  })
  return { id, type: 'GROUP', name: displayName }
}

async function createInstance(admin: LakegateHttp): Promise<Cast['instance']> {
  const name = `model-${randomUUID().slice(0, 8)}`
  await admin.request('POST', '/api/2.0/database/instances', { name })
  return waitFor('the instance', async () => {
    const made = await admin.request<DatabaseInstance>('GET', `/api/2.0/database/instances/${name}`)
    const { uid, state, read_write_dns: host, read_write_port: port } = made
    return state === 'AVAILABLE' && port !== undefined ? { name, uid, host, port } : undefined
  })
}

async function socketDirectoryOf({ database }: Insider, uid: string): Promise<string> {
  const { socket_directory: directory } = await database
    .selectFrom('database_instance')
    .select('socket_directory')
    .where('uid', '=', uid)
    .executeTakeFirstOrThrow()
  if (directory === null) throw new Error('the instance does not run')
  return directory
}
