/** Builds what serves connections, in the process that listens or in one of its workers, on the same foundation. */
import { setTimeout as pause } from 'node:timers/promises'
import { balancersOf, gatewayDomainOf } from '../config/gateway-settings.ts'
import type { LoadedSettings } from '../config/load.ts'
import { createAttachedClusters } from '../gateway/backend/attached-clusters.ts'
import { serveHere, type ServingHere } from '../gateway/serve-here.ts'
import type { ServingSettings } from '../gateway/settings.ts'
import type { SharedWithNode } from '../gateway/workers/worker.ts'
import { createClaimedDatabases } from '../instances/claimed-databases.ts'
import { createActivityCounter } from '../observation/activity-counter.ts'
import { createAdmitLogin } from '../operations/login/admit-login.ts'
import { RememberedLogins } from '../operations/login/remembered-logins.ts'
import type { FailedLoginLimits } from '../operations/ports/proof.ts'
import { requireAudit } from '../operations/installation/require-audit.ts'
import { decodeHandedOnAddress } from '../protocol/handed-on-address.ts'
import { issueSessionTicket } from '../tokens/session-ticket.ts'
import { openCertificateSource } from './certificates.ts'
import type { Foundation } from './foundation.ts'
import { loginMetrics, readPools } from './metrics.ts'
import { buildOpenSessions } from './open-sessions.ts'
import { pooledSettings } from './pooled-settings.ts'
import { openTogether } from './shutdown.ts'

export interface ReloadableServing {
  readonly serving: ServingHere
  /** @throws Fault tls_files_unusable, configuration_invalid; nothing has changed then */
  reload(settings: LoadedSettings): Promise<void>
}

/** What the processes of a node share. */
export interface ServingNode extends SharedWithNode {
  /** How many processes serve the same instances; they share the backends of the pools. */
  readonly processes: number
}

export async function buildServing(
  foundation: Foundation,
  settings: LoadedSettings,
  node: ServingNode,
): Promise<ReloadableServing> {
  const { clock, stores, clusters, signingKeys, addresses, audit, log } = foundation
  const { processes, counters } = node
  let failedLoginLimits = failedLoginLimitsOf(settings)
  const counter = createActivityCounter()
  const measure = loginMetrics(foundation.metrics, counter)
  const remembered = new RememberedLogins()
  foundation.sessionNotices.on('database_instance', () => {
    remembered.forgetInstances()
  })
  const admit = createAdmitLogin({
    remembered,
    instances: stores.instances,
    roles: {
      loadRoleFacts: (...of) => measure.timed('role_facts', () => clusters.roles.loadRoleFacts(...of)),
    },
    directory: {
      loadLoginFacts: (question) =>
        measure.timed('login_facts', () => stores.loginDirectory.loadLoginFacts(question)),
    },
    claims: stores.catalog,
    async verifyToken(token, now) {
      const verified = await measure.timed('verify_token', () => foundation.verifyToken(token, now))
      const result = 'rejected' in verified ? verified.rejected : 'accepted'
      foundation.metrics.count('lakegate_token_verifications_total', { result })
      return verified
    },
    issueTicket: async (ticket, now) =>
      issueSessionTicket(
        ticket,
        { issuer: (await addresses.issuerOf(ticket.workspaceId)) ?? '', now },
        await signingKeys.signingKey(),
      ),
    issuerOf: addresses.issuerOf,
    brake: node.brake,
    failedLoginLimits: () => failedLoginLimits,
    madeUpVerifierSecret: foundation.madeUpVerifierSecret,
    pause,
    audit,
    clock,
  })
  const certificates = await openCertificateSource(foundation, settings)
  const sessions = buildOpenSessions(foundation, settings, { counter, pools: () => serving.pools() })
  const serving: ServingHere = serveHere(
    {
      admit: settings['audit-required'].value ? requireAudit(admit, audit) : admit,
      instances: stores.instances,
      certificates,
      clusters: createAttachedClusters(clusters.backendCredentials),
      claimedDatabases: createClaimedDatabases(clusters.connections),
      readHandedOn: (bytes) => decodeHandedOnAddress(bytes, foundation.handedOnAddressKey.reveal(), clock()),
      openSessions: sessions.openSessions,
      metrics: measure,
      log,
    },
    servingSettingsOf(settings, processes),
    counters,
    (request) => {
      node.cancelElsewhere(request)
    },
  )
  readPools(foundation.metrics, serving.pools)
  await openTogether(async (shutdown) => {
    shutdown.add('open sessions', () => sessions.stop())
    await sessions.start()
  })
  /** A worker ends after this. */
  const finish = async () => {
    await sessions.stop()
    await audit.stop()
  }
  return {
    serving: {
      ...serving,
      async drain(limitMs) {
        await serving.drain(limitMs)
        await finish()
      },
      async whenIdle() {
        await serving.whenIdle()
        await finish()
      },
    },
    async reload(next) {
      const nextSettings = servingSettingsOf(next, processes)
      await certificates.reload(next)
      serving.change(nextSettings)
      sessions.reload(next)
      failedLoginLimits = failedLoginLimitsOf(next)
    },
  }
}

const servingSettingsOf = (settings: LoadedSettings, processes: number): ServingSettings => ({
  loginDeadlineMs: settings['login-deadline-seconds'].value * 1000,
  connectionsPerInstance: settings['connections-per-instance'].value,
  connectionsPerRole: settings['connections-per-role'].value,
  loginsPerAddress: settings['logins-per-address'].value,
  domain: gatewayDomainOf(settings),
  balancers: balancersOf(settings),
  pooled: pooledSettings(settings, processes),
})

const failedLoginLimitsOf = (settings: LoadedSettings): FailedLoginLimits => ({
  perRole: settings['failed-logins-per-role'].value,
  perAddress: settings['failed-logins-per-address'].value,
  windowMs: settings['failed-login-seconds'].value * 1000,
})
