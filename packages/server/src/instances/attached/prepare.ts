/**
 * Everything that Lakegate puts into an attached cluster (docs/attached-instances.md): the role databricks_superuser,
 * the role of the identity that attached it, and in the named database the schema databricks_auth. Each step can be
 * repeated.
 */
import type pg from 'pg'
import { Fault } from '../../domain/fault.ts'
import type { Principal } from '../../domain/identity.ts'
import { DATABRICKS_SUPERUSER } from '../../domain/role.ts'
import { LONGEST_NAME } from '../../protocol/limits.ts'
import type { RoleBindingStore } from '../../operations/ports/role-bindings.ts'
import type { AdministrativeAccess } from '../administrative-client.ts'
import { inTransaction } from '../in-transaction.ts'
import { knowRole } from '../known-role.ts'
import { ensureSystemRole } from '../own-roles.ts'
import { isSaidByServer, sentenceOf } from '../postgresql-errors.ts'
import { bindRole, roleBindingsOf } from '../role-bindings.ts'
import { dropBindingTable } from './binding-table.ts'
import type { AttachedInstance } from './connect-to-primary.ts'
import { installFunctions } from './install-functions.ts'

const TIMEOUT_MS = 60_000

export async function prepareAttached(
  { access, bindings }: { readonly access: AdministrativeAccess; readonly bindings: RoleBindingStore },
  instance: AttachedInstance,
  owner: Principal | undefined,
): Promise<readonly Fault[]> {
  const { cluster } = instance.backend
  const catalog = roleBindingsOf(instance)
  return access.inSession(instance, cluster.database, TIMEOUT_MS, async (client) => {
    const problems: Fault[] = []
    await inTransaction(client, async () => {
      // Made together with the owner's role. If databricks_superuser exists already, the owner had a role; if that was
      // dropped since, it stays dropped.
      if ((await ensureSystemRole(client, instance, DATABRICKS_SUPERUSER, { alone: false })) !== 'made')
        return
      if (owner === undefined || !isFree(owner.name) || (await roleExists(client, owner.name))) return
      await client.query(`CREATE ROLE ${client.escapeIdentifier(owner.name)} LOGIN INHERIT`)
      await bindRole({ instance, client, bindings }, await knowRole(client, owner.name), owner, {
        isNew: true,
      })
    }).catch(collectTaken(problems))
    if (catalog.kind === 'system_database') await dropOldTable(client, instance, bindings)
    await installFunctions(client, instance.pgMajorVersion ?? 0, catalog.kind === 'shared_catalog').catch(
      collectFunctionsMissing(problems, instance),
    )
    return problems
  })
}

const isFree = (name: string): boolean =>
  Buffer.byteLength(name, 'utf8') <= LONGEST_NAME && !/^(pg|databricks)_/.test(name)

/** Everything else works without the role databricks_superuser, which is then granted to nobody. */
const collectTaken = (problems: Fault[]) => (error: unknown) => {
  if (!(error instanceof Fault) || error.code !== 'system_role_taken') throw error
  problems.push(error)
}

/**
 * Logins work without the functions; the owner of the database may prevent their installation, most likely by a lock.
 */
const collectFunctionsMissing =
  (problems: Fault[], { name, backend }: AttachedInstance) =>
  (error: unknown) => {
    if (!(error instanceof Fault) && !isSaidByServer(error)) throw error
    problems.push(
      error instanceof Fault
        ? error
        : new Fault({
            code: 'functions_not_installed',
            origin: 'instance',
            message: `The functions of databricks_auth cannot be put into the database ${JSON.stringify(backend.cluster.database)} of ${name}: ${sentenceOf(error)}`,
            nextStep:
              'Logins work. Remove the cause; Lakegate tries again every minute, and at the next start.',
            retryable: true,
            cause: error,
          }),
    )
  }

async function roleExists(client: pg.Client, name: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_roles WHERE rolname = $1', [name])
  return rowCount !== 0
}

/**
 * Drops the table where earlier versions kept the bindings. Nothing reads it any more. When other objects depend on it,
 * or another session holds it, it stays until the next time.
 */
async function dropOldTable(
  client: pg.Client,
  { uid, systemIdentifier }: AttachedInstance,
  bindings: RoleBindingStore,
): Promise<void> {
  if (systemIdentifier === undefined || (await bindings.isTableAwaited(uid, systemIdentifier))) return
  try {
    await inTransaction(client, () => dropBindingTable(client))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code !== '2BP01' && code !== '55P03') throw error
  }
}
