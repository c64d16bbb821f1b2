/**
 * Passes a cancel request on to an instance. The key in it is PostgreSQL's own, and PostgreSQL ignores a wrong one
 * (attack 13).
 */
import { connect, type Socket } from 'node:net'
import type { DatabaseInstance } from '../../domain/database-instance.ts'
import { encodeCancelRequest, type CancelRequest } from '../../protocol/startup.ts'
import type { AttachedClusters } from '../backend/attached-clusters.ts'
import { backendSocketPath } from '../backend/open-backend.ts'

/**
 * Finds the session by its key, in this worker, another worker or another node, and cancels it; does not say whether it
 * succeeded.
 */
export type CancelByKey = (request: CancelRequest) => Promise<void>

const LIMIT_MS = 5_000

/**
 * Resolves when PostgreSQL has taken the request and closed the connection, because the client waits for that; does not
 * say whether it succeeded.
 */
export async function forwardCancelRequest(
  request: CancelRequest,
  instance: DatabaseInstance,
  clusters: AttachedClusters,
): Promise<void> {
  const { backend } = instance
  if (backend.kind === 'attached') {
    await clusters.cancel(instance.uid, backend, request, AbortSignal.timeout(LIMIT_MS))
    return
  }
  if (backend.socketDirectory !== undefined)
    await deliver(request, connect({ path: backendSocketPath(backend.socketDirectory) }))
}

async function deliver(request: CancelRequest, backend: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    backend.setTimeout(LIMIT_MS, () => backend.destroy())
    backend.once('connect', () => backend.end(encodeCancelRequest(request)))
    // Cancelling is best effort by definition: PostgreSQL, "Canceling Requests in Progress".
    backend.once('error', () => backend.destroy())
    backend.once('close', () => {
      resolve()
    })
    backend.resume()
  })
}
