/**
 * The loopback address of an instance: on Linux all of 127.0.0.0/8 is this machine, so every instance has an
 * address of its own with port 5432, which is the port that `databricks psql` always uses (wire-contract §0.4).
 */
import { createHash } from 'node:crypto'
import type { InstanceUid } from '../../domain/ids.ts'

/** Derived from the uid, so that it never changes; 127.64–127.127 avoids what other programs use in 127.0 and 127.1. */
export function chooseInstanceHost(uid: InstanceUid): string {
  const digest = createHash('sha256').update(uid).digest()
  const [a, b, c] = [digest.readUInt8(0), digest.readUInt8(1), digest.readUInt8(2)]
  return `127.${String(64 + (a % 64))}.${String(b)}.${String(1 + (c % 254))}`
}

/** The second address of an instance, for its pooled endpoint: the same, in 127.128–127.191. */
export const choosePooledHost = (uid: InstanceUid): string =>
  chooseInstanceHost(uid).replace(/^127\.(\d+)/, (_, b: string) => `127.${String(Number(b) + 64)}`)
