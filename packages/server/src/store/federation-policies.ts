/** Federation policies of the account and of service principals. */
import type { Selectable } from 'kysely'
import type { FederationPolicy } from '../domain/federation-policy.ts'
import type { AccountId, IdentityId } from '../domain/ids.ts'
import type { FederationPolicyStore } from '../operations/ports/federation.ts'
import type { SystemSchema } from './schema.ts'
import { askSystemDatabase, isUniqueViolation, type SystemDatabase } from './system-database.ts'

export function createFederationPolicyStore(database: SystemDatabase): FederationPolicyStore {
  const of = (accountId: AccountId, servicePrincipalId: IdentityId | undefined) =>
    database
      .selectFrom('federation_policy')
      .selectAll()
      .where('account_id', '=', accountId)
      .where('service_principal_id', 'is not distinct from', servicePrincipalId ?? null)

  return {
    insertPolicy: (policy, { atMost }) =>
      askSystemDatabase(async () => {
        try {
          return await database.transaction().execute(async (transaction) => {
            // The lock makes counting and inserting atomic among concurrent callers.
            await transaction
              .selectFrom('account')
              .select('id')
              .where('id', '=', policy.accountId)
              .forUpdate()
              .execute()
            const { live } = await transaction
              .selectFrom('federation_policy')
              .select((select) => select.fn.countAll<string>().as('live'))
              .where('account_id', '=', policy.accountId)
              .where('service_principal_id', 'is not distinct from', policy.servicePrincipalId ?? null)
              .executeTakeFirstOrThrow()
            if (Number(live) >= atMost) return 'limit_reached' as const
            await transaction
              .insertInto('federation_policy')
              .values({
                uid: policy.uid,
                account_id: policy.accountId,
                service_principal_id: policy.servicePrincipalId ?? null,
                policy_id: policy.policyId,
                created_at: policy.createdAt,
                ...changeable(policy),
              })
              .execute()
            return 'inserted' as const
          })
        } catch (error) {
          if (isUniqueViolation(error)) return 'id_taken' as const
          throw error
        }
      }),

    listPolicies: (accountId, servicePrincipalId) =>
      askSystemDatabase(async () => {
        const rows = await of(accountId, servicePrincipalId).orderBy('created_at').orderBy('uid').execute()
        return rows.map(toPolicy)
      }),

    changePolicy: (uid, decide) =>
      askSystemDatabase(() =>
        database.transaction().execute(async (transaction) => {
          const row = await transaction
            .selectFrom('federation_policy')
            .selectAll()
            .where('uid', '=', uid)
            .forUpdate()
            .executeTakeFirst()
          if (row === undefined) return undefined
          const changed = decide(toPolicy(row))
          await transaction
            .updateTable('federation_policy')
            .set(changeable(changed))
            .where('uid', '=', uid)
            .execute()
          return changed
        }),
      ),

    deletePolicy: (uid) =>
      askSystemDatabase(async () => {
        const result = await database
          .deleteFrom('federation_policy')
          .where('uid', '=', uid)
          .executeTakeFirst()
        return result.numDeletedRows > 0n
      }),
  }
}

const changeable = (policy: FederationPolicy) => ({
  description: policy.description,
  issuer: policy.issuer,
  audiences: [...policy.audiences],
  subject: policy.subject ?? null,
  subject_claim: policy.subjectClaim,
  jwks_uri: policy.jwksUri ?? null,
  jwks_json: policy.jwksJson === undefined ? null : JSON.stringify(policy.jwksJson),
  updated_at: policy.updatedAt,
})

const toPolicy = (row: Selectable<SystemSchema['federation_policy']>): FederationPolicy => ({
  uid: row.uid,
  accountId: row.account_id as AccountId,
  servicePrincipalId: (row.service_principal_id ?? undefined) as IdentityId | undefined,
  policyId: row.policy_id,
  description: row.description,
  issuer: row.issuer,
  audiences: row.audiences,
  subject: row.subject ?? undefined,
  subjectClaim: row.subject_claim,
  jwksUri: row.jwks_uri ?? undefined,
  jwksJson: row.jwks_json ?? undefined,
  createdAt: row.created_at,
  updatedAt: row.updated_at,
})
