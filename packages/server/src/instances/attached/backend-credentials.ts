/**
 * How the gateway proves itself to an attached cluster as one role: with a certificate in the role's name, or with a
 * SCRAM key that Lakegate set for the role. No password belongs to such a key: it is made from random bytes.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type pg from 'pg'
import type { BackendRole } from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { Fault } from '../../domain/fault.ts'
import type { InstanceUid } from '../../domain/ids.ts'
import { Redacted } from '../../domain/redacted.ts'
import type {
  AttachedSecretStore,
  BackendCredentials,
  ScramClientKey,
} from '../../operations/ports/attached.ts'
import type { KeyEncryption } from '../../operations/ports/keys.ts'
import { administrativeDatabase, type AdministrativeAccess } from '../administrative-client.ts'
import { inTransaction } from '../in-transaction.ts'
import { requireSame } from '../known-role.ts'
import type { RoleBindingLookup } from '../../operations/ports/role-bindings.ts'
import { bindingOfRole, roleBindingsOf, type LabelledRole } from '../role-bindings.ts'
import type { ManagedVerifier } from './remove-objects.ts'

export interface BackendCredentialPorts {
  readonly access: AdministrativeAccess
  readonly secrets: AttachedSecretStore
  readonly bindings: RoleBindingLookup
  readonly encryption: KeyEncryption
  readonly randomBytes: (count: number) => Buffer
  /** Issued by the gateway's own client authority; short-lived, with the private key in memory only. */
  readonly certificateFor: (
    roleName: string,
  ) => Promise<{ readonly certificateChainPem: string; readonly privateKeyPem: Redacted<string> }>
}

/**
 * PostgreSQL's own default; the key has 256 random bits, so the number of iterations does not matter for its strength.
 */
const ITERATIONS = 4096
const KEY_BYTES = 32
const SALT_BYTES = 16
const TIMEOUT_MS = 5_000
/** How many role keys are kept decrypted in memory; any other is read again. */
const REMEMBERED_KEYS = 10_000

export function createBackendCredentials(ports: BackendCredentialPorts): BackendCredentials {
  const { secrets, encryption } = ports
  const applied = new Map<string, Redacted<ScramClientKey>>()

  async function keyFor(instance: DatabaseInstance, role: BackendRole): Promise<Redacted<ScramClientKey>> {
    const id = `${instance.uid} ${role.oid}`
    const known = applied.get(id)
    if (known !== undefined) return known
    // Stored before it is set in the cluster: a process that loses a race, or dies in between, later sets the same key.
    let stored = await secrets.loadRoleKey(instance.uid, role.oid)
    if (stored === undefined) {
      await secrets.insertRoleKey(instance.uid, role.oid, encryption.encrypt(makeKey(ports.randomBytes)))
      stored = await secrets.loadRoleKey(instance.uid, role.oid)
      if (stored === undefined) throw new Error('the key that was just stored is not there')
    }
    const key = readKey(Buffer.from(encryption.decrypt(stored.encryptedKey)))
    if (!stored.isApplied) {
      await apply(ports, instance, role, key)
      await secrets.markRoleKeyApplied(instance.uid, role.oid)
    }
    if (applied.size >= REMEMBERED_KEYS) applied.clear()
    const redacted = new Redacted(key)
    applied.set(id, redacted)
    return redacted
  }

  return {
    async credentialFor(instance, role) {
      if (instance.backend.kind !== 'attached') throw new Error('an embedded instance needs no credential')
      return instance.backend.cluster.backendAuthentication === 'client_certificate'
        ? { kind: 'client_certificate', ...(await ports.certificateFor(role.name)) }
        : { kind: 'scram', key: await keyFor(instance, role) }
    },
  }
}

/**
 * The verifiers of all keys that Lakegate made for roles of this instance, whether or not they are set in the cluster.
 */
export async function loadManagedVerifiers(
  { secrets, encryption }: Pick<BackendCredentialPorts, 'secrets' | 'encryption'>,
  uid: InstanceUid,
): Promise<readonly ManagedVerifier[]> {
  return (await secrets.listRoleKeys(uid)).map(({ roleOid, encryptedKey }) => ({
    roleOid,
    verifier: scramVerifier(readKey(Buffer.from(encryption.decrypt(encryptedKey)))),
  }))
}

/** Layout: salt, client key, server key (RFC 5802 §3). */
const makeKey = (randomBytes: (count: number) => Buffer): Buffer => randomBytes(SALT_BYTES + 2 * KEY_BYTES)

const readKey = (bytes: Buffer): ScramClientKey => ({
  salt: bytes.subarray(0, SALT_BYTES),
  iterations: ITERATIONS,
  clientKey: bytes.subarray(SALT_BYTES, SALT_BYTES + KEY_BYTES),
  serverKey: bytes.subarray(SALT_BYTES + KEY_BYTES),
})

/** What PostgreSQL stores in `rolpassword`; it is not sufficient for logging in (RFC 5803). */
function scramVerifier({ salt, iterations, clientKey, serverKey }: ScramClientKey): string {
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const storedKey = createHash('sha256').update(clientKey).digest()
  return `SCRAM-SHA-256$${String(iterations)}:${text(salt)}$${text(storedKey)}:${text(serverKey)}`
}

/**
 * The key is sent as a verifier, so that no statement log holds a usable secret. Only for a role that is still bound.
 * @throws Fault role_password_in_use, role_not_bound_any_more
 */
async function apply(
  { access, bindings }: Pick<BackendCredentialPorts, 'access' | 'bindings'>,
  instance: DatabaseInstance,
  role: BackendRole,
  key: ScramClientKey,
): Promise<void> {
  const verifier = scramVerifier(key)
  await access.inSession(instance, administrativeDatabase(instance), TIMEOUT_MS, (client) =>
    inTransaction(client, async () => {
      await requireReplaceable(client, bindings, instance, role, verifier)
      await client.query(
        `ALTER ROLE ${client.escapeIdentifier(role.name)} PASSWORD ${client.escapeLiteral(verifier)}`,
      )
      // If somebody exchanged two role names at this moment, the key must not be set on the other role.
      await requireSame(client, role)
    }),
  )
}

async function requireReplaceable(
  client: pg.Client,
  bindings: RoleBindingLookup,
  instance: DatabaseInstance,
  role: BackendRole,
  verifier: string,
): Promise<void> {
  const catalog = roleBindingsOf(instance)
  const isKept = catalog.kind === 'system_database'
  const { rows } = await client.query<LabelledRole & { readonly password: string | null }>(
    `SELECT role.oid::pg_catalog.text AS oid, role.rolname AS name, ${catalog.label} AS label,
            ${isKept ? 'NULL::pg_catalog.text' : 'role.rolpassword'} AS password
       FROM ${catalog.roles} AS role ${catalog.joinLabel}
      WHERE role.oid = $1 AND role.rolname = $2 AND NOT role.rolsuper`,
    [role.oid, role.name],
  )
  const [found] = rows
  const kept = isKept ? await bindings.loadBinding(instance.uid, role.name) : undefined
  if (found === undefined || bindingOfRole(found, kept) === undefined) {
    throw new Fault({
      code: 'role_not_bound_any_more',
      origin: 'instance',
      message: `The role ${role.name} was changed during the login.`,
      nextStep: 'Log in again.',
      retryable: true,
    })
  }
  // A non-superuser cannot see whether a role that somebody else made has a password.
  const isFree = isKept
    ? kept?.isMadeByLakegate === true
    : found.password === null || isSame(found.password, verifier)
  if (isFree) return
  const { backend } = instance
  if (backend.kind === 'attached' && backend.cluster.existingPasswords === 'replace') return
  throw new Fault({
    code: 'role_password_in_use',
    origin: 'configuration',
    message: `The role ${role.name} has, or may have, a password of its own, which backend_authentication scram would replace.`,
    nextStep:
      'Take the password away (ALTER ROLE … PASSWORD NULL), use client_certificate, or set attached.existing_passwords to replace.',
  })
}

function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
