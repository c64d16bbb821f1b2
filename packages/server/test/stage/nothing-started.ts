/** For who reads the commands of the program, and runs none that starts something. */
import type { Starts } from '../../src/cli/program.ts'

const refuse = () => Promise.reject(new Error('nothing is started here'))

export const NOTHING_STARTED = new Proxy({}, { get: () => refuse }) as Starts
