/** A short text by which a master key is recognised; nothing about the key follows from it. */
import type { KeyEncryption } from '../../operations/ports/keys.ts'

export const fingerprintOf = ({ deriveSecret }: Pick<KeyEncryption, 'deriveSecret'>): string =>
  Buffer.from(deriveSecret('fingerprint of the master key in backups').reveal())
    .subarray(0, 8)
    .toString('hex')
