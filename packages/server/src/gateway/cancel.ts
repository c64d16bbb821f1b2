/**
 * Passes a cancel request on to an instance. The key in it is PostgreSQL's own, and a wrong key is PostgreSQL's to
 * ignore (attack 13).
 */
import { connect } from 'node:net'
import { encodeCancelRequest, type CancelRequest } from '../protocol/startup.ts'
import { backendSocketPath } from './backend-session.ts'

/** Finds the session by its key, here or in another worker or node, and has it cancelled; tells nothing about success. */
export type CancelByKey = (request: CancelRequest) => Promise<void>

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
