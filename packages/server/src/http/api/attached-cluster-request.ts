/**
 * The field `attached` of a database instance: Lakegate's own addition to the vendor's API
 * (docs/attached-instances.md), which SDKs neither send nor read. Validates only the form; `policy/attached-cluster.ts`
 * judges the values.
 */
import type { AttachedClusterAnswer } from '@lakegate/client'
import { z } from 'zod'
import {
  BACKEND_AUTHENTICATIONS,
  CLUSTER_TLS_MODES,
  EXISTING_PASSWORDS,
  type AttachedCluster,
} from '../../domain/attached-cluster.ts'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { Redacted } from '../../domain/redacted.ts'
import type { WantedAttachment } from '../../operations/instances/change-attached-cluster.ts'
import { refused } from '../../operations/refused-error.ts'

const POSTGRES_PORT = 5432

export const attachedShape = z.strictObject({
  hosts: z
    .array(z.strictObject({ host: z.string().max(253), port: z.int32().optional() }))
    .max(64)
    .optional(),
  database: z.string().max(256).optional(),
  tls: z
    .strictObject({ mode: z.enum(CLUSTER_TLS_MODES).optional(), ca_pem: z.string().nullish() })
    .optional(),
  administration: z
    .strictObject({ user: z.string().max(256).optional(), password: z.string().optional() })
    .optional(),
  backend_authentication: z.enum(BACKEND_AUTHENTICATIONS).optional(),
  existing_passwords: z.enum(EXISTING_PASSWORDS).optional(),
  // Sent by callers that send back what they read from here.
  role_bindings: z.unknown().optional(),
  client_ca_pem: z.unknown().optional(),
})
export type AttachedBody = z.infer<typeof attachedShape>

/** @throws RefusedError invalid_parameter naming what is missing */
export function attachmentToCreate(body: AttachedBody): WantedAttachment {
  const { cluster, password } = attachmentToChange(body)
  return {
    cluster: {
      hosts: cluster.hosts ?? missing('hosts'),
      database: cluster.database ?? 'postgres',
      tls: cluster.tls ?? { mode: 'verify-full', caPem: undefined },
      administrator: cluster.administrator ?? missing('administration.user'),
      backendAuthentication: cluster.backendAuthentication ?? missing('backend_authentication'),
      existingPasswords: cluster.existingPasswords ?? 'refuse',
    },
    password: password ?? missing('administration.password'),
  }
}

/** Whatever is left out stays as it is. */
export function attachmentToChange(body: AttachedBody): {
  readonly cluster: Partial<AttachedCluster>
  readonly password: Redacted<string> | undefined
} {
  const { hosts, database, tls, administration } = body
  const password = administration?.password
  return {
    cluster: {
      ...(hosts === undefined
        ? {}
        : { hosts: hosts.map(({ host, port }) => ({ host, port: port ?? POSTGRES_PORT })) }),
      ...(database === undefined ? {} : { database }),
      ...(tls === undefined
        ? {}
        : { tls: { mode: tls.mode ?? 'verify-full', caPem: tls.ca_pem ?? undefined } }),
      ...(administration?.user === undefined ? {} : { administrator: administration.user }),
      ...(body.backend_authentication === undefined
        ? {}
        : { backendAuthentication: body.backend_authentication }),
      ...(body.existing_passwords === undefined ? {} : { existingPasswords: body.existing_passwords }),
    },
    password: password === undefined ? undefined : new Redacted(password),
  }
}

/** Never contains a secret: the certificates are public, and the password is not returned. */
export function attachedAnswer(
  { backend }: DatabaseInstance,
  clientCaPem: string,
): { attached: AttachedClusterAnswer } | Record<string, never> {
  if (backend.kind === 'embedded') return {}
  const { cluster, bindings } = backend
  return {
    attached: {
      hosts: cluster.hosts.map(({ host, port }) => ({ host, port })),
      database: cluster.database,
      tls: {
        mode: cluster.tls.mode,
        ...(cluster.tls.caPem === undefined ? {} : { ca_pem: cluster.tls.caPem }),
      },
      administration: { user: cluster.administrator },
      backend_authentication: cluster.backendAuthentication,
      existing_passwords: cluster.existingPasswords,
      ...(bindings === undefined ? {} : { role_bindings: bindings }),
      ...(cluster.backendAuthentication === 'client_certificate' ? { client_ca_pem: clientCaPem } : {}),
    },
  }
}

function missing(field: string): never {
  throw refused('invalid_parameter', { field: `attached.${field}`, problem: 'is missing.' })
}
