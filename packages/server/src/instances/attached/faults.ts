/** What may be wrong with an attached cluster, each with the next step. */
import type { ClusterHost } from '../../domain/attached-cluster.ts'
import { Fault } from '../../domain/fault.ts'

export interface HostFailure {
  readonly host: ClusterHost
  readonly error: unknown
}

/** Kinds of failure of one host, the most serious first: users of the instance see the most serious one. */
const VERDICTS = [
  {
    applies: isCertificateError,
    code: 'cluster_certificate_untrusted',
    nextStep:
      'Check tls.ca_pem and the name in the certificate of the server; if both are right, somebody else answers at this address.',
    retryable: false,
  },
  {
    applies: (error: unknown) => messageOf(error).includes('does not support SSL'),
    code: 'cluster_without_tls',
    nextStep: 'Set ssl = on in postgresql.conf; Lakegate never speaks to an attached cluster without TLS.',
    retryable: false,
  },
  {
    applies: (error: unknown) => /^(28|3D)/.test(codeOf(error)),
    code: 'administration_refused',
    nextStep: 'Check administration.user and its password, the database, and pg_hba.conf of the server.',
    retryable: false,
  },
  {
    applies: (error: unknown) => error !== 'standby',
    code: 'cluster_unreachable',
    nextStep: 'Check that the servers run and that this machine reaches them; Lakegate goes on trying.',
    retryable: true,
  },
  {
    applies: () => true,
    code: 'cluster_has_no_primary',
    nextStep: 'Promote one of the servers, or add the primary to attached.hosts; Lakegate goes on trying.',
    retryable: true,
  },
] as const

export function faultOfHosts(name: string, failures: readonly HostFailure[]): Fault {
  const verdict =
    VERDICTS.find(({ applies }) => failures.some(({ error }) => applies(error))) ??
    VERDICTS[VERDICTS.length - 1]
  const said = failures.map(({ host, error }) => `${formatHost(host)}: ${sentenceOf(error)}`).join('; ')
  return new Fault({
    code: verdict?.code ?? 'cluster_unreachable',
    origin: 'instance',
    message: `No primary of the cluster of ${name} can be used (${said}).`,
    nextStep: verdict?.nextStep ?? '',
    retryable: verdict?.retryable ?? true,
    cause: new AggregateError(failures.flatMap(({ error }) => (error instanceof Error ? [error] : []))),
  })
}

/** Every cluster is attached with one. It was encrypted, and removed when the master key was lost. */
export const passwordLost = (name: string): Fault =>
  new Fault({
    code: 'administration_refused',
    origin: 'instance',
    message: `The password of the administrative role of ${name} was lost with the master key that protected it.`,
    nextStep: 'Set attached.administration.password again (docs/incidents.md).',
  })

export function tooOld(host: ClusterHost, pgMajorVersion: number): Fault {
  return new Fault({
    code: 'postgresql_too_old',
    origin: 'configuration',
    message: `${formatHost(host)} runs PostgreSQL ${String(pgMajorVersion)}; attached clusters need 14 or later.`,
    nextStep: 'Upgrade the cluster, then update the instance or restart Lakegate.',
  })
}

export function anotherCluster(host: ClusterHost, found: string, expected: string): Fault {
  return new Fault({
    code: 'another_cluster',
    origin: 'instance',
    message: `${formatHost(host)} belongs to another cluster (system identifier ${found}, not ${expected}).`,
    nextStep:
      'Correct attached.hosts. A cluster that was created again, or restored from a dump, is attached as a new instance.',
  })
}

const formatHost = ({ host, port }: ClusterHost): string =>
  host.includes(':') ? `[${host}]:${String(port)}` : `${host}:${String(port)}`

const CERTIFICATE_ERROR = /CERT|ERR_TLS|UNABLE_TO_(GET|VERIFY|DECRYPT)|SELF_SIGNED|DEPTH_ZERO|HOSTNAME/

function isCertificateError(error: unknown): boolean {
  return CERTIFICATE_ERROR.test(codeOf(error))
}

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

const sentenceOf = (error: unknown): string =>
  error === 'standby' ? 'it is a standby' : messageOf(error) === '' ? codeOf(error) : messageOf(error)
