/**
 * Closes idle backends when a statement needs their database without other sessions in it. DROP DATABASE, ALTER
 * DATABASE … RENAME or SET TABLESPACE, and CREATE DATABASE … TEMPLATE lock the database and then wait, for up to five
 * seconds, until all other sessions have left it (`CountOtherDBBackends`). Every session can see that lock, so while
 * backends are idle we ask for it regularly; new backends cannot be opened in the database meanwhile, because they need
 * a lock themselves.
 *
 * The same query finds a CONNECTION LIMIT that was set after the last login of a pool: PostgreSQL counts the pool's
 * idle backends, and logins elsewhere or at the direct endpoint would find no place.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { ClaimedDatabases } from '../../operations/ports/claimed-databases.ts'
import type { GatewayLog } from '../settings.ts'
import { spareOf } from './pool-terms.ts'
import type { Pool } from './pool.ts'

/** Ten times within PostgreSQL's five seconds. */
const LOOK_EVERY_MS = 500

export interface PoolsOfInstance {
  readonly instance: DatabaseInstance
  readonly pools: readonly Pool[]
}

export interface WayMaker {
  stop(): void
}

export function makeWay(ports: {
  readonly list: () => readonly PoolsOfInstance[]
  readonly claimed: ClaimedDatabases
  readonly log: GatewayLog
}): WayMaker {
  const underWay = new Set<string>()
  /** Instances whose failure has been logged already. */
  const silent = new Set<string>()

  async function look({ instance, pools }: PoolsOfInstance): Promise<void> {
    const { uid } = instance
    const idle = pools.filter(({ idleBackends }) => idleBackends > 0)
    if (idle.length === 0 || underWay.has(uid)) return
    underWay.add(uid)
    try {
      const facts = await ports.claimed.loadIdleBackendFacts(instance, {
        roles: [...new Set(idle.map(({ place }) => place.roleOid))],
        databases: [...new Set(idle.map(({ place }) => place.databaseOid))],
      })
      for (const pool of idle) {
        const { roleOid, databaseOid } = pool.place
        if (facts.claimed.has(databaseOid)) pool.makeWay()
        pool.keepSpare(
          spareOf({
            isTemplate: facts.templates.has(databaseOid),
            isLimited: facts.limitedRoles.has(roleOid) || facts.limitedDatabases.has(databaseOid),
          }),
        )
      }
      silent.delete(uid)
    } catch (error) {
      // A statement may then wait in vain. Logged once, not twice a second.
      if (!silent.has(uid))
        ports.log.warn(
          { err: error, instance: instance.name },
          'cannot check whether idle backends block a statement',
        )
      silent.add(uid)
    } finally {
      underWay.delete(uid)
    }
  }

  const timer = setInterval(() => {
    for (const pools of ports.list()) void look(pools)
  }, LOOK_EVERY_MS)
  timer.unref()
  return {
    stop() {
      clearInterval(timer)
    },
  }
}
