/** Version 1.6 of databricks_auth where somebody has taken its function away (docs/decisions/0013). */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextScript } from '../../src/instances/extension-scripts.ts'
import { installEarlierFunctions } from '../stage/earlier-extension.ts'
import { FOREIGN_MAJOR_VERSION, startForeignCluster, type ForeignCluster } from '../stage/foreign-cluster.ts'

const DROPPED = 'DROP FUNCTION public.databricks_session_identity()'
const STRANGERS =
  'CREATE ROLE stranger; GRANT CREATE ON SCHEMA public TO stranger; SET LOCAL ROLE stranger; ' +
  `CREATE FUNCTION public.databricks_session_identity() RETURNS int LANGUAGE sql AS 'SELECT 1'; RESET ROLE`

describe.runIf(FOREIGN_MAJOR_VERSION >= 16)('version 1.6 of databricks_auth', () => {
  let cluster: ForeignCluster
  beforeAll(async () => {
    cluster = await startForeignCluster()
    await installEarlierFunctions(cluster, '1.5')
  })
  afterAll(() => cluster.stop())

  const update = async (...before: readonly string[]) => {
    const script = await nextScript('1.5')
    await cluster.query(['BEGIN', ...before, script?.text ?? '', 'COMMIT'].join(';\n'), [], 'app')
  }

  it('does not take a function of a stranger for its own', async () => {
    await expect(update(DROPPED, STRANGERS)).rejects.toMatchObject({ code: '42723' })
  })

  it('makes the function again where somebody dropped it', async () => {
    await update(DROPPED)
    await expect(
      cluster.query('SELECT identity_id, client_address FROM databricks_session_identity()', [], 'app'),
    ).resolves.toEqual([{ identity_id: null, client_address: null }])
  })

  it('changes nothing when it runs once more', async () => {
    const rowOf = () =>
      cluster.query(
        `SELECT oid, proargnames, prosecdef, proconfig, pg_get_function_result(oid) AS result
           FROM pg_proc WHERE proname = 'databricks_session_identity'`,
        [],
        'app',
      )
    const before = await rowOf()
    await update()
    await expect(rowOf()).resolves.toEqual(before)
  })
})
