/**
 * The local login of the owner of the data directory. It is a convenience: where its socket cannot be made, Lakegate starts
 * without it and says so in the log.
 */
import { randomBytes } from 'node:crypto'
import { createLocalLoginListener } from '../http/local-login.ts'
import { makeOwnSocketDirectory } from '../instances/embedded/socket-directory.ts'
import { createLocalLogin } from '../operations/credentials/log-in-locally.ts'
import { generatePersonalAccessToken } from '../tokens/secret.ts'
import { localLoginDirectory, localLoginSocket } from './local-login-socket.ts'
import type { Shutdown } from './shutdown.ts'
import type { StartContext } from './start-foundation.ts'

/** @returns whether it is offered */
export async function offerLocalLogin(context: StartContext, shutdown: Shutdown): Promise<boolean> {
  const { foundation, installation, machine, http, log } = context
  const { admin, workspace, accountId } = installation
  try {
    const listener = createLocalLoginListener(
      {
        login: createLocalLogin(
          {
            store: foundation.stores.personalAccessTokens,
            generate: () => generatePersonalAccessToken(randomBytes),
            clock: foundation.clock,
            audit: foundation.audit,
          },
          { identity: admin, workspaceId: workspace.id },
        ),
        log,
      },
      { httpUrl: http.publicUrl, accountId, workspaceId: workspace.id, adminUser: admin.name },
      {
        file: localLoginSocket(machine.dataDirectory),
        makeDirectory: () =>
          makeOwnSocketDirectory(localLoginDirectory(machine.dataDirectory), machine.account),
      },
    )
    shutdown.add('local login', () => listener.stop())
    await listener.start()
    return true
  } catch (error) {
    log.warn(
      { err: error },
      'the local login is not offered: `lakegate psql` needs a profile or a token here',
    )
    return false
  }
}
