/** Finds the session of the console by the cookie of a request. */
import type { Workspace } from '../../domain/workspace.ts'
import type { ConsoleSessionOperations } from '../../operations/sign-in/console-sessions.ts'
import { readSessionCookie } from './cookies.ts'
import type { ConsoleSessions } from './session.ts'
import { watchSessions } from './watch-sessions.ts'

export interface FindSessionPorts {
  readonly operations: ConsoleSessionOperations
  readonly publicUrlOf: (workspace: Workspace) => string
  /** Display name of the outside provider; undefined when none is configured. */
  readonly signInProvider: string | undefined
  readonly log: { warn(fields: object, message: string): void }
}

export function createSessionFinder(ports: FindSessionPorts): ConsoleSessions {
  const { operations } = ports
  const watch = watchSessions(
    (ids) => operations.listOver(ids),
    (error) => {
      ports.log.warn({ err: error }, 'whether sessions of the console are over could not be asked')
    },
  )
  return {
    async findConsoleSession(cookieHeader, workspace, { isUse = true } = {}) {
      const cookie = readSessionCookie(cookieHeader, ports.publicUrlOf(workspace))
      const { signedInOutside, ...opened } = await operations.find(cookie, workspace, { isUse })
      return { ...opened, workspace, signInProvider: signedInOutside ? ports.signInProvider : undefined }
    },
    whenOver: (session, tell) => watch.whenOver(session.id, tell),
    async endConsoleSession(session) {
      await operations.end(session.id)
      watch.tellOver(session.id)
      // Other console sessions of the same browser may have ended too.
      await watch.look()
    },
  }
}
