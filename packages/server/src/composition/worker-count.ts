/** How many processes serve connections. */
import { availableParallelism } from 'node:os'
import type { LoadedSettings } from '../config/load.ts'

const MOST_BY_DEFAULT = 8

export const workersByDefault = (): number => Math.min(availableParallelism(), MOST_BY_DEFAULT)

/** 0 means that the main process serves connections itself. */
export const workerCountOf = (settings: LoadedSettings): number =>
  settings['gateway-workers'].value ?? workersByDefault()
