/** Where an embedded instance listens. */
import path from 'node:path'

export const backendSocketPath = (directory: string): string => path.join(directory, '.s.PGSQL.5432')
