/** Serves connections: in this process (serve-here.ts), or in worker processes (workers/serve-by-workers.ts). */
import type { CancelRequest } from '../protocol/startup.ts'
import type { Address, OpenAddress } from './listening/address.ts'
import type { ConnectionTarget } from './settings.ts'

export interface Serving {
  /**
   * Opens an address and serves the connections that arrive there.
   * @throws the system's error for the address, e.g. EADDRINUSE
   */
  listen(address: Address, target: ConnectionTarget): Promise<OpenAddress>
  /** Cancels the session with this key, if it is one of this gateway. */
  cancel(request: CancelRequest): void
  /**
   * For up to `limitMs`, lets connections end by themselves. Then PostgreSQL is asked to end the remaining sessions,
   * because only PostgreSQL knows where one of its messages ends: their clients read 57P01 (attack 44). Resolves when
   * all connections are closed.
   */
  drain(limitMs: number): Promise<void>
  /** Ends the waiting period of a drain: the remaining sessions are ended now. */
  endDrain(): void
  /** How many processes accept connections now. */
  processes(): number
}
