/**
 * Who may attach a cluster, and which cluster. Lakegate connects to the address it is given (a request from inside the
 * operator's network), so only few callers may give one: administrators of the account, unless the operator decides
 * otherwise.
 */
import { X509Certificate } from 'node:crypto'
import type { AttachedCluster } from '../domain/attached-cluster.ts'
import {
  nativeLoginEnabled,
  type InstanceBackend,
  type InstanceSettings,
} from '../domain/database-instance.ts'
import { LONGEST_NAME_BYTES } from '../domain/role.ts'
import type { Caller } from './permissions.ts'
import { refuse, type Refusal } from './refusals.ts'

export const ATTACHING_CALLERS = ['account-admins', 'workspace-admins', 'nobody'] as const
export type AttachingCallers = (typeof ATTACHING_CALLERS)[number]

const MOST_HOSTS = 16
const LONGEST_CA = 256 * 1024
/** Host names and addresses; a path would be a socket on this machine. */
const HOST = /^[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?$|^[0-9A-Fa-f:.]{2,45}$/
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g

export function decideAttach(caller: Caller, permitted: AttachingCallers): 'permitted' | Refusal {
  if (permitted === 'nobody')
    return denied('Attaching clusters is switched off by the operator (attached-instances).')
  if (caller.isAccountAdmin || (permitted === 'workspace-admins' && caller.isWorkspaceAdmin))
    return 'permitted'
  return denied(
    `User ${caller.identity.name} may not attach clusters, which is for administrators of the ${permitted === 'account-admins' ? 'account' : 'workspace or the account'}.`,
  )
}

/** The types have been validated; this checks the values. */
export function decideAttachedCluster(cluster: AttachedCluster): 'permitted' | Refusal {
  const { hosts, database, tls, administrator } = cluster
  if (hosts.length === 0 || hosts.length > MOST_HOSTS)
    return invalid('hosts', `must name 1 to ${String(MOST_HOSTS)} hosts.`)
  for (const [index, { host, port }] of hosts.entries()) {
    if (!HOST.test(host)) return invalid(`hosts.${String(index)}.host`, 'must be a host name or an address.')
    if (port < 1 || port > 65_535) return invalid(`hosts.${String(index)}.port`, 'must be from 1 to 65535.')
  }
  if (new Set(hosts.map(({ host, port }) => `${host} ${String(port)}`)).size < hosts.length)
    return invalid('hosts', 'names the same host twice.')
  if (!isName(database)) return invalid('database', 'must be the name of a database, of 1 to 63 bytes.')
  if (!isName(administrator))
    return invalid('administration.user', 'must be the name of a role, of 1 to 63 bytes.')
  return tls.caPem === undefined ? 'permitted' : decideCertificates(tls.caPem)
}

/** Why roles of this instance cannot log in with passwords of their own; undefined when they can. */
export function obstacleToNativeLogin(backend: InstanceBackend): string | undefined {
  if (backend.kind === 'embedded') return undefined
  if (backend.cluster.backendAuthentication === 'scram')
    return 'with attached.backend_authentication scram the gateway would need the passwords of the roles; use client_certificate.'
  // Undefined until the first connection.
  if (backend.bindings !== undefined && backend.bindings !== 'shared_catalog')
    return 'only a superuser can read password verifiers, and the administrative role of this cluster is not a superuser.'
  return undefined
}

export function decideNativeLoginOf(
  backend: InstanceBackend,
  settings: InstanceSettings,
): 'permitted' | Refusal {
  const obstacle = nativeLoginEnabled(settings) ? obstacleToNativeLogin(backend) : undefined
  return obstacle === undefined
    ? 'permitted'
    : refuse('invalid_parameter', { field: 'enable_pg_native_login', problem: `must be false: ${obstacle}` })
}

function decideCertificates(pem: string): 'permitted' | Refusal {
  if (pem.length > LONGEST_CA) return invalid('tls.ca_pem', 'is too long.')
  const certificates = pem.match(CERTIFICATE) ?? []
  try {
    for (const certificate of certificates) new X509Certificate(certificate)
  } catch {
    // Whatever error OpenSSL reports, this is not a certificate.
    return invalid('tls.ca_pem', 'must hold certificates in PEM form.')
  }
  return certificates.length === 0
    ? invalid('tls.ca_pem', 'must hold certificates in PEM form.')
    : 'permitted'
}

export function decideAdministrativePassword(password: string): 'permitted' | Refusal {
  return password.length === 0 || password.length > 1024 || password.includes('\0')
    ? invalid('administration.password', 'must have 1 to 1024 characters.')
    : 'permitted'
}

const isName = (name: string): boolean =>
  name.length > 0 && !name.includes('\0') && Buffer.byteLength(name, 'utf8') <= LONGEST_NAME_BYTES

const invalid = (field: string, problem: string): Refusal =>
  refuse('invalid_parameter', { field: `attached.${field}`, problem })
const denied = (reason: string): Refusal => refuse('permission_denied', { reason })
