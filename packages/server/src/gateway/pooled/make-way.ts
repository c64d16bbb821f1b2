/**
 * Closes idle backends when a statement needs their database without other sessions in it. DROP DATABASE, ALTER DATABASE …
 * RENAME or SET TABLESPACE, and CREATE DATABASE … TEMPLATE lock the database and then wait, for five seconds, until
 * everybody else has left it (`CountOtherDBBackends`). The lock is seen by all, whoever holds it, so it is asked for
 * while backends are idle; new ones cannot be opened in the database meanwhile, since they need a lock themselves.
 *
 * A CONNECTION LIMIT that came behind the last login of a pool is found by the same question: PostgreSQL counts its idle
 * backends, and other logins, elsewhere or directly, would have no place.
 */
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import type { ClaimedDatabases } from '../../operations/ports/claimed-databases.ts'
import type { GatewayLog } from '../settings.ts'
import { spareOf } from './pool-terms.ts'
import type { Pool } from './pool.ts'

/** Ten times before PostgreSQL gives up. */
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
  /** Of which it was said already. */
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
      // A statement may wait in vain then: said once, not twice a second.
      if (!silent.has(uid))
        ports.log.warn(
          { err: error, instance: instance.name },
          'it cannot be seen whether idle backends are in the way',
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
