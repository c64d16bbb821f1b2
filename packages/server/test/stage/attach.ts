/** Attaches clusters to a Lakegate through REST, and logs in through it. */
import { type AttachedClusterRequest, type DatabaseInstance } from '@lakegate/client'
import type pg from 'pg'
import { ADMINISTRATOR, type ForeignCluster } from './foreign-cluster.ts'
import type { Lakegate } from './lakegate.ts'
import { inSession, mintCredential, refusedLogin, type TestServicePrincipal } from './service-principal.ts'
import { waitFor } from './wait-for.ts'

const PATH = '/api/2.0/database/instances'

export interface Attached {
  readonly name: string
  readonly lakegate: Lakegate
}

export async function attach(
  lakegate: Lakegate,
  name: string,
  clusters: readonly ForeignCluster[],
  attached: Partial<AttachedClusterRequest> = {},
): Promise<Attached> {
  const [first] = clusters
  if (first === undefined) throw new Error('attach what?')
  await lakegate.admin.request<DatabaseInstance>('POST', PATH, {
    name,
    attached: {
      hosts: clusters.map(({ host, port }) => ({ host, port })),
      database: 'app',
      tls: { mode: 'verify-full', ca_pem: first.caPem },
      administration: ADMINISTRATOR,
      backend_authentication: 'scram',
      ...attached,
    },
  })
  return { name, lakegate }
}

export const showInstance = ({ lakegate, name }: Attached): Promise<DatabaseInstance> =>
  lakegate.admin.request<DatabaseInstance>('GET', `${PATH}/${name}`)

export const changeAttached = (
  { lakegate, name }: Attached,
  attached: AttachedClusterRequest,
): Promise<DatabaseInstance> =>
  lakegate.admin.request<DatabaseInstance>('PATCH', `${PATH}/${name}?update_mask=attached`, { attached })

export const waitUntilAvailable = (attached: Attached): Promise<DatabaseInstance> =>
  waitFor(`${attached.name} to be AVAILABLE`, async () => {
    const instance = await showInstance(attached)
    return instance.state === 'AVAILABLE' && instance.read_write_port !== undefined && instance
  })

/** What is wrong with it, once something is. */
export const waitForProblem = (attached: Attached, words: string): Promise<string> =>
  waitFor(`${attached.name} to say ${words}`, async () => {
    const { status_message: message } = await showInstance(attached)
    return message?.includes(words) === true && message
  })

export async function detach({ lakegate, name }: Attached): Promise<void> {
  await lakegate.admin.request('DELETE', `${PATH}/${name}?purge=true`)
}

export async function createAttachedRole(
  { lakegate, name }: Attached,
  principal: TestServicePrincipal,
  existingRole?: string,
): Promise<void> {
  await lakegate.admin.request('POST', `${PATH}/${name}/roles`, {
    name: principal.applicationId,
    identity_type: 'SERVICE_PRINCIPAL',
    ...(existingRole === undefined ? {} : { existing_role: existingRole }),
  })
}

/** Minted now, to be used later. */
export async function loginOf(attached: Attached, principal: TestServicePrincipal, role?: string) {
  const { read_write_dns: host, read_write_port: port } = await showInstance(attached)
  if (port === undefined) throw new Error('the gateway does not listen for it yet')
  return {
    user: role ?? principal.applicationId,
    password: await mintCredential(principal.http, attached.name),
    database: 'app',
    instance: { host, port },
  }
}

export async function inAttachedSession<Result>(
  attached: Attached,
  principal: TestServicePrincipal,
  work: (client: pg.Client) => Promise<Result>,
  role?: string,
): Promise<Result> {
  return inSession(attached.lakegate, await loginOf(attached, principal, role), work)
}

export const refusedAttachedLogin = async (
  attached: Attached,
  principal: TestServicePrincipal,
  role?: string,
): Promise<pg.DatabaseError> => refusedLogin(attached.lakegate, await loginOf(attached, principal, role))
