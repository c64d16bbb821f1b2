/**
 * Passes a cancel request on to the instance that it arrived at. The key in it is PostgreSQL's own, so nothing has
 * to be remembered and any worker or node can pass it on; a wrong key is PostgreSQL's to ignore (attack 13).
 */
import { connect } from 'node:net'
import { encodeCancelRequest, type CancelRequest } from '../protocol/startup.ts'
import { backendSocketPath } from './backend-session.ts'

const LIMIT_MS = 5_000

/** Resolves when PostgreSQL has taken it and closed, as the client waits for that; tells nothing about success. */
export async function forwardCancelRequest(request: CancelRequest, socketDirectory: string): Promise<void> {
  const backend = connect({ path: backendSocketPath(socketDirectory) })
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
