/** Which host a new instance gets: a name under the gateway's domain, or an address. */
import { gatewayAddressesOf, gatewayDomainOf } from '../config/gateway-settings.ts'
import type { LoadedSettings } from '../config/load.ts'
import { chooseInstanceHost } from '../gateway/listening/instance-host.ts'
import { hostOfInstance } from '../gateway/handshake/instance-route.ts'
import type { ListenerAllocator } from '../operations/ports/clusters.ts'

const POSTGRESQL_PORT = 5432

export function createListenerAllocator(settings: LoadedSettings): ListenerAllocator {
  const domain = gatewayDomainOf(settings)
  const [address] = gatewayAddressesOf(settings) ?? []
  const port = settings['gateway-port'].value ?? POSTGRESQL_PORT
  return {
    allocate: (uid) =>
      Promise.resolve(
        domain === undefined
          ? { host: address ?? chooseInstanceHost(uid), port: undefined }
          : // The port is chosen when the gateway listens.
            { host: hostOfInstance(uid, domain), port: port === 0 ? undefined : port },
      ),
  }
}
