/** Borrows a backend for the next transaction of a session, and applies the session's own settings to it. */
import { BackendGone } from './backend-ends.ts'
import type { PooledBackend, Tenant } from './backend.ts'
import type { Acquired, Pool } from './pool.ts'

/** @throws RefusedError, BackendRefused, or the reason of the signal */
export async function borrow(pool: Pool, tenant: Tenant, signal: AbortSignal): Promise<Acquired> {
  for (;;) {
    const acquired = await pool.acquire(tenant, signal)
    if (acquired.isOwn || (await settleIn(acquired.backend, tenant))) return acquired
  }
}

/** @returns false when the backend has ended meanwhile */
async function settleIn(backend: PooledBackend, { leftovers }: Tenant): Promise<boolean> {
  try {
    await backend.restore(leftovers.settings)
  } catch (error) {
    if (error instanceof BackendGone) return false
    backend.socket.destroy()
    throw error
  }
  backend.changedWhileIdle = true
  return true
}
