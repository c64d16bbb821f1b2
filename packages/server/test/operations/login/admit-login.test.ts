/** What a login reads when, and what its audit record says, over ports in memory; the wire is tested in behaviours. */
import { describe, expect, it } from 'vitest'
import { Fault } from '../../../src/domain/fault.ts'
import type { DatabaseFacts } from '../../../src/domain/database-facts.ts'
import type { DatabaseInstance } from '../../../src/domain/database-instance.ts'
import type { DatabaseOid, IdentityId } from '../../../src/domain/ids.ts'
import { Redacted } from '../../../src/domain/redacted.ts'
import type { RoleFacts } from '../../../src/domain/role.ts'
import type { AdmitLoginPorts } from '../../../src/operations/login/admit-login-ports.ts'
import { createAdmitLogin } from '../../../src/operations/login/admit-login.ts'
import { createFailedLogins } from '../../../src/operations/login/failed-login-brake.ts'
import type { AuditEntry } from '../../../src/operations/ports/audit.ts'
import type { ProofAsker } from '../../../src/operations/ports/proof.ts'
import { NO_SETTINGS } from '../../../src/policy/instance-settings.ts'
import { ALICE, INSTANCE_UID, NOW, OWN_ROLE, TOKEN, WORKSPACE } from '../../policy/facts.ts'
import { RememberedLogins } from '../../../src/operations/login/remembered-logins.ts'
import { scramVerifierOf } from '../../stage/scram-client.ts'

const NATIVE_ROLE: RoleFacts = {
  ...OWN_ROLE,
  name: 'app',
  binding: undefined,
  hasPassword: true,
  scramVerifier: new Redacted(scramVerifierOf('pencil', Buffer.alloc(16, 1), 4096)),
}

function world(given: {
  readonly native: boolean
  readonly role?: RoleFacts
  /** Once the client has proved something. */
  readonly instanceNow?: Partial<DatabaseInstance>
}) {
  const steps: string[] = []
  const records: AuditEntry[] = []
  const failedLogins = createFailedLogins()
  const limits = { perRole: 10, perAddress: 100, windowMs: 60_000 }
  const instance: DatabaseInstance = {
    uid: INSTANCE_UID,
    workspaceId: WORKSPACE,
    name: 'dev',
    settings: { ...NO_SETTINGS, enablePgNativeLogin: given.native },
    state: 'AVAILABLE',
    fault: undefined,
    creatorId: ALICE.id,
    creatorName: ALICE.name,
    createdAt: NOW,
    pgMajorVersion: 18,
    systemIdentifier: '1',
    listener: { host: '127.0.0.1', port: 5432 },
    pooledListener: undefined,
    backend: { kind: 'embedded', socketDirectory: 'somewhere' },
  }
  const step = <Result>(name: string, result: Result): Promise<Result> => {
    steps.push(name)
    return Promise.resolve(result)
  }
  const ports: AdmitLoginPorts = {
    instances: { loadInstance: () => step('instance', instance) },
    roles: {
      loadRoleFacts: ({ backend }, _role, database) =>
        step(
          `${database === undefined ? 'role' : `role and ${database}`}${backend === instance.backend ? '' : ' elsewhere'}`,
          given.role,
        ),
    },
    directory: {
      loadLoginFacts: () =>
        step('facts', { instance: { ...instance, ...given.instanceNow }, identity: ALICE, group: undefined }),
    },
    remembered: new RememberedLogins(),
    claims: { loadClaimSet: () => step('claims', []) },
    verifyToken: () => step('verify', TOKEN),
    issueTicket: () => step('ticket', 'ticket'),
    issuerOf: () => step('issuer', 'https://lakegate.example/oidc'),
    brake: (question) => Promise.resolve(failedLogins.answer(question)),
    failedLoginLimits: () => limits,
    madeUpVerifierSecret: new Redacted(Buffer.from('secret')),
    pause: (milliseconds) => step(`pause ${String(milliseconds)}`, undefined),
    audit: { record: (entry) => records.push(entry) },
    clock: () => NOW,
  }
  const asker = (proof: 'right' | 'wrong'): ProofAsker => ({
    askForPassword: () => step('ask for a token', new Redacted('token')),
    askForScramProof: async (_verifier, judge) => {
      await step('ask for SCRAM', undefined)
      await judge(proof)
    },
    askForBearerToken: async (_discovery, judge) => {
      await step('ask for a bearer token', undefined)
      return judge(new Redacted('token'))
    },
  })
  const request = (roleName: string, wantsBearer = false) => ({
    instanceUid: INSTANCE_UID,
    roleName,
    database: 'd',
    clientAddress: '192.0.2.1',
    wantsBearer,
  })
  const login = (
    roleName: string,
    proof: 'right' | 'wrong' = 'right',
    wantsBearer = false,
    at: { readonly endpoint?: 'pooled' } = {},
  ) => createAdmitLogin(ports)({ ...request(roleName, wantsBearer), ...at }, asker(proof))
  const ask = (kind: 'look' | 'wrong', roleName: string) =>
    failedLogins.answer({ kind, login: request(roleName), limits, now: NOW.getTime() })
  return {
    steps,
    records,
    ports,
    login,
    request,
    fail: (roleName: string) => ask('wrong', roleName),
    isClosed: (roleName: string) => ask('look', roleName).closedUntil !== null,
  }
}

describe('a login by a token', () => {
  it.each([
    ['as a password', false, ['instance', 'ask for a token']],
    ['by OAUTHBEARER', true, ['instance', 'issuer', 'ask for a bearer token']],
  ])('%s reads who and what only after the token is there', async (_how, wantsBearer, before) => {
    const { login, steps, records } = world({ native: false, role: OWN_ROLE })
    await expect(login(OWN_ROLE.name, 'right', wantsBearer)).resolves.toMatchObject({
      sessionTicket: 'ticket',
      behind: { id: ALICE.id },
    })
    expect(steps).toEqual([...before, 'verify', 'role', 'facts', 'ticket'])
    expect(records).toMatchObject([{ outcome: 'admitted', proof: 'token', identityId: ALICE.id }])
  })
})

describe('a login to an instance that somebody has logged in to', () => {
  const again = async (given: Parameters<typeof world>[0]) => {
    const made = world(given)
    const { instances, remembered } = made.ports
    const instance = await instances.loadInstance(INSTANCE_UID)
    if (instance !== undefined) remembered.learnInstance(instance, remembered.changes)
    made.steps.length = 0
    return made
  }

  it('asks nobody before the proof, and everybody at the same moment behind it', async () => {
    const { login, steps } = await again({ native: false, role: OWN_ROLE })
    await login(OWN_ROLE.name)
    expect(steps).toEqual(['ask for a token', 'verify', 'role', 'facts', 'ticket'])
  })

  it('is refused when the instance was stopped since, and remembers that', async () => {
    const { login, ports } = await again({
      ...{ native: false, role: OWN_ROLE },
      instanceNow: { state: 'STOPPED' },
    })
    await expect(login(OWN_ROLE.name)).rejects.toMatchObject({ refusal: { name: 'instance_not_reachable' } })
    expect(ports.remembered.instance(INSTANCE_UID)).toBeUndefined()
  })

  it('is not remembered as it was read before a change, whenever the login goes on', async () => {
    const { login, ports } = await again({ native: false, role: OWN_ROLE })
    const { loadLoginFacts } = ports.directory
    Object.assign(ports.directory, {
      loadLoginFacts: async (...of: Parameters<typeof loadLoginFacts>) => {
        const facts = await loadLoginFacts(...of)
        ports.remembered.forgetInstances()
        return facts
      },
    })
    await login(OWN_ROLE.name)
    expect(ports.remembered.instance(INSTANCE_UID)).toBeUndefined()
  })

  it('looks for the role where the instance is now', async () => {
    const { login, steps } = await again({
      ...{ native: false, role: OWN_ROLE },
      instanceNow: { backend: { kind: 'embedded', socketDirectory: 'elsewhere' } },
    })
    await login(OWN_ROLE.name)
    expect(steps).toEqual(['ask for a token', 'verify', 'role', 'facts', 'role elsewhere', 'ticket'])
  })

  it('asks for the group of the role once more only when it is another one', async () => {
    const GROUP = '900' as IdentityId
    const role: RoleFacts = { ...OWN_ROLE, binding: { id: GROUP, type: 'GROUP' } }
    const { login, steps, ports } = await again({ native: false, role })
    const attempt = () => login(OWN_ROLE.name).catch(() => undefined)
    await attempt()
    expect(steps.filter((step) => step === 'facts')).toHaveLength(2)
    expect(ports.remembered.groupOf(INSTANCE_UID, OWN_ROLE.name)).toBe(GROUP)
    steps.length = 0
    await attempt()
    expect(steps.filter((step) => step === 'facts')).toHaveLength(1)
  })

  it('is asked for its proof by what is known when nothing is remembered', async () => {
    const { login, steps, ports } = await again({ native: false, role: OWN_ROLE })
    ports.remembered.forgetInstances()
    await login(OWN_ROLE.name)
    expect(steps[0]).toBe('instance')
  })
})

describe('a pooled login', () => {
  const DATABASE: DatabaseFacts = {
    oid: '16384' as DatabaseOid,
    ...{ allowsConnections: true, isTemplate: false, isInvalid: false, mayConnect: true },
    connectionLimit: 3,
    settingsFingerprint: '',
  }
  const POOLED = { endpoint: 'pooled' as const }
  const roleIn = (database: DatabaseFacts | undefined): RoleFacts => ({
    ...OWN_ROLE,
    connectionLimit: 2,
    database,
  })

  it('asks for the database with the role, and learns what PostgreSQL would look at', async () => {
    const { login, steps } = world({ native: false, role: roleIn(DATABASE) })
    const admission = await login(OWN_ROLE.name, 'right', false, POOLED)
    expect(admission.pooled).toEqual({ database: DATABASE, roleConnectionLimit: 2 })
    expect(steps).toEqual(['instance', 'ask for a token', 'verify', 'role and d', 'facts'])
  })

  it.each([
    ['by a token', false, roleIn({ ...DATABASE, mayConnect: false })],
    ['by the password of the role', true, { ...NATIVE_ROLE, database: { ...DATABASE, mayConnect: false } }],
  ])('%s is refused without CONNECT, and the record says so', async (_how, native, role) => {
    const { login, records } = world({ native, role })
    await expect(login(role.name, 'right', false, POOLED)).rejects.toMatchObject({
      refusal: { name: 'connect_not_granted', parameters: { database: 'd' } },
    })
    expect(records).toMatchObject([{ outcome: 'refused', reason: 'connect_not_granted', endpoint: 'pooled' }])
  })
})

describe('a login by a password', () => {
  it('reads everything again after the proof, and is recorded as nobody’s', async () => {
    const { login, steps, records } = world({ native: true, role: NATIVE_ROLE })
    const admission = await login('app')
    expect(admission).toMatchObject({ roleName: 'app', sessionTicket: undefined, behind: undefined })
    expect(steps).toEqual(['instance', 'role', 'ask for SCRAM', 'role', 'instance'])
    expect(records).toMatchObject([{ outcome: 'admitted', proof: 'password_of_role', role: 'app' }])
    expect(records[0]).not.toHaveProperty('identityId')
  })

  it.each([
    ['with a wrong one', NATIVE_ROLE, 'wrong' as const],
    ['of a role that does not exist, whatever the proof', undefined, 'right' as const],
    [
      'of a role without a password, whatever the proof',
      { ...NATIVE_ROLE, hasPassword: false, scramVerifier: undefined },
      'right' as const,
    ],
  ])('%s is refused, recorded and counted', async (_what, role, proof) => {
    const { login, records, steps, isClosed } = world({
      native: true,
      ...(role === undefined ? {} : { role }),
    })
    for (let count = 0; count < 10; count += 1) {
      await expect(login('app', proof)).rejects.toMatchObject({
        refusal: { name: 'password_authentication_failed' },
      })
    }
    // The same work for all of them.
    expect(steps.slice(-3)).toEqual(['instance', 'role', 'ask for SCRAM'])
    expect(isClosed('app')).toBe(true)
    await expect(login('app', proof)).rejects.toMatchObject({ refusal: { name: 'too_many_failed_logins' } })
    expect(records.map(({ reason }) => reason).slice(-2)).toEqual([
      'password_authentication_failed',
      'too_many_failed_logins',
    ])
  })

  it('waits where many went wrong, and one by a token does not', async () => {
    const { login, steps, fail } = world({ native: true, role: NATIVE_ROLE })
    for (let count = 0; count < 110; count += 1) fail(String(count))
    await login('app')
    expect(steps).toContain('pause 200')
    const other = world({ native: true, role: { ...OWN_ROLE, binding: { id: ALICE.id, type: 'USER' } } })
    for (let count = 0; count < 110; count += 1) other.fail(String(count))
    await other.login(OWN_ROLE.name)
    expect(other.steps.join()).not.toContain('pause')
  })

  it('is refused with an error that invites to retry when the role cannot be read', async () => {
    const { ports, request } = world({ native: true })
    const unreachable = new Fault({
      code: 'instance_unreachable',
      origin: 'instance',
      message: 'No.',
      retryable: true,
    })
    const admit = createAdmitLogin({ ...ports, roles: { loadRoleFacts: () => Promise.reject(unreachable) } })
    const unused = () => Promise.reject(new Error('nobody is asked'))
    const asker = { askForPassword: unused, askForScramProof: unused, askForBearerToken: unused }
    await expect(admit(request('app'), asker)).rejects.toMatchObject({
      refusal: { name: 'facts_unavailable' },
    })
  })

  it('of a role that was bound to an identity meanwhile opens nothing (behaviour 52)', async () => {
    const { ports, request } = world({ native: true })
    let asked = 0
    const bound: RoleFacts = { ...NATIVE_ROLE, binding: { id: '7' as IdentityId, type: 'USER' } }
    const admit = createAdmitLogin({
      ...ports,
      roles: { loadRoleFacts: () => Promise.resolve((asked += 1) === 1 ? NATIVE_ROLE : bound) },
    })
    const asker: ProofAsker = {
      askForPassword: () => Promise.reject(new Error('not in clear')),
      askForScramProof: (_verifier, judge) => judge('right'),
      askForBearerToken: () => Promise.reject(new Error('no token')),
    }
    await expect(admit(request('app'), asker)).rejects.toMatchObject({
      refusal: { name: 'password_authentication_failed', auditDetail: 'the role was bound to an identity' },
    })
  })
})
