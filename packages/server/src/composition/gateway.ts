/** Builds the gateway upon the same foundation as the control plane; it shares nothing else with it. */
import { numberOf, type LoadedSettings } from '../config/load.ts'
import { Fault } from '../domain/fault.ts'
import { createGateway, type Gateway } from '../gateway/gateway.ts'
import { loadOperatorCertificate } from '../keys/operator-certificate.ts'
import { createAdmitLogin } from '../operations/admit-login.ts'
import type { ServerCertificates } from '../operations/ports.ts'
import { issueSessionTicket } from '../tokens/session-ticket.ts'
import type { Foundation } from './foundation.ts'

const LOGINS_PER_ADDRESS = 200

export async function buildGateway(foundation: Foundation, settings: LoadedSettings): Promise<Gateway> {
  const { clock, stores, roles, signingKeys, addresses, audit, log } = foundation
  const admit = createAdmitLogin({
    instances: stores.instances,
    roles,
    directory: stores.loginDirectory,
    claims: stores.catalog,
    verifyToken: foundation.verifyToken,
    issueTicket: async (ticket, now) =>
      issueSessionTicket(
        ticket,
        { issuer: (await addresses.issuerOf(ticket.workspaceId)) ?? '', now },
        await signingKeys.signingKey(),
      ),
    audit,
    clock,
  })
  const gateway = createGateway(
    { admit, instances: stores.instances, certificates: await chooseCertificates(foundation, settings), log },
    {
      port: numberOf(settings['gateway-port']),
      loginDeadlineMs: (numberOf(settings['login-deadline-seconds']) ?? 15) * 1000,
      connectionsPerInstance: numberOf(settings['connections-per-instance']) ?? 1000,
      loginsPerAddress: LOGINS_PER_ADDRESS,
    },
  )
  foundation.changes.onInstanceChange(() => {
    // Logged where it failed; the next change or start tries again.
    gateway.reconcileListeners().catch(() => undefined)
  })
  return gateway
}

async function chooseCertificates(
  { authority, clock }: Foundation,
  settings: LoadedSettings,
): Promise<ServerCertificates> {
  const certificateFile = settings['tls-certificate-file'].value
  const keyFile = settings['tls-key-file'].value
  if (certificateFile === undefined && keyFile === undefined) return authority
  if (certificateFile === undefined || keyFile === undefined) {
    throw new Fault({
      code: 'configuration_invalid',
      origin: 'configuration',
      message: 'Of tls-certificate-file and tls-key-file only one is set.',
      nextStep: 'Set both, or neither for certificates of Lakegate’s own authority.',
    })
  }
  return loadOperatorCertificate({ certificateFile, keyFile, now: clock() })
}
