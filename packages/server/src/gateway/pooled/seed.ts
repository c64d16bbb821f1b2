/** A seed for PostgreSQL's random(), so that no session can predict the values of the next one. */
import { randomBytes } from 'node:crypto'

/** Between 0 and 1; 48 bits, which a double holds exactly. */
export const seedForRandom = (): number => randomBytes(6).readUIntBE(0, 6) / 2 ** 48
