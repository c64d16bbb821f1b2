/** Reading the audit: additions to the real service's API. */
import type { AuditAnswer, AuditRecordAnswer } from '@lakegate/client'
import { z } from 'zod'
import type { AccountId } from '../../domain/ids.ts'
import type { AuditEntry, KeptAuditRecord } from '../../operations/ports/audit.ts'
import { readAudit, type ReadAuditPorts } from '../../operations/installation/read-audit.ts'
import { defineRoute } from '../define-route.ts'
import type { Route } from '../route.ts'
import { noBody, nothing } from '../shapes.ts'

const DEFAULT_SIZE = 100
const LARGEST_SIZE = 1000

const text = z
  .string()
  .max(256)
  .refine((value) => !value.includes('\u0000'), 'holds a zero character.')
  .optional()
const instant = z.iso
  .datetime({ offset: true, error: 'must be an instant such as 2026-01-31T00:00:00Z.' })
  .transform((value) => new Date(value))
  .optional()

/** `<time>/<id>` of the last record that was shown. */
const pageToken = z
  .string()
  .max(128)
  .transform((token) => /^([^/]+)\/([0-9]{1,18})$/.exec(Buffer.from(token, 'base64url').toString('utf8')))
  .transform((parts, context) => {
    const at = new Date(parts?.[1] ?? '')
    if (parts?.[2] !== undefined && !Number.isNaN(at.getTime())) return { at, id: parts[2] }
    context.addIssue({ code: 'custom', message: 'is not one that this list returned.' })
    return z.NEVER
  })

const question = z.looseObject({
  event: text,
  outcome: text,
  reason: text,
  identity_id: text,
  instance_uid: text,
  since: instant,
  until: instant,
  page_size: z.coerce.number('must be a whole number.').int().min(1).max(LARGEST_SIZE).optional(),
  page_token: pageToken.optional(),
})

export function auditRoutes(ports: ReadAuditPorts & { readonly accountId: AccountId }): readonly Route[] {
  const routeOf = (path: string, of: 'workspace' | 'account'): Route =>
    defineRoute({
      method: 'GET',
      path,
      scopes: [],
      params: nothing,
      query: question,
      body: noBody,
      async handle({ query, caller }) {
        const { records, hasMore } = await readAudit(
          ports,
          caller,
          of,
          {
            event: query.event,
            outcome: query.outcome,
            reason: query.reason,
            identityId: query.identity_id,
            instanceUid: query.instance_uid,
            since: query.since,
            until: query.until,
          },
          { before: query.page_token, size: query.page_size ?? DEFAULT_SIZE },
        )
        const last = records.at(-1)
        const body: AuditAnswer = {
          records: records.map(show),
          ...(hasMore && last !== undefined ? { next_page_token: tokenBehind(last) } : {}),
        }
        return { body }
      },
    })
  return [
    routeOf('/api/2.0/lakegate/audit', 'workspace'),
    routeOf(`/api/2.0/accounts/${ports.accountId}/lakegate/audit`, 'account'),
  ]
}

const tokenBehind = ({ at, id }: KeptAuditRecord): string =>
  Buffer.from(`${at.toISOString()}/${id}`).toString('base64url')

/** The fields of the log line, in the spelling of REST. */
const FIELDS = {
  event: 'event',
  outcome: 'outcome',
  reason: 'reason',
  detail: 'detail',
  identityId: 'identity_id',
  identityName: 'identity_name',
  role: 'role',
  proof: 'proof',
  viaGroupPath: 'via_group_path',
  viaGroupNames: 'via_group_names',
  instanceUid: 'instance_uid',
  instanceName: 'instance_name',
  workspaceId: 'workspace_id',
  tokenId: 'token_id',
  clientAddress: 'client_address',
  database: 'database',
  sqlstate: 'sqlstate',
  endedById: 'ended_by_id',
  endedByName: 'ended_by_name',
} as const satisfies Record<keyof AuditEntry, keyof AuditRecordAnswer>

const show = ({ at, entry }: KeptAuditRecord): AuditRecordAnswer => ({
  time: at.toISOString(),
  ...(Object.fromEntries(
    Object.entries(FIELDS).flatMap(([name, field]) => {
      const value = entry[name as keyof AuditEntry]
      return value === undefined ? [] : [[field, value]]
    }),
  ) as Omit<AuditRecordAnswer, 'time'>),
})
