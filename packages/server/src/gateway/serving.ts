/** What serves connections: this process (serve-here.ts), or processes of its own (workers/serve-by-workers.ts). */
import type { CancelRequest } from '../protocol/startup.ts'
import type { Address, OpenAddress } from './listening/address.ts'
import type { ConnectionTarget } from './settings.ts'

export interface Serving {
  /**
   * Opens an address and takes the connections that come there.
   * @throws what the system says of the address, e.g. EADDRINUSE
   */
  listen(address: Address, target: ConnectionTarget): Promise<OpenAddress>
  /** Cancels what the key is of, if that is a session of this gateway. */
  cancel(request: CancelRequest): void
  /**
   * Lets connections end by themselves for so long. Then PostgreSQL is asked to end the sessions, because only it
   * knows where one of its messages ends: its clients read 57P01 (attack 44). Resolves when all are gone.
   */
  drain(limitMs: number): Promise<void>
  /** Ends the waiting of a drain: sessions are ended now. */
  endDrain(): void
  /** How many processes take connections now. */
  processes(): number
}
