/** Which port an endpoint takes: its own whenever that is free, and another one for the time being when it is not. */
import { once } from 'node:events'
import { createServer, type AddressInfo, type Server } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import type { DatabaseInstance } from '../../../src/domain/database-instance.ts'
import type { InstanceUid } from '../../../src/domain/ids.ts'
import { createGateway, type Gateway } from '../../../src/gateway/listening/gateway.ts'
import { choosePorts, type PortFacts } from '../../../src/gateway/listening/own-port.ts'
import { LISTEN_NOWHERE } from '../../stage/listen-nowhere.ts'

const NEW: PortFacts = {
  wanted: undefined,
  isOwnAddress: true,
  ownPort: undefined,
  lastPort: undefined,
  isDefaultClaimed: false,
}
const SHARED = { ...NEW, isOwnAddress: false }

describe('the ports that are tried', () => {
  it.each<[why: string, facts: PortFacts, ownPort: number | undefined, candidates: number[]]>([
    ['5432 first at an address of its own', NEW, 5432, [5432, 0]],
    ['5432 again, though it was elsewhere last', { ...NEW, lastPort: 40001 }, 5432, [5432, 40001, 0]],
    ['5432 once the setting is gone', { ...NEW, ownPort: 6000, lastPort: 6000 }, 5432, [5432, 6000, 0]],
    ['the setting, and nothing else', { ...NEW, wanted: 6000, lastPort: 5432 }, undefined, [6000]],
    ['any port, when any is wanted', { ...NEW, wanted: 0 }, undefined, [0]],
    [
      'its own, when any is wanted again',
      { ...NEW, wanted: 0, ownPort: 40001, lastPort: 40002 },
      40001,
      [40001, 40002, 0],
    ],
    ['5432 for the first at a shared address', SHARED, 5432, [5432, 0]],
    ['any for the second', { ...SHARED, isDefaultClaimed: true }, undefined, [0]],
    [
      'its own for the second, though 5432 may be free',
      { ...SHARED, ownPort: 40001, lastPort: 40001 },
      40001,
      [40001, 0],
    ],
    ['its own for the first', { ...SHARED, ownPort: 5432, lastPort: 40001 }, 5432, [5432, 40001, 0]],
    ['what it had, from before ports were owned', { ...SHARED, lastPort: 40001 }, 40001, [40001, 0]],
  ])('are %s', (_why, facts, ownPort, candidates) => {
    expect(choosePorts(facts)).toEqual({ ownPort, candidates })
  })
})

/** Nobody else's, so that 5432 is free there, unless a PostgreSQL of this machine has it on every address. */
const address = `127.211.${String(process.pid % 256)}.${String(1 + (Math.floor(process.pid / 256) % 254))}`

function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => {
      resolve(false)
    })
    server.listen(port, address, () => {
      server.close(() => {
        resolve(true)
      })
    })
  })
}

describe.skipIf(!(await isFree(5432)))('where nobody has 5432 on every address', () => {
  const open: { close(): unknown }[] = []
  afterEach(async () => {
    for (const { close } of open.splice(0)) await close()
  })

  /** A system database in memory, and the gateway upon it. */
  function world() {
    let instances: readonly DatabaseInstance[] = []
    const change = (uid: InstanceUid, changed: Partial<DatabaseInstance>) => {
      instances = instances.map((instance) => (instance.uid === uid ? { ...instance, ...changed } : instance))
      return Promise.resolve()
    }
    return {
      create(name: string) {
        const listener = { host: 'not decided yet', port: undefined }
        const made = {
          uid: `${name} ${address}`,
          name,
          state: 'AVAILABLE',
          listener,
          pooledListener: undefined,
        }
        instances = [...instances, made as unknown as DatabaseInstance]
      },
      remove(name: string) {
        instances = instances.filter((instance) => instance.name !== name)
      },
      portOf: (name: string) => instances.find((instance) => instance.name === name)?.listener.port,
      pooledPortOf: (name: string) =>
        instances.find((instance) => instance.name === name)?.pooledListener?.port,
      start: () => start([address]),
      /** Every instance at an address of its own. */
      startAlone: () => start(undefined),
    }
    async function start(addresses: readonly string[] | undefined): Promise<Gateway> {
      const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined }
      const gateway = createGateway(
        {
          instances: {
            listAll: () => Promise.resolve(instances),
            recordListener: (uid, listener) => change(uid, { listener }),
            recordPooledListener: (uid, pooledListener) => change(uid, { pooledListener }),
          },
          log: quiet,
        },
        { port: undefined, addresses, domain: undefined, hasPooledEndpoints: true },
        LISTEN_NOWHERE,
      )
      open.push({ close: () => gateway.stopListening() })
      await gateway.reconcileListeners()
      return gateway
    }
  }

  async function occupy(port: number): Promise<Server> {
    const server = createServer().listen(port, address)
    await once(server, 'listening')
    open.push({ close: () => server.close() })
    return server
  }
  const release = async (server: Server) => {
    server.close()
    await once(server, 'close')
  }

  it('instances that share an address keep the ports that they got, and the first goes back to 5432 when a stranger has left it', async () => {
    const lakegate = world()
    lakegate.create('first')
    lakegate.create('second')
    const started = await lakegate.start()
    const [pooled, second] = [lakegate.pooledPortOf('first'), lakegate.portOf('second')]
    expect([lakegate.portOf('first'), started.standIns()]).toEqual([5432, []])
    await started.stopListening()

    const stranger = await occupy(5432)
    const displaced = await lakegate.start()
    const standIn = lakegate.portOf('first')
    expect(standIn).not.toBe(5432)
    expect(displaced.standIns()).toEqual([
      { instance: 'first', endpoint: 'direct', host: address, ownPort: 5432, port: standIn },
    ])
    await displaced.stopListening()

    const again = await lakegate.start()
    expect(lakegate.portOf('first')).toBe(standIn)
    await again.stopListening()

    await release(stranger)
    const back = await lakegate.start()
    expect([lakegate.portOf('first'), back.standIns()]).toEqual([5432, []])
    expect([lakegate.pooledPortOf('first'), lakegate.portOf('second')]).toEqual([pooled, second])
  })

  it('an instance leaves 5432 to the one that it belongs to, which is elsewhere for now', async () => {
    const lakegate = world()
    const stranger = await occupy(5432)
    lakegate.create('first')
    const gateway = await lakegate.start()
    await release(stranger)
    lakegate.create('second')
    await gateway.reconcileListeners()
    const second = lakegate.portOf('second')
    expect(second).not.toBe(5432)
    await gateway.stopListening()
    await lakegate.start()
    expect([lakegate.portOf('first'), lakegate.portOf('second')]).toEqual([5432, second])
  })

  it('an instance keeps its own port when the one with 5432 is gone', async () => {
    const lakegate = world()
    lakegate.create('first')
    lakegate.create('second')
    await (await lakegate.start()).stopListening()
    const port = lakegate.portOf('second')
    lakegate.remove('first')
    await lakegate.start()
    expect(lakegate.portOf('second')).toBe(port)
  })

  it('a pooled endpoint is elsewhere for now as well, when its port is taken', async () => {
    const lakegate = world()
    lakegate.create('only')
    await (await lakegate.start()).stopListening()
    const ownPort = lakegate.pooledPortOf('only') ?? 0
    const stranger = await occupy(ownPort)
    const gateway = await lakegate.start()
    expect(gateway.standIns()).toEqual([
      { instance: 'only', endpoint: 'pooled', host: address, ownPort, port: lakegate.pooledPortOf('only') },
    ])
    expect((stranger.address() as AddressInfo).port).toBe(ownPort)
  })

  it('two Lakegates side by side have 5432 both, each at an address of its own', async () => {
    const [here, there] = [world(), world()]
    here.create('here')
    there.create('there')
    const gateways = [await here.startAlone(), await there.startAlone()]
    expect([here.portOf('here'), there.portOf('there')]).toEqual([5432, 5432])
    expect(gateways.flatMap((gateway) => gateway.standIns())).toEqual([])
  })

  it('of two Lakegates that share an address the second says that another program has its port', async () => {
    const [here, there] = [world(), world()]
    here.create('here')
    there.create('there')
    await here.start()
    const second = await there.start()
    expect(here.portOf('here')).toBe(5432)
    expect(second.standIns()).toMatchObject([
      { instance: 'there', ownPort: 5432, port: there.portOf('there') },
    ])
  })
})
