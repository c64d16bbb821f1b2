/**
 * Packs parts into as few NOTIFY payloads as possible; a payload must be shorter than 8000 bytes (PostgreSQL, NOTIFY).
 */
const MOST_BYTES = 7_500

/** @param parts as JSON; each must fit into one payload */
export function gatherPayloads(parts: readonly string[]): readonly string[] {
  const payloads: string[] = []
  let gathered: string[] = []
  let length = 0
  const close = () => {
    payloads.push(`[${gathered.join(',')}]`)
    gathered = []
    length = 0
  }
  for (const part of parts) {
    const size = Buffer.byteLength(part) + 1
    if (gathered.length > 0 && length + size > MOST_BYTES) close()
    gathered.push(part)
    length += size
  }
  if (gathered.length > 0) close()
  return payloads
}
