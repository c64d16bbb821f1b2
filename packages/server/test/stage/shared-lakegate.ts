/**
 * One running Lakegate for all files of the `system` project (vitest globalSetup), because most behaviours
 * need a whole system but not one of their own. A file that stops, kills or reconfigures starts its own.
 */
import type { TestProject } from 'vitest/node'
import { createLakegateHttp } from '@lakegate/client'
import { inject } from 'vitest'
import {
  makeDataDirectory,
  removeDataDirectory,
  startLakegate,
  type Lakegate,
  type ReadyReport,
} from './lakegate.ts'

declare module 'vitest' {
  interface ProvidedContext {
    lakegateReady: ReadyReport
    lakegateDataDirectory: string
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const dataDirectory = await makeDataDirectory()
  const lakegate = await startLakegate({ dataDirectory })
  project.provide('lakegateReady', lakegate.ready)
  project.provide('lakegateDataDirectory', dataDirectory)
  return async () => {
    await lakegate.stop()
    await removeDataDirectory(dataDirectory)
  }
}

/** The shared Lakegate, as a test sees it: it can be used, not stopped. */
export function sharedLakegate(): Lakegate {
  const ready = inject('lakegateReady')
  return {
    ready,
    dataDirectory: inject('lakegateDataDirectory'),
    admin: createLakegateHttp(ready.http_url, () => ready.admin_token),
  }
}
