/** The end of a client whose backend is gone: behind the last answer that the backend gave (attack 60). */
import type { Duplex } from 'node:stream'

/** How long the answers may take to a client that reads them slowly. */
const UNREAD_LIMIT_MS = 60_000
/** They are on their way; how long the client may take to close as well. */
const CLOSING_LIMIT_MS = 5_000

/** What the client still sends is read and dropped: it may not read before it has sent. */
export function endBehindAnswers(client: Duplex): void {
  if (client.destroyed) return
  client.resume()
  const giveUp = () => client.destroy()
  let impatience = setTimeout(giveUp, UNREAD_LIMIT_MS)
  const onFinish = () => {
    clearTimeout(impatience)
    impatience = setTimeout(giveUp, CLOSING_LIMIT_MS)
  }
  if (client.writableFinished) onFinish()
  else client.once('finish', onFinish)
  client.once('close', () => {
    clearTimeout(impatience)
  })
  // Node makes an error, with its stack, of a second end that nobody reads.
  if (!client.writableEnded) client.end()
}
