/**
 * Attack 45: what proves a right is done in the transaction that uses it. Numbers of transactions can be known in advance,
 * so a request may be written by who has the right, for a transaction that comes when the right is gone.
 */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createEmbedded, type AttackedInstance } from '../stage/contexts/attacked-instance.ts'
import { refusedLogin } from '../stage/service-principal.ts'
import { sharedLakegate } from '../stage/shared-lakegate.ts'
import { waitFor } from '../stage/wait-for.ts'

const lakegate = sharedLakegate()
let instance: AttackedInstance
beforeAll(async () => {
  instance = await createEmbedded(lakegate)
})
afterAll(() => instance.remove())

/** More than a few, because the server counts the transactions of others too. */
const TRANSACTIONS_AHEAD = 60
const MISSED = 'missed'

it('refuses a request that was written in another transaction than its own', async () => {
  const { attacker, observer, treasurer } = instance
  const [thief, victim] = [attacker.applicationId, treasurer.applicationId]
  const label = `id=${attacker.id},type=SERVICE_PRINCIPAL`
  const outcome = await waitFor('the transaction that was foretold', async () => {
    await observer.query(`
      ALTER ROLE "${thief}" CREATEROLE;
      GRANT "${victim}" TO "${thief}" WITH ADMIN TRUE, INHERIT FALSE, SET FALSE`)
    await instance.asAttacker(async (client) => {
      const nextTransaction = async () => {
        const { rows } = await client.query<{ next: string }>(
          'SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS next',
        )
        return Number(rows[0]?.next)
      }
      const foretold = (await nextTransaction()) + TRANSACTIONS_AHEAD
      const { rows } = await client.query<{ request: string }>(
        `SELECT regexp_replace(databricks_auth.request('label', $1, $2), pg_current_xact_id()::text, $3) AS request`,
        [victim, label, String(foretold)],
      )
      const request = client.escapeLiteral(rows[0]?.request ?? '')
      await client.query(`COMMENT ON ROLE "${victim}" IS ${request}`)
      await client.query(`
        CREATE OR REPLACE FUNCTION attack.finish() RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN
          IF pg_current_xact_id()::text <> '${String(foretold)}' THEN RETURN '${MISSED}'; END IF;
          PERFORM databricks_auth.finish_label('${victim}', '${label}');
          RETURN 'finished';
        EXCEPTION WHEN insufficient_privilege THEN
          RETURN 'refused';
        END $$`)
      await observer.query(`REVOKE "${victim}" FROM "${thief}"; ALTER ROLE "${thief}" NOCREATEROLE`)
      while ((await nextTransaction()) < foretold) await client.query('SELECT pg_current_xact_id()')
    })
    return instance.as('owner', async (client) => {
      const { rows } = await client.query<{ outcome: string }>('SELECT attack.finish() AS outcome')
      return rows[0]?.outcome !== MISSED && rows[0]?.outcome
    })
  })
  expect(outcome).toBe('refused')
  await expect(refusedLogin(lakegate, await instance.loginWith(attacker, victim))).resolves.toMatchObject({
    code: '28000',
  })
})
