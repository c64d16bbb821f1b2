/** Puts parts into as few payloads of NOTIFY as they fit into, which takes less than 8,000 bytes at a time (its manual page). */
const MOST_BYTES = 7_500

/** @param parts as JSON, each of which fits into one payload */
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
