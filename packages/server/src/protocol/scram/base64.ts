/** Base64 as in SCRAM (RFC 4648 §4): padded, without blanks, exactly one text per value. */

/** Undefined when the text is not the canonical encoding of some bytes. */
export function decodeBase64(text: string): Buffer | undefined {
  // Node skips characters that it does not understand, so the result is encoded again and compared.
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
