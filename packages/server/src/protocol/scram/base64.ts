/** Base64 as SCRAM writes it (RFC 4648 §4): padded, no blanks, one text for one value. */

/** Undefined when the text is anything else than the encoding of some bytes. */
export function decodeBase64(text: string): Buffer | undefined {
  // Node skips what it does not understand, so what it understood is written again and compared.
  const bytes = Buffer.from(text, 'base64')
  return bytes.toString('base64') === text ? bytes : undefined
}
