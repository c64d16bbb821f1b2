/**
 * `lakegate up`: builds and starts everything on this machine in order, and stops it in reverse. The only place
 * that reads the clock and the source of randomness.
 */
import { randomBytes, randomUUID } from 'node:crypto'
import path from 'node:path'
import type { Output, RunningLakegate, StartEverything } from '../cli/up.ts'
import type { Progress } from '../cli/progress.ts'
import { httpProxiesOf } from '../config/gateway-settings.ts'
import { checkServes } from '../config/check-together.ts'
import type { LoadedSettings } from '../config/load.ts'
import { checkOnDisk } from '../config/on-disk.ts'
import { INITIAL_DATABASE } from '../domain/role.ts'
import type { AccountId, InstanceUid } from '../domain/ids.ts'
import { createKeyEncryption } from '../keys/key-encryption.ts'
import { loadOrMakeMasterKey } from '../keys/master-key.ts'
import type { Log } from '../observation/log.ts'
import { createWorkspaceAddresses } from '../operations/workspaces/workspace-addresses.ts'
import { createWorkspaceStore } from '../store/workspaces.ts'
import { listenForWorkspaces } from './workspace-hosts.ts'
import { OAUTH_PREFIX } from '../oauth/handler.ts'
import { completeInstallation, type Invitation } from '../operations/installation/complete-installation.ts'
import { createFirstInstance } from '../operations/instances/create-first-instance.ts'
import { issuePersonalAccessToken } from '../operations/credentials/issue-personal-access-token.ts'
import { prepareInstallation } from '../operations/installation/prepare-installation.ts'
import { askDatabaseTime } from '../store/database-time.ts'
import { writeReadableFile } from '../instances/embedded/own-files.ts'
import { createInstallationStore } from '../store/installation.ts'
import { holdsEncryptedKeys } from '../store/signing-keys.ts'
import { generatePersonalAccessToken, generateSignInLink } from '../tokens/secret.ts'
import { keepRetention } from './audit.ts'
import { removeWhatIsOver } from './remove-what-is-over.ts'
import { buildControlPlane } from './control-plane.ts'
import { buildMetricsHandler } from './metrics.ts'
import type { MetricsSnapshot } from '../observation/metrics.ts'
import { gatewayAuthoritiesOf } from './gateway-authorities.ts'
import { masterKeyFileIn } from './data-directory.ts'
import { openFirstAccess, watchFirstAccess } from './first-access.ts'
import { lookForFormerInstallation } from './former-installation.ts'
import { layFoundation } from './foundation.ts'
import { buildGateway, startWorkers } from './gateway.ts'
import { openHttp } from './http-address.ts'
import { openHttps } from './https.ts'
import { loadSignInProvider } from './sign-in-provider.ts'
import { nameInstances, settleInstances, supervise, type SettledInstances } from './instances.ts'
import { buildLive } from './live.ts'
import { createListenerAllocator } from './listener-allocator.ts'
import { prepareMachine } from './machine.ts'
import { logLevelOf, openProcessLog } from './process-log.ts'
import { removeReadyFile, writeReadyFile } from './ready-file.ts'
import { connectionsOfInstance, sessionLimitsOf } from './pooled-settings.ts'
import { createReloading } from './reload.ts'
import { openTogether, type Shutdown } from './shutdown.ts'
import { startKeys } from './start-keys.ts'
import { superviseWhenAlone } from './supervision.ts'
import { joinSystemDatabase, startSystemDatabase } from './system-database.ts'
import { watchClock } from './watch-clock.ts'

type Role = 'everything' | 'control'

const WORKSPACE_NAME = 'default'
const DAY_SECONDS = 24 * 60 * 60
/** The token of the first start is kept by a person; those of later starts are for scripts. */
const FIRST_TOKEN_LIFETIME_SECONDS = 90 * DAY_SECONDS
const LATER_TOKEN_LIFETIME_SECONDS = DAY_SECONDS
const OTHER_FIRST_START =
  'Another Lakegate started for the first time at the same moment; it hands out the link for the first sign-in.'

/** @throws Fault with what failed and what to do; whatever was started until then is stopped again */
export const startEverything: StartEverything = (settings, progress, output) =>
  openTogether((shutdown) => start('everything', settings, progress, output, shutdown))

/**
 * `lakegate serve --role control`: the same without listeners for PostgreSQL, beside others of its kind. Its instances
 * outlive it.
 * @throws Fault as above
 */
export const startControlPlane: StartEverything = (settings, progress, output) =>
  openTogether((shutdown) => start('control', settings, progress, output, shutdown))

async function start(
  role: Role,
  settings: LoadedSettings,
  progress: Progress,
  output: Output,
  shutdown: Shutdown,
): Promise<RunningLakegate> {
  const clock = () => new Date()
  const log = openProcessLog(settings)
  const readyFile = settings['ready-file'].value
  if (readyFile !== undefined) await removeReadyFile(readyFile)

  // Whatever the settings name is looked at before a port is bound or a process started.
  if (role === 'control') checkServes(settings, role)
  await checkOnDisk(settings)
  const machine = await progress.step('PostgreSQL', () => prepareMachine(settings))
  const former = await lookForFormerInstallation(settings, machine.dataDirectory)
  const { listener, publicUrl, remarks } = await openHttp(settings, log)
  shutdown.add('HTTP listener', () => listener.close())
  const workers = role === 'everything' ? startWorkers(settings, log) : undefined
  shutdown.add('workers of the gateway', async () => workers?.drain(0))
  const system = await progress.step('System database', () =>
    role === 'everything'
      ? startSystemDatabase(machine, settings['database-url'].value, former.refuseSystemDatabase, log)
      : joinSystemDatabase(settings['database-url'].value, log),
  )
  shutdown.add('system database', () => system.stop())

  const installations = createInstallationStore(system.database)
  const installation = await progress.step('Account', async () => {
    if ((await installations.loadInstallation()) === undefined) former.refuseInstallation()
    return prepareInstallation(installations, {
      newAccountId: randomUUID() as AccountId,
      workspaceName: WORKSPACE_NAME,
      adminUserName: settings['admin-user'].value,
      now: clock(),
    })
  })
  const masterKeyFile = masterKeyFileIn(settings, machine.dataDirectory)
  const masterKeys = await loadOrMakeMasterKey(
    masterKeyFile,
    async () => !installation.isComplete && !(await holdsEncryptedKeys(system.database)),
  )
  const workspaces = createWorkspaceStore(system.database)
  const addresses = createWorkspaceAddresses(
    { workspaces, clock },
    { publicUrl, accountId: installation.accountId },
  )
  await listenForWorkspaces(listener, workspaces, installation.accountId, log)
  const firstAccess = await openFirstAccess(machine.dataDirectory, clock(), log)
  const laid = layFoundation({
    clock,
    log,
    database: system.database,
    address: system.address,
    encryption: createKeyEncryption(masterKeys),
    listeners: createListenerAllocator(settings),
    addresses,
  })
  const foundation = { ...laid, stores: watchFirstAccess(laid.stores, firstAccess) }
  shutdown.add('audit', () => foundation.audit.stop())
  shutdown.add(
    'removal of old audit records',
    keepRetention(foundation.stores.auditRecords, settings, clock, log),
  )
  shutdown.add(
    'comparison of clocks',
    watchClock({ ...foundation, askDatabaseTime: () => askDatabaseTime(system.database) }),
  )
  shutdown.add('removal of what strangers left', removeWhatIsOver(foundation.stores, clock, log))
  shutdown.add('administrative connections', () => foundation.connections.closeAll())
  await progress.step('Keys and certificates', () => startKeys(foundation, installation))
  const isFirstStart = !installation.isComplete
  const caFile = path.join(machine.dataDirectory, 'ca.pem')
  await writeReadableFile(caFile, foundation.authority.certificatePem())
  const https = await openHttps(foundation, settings, { listener, publicUrl })

  let measureOthers: () => Promise<readonly MetricsSnapshot[]> = () => Promise.resolve([])
  const live = buildLive(foundation)
  const controlPlane = buildControlPlane(foundation, machine, installation, live, {
    httpListener: listener,
    publicUrl,
    plainHttp: settings['plain-http'].value,
    instancesPerWorkspace: settings['instances-per-workspace'].value,
    connectionsOfInstance: connectionsOfInstance(settings),
    sessionLimits: sessionLimitsOf(settings),
    metrics: await buildMetricsHandler(settings, foundation.metrics, () => measureOthers()),
    sessionIdleSeconds: settings['session-idle-seconds'].value,
    replicationSlotMegabytes: settings['replication-slot-megabytes'].value,
    attachingCallers: settings['attached-instances'].value,
    gatewayAuthorities: gatewayAuthoritiesOf(foundation, settings),
    httpProxies: httpProxiesOf(settings),
    ...(await loadSignInProvider(settings)),
  })
  const gateway = await progress.step('Control plane and gateway', async () => {
    shutdown.add('notices of changed instances', () => foundation.changes.stop())
    await foundation.changes.start()
    const serveHttp = async () => {
      shutdown.add('what is told of the moment', () => live.stop())
      await live.start()
      await controlPlane.http.start()
      shutdown.add('HTTP', async () => {
        // Streams would be waited for.
        live.streams.close()
        await controlPlane.http.stop()
      })
    }
    if (role === 'control') {
      await serveHttp()
      return undefined
    }
    shutdown.add('inquiry', () => controlPlane.inquiry.stop())
    await controlPlane.inquiry.start()
    await serveHttp()
    return buildGateway(foundation, settings, {
      workers,
      address: system.address,
      publicUrl,
      accountId: installation.accountId,
      masterKeyFile,
      recordsListeners: true,
    })
  })

  if (gateway !== undefined) measureOthers = () => gateway.measure()

  const instances = await progress.step('Database instances', async () => {
    if (gateway !== undefined) {
      // In reverse: nobody new gets in, PostgreSQL says goodbye to those inside (57P01), then it stops itself.
      shutdown.add('database instances', () => controlPlane.supervisor.stop({ stopInstances: true }))
      shutdown.add('gateway', () => gateway.drain())
    }
    if (isFirstStart)
      await createFirstInstance(
        {
          store: foundation.stores.instances,
          listeners: foundation.listeners,
          supervisor: controlPlane.supervisor,
          clock,
          newInstanceUid: () => randomUUID() as InstanceUid,
          encryption: foundation.encryption,
        },
        installation,
        settings['first-instance'].value,
      )
    if (gateway === undefined) {
      await nameInstances(foundation)
      const supervision = superviseWhenAlone({
        address: system.address,
        log,
        begin: () => supervise(controlPlane),
      })
      shutdown.add('supervision', () => supervision.stop())
    } else {
      await controlPlane.supervisor.start()
      await gateway.reconcileListeners()
    }
    // Before the gateway waits for its sessions to end by themselves: these end now, and their browsers are told why.
    shutdown.add('sessions of the SQL editor', () => {
      controlPlane.endSqlSessions()
      return Promise.resolve()
    })
    const settled = await settleInstances(foundation, installation.workspace.id, isFirstStart)
    return settled
  })

  const reloading = createReloading(
    settings,
    async (next) => {
      const showCertificate = await https.prepare(next)
      await gateway?.reload(next)
      showCertificate()
      log.setLevel(logLevelOf(next))
      warnOfSmallerClusters(settings, next, log)
    },
    log,
  )
  shutdown.add('watch over certificate files', () => {
    reloading.stop()
    return Promise.resolve()
  })

  const { admin, workspace } = installation
  const { personalAccessTokens } = foundation.stores
  const isTokenRead = output.isTerminal || readyFile !== undefined
  // One that nobody could read is not made.
  const token =
    isTokenRead || isFirstStart
      ? await issuePersonalAccessToken(
          {
            store: personalAccessTokens,
            generate: () => generatePersonalAccessToken(randomBytes),
          },
          {
            identityId: admin.id,
            workspaceId: workspace.id,
            comment: isFirstStart ? 'first start' : 'start',
            lifetimeSeconds: isFirstStart ? FIRST_TOKEN_LIFETIME_SECONDS : LATER_TOKEN_LIFETIME_SECONDS,
            now: clock(),
          },
        )
      : undefined
  const instance = await instances.describeAvailable()
  if (readyFile !== undefined && token !== undefined) {
    await writeReadyFile(readyFile, {
      http_url: publicUrl,
      account_id: installation.accountId,
      workspace_id: workspace.id,
      admin_user: admin.name,
      admin_token: token.token.reveal(),
      ca_file: caFile,
      instance: instance === undefined ? null : { ...instance, database: INITIAL_DATABASE },
    })
    shutdown.add('ready file', () => removeReadyFile(readyFile))
  }
  log.info({ url: publicUrl, instance: instance?.name }, 'lakegate is ready')
  const credential =
    instance === undefined || !output.isTerminal
      ? undefined
      : await controlPlane.mint(
          {
            identity: admin,
            workspaceId: workspace.id,
            isWorkspaceAdmin: true,
            isAccountAdmin: true,
            scopes: ['all-apis'],
            bearer: 'personal_access_token',
            groupIds: [],
          },
          { instanceNames: [instance.name], readTables: [] },
        )
  const linkOf = (invitation: Invitation) =>
    `${publicUrl}${OAUTH_PREFIX}/password/${invitation.token.reveal()}`
  const handOver = async (made: Invitation) => {
    // Left by a first start that was killed: its link was never kept.
    if (output.isTerminal) return firstAccess.forget()
    await firstAccess.keep({
      http_url: publicUrl,
      admin_user: admin.name,
      ...(isTokenRead || token === undefined
        ? {}
        : {
            admin_token: token.token.reveal(),
            ...(token.expiresAt === undefined
              ? {}
              : { admin_token_expires_at: token.expiresAt.toISOString() }),
          }),
      sign_in_link: linkOf(made),
      sign_in_link_expires_at: made.expiresAt.toISOString(),
    })
  }
  const invitation = isFirstStart
    ? await completeInstallation(
        { installations, clock, generate: () => generateSignInLink(randomBytes), handOver },
        installation,
      )
    : undefined
  // Another first start came first, and has handed out the means to get in.
  if (token !== undefined && !isTokenRead && invitation === undefined)
    await personalAccessTokens.deletePersonalAccessToken(workspace.id, token.id, admin.id)
  const kept = firstAccess.kept()
  return {
    facts: {
      httpUrl: publicUrl,
      accountId: installation.accountId,
      workspace,
      adminUser: admin.name,
      isFirstStart,
      access:
        output.isTerminal && token !== undefined
          ? {
              kind: 'shown',
              token: token.token.reveal(),
              tokenExpiresAt: token.expiresAt,
              signInLink: invitation && { url: linkOf(invitation), expiresAt: invitation.expiresAt },
              credential: credential?.token.reveal(),
            }
          : {
              kind: 'kept',
              tokenFile: readyFile ?? (kept?.admin_token === undefined ? undefined : firstAccess.file),
              signInLinkFile: kept === undefined ? undefined : firstAccess.file,
            },
      caFile,
      instance: instance && {
        ...instance,
        pooled: pooledEndpointOf(instance),
        database: INITIAL_DATABASE,
        role: admin.name,
      },
      standIns: gateway?.standIns() ?? [],
      remarks: [
        ...remarks,
        ...instances.remarks,
        ...(isFirstStart && invitation === undefined ? [OTHER_FIRST_START] : []),
      ],
    },
    stop: () => shutdown.run(),
    hurry: () => {
      gateway?.endDrain()
    },
    reload: (read) => reloading.reload(read),
  }
}

const pooledEndpointOf = ({
  pooled_host: host,
  pooled_port: port,
}: NonNullable<Awaited<ReturnType<SettledInstances['describeAvailable']>>>) =>
  host === undefined || port === undefined ? undefined : { host, port }

/** PostgreSQL has its max_connections from its start; the gateway alone cannot let more in. */
function warnOfSmallerClusters(started: LoadedSettings, next: LoadedSettings, log: Pick<Log, 'warn'>): void {
  const before = started['connections-per-instance'].value
  if (next['connections-per-instance'].value > before)
    log.warn(
      { settings: ['connections-per-instance'], localInstances: before },
      'the gateway takes more connections now; local instances themselves only after a restart',
    )
}
